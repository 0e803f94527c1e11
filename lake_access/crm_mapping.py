"""The mapping of a CRM export: which column is the key or e-mail, the time, the source, the outcome, an attribute.

A mapping is a TOML file; docs/examples/crm_mapping.toml shows every key with its meaning.
"""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Collection, Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    PrivateAttr,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)

from lake_access.declarations import ENVELOPE_KEYS, LEAD_FIELDS, describe_invalid, nearest
from lake_access.errors import SettingsError

SOURCE_FIELD = "lead_source"

Column = Annotated[str, Field(min_length=1)]
# TOML has lists; a frozen mapping holds tuples.
Columns = Annotated[tuple[Column, ...], Field(strict=False)]
Values = Annotated[tuple[str, ...], Field(strict=False)]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class CsvOptions(_Table):
    """How the text of a CSV file is written; Parquet files have no use for it."""

    delimiter: Annotated[str, Field(min_length=1, max_length=1)] = ","
    encoding: str = "utf-8"

    @field_validator("delimiter")
    @classmethod
    def _delimiter_can_delimit(cls, delimiter: str) -> str:
        if delimiter in '"\r\n' or delimiter.isalnum():
            raise ValueError(f'{delimiter!r} cannot separate cells; usual are ",", ";" and "\\t"')
        return delimiter

    @field_validator("encoding")
    @classmethod
    def _encoding_is_known(cls, encoding: str) -> str:
        try:
            "".encode(encoding)
        except (LookupError, ValueError) as exc:
            raise ValueError(f"{encoding!r} is not an encoding; usual are utf-8, cp1252 and utf-16") from exc
        return encoding


class NumberOptions(_Table):
    """Which columns hold numbers, and how the numbers are written where they stand as text."""

    columns: Columns = ()
    decimal: Literal[".", ","] = "."
    thousands: Literal[".", ",", " ", "'"] | None = None

    @model_validator(mode="after")
    def _signs_differ(self) -> NumberOptions:
        if self.decimal == self.thousands:
            raise ValueError(f"decimal and thousands are both {self.decimal!r}")
        return self


class IdentityColumns(_Table):
    """Who the lead is: the CRM's key, the e-mail address, or both; a row needs at least one of them."""

    lead_key: Column | None = None
    email: Column | None = None

    @model_validator(mode="after")
    def _names_two_columns_at_most_once(self) -> IdentityColumns:
        if self.lead_key is None and self.email is None:
            raise ValueError("name the column of lead_key, of email, or both")
        if self.lead_key == self.email:
            raise ValueError(f"lead_key and email are both {self.email!r}; e-mail addresses go to email alone")
        return self


class TimeColumn(_Table):
    """When something happened: RFC 3339 unless `format` says otherwise, in `timezone` where the text has no zone."""

    column: Column
    format: str | None = None
    timezone: str | None = None

    @field_validator("format")
    @classmethod
    def _format_is_a_whole_date(cls, written: str | None) -> str | None:
        if written is None:
            return None
        if "%Z" in written:
            raise ValueError("%Z reads a zone's name but not its offset; use %z, or leave it out and name the timezone")
        if not re.search("%[YyGcx]", written):
            raise ValueError(f"{written!r} holds no year")
        sample = datetime(2001, 2, 3, 4, 5, 6, tzinfo=UTC)
        try:
            understood = datetime.strptime(sample.strftime(written), written)  # noqa: DTZ007 (only its date is looked at)
        except (ValueError, re.error) as exc:
            raise ValueError(f"{written!r} is not a format of strptime ({exc})") from exc
        if understood.date() != sample.date():
            raise ValueError(f"{written!r} does not hold a whole date: day, month and year")
        return written

    @field_validator("timezone")
    @classmethod
    def _timezone_is_known(cls, name: str | None) -> str | None:
        try:
            return name if name is None else ZoneInfo(name).key
        except (ZoneInfoNotFoundError, ValueError, OSError) as exc:
            close = difflib.get_close_matches(str(name), available_timezones(), n=1)
            hint = f'did you mean "{close[0]}"?' if close else "IANA names read like Europe/Berlin"
            raise ValueError(f"{name!r} is not a time zone ({hint})") from exc

    @model_validator(mode="after")
    def _format_says_its_zone(self) -> TimeColumn:
        if self.format is not None and "%z" not in self.format and self.timezone is None:
            raise ValueError('the format has no zone (%z); name the zone of its times, as timezone = "Europe/Berlin"')
        return self


