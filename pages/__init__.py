"""One thin Streamlit script a page: read the filters, call one function, draw.

Belongs here: the order of a page and the words on it.
Does not: a query, a formula, a chart's making (`app/`), or anything that two pages share. `app/main.py` lists the
pages; nothing imports them.
"""
