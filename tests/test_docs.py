"""The documents are held to the code: settings, commands with their examples, pages and links."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args, get_origin

import pytest
import typer
from pydantic import BaseModel
from pydantic.fields import FieldInfo
from typer.testing import CliRunner

from app.cli.main import app
from lake_access.declarations import Declarations
from lake_access.settings import PREFIX, SHIPPED_CONFIG, Environment, load_settings
from lake_access.views import READABLE

ROOT = Path(__file__).resolve().parent.parent
SETTINGS = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
COMMANDS = (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")
PAGES = (ROOT / "docs" / "pages.md").read_text(encoding="utf-8")
DOCUMENTS = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md"))]

# What a group of keys is called where it may have any name.
ANY_NAME = {"bands": "band", "sources": "source", "events": "event", "fields": "field"}
ANY_NAME |= {"roles": "role", "command_line": "user"}
# These serve until they are stopped; what the doctor sees is of the machine; models need more leads than are here.
NOT_PLAYED = (
    *("up", "worker", "doctor", "train", "models", "reproduce", "score", "model-card"),
    *("compare", "audit", "promotion", "alerts"),
)


def keys_of(model: type[BaseModel], prefix: str = "", met: set[type[BaseModel]] | None = None) -> Iterator[str]:
    """Every key that a file of this model may have; those of a model that stands in two places, once."""
    met = set() if met is None else met
    if model in met:
        return
    met.add(model)
    for name, field in model.model_fields.items():
        inner, path = _inner(field.annotation), prefix + name
        if get_origin(field.annotation) is dict:
            path += f".<{ANY_NAME[name]}>"
        elif get_origin(field.annotation) is tuple and inner is not None:
            yield path
            path += "[]"
        if inner is None:
            yield path
        else:
            yield from keys_of(inner, f"{path}.", met)


def defaults_of(model: type[BaseModel]) -> dict[str, str]:
    """The default of each key as the table writes it, by the key's last name; of one that needs a value, `needed`."""
    return {name: _written(field) for name, field in model.model_fields.items() if _inner(field.annotation) is None}


def _inner(annotation: Any) -> type[BaseModel] | None:
    """The model in an annotation: itself, a dictionary's values, a tuple's parts."""
    candidates = [annotation, *get_args(annotation)]
    return next((part for part in candidates if isinstance(part, type) and issubclass(part, BaseModel)), None)


def _written(field: FieldInfo) -> str:
    if field.is_required():
        return "needed"
    if field.default is None:
        return "not set"
    if isinstance(field.default, tuple | bool):
        # As TOML writes it.
        return f"`{json.dumps(field.default)}`"
    return f"`{field.default}`"


