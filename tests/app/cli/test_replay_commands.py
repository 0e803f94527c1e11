"""Building again what was built before: what the commands say and refuse, and what they leave."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from lake_access.settings import SHIPPED_CONFIG
from tests.app.cli.running import Ended

Leadlake = Callable[..., Ended]


@pytest.fixture
def stricter(tmp_path: Path) -> Path:
    """Declarations by which no webinar may last longer than ten minutes."""
    text = SHIPPED_CONFIG.read_text(encoding="utf-8")
    file = tmp_path / "stricter.toml"
    file.write_text(text.replace("max = 1440 }     # minutes", "max = 10 }"), encoding="utf-8")
    assert file.read_text(encoding="utf-8") != text
    return file


@pytest.fixture
def refused(leadlake: Leadlake, webinar: Path, stricter: Path) -> Path:
    """The stricter declarations, by which all three landed lines were refused."""
    assert leadlake("ingest", "webinar", webinar, config=stricter).code == 0
    assert leadlake("build", "--json", config=stricter).json["quarantined"] == 3
    return stricter


@pytest.mark.usefixtures("refused")
def test_a_replay_tells_what_it_read_and_how_many_lines_are_free(leadlake: Leadlake) -> None:
    ended = leadlake("replay")

    assert (ended.code, ended.err) == (0, "")
    assert ended.out == (
        "1 batch replayed: 3 lines read = 2 curated + 0 duplicates + 1 quarantined; the lake holds 2 leads.\n"
        "2 lines fewer than before are quarantined.\n"
    )


def test_a_replay_in_json_has_the_shape_of_a_build(leadlake: Leadlake, refused: Path) -> None:
    built = leadlake("build", "--json", config=refused).json

    replayed = leadlake("replay", "--source", "webinar", "--json").json

    assert set(replayed) == {*built, "replayed", "whole", "widened", "freed"}
    assert replayed["snapshots"].keys() == built["snapshots"].keys()
    assert {key: replayed[key] for key in ("read", "curated", "duplicates", "quarantined", "leads")} == {
        "read": 3,
        "curated": 2,
        "duplicates": 0,
        "quarantined": 1,
        "leads": 2,
    }
    assert [replayed[key] for key in ("replayed", "whole", "widened", "freed", "refused")] == [1, False, False, 2, []]


def test_a_range_that_refuses_what_was_valid_says_that_everything_was_replayed(
    leadlake: Leadlake, refused: Path
) -> None:
    leadlake("replay")

    ended = leadlake("replay", "--from", "2020-01-01", config=refused)

    assert ended.err == (
        "A line that was valid is refused now; so everything was replayed, not the chosen batches alone.\n"
    )
    assert ended.out.endswith("2 lines more than before are quarantined.\n")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--source", "sales"], "No batch landed in this range; nothing was changed.\n"),
        (["--to", "2020-01-01"], "No batch landed in this range; nothing was changed.\n"),
    ],
)
@pytest.mark.usefixtures("refused")
def test_a_range_without_batches_is_told(arguments: list[str], said: str, leadlake: Leadlake) -> None:
    ended = leadlake("replay", *arguments)

    assert (ended.code, ended.out, ended.err) == (0, said, "")
    assert leadlake("quarantine", "list", "--json").json["total"] == 3


def test_an_empty_lake_has_nothing_to_replay(leadlake: Leadlake) -> None:
    assert leadlake("replay").out == "Nothing has landed yet; nothing was changed.\n"


@pytest.mark.parametrize("command", [["replay"], ["quarantine", "list"], ["quarantine", "retry"]])
def test_an_unknown_source_is_refused_with_the_nearest(command: list[str], leadlake: Leadlake) -> None:
    ended = leadlake(*command, "--source", "webinars")

    assert (ended.code, ended.out) == (1, "")
    assert ended.err == 'leadlake: unknown source "webinars" (did you mean "webinar"?); nothing was changed.\n'


@pytest.mark.parametrize(
    ("arguments", "said"),
    [(["--from", "tomorrow"], "is not a date"), (["--from", "2025-02-01", "--to", "2025-01-01"], "is before --from")],
)
def test_an_impossible_range_is_wrong_usage(arguments: list[str], said: str, leadlake: Leadlake) -> None:
    ended = leadlake("replay", *arguments)

    assert ended.code == 2
    assert said in " ".join(ended.err.split())


@pytest.mark.usefixtures("refused")
def test_the_list_tells_where_and_why_and_never_what(leadlake: Leadlake) -> None:
    ended = leadlake("quarantine", "list")

    lines = ended.out.splitlines()
    assert lines[0].split() == ["seen", "at", "source", "batch", "line", "reason"]
    assert [line.split()[4] for line in lines[1:4]] == ["1", "2", "3"]
    assert [line.partition("duration: ")[2] for line in lines[1:3]] == ["over 10"] * 2
    assert lines[4:] == ["3 lines are quarantined."]
    assert "@" not in ended.out
    assert "@" not in leadlake("quarantine", "list", "--json").out


@pytest.mark.usefixtures("refused")
def test_the_list_shows_what_lines_say_where_it_is_asked_to(leadlake: Leadlake) -> None:
    listed = leadlake("quarantine", "list", "--lines", "--json").json["lines"]

    assert [("ann@example.com" in line["line"], line["line_number"]) for line in listed] == [
        (True, 1),
        (False, 2),
        (False, 3),
    ]
    assert listed[2]["line"] == "no JSON"
    assert "ann@example.com" in leadlake("quarantine", "list", "--lines").out


@pytest.mark.usefixtures("refused")
def test_the_list_never_cuts_without_saying_so(leadlake: Leadlake) -> None:
    said = leadlake("quarantine", "list", "--limit", "2").out.splitlines()
    cut = leadlake("quarantine", "list", "--limit", "1", "--reason", "OVER", "--json").json

    assert said[-1] == "3 lines are quarantined; only the 2 newest are shown: --limit N shows more."
    assert (cut["total"], len(cut["lines"])) == (2, 1)


def test_an_empty_quarantine_is_told(leadlake: Leadlake) -> None:
    assert leadlake("quarantine", "list").out == "0 lines are quarantined.\n"
    assert leadlake("quarantine", "list", "--lines", "--json").json == {"total": 0, "lines": [], "refused": []}
    assert leadlake("quarantine", "retry").out == "No such line is quarantined; nothing was changed.\n"


@pytest.mark.usefixtures("refused")
def test_a_retry_after_a_fix_takes_the_lines_chosen_by_their_reason(leadlake: Leadlake) -> None:
    assert leadlake("quarantine", "retry", "--reason", "minutes").out.startswith("No such line")

    retried = leadlake("quarantine", "retry", "--reason", "over 10", "--json").json

    assert (retried["replayed"], retried["curated"], retried["freed"]) == (1, 2, 2)
    listed = leadlake("quarantine", "list", "--json").json
    assert [(line["line_number"], line["reason"]) for line in listed["lines"]] == [(3, "not valid JSON")]
    assert leadlake("quarantine", "retry", "--batch", listed["lines"][0]["batch"], "--json").json["replayed"] == 1


def test_a_file_refused_whole_is_listed_and_retried(leadlake: Leadlake, home: Path, webinar: Path) -> None:
    leadlake("ingest", "webinar", webinar)
    (raw,) = (home / "lake" / "raw" / "webinar").glob("dt=*/*")
    content = raw.read_bytes()
    raw.write_bytes(content[:-4])
    leadlake("build")

    listed = leadlake("quarantine", "list", "--json").json
    assert [(batch["source"], "truncated" in batch["reason"]) for batch in listed["refused"]] == [("webinar", True)]
    assert "refused whole: raw/webinar/" in leadlake("quarantine", "list").out
    raw.write_bytes(content)

    assert leadlake("quarantine", "retry", "--json").json["read"] == 3
    assert leadlake("quarantine", "list", "--json").json["refused"] == []
