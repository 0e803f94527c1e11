"""The key that leads hang on: made once, whole, kept to its owner, and never replaced unnoticed."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from lake_access.building.identity import KEY_FILE, fold_unicode, identity_key
from lake_access.errors import SettingsError
from lake_access.settings import Settings, load_settings
from lake_access.storage.local import INCOMING
from tests.lake_access.building.crash_run import PROCESSES, leave_nothing_outside
from tests.lake_access.building.crossings import Crossing, crossing, die, record


def settings_without_key(home: Path) -> Settings:
    return load_settings({"LEADLAKE_HOME": str(home)})


def test_the_environment_gives_the_key(tmp_path: Path) -> None:
    settings = load_settings({"LEADLAKE_HOME": str(tmp_path), "LEADLAKE_IDENTITY_KEY": "sixteen letters!"})

    assert identity_key(settings) == b"sixteen letters!"
    assert not (tmp_path / KEY_FILE).exists()


def test_without_one_a_key_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    settings = settings_without_key(tmp_path / "home")

    key = identity_key(settings)

    assert len(key) == 64
    assert identity_key(settings) == key
    assert identity_key(settings_without_key(tmp_path / "other")) != key
    assert stat.S_IMODE((tmp_path / "home" / KEY_FILE).stat().st_mode) == 0o600


@pytest.mark.parametrize("content", ["", "\n", "short"])
def test_a_file_that_holds_no_key_is_refused_and_left_alone(content: str, tmp_path: Path) -> None:
    (tmp_path / KEY_FILE).write_text(content, encoding="ascii")

    with pytest.raises(SettingsError, match="holds no key"):
        identity_key(settings_without_key(tmp_path))

    assert (tmp_path / KEY_FILE).read_text(encoding="ascii") == content


def test_a_home_that_cannot_be_written_is_told_with_the_remedy(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("a file where the home should be", encoding="utf-8")

    with pytest.raises(SettingsError, match="LEADLAKE_IDENTITY_KEY"):
        identity_key(settings_without_key(tmp_path / "home" / "below"))


def points_of_making(home: Path) -> list[str]:
    settings = settings_without_key(home)
    return sorted(record(lambda: identity_key(settings)))


def keys_of_two(settings: Settings, point: str) -> list[bytes]:
    """The keys of one that comes by this point while it looks for the key, and of another that does all of it there."""
    keys: list[bytes] = []
    with crossing(Crossing(point, 0).watched(lambda: keys.append(identity_key(settings)))):
        return [identity_key(settings), *keys]


def test_of_two_that_make_the_key_at_once_both_use_the_same(tmp_path: Path) -> None:
    for place, point in enumerate(points_of_making(tmp_path / "recorded")):
        first, second = keys_of_two(settings_without_key(tmp_path / str(place)), point)
        assert first == second, point


def make_key_and_die(home: Path, at: Crossing) -> None:
    leave_nothing_outside(home)
    with crossing(at.watched(die)):
        identity_key(settings_without_key(home))


def test_a_key_whose_making_was_killed_is_whole_or_made_anew(tmp_path: Path) -> None:
    points = [point for point in points_of_making(tmp_path / "recorded") if "put_if_absent" in point]
    assert len(points) > 10

    for place, point in enumerate(points[::2]):
        home = tmp_path / str(place)
        process = PROCESSES.Process(target=make_key_and_die, args=(home, Crossing(point, 0)))
        process.start()
        process.join(timeout=60)
        assert process.exitcode == -9, point
        left = [file.read_bytes().strip() for file in home.glob(KEY_FILE)]
        key = identity_key(settings_without_key(home))
        assert len(key) == 64, point
        assert left in ([], [key]), point


def test_what_a_killed_making_leaves_is_no_key(tmp_path: Path) -> None:
    (tmp_path / f"{INCOMING}abc").write_bytes(b"half a k")

    assert len(identity_key(settings_without_key(tmp_path))) == 64


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("ZOË@Example.NET", "zoë@example.net"),
        ("zoe\u0308@example.net", "zoë@example.net"),
        ("\uff5ao\u00eb@example.net", "zoë@example.net"),
        ("\u00a0straße@example.de\u2003", "strasse@example.de"),
        ("Σίσυφος@example.gr", "σίσυφοσ@example.gr"),
        ("\ufeffZo\u00adë@exam\u200bple.net\u200e", "zoë@example.net"),
        ("\u202eann@example.net\ufe0f", "ann@example.net"),
        ("a\u1160nn\uffa0@example.net", "ann@example.net"),
    ],
)
def test_an_address_has_one_form(text: str, folded: str) -> None:
    assert fold_unicode(text) == folded
    assert fold_unicode(folded) == folded
