"""Looking after the tables: small files made few, old snapshots let go, files that nothing refers to removed."""
