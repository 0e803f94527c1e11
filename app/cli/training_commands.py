"""Commands that make models and use them: train, models, reproduce, score, model-card."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from app.cli.acting import acting
from app.cli.console import Json, Output, note, print_text, progress_bar
from app.cli.tables import print_table
from app.formatting import count, moment
from lake_access.errors import StorageError
from lake_access.settings import load_settings
from training.versions import Algorithm, ModelVersion

Version = Annotated[str, typer.Argument(metavar="VERSION", help="A version's number; `leadlake models` lists them.")]


def register(app: typer.Typer) -> None:
    """Add these commands to the command line."""
    app.command("train")(train)
    app.command("models")(list_models)
    app.command("reproduce")(reproduce_version)
    app.command("score")(score_leads)
    app.command("model-card")(show_card)


def train(
    algorithm: Annotated[Algorithm, typer.Option(help="What is fitted.")] = "gradient_boosting",
    as_of: Annotated[
        str | None,
        typer.Option("--as-of", metavar="WHEN", help="Train on what was known then: a day or time, as 2025-01-31."),
    ] = None,
    search: Annotated[
        float | None,
        typer.Option(min=1, max=86_400, metavar="SECONDS", help="Search the algorithm's parameters for so long first."),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, max=2**32 - 1, metavar="N", help="What chance begins with.")] = 0,
    as_json: Json = False,
) -> None:
    """Train a model on the mature leads, try it on the newest of them, and register it.

    A lead is learnt from as of the first moment at which it was scored. The newest fifth of the leads tests, those
    before them calibrate, all older ones are fitted on. docs/training.md says what is checked before.

    A version that is registered is not live: `leadlake promotion request` asks for that.

    \b
    Example: leadlake train --algorithm logistic_regression
    """
    from training.retraining import retrain

    settings = load_settings(os.environ)
    asked = {"algorithm": algorithm, "search_seconds": search, "seed": seed, "as_of": _iso(as_of)}
    with _told("Training") as progress:
        done = retrain(settings, acting(settings), asked, datetime.now(UTC), progress)
    Output(as_json).result(done, _sentence(done), *(f"The leakage audit: {found}" for found in done["leakage"]))


def list_models(as_json: Json = False) -> None:
    """List the model versions, the newest first, and say where MLflow's registry differs from the record.

    \b
    Example: leadlake models
    """
    from training.registry import mirror_differences, versions

    settings = load_settings(os.environ)
    found = versions(settings)
    with progress_bar("Asking MLflow", "nothing"):
        differing = mirror_differences(settings) if found else []
    rows = [_row(told) for told in found]
    Output(as_json).result({"versions": rows, "differences": differing})
    if not as_json:
        _print_models(found)
    for difference in differing:
        note(difference)


def reproduce_version(version: Version, as_json: Json = False) -> None:
    """Train a version again from its record, and say whether it predicts the same, to the last bit.

    It is trained on the snapshots that are on record; where these have expired, on the present tables as of the same
    moment. The exit code is 1 where other predictions come out.

    \b
    Example: leadlake reproduce 2
    """
    from training.reproduce import reproduce

    settings = load_settings(os.environ)
    with _told("Training again") as progress:
        found = reproduce(settings, acting(settings), version, datetime.now(UTC), progress)
    if found.same:
        told = (
            f"Model {found.version} was reproduced from {found.data}: the digest of its predictions is {found.found}."
        )
    else:
        why = "the same leads" if found.dataset_same else "other leads"
        told = (
            f"Model {found.version} was not reproduced from {found.data}: from {why} came the digest {found.found}, "
            f"and {found.recorded} is on record."
        )
    Output(as_json).result(vars(found), told)
    if not found.same:
        raise typer.Exit(1)


def score_leads(
    version: Annotated[str, typer.Option("--version", metavar="VERSION", help="The version that scores.")],
    as_json: Json = False,
) -> None:
    """Score the leads with a version, offline.

    Every lead gets the score that the version would have given when the lead was first scored; it is kept in
    `curated.scores` with the mode `offline`, beside what the scoring system gave. Leads that have one are left alone,
    so a run that was interrupted is taken up again.

    \b
    Example: leadlake score --version 2
    """
    from training.scoring import score

    settings = load_settings(os.environ)
    with _told("Scoring") as progress:
        done = score(settings, acting(settings), version, datetime.now(UTC), progress)
    told = f"{count(done.scored)} leads were scored by model {done.version}."
    Output(as_json).result(
        vars(done), told if done.scored else f"Every lead has its score by model {done.version} already."
    )


def show_card(
    version: Version,
    html: Annotated[Path | None, typer.Option(metavar="FILE", help="Write the card as a page to this file.")] = None,
    as_json: Json = False,
) -> None:
    """Show a version's model card: what it was made from, how good it is and where, and what the audit found.

    \b
    Example: leadlake model-card 2 --html model-2.html
    """
    from training.card_html import card_html
    from training.registry import card

    told = card(load_settings(os.environ), version)
    if html is not None:
        try:
            html.write_text(card_html(told), encoding="utf-8")
        except OSError as exc:
            raise StorageError(f"{html}: cannot be written ({exc.strerror}); check the folder and its rights.") from exc
    Output(as_json).result(told, *([f"The card of model {version} is in {html}."] if html is not None else []))
    if html is None and not as_json:
        _print_card(told)


@contextmanager
def _told(description: str) -> Iterator[Callable[[str, float | None], None]]:
    with progress_bar(description, "share") as bar:

        def progress(step: str, share: float | None) -> None:
            bar.show(step, None if share is None else 1.0)
            bar.complete(share or 0.0)

        yield progress


def _iso(text: str | None) -> str | None:
    if text is None:
        return None
    try:
        asked = datetime.fromisoformat(text)
    except ValueError as exc:
        raise typer.BadParameter(f"{text!r} is not a day or time such as 2025-01-31", param_hint="--as-of") from exc
    return (asked.replace(tzinfo=UTC) if asked.tzinfo is None else asked).isoformat()


def _sentence(done: Mapping[str, Any]) -> str:
    figures = done["metrics"]
    return (
        f"Model {done['version']} ({done['algorithm'].replace('_', ' ')}) was trained on {count(done['leads'])} leads. "
        f"On the newest fifth: ROC AUC {figures['roc_auc']:.3f}, average precision {figures['average_precision']:.3f}, "
        f"Brier score {figures['brier']:.4f}. Digest of its predictions: {done['digest']}."
    )


def _row(told: ModelVersion) -> dict[str, Any]:
    return {
        "version": told.version,
        "algorithm": told.algorithm,
        "created_at": told.created_at,
        "created_by": told.created_by,
        "as_of": told.as_of,
        "leads": told.counts.get("used"),
        "metrics": {name: figure.value for name, figure in told.metrics.items()},
        "digest": told.digest,
        "artifact_sha256": told.artifact_sha256,
        "leakage": list(told.leakage_findings),
    }


def _print_models(found: list[ModelVersion]) -> None:
    if not found:
        print_text("No model yet: `leadlake train` makes one.")
        return
    columns = ("version", "algorithm", "trained", "by", "as of", "leads", "ROC AUC", "95% interval", "Brier", "leakage")
    rows = [
        (
            told.version,
            told.algorithm.replace("_", " "),
            moment(told.created_at),
            told.created_by,
            moment(told.as_of),
            count(told.counts.get("used", 0)),
            f"{told.metrics['roc_auc'].value:.3f}",
            f"{told.metrics['roc_auc'].low:.3f} to {told.metrics['roc_auc'].high:.3f}",
            f"{told.metrics['brier'].value:.4f}",
            str(len(told.leakage_findings)) if told.leakage_findings else "none",
        )
        for told in found
    ]
    print_table(columns, rows, right=("version", "leads", "ROC AUC", "Brier"))


def _print_card(told: Any) -> None:
    version = told["version"]
    print_text(f"Model {version['version']}: {version['algorithm'].replace('_', ' ')}, {told['outcome']}.")
    rows = [
        (name, f"{figure['value']:.4f}", f"{figure['low']:.4f} to {figure['high']:.4f}", f"{told['gap'][name]:+.4f}")
        for name, figure in version["metrics"].items()
        if None not in (figure["value"], figure["low"], figure["high"], told["gap"].get(name))
    ]
    print_table(("metric", "value", "95% interval", "gap"), rows, right=("value", "gap"))
    for line in (*told["notes"], *(f"The leakage audit: {found}" for found in told["leakage"])):
        print_text(line)
    strongest = ", ".join(one["feature"] for one in told["importances"][:5])
    print_text(f"What matters most: {strongest}. --html FILE writes the whole card.")
