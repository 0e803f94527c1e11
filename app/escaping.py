"""Text from the lake made safe for where it is drawn: events bring any name they like.

Streamlit's tables, `st.text`, `st.code` and the options of its select boxes show text as it is. Markdown does not, so
no page puts a value from the lake into Markdown; Plotly and spreadsheets need what follows.
"""

from __future__ import annotations

import html
import re

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")


def plotly_text(text: str) -> str:
    """The same text for a Plotly label or hover box, which read tags and a few entities as HTML does."""
    return html.escape(text, quote=False)


def spreadsheet_text(text: str) -> str:
    """The same text for a CSV cell; what a spreadsheet would run as a formula gets an apostrophe in front (OWASP)."""
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text


def markdown_text(text: str) -> str:
    """The same text for a label that Streamlit reads as Markdown: it has nothing to say there but itself."""
    return re.sub(r"([!-/:-@\[-`{-~])", r"\\\1", " ".join(text.split()))
