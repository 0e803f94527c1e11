"""The digest as a letter: HTML that every mail program shows, with its pictures within, and the same as plain text."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape

from lake_access.declarations import Declarations
from lake_access.settings import Settings
from monitoring.alerts.channels import Picture
from monitoring.alerts.metrics import METRICS, Unit, in_unit
from monitoring.alerts.records import Alert
from monitoring.alerts.rules import described
from monitoring.alerts.words import link_to
from monitoring.colours import source_colours
from monitoring.digest.figures import Digest, Headline

_CELL = "padding:4px 14px 4px 0;text-align:left;vertical-align:top;border-bottom:1px solid #d8dde6"
_BODY = (
    "font:15px/1.5 system-ui,Arial,sans-serif;color:#1d2433;background:#fff;max-width:680px;margin:0 auto;padding:16px"
)


@dataclass(frozen=True)
class Letter:
    """A letter, whole: the HTML calls its pictures by their names, the text does without."""

    title: str
    html: str
    text: str
    pictures: tuple[Picture, ...]


def letter_of(digest: Digest, settings: Settings) -> Letter:
    """Write the letter and draw its pictures."""
    title = f"Leadlake: the week to {digest.now:%Y-%m-%d}"
    sections = list(_sections(digest, settings))
    pictures = [picture for section in sections for picture in section.pictures]
    link = link_to(settings, "")
    html = "".join(
        [
            f'<!doctype html><html lang="en"><body style="{_BODY}"><h1 style="font-size:22px">{escape(title)}</h1>',
            *(_section_html(section) for section in sections),
            f'<p><a href="{escape(link)}">Open Leadlake</a></p>' if link else "",
            "</body></html>",
        ]
    )
    text = "\n\n".join([title, *(_section_text(section) for section in sections), *([f"See {link}"] if link else [])])
    return Letter(title, html, text + "\n", tuple(pictures))


@dataclass(frozen=True)
class _Section:
    heading: str
    lines: tuple[str, ...] = ()
    table: tuple[tuple[str, ...], ...] = ()
    pictures: tuple[Picture, ...] = ()
    alt: str = ""


def _sections(digest: Digest, settings: Settings) -> Iterable[_Section]:
    from monitoring.digest import pictures

    yield _Section("At a glance", (_as_of(digest),), tuple(_headline_row(each) for each in digest.headline))
    if digest.weeks:
        drawn = Picture("weeks.png", pictures.weeks_picture(digest.weeks))
        window = settings.declarations.lake.outcome_window_days
        line = f"Conversion is over weeks whose leads are all mature ({window} days), with 95% intervals."
        yield _Section("Leads and conversion by week", (line,), pictures=(drawn,), alt="Leads and conversion by week")
    yield _by_source(digest, settings.declarations)
    yield _drift(digest)
    yield _model(digest)
    yield _alerts(digest)


def _by_source(digest: Digest, declarations: Declarations) -> _Section:
    from monitoring.digest import pictures

    heading = "Conversion by source"
    if not digest.sources:
        return _Section(heading, ("No mature leads.",))
    labels = {name: stream.label for name, stream in declarations.sources.items()}
    found = [row.keys["source"] for row in digest.sources]
    colours = source_colours(declarations.streams_of("touch"), found)
    rows = tuple(
        (
            labels.get(row.keys["source"], row.keys["source"]),
            in_unit(row.rate, "share"),
            f"{row.conversions:,} of {row.leads:,}",
            f"{in_unit(row.low, 'share')} to {in_unit(row.high, 'share')}",
        )
        for row in digest.sources
    )
    drawn = Picture("sources.png", pictures.sources_picture(digest.sources, labels, colours))
    line = f"Leads of the newest {digest.source_days} days that are mature."
    return _Section(heading, (line,), rows, (drawn,), heading)


def _drift(digest: Digest) -> _Section:
    from monitoring.digest import pictures

    if not digest.moves:
        return _Section("Drift", (f"Not compared: {digest.drift_detail}.",))
    drifted = [move.column for move in digest.moves if move.drifted]
    beyond = [move.column for move in digest.moves if move.beyond_chance]
    lines = (
        f"The newest 14 days against the 56 before: {len(drifted)} of {len(digest.moves)} columns drifted; "
        f"{digest.drift_detail}.",
        f"Beyond chance: {', '.join(beyond)}." if beyond else "Nothing beyond chance.",
    )
    return _Section("Drift", lines, pictures=(Picture("drift.png", pictures.drift_picture(digest.moves)),), alt="Drift")


def _model(digest: Digest) -> _Section:
    live = digest.model
    lines = [
        f"Champion: version {live.version}, since {live.tenure.since:%Y-%m-%d}."
        if live
        else "No champion was promoted yet."
    ]
    gap = digest.calibration
    if gap.value is not None:
        chance = "more than chance" if gap.beyond_chance else "within chance"
        lines.append(f"Observed less expected conversion: {_signed(gap.value)}, {chance} ({gap.detail}).")
        lines.append(f"ROC AUC: {'none' if digest.ranking.value is None else f'{digest.ranking.value:.3f}'}.")
    else:
        lines.append(f"Its scores cannot be judged: {gap.detail}.")
    return _Section("Model", tuple(lines))


def _alerts(digest: Digest) -> _Section:
    if not digest.open_alerts and not digest.ended_alerts:
        return _Section("Alerts", ("None is open, and none ended this week.",))
    rows = [_alert_row(alert) for alert in (*digest.open_alerts, *digest.ended_alerts)]
    return _Section(
        "Alerts", (f"{len(digest.open_alerts)} open, {len(digest.ended_alerts)} ended this week.",), tuple(rows)
    )


def _alert_row(alert: Alert) -> tuple[str, ...]:
    value = in_unit(alert.value, METRICS[alert.rule.metric].unit)
    return (alert.rule.name, alert.state, described(alert.rule), f"{value} since {alert.since:%Y-%m-%d %H:%M} UTC")


def _headline_row(of: Headline) -> tuple[str, ...]:
    unit: Unit = METRICS[of.metric].unit
    found = of.found
    change = ""
    if found.value is not None and found.before is not None:
        verdict = {True: "beyond chance", False: "within chance", None: "too few to compare"}[found.beyond_chance]
        change = f"{in_unit(found.before, unit)} before; {verdict}"
    return of.title, in_unit(found.value, unit), change, f"newest {of.days} days: {found.detail}"


def _as_of(digest: Digest) -> str:
    if digest.known_until is None:
        return "Nothing was built yet."
    return f"From what had landed by {digest.known_until:%Y-%m-%d %H:%M} UTC."


def _signed(share: float) -> str:
    return f"{100 * share:+.1f} points"


def _section_html(section: _Section) -> str:
    parts = [f'<h2 style="font-size:17px;margin:22px 0 6px">{escape(section.heading)}</h2>']
    parts += [f'<p style="margin:4px 0">{escape(line)}</p>' for line in section.lines]
    if section.table:
        parts.append(f'<table style="border-collapse:collapse;font-size:14px">{_rows_html(section.table)}</table>')
    parts += [
        f'<img src="cid:{picture.name}" alt="{escape(section.alt)}" width="640" style="max-width:100%">'
        for picture in section.pictures
    ]
    return "".join(parts)


def _rows_html(rows: Sequence[Sequence[str]]) -> str:
    return "".join(
        f"<tr>{''.join(f'<td style={chr(34)}{_CELL}{chr(34)}>{escape(cell)}</td>' for cell in row)}</tr>"
        for row in rows
    )


def _section_text(section: _Section) -> str:
    rows = [" · ".join(filter(None, row)) for row in section.table]
    return "\n".join([section.heading.upper(), *section.lines, *rows])
