"""What a kind of job is: its name, who may ask for it, what it takes, and what it runs; `jobs.kinds` has them all."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from lake_access.declarations import nearest
from lake_access.errors import RefusedError
from lake_access.permissions import Action, Actor
from lake_access.settings import Settings

ValueType = type[str] | type[int] | type[float] | type[bool] | type[list]  # type: ignore[type-arg]
TRUE, FALSE = ("true", "yes", "1", "on"), ("false", "no", "0", "off")
TYPE_NAMES: Mapping[ValueType, str] = {
    str: "text",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    list: "texts with commas between them",
}


class JobCancelledError(Exception):
    """Somebody asked for the job at hand to stop; what it had not committed is as if it had never been.

    It is no LeadlakeError: work that goes on after one, as the gates of a promotion do, must not go on after this.
    """


@dataclass(frozen=True)
class JobTask:
    """A job at hand, as its work sees it.

    `progress(step, share)` tells what is being done and the share of the whole job that is done, 0 to 1 or None where
    nobody knows; it raises JobCancelledError once somebody asked for a stop, so call it often. `log` keeps a line.
    """

    settings: Settings
    actor: Actor
    now: datetime
    progress: Callable[[str, float | None], None]
    log: Callable[[str], None]


Work = Callable[[JobTask, Mapping[str, Any]], Mapping[str, Any]]


@dataclass(frozen=True)
class Parameter:
    """A parameter of a kind: what forms and the command line offer, and what a request is held against.

    Without a default it may be left out, unless it is needed. `choices` are all that it may be.
    """

    name: str
    title: str
    type: ValueType = str
    default: str | int | float | bool | None = None
    choices: tuple[str, ...] = ()
    needed: bool = False
    help: str = ""


@dataclass(frozen=True)
class JobKind:
    """A kind of job; `run` gets the task and the parameters (JSON), and gives the result (JSON).

    `check` refuses parameters that are of their types and cannot be all the same, before anything of them is kept.
    Libraries that are heavy to import are imported within `run`: a page lists the kinds.
    """

    name: str
    title: str
    action: Action
    run: Work
    parameters: tuple[Parameter, ...] = ()
    check: Callable[[Mapping[str, Any]], None] = lambda _parameters: None


def kind_named(kinds: Mapping[str, JobKind], name: str) -> JobKind:
    """The kind of this name.

    Raises:
        RefusedError: there is none; the message names the nearest.
    """
    if name not in kinds:
        raise RefusedError(f"There is no kind of job {name!r}{nearest(name, kinds)}.")
    return kinds[name]


def checked_parameters(kind: JobKind, given: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters of a request, of their types and with the defaults filled in; None and no text are left out.

    Raises:
        RefusedError: one is unknown, missing, or cannot be what it should.
    """
    known = {parameter.name: parameter for parameter in kind.parameters}
    for name in given:
        if name not in known:
            raise RefusedError(f"{kind.name}: unknown parameter {name!r}{nearest(name, known)}.")
    checked: dict[str, Any] = {}
    for name, parameter in known.items():
        value = given.get(name)
        if value is None or value == "":
            value = parameter.default
        if value is not None:
            checked[name] = _checked(kind, parameter, value)
        elif parameter.needed:
            raise RefusedError(f"{kind.name}: the parameter {name!r} is needed: {TYPE_NAMES[parameter.type]}.")
    kind.check(checked)
    return checked


def _checked(kind: JobKind, parameter: Parameter, value: Any) -> Any:
    converted = _converted(parameter.type, value)
    if converted is None:
        raise RefusedError(f"{kind.name}: {parameter.name} is {TYPE_NAMES[parameter.type]}, and not {value!r:.80}.")
    for one in converted if isinstance(converted, list) else [converted]:
        if parameter.choices and str(one) not in parameter.choices:
            raise RefusedError(
                f"{kind.name}: {parameter.name} cannot be {one!r:.80}; it is one of {', '.join(parameter.choices)}."
            )
    return converted


def _converted(wanted: ValueType, value: Any) -> Any:
    """The value as this type, or None where it cannot be."""
    if wanted is bool:
        text = str(value).strip().lower()
        return True if text in TRUE else False if text in FALSE else None
    if wanted is list:
        parts = value.split(",") if isinstance(value, str) else value
        return [str(part).strip() for part in parts] if isinstance(parts, list | tuple) else None
    if wanted is str:
        return value if isinstance(value, str) else None
    return None if isinstance(value, bool) else _as_number(wanted, value)


def _as_number(wanted: ValueType, value: Any) -> int | float | None:
    try:
        number = float(value)
        if number - number != 0:  # infinite, or no number: JSON has neither
            return None
        return number if wanted is float else int(value) if int(value) == number else None
    except (TypeError, ValueError, OverflowError):
        return None
