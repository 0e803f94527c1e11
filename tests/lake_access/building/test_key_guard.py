"""One lake has one identity key: a build with another is refused, whatever came before, and changes nothing."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from lake_access.building import round as round_of
from lake_access.building.build import build
from lake_access.building.identity import KEY_FILE
from lake_access.building.key_guard import KEY_PROPERTY, fingerprint
from lake_access.doctor import Finding, examine
from lake_access.errors import SettingsError
from lake_access.iceberg.catalog import load_table
from lake_access.iceberg.commits import THIS_COMMIT, current_properties
from lake_access.iceberg.tables import EVENTS, IDENTITIES
from lake_access.lake import Lake, open_lake
from lake_access.settings import SHIPPED_CONFIG, load_settings
from tests.lake_access.lakes import IDENTITY_KEY, NOW, lake_in, land_lines, read_table, read_tables, touch

OTHER_KEY = "another key for tests"


def with_other_key(lake: Lake) -> Lake:
    return lake_in(lake.settings.home, identity_key=OTHER_KEY)


def with_key_file(home: Path) -> Lake:
    return open_lake(load_settings({"LEADLAKE_HOME": str(home), "LEADLAKE_CONFIG": str(SHIPPED_CONFIG)}))


def said(lake: Lake, name: str) -> str | None:
    table = load_table(lake.catalog, name)
    assert table is not None
    return current_properties(table).get(KEY_PROPERTY)


def of_key(lake: Lake) -> Finding:
    (finding,) = [finding for finding in examine(lake.settings, NOW) if finding.subject == "identity key"]
    return finding


def test_a_build_with_another_key_is_refused_and_changes_nothing(lake: Lake) -> None:
    land_lines(lake, "webinar", touch())
    build(lake, NOW)
    land_lines(lake, "webinar", touch(n=1), "nonsense", at=NOW + timedelta(hours=1))
    before = read_tables(lake)

    with pytest.raises(SettingsError, match=r"LEADLAKE_IDENTITY_KEY: another key .* nothing was built\. Set it to"):
        build(with_other_key(lake), NOW)

    assert read_tables(lake) == before
    assert build(lake, NOW).curated == 1
    assert len({row["lead_id"] for row in read_table(lake, EVENTS)}) == 1


def test_a_key_that_another_home_made_is_refused_with_its_file(tmp_path: Path) -> None:
    lake = with_key_file(tmp_path)
    land_lines(lake, "webinar", touch())
    build(lake, NOW)
    key = tmp_path / KEY_FILE
    right = key.read_bytes()
    key.unlink()

    with pytest.raises(SettingsError, match=rf"{KEY_FILE}: another key .* Copy identity\.key from the machine"):
        build(lake, NOW)

    key.write_bytes(right)
    assert build(lake, NOW).leads == 1


def test_commits_tell_the_key_apart_and_never_hold_it(lake: Lake) -> None:
    land_lines(lake, "webinar", touch())
    build(lake, NOW)

    assert said(lake, EVENTS) == fingerprint(IDENTITY_KEY.encode())
    for name in (EVENTS, IDENTITIES):
        table = load_table(lake.catalog, name)
        assert table is not None
        assert IDENTITY_KEY not in table.metadata.model_dump_json()
    assert fingerprint(b"a") != fingerprint(b"b")
    assert len(fingerprint(b"a")) == 32


def test_a_lake_from_before_is_held_to_the_ids_it_has_and_takes_the_fingerprint(lake: Lake) -> None:
    land_lines(lake, "webinar", touch(), touch(email=None, lead_key="é-7"))
    with pytest.MonkeyPatch.context() as patch:
        # As commits were before: what begins so is of one commit alone, and is asked for by nobody.
        patch.setattr(round_of, "KEY_PROPERTY", f"{THIS_COMMIT}nothing")
        build(lake, NOW)
    assert said(lake, EVENTS) is None
    with pytest.raises(SettingsError, match="another key"):
        build(with_other_key(lake), NOW)

    land_lines(lake, "webinar", touch(n=1), at=NOW + timedelta(hours=1))
    build(lake, NOW)

    assert said(lake, EVENTS) == fingerprint(IDENTITY_KEY.encode())


def test_a_lake_without_anybody_in_it_takes_any_key(lake: Lake) -> None:
    build(lake, NOW)
    land_lines(lake, "webinar", touch())

    assert build(with_other_key(lake), NOW).leads == 1


def test_the_doctor_knows_the_key_and_makes_none(tmp_path: Path) -> None:
    lake = with_key_file(tmp_path)
    assert of_key(lake) == Finding("identity key", "ok", "none yet")
    land_lines(lake, "webinar", touch())
    build(lake, NOW)
    key = tmp_path / KEY_FILE
    assert of_key(lake) == Finding("identity key", "ok", str(key))

    other = of_key(with_other_key(lake))
    assert (other.verdict, "a build here is refused" in other.detail) == ("failure", True)
    key.unlink()
    none = of_key(lake)

    assert (none.verdict, none.detail) == ("warning", "there is none here, and the lake has one")
    assert "LEADLAKE_IDENTITY_KEY" in none.remedy
    assert not key.exists()
    key.write_text("short", encoding="ascii")
    assert of_key(lake).verdict == "failure"
