"""The goals, and what was reached of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bench.building import FullBuild
from bench.increments import NEWEST, SPREAD, Increment
from bench.questions import Asked, Timing


@dataclass(frozen=True)
class Built:
    """All that was measured of builds at one size."""

    events: int
    full: FullBuild
    increments: dict[str, Increment]

    def increment_ratio(self, part: str) -> float:
        """How many times as long as this increment the full build of the lake under it took."""
        return self.full.full.seconds.median / self.increments[part].builds.seconds.median


@dataclass(frozen=True)
class Reached:
    """A goal beside what was measured, one figure for each size; and what limits it where it is missed."""

    goal: str
    asked: str
    figures: dict[str, float]
    met: bool
    limit: str


def reached(built: Sequence[Built], asked: Sequence[Asked]) -> list[Reached]:
    """Every goal that these measurements speak of."""
    found = []
    if built:
        curate = {name_of(one.events): one.full.curate_ratio for one in built}
        newest = {name_of(one.events): one.increment_ratio(NEWEST) for one in built}
        spread = {name_of(one.events): one.increment_ratio(SPREAD) for one in built}
        found += [
            _at_least("raw lines → events, committed: rate / the floor's rate", "≥ 1/4", 0.25, curate, _CURATE_LIMIT),
            _at_least("full build / build of the newest 1%", "≥ 20", 20, newest, _NEWEST_LIMIT),
            _at_least("full build / build of 1% out of the whole year", "≥ 20", 20, spread, _SPREAD_LIMIT),
        ]
    if asked:
        rollups = {name_of(one.leads): _worst(one, by_rollup=True) for one in asked}
        others = {name_of(one.leads): _worst(one, by_rollup=False) for one in asked}
        found += [
            _at_most("a question for a rollup: time / by hand, the worst", "≤ 0.1", 0.1, rollups, _ROLLUP_LIMIT),
            _at_most("any other question: time / by hand, the worst", "≤ 1.1", 1.1, others, _OTHER_LIMIT),
        ]
    return found


def name_of(size: int) -> str:
    """A number of events or leads as people say it: `100 k`, `10 M`."""
    return f"{size / 1e6:g} M" if size >= 1_000_000 else f"{size / 1e3:g} k"


def _worst(asked: Asked, *, by_rollup: bool) -> float:
    timings: list[Timing] = [timing for timing in asked.timings if timing.question.by_rollup is by_rollup]
    return max(timing.ratio for timing in timings)


def _at_least(goal: str, asked: str, bound: float, figures: dict[str, float], limit: str) -> Reached:
    return _reached(goal, asked, figures, lambda figure: figure >= bound, limit)


def _at_most(goal: str, asked: str, bound: float, figures: dict[str, float], limit: str) -> Reached:
    return _reached(goal, asked, figures, lambda figure: figure <= bound, limit)


def _reached(goal: str, asked: str, figures: dict[str, float], holds: Callable[[float], bool], limit: str) -> Reached:
    return Reached(goal, asked, figures, all(map(holds, figures.values())), limit)


# What limits a goal, found with a profiler; shown only where the run misses it.
_CURATE_LIMIT = "LIMIT"
_NEWEST_LIMIT = "LIMIT"
_SPREAD_LIMIT = "LIMIT"
_ROLLUP_LIMIT = "LIMIT"
_OTHER_LIMIT = "LIMIT"