class OutcomeTimeColumn(TimeColumn):
    """When the outcome became known; `or_contact_time` lets an empty cell mean the contact's own time."""

    or_contact_time: bool = False


class SourceColumn(_Table):
    """Where the lead came from: a column, a fixed text, or a column with the text for its empty cells."""

    column: Column | None = None
    text: Annotated[str, Field(pattern=r"\S")] | None = None

    @model_validator(mode="after")
    def _says_something(self) -> SourceColumn:
        if self.column is None and self.text is None:
            raise ValueError("name a column, or give a text that is the source of every row")
        return self


class OutcomeColumns(_Table):
    """What came of the lead: the column, and what its values mean. An empty or ignored cell is no outcome yet."""

    column: Column
    converted: Values
    not_converted: Values = ()
    ignore: Values = ()
    value: Column | None = None

    @model_validator(mode="after")
    def _each_value_means_one_thing(self) -> OutcomeColumns:
        if not self.converted:
            raise ValueError("converted names no value; say which mean that the lead became a customer")
        written = [value.strip() for value in (*self.converted, *self.not_converted, *self.ignore)]
        twice = next((value for value in written if written.count(value) > 1), None)
        if twice is not None:
            raise ValueError(f"{twice!r} stands twice among converted, not_converted and ignore")
        return self

    def verdicts(self) -> dict[str, bool | None]:
        """What each text means: converted, not converted, or (None) no outcome yet."""
        verdicts: dict[str, bool | None] = {"": None}
        verdicts |= {value.strip(): True for value in self.converted}
        verdicts |= {value.strip(): False for value in self.not_converted}
        return verdicts | {value.strip(): None for value in self.ignore}


class AttributeColumns(_Table):
    """Which further columns are kept, under their own name or, in `rename`, under another."""

    columns: Columns = ()
    rename: dict[Column, Column] = {}
    all_others: bool = False
    exclude: Values = ()

    @model_validator(mode="after")
    def _exclude_goes_with_all_others(self) -> AttributeColumns:
        if self.exclude and not self.all_others:
            raise ValueError("exclude goes with all_others = true; without it, only the columns named are kept")
        both = sorted({*self.columns, *self.rename} & set(self.exclude))
        if both:
            raise ValueError(f"{both[0]!r} is both kept and excluded")
        return self


