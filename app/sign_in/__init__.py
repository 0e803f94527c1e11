"""Signing in: who somebody is, whether their session still holds, and the door that nobody else passes.

Belongs here: reading Streamlit's signed cookies and a proxy's headers, the page of providers, who acts on a page.
Does not: which role may do what (lake_access/permissions.py), and who holds which (lake_access/access.py).
"""
