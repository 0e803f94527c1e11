"""`python -m bench`: measure, and write the document."""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from time import perf_counter

from bench.drift import DriftTimes, measure_drift
from bench.events import write_events
from bench.goals import Built, name_of
from bench.measuring import alone
from bench.pages import QUICK, Effort, PageTimes, measure_pages
from bench.questions import Asked, measure_questions
from bench.report import write_report
from bench.rounds import measure_builds
from bench.training import TrainingTimes, measure_training

DOCUMENT = Path(__file__).parent.parent / "docs" / "benchmarks.md"
QUICK_DOCUMENT = DOCUMENT.parent.parent / "test-results" / "benchmarks-quick.md"
# Of each part: the sizes of a whole run, and those of a quick one.
SIZES: Mapping[str, tuple[int, ...]] = {
    "events": (1_000_000, 10_000_000),
    "leads": (1_000_000, 10_000_000),
    "drift": (2_000_000,),
    "training": (1_000_000,),
    "pages": (10_000_000,),
}
QUICK_SIZES: Mapping[str, tuple[int, ...]] = {
    "events": (100_000,),
    "leads": (100_000,),
    "drift": (100_000,),
    "training": (20_000,),
    "pages": (20_000,),
}
# Builds of more events than this are few, for the whole run's sake.
MANY = 2_000_000
REPETITIONS, REPETITIONS_OF_MANY = 3, 2
# Seconds for each question.
PATIENCE, QUICK_PATIENCE = 4.0, 0.5

Tell = Callable[[str], None]


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure what the arguments ask for and write the document."""
    asked = _parser().parse_args(arguments)
    sizes = {part: _sizes(asked, part) for part in SIZES}
    started = perf_counter()

    def tell(what: str) -> None:
        print(f"{perf_counter() - started:6.1f} s  {what}", file=sys.stderr, flush=True)

    # First what depends on most, a browser among it: where it fails, little time was lost.
    pages = [_measure_pages(size, tell, quick=asked.quick) for size in sizes["pages"]]
    built = [_measure_builds(size, tell, quick=asked.quick) for size in sizes["events"]]
    questions = [_measure_questions(size, tell, quick=asked.quick) for size in sizes["leads"]]
    drifts = [_measure_drift(size, tell, quick=asked.quick) for size in sizes["drift"]]
    trainings = [_measure_training(size, tell, quick=asked.quick) for size in sizes["training"]]
    text = write_report(
        built,
        questions,
        drifts,
        trainings,
        pages,
        on=asked.on,
        command=_command(asked),
        repetitions="one run" if asked.quick else f"{REPETITIONS} runs ({REPETITIONS_OF_MANY} of 10 M events)",
    )
    out: Path = asked.out or (QUICK_DOCUMENT if asked.quick else DOCUMENT)
    out.parent.mkdir(exist_ok=True)
    out.write_text(text, encoding="utf-8")
    tell(f"{out} written")


def _measure_builds(events: int, tell: Tell, *, quick: bool) -> Built:
    repetitions = 1 if quick else REPETITIONS_OF_MANY if events > MANY else REPETITIONS
    with tempfile.TemporaryDirectory(prefix="leadlake-bench-") as folder:
        tell(f"{name_of(events)} events: writing them")
        files = alone(write_events, Path(folder) / "events", events).value
        tell(f"{name_of(events)} events: building them from nothing, and 1% that is new")
        return Built(events, *measure_builds(Path(folder), files, repetitions))


def _measure_questions(leads: int, tell: Tell, *, quick: bool) -> Asked:
    with tempfile.TemporaryDirectory(prefix="leadlake-bench-") as folder:
        tell(f"{name_of(leads)} leads: making and asking them")
        return measure_questions(Path(folder), leads, QUICK_PATIENCE if quick else PATIENCE)


def _measure_drift(rows: int, tell: Tell, *, quick: bool) -> DriftTimes:
    with tempfile.TemporaryDirectory(prefix="leadlake-bench-") as folder:
        tell(f"{name_of(rows)} rows a side: comparing them, and ten times as many")
        return measure_drift(Path(folder), rows, 1 if quick else REPETITIONS)


def _measure_training(leads: int, tell: Tell, *, quick: bool) -> TrainingTimes:
    with tempfile.TemporaryDirectory(prefix="leadlake-bench-") as folder:
        tell(f"{name_of(leads)} leads: building their lake, and training on it")
        return measure_training(Path(folder), leads, 1 if quick else REPETITIONS)


def _measure_pages(leads: int, tell: Tell, *, quick: bool) -> PageTimes:
    with tempfile.TemporaryDirectory(prefix="leadlake-bench-") as folder:
        tell(f"{name_of(leads)} leads: making them, for the pages")
        return measure_pages(Path(folder), leads, QUICK if quick else Effort(), tell)


def _command(asked: argparse.Namespace) -> str:
    """What repeats this run, wherever its document goes."""
    given = [option for option in ("quick", "only") if getattr(asked, option)]
    given = [f"--{option}" for option in given]
    for option in SIZES:
        sizes = getattr(asked, option)
        given += [] if sizes is None else [f"--{option}", *map(str, sizes)]
    return f'make bench ARGS="{" ".join(given)}"' if given else "make bench"


def _sizes(asked: argparse.Namespace, part: str) -> tuple[int, ...]:
    """The sizes that are asked for; where any part is asked for by name, no size of the others."""
    given: list[int] | None = getattr(asked, part)
    if given is not None:
        return tuple(given)
    if asked.only:
        return ()
    return (QUICK_SIZES if asked.quick else SIZES)[part]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="100,000 events and leads, each figure taken once")
    parser.add_argument(
        "--events", type=int, nargs="*", metavar="N", help="sizes for the builds; none to leave them out"
    )
    parser.add_argument("--leads", type=int, nargs="*", metavar="N", help="sizes for the questions; none likewise")
    parser.add_argument("--drift", type=int, nargs="*", metavar="N", help="rows a side for drift; none likewise")
    parser.add_argument("--training", type=int, nargs="*", metavar="N", help="leads for training; none likewise")
    parser.add_argument("--pages", type=int, nargs="*", metavar="N", help="leads for the pages; none likewise")
    parser.add_argument("--only", action="store_true", help="leave out every part of which no size is given")
    parser.add_argument("--out", type=Path, metavar="FILE", help="where the document goes; default docs/benchmarks.md")
    parser.add_argument(
        "--on", type=date.fromisoformat, default=datetime.now(UTC).date(), metavar="DATE", help="the date it bears"
    )
    return parser


if __name__ == "__main__":
    main()
