"""Rules and channels: what cannot be is refused in a sentence."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from lake_access.errors import RefusedError, SettingsError
from monitoring.alerts.channels import channel_kinds, send
from monitoring.alerts.rules import RuleWish, checked_wish, described
from tests.lake_access.lakes import settings_in


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ({"metric": "conversion"}, "no metric 'conversion' (did you mean \"conversion_rate\"?)"),
        ({"segment": "stream", "segment_value": "x"}, "cannot be asked of one stream; of all, source, band, version"),
        ({"segment": "source"}, "Which source is meant?"),
        ({"metric": "column_drift"}, "Which column is meant?"),
        ({"threshold": None}, "Above which value?"),
        ({"threshold": float("nan")}, "Above which value?"),
        ({"threshold": 5}, "is a share: its threshold is from 0 to 1, and not 5"),
        ({"metric": "roc_auc", "comparison": "beyond chance"}, "cannot be held against chance"),
        ({"comparison": "equal"}, "A comparison is one of above, below, beyond chance"),
        ({"days": 1_000}, "The period is 0 to 730 days, and not 1000"),
        ({"checks": 0}, "after 1 to 1000 checks in a row, and not 0"),
        ({"remind_hours": -1}, "A reminder comes every 1 to 2160 hours, or never, and not -1"),
        ({"name": " "}, "needs a name"),
        ({"name": "one\nBcc: other@example.com"}, "a name of one line"),
        ({"channels": ("tem",)}, "no channel 'tem' (did you mean \"team\"?)"),
    ],
)
def test_what_cannot_be_is_refused_in_a_sentence(keys: dict[str, Any], said: str) -> None:
    wish: dict[str, Any] = {"name": "a rule", "metric": "conversion_rate", "threshold": 0.1} | keys

    with pytest.raises(RefusedError) as refused:
        checked_wish(RuleWish(**wish), ("team",))

    assert said in str(refused.value)


def test_defaults_are_the_metrics_own() -> None:
    wish = checked_wish(RuleWish("a", "conversion_rate", "beyond chance", threshold=3, segment_value="x"), ())

    assert (wish.days, wish.days_before, wish.threshold, wish.segment_value) == (28, 112, None, None)
    assert described(wish) == "Conversion rate other than in the 112 days before, beyond chance, over 28 days"


def test_channels_are_known_by_name_and_kind(tmp_path: Path) -> None:
    channels = "a=mailtos://u:p@x.org b=slack://A/B/C\nc=msteams://A/B/C/D d=jsons://x.org e=tgram://t/c"

    kinds = channel_kinds(settings_in(tmp_path, alert_channels=channels))

    assert kinds == {"a": "e-mail", "b": "Slack", "c": "Teams", "d": "webhook", "e": "tgram"}


@pytest.mark.parametrize(
    "given", ["mailto://u:hunter2@x.org", "A=json://hunter2", "a=hunter2", "a=json://x a=json://y"]
)
def test_channels_that_cannot_be_are_refused_without_their_secret(tmp_path: Path, given: str) -> None:
    with pytest.raises(SettingsError, match="LEADLAKE_ALERT_CHANNELS") as refused:
        channel_kinds(settings_in(tmp_path, alert_channels=given))

    assert "hunter2" not in str(refused.value)


def test_an_address_that_apprise_does_not_know_is_refused_without_it(tmp_path: Path) -> None:
    settings = settings_in(tmp_path, alert_channels="a=nonsense://hunter2")

    with pytest.raises(SettingsError, match="does not know the address of the channel a") as refused:
        send(settings, "a", "title", "body")

    assert "hunter2" not in str(refused.value)
