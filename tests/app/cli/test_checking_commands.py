"""doctor: what it sees, and how its exit code tells it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.app.cli.running import Ended

Leadlake = Callable[..., Ended]


def test_a_healthy_lake_has_no_failure(leadlake: Leadlake, demo_home: Path) -> None:
    ended = leadlake("doctor", "--json", home=demo_home)

    assert ended.code == 0
    verdicts = {finding["subject"]: finding["verdict"] for finding in ended.json["findings"]}
    assert verdicts["settings"] == verdicts["lake"] == verdicts["database"] == verdicts["raw batches"] == "ok"
    assert verdicts["quarantine"] == "warning"


def test_the_declared_fields_of_every_event_are_shown(leadlake: Leadlake) -> None:
    schema = {row["event_type"]: row for row in leadlake("doctor", "--json").json["schema"]}

    assert schema["webinar_attendance"]["source"] == "webinar"
    assert "questions: integer from 0 to 1000" in schema["webinar_attendance"]["fields"]


def test_a_person_reads_what_to_do_beside_what_was_seen(leadlake: Leadlake, webinar: Path) -> None:
    leadlake("ingest", "webinar", webinar)

    lines = leadlake("doctor").out.splitlines()

    (found,) = [line for line in lines if "raw batches" in line]
    assert found.split(maxsplit=1)[0] == "look"
    assert found.endswith("1 of 1 are not built yet → Run `leadlake build`.")


def test_an_empty_lake_is_worth_a_look_and_no_failure(leadlake: Leadlake) -> None:
    ended = leadlake("doctor", "--json")

    (freshness,) = [finding for finding in ended.json["findings"] if finding["subject"] == "freshness"]
    assert (ended.code, freshness["verdict"]) == (0, "warning")
    assert "leadlake demo" in freshness["remedy"]


def test_a_database_that_cannot_be_opened_is_a_failure(leadlake: Leadlake, home: Path) -> None:
    (home / "leadlake.sqlite").mkdir(parents=True)

    ended = leadlake("doctor")

    assert ended.code == 1
    assert [line.split()[1] for line in ended.out.splitlines() if line.startswith("FAILED")] == ["database"]


@pytest.mark.parametrize("folder", ["/proc/leadlake", "/dev/null"])
def test_a_home_that_cannot_be_made_is_named(leadlake: Leadlake, folder: str) -> None:
    ended = leadlake("doctor", home=folder)

    assert ended.code == 1
    assert folder in ended.out + ended.err
    assert "Traceback" not in ended.out + ended.err


def test_settings_with_a_mistake_are_one_sentence_for_every_command(leadlake: Leadlake, tmp_path: Path) -> None:
    config = tmp_path / "own.toml"
    config.write_text("[lake]\noutcome_windw_days = 60\n", encoding="utf-8")

    for command in (["doctor"], ["build"], ["query", "SELECT 1"], ["conversion"], ["demo"], ["worker"], ["up"]):
        ended = leadlake(*command, config=config)

        assert (ended.code, ended.out) == (1, "")
        assert ended.err == (
            f'leadlake: {config}: unknown key "lake.outcome_windw_days" (did you mean "outcome_window_days"?).\n'
        )


def test_an_unknown_variable_is_one_sentence(leadlake: Leadlake) -> None:
    ended = leadlake("doctor", databse="sqlite:///x")

    assert ended.code == 1
    assert (
        ended.err == 'leadlake: environment: unknown variable LEADLAKE_DATABSE (did you mean "LEADLAKE_DATABASE"?).\n'
    )
