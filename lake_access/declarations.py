"""What the lake is: the typed form of leadlake.toml, with its sources, events, fields, scoring rules and bands."""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

from pydantic import BaseModel, Field, ValidationError, field_validator, model_validator
from pydantic_core import ErrorDetails

from lake_access.access_declarations import AccessDeclaration
from lake_access.declared import Declared
from lake_access.errors import SettingsError
from lake_access.feature_groups import is_taken

FieldType = Literal["text", "integer", "number", "boolean", "timestamp"]
StreamKind = Literal["touch", "score", "sales", "outcome"]
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,62}$")]
AttributeName = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_]{0,62}$")]
Points = Annotated[int, Field(ge=-100, le=100)]
Limit = Annotated[float, Field(allow_inf_nan=False)]

UNSCORED = "unscored"
ENVELOPE_KEYS = ("event_id", "event_type", "email", "lead_key", "timestamp")
RESERVED_COLUMNS = frozenset(
    {
        *ENVELOPE_KEYS,
        "lead_id", "source", "stream", "occurred_at", "ingested_at", "history", "batch_id", "line_number",
        "engagement_points", "intent_points", "rules_version", "attributes",
    }
)  # fmt: skip
# What the tables downstream read from the feedback streams; a declaration without it could not close the loop.
NEEDED_FIELDS: Mapping[str, Mapping[str, FieldType]] = {
    "score": {"model_version": "text", "score": "integer"},
    "sales": {"action": "text"},
    "outcome": {"converted": "boolean"},
}
# Fields of touches that become columns of a lead; every lake has them, declared or not.
LEAD_FIELDS: Mapping[str, FieldType] = {"location": "text", "device_model": "text", "campaign": "text"}
# What an outcome may say of its worth; a column of every lake too.
OUTCOME_FIELDS: Mapping[str, FieldType] = {"value": "number"}


# What TOML writes a value of each type as, for a rule to compare with. True is an int to Python, but no number here.
_EQUAL_TO: Mapping[FieldType, type] = {"text": str, "integer": int, "number": int, "boolean": bool, "timestamp": str}


class FieldDeclaration(Declared):
    """A typed field of an event: what its JSON value must be."""

    type: FieldType
    required: bool = False
    min: Limit | None = None
    max: Limit | None = None
    one_of: tuple[str, ...] | None = None

    @field_validator("one_of", mode="before")
    @classmethod
    def _list_to_tuple(cls, value: object) -> object:
        return tuple(value) if isinstance(value, list) else value

    @field_validator("min", "max", mode="before")
    @classmethod
    def _integer_to_float(cls, value: object) -> object:
        return float(value) if isinstance(value, int) and not isinstance(value, bool) else value

    @model_validator(mode="after")
    def _limits_fit_the_type(self) -> FieldDeclaration:
        if (self.min is not None or self.max is not None) and self.type not in ("integer", "number"):
            raise ValueError(f"min and max fit an integer or a number, not a {self.type}")
        if self.one_of is not None and self.type != "text":
            raise ValueError(f"one_of fits a text, not a {self.type}")
        if self.min is not None and self.max is not None and self.min > self.max:
            raise ValueError(f"min {self.min:g} is above max {self.max:g}")
        return self

    def describe(self) -> str:
        """What a value must be, in words: `integer required from 0 to 100`."""
        words: list[str] = [self.type]
        if self.required:
            words.append("required")
        if self.min is not None:
            words.append(f"from {plain_number(self.min)}")
        if self.max is not None:
            words.append(f"to {plain_number(self.max)}")
        if self.one_of is not None:
            words.append(f"one of {', '.join(self.one_of)}")
        return " ".join(words)


