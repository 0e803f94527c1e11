"""The build: raw batches become curated tables, and each table downstream follows what changed above it."""