def rows_of(text: str, first: str) -> list[list[str]]:
    """The rows of every table whose header begins with this cell."""
    tables = re.findall(rf"^\| {first} \|.*\n\|[-:| ]+\|\n((?:\|.*\n)+)", text, flags=re.MULTILINE)
    return [
        [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for rows in tables for line in rows.splitlines()
    ]


def commands() -> dict[str, Any]:
    """Every command, by its name (`quarantine list`), in the order in which `--help` shows them."""
    return dict(_commands_of(typer.main.get_command(app)))


def _commands_of(group: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from _commands_of(command, f"{prefix}{name} ")
        else:
            yield prefix + name, command


def options_of(command: Any) -> set[str]:
    names = [name for parameter in command.params for name in (*parameter.opts, *parameter.secondary_opts)]
    return {name for name in names if name.startswith("--") and name != "--help"}


def sections() -> dict[str, str]:
    """The commands' sections, by the command's name."""
    return dict(re.findall(r"^## leadlake ([\w -]+)\n(.*?)(?=^## |\Z)", COMMANDS, flags=re.MULTILINE | re.DOTALL))


def examples() -> list[tuple[str, str]]:
    """Every example: the command line, and what it printed."""
    found = re.findall(r"^    \$ (leadlake .*)\n((?:    .*\n)*)", COMMANDS, flags=re.MULTILINE)
    return [(line, re.sub(r"^    ", "", printed, flags=re.MULTILINE)) for line, printed in found]


def without_the_days_names(text: str) -> str:
    """The text without the names that are others every time: of batches and snapshots; and without moments."""
    return re.sub(r"\b\d{8}T\d{12}Z-|\b\d{17,19}\b|\b[\d-]{10} [\d:.]{8,15}Z", "…", text)


def test_every_variable_is_in_the_settings_and_no_other() -> None:
    assert [row[0] for row in rows_of(SETTINGS, "variable")] == [
        f"`{PREFIX}{name.upper()}`" for name in Environment.model_fields
    ]


def test_every_key_of_the_file_is_in_the_settings_and_no_other() -> None:
    assert [row[0] for row in rows_of(SETTINGS, "key")] == [f"`{key}`" for key in keys_of(Declarations)]


def test_every_default_is_the_one_that_holds() -> None:
    models = set[type[BaseModel]]()
    list(keys_of(Declarations, met=models))
    expected = {name: default for model in models for name, default in defaults_of(model).items()}

    written = {re.split(r"[.`]", row[0])[-2]: row[2] for row in rows_of(SETTINGS, "key")}

    assert {name: default for name, default in written.items() if name in expected} == {
        name: default for name, default in expected.items() if name in written
    }
    assert len(written.keys() & expected.keys()) >= 20


def test_every_row_of_the_settings_is_whole() -> None:
    rows = [*rows_of(SETTINGS, "variable"), *rows_of(SETTINGS, "key")]

    assert [row for row in rows if len(row) != 4 or not all(row)] == []


def test_the_shipped_file_loads() -> None:
    settings = load_settings({"LEADLAKE_CONFIG": str(ROOT / "leadlake.toml")})

    assert ROOT / "leadlake.toml" == SHIPPED_CONFIG
    assert list(settings.declarations.bands) == ["cold", "warm", "hot"]
    assert settings.declarations.streams_of("touch") == ["roadshow", "webinar", "online", "crm"]


def test_every_command_has_its_section_and_its_line_in_the_list() -> None:
    assert list(sections()) == list(commands())
    assert [row[0] for row in rows_of(COMMANDS, "command")] == [
        f"[`{name}`](#leadlake-{name.replace(' ', '-')})" for name in commands()
    ]


@pytest.mark.parametrize("name", commands())
def test_every_option_of_a_command_is_in_its_table_and_no_other(name: str) -> None:
    documented = {
        option for row in rows_of(sections()[name], "option") for option in re.findall(r"`(--[a-z-]+)[^`]*`", row[0])
    }

    assert documented == options_of(commands()[name])


def test_the_options_of_all_commands_together_are_documented() -> None:
    group = typer.main.get_command(app)

    assert [option for option in options_of(group) if f"{option}`" not in COMMANDS] == []


@pytest.mark.parametrize("name", commands())
def test_every_command_has_an_example_there_and_in_its_help(name: str) -> None:
    assert f"    $ leadlake {name}" in sections()[name]
    assert re.search(rf"Example: (LEADLAKE_HOME=\S+ )?leadlake {name}\b", commands()[name].help)


def test_every_table_that_may_be_read_is_named() -> None:
    assert {row[0] for row in rows_of(sections()["query"], "table")} == {f"`{name}`" for name in READABLE}


def test_the_examples_print_what_is_written_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for language, file in (("json", "attendance.jsonl"), ("toml", "mapping.toml"), ("csv", "contacts.csv")):
        blocks = re.findall(rf"^```{language}\n(.*?)^```", COMMANDS, flags=re.MULTILINE | re.DOTALL)
        assert len(blocks) == 1
        (tmp_path / file).write_text(blocks[0], encoding="utf-8")
    environment = {"LEADLAKE_HOME": str(tmp_path / "var"), "LEADLAKE_CONFIG": str(SHIPPED_CONFIG)}
    environment["LEADLAKE_USER"] = "ada"
    played = 0
    for line, printed in examples():
        _, name, *arguments = shlex.split(line)
        if name not in NOT_PLAYED:
            ended = CliRunner().invoke(app, [name, *arguments], env=environment)
            assert without_the_days_names(ended.stderr + ended.stdout) == without_the_days_names(printed), line
            played += 1
    assert played >= 8


def test_every_page_is_described() -> None:
    scripts = {script.name for script in (ROOT / "pages").glob("*.py")} - {"__init__.py"}

    assert set(re.findall(r"^`pages/(\w+\.py)`", PAGES, flags=re.MULTILINE)) == scripts


def test_every_document_is_in_the_list() -> None:
    listed = re.findall(r"\]\(([\w-]+\.md)", (ROOT / "docs" / "README.md").read_text(encoding="utf-8"))

    assert sorted(listed) == sorted(path.name for path in (ROOT / "docs").glob("*.md") if path.name != "README.md")


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_to_files_and_headings_that_exist(document: Path) -> None:
    broken = []
    for target, heading in re.findall(r"\]\((?!\w+:)([^)#\s]*)(?:#([^)\s]+))?\)", document.read_text(encoding="utf-8")):
        file = (document.parent / target) if target else document
        if not file.exists() or (heading and heading not in headings_of(file)):
            broken.append(f"{target}#{heading}")

    assert broken == []


def headings_of(document: Path) -> set[str]:
    """The anchors of a document's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", document.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
