"""`python -m bench`: measure, and write the document."""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from time import perf_counter

from bench.events import write_events
from bench.goals import Built, name_of
from bench.measuring import alone
from bench.questions import Asked, measure_questions
from bench.report import write_report
from bench.rounds import measure_builds

DOCUMENT = Path(__file__).parent.parent / "docs" / "benchmarks.md"
QUICK_DOCUMENT = DOCUMENT.parent.parent / "test-results" / "benchmarks-quick.md"
SIZES = (1_000_000, 10_000_000)
QUICK_SIZES = (100_000,)
# Builds of more events than this are few, for the whole run's sake.
MANY = 2_000_000
REPETITIONS, REPETITIONS_OF_MANY = 3, 2
# Seconds for each question.
PATIENCE, QUICK_PATIENCE = 4.0, 0.5

Tell = Callable[[str], None]


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure what the arguments ask for and write the document."""
    asked = _parser().parse_args(arguments)
    events = _sizes(asked.events, quick=asked.quick)
    leads = _sizes(asked.leads, quick=asked.quick)
    started = perf_counter()

    def tell(what: str) -> None:
        print(f"{perf_counter() - started:6.1f} s  {what}", file=sys.stderr, flush=True)

    built = [_measure_builds(size, tell, quick=asked.quick) for size in events]
    questions = [_measure_questions(size, tell, quick=asked.quick) for size in leads]
    text = write_report(
        built,
        questions,
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


def _command(asked: argparse.Namespace) -> str:
    """What repeats this run, wherever its document goes."""
    given = ["--quick"] if asked.quick else []
    for option in ("events", "leads"):
        sizes = getattr(asked, option)
        given += [] if sizes is None else [f"--{option}", *map(str, sizes)]
    return f'make bench ARGS="{" ".join(given)}"' if given else "make bench"


def _sizes(given: list[int] | None, *, quick: bool) -> tuple[int, ...]:
    if given is not None:
        return tuple(given)
    return QUICK_SIZES if quick else SIZES


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="100,000 events and leads, each figure taken once")
    parser.add_argument(
        "--events", type=int, nargs="*", metavar="N", help="sizes for the builds; none to leave them out"
    )
    parser.add_argument("--leads", type=int, nargs="*", metavar="N", help="sizes for the questions; none likewise")
    parser.add_argument("--out", type=Path, metavar="FILE", help="where the document goes; default docs/benchmarks.md")
    parser.add_argument(
        "--on", type=date.fromisoformat, default=datetime.now(UTC).date(), metavar="DATE", help="the date it bears"
    )
    return parser


if __name__ == "__main__":
    main()
