"""The documents are held to the code: settings, commands and links."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import typer
from pydantic import BaseModel

from app.cli.main import app
from lake_access.declarations import (
    Declarations,
    EventDeclaration,
    FieldDeclaration,
    LakeDeclaration,
    ScoringDeclaration,
    ScoringRule,
    StreamDeclaration,
)
from lake_access.settings import PREFIX, Environment, load_settings

ROOT = Path(__file__).resolve().parent.parent
SETTINGS = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
COMMANDS = (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def test_every_variable_is_in_the_settings_table_and_no_other() -> None:
    documented = re.findall(r"^\| `(LEADLAKE_\w+)` \|", SETTINGS, re.MULTILINE)

    assert documented == [PREFIX + name.upper() for name in Environment.model_fields]


@pytest.mark.parametrize(
    ("model", "prefix"),
    [
        (LakeDeclaration, "lake."),
        (ScoringDeclaration, "scoring."),
        (StreamDeclaration, "sources.<name>."),
        (EventDeclaration, "sources.<name>.events.<type>."),
    ],
)
def test_every_key_of_the_file_is_in_the_settings_table_and_no_other(model: type[BaseModel], prefix: str) -> None:
    keys = re.findall(r"^\| `([a-z_.<>]+)` \|", SETTINGS, re.MULTILINE)
    documented = {key.removeprefix(prefix) for key in keys if re.fullmatch(re.escape(prefix) + r"[a-z_]+", key)}

    assert documented == model.model_fields.keys() - {"events"}


@pytest.mark.parametrize("model", [FieldDeclaration, ScoringRule])
def test_every_key_of_a_field_and_a_rule_is_explained(model: type[BaseModel]) -> None:
    assert [name for name in model.model_fields if f"`{name}`" not in SETTINGS] == []


def test_every_table_of_the_file_is_explained() -> None:
    assert [name for name in Declarations.model_fields if f"`{name}." not in SETTINGS] == []


def test_every_command_is_documented_and_no_other() -> None:
    documented = re.findall(r"^## leadlake (\w+)$", COMMANDS, re.MULTILINE)

    assert documented == list(_commands())


def test_every_option_of_a_command_is_in_its_section() -> None:
    sections = dict(re.findall(r"^## leadlake (\w+)\n(.*?)(?=^## |\Z)", COMMANDS, re.MULTILINE | re.DOTALL))
    missing = {
        name: [
            option for option in options if f"`{option}`" not in sections[name] and f"{option} " not in sections[name]
        ]
        for name, options in _commands().items()
    }

    assert {name: options for name, options in missing.items() if options} == {}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_lead_to_files_that_exist(document: Path) -> None:
    links = re.findall(r"\]\(([^)#:]+)\)", document.read_text(encoding="utf-8"))

    assert [link for link in links if not (document.parent / link).exists()] == []


def test_the_shipped_file_loads() -> None:
    settings = load_settings({"LEADLAKE_CONFIG": str(ROOT / "leadlake.toml")})

    assert list(settings.declarations.bands) == ["cold", "warm", "hot"]
    assert settings.declarations.streams_of("touch") == ["roadshow", "webinar", "online", "crm"]


def _commands() -> dict[str, list[str]]:
    """Every command with its long options."""
    group = typer.main.get_command(app)
    commands: dict[str, object] = getattr(group, "commands")  # noqa: B009  (Typer's own group type is private)
    return {name: _options(command) for name, command in commands.items()}


def _options(command: object) -> list[str]:
    parameters = getattr(command, "params", [])
    names = [option for parameter in parameters for option in [*parameter.opts, *parameter.secondary_opts]]
    return [name for name in names if name.startswith("--") and name != "--help"]
