"""A mapping file is understood as written, or refused in one sentence that says which key and what to do."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic import BaseModel, ValidationError

from lake_access.crm_mapping import CrmMapping, load_mapping
from lake_access.declarations import load_declarations
from lake_access.errors import SettingsError

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "docs" / "examples"

SMALLEST = """
[identity]
email = "E-mail"
[time]
column = "Created"
[source]
text = "crm"
"""

Written = Callable[[str], Path]


@pytest.fixture
def written(tmp_path: Path) -> Written:
    def write(text: str) -> Path:
        path = tmp_path / "mapping.toml"
        path.write_text(text, encoding="utf-8")
        return path

    return write


def refusal(path: Path) -> str:
    with pytest.raises(SettingsError) as refused:
        load_mapping(path)
    message = str(refused.value)
    assert message.startswith(f"{path}: ")
    assert message.endswith(".")
    return message.removeprefix(f"{path}: ")


def test_the_smallest_mapping_reads_utf_8_with_commas_and_keeps_no_attribute(written: Written) -> None:
    mapping = load_mapping(written(SMALLEST))
    assert (mapping.csv.delimiter, mapping.csv.encoding, mapping.numbers.decimal) == (",", "utf-8", ".")
    assert mapping.outcome is None
    assert mapping.attribute_keys(["E-mail", "Created", "Age"]) == {}


def test_a_mapping_cannot_be_changed(written: Written) -> None:
    mapping = load_mapping(written(SMALLEST))
    with pytest.raises(ValidationError, match="frozen"):
        mapping.source.text = "other"


@pytest.mark.parametrize("name", ["crm_mapping.toml", "bank_marketing.toml"])
def test_shipped_examples_fit_the_shipped_lake(name: str) -> None:
    crm = load_declarations(ROOT / "leadlake.toml").sources["crm"]
    assert load_mapping(EXAMPLES / name, crm.all_fields()).identity.lead_key is not None


def test_the_commented_example_shows_every_key() -> None:
    example = (EXAMPLES / "crm_mapping.toml").read_text(encoding="utf-8")
    for table, info in CrmMapping.model_fields.items():
        shown = example.split(f"\n[{table}]")[1].split("\n[")[0]
        model: Any = next(iter(get_args(info.annotation)), info.annotation)
        for key in model.model_fields if issubclass(model, BaseModel) else ():
            assert f"\n{key} = " in shown or f"\n# {key} = " in shown, f"{table}.{key}"


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('[identitty]\nemail = "E"', 'unknown key "identitty" (did you mean "identity"?).'),
        ('[outcome]\ncolunm = "S"\nconverted = ["Won"]', 'unknown key "outcome.colunm" (did you mean "column"?).'),
        (
            '[outcome_time]\ncolumn = "C"\ntimezome = "UTC"',
            'unknown key "outcome_time.timezome" (did you mean "timezone"?).',
        ),
        ('[attributes]\nexcluded = ["x"]', 'unknown key "attributes.excluded" (did you mean "exclude"?).'),
    ],
)
def test_an_unknown_key_is_named_with_the_nearest_known_one(written: Written, line: str, said: str) -> None:
    assert refusal(written(SMALLEST + line)) == said


@pytest.mark.parametrize("table", ["identity", "time", "source"])
def test_a_missing_table_is_named(written: Written, table: str) -> None:
    tables = dict(zip(("identity", "time", "source"), SMALLEST.split("\n[")[1:], strict=True))
    text = "\n".join(f"[{part}" for name, part in tables.items() if name != table)
    assert refusal(written(text)) == f'the key "{table}" is missing.'


@pytest.mark.parametrize(
    ("replaced", "by", "said"),
    [
        ('email = "E-mail"', "", "identity: name the column of lead_key, of email, or both."),
        ('email = "E-mail"', 'email = "E"\nlead_key = "E"', "identity: lead_key and email are both 'E'"),
        ('email = "E-mail"', "email = 7", '"identity.email": input should be a valid string, not 7.'),
        ('text = "crm"', "", "source: name a column, or give a text"),
        ('column = "Created"', 'column = "C"\ntimezone = "Europe/Berlni"', '(did you mean "Europe/Berlin"?)'),
        ('column = "Created"', 'column = "C"\ntimezone = "../etc"', "is not a time zone"),
        ('column = "Created"', 'column = "C"\nformat = "%d.%m.%Y"', "the format has no zone (%z); name the zone"),
        ('column = "Created"', 'column = "C"\nformat = "%d.%m. %H:%M %z"', "holds no year"),
        ('column = "Created"', 'column = "C"\nformat = "%m/%Y %z"', "does not hold a whole date"),
        ('column = "Created"', 'column = "C"\nformat = "%d.%m.%Y %Q %z"', "is not a format of strptime"),
        ('column = "Created"', 'column = "C"\nformat = "%Y %Y-%m-%d %z"', "is not a format of strptime"),
        ('column = "Created"', 'column = "C"\nformat = "%d.%m.%Y %Z"', "use %z"),
    ],
)
def test_what_cannot_be_is_refused_with_the_table_that_says_it(
    written: Written, replaced: str, by: str, said: str
) -> None:
    assert said in refusal(written(SMALLEST.replace(replaced, by)))


@pytest.mark.parametrize(
    ("added", "said"),
    [
        ('[csv]\ndelimiter = ";;"', '"csv.delimiter"'),
        ('[csv]\ndelimiter = "a"', "cannot separate cells"),
        ('[csv]\nencoding = "utf-9"', "csv.encoding: 'utf-9' is not an encoding"),
        ('[csv]\nencoding = "base64"', "csv.encoding: 'base64' is not an encoding"),
        ('[numbers]\ndecimal = ","\nthousands = ","', "numbers: decimal and thousands are both ','"),
        ('[numbers]\ncolumns = ["Aeg"]\n[attributes]\ncolumns = ["Age"]', 'attribute (did you mean "Age"?)'),
        ('[numbers]\ncolumns = ["Created"]\n[attributes]\nall_others = true', "'Created' is neither"),
        ('[outcome]\ncolumn = "S"\nconverted = []', "outcome: converted names no value"),
        ('[outcome]\ncolumn = "S"\nconverted = ["Won"]\nignore = ["Won "]', "outcome: 'Won' stands twice"),
        ('[outcome_time]\ncolumn = "C"', "there is no [outcome]"),
        ('[fields]\nlocatoin = "City"', 'no field \'locatoin\' (did you mean "location"?)'),
        ('[attributes]\nexclude = ["Notes"]', "exclude goes with all_others = true"),
        ('[attributes]\nall_others = true\ncolumns = ["N"]\nexclude = ["N"]', "'N' is both kept and excluded"),
    ],
)  # fmt: skip
def test_options_that_contradict_are_refused(written: Written, added: str, said: str) -> None:
    assert said in refusal(written(SMALLEST + added))


@pytest.mark.parametrize(
    "name", ["event_id", "event_type", "email", "lead_key", "timestamp", "lead_source", "location", "Campaign"]
)
def test_an_attribute_may_not_take_a_name_that_means_something(written: Written, name: str) -> None:
    message = refusal(written(f'{SMALLEST}[attributes]\ncolumns = ["{name}"]'))
    assert f"column '{name}' cannot be kept as '{name}'" in message
    assert f'rename = {{ "{name}" = "crm_{name.lower()}" }}' in message


def test_a_renamed_attribute_is_kept_under_its_new_name(written: Written) -> None:
    mapping = load_mapping(written(f'{SMALLEST}[attributes]\ncolumns = ["b", "a"]\nrename = {{ campaign = "c" }}'))
    assert mapping.attribute_keys(["campaign", "b", "a"]) == {"a": "a", "b": "b", "campaign": "c"}


def test_two_columns_may_not_become_one_attribute(written: Written) -> None:
    message = refusal(written(f'{SMALLEST}[attributes]\ncolumns = ["Age"]\nrename = {{ Years = "age" }}'))
    assert "column 'Years' cannot be kept as 'age', which is what column 'Age' is kept as" in message


def test_all_others_are_the_columns_that_mean_nothing_else(written: Written) -> None:
    tables = '[fields]\nlocation = "City"\n[outcome]\ncolumn = "S"\nconverted = ["Won"]\nvalue = "V"\n'
    tables += '[outcome_time]\ncolumn = "Closed"\n[attributes]\nall_others = true\nexclude = ["Notes"]'
    columns = ["E-mail", "Created", "City", "S", "V", "Closed", "Notes", "job", "Age"]
    assert list(load_mapping(written(SMALLEST + tables)).attribute_keys(columns)) == ["Age", "job"]


def test_fields_that_a_company_declares_may_be_mapped(written: Written) -> None:
    path = written(SMALLEST + '[fields]\nregion = "Region"')
    assert load_mapping(path, ["region"]).fields == {"region": "Region"}
    assert "no field 'region'" in refusal(path)


def test_a_file_that_is_missing_or_no_toml_is_named(tmp_path: Path, written: Written) -> None:
    assert refusal(tmp_path / "none.toml") == "no such mapping file; docs/examples/crm_mapping.toml shows one."
    assert "cannot be read as TOML" in refusal(written("identity = [\n"))
    (tmp_path / "latin.toml").write_bytes(b'x = "\xe9"')
    assert "cannot be read as TOML" in refusal(tmp_path / "latin.toml")
