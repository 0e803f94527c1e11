"""leadlake.toml is checked before anything runs; what is wrong in it is one sentence with file, key and remedy."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from lake_access.building.build import build
from lake_access.declarations import FieldDeclaration, load_declarations
from lake_access.errors import SettingsError
from lake_access.settings import SHIPPED_CONFIG
from tests.lake_access.lakes import NOW, lake_in, land_lines, quarantined, read_table, shipped_config, touch

REGISTRATION = "[sources.webinar.events.webinar_registration]\n"


def refusal(tmp_path: Path, *edits: tuple[str, str]) -> str:
    """What is said of the shipped leadlake.toml with these edits, without the file's name."""
    file = tmp_path / "leadlake.toml"
    file.write_text(shipped_config(*edits), encoding="utf-8")
    with pytest.raises(SettingsError) as refused:
        load_declarations(file)
    said = str(refused.value)
    assert said.startswith(f"{file}: ")
    assert "\n" not in said
    return said.removeprefix(f"{file}: ")


def with_field(declaration: str) -> tuple[str, str]:
    return REGISTRATION, f"{REGISTRATION}fields.{declaration}\n"


def test_the_shipped_file_says_what_the_design_says() -> None:
    declarations = load_declarations(SHIPPED_CONFIG)

    assert list(declarations.bands) == ["cold", "warm", "hot"]
    assert declarations.streams_of("touch") == ["roadshow", "webinar", "online", "crm"]
    assert declarations.streams_of("score") == ["scores"]
    assert declarations.streams_of("sales") == ["sales"]
    assert declarations.streams_of("outcome") == ["outcomes"]
    assert declarations.typed_columns()["duration"] == "number"
    assert declarations.source_label("webinar") == "Webinar"
    assert declarations.source_label("cellular") == "cellular"


def test_bands_stand_in_the_order_of_their_edges(tmp_path: Path) -> None:
    file = tmp_path / "leadlake.toml"
    file.write_text(shipped_config(("cold = 0\nwarm = 40\nhot = 70", "hot = 70\ncold = 0\nwarm = 40")), "utf-8")

    assert list(load_declarations(file).bands) == ["cold", "warm", "hot"]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("minimum_cell", "minimum_sell", 'unknown key "lake.minimum_sell" (did you mean "minimum_cell"?).'),
        ("[bands]", "[band]", 'unknown key "band" (did you mean "bands"?).'),
        ("required = true }\nfields.score", "requird = true }\nfields.score",
         'unknown key "sources.scores.events.score.fields.model_version.requird" (did you mean "required"?).'),
        ('kind = "score"', 'kind = "scoring"',
         '"sources.scores.kind": input should be \'touch\', \'score\', \'sales\' or \'outcome\', not \'scoring\'.'),
        ("outcome_window_days = 60", 'outcome_window_days = "60"',
         '"lake.outcome_window_days": input should be a valid integer, not \'60\'.'),
        ("outcome_window_days = 60", "outcome_window_days = 0",
         '"lake.outcome_window_days": input should be greater than or equal to 1, not 0.'),
        ("hot = 70", "hot = 101", '"bands.hot": input should be less than or equal to 100, not 101.'),
        ("cold = 0", "cold = 5", "bands: one band must start at 0, or low scores fall into none."),
        ("hot = 70", "hot = 40", "bands: two bands start at the same score."),
        ("cold = 0", "unscored = 0", 'bands: "unscored" is the name for leads without a score; choose another.'),
        ("intent_max = 50", "intent_max = 60",
         "scoring: engagement_max and intent_max add up to more than 100, the highest final score."),
        ('version = "2025-01" ', "", 'the key "scoring.version" is missing.'),
        ("engagement = 8, intent = 10", "engagement = 101",
         '"sources.roadshow.events.roadshow_demo.scoring.0.engagement": '
         "input should be less than or equal to 100, not 101."),
        ('when = "duration", at_least = 30', 'when = "duration"',
         "sources.webinar.events.webinar_attendance.scoring.1: "
         "`when` names a field and goes with exactly one of `at_least` and `equals`."),
        ('when = "duration", at_least = 30', 'when = "durration", at_least = 30',
         'sources.webinar.events.webinar_attendance: a rule asks for "durration", not a field here '
         '(did you mean "duration"?).'),
        ('when = "page", equals = "pricing"', 'when = "page", at_least = 1',
         'sources.online.events.page_view: at_least needs a number, and "page" is a text.'),
        ("fields.converted = { type = \"boolean\", required = true }", "fields.converted = { type = \"boolean\" }",
         'sources.outcomes.events.outcome: a stream of kind "outcome" needs the required boolean "converted".'),
    ],
)  # fmt: skip
def test_what_cannot_be_is_one_sentence_with_its_key(old: str, new: str, said: str, tmp_path: Path) -> None:
    assert refusal(tmp_path, (old, new)) == said


