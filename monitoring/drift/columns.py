"""One column of a comparison: counted, tested and judged."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np

from lake_access.drift.compared import OUTCOME, Compared
from lake_access.drift.counting import (
    VARIETY_ROWS,
    ColumnProfile,
    SideProfile,
    ValueCounts,
    value_counts,
)
from lake_access.drift.ordering import Portion, sorted_portions
from monitoring.drift.chance import contingency_p, either, share_p
from monitoring.drift.choice import P_VALUES, Choice, Test, choose, pinned
from monitoring.drift.halves import halves_of, toss
from monitoring.drift.numbers import Gap, Numbers, pass_numbers
from monitoring.drift.result import ColumnDrift, SideValues, Unseen
from monitoring.drift.statistics import (
    EXACT_KS_ROWS,
    Counts,
    Floats,
    bin_edges,
    chi_square_p,
    into_bins,
    jensen_shannon,
    ks_limit_p,
    ks_p,
    ks_p_exact,
    psi,
    z_p,
)

# Up to so many different values numbers are held as counts; those of more pass by in their order. Some rows tell which
# it is.
MOST_COUNTED = 100_000
# Of more categories than that no test says anything, and their counts would fill the memory.
MOST_CATEGORIES = 200_000
# Numbers with up to so many different values in the reference have a bin for each value.
MOST_VALUE_BINS = 20
EXAMPLES = 5


@dataclass(frozen=True)
class Wish:
    """How to compare: how many random halves, from which seed, tests that are given for columns, by name.

    Of a column in `maturing` a missing value means that it is not known yet: that more of them are missing is no drift.
    """

    halves: int = 5
    seed: int = 0
    tests: Mapping[str, Test] = field(default_factory=dict)
    maturing: frozenset[str] = frozenset({OUTCOME})


@dataclass(frozen=True)
class Tested:
    """What the tests found; `chance_p` is of the values alone."""

    choice: Choice
    value: float | None
    psi: float | None
    noise: float | None
    chance_p: float
    unseen: Unseen = field(default_factory=Unseen)
    gone: Unseen = field(default_factory=Unseen)
    note: str = ""


def compare_column(compared: Compared, name: str, known: ColumnProfile, wish: Wish) -> ColumnDrift:
    """One column's row; its `adjusted_p` and `beyond_chance` are as if it were the only one."""
    # Each column has random numbers of its own, so that its noise is the same whatever else is compared.
    rng = np.random.default_rng([wish.seed, *name.encode()])
    tested = _test(compared, name, known, wish, rng)
    p_values = [tested.chance_p]
    if name not in wish.maturing and known.reference.missing + known.current.missing:
        p_values.append(_missing_p(known.reference, known.current))
    chance_p = either(p_values)
    # Outcomes that nobody can know yet are none that went missing.
    gone = name not in wish.maturing and _only_one_side(known)
    drifted = gone if tested.value is None else tested.choice.drifted(tested.value)
    return ColumnDrift(
        column=name,
        kind=known.kind,
        test=tested.choice.test,
        why=tested.choice.why,
        value=tested.value,
        threshold=tested.choice.threshold,
        drifted=drifted,
        psi=tested.psi,
        noise=tested.noise,
        chance_p=chance_p,
        adjusted_p=chance_p,
        beyond_chance=False,
        reference=SideValues(known.reference.rows, known.reference.missing),
        current=SideValues(known.current.rows, known.current.missing),
        unseen=tested.unseen,
        gone=tested.gone,
        note=tested.note,
    )


def _test(compared: Compared, name: str, known: ColumnProfile, wish: Wish, rng: np.random.Generator) -> Tested:
    if not known.reference.present or not known.current.present:
        return _nothing(_who_is_empty(known))
    if known.kind == "category":
        counted = value_counts(compared, name, MOST_CATEGORIES)
        if not counted.complete:
            return _nothing(f"more than {MOST_CATEGORIES:,} different texts: an identifier, or free text")
        return _test_counts(counted, known, wish.tests.get(name), wish.halves, rng)
    if known.variety < VARIETY_ROWS or known.reference.rows + known.current.rows <= MOST_COUNTED:
        counted = value_counts(compared, name, MOST_COUNTED)
        if counted.complete:
            return _test_counts(counted, known, wish.tests.get(name), wish.halves, rng)
    portions = sorted_portions(compared, name, known.reference.present + known.current.present)
    return _test_passing(portions, known, wish.tests.get(name), wish.halves, rng)


def _test_counts(
    counted: ValueCounts, known: ColumnProfile, given: Test | None, halves: int, rng: np.random.Generator
) -> Tested:
    """A column that is held as counts: categories, or numbers of not too many values."""
    reference, current = counted.reference, counted.current
    is_number = known.kind != "category"
    choice = _choice(given, int(reference.sum()), len(reference), is_number=is_number)
    values = np.asarray(counted.values, dtype=np.float64) if is_number else None
    sides = [_statistic(choice.test, values, *half) for half in halves_of(reference, halves, rng)]
    by_rank = choice.test in ("ks", "wasserstein")
    return Tested(
        choice,
        value=_statistic(choice.test, values, reference, current),
        psi=psi(*_binned(values, reference, current, known)),
        noise=_worst(choice.test, sides),
        chance_p=_ks(values, reference, current, of_many=ks_limit_p)
        if by_rank and values is not None
        else contingency_p(reference, current),
        unseen=Unseen() if by_rank else _unseen(counted, reference, current),
        gone=Unseen() if by_rank else _unseen(counted, current, reference),
        note="one same value on both sides" if len(reference) == 1 else "",
    )


