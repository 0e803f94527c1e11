"""The lake itself: settings, object store, Iceberg catalog, ingest, curate, features, rollups, queries.

Belongs here: whatever reads or writes the lake, and the only imports of DuckDB, PyIceberg and boto3.
Does not: anything that knows of a page, a job, a model or a person's role in the application. It imports no other room.
"""
