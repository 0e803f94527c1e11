"""ingest, import and build, with good input and bad."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.app.cli.running import Ended
from tests.lake_access.lakes import shipped_config

Leadlake = Callable[..., Ended]
MAPPING = '[identity]\nemail = "mail"\n[time]\ncolumn = "day"\ntimezone = "UTC"\n[source]\ntext = "fair"\n'


@pytest.fixture
def export(tmp_path: Path) -> tuple[Path, Path]:
    """A mapping, and an export of two rows that it fits."""
    mapping, rows = tmp_path / "mapping.toml", tmp_path / "rows.csv"
    mapping.write_text(MAPPING, encoding="utf-8")
    rows.write_text("mail,day\nann@example.com,2025-01-01\nbob@example.com,2025-01-02\n", encoding="utf-8")
    return mapping, rows


def raw_objects(home: Path) -> list[str]:
    return sorted(str(path.relative_to(home)) for path in (home / "lake" / "raw").rglob("*") if path.is_file())


def test_what_landed_is_told_with_its_lines_and_batch(leadlake: Leadlake, webinar: Path) -> None:
    ended = leadlake("ingest", "webinar", webinar, "--json")

    assert ended.code == 0
    (landed,) = ended.json["landed"]
    assert {key: landed[key] for key in ("file", "lines", "already_landed")} == {
        "file": str(webinar),
        "lines": 3,
        "already_landed": False,
    }
    assert ended.json["lines"] == 3
    assert ended.err == ""


def test_a_person_is_told_what_to_do_next(leadlake: Leadlake, webinar: Path) -> None:
    ended = leadlake("ingest", "webinar", webinar)

    assert ended.out.splitlines()[0].startswith(f"{webinar}: 3 lines landed as ")
    assert ended.out.splitlines()[1] == "`leadlake build` turns them into tables."


def test_content_whose_batch_became_corrupt_is_told_to_land_again(
    leadlake: Leadlake, webinar: Path, home: Path
) -> None:
    first = leadlake("ingest", "webinar", webinar, "--json").json["landed"][0]["batch"]
    (stored,) = home.rglob("*.jsonl.zst")
    stored.write_bytes(b"rot")

    ended = leadlake("ingest", "webinar", webinar)

    assert ended.code == 0
    assert f", in place of {first}, which is corrupt." in ended.out
    assert stored.read_bytes() == b"rot"
    built = leadlake("build", "--json")
    assert (built.json["read"], len(built.json["refused"])) == (3, 1)


def test_content_that_landed_before_changes_nothing_in_whatever_file_it_comes(
    leadlake: Leadlake, webinar: Path, home: Path
) -> None:
    leadlake("ingest", "webinar", webinar)
    before = raw_objects(home)
    compressed = webinar.with_name("again.jsonl.gz")
    compressed.write_bytes(gzip.compress(webinar.read_bytes()))

    ended = leadlake("ingest", "webinar", compressed)

    assert ended.code == 0
    assert "landed before as" in ended.out
    assert "leadlake build" not in ended.out
    assert raw_objects(home) == before


def test_an_unknown_source_names_the_nearest_and_lands_nothing(leadlake: Leadlake, webinar: Path, home: Path) -> None:
    ended = leadlake("ingest", "webnar", webinar)

    assert (ended.code, ended.out) == (1, "")
    assert ended.err == 'leadlake: unknown source "webnar" (did you mean "webinar"?); nothing was landed.\n'
    assert raw_objects(home) == []


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("missing.jsonl", None, "No such file or directory"),
        ("cut.jsonl.gz", gzip.compress(b'{"a": 1}\n' * 1000, mtime=0)[:30], "truncated or corrupt"),
        ("broken.gz", b"\x1f\x8bno gzip", "truncated or corrupt"),
        ("broken.zst", b"\x28\xb5\x2f\xfdno zstandard", "truncated or corrupt"),
    ],
)
def test_a_bad_file_is_refused_by_name_and_the_others_land(
    leadlake: Leadlake, webinar: Path, name: str, content: bytes | None, reason: str
) -> None:
    bad = webinar.with_name(name)
    if content is not None:
        bad.write_bytes(content)

    ended = leadlake("ingest", "webinar", bad, webinar, "--json")

    assert ended.code == 1
    assert ended.err.startswith(f"leadlake: {bad}: ")
    assert reason in ended.err
    assert [landed["file"] for landed in ended.json["landed"]] == [str(webinar)]
    assert len(ended.json["refused"]) == 1


def test_a_folder_is_refused_by_name(leadlake: Leadlake, tmp_path: Path) -> None:
    ended = leadlake("ingest", "webinar", tmp_path)

    assert ended.code == 1
    assert ended.err == f"leadlake: {tmp_path}: cannot be read (Is a directory); nothing of it was landed.\n"


def test_an_empty_file_is_no_failure(leadlake: Leadlake, tmp_path: Path, home: Path) -> None:
    empty = tmp_path / "empty.jsonl"
    empty.touch()

    ended = leadlake("ingest", "webinar", empty)

    assert (ended.code, ended.out) == (0, f"{empty}: empty, nothing to land.\n")
    assert raw_objects(home) == []


def test_a_files_name_cannot_steer_the_terminal(leadlake: Leadlake, tmp_path: Path) -> None:
    ended = leadlake("ingest", "webinar", tmp_path / "a\x1b[2Jb")

    assert "\x1b" not in ended.err
    assert "a\\x1b[2Jb" in ended.err


def test_a_build_tells_what_became_of_every_line(leadlake: Leadlake, webinar: Path) -> None:
    leadlake("ingest", "webinar", webinar)

    built = leadlake("build", "--json").json

    counts = {key: built[key] for key in ("read", "curated", "duplicates", "quarantined", "leads")}
    assert counts == {"read": 3, "curated": 2, "duplicates": 0, "quarantined": 1, "leads": 2}
    assert built["snapshots"]["curated.leads"] > 0


def test_landing_and_building_again_changes_nothing(leadlake: Leadlake, webinar: Path) -> None:
    leadlake("ingest", "webinar", webinar)
    first = leadlake("build", "--json").json
    leadlake("ingest", "webinar", webinar)
    second = leadlake("build", "--json").json

    assert (second["read"], second["snapshots"]) == (0, first["snapshots"])


def test_a_build_of_nothing_says_so(leadlake: Leadlake) -> None:
    ended = leadlake("build")

    assert (ended.code, ended.out) == (0, "Nothing new has landed; the lake holds 0 leads.\n")


def test_an_import_lands_and_builds_and_a_second_time_changes_nothing(
    leadlake: Leadlake, export: tuple[Path, Path]
) -> None:
    first = leadlake("import", *export, "--json").json
    second = leadlake("import", *export)

    assert (first["rows"], first["outcomes"], first["events_landed"], first["build"]["leads"]) == (2, 0, 2, 2)
    assert second.out.splitlines() == [
        "2 rows read, 0 of them with an outcome. All of it had landed before.",
        "Nothing new has landed; the lake holds 2 leads.",
    ]


def test_an_import_leaves_the_build_to_later_where_asked(leadlake: Leadlake, export: tuple[Path, Path]) -> None:
    imported = leadlake("import", *export, "--no-build", "--json").json

    assert "build" not in imported
    assert leadlake("build", "--json").json["read"] == 2


def test_a_row_that_cannot_be_read_refuses_the_import_by_its_line(
    leadlake: Leadlake, export: tuple[Path, Path], home: Path
) -> None:
    mapping, rows = export
    rows.write_text("mail,day\nann@example.com,2025-01-01\nbob,2025-01-02\n", encoding="utf-8")

    ended = leadlake("import", mapping, rows)

    assert (ended.code, ended.out) == (1, "")
    assert ended.err.splitlines()[0] == "leadlake: 1 row cannot be read, so nothing was imported:"
    assert f"{rows}, line 3, column 'mail'" in ended.err
    assert raw_objects(home) == []


@pytest.mark.parametrize("stream", ["crm", "outcomes"])
def test_settings_without_the_streams_of_an_import_are_one_sentence(
    leadlake: Leadlake, export: tuple[Path, Path], tmp_path: Path, stream: str
) -> None:
    config = tmp_path / "own.toml"
    config.write_text(shipped_config((f"[sources.{stream}", "[sources.other")), encoding="utf-8")

    ended = leadlake("import", *export, config=config)

    assert ended.code == 1
    assert ended.err.startswith(f"leadlake: {config}: imports land in the sources crm and outcomes, and {stream} is ")


def test_json_is_one_object_for_every_way_in(leadlake: Leadlake, webinar: Path, export: tuple[Path, Path]) -> None:
    for arguments in (("ingest", "webinar", webinar), ("import", *export), ("build",)):
        ended = leadlake(*arguments, "--json")

        assert isinstance(json.loads(ended.out), dict)
        assert ended.out.count("\n") == 1
        assert ended.err == ""