class ScoringRule(Declared):
    """Points for an event: always, or only when a field is at least a number or equals a value."""

    engagement: Points = 0
    intent: Points = 0
    when: Name | None = None
    at_least: Limit | int | None = None
    equals: str | int | bool | None = None

    @model_validator(mode="after")
    def _condition_is_whole(self) -> ScoringRule:
        conditions = (self.at_least is not None) + (self.equals is not None)
        if (self.when is None) != (conditions == 0) or conditions > 1:
            raise ValueError("`when` names a field and goes with exactly one of `at_least` and `equals`")
        return self


class EventDeclaration(Declared):
    """An event type of a stream: its own fields beside the stream's, and its scoring rules."""

    fields: dict[Name, FieldDeclaration] = Field(default={})
    scoring: tuple[ScoringRule, ...] = ()

    @field_validator("scoring", mode="before")
    @classmethod
    def _list_to_tuple(cls, value: object) -> object:
        return tuple(value) if isinstance(value, list) else value


class StreamDeclaration(Declared):
    """A raw stream: `sources.<name>` of leadlake.toml."""

    label: str
    kind: StreamKind
    source_field: Name | None = None
    fields: dict[Name, FieldDeclaration] = Field(default={})
    events: dict[Name, EventDeclaration]

    def fields_of(self, event_type: str) -> dict[str, FieldDeclaration]:
        """Every field that events of this type may carry, the stream's first."""
        return {**self.fields, **self.events[event_type].fields}

    def all_fields(self) -> dict[str, FieldDeclaration]:
        """Every field that any event of the stream may carry; of one declared twice the type is the same."""
        return {name: field for event_type in self.events for name, field in self.fields_of(event_type).items()}


class LakeDeclaration(Declared):
    """When a lead counts, when a rate is worth a look, and how long earlier states of the tables last."""

    outcome_window_days: Annotated[int, Field(ge=1, le=3650)] = 60
    minimum_cell: Annotated[int, Field(ge=1)] = 30
    stale_after_hours: Annotated[int, Field(ge=1, le=87_600)] = 36
    snapshot_retention_days: Annotated[int, Field(ge=1, le=3650)] = 7


class ScoringDeclaration(Declared):
    """The rules' version, and the most that each of the two scores can be."""

    version: Annotated[str, Field(min_length=1, max_length=60)]
    engagement_max: Annotated[int, Field(ge=0, le=100)] = 50
    intent_max: Annotated[int, Field(ge=0, le=100)] = 50

    @model_validator(mode="after")
    def _final_score_fits(self) -> ScoringDeclaration:
        if self.engagement_max + self.intent_max > 100:
            raise ValueError("engagement_max and intent_max add up to more than 100, the highest final score")
        return self


class PromotionDeclaration(Declared):
    """What a version must hold to go live: the limits of the gates, and how many of the newest leads they ask."""

    margin: Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)] = 0.01
    source_margin: Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)] = 0.05
    calibration_limit: Annotated[float, Field(gt=0, le=1, allow_inf_nan=False)] = 0.05
    newest_leads: Annotated[int, Field(ge=100, le=1_000_000)] = 20_000


class FeaturesDeclaration(Declared):
    """Attributes of touches, or declared fields of theirs, that become features: as numbers, or as text."""

    numeric: tuple[AttributeName, ...] = ()
    categorical: tuple[AttributeName, ...] = ()

    @field_validator("numeric", "categorical", mode="before")
    @classmethod
    def _list_to_tuple(cls, value: object) -> object:
        return tuple(value) if isinstance(value, list) else value

    @model_validator(mode="after")
    def _columns_are_free(self) -> FeaturesDeclaration:
        # Names of columns know no case.
        met: dict[str, str] = {}
        for name in self.names:
            if is_taken(name):
                raise ValueError(f'"{name}" is a name that the lake\'s own features take; rename the attribute')
            if name.lower() in met:
                raise ValueError(f'"{met[name.lower()]}" and "{name}" would be one column; name one of them')
            met[name.lower()] = name
        return self

    @property
    def names(self) -> tuple[str, ...]:
        """All of them, the numeric ones first."""
        return (*self.numeric, *self.categorical)


