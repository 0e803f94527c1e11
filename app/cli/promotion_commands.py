"""Commands that bring a version live: promotion request, approve, reject, rollback and the like; compare."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any

import typer
from sqlalchemy import Engine

from app.cli.acting import acting
from app.cli.console import Json, Output, note, print_text, progress_bar
from app.cli.tables import print_table
from app.formatting import count, interval, moment, percentage
from lake_access.database import open_database
from lake_access.permissions import Action, Actor, require
from lake_access.settings import Settings, load_settings
from training.comparison.kept import KeptComparison
from training.comparison.outcome import Comparison, CountedRate, comparison_as_json
from training.promotion.evidence import Progress, Sources
from training.promotion.records import Champion, Request, champion, request_of, requests

promotion = typer.Typer(
    name="promotion", help="Bring a version live, and back.", no_args_is_help=True, rich_markup_mode=None
)
Reason = Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why; the ledger keeps it.")]
Version = Annotated[str, typer.Argument(metavar="VERSION", help="A version's number; `leadlake models` lists them.")]
RequestId = Annotated[int, typer.Argument(metavar="ID", help="A request's number; `leadlake promotion list` shows it.")]


def register(app: typer.Typer) -> None:
    """Add these commands to the command line."""
    promotion.command("request")(request)
    promotion.command("approve")(approve)
    promotion.command("reject")(reject)
    promotion.command("withdraw")(withdraw)
    promotion.command("override")(override)
    promotion.command("rollback")(rollback)
    promotion.command("repair")(repair)
    promotion.command("list")(list_requests)
    promotion.command("show")(show)
    app.add_typer(promotion)
    app.command("compare")(compare)


@dataclass(frozen=True)
class _Desk:
    """Who acts now, and on what."""

    settings: Settings
    engine: Engine
    actor: Actor
    now: datetime

    def sources(self) -> Sources:
        """The evidence; what makes it takes seconds to import."""
        from jobs.promotion_sources import promotion_sources

        return promotion_sources(self.settings, self.actor, self.now)


def request(version: Version, reason: Reason, as_json: Json = False) -> None:
    """Ask that a version become champion: its gates run, and what it would change is measured.

    A drift report against the champion is made first, where none is kept.

    A gate that fails does not stop the request; it holds up the approval until it is overridden. Another person than
    you decides.

    \b
    Example: leadlake promotion request 2 --reason "It knows past events."
    """
    from jobs.promoting import request_with_evidence

    desk = _desk()
    with _told("Running the gates") as progress:
        made = request_with_evidence(desk.settings, desk.actor, version, reason, desk.now, progress, note)
    _print_request(made, as_json)


def approve(number: RequestId, reason: Reason, as_json: Json = False) -> None:
    """Make the requested version champion, if all that the request is bound to is still as it was.

    \b
    Example: leadlake promotion approve 1 --reason "Better in every source."
    """
    from training.promotion.deciding import approve as approved

    desk = _desk()
    with _told("Checking the evidence"):
        live = approved(desk.engine, desk.sources(), desk.actor, number, reason, desk.now)
    Output(as_json).result({**_request_row(request_of(desk.engine, number)), "champion": live.version}, _live(live))


def reject(number: RequestId, reason: Reason, as_json: Json = False) -> None:
    """Turn a request down.

    \b
    Example: leadlake promotion reject 2 --reason "Wait for the new webinar data."
    """
    from training.promotion.deciding import reject as rejected

    desk = _desk()
    _print_request(rejected(desk.engine, desk.actor, number, reason, desk.now), as_json)


def withdraw(number: RequestId, reason: Reason, as_json: Json = False) -> None:
    """Take a request of your own back.

    \b
    Example: leadlake promotion withdraw 2 --reason "Trained anew."
    """
    from training.promotion.requesting import withdraw as withdrawn

    desk = _desk()
    _print_request(withdrawn(desk.engine, desk.actor, number, reason, desk.now), as_json)


def override(
    number: RequestId,
    gate: Annotated[str, typer.Argument(metavar="GATE", help="A gate that failed, as `promotion show` names it.")],
    reason: Reason,
    as_json: Json = False,
) -> None:
    """Let a failed gate of a request pass, with a reason that the ledger keeps.

    \b
    Example: leadlake promotion override 1 drift_report --reason "There is no earlier data to compare with."
    """
    from training.promotion.deciding import override_gate

    desk = _desk()
    _print_request(override_gate(desk.engine, desk.actor, number, gate, reason, desk.now), as_json)


def rollback(reason: Reason, as_json: Json = False) -> None:
    """Make the champion of before champion again, in one step, once its artifact is known to load.

    \b
    Example: leadlake promotion rollback --reason "Sales report odd scores."
    """
    from training.promotion.moving import roll_back

    desk = _desk()
    with _told("Checking the artifact"):
        live = roll_back(desk.engine, desk.sources().registry, desk.actor, reason, desk.now)
    Output(as_json).result(_champion_row(live), _live(live))


def repair(reason: Reason, as_json: Json = False) -> None:
    """Set MLflow's alias `champion` back to the champion, where somebody has moved it from outside.

    \b
    Example: leadlake promotion repair --reason "Somebody tried the alias in MLflow."
    """
    from training.promotion.alias import repair_alias

    desk = _desk()
    with _told("Setting the alias"):
        live = repair_alias(desk.engine, desk.sources().registry, desk.actor, reason, desk.now)
    Output(as_json).result(_champion_row(live), f"MLflow's alias champion points to version {live.version}.")


def list_requests(as_json: Json = False) -> None:
    """List the requests, the newest first, and say which version is champion.

    \b
    Example: leadlake promotion list
    """
    desk = _desk()
    require(desk.actor, Action.VIEW_MODELS)
    found, live = requests(desk.engine), champion(desk.engine)
    rows = [_request_row(each) for each in found]
    Output(as_json).result({"requests": rows, "champion": _champion_row(live) if live else None})
    if as_json:
        return
    print_text(_live(live) if live else "There is no champion yet.")
    if found:
        columns = ("id", "version", "state", "requested by", "on", "gates failed", "decided by", "reason")
        print_table(columns, [_line(each) for each in found], right=("id", "version"))


def show(number: RequestId, as_json: Json = False) -> None:
    """Show a request with its gates, its reason and its decision.

    \b
    Example: leadlake promotion show 1
    """
    desk = _desk()
    require(desk.actor, Action.VIEW_MODELS)
    found = request_of(desk.engine, number)
    if as_json:
        Output(as_json).result({**_request_row(found), "evidence": dict(found.evidence)})
    else:
        _print_request(found, as_json)


def compare(
    first: Annotated[str, typer.Argument(metavar="V1", help="The version to compare with, as the champion.")],
    second: Annotated[str, typer.Argument(metavar="V2", help="The version that is compared.")],
    as_json: Json = False,
) -> None:
    """Compare two versions on the same newest mature leads; differences are the second's less the first's.

    \b
    Example: leadlake compare 1 2
    """
    from training.promotion.comparing import compare_and_keep

    desk = _desk()
    with _told("Comparing") as progress:
        kept = compare_and_keep(desk.engine, desk.sources(), desk.actor, first, second, desk.now, progress=progress)
    if as_json:
        value = {"leads_since": kept.leads_since, "leads_until": kept.leads_until}
        Output(as_json).result({**comparison_as_json(kept.comparison), **value})
    else:
        _print_comparison(kept)


def _desk() -> _Desk:
    settings = load_settings(os.environ)
    return _Desk(settings, open_database(settings), acting(settings), datetime.now(UTC))


@contextmanager
def _told(description: str) -> Iterator[Progress]:
    with progress_bar(description, "nothing") as bar:
        yield lambda step, _share: bar.show(step)


def _request_row(found: Request) -> dict[str, Any]:
    return {
        "id": found.id,
        "version": found.version,
        "state": found.state,
        "requested_by": found.requested_by,
        "requested_at": found.requested_at,
        "reason": found.reason,
        "decided_by": found.decided_by,
        "decided_at": found.decided_at,
        "decision_reason": found.decision_reason,
        "gates": [
            {
                "gate": gate.gate,
                "passed": gate.passed,
                "detail": gate.detail,
                "overridden_by": gate.override.by if gate.override else None,
                "override_reason": gate.override.reason if gate.override else None,
            }
            for gate in found.gates
        ],
    }


def _champion_row(live: Champion) -> dict[str, Any]:
    tenure = live.tenure
    return {
        "champion": live.version,
        "since": tenure.since,
        "how": tenure.how,
        "by": tenure.by,
        "previous": live.previous.version if live.previous else None,
        "ledger_row": tenure.ledger_row,
    }


def _live(live: Champion) -> str:
    tenure = live.tenure
    return (
        f"Version {live.version} is champion since {moment(tenure.since)}, {tenure.how} by {tenure.by} "
        f"(row {tenure.ledger_row} of the ledger)."
    )


def _print_request(found: Request, as_json: bool) -> None:
    Output(as_json).result(_request_row(found), *_request_lines(found))
    if not as_json:
        rows = [(gate.gate, "passed" if gate.passed else "overridden" if gate.open else "failed", gate.detail)
                for gate in found.gates]  # fmt: skip
        print_table(("gate", "", "what it found"), rows)


def _request_lines(found: Request) -> list[str]:
    lines = [
        f"Request {found.id}: version {found.version}, {found.state}. {found.requested_by} asked on "
        f"{moment(found.requested_at)}: {found.reason}"
    ]
    if found.decided_at is not None:
        lines.append(f"{found.decided_by} on {moment(found.decided_at)}: {found.decision_reason}")
    lines.extend(
        f"{gate.override.by} overrode {gate.gate}: {gate.override.reason}" for gate in found.gates if gate.override
    )
    return lines


def _line(found: Request) -> tuple[object, ...]:
    failed = ", ".join(gate.gate for gate in found.gates if not gate.passed) or "none"
    when = moment(found.requested_at)
    return (found.id, found.version, found.state, found.requested_by, when, failed, found.decided_by, found.reason)


def _print_comparison(kept: KeptComparison) -> None:
    found = kept.comparison
    print_text(
        f"Version {found.second} against {found.first} on {count(found.counted.leads)} mature leads, "
        f"{moment(kept.leads_since)} to {moment(kept.leads_until)}."
    )
    rows = [
        (
            each.metric,
            f"{each.first.value:.4f}",
            f"{each.second.value:.4f}",
            f"{each.difference.value:+.4f}",
            f"{each.difference.low:+.4f} to {each.difference.high:+.4f}",
        )
        for each in found.metrics
    ]
    columns = ("metric", f"version {found.first}", f"version {found.second}", "difference", "95% interval")
    print_table(columns, rows, right=columns[1:4])
    print_text("")
    print_table((f"band: {found.first} in rows", *found.bands), _matrix(found), right=found.bands)
    print_text(f"{count(found.changed_band)} leads change their band. Leads and conversion in each pair of bands.")
    print_text("")
    carried = [
        (
            volume.band,
            volume.first_cutoff,
            volume.second_cutoff,
            _rate(volume.second),
            conversion.second_cutoff,
            _rate(conversion.second),
        )
        for volume, conversion in zip(found.hold_volume, found.hold_conversion, strict=True)
    ]
    print_table(
        ("band", "cut-off", "holds volume", "its leads", "holds conversion", "its leads"),
        carried,
        right=("cut-off", "holds volume", "holds conversion"),
    )


def _matrix(found: Comparison) -> list[list[str]]:
    cells = {(cell.first_band, cell.second_band): cell.counted for cell in found.band_matrix}
    return [[row, *(_rate(cells[row, column]) for column in found.bands)] for row in found.bands]


def _rate(counted: CountedRate | None) -> str:
    if counted is None or counted.rate is None:
        return "none"
    return f"{count(counted.leads)}: {percentage(counted.rate)} ({interval(counted.low, counted.high)})"