@pytest.mark.parametrize(
    ("field", "said"),
    [
        ('x = { type = "text", min = 1 }', "min and max fit an integer or a number, not a text"),
        ('x = { type = "integer", one_of = ["a"] }', "one_of fits a text, not a integer"),
        ('x = { type = "number", min = 2, max = 1 }', "min 2 is above max 1"),
        ('lead_id = { type = "text" }', '"lead_id" is a column of every event; name the field otherwise'),
        ('duration = { type = "text" }', '"duration" is a number here and a text in'),
        ('location = { type = "number" }', '"location" is a number here and a text in'),
    ],
)
def test_a_field_that_cannot_be_is_refused(field: str, said: str, tmp_path: Path) -> None:
    assert said in refusal(tmp_path, with_field(field))


@pytest.mark.parametrize("name", ["X", "1x", "a-b", '"a b"', '"a;b"', '"ä"', "x" * 64])
def test_a_name_that_could_be_anything_but_a_name_is_refused(name: str, tmp_path: Path) -> None:
    assert "should match pattern" in refusal(tmp_path, with_field(f'{name} = {{ type = "text" }}'))


def test_a_file_that_is_no_toml_is_refused_with_the_place(tmp_path: Path) -> None:
    said = refusal(tmp_path, ("[bands]", "[bands"))

    assert said.startswith("cannot be read as TOML: ")
    lines = SHIPPED_CONFIG.read_text(encoding="utf-8").splitlines()
    line = next(number for number, text in enumerate(lines, 1) if text.startswith("[bands]"))
    assert f"line {line}" in said or f"line {line + 1}" in said


@pytest.mark.parametrize(
    ("field", "said"),
    [
        (FieldDeclaration(type="integer", required=True, min=0, max=100), "integer required from 0 to 100"),
        (FieldDeclaration(type="number", min=0.5, max=1_000_000), "number from 0.5 to 1000000"),
        (FieldDeclaration(type="text", one_of=("call", "email")), "text one of call, email"),
    ],
)
def test_a_field_says_in_words_what_it_must_be(field: FieldDeclaration, said: str) -> None:
    assert field.describe() == said


# --- what a company may declare, and what then lands -----------------------------------------------------------------


def test_a_source_and_its_fields_are_an_edit_of_the_file(tmp_path: Path) -> None:
    fair = """
[sources.fair]
label = "Trade fair"
kind = "touch"
[sources.fair.events.talk]
fields.minutes = { type = "integer", min = 1 }
fields.follow_up = { type = "timestamp" }
scoring = [{ engagement = 3 }, { intent = 7, when = "minutes", at_least = 10 }]
"""
    lake = lake_in(tmp_path, shipped_config() + fair)
    talk = touch(event_type="talk", minutes=12, follow_up="2025-12-01T09:00:00+01:00")
    land_lines(lake, "fair", talk, talk | {"minutes": 0}, talk | {"follow_up": "soon"})

    build(lake, NOW)

    (event,) = read_table(lake, "curated.events")
    assert (event["source"], event["minutes"], event["engagement_points"], event["intent_points"]) == ("fair", 12, 3, 7)
    assert event["follow_up"] == datetime(2025, 12, 1, 8, tzinfo=UTC)
    assert quarantined(lake) == {2: "minutes: under 1", 3: "follow_up: not a date and time with a zone"}


@pytest.mark.parametrize("name", ["reason", "line", "keys", "fault", "order", "select", "end", "event_key", "month"])
def test_a_field_may_be_called_what_a_query_calls_its_own(name: str, tmp_path: Path) -> None:
    lake = lake_in(tmp_path, shipped_config(with_field(f'{name} = {{ type = "integer" }}')))
    land_lines(lake, "webinar", touch(**{name: 3}), touch(**{name: "three"}))

    build(lake, NOW)

    assert [event[name] for event in read_table(lake, "curated.events")] == [3]
    assert quarantined(lake) == {2: f"{name}: not an integer"}


