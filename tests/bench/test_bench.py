"""A run of the benchmarks measures, compares what is answered, and writes its document."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from types import ModuleType

import pytest

from bench.__main__ import main
from bench.imports import ENTRIES, PAGES, ROOT, import_statements
from bench.lakes import bench_lake, copy_home
from bench.measuring import Spread, alone, spread
from bench.questions import QUESTIONS
from bench.sessions import SessionTimes


def with_much_memory(size: int) -> int:
    return len(b"." * size)


def test_a_figure_is_a_median_with_its_extremes() -> None:
    assert spread([3.0, 1.0, 9.0]) == Spread(3.0, 1.0, 9.0)


def test_peak_memory_is_of_the_process_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    # A new process begins with the main module of this one, and tests of pages leave a script of theirs as that.
    monkeypatch.setitem(sys.modules, "__main__", ModuleType("__main__"))
    held = b"." * (400 << 20)
    small, great = alone(with_much_memory, 1), alone(with_much_memory, 300 << 20)

    assert (small.value, great.value) == (1, 300 << 20)
    assert small.peak_bytes < len(held)
    assert great.peak_bytes - small.peak_bytes == pytest.approx(300 << 20, rel=0.1)


def test_a_home_is_put_back_as_it_was(tmp_path: Path) -> None:
    home, kept = tmp_path / "home", tmp_path / "kept"
    bench_lake(home).close()
    catalog = (home / "leadlake.sqlite").read_bytes()
    copy_home(home, kept)
    (home / "leadlake.sqlite").write_bytes(b"changed")
    (home / "more").write_bytes(b"more")

    copy_home(kept, home)

    assert [file.name for file in home.iterdir() if file.is_file()] == ["leadlake.sqlite"]
    assert (home / "leadlake.sqlite").read_bytes() == catalog


@pytest.mark.slow
def test_a_quick_run_writes_its_document(tmp_path: Path) -> None:
    document = tmp_path / "benchmarks.md"

    sizes = ["--events", "5000", "--leads", "20000", "--drift", "4000", "--training", "20000"]
    main(["--quick", *sizes, "--pages", "--on", "2026-01-31", "--out", str(document)])

    text = document.read_text(encoding="utf-8")
    assert text.startswith(
        "# Benchmarks\n\n"
        'Written by `make bench ARGS="--quick --events 5000 --leads 20000 --drift 4000 --training 20000 '
        '--pages"` on 31 '
    )
    assert re.findall(r"^\| 4 k \| (\w+) \|", text, flags=re.MULTILINE) == ["ours", "Evidently"]
    assert len(re.findall(r"^\| 20 k \|", text, flags=re.MULTILINE)) == 2
    assert len(re.findall(r"^\| 5 k \|", text, flags=re.MULTILINE)) == 5
    for question in QUESTIONS:
        assert f"| {question.name.replace('_', ' ')} |" in text
    assert re.findall(r"/\w+/|None|nan", text.replace("bench/queries/", "").replace("/benchmarks", "")) == []


@pytest.mark.browser
@pytest.mark.slow
def test_pages_are_read_in_a_browser_beside_the_least_that_a_page_can_be(tmp_path: Path) -> None:
    document = tmp_path / "benchmarks.md"

    main(["--quick", "--only", "--pages", "2000", "--out", str(document)])

    text = document.read_text(encoding="utf-8")
    assert "| sessions at once (20 on two cores): errors | 0 | 2 k: 0.000 | yes |" in text
    waits = re.findall(r"^\| 2 k \| ([^|]+) \| (\d+) \| ([\d.]+) \(([\d.]+)–([\d.]+)\) \|$", text, re.MULTILINE)
    assert [(what, int(times)) for what, times, *_ in waits] == [
        ("Conversion, a filter changed: by a rollup", 3),
        ("Conversion, a filter changed: by the leads", 1),
        ("the floor, a filter changed", 4),
        ("Overview opened", 1),
        ("Conversion opened", 1),
        ("Scores opened", 1),
        ("the floor opened", 1),
    ]
    assert all(0 < float(least) <= float(median) <= float(most) for *_, median, least, most in waits)
    assert re.search(r"Imports, in seconds: overview [\d.]+, conversion [\d.]+\.", text)
    assert re.search(r"^\| 2 k \| 3 \| 0 \| 3 \|", text, re.MULTILINE)


def test_what_a_page_imports_is_all_of_the_entry_s_and_its_own() -> None:
    imported = "\n".join(line for file in (*ENTRIES, "pages/overview.py") for line in import_statements(ROOT / file))

    for needed in ("import streamlit as st", "from app.navigation import", "from app.charts.trend import trend"):
        assert needed in imported
    assert "__future__" not in imported
    assert {"pages/overview.py", "pages/jobs.py"} <= set(PAGES)
    assert "pages/__init__.py" not in PAGES


def test_of_sessions_the_slow_twentieth_is_told() -> None:
    times = SessionTimes(20, changes=[float(number) for number in range(1, 102)], bytes_before=100, bytes_after=300)

    assert (times.quantile(0.5), times.quantile(0.95)) == (51.0, 96.0)
    assert times.bytes_a_session == 10.0


def test_with_only_other_parts_are_left_out(tmp_path: Path) -> None:
    document = tmp_path / "benchmarks.md"

    main(["--quick", "--only", "--leads", "2000", "--out", str(document)])

    assert re.findall(r"^## (.*)$", document.read_text(encoding="utf-8"), re.MULTILINE) == [
        "Goals",
        "Questions",
        "Again",
    ]
