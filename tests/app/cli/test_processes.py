"""Processes that start together and end together."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from app.cli import processes
from app.cli.processes import Part, run_together
from lake_access.errors import LeadlakeError


def part(name: str, program: str) -> Part:
    return Part(name, [sys.executable, "-S", "-c", program])


def tells_its_id(file: Path) -> str:
    return f"import os, time; open({str(file)!r}, 'w').write(str(os.getpid())); time.sleep(60)"


def waits_for(file: Path) -> str:
    return (
        f"import os, time\nwhile not (os.path.exists({str(file)!r}) and open({str(file)!r}).read()): time.sleep(0.02)"
    )


def is_running(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


def has_ended(process: int) -> bool:
    """Whether it runs no more, even if nobody has asked yet how it ended: it is no child of ours."""
    try:
        state = Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rpartition(") ")[2][:1]
    except FileNotFoundError:
        return True
    return state == "Z"


def wait_for(file: Path) -> int:
    """The process that wrote its id into this file."""
    deadline = time.monotonic() + 20
    while not (file.exists() and file.read_text()):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return int(file.read_text())


def test_when_one_ends_by_itself_the_other_is_ended_and_it_is_told(tmp_path: Path) -> None:
    ids = tmp_path / "id"
    one = part("the worker", tells_its_id(ids))
    other = part("the dashboard", f"{waits_for(ids)}\nraise SystemExit(3)")

    with pytest.raises(LeadlakeError, match=r"^the dashboard ended by itself \(exit code 3\); .* The rest was ended"):
        run_together([one, other], os.environ, tmp_path, lambda: False, lambda: None)

    assert not is_running(wait_for(ids))


def test_when_it_is_ready_it_is_told_once(tmp_path: Path) -> None:
    told: list[str] = []
    short = part("a part", "import time; time.sleep(0.9)")

    with pytest.raises(LeadlakeError):
        run_together([short], os.environ, tmp_path, lambda: True, lambda: told.append("ready"))

    assert told == ["ready"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_all_and_is_no_failure(tmp_path: Path, number: signal.Signals) -> None:
    files = [tmp_path / "one", tmp_path / "two"]
    supervisor = subprocess.Popen([sys.executable, "-c", supervise(files)], cwd=Path(__file__).parents[3])
    children = [wait_for(file) for file in files]

    supervisor.send_signal(number)

    assert supervisor.wait(20) == 0
    assert [is_running(child) for child in children] == [False, False]


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends a process with the one that started it")
def test_who_is_killed_leaves_nobody_behind(tmp_path: Path) -> None:
    files = [tmp_path / "one", tmp_path / "two"]
    supervisor = subprocess.Popen([sys.executable, "-c", supervise(files)], cwd=Path(__file__).parents[3])
    children = [wait_for(file) for file in files]

    supervisor.kill()

    assert supervisor.wait(20) == -signal.SIGKILL
    deadline = time.monotonic() + 20
    while not all(has_ended(child) for child in children):
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends a process with the one that started it")
def test_what_starts_after_its_starter_is_gone_ends_at_once(tmp_path: Path) -> None:
    file = tmp_path / "id"
    somebody_else = os.getpid() + 1

    bound = [sys.executable, "-I", "-S", str(Path(processes.__file__).with_name("bound_process.py"))]
    ended = subprocess.run(
        [*bound, str(somebody_else), sys.executable, "-S", "-c", tells_its_id(file)], check=False, timeout=20
    )

    assert ended.returncode == 0
    assert not file.exists()


def supervise(files: list[Path]) -> str:
    return textwrap.dedent(f"""
        import os, sys
        from pathlib import Path
        from app.cli.processes import Part, run_together
        programs = {[tells_its_id(file) for file in files]!r}
        parts = [Part("a part", [sys.executable, "-S", "-c", program]) for program in programs]
        run_together(parts, os.environ, Path("/"), lambda: False, lambda: None)
    """)


def test_one_that_does_not_end_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.cli.processes.PATIENCE_SECONDS", 0.2)
    ids, ready = tmp_path / "id", tmp_path / "ready"
    stubborn = (
        "import os, signal, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        f"open({str(ids)!r}, 'w').write(str(os.getpid()))\nopen({str(ready)!r}, 'w').write('yes')\ntime.sleep(60)"
    )

    with pytest.raises(LeadlakeError, match="the other ended by itself"):
        run_together(
            [part("stubborn", stubborn), part("the other", waits_for(ready))], os.environ, tmp_path, bool, lambda: None
        )

    assert not is_running(wait_for(ids))
