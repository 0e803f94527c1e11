"""Questions of a dashboard to a lake of many leads, against the same questions written by hand for DuckDB."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from time import perf_counter

import duckdb

from bench.lakes import bench_lake
from bench.lead_lake import make_lead_lake
from bench.measuring import Spread, alone, spread
from bench.queries import load_query
from lake_access.conversion import Conversion, ConversionFilters, Dimension, conversion
from lake_access.iceberg.tables import LEADS

Answer = dict[tuple[str, ...], tuple[int, int]]
# How often both sides are asked in turn, within what patience there is.
FEWEST = 7
MOST = 60


@dataclass(frozen=True)
class Question:
    """What is asked, called as its SQL by hand; and whether a rollup is meant to answer it."""

    name: str
    by: tuple[Dimension, ...]
    filters: ConversionFilters
    by_rollup: bool


QUESTIONS = (
    Question("total", (), ConversionFilters(), by_rollup=True),
    Question("by_source", ("source",), ConversionFilters(), by_rollup=True),
    Question("by_source_and_band", ("source", "band"), ConversionFilters(), by_rollup=True),
    Question("by_band_and_month", ("band", "month"), ConversionFilters(), by_rollup=True),
    Question(
        "by_location_of_two_sources_since",
        ("location",),
        ConversionFilters(since=date(2025, 3, 10), sources=("webinar", "online")),
        by_rollup=True,
    ),
    Question("by_device", ("device",), ConversionFilters(), by_rollup=True),
    Question("by_location_and_device", ("location", "device"), ConversionFilters(), by_rollup=False),
    Question(
        "by_both_sources_location_and_band",
        ("source", "last_source", "location", "band"),
        ConversionFilters(),
        by_rollup=False,
    ),
    Question(
        "by_device_location_and_band_of_some_weeks",
        ("device", "location", "band"),
        ConversionFilters(
            since=date(2025, 9, 10), until=date(2025, 12, 5), sources=("roadshow", "crm"), all_leads=True
        ),
        by_rollup=False,
    ),
)


@dataclass(frozen=True)
class Timing:
    """One question's seconds through the lake and by hand, the rows of its answer, and the table that gave it."""

    question: Question
    rows: int
    answered_by: str
    lake: Spread
    by_hand: Spread

    @property
    def ratio(self) -> float:
        """The lake's time for one of the hand-written query."""
        return self.lake.median / self.by_hand.median


@dataclass(frozen=True)
class Asked:
    """All questions to one lake."""

    leads: int
    files: int
    file_bytes: int
    making: float
    timings: tuple[Timing, ...]


def measure_questions(folder: Path, leads: int, patience: float) -> Asked:
    """Make the lake and ask it everything, warm; each question for about so many seconds."""
    home = folder / "home"
    making = alone(_make, home, leads)
    asked = alone(_ask_everything, home, patience)
    files, size, timings = asked.value
    return Asked(leads, files, size, making.value, timings)


def _make(home: Path, leads: int) -> float:
    started = perf_counter()
    make_lead_lake(home, leads)
    return perf_counter() - started


def _ask_everything(home: Path, patience: float) -> tuple[int, int, tuple[Timing, ...]]:
    lake = bench_lake(home)
    pinned = lake.pin()
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute("SET enable_progress_bar = false")
        leads = f"{lake.settings.lake}/warehouse/{LEADS.replace('.', '/')}/data/*/*.parquet"

        def timing(question: Question) -> Timing:
            by_hand = load_query(question.name).format(leads=leads)
            return _time(
                question,
                lambda: conversion(pinned, question.by, question.filters),
                lambda: connection.execute(by_hand).fetchall(),
                patience,
            )

        timings = tuple(timing(question) for question in QUESTIONS)
    lake.close()
    return len(pinned.tables[LEADS].files), pinned.tables[LEADS].bytes, timings


def _time(
    question: Question,
    ask_lake: Callable[[], Conversion],
    by_hand: Callable[[], list[tuple[object, ...]]],
    patience: float,
) -> Timing:
    """Ask both sides once to warm them and to compare what they say, then again and again in turn."""
    told = ask_lake()
    answer = _same(question, told, by_hand())
    lake: list[float] = []
    hand: list[float] = []
    while len(lake) < FEWEST or (len(lake) < MOST and sum(lake) + sum(hand) < patience):
        lake.append(_seconds(ask_lake))
        hand.append(_seconds(by_hand))
    return Timing(question, len(answer), told.answered_by, spread(lake), spread(hand))


def _same(question: Question, told: Conversion, rows: list[tuple[object, ...]]) -> Answer:
    """The answer, which both sides must give.

    Raises:
        ValueError: they differ.
    """
    lake = {tuple(row.keys.values()): (row.leads, row.conversions) for row in told.rows}
    hand = {tuple(str(key) for key in row[:-3]): (int(str(row[-3])), int(str(row[-2]))) for row in rows if row[-3] != 0}
    immature = sum(int(str(row[-1])) for row in rows)
    if lake != hand or told.immature != immature:
        raise ValueError(f"{question.name}: the lake and the query by hand answer differently.")
    return lake


def _seconds(ask: Callable[[], object]) -> float:
    started = perf_counter()
    ask()
    return perf_counter() - started
