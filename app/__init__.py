"""The Streamlit shell: entry point, sign-in, filters and their URL, cached calls, charts, components, command line.

Belongs here: what every page or command shares, and how a figure is drawn or printed.
Does not: a page's own script (`pages/`), how a figure is found (`lake_access/`, `monitoring/`), work that takes longer
than a reader waits (`jobs/`).
"""
