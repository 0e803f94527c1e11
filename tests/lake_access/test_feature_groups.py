"""The list of features, the files behind it, and the document that explains it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from lake_access import queries
from lake_access.declarations import Declarations, load_declarations
from lake_access.errors import SettingsError
from lake_access.feature_groups import GROUPS, PRIOR_LEADS, feature_columns
from lake_access.features import features_digest
from lake_access.settings import SHIPPED_CONFIG
from tests.lake_access.lakes import shipped_config

DOCUMENT = (Path(__file__).parents[2] / "docs" / "features.md").read_text(encoding="utf-8")


def declared(folder: Path, numeric: str = "[]", categorical: str = "[]") -> Declarations:
    """The shipped declarations with these attributes."""
    edits = ("numeric = []", f"numeric = {numeric}"), ("categorical = []", f"categorical = {categorical}")
    file = folder / "leadlake.toml"
    file.write_text(shipped_config(*edits), encoding="utf-8")
    return load_declarations(file)


def test_every_group_has_its_file_and_every_file_its_group() -> None:
    files = (Path(queries.__file__).parent / "features").glob("*.sql")

    assert sorted(file.stem for file in files) == sorted(group.name for group in GROUPS)


def test_the_document_defines_every_feature_in_order_with_its_type_and_no_other(tmp_path: Path) -> None:
    named = feature_columns(declared(tmp_path, '["age"]', '["job"]'))
    patterns = {"events_": "events_<type>", "touches_": "touches_<stream>", "age": "<attribute>", "job": "<attribute>"}
    expected = {
        next((pattern for prefix, pattern in patterns.items() if name.startswith(prefix)), name): kind
        for name, kind in named.items()
    }

    documented = dict(re.findall(r"^\| `([a-z_<>]+)` \| ([a-z ]+) \|", DOCUMENT, re.MULTILINE))

    assert list(documented) == list(expected)
    assert documented == expected | {"<attribute>": "number or text"}


def test_the_document_states_the_weight_of_the_prior() -> None:
    assert f"(conversions there + {PRIOR_LEADS} × conversions / outcomes)" in DOCUMENT
    assert f"(outcomes there + {PRIOR_LEADS})" in DOCUMENT


def test_counts_follow_the_declared_event_types_and_streams_of_touches_and_sales() -> None:
    columns = feature_columns(load_declarations(SHIPPED_CONFIG))

    assert [name for name in columns if name.startswith("touches_")] == [
        "touches_roadshow", "touches_webinar", "touches_online", "touches_crm",
    ]  # fmt: skip
    assert {"events_page_view", "events_crm_contact", "events_sales_action"} < columns.keys()
    assert {"events_score", "events_outcome"}.isdisjoint(columns)


@pytest.mark.parametrize(
    ("numeric", "said"),
    [
        ('["location"]', '"location" is a name that the lake\'s own features take; rename the attribute'),
        ('["As_Of"]', '"As_Of" is a name that the lake\'s own features take; rename the attribute'),
        ('["events_seen"]', '"events_seen" is a name that the lake\'s own features take; rename the attribute'),
        ('["age", "Age"]', '"age" and "Age" would be one column; name one of them'),
        ('["job"]', '"job" and "job" would be one column; name one of them'),
        ('["age; DROP"]', "string should match pattern"),
        ('"age"', "should be a valid tuple"),
    ],
)
def test_an_attribute_that_cannot_be_a_column_of_its_own_is_refused(tmp_path: Path, numeric: str, said: str) -> None:
    with pytest.raises(SettingsError, match=re.escape(said)):
        declared(tmp_path, numeric, '["job"]')


def test_other_declarations_make_other_features_and_the_same_the_same(tmp_path: Path) -> None:
    shipped = features_digest(load_declarations(SHIPPED_CONFIG))

    assert features_digest(declared(tmp_path)) == shipped
    assert features_digest(declared(tmp_path, '["age"]')) != shipped
    assert features_digest(declared(tmp_path, "[]", '["age"]')) != features_digest(declared(tmp_path, '["age"]'))
