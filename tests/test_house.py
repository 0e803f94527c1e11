"""What the house claims of itself: its rooms, its layers, its locked libraries, its container."""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from fnmatch import fnmatch
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parent.parent
LAYERS = ("pages", "app", "jobs", "monitoring", "training", "lake_access")
ROOMS = (*LAYERS, "tests", "bench")
LONGEST_MODULE = 400

# What each room may not import: an import of the second by the first has to break a contract.
TRESPASSES = [
    *((lower, upper) for place, upper in enumerate(LAYERS) for lower in LAYERS[place + 1 :]),
    *((room, "streamlit") for room in ("jobs", "monitoring", "training", "lake_access")),
    *((room, library) for library in ("duckdb", "pyiceberg", "boto3", "botocore") for room in LAYERS[:-1]),
    *((room, "sklearn") for room in ("pages", "app", "jobs", "lake_access")),
    *((room, library) for library in ("mlflow", "skops", "shap") for room in LAYERS if room != "training"),
    *((room, "evidently") for room in LAYERS if room != "monitoring"),
]


def modules_of(*rooms: str) -> Iterator[Path]:
    for room in rooms:
        yield from (ROOT / room).rglob("*.py")


def chosen_in(name: str) -> dict[str, Requirement]:
    """The requirements that a `.in` file chooses, by their normalised names."""
    lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
    requirements = [Requirement(line) for line in lines if line and not line.startswith(("#", "-r "))]
    return {canonicalize_name(requirement.name): requirement for requirement in requirements}


def locked_in(name: str) -> dict[str, list[tuple[Requirement, int]]]:
    """The pins of a lock file with their number of hashes, by normalised names; a name may have several."""
    pins: dict[str, list[tuple[Requirement, int]]] = {}
    text = (ROOT / name).read_text(encoding="utf-8")
    for block in re.findall(r"^[A-Za-z0-9].*(?:\n +--hash=.*)*", text, flags=re.MULTILINE):
        requirement = Requirement(block.splitlines()[0].rstrip("\\ "))
        pins.setdefault(canonicalize_name(requirement.name), []).append((requirement, block.count("--hash=sha256:")))
    return pins


def version_of(pin: Requirement) -> str:
    specifier = str(pin.specifier)
    assert specifier.startswith("=="), f"{pin} is not pinned"
    return specifier.removeprefix("==")


def imported_by(module: Path) -> set[str]:
    """The top-level names that a module imports, at its head or inside a function."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module.partition(".")[0])
    return names


def run_layers(folder: Path) -> subprocess.CompletedProcess[str]:
    """Runs import-linter with this project's contracts over the rooms that stand in `folder`."""
    shutil.copy(ROOT / "pyproject.toml", folder)
    program = "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports(no_cache=True))"
    environment = {**os.environ, "PYTHONPATH": str(folder)}
    command = [sys.executable, "-c", program]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=60, check=False)


def build_rooms(folder: Path, imports: list[tuple[str, str]]) -> None:
    for room in LAYERS:
        (folder / room).mkdir()
        (folder / room / "__init__.py").touch()
    for room, imported in imports:
        (folder / room / f"uses_{imported}.py").write_text(f"import {imported}\n", encoding="utf-8")


@pytest.mark.parametrize("room", ROOMS)
def test_every_room_says_what_belongs_in_it_and_what_does_not(room: str) -> None:
    said = ast.get_docstring(ast.parse((ROOT / room / "__init__.py").read_text(encoding="utf-8"))) or ""

    assert "\nBelongs here: " in said
    assert "\nDoes not: " in said


def test_no_module_is_longer_than_a_reader_can_hold() -> None:
    modules = list(modules_of(*ROOMS))
    lengths = {module: len(module.read_text(encoding="utf-8").splitlines()) for module in modules}

    assert len(modules) >= len(ROOMS)
    assert [str(module.relative_to(ROOT)) for module in modules if lengths[module] > LONGEST_MODULE] == []


def test_every_import_that_the_rules_forbid_breaks_a_contract(tmp_path: Path) -> None:
    build_rooms(tmp_path, TRESPASSES)

    checked = run_layers(tmp_path)

    assert checked.returncode == 1, checked.stderr
    found = set(re.findall(r"(\w+)\.uses_(\w+) -> \2 ", checked.stdout))
    assert sorted(set(TRESPASSES) - found) == []


def test_every_import_that_the_rules_allow_breaks_none(tmp_path: Path) -> None:
    down = [(upper, lower) for place, upper in enumerate(LAYERS) for lower in LAYERS[place + 1 :]]
    at_home = [("app", "streamlit"), ("lake_access", "duckdb"), ("training", "mlflow"), ("monitoring", "evidently")]
    build_rooms(tmp_path, [*down, *at_home, ("monitoring", "sklearn"), ("training", "skops")])

    checked = run_layers(tmp_path)

    assert checked.returncode == 0, checked.stdout