class TrainingDeclaration(Declared):
    """What a model needs before it is fitted, and from when on a feature is suspected to know the outcome."""

    minimum_leads: Annotated[int, Field(ge=50)] = 500
    minimum_conversions: Annotated[int, Field(ge=10)] = 50
    leakage_auc: Annotated[float, Field(gt=0.5, le=1.0)] = 0.8


class ExploreDeclaration(Declared):
    """What a query that somebody writes may take."""

    rows: Annotated[int, Field(ge=1, le=1_000_000)] = 10_000
    seconds: Annotated[int, Field(ge=1, le=3600)] = 60
    memory: Annotated[str, Field(pattern=r"^\d+(\.\d+)?\s?(MB|GB|MiB|GiB)$")] = "2GB"


class Declarations(Declared):
    """The whole of leadlake.toml, checked."""

    lake: LakeDeclaration = LakeDeclaration()
    access: AccessDeclaration = AccessDeclaration()
    features: FeaturesDeclaration = FeaturesDeclaration()
    explore: ExploreDeclaration = ExploreDeclaration()
    training: TrainingDeclaration = TrainingDeclaration()
    promotion: PromotionDeclaration = PromotionDeclaration()
    bands: dict[Name, Annotated[int, Field(ge=0, le=100)]]
    scoring: ScoringDeclaration
    sources: dict[Name, StreamDeclaration]

    @field_validator("bands")
    @classmethod
    def _bands_cover_the_scale(cls, bands: dict[str, int]) -> dict[str, int]:
        edges = list(bands.values())
        if not edges or min(edges) != 0:
            raise ValueError("one band must start at 0, or low scores fall into none")
        if len(set(edges)) != len(edges):
            raise ValueError("two bands start at the same score")
        if UNSCORED in bands:
            raise ValueError(f'"{UNSCORED}" is the name for leads without a score; choose another')
        return dict(sorted(bands.items(), key=lambda band: band[1]))

    @model_validator(mode="after")
    def _streams_fit_together(self) -> Declarations:
        types: dict[str, tuple[str, FieldType]] = {name: ("every touch", kind) for name, kind in LEAD_FIELDS.items()}
        types |= {name: ("every outcome", kind) for name, kind in OUTCOME_FIELDS.items()}
        for stream_name, stream in self.sources.items():
            for event_type in stream.events:
                self._check_event(stream_name, stream, event_type, types)
        return self

    @staticmethod
    def _check_event(
        stream_name: str, stream: StreamDeclaration, event_type: str, types: dict[str, tuple[str, FieldType]]
    ) -> None:
        where = f"sources.{stream_name}.events.{event_type}"
        fields = stream.fields_of(event_type)
        for name, field in fields.items():
            if name in RESERVED_COLUMNS or name == stream.source_field:
                raise ValueError(f'{where}: "{name}" is a column of every event; name the field otherwise')
            other, other_type = types.setdefault(name, (where, field.type))
            if other_type != field.type:
                raise ValueError(f'{where}: "{name}" is a {field.type} here and a {other_type} in {other}')
        for name, needed in NEEDED_FIELDS.get(stream.kind, {}).items():
            if name not in fields or fields[name].type != needed or not fields[name].required:
                raise ValueError(f'{where}: a stream of kind "{stream.kind}" needs the required {needed} "{name}"')
        for rule in stream.events[event_type].scoring:
            if rule.when is not None and rule.when not in fields:
                raise ValueError(
                    f'{where}: a rule asks for "{rule.when}", not a field here{nearest(rule.when, fields)}'
                )
            if rule.at_least is not None and fields[str(rule.when)].type not in ("integer", "number"):
                raise ValueError(
                    f'{where}: at_least needs a number, and "{rule.when}" is a {fields[str(rule.when)].type}'
                )
            if rule.equals is not None and not isinstance(rule.equals, _EQUAL_TO[fields[str(rule.when)].type]):
                raise ValueError(
                    f'{where}: equals needs a {fields[str(rule.when)].type}, as "{rule.when}" is, not {rule.equals!r}'
                )

    def streams_of(self, kind: StreamKind) -> list[str]:
        """The names of the streams of one kind."""
        return [name for name, stream in self.sources.items() if stream.kind == kind]

    def typed_columns(self) -> dict[str, FieldType]:
        """Every typed field of every stream, with the lead's own first: columns of `curated.events`."""
        columns = {**LEAD_FIELDS, **OUTCOME_FIELDS}
        for kind_fields in NEEDED_FIELDS.values():
            columns |= kind_fields
        for stream in self.sources.values():
            columns |= {name: field.type for name, field in stream.all_fields().items()}
        return columns

    def source_label(self, source: str) -> str:
        """What a reader calls this source: the declared label, or the name that an import brought."""
        return self.sources[source].label if source in self.sources else source


