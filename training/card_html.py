"""The model card as one HTML page: no script, no outside address, every text escaped."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any

_STYLE = (
    "body{font:15px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 "
    "1rem;color:#1d2433;background:#fff}"
    "table{border-collapse:collapse;margin:.5rem 0 1.5rem}th,td{padding:.25rem .75rem;border-bottom:1px solid #d8dde6;"
    "text-align:right}th:first-child,td:first-child{text-align:left}code{font-size:.85em;overflow-wrap:anywhere}"
    ".alarm{border-left:4px solid #b3261e;padding-left:.75rem}"
)
_NAMES: Mapping[str, str] = {
    "roc_auc": "ROC AUC",
    "average_precision": "Average precision",
    "brier": "Brier score",
    "log_loss": "Log loss",
    "ece": "Expected calibration error",
    "lift_10": "Lift in the top 10%",
    "lift_20": "Lift in the top 20%",
    "capture_20": "Conversions captured by the top 20%",
}
_PARTS: Mapping[str, str] = {"fit": "Fitted on", "calibration": "Calibrated on", "test": "Tested on"}
_GROUP_METRICS = ("roc_auc", "average_precision", "brier", "ece")


def card_html(card: Mapping[str, Any]) -> str:
    """The card's data (`training.card`) as a page of its own."""
    told = card["version"]
    title = f"Model {told['version']}: {str(told['algorithm']).replace('_', ' ')}"
    sections = [
        f"<h1>{_text(title)}</h1>",
        _paragraph(f"It gives the probability that a lead {card['outcome']}; a score is 100 times that, rounded."),
        *(_paragraph(note) for note in card["notes"]),
        _leakage(card["leakage"]),
        "<h2>How good it is on the newest mature leads</h2>",
        _table(("metric", "value", "95% interval", "before that", "gap", "shuffled"), _metric_rows(card)),
        _paragraph(
            "“Before that” is the same figure on the leads on which it was calibrated; the gap is what the newest data "
            "changed. “Shuffled” is what the same training gives where leads of all times are dealt at random: what "
            "the newest leads fall short of it comes of the time."
        ),
        "<h2>By source</h2>",
        _groups(card["by_source"]),
        "<h2>By month</h2>",
        _groups(card["by_month"]),
        "<h2>Calibration</h2>",
        _table(("bin", "leads", "predicted", "observed"), _calibration_rows(card["calibration"])),
        "<h2>Lift</h2>",
        _table(("top", "conversions", "captured", "lift"), _lift_rows(card["lift"])),
        "<h2>What matters to it</h2>",
        _paragraph("What average precision loses when a feature is dealt out anew among the test leads."),
        _table(("feature", "loss", "spread"), _importance_rows(card["importances"])),
        "<h2>What it was made from</h2>",
        _table(("part", "leads", "conversions", "first", "last"), _part_rows(card["parts"])),
        _table(
            ("leads of the lake", "count"), ((name.replace("_", " "), _whole(n)) for name, n in card["counts"].items())
        ),
        _paragraph(f"Numeric features: {', '.join(told['numeric_features']) or 'none'}."),
        _paragraph(f"Categorical features: {', '.join(told['categorical_features']) or 'none'}."),
        _list(card["dropped"]),
        "<h2>To have it again</h2>",
        _table(("", ""), _identity_rows(card)),
    ]
    head = f'<meta charset="utf-8"><title>{_text(title)}</title><style>{_STYLE}</style>'
    return f'<!doctype html><html lang="en"><head>{head}</head><body>{"".join(sections)}</body></html>\n'


def _leakage(findings: Sequence[str]) -> str:
    if not findings:
        return _paragraph("The leakage audit found nothing.")
    return f'<div class="alarm"><strong>The leakage audit names:</strong>{_list(findings)}</div>'


def _metric_rows(card: Mapping[str, Any]) -> Iterable[Sequence[str]]:
    told = card["version"]
    for name, title in _NAMES.items():
        figure = told["metrics"][name]
        interval = f"{_number(figure['low'])} – {_number(figure['high'])}"
        before = told["validation_metrics"].get(name)
        gap, shuffled = card["gap"].get(name), card.get("shuffled", {}).get(name)
        yield title, _number(figure["value"]), interval, _number(before), _number(gap, sign=True), _number(shuffled)


def _groups(groups: Mapping[str, Mapping[str, float]]) -> str:
    rows = (
        (
            name,
            _whole(told["leads"]),
            _whole(told["conversions"]),
            *(_number(told.get(metric)) for metric in _GROUP_METRICS),
        )
        for name, told in groups.items()
    )
    return _table(("", "leads", "conversions", *(_NAMES[metric] for metric in _GROUP_METRICS)), rows)


def _calibration_rows(bins: Sequence[Mapping[str, Any]]) -> Iterable[Sequence[str]]:
    for number, row in enumerate(bins, 1):
        yield str(number), _whole(row["leads"]), _number(row["predicted"]), _number(row["observed"])


def _lift_rows(rows: Sequence[Mapping[str, Any]]) -> Iterable[Sequence[str]]:
    for row in rows:
        yield f"{row['share']:.0%}", f"{row['conversions']:,.1f}", _number(row["capture"]), _number(row["lift"])


def _importance_rows(importances: Sequence[Mapping[str, Any]]) -> Iterable[Sequence[str]]:
    for one in importances:
        yield str(one["feature"]), _number(one["loss"]), _number(one["spread"])


def _part_rows(parts: Mapping[str, Mapping[str, Any]]) -> Iterable[Sequence[str]]:
    for name, part in parts.items():
        yield _PARTS[name], _whole(part["leads"]), _whole(part["conversions"]), str(part["first"]), str(part["last"])


def _identity_rows(card: Mapping[str, Any]) -> Iterable[Sequence[str]]:
    told = card["version"]
    yield "trained", f"{told['created_at']} by {told['created_by']}"
    yield "as of", str(told["as_of"])
    yield "seed", str(told["seed"])
    for name, value in told["parameters"].items():
        yield name, str(value)
    for name, snapshot in told["snapshot_ids"]:
        yield f"snapshot of {name}", str(snapshot)
    for name in ("dataset_digest", "digest", "artifact", "artifact_sha256"):
        yield name.replace("_", " "), str(told[name])
    for name, release in card["libraries"].items():
        yield name, str(release)


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    head = "".join(f"<th>{_text(cell)}</th>" for cell in header)
    body = "".join(f"<tr>{''.join(f'<td>{_text(cell)}</td>' for cell in row)}</tr>" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _list(lines: Sequence[str]) -> str:
    return f"<ul>{''.join(f'<li>{_text(line)}</li>' for line in lines)}</ul>" if lines else ""


def _paragraph(words: str) -> str:
    return f"<p>{_text(words)}</p>"


def _text(words: str) -> str:
    return escape(str(words), quote=True)


def _number(value: float | None, *, sign: bool = False) -> str:
    if value is None:
        return "–"
    return f"{value:+.4f}" if sign else f"{value:.4f}"


def _whole(value: float) -> str:
    return f"{value:,.0f}"
