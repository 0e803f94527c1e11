"""Iceberg underneath the lake: which tables there are, their catalog, their data files and their commits."""
