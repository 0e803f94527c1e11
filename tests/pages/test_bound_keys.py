"""The keys that stand in the URL: one session carries them from page to page, so that two widgets may not share one."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

from app.filter_options import VALUE_FILTERS

ROOT = Path(__file__).parents[2]
# What a loop or a parameter names.
NAMED_IN_A_LOOP = {
    ("app/filters.py", "options.dimension"): VALUE_FILTERS,
    ("app/drift_views/choice.py", "key"): ("before", "after"),
}
# Versions of the model mean the same wherever they are chosen: a reader takes them along.
SHARED = {"version", "reference", "current"}


def bound() -> Iterator[tuple[str, str, str]]:
    """Each widget that is bound to the URL: its key, its kind, and the page or module that draws it."""
    for file in sorted([*(ROOT / "app").rglob("*.py"), *(ROOT / "pages").glob("*.py")]):
        name = str(file.relative_to(ROOT))
        tree = ast.parse(file.read_text(encoding="utf-8"))
        for call in ast.walk(tree):
            given = {each.arg: each.value for each in getattr(call, "keywords", [])}
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and "bind" in given:
                for key in keys_of(name, tree, given["key"]):
                    yield key, call.func.attr, name


def keys_of(file: str, tree: ast.Module, told: ast.expr) -> tuple[str, ...]:
    """The keys that this expression of the file stands for."""
    written = ast.unparse(told)
    if (file, written) in NAMED_IN_A_LOOP:
        return tuple(NAMED_IN_A_LOOP[file, written])
    if isinstance(told, ast.Constant):
        return (str(told.value),)
    constants = constants_of(tree)
    if written in constants:
        return (constants[written],)
    module, name = written.split(".")  # a page's constant of a module of ours
    return (str(getattr(import_module(modules_of(tree)[module]), name)),)


def modules_of(tree: ast.Module) -> dict[str, str]:
    """What a file imports from our folders, by the names that it gives."""
    imports = [line for line in tree.body if isinstance(line, ast.ImportFrom) and str(line.module).startswith("app")]
    return {each.asname or each.name: f"{line.module}.{each.name}" for line in imports for each in line.names}


def constants_of(tree: ast.Module) -> dict[str, str]:
    found: dict[str, str] = {}
    for line in tree.body:
        names, value = [], None
        if isinstance(line, ast.Assign):
            names, value = line.targets, line.value
        elif isinstance(line, ast.AnnAssign):
            names, value = [line.target], line.value
        elif isinstance(line, ast.ImportFrom) and str(line.module).startswith("app"):
            module = import_module(str(line.module))
            found |= {each.name: text for each in line.names if isinstance(text := getattr(module, each.name, 0), str)}
        for name in names:
            pairs = [(name, value)]
            if isinstance(name, ast.Tuple) and isinstance(value, ast.Tuple):
                pairs = list(zip(name.elts, value.elts, strict=True))
            for one, said in pairs:
                if isinstance(one, ast.Name) and isinstance(said, ast.Constant):
                    found[one.id] = str(said.value)
    return found


def test_no_key_in_the_url_is_of_two_kinds_of_widget() -> None:
    kinds = defaultdict(set)
    for key, kind, _ in bound():
        kinds[key].add(kind)

    assert {key: found for key, found in kinds.items() if len(found) > 1} == {}
    assert kinds["period"] == {"selectbox"}  # so that this looks at something
    assert len(kinds) > 35


def test_what_two_pages_share_in_the_url_means_the_same_on_both() -> None:
    drawn_by = defaultdict(set)
    for key, _, file in bound():
        drawn_by[key].add(file)

    assert {key for key, files in drawn_by.items() if len(files) > 1} == SHARED


@pytest.mark.parametrize("key", sorted({key for key, _, _ in bound()}))
def test_every_key_in_the_url_is_described(key: str) -> None:
    doc = (ROOT / "docs" / "pages.md").read_text(encoding="utf-8")
    described = {name.strip(" `") for line in doc.splitlines() if line.startswith("| `")
                 for name in line.split("|")[1].split(",")}  # fmt: skip
    assert key in described