def load_declarations(path: Path) -> Declarations:
    """Read and check leadlake.toml.

    Raises:
        SettingsError: the file is missing, not TOML, or says something impossible; one sentence with file and key.
    """
    try:
        written = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as exc:
        raise SettingsError(f"{path}: no such file; set LEADLAKE_CONFIG to your leadlake.toml.") from exc
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as exc:
        raise SettingsError(f"{path}: cannot be read as TOML: {exc}.") from exc
    try:
        return Declarations.model_validate(written)
    except ValidationError as exc:
        raise SettingsError(f"{path}: {describe_invalid(exc, Declarations)}") from exc


def describe_invalid(invalid: ValidationError, model: type[BaseModel]) -> str:
    """The first thing wrong, as one sentence with the key and, for an unknown one, the nearest known key."""
    error = _most_telling(invalid.errors(include_url=False))
    location = ".".join(str(part) for part in error["loc"] if part != "[key]")
    if error["type"] == "extra_forbidden":
        known = _known_keys(model, error["loc"][:-1])
        return f'unknown key "{location}"{nearest(str(error["loc"][-1]), known)}.'
    if error["type"] == "missing":
        return f'the key "{location}" is missing.'
    message = error["msg"].removeprefix("Value error, ")
    if error["type"] == "value_error":
        return f"{location}: {message}." if location else f"{message}."
    return f'"{location}": {message[0].lower()}{message[1:]}, not {_shorten(error["input"])}.'


def plain_number(value: float) -> str:
    """A limit as a person writes it: `1000000`, `0.5`."""
    return f"{value:.0f}" if value == int(value) else repr(value)


def nearest(name: str, known: Iterable[str]) -> str:
    """` (did you mean "x"?)` for the closest known name, else the known names themselves."""
    names = sorted(known)
    close = difflib.get_close_matches(name, names, n=1, cutoff=0.6)
    if close:
        return f' (did you mean "{close[0]}"?)'
    return f" (known are {', '.join(names)})" if names else ""


def _most_telling(errors: list[ErrorDetails]) -> ErrorDetails:
    return next((error for error in errors if error["type"] == "extra_forbidden"), errors[0])


def _known_keys(model: type[BaseModel], location: tuple[int | str, ...]) -> list[str]:
    """The keys that a table at this place may have; a name within a dict of models steps into the dict's model."""
    current: Any = model
    for part in location:
        if isinstance(current, type) and issubclass(current, BaseModel):
            current = current.model_fields[str(part)].annotation
        else:
            current = next((argument for argument in reversed(get_args(current)) if argument is not ...), None)
    if get_args(current) and not isinstance(current, type):
        current = next((a for a in get_args(current) if isinstance(a, type) and issubclass(a, BaseModel)), None)
    if isinstance(current, type) and issubclass(current, BaseModel):
        return list(current.model_fields)
    return []


def _shorten(value: object, length: int = 60) -> str:
    text = re.sub(r"\s+", " ", repr(value))
    return text if len(text) <= length else f"{text[: length - 1]}…"
