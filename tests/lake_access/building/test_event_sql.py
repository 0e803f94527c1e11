"""What the declarations say reaches the queries as parameters and checked names, never as SQL."""

from __future__ import annotations

from pathlib import Path

import pytest

from lake_access.building.build import build
from lake_access.building.event_sql import compile_stream
from lake_access.declarations import ENVELOPE_KEYS
from lake_access.settings import SHIPPED_CONFIG, load_settings
from tests.lake_access.lakes import NOW, lake_in, land_lines, quarantined, read_table, shipped_config, touch

HOSTILE = "call'); DROP TABLE links; --"


def test_choices_rules_and_event_types_are_values(tmp_path: Path) -> None:
    config = shipped_config(
        ('one_of = ["call"', f'one_of = ["{HOSTILE}"'),
        ('equals = "pricing"', 'equals = "pri$p0\'cing"'),
        ('version = "2025-01"', 'version = "it\'s {{new}}"'),
    )
    lake = lake_in(tmp_path, config)
    land_lines(
        lake, "sales", touch(event_type="sales_action", action=HOSTILE), touch(event_type="sales_action", action="x")
    )
    land_lines(lake, "online", touch(event_type="page_view", page="pri$p0'cing"))

    build(lake, NOW)

    events = {row["stream"]: row for row in read_table(lake, "curated.events")}
    assert events["sales"]["action"] == HOSTILE
    assert (events["online"]["intent_points"], events["online"]["rules_version"]) == (5, "it's {{new}}")
    assert list(quarantined(lake).values()) == [f"action: not one of {HOSTILE}, email, meeting, quote"]


@pytest.mark.parametrize("stream", ["roadshow", "webinar", "online", "crm", "scores", "sales", "outcomes"])
def test_every_value_of_a_declaration_is_bound(stream: str, tmp_path: Path) -> None:
    declarations = load_settings({"LEADLAKE_HOME": str(tmp_path), "LEADLAKE_CONFIG": str(SHIPPED_CONFIG)}).declarations

    sql = compile_stream(declarations, stream)

    declared = declarations.sources[stream]
    texts = [*declared.events, *(choice for field in declared.all_fields().values() for choice in field.one_of or ())]
    assert [text for text in texts if text not in ENVELOPE_KEYS and f"'{text}'" in sql.type] == []
    assert all(f"${name}" in sql.type for name in sql.parameters)
    assert all(f"{key}_json" in sql.parse for key in ENVELOPE_KEYS)