def test_the_source_may_stand_in_a_field_called_from(tmp_path: Path) -> None:
    lake = lake_in(tmp_path, shipped_config(('source_field = "lead_source"', 'source_field = "from"')))
    land_lines(lake, "crm", touch(event_type="crm_contact") | {"from": "a fair"}, touch(event_type="crm_contact"))

    build(lake, NOW)

    assert [event["source"] for event in read_table(lake, "curated.events")] == ["a fair"]
    assert quarantined(lake) == {2: "from: missing or not a text"}


def test_a_field_declared_later_is_a_column_of_the_events_that_land_then(tmp_path: Path) -> None:
    before = lake_in(tmp_path, shipped_config())
    land_lines(before, "webinar", touch(seats=1))
    build(before, NOW)

    after = lake_in(tmp_path, shipped_config(with_field('seats = { type = "integer" }')))
    land_lines(after, "webinar", touch(seats=2))
    build(after, NOW)

    events = sorted(read_table(after, "curated.events"), key=lambda event: event["seats"] or 0)
    assert [(event["seats"], event["attributes"]) for event in events] == [(None, '{"seats":1}'), (2, None)]


QUESTIONS = [
    ('fields.questions = { type = "integer", min = 0, max = 1000 }', "{questions}"),
    ('    { intent = 12, when = "questions", at_least = 1 },\n', ""),
    ('    { intent = 8, when = "questions", at_least = 3 },\n', ""),
]


def questions_declared_as(declaration: str) -> str:
    return shipped_config(*QUESTIONS).replace("{questions}", declaration)


def test_a_field_whose_declaration_is_gone_keeps_what_it_held(tmp_path: Path) -> None:
    before = lake_in(tmp_path, shipped_config())
    attended = touch(event_type="webinar_attendance", questions=3, email=None, lead_key="crm-1")
    land_lines(before, "webinar", attended)
    build(before, NOW)

    after = lake_in(tmp_path, questions_declared_as(""))
    land_lines(after, "webinar", attended | {"questions": 5, "email": "ann@example.com"})
    build(after, NOW)

    events = sorted(read_table(after, "curated.events"), key=lambda event: event["questions"] or 0)
    assert [(event["questions"], event["attributes"]) for event in events] == [(None, '{"questions":5}'), (3, None)]
    assert len({event["lead_id"] for event in events}) == 1


def test_a_field_that_changes_its_type_is_refused_before_anything_is_built(tmp_path: Path) -> None:
    before = lake_in(tmp_path, shipped_config())
    land_lines(before, "webinar", touch())
    build(before, NOW)
    after = lake_in(tmp_path, questions_declared_as('fields.questions = { type = "text" }'))
    land_lines(after, "webinar", touch(event_type="webinar_attendance", questions="many"))

    with pytest.raises(SettingsError, match=r'"questions" is declared as string, and the table has it'):
        build(after, NOW)

    assert len(read_table(after, "curated.batches")) == 1


def test_a_rule_that_compares_a_text_with_a_number_is_refused(tmp_path: Path) -> None:
    assert "equals" in refusal(tmp_path, ('when = "page", equals = "pricing"', 'when = "page", equals = 5'))


def test_outcomes_need_no_value(tmp_path: Path) -> None:
    lake = lake_in(tmp_path, shipped_config(('fields.value = { type = "number", min = 0 }\n', "")))
    land_lines(lake, "outcomes", touch(event_type="outcome", converted=True))

    build(lake, NOW)

    assert [lead["converted"] for lead in read_table(lake, "curated.leads")] == [True]


def test_the_value_of_an_outcome_must_be_a_number(tmp_path: Path) -> None:
    number = 'fields.value = { type = "number", min = 0 }'
    assert '"value"' in refusal(tmp_path, (number, 'fields.value = { type = "text" }'))


@pytest.mark.parametrize("limit", ["inf", "nan"])
def test_a_limit_that_is_no_number_is_refused(limit: str, tmp_path: Path) -> None:
    assert "finite" in refusal(tmp_path, with_field(f'x = {{ type = "number", max = {limit} }}'))