def _test_passing(
    portions: Iterable[Portion], known: ColumnProfile, given: Test | None, halves: int, rng: np.random.Generator
) -> Tested:
    """A column of many different numbers."""
    rows, others = known.reference.present, known.current.present
    choice = _choice(given, rows, MOST_COUNTED, is_number=True)
    coins = [toss(rows, rng) for _ in range(halves)]
    found = pass_numbers(portions, rows, others, _edges(known), coins, heights_of_halves=choice.test == "ks")
    # Few values in the reference, and many in the current rows: Evidently takes a bin for each of these.
    has_bins = found.distinct > MOST_VALUE_BINS
    noise = [_of_gap(choice.test, half, found.deviation) for half in found.halves if half.rows and half.others]
    return Tested(
        choice,
        value=found.wasserstein if choice.test == "wasserstein" else ks_p(found.height, rows, others),
        psi=psi(*found.bins) if has_bins and found.bins is not None else None,
        noise=_worst(choice.test, noise),
        chance_p=ks_limit_p(found.height, rows, others),
        note="" if has_bins else "no PSI: the reference has few values, the current rows too many for a bin each",
    )


def _statistic(test: Test, values: Floats | None, reference: Counts, current: Counts) -> float:
    """The value of a test; of numbers in the order of `values`."""
    if test in ("ks", "wasserstein") and values is not None:
        return _ks(values, reference, current) if test == "ks" else _numbers(values, reference, current).wasserstein
    there = (reference + current) > 0
    ours, theirs = reference[there], current[there]
    if test == "chisquare":
        return chi_square_p(ours, theirs)
    return z_p(ours, theirs) if test == "z" else jensen_shannon(ours, theirs)


def _ks(
    values: Floats, reference: Counts, current: Counts, of_many: Callable[[float, int, int], float] = ks_p
) -> float:
    rows, others = int(reference.sum()), int(current.sum())
    if max(rows, others) <= EXACT_KS_ROWS:
        return ks_p_exact(values, reference, current)
    return of_many(_numbers(values, reference, current).height, rows, others)


def _numbers(values: Floats, reference: Counts, current: Counts) -> Numbers:
    portion = Portion(values, reference, current)
    return pass_numbers([portion], int(reference.sum()), int(current.sum()), None)


def _of_gap(test: Test, half: Gap, deviation: float) -> float:
    return half.area / max(deviation, 0.001) if test == "wasserstein" else ks_p(half.height, half.rows, half.others)


def _worst(test: Test, values: list[float]) -> float | None:
    """What chance can do: the greatest distance, or the least p-value."""
    if not values:
        return None
    return min(values) if test in P_VALUES else max(values)


def _binned(values: Floats | None, reference: Counts, current: Counts, known: ColumnProfile) -> tuple[Counts, Counts]:
    if values is None or np.count_nonzero(reference) <= MOST_VALUE_BINS:
        return reference, current
    edges = _edges(known)
    return into_bins(edges, values, reference), into_bins(edges, values, current)


def _edges(known: ColumnProfile) -> Floats:
    sides = (known.reference, known.current)
    low = min(side.low for side in sides if side.low is not None)
    high = max(side.high for side in sides if side.high is not None)
    # pandas, from which Evidently reads, makes floats of whole numbers where one is missing.
    whole = known.kind == "integer" and not any(side.missing for side in sides)
    return bin_edges(low, high, sum(side.present for side in sides), whole=whole)


def _choice(given: Test | None, rows: int, distinct: int, *, is_number: bool) -> Choice:
    by_rule = choose(rows, distinct, is_number=is_number)
    return by_rule if given in (None, "none") else pinned(given, f"given; by itself {by_rule.test}")


def _missing_p(reference: SideProfile, current: SideProfile) -> float:
    if not reference.rows or not current.rows:
        return 1.0
    return share_p(reference.missing, reference.rows, current.missing, current.rows)


def _unseen(counted: ValueCounts, known: Counts, seen: Counts) -> Unseen:
    """Values with rows in `seen` and none in `known`."""
    places = np.flatnonzero((known == 0) & (seen > 0))
    commonest = places[np.argsort(-seen[places], kind="stable")][:EXAMPLES]
    return Unseen(len(places), int(seen[places].sum()), tuple(str(counted.values[place]) for place in commonest))


def _nothing(why: str) -> Tested:
    return Tested(Choice("none", why, 0.0), None, None, None, 1.0, note=why)


def _who_is_empty(known: ColumnProfile) -> str:
    if not known.reference.present and not known.current.present:
        return "no value on either side"
    return f"no value on the {'current' if known.reference.present else 'reference'} side"


def _only_one_side(known: ColumnProfile) -> bool:
    """Whether one side has values and the other rows without any: that is drift, though no test can say how much."""
    return any(
        one.present > 0 and other.rows > 0 and other.present == 0
        for one, other in ((known.reference, known.current), (known.current, known.reference))
    )