class CrmMapping(_Table):
    """What each column of a CRM export means, checked."""

    csv: CsvOptions = CsvOptions()
    numbers: NumberOptions = NumberOptions()
    identity: IdentityColumns
    time: TimeColumn
    source: SourceColumn
    fields: dict[str, Column] = {}
    outcome: OutcomeColumns | None = None
    outcome_time: OutcomeTimeColumn | None = None
    attributes: AttributeColumns = AttributeColumns()
    _declared_fields: tuple[str, ...] = PrivateAttr(default=())

    def model_post_init(self, context: Any) -> None:
        self._declared_fields = tuple((context or {}).get("declared_fields", ()))

    @field_validator("fields")
    @classmethod
    def _fields_are_declared(cls, fields: dict[str, str], info: ValidationInfo) -> dict[str, str]:
        declared = info.context["declared_fields"] if info.context else ()
        for name in fields:
            if name not in declared:
                raise ValueError(f"the lake declares no field {name!r}{nearest(name, declared)}; make it an attribute")
        return fields

    @model_validator(mode="after")
    def _tables_fit_together(self) -> CrmMapping:
        if self.outcome_time is not None and self.outcome is None:
            raise ValueError("outcome_time is the time of an outcome, and there is no [outcome]")
        self.attribute_keys(())
        usable = {*self.fields.values(), *self.attributes.columns, *self.attributes.rename}
        for column in self.numbers.columns:
            kept_as_other = self.attributes.all_others and not self._is_spoken_for(column)
            if column not in usable and not kept_as_other:
                hint = nearest(column, usable)
                raise ValueError(f"numbers: {column!r} is neither a field's column nor kept as an attribute{hint}")
        return self

    def named_columns(self) -> dict[str, str]:
        """Every column that the mapping names, with the key that names it first."""
        named = {
            "identity.lead_key": self.identity.lead_key,
            "identity.email": self.identity.email,
            "time.column": self.time.column,
            "source.column": self.source.column,
            **{f"fields.{name}": column for name, column in self.fields.items()},
            "outcome.column": self.outcome.column if self.outcome else None,
            "outcome.value": self.outcome.value if self.outcome else None,
            "outcome_time.column": self.outcome_time.column if self.outcome_time else None,
        }
        lists = {
            "attributes.columns": self.attributes.columns,
            "attributes.rename": self.attributes.rename,
            "attributes.exclude": self.attributes.exclude,
            "numbers.columns": self.numbers.columns,
        }
        keys: dict[str, str] = {}
        for key, column in [*named.items(), *((key, column) for key, columns in lists.items() for column in columns)]:
            if column is not None:
                keys.setdefault(column, key)
        return keys

    def attribute_keys(self, columns: Iterable[str]) -> dict[str, str]:
        """The attribute that each kept column becomes, for a file with these columns, ordered by attribute.

        Raises:
            ValueError: two columns become one attribute, or one takes the name of a declared field or an event's key.
        """
        kept = {column: column for column in self.attributes.columns} | self.attributes.rename
        if self.attributes.all_others:
            kept |= {column: column for column in columns if column not in kept and not self._is_spoken_for(column)}
        if "" in kept:
            raise ValueError('attributes: a column has no name; leave it out, as exclude = [""]')
        taken = {key.casefold(): "a key of every event" for key in (*ENVELOPE_KEYS, SOURCE_FIELD)}
        taken |= {name.casefold(): "a declared field of the lake" for name in self._declared_fields}
        for column, key in kept.items():
            # Names that differ in case alone would be one column to DuckDB.
            other = taken.setdefault(key.casefold(), f"what column {column!r} is kept as")
            if other != f"what column {column!r} is kept as":
                raise ValueError(
                    f"attributes: column {column!r} cannot be kept as {key!r}, which is {other}; "
                    f'give it another name, as rename = {{ {_quoted(column)} = "crm_{_bare(key)}" }}'
                )
        return dict(sorted(kept.items(), key=lambda item: item[1]))

    def _is_spoken_for(self, column: str) -> bool:
        """Whether the column is excluded, or means something else than an attribute."""
        identity_time_source = (self.identity.lead_key, self.identity.email, self.time.column, self.source.column)
        outcome = (self.outcome.column, self.outcome.value) if self.outcome else ()
        outcome_time = (self.outcome_time.column,) if self.outcome_time else ()
        return column in (
            *identity_time_source, *self.fields.values(), *outcome, *outcome_time, *self.attributes.exclude
        )  # fmt: skip


def load_mapping(path: Path, declared_fields: Collection[str] = tuple(LEAD_FIELDS)) -> CrmMapping:
    """Read and check a mapping file; `declared_fields` are those of the lake's `crm` stream.

    Raises:
        SettingsError: the file is missing, not TOML, or says what cannot be; one sentence with file, key and remedy.
    """
    try:
        written = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as exc:
        raise SettingsError(f"{path}: no such mapping file; docs/examples/crm_mapping.toml shows one.") from exc
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as exc:
        raise SettingsError(f"{path}: cannot be read as TOML: {exc}.") from exc
    try:
        return CrmMapping.model_validate(written, context={"declared_fields": tuple(declared_fields)})
    except ValidationError as exc:
        raise SettingsError(f"{path}: {describe_invalid(exc, CrmMapping)}") from exc


def _quoted(column: str) -> str:
    return '"' + column.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _bare(key: str) -> str:
    return re.sub(r"\W+", "_", key.casefold()).strip("_")
