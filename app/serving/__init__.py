"""The server around the pages: its headers, its limits, its health and its figures for a monitoring system.

Belongs here: ASGI middleware and routes that are no page.
Does not: who is let in (app/sign_in/), and what a page shows.
"""
