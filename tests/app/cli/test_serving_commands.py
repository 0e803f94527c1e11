"""demo, up and worker: what they refuse before they start, and what their processes are given."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from app.cli.serving_commands import ROOT, _dashboard, _environment
from app.serving.options import LOCAL_HOSTS
from lake_access.access_declarations import AccessDeclaration
from lake_access.settings import load_settings
from tests.app.cli.running import Ended
from tests.lake_access.lakes import shipped_config

Leadlake = Callable[..., Ended]
PLAN = ("--leads", "100", "--until", "2025-12-31")


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        yield listening.getsockname()[1]


def test_a_demo_fills_an_empty_lake_once(leadlake: Leadlake) -> None:
    made = leadlake("demo", *PLAN, "--json")
    again = leadlake("demo", *PLAN)

    assert made.json["leads"] == 100
    assert made.json["read"] == made.json["curated"] + made.json["duplicates"] + made.json["quarantined"]
    assert (again.code, again.out) == (1, "")
    assert "holds a demo already; nothing was changed. Set LEADLAKE_HOME" in again.err


def test_a_demo_without_its_sources_names_what_is_missing(leadlake: Leadlake, tmp_path: Path) -> None:
    config = tmp_path / "own.toml"
    config.write_text(shipped_config(("[sources.webinar", "[sources.seminar")), encoding="utf-8")

    ended = leadlake("demo", *PLAN, config=config)

    assert ended.code == 1
    assert ended.err.startswith(f"leadlake: {config}: the demo needs the source webinar, which is not declared; ")


@pytest.mark.parametrize("arguments", [["--leads", "0"], ["--seed", "-1"], ["--until", "31.12.2025"]])
def test_a_demo_that_cannot_be_is_wrong_usage(leadlake: Leadlake, home: Path, arguments: list[str]) -> None:
    ended = leadlake("demo", *arguments)

    assert (ended.code, ended.out) == (2, "")
    assert not home.exists()


def test_a_taken_port_is_refused_before_anything_is_made(leadlake: Leadlake, home: Path, taken_port: int) -> None:
    ended = leadlake("up", "--port", str(taken_port))

    assert (ended.code, ended.out) == (1, "")
    assert ended.err == (
        f"leadlake: 127.0.0.1:{taken_port} cannot be listened on (Address already in use); "
        "choose others with --port and --address.\n"
    )
    assert not home.exists()


@pytest.mark.parametrize("address", ["nowhere.invalid", "192.0.2.1"])
def test_an_address_of_another_machine_is_refused(leadlake: Leadlake, home: Path, address: str) -> None:
    ended = leadlake("up", "--address", address)

    assert ended.code == 1
    assert ended.err.startswith(f"leadlake: {address}:8501 cannot be listened on (")
    assert not home.exists()


def test_the_worker_refuses_a_queue_that_cannot_be_opened(leadlake: Leadlake, home: Path) -> None:
    (home / "jobs.sqlite").mkdir(parents=True)

    ended = leadlake("worker")

    assert ended.code == 1
    assert ended.err.startswith(f"leadlake: {home / 'jobs.sqlite'}: the queue cannot be opened (")


def test_the_version_is_that_of_the_project(leadlake: Leadlake) -> None:
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")

    version = leadlake("--version").out.removeprefix("leadlake ").strip()

    assert f'\nversion = "{version}"\n' in project


def test_what_is_served_finds_the_same_lake_from_another_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "own.toml").write_text(shipped_config(), encoding="utf-8")
    given = {"LEADLAKE_HOME": "here", "LEADLAKE_CONFIG": "own.toml", "LEADLAKE_DATABASE": "sqlite:///here/x.sqlite"}
    served = _environment(load_settings(given))

    assert {name: value for name, value in served.items() if name.startswith("LEADLAKE_")} == {
        "LEADLAKE_HOME": str(tmp_path / "here"),
        "LEADLAKE_CONFIG": str(tmp_path / "own.toml"),
        "LEADLAKE_LAKE": str(tmp_path / "here" / "lake"),
        "LEADLAKE_DATABASE": f"sqlite:///{tmp_path}/here/x.sqlite",
    }


def test_a_page_elsewhere_cannot_reach_the_dashboard_by_a_name_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    access = AccessDeclaration.model_validate({"hosts": ["leads.example.com"]})
    command = _dashboard("192.0.2.7", 8501, access)
    hosts = {option for option in command if option.startswith("--server.allowedHosts=")}
    assert hosts == {f"--server.allowedHosts={host}" for host in (*LOCAL_HOSTS, "192.0.2.7", "leads.example.com")}

    monkeypatch.setenv("STREAMLIT_SERVER_ALLOWED_HOSTS", "proxy.example.com")
    assert not any("allowedHosts" in option for option in _dashboard("127.0.0.1", 8501, access))
