"""The digest: a letter with its pictures within, once a day a channel, against a mail server."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from html import unescape
from pathlib import Path

import pytest

from jobs.demo import fill_with_demo
from jobs.digest_sending import send_digest
from lake_access.conversion import ConversionFilters, conversion
from lake_access.demo_events import DemoPlan
from lake_access.errors import NotAllowedError, RefusedError
from lake_access.lake import open_lake
from lake_access.permissions import Actor, local_user
from lake_access.settings import Settings
from tests.lake_access.lakes import lake_in, settings_in
from tests.monitoring.alerts.receivers import Mailbox, Webhook

ADA = local_user("ada")
NOW = datetime(2025, 12, 31, 12, tzinfo=UTC)
PNG = b"\x89PNG\r\n"


def quiet(_step: str, _share: float | None) -> None:
    return None


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("demo")
    fill_with_demo(lake_in(home), DemoPlan(until=NOW, leads=1_500, seed=7))
    return home


@pytest.fixture
def settings(home: Path, team: Mailbox, ops: Webhook) -> Settings:
    return settings_in(home, alert_channels=f"team={team.address} ops={ops.address}")


def test_the_letter_has_html_with_its_pictures_within_and_a_text(settings: Settings, team: Mailbox) -> None:
    day = NOW + timedelta(days=1)
    assert [each.state for each in send_digest(settings, [], ADA, day, quiet)] == ["delivered"]

    (letter,) = team.letters
    parts = {part.get_content_type(): part for part in letter.walk()}
    pictures = [part for part in letter.walk() if part.get_content_type() == "image/png"]
    html = parts["text/html"].get_payload(decode=True).decode()  # type: ignore[union-attr]
    text = parts["text/plain"].get_payload(decode=True).decode()  # type: ignore[union-attr]
    assert letter["Subject"] == "Leadlake: the week to 2026-01-01"
    assert [part["Content-ID"] for part in pictures] == ["<weeks.png>", "<sources.png>", "<drift.png>"]
    assert all(f"cid:{name}.png" in html for name in ("weeks", "sources", "drift"))
    assert all(part.get_payload(decode=True).startswith(PNG) for part in pictures)  # type: ignore[union-attr]
    assert "http" not in html
    assert "Conversion by source" in text
    assert "None is open, and none ended this week." in text


def test_its_figures_are_those_of_the_pages(settings: Settings, team: Mailbox) -> None:
    send_digest(settings, [], ADA, NOW + timedelta(days=2), quiet)

    html = next(part for part in team.letters[-1].walk() if part.get_content_type() == "text/html")
    shown = unescape(html.get_payload(decode=True).decode())  # type: ignore[union-attr]
    last = NOW.date() - timedelta(days=61)
    filters = ConversionFilters(since=last - timedelta(days=27), until=last)
    rows = conversion(open_lake(settings).pin(), ["source"], filters).rows
    assert rows
    for row in rows:
        assert f"{row.conversions:,} of {row.leads:,}" in shown


def test_a_channel_gets_one_a_day_however_often_the_job_runs(settings: Settings, team: Mailbox, ops: Webhook) -> None:
    day = NOW + timedelta(days=3)
    for _ in range(2):
        send_digest(settings, ["team", "ops"], ADA, day, quiet)
    assert (len(team.letters), len(ops.posts)) == (1, 1)
    assert ops.posts[0]["message"].startswith("Leadlake: the week to 2026-01-03")

    send_digest(settings, ["team"], ADA, day + timedelta(days=1), quiet)
    assert len(team.letters) == 2


def test_a_digest_that_nobody_took_fails_and_can_be_tried_again(settings: Settings, team: Mailbox) -> None:
    day = NOW + timedelta(days=5)
    team.refuses = True
    with pytest.raises(RefusedError, match="did not reach team: The channel team did not take"):
        send_digest(settings, [], ADA, day, quiet)

    team.refuses = False
    send_digest(settings, [], ADA, day, quiet)

    assert len(team.letters) == 1


def test_without_a_channel_or_the_right_it_is_refused(home: Path, settings: Settings) -> None:
    with pytest.raises(RefusedError, match="no e-mail channel"):
        send_digest(settings_in(home), [], ADA, NOW, quiet)
    with pytest.raises(RefusedError, match='did you mean "team"'):
        send_digest(settings, ["teem"], ADA, NOW, quiet)
    with pytest.raises(NotAllowedError):
        send_digest(settings, [], Actor("vi", frozenset({"viewer"}), "oidc"), NOW, quiet)