@pytest.mark.parametrize(
    ("chosen", "locked"),
    [("requirements.in", "requirements.txt"), ("requirements-dev.in", "requirements-dev.txt")],
)
def test_every_chosen_library_is_locked_within_its_bounds(chosen: str, locked: str) -> None:
    pins = locked_in(locked)

    for name, requirement in chosen_in(chosen).items():
        assert name in pins, f"{name} of {chosen} is missing in {locked}: run `make lock`"
        for pin, _ in pins[name]:
            assert requirement.specifier.contains(version_of(pin)), f"{pin} is not {requirement}: run `make lock`"
            assert requirement.extras <= pin.extras, f"{pin} lacks extras of {requirement}: run `make lock`"


@pytest.mark.parametrize("locked", ["requirements.txt", "requirements-dev.txt"])
def test_every_locked_library_has_one_version_and_its_hashes(locked: str) -> None:
    pins = [pin for same_name in locked_in(locked).values() for pin in same_name]

    assert len(pins) > 50
    assert [str(pin) for pin, hashes in pins if not version_of(pin) or not hashes] == []


def test_developers_run_the_versions_that_users_run() -> None:
    developers, users = locked_in("requirements-dev.txt"), locked_in("requirements.txt")

    assert {name: developers.get(name) for name in users} == users


@pytest.mark.parametrize("name", ["requirements.in", "requirements-dev.in"])
def test_every_choice_has_its_bound_and_its_reason(name: str) -> None:
    previous = ""
    for line in (ROOT / name).read_text(encoding="utf-8").splitlines():
        if line and not line.startswith(("#", "-r ")):
            assert Requirement(line).specifier, f"{line} has no bound"
            assert previous, f"{line} has no comment above it that says why it is here"
        previous = line


def test_no_locked_file_tells_of_the_machine_that_wrote_it() -> None:
    for name in ("requirements.txt", "requirements-dev.txt"):
        text = (ROOT / name).read_text(encoding="utf-8")
        assert "#    make lock\n" in text
        assert re.findall(r"^--.*|https?://.*|file:.*", text, flags=re.MULTILINE) == []


@pytest.mark.parametrize(
    ("rooms", "chosen"),
    [(LAYERS, ("requirements.in",)), (("tests", "bench"), ("requirements.in", "requirements-dev.in"))],
)
def test_nothing_is_imported_that_was_not_chosen(rooms: tuple[str, ...], chosen: tuple[str, ...]) -> None:
    choices = {name for file in chosen for name in chosen_in(file)}
    distributions = packages_distributions()

    unchosen = set()
    for module in modules_of(*rooms):
        for name in imported_by(module) - sys.stdlib_module_names - set(ROOMS):
            if choices.isdisjoint(canonicalize_name(found) for found in distributions.get(name, [name])):
                unchosen.add(f"{module.relative_to(ROOT)}: {name}")

    assert unchosen == set()


def test_everything_the_image_copies_exists_and_is_sent_to_its_builder() -> None:
    dockerfile = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    sources = [
        source
        for arguments in re.findall(r"^COPY (?!--from)(.+)$", dockerfile, flags=re.MULTILINE)
        for source in arguments.split()[:-1]
    ]

    assert {f"{room}/" for room in LAYERS} <= set(sources)
    for source in sources:
        assert (ROOT / source).exists(), f"the Dockerfile copies {source}, which is not there"
        assert not any(fnmatch(source.rstrip("/"), pattern) for pattern in ignored), f"{source} is in .dockerignore"


def test_the_image_runs_as_somebody_without_rights() -> None:
    last_stage = (ROOT / "Dockerfile").read_text(encoding="utf-8").rpartition("\nFROM ")[2]

    users = re.findall(r"^USER (\d+):\d+$", last_stage, flags=re.MULTILINE)

    assert len(users) == 1
    assert int(users[0]) > 0


def test_the_project_installs_every_room_but_tests_and_benchmarks() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))

    included = project["tool"]["setuptools"]["packages"]["find"]["include"]

    assert {pattern for pattern in included if "." not in pattern} == set(LAYERS)
    assert {pattern.removesuffix(".*") for pattern in included if "." in pattern} == set(LAYERS)


def test_make_help_names_every_task() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    tasks = set(re.findall(r"^\.PHONY: (.+)$", makefile, flags=re.MULTILINE)[0].split()) - {"tools"}

    shown = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, timeout=30, check=True).stdout

    assert {line.split()[1] for line in shown.splitlines() if line.startswith("  make ")} == tasks


@pytest.mark.parametrize("name", ["run", "install", "browser"])
def test_every_script_can_be_run(name: str) -> None:
    assert os.access(ROOT / ".ci" / name, os.X_OK)
