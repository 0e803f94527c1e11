"""Figures and tables as the document writes them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from bench.measuring import Spread

WIDTH = 120


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table in Markdown."""
    lines = [header, ["---" for _ in header], *rows]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines) + "\n"


def spread(figure: Spread) -> str:
    """A median with the least and the greatest."""
    return f"{digits(figure.median)} ({digits(figure.low)}–{digits(figure.high)})"


def milliseconds(figure: Spread) -> str:
    """The same of seconds, in milliseconds."""
    return spread(Spread(figure.median * 1000, figure.low * 1000, figure.high * 1000))


def by_size(figures: Mapping[str, float]) -> str:
    """A figure for each size."""
    return "; ".join(f"{size}: {ratio(figure)}" for size, figure in figures.items())


def digits(figure: float) -> str:
    """A figure with as many places as it is worth."""
    return f"{figure:.1f}" if figure >= 10 else f"{figure:.2f}"


def ratio(figure: float) -> str:
    """A ratio, with more places the smaller it is."""
    return f"{figure:.1f}" if figure >= 10 else f"{figure:.2f}" if figure >= 0.1 else f"{figure:.3f}"


def rate(figure: float) -> str:
    """Lines a second."""
    return f"{figure / 1000:,.0f} k/s"


def megabytes(size: int) -> str:
    """Bytes as megabytes."""
    return f"{size / 1e6:,.0f} MB"
