"""From counts of scores to what the page Scores says and draws: names, frames, and bands written as text."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence

import pandas as pd

from app import formatting, palette
from app.charts.rates import Rate
from app.charts.scores import Distribution, in_bins
from app.table_columns import Writer
from lake_access.band_proposals import BandProposal, check_bands
from lake_access.errors import RefusedError
from lake_access.score_capacity import CutOff
from lake_access.score_histograms import ScoreHistograms, ScoreKind
from lake_access.score_measures import BandCount, GainPoint, ScoreBin

RULES_NAME = "Rules"
MOST_DISTRIBUTIONS = 6
_BAND_PLACES = (6, 3, 7, 4, 5, 1, 2, 0)  # of the palette: the colours of sources come last
NAME_LENGTH = 40
SHARE_WRITERS: dict[str, Writer] = dict.fromkeys(
    ("share", "share_of_leads", "share_of_conversions", "rate", "low", "high"), formatting.percentage
)


def kind_names(kinds: Sequence[ScoreKind]) -> dict[ScoreKind, str]:
    """What a reader calls each kind of score; two long names that begin alike get a number behind."""
    names = {kind: _name(kind) for kind in kinds}
    uses = Counter(names.values())
    return {
        kind: f"{name} ({place})" if uses[name] > 1 else name for place, (kind, name) in enumerate(names.items(), 1)
    }


def kind_colour(kinds: Sequence[ScoreKind], kind: ScoreKind) -> str:
    """The rules' colour is neutral, each version's its own."""
    versions = [other for other in kinds if not other.is_rules]
    return palette.NEUTRAL if kind.is_rules else palette.CATEGORIES[versions.index(kind) % len(palette.CATEGORIES)]


def distributions(
    found: ScoreHistograms, names: Mapping[ScoreKind, str], chosen: ScoreKind, all_leads: bool
) -> list[Distribution]:
    """The rules' histogram and those of the versions with the most leads, the chosen one always among them."""
    kinds = [histogram.kind for histogram in found.histograms]
    drawn = list(dict.fromkeys([*kinds[: MOST_DISTRIBUTIONS - 1], chosen, *kinds[MOST_DISTRIBUTIONS - 1 :]]))
    return [
        Distribution(names[kind], found.of(kind).leads(all_leads), kind_colour(kinds, kind), kind == chosen)
        for kind in drawn[:MOST_DISTRIBUTIONS]
    ]


def distribution_frame(found: ScoreHistograms, names: Mapping[ScoreKind, str], all_leads: bool) -> pd.DataFrame:
    """Every kind of score, in bins of five: its leads and their share of all its leads."""
    rows = []
    for histogram in found.histograms:
        counts = histogram.leads(all_leads)
        total = sum(counts)
        for first, last, leads in in_bins(counts):
            share = leads / total if total else 0.0
            rows.append({"score_of": names[histogram.kind], "from": first, "to": last, "leads": leads, "share": share})
    return pd.DataFrame(rows)


def reliability_frame(bins: Sequence[ScoreBin]) -> pd.DataFrame:
    """One row a bin."""
    return pd.DataFrame(
        [
            {
                "from": part.first,
                "to": part.last,
                "leads": part.leads,
                "conversions": part.conversions,
                "mean_score": 100 * part.forecast,
                "rate": part.rate,
                "low": part.low,
                "high": part.high,
            }
            for part in bins
        ]
    )


def gain_frame(curve: Sequence[GainPoint]) -> pd.DataFrame:
    """One row for each score that leads have, from the highest down."""
    return pd.DataFrame(
        [
            {
                "score_and_more": point.score,
                "leads": point.leads,
                "conversions": point.conversions,
                "share_of_leads": point.depth,
                "share_of_conversions": point.gain,
                "lift": point.gain / point.depth,
            }
            for point in curve
            if point.leads
        ]
    )


def band_frame(bands: Sequence[BandCount], declared: Sequence[BandCount] | None = None) -> pd.DataFrame:
    """One row a band: its scores, volume and rate; shares and rates are from 0 to 1.

    `declared` adds how many more leads that is than in the band of the same name now.
    """
    total = sum(band.leads for band in bands)
    now = {band.name: band.leads for band in declared or ()}
    rows = []
    for band in bands:
        row: dict[str, object] = {
            "band": band.name,
            "scores": f"{band.first} to {band.last}",
            "leads": band.leads,
            "share": band.leads / total if total else 0.0,
        }
        if declared is not None:
            row["change"] = band.leads - now[band.name] if band.name in now else None
        row |= {
            "mature": band.mature,
            "conversions": band.conversions,
            "rate": band.rate if band.mature else None,
            "low": band.low,
            "high": band.high,
        }
        rows.append(row)
    frame = pd.DataFrame(rows)
    return frame.astype({"change": "Int64"}) if declared is not None else frame


def band_rates(bands: Sequence[BandCount], colours: Sequence[str], minimum_cell: int) -> list[Rate]:
    """Bands as rates to draw, from low to high as on every page; one without a mature lead has no rate."""
    return [
        Rate(
            name=band.name,
            leads=band.mature,
            conversions=band.conversions,
            rate=band.rate,
            low=band.low,
            high=band.high,
            colour=colour,
            faint=band.mature < minimum_cell,
        )
        for band, colour in zip(bands, colours, strict=True)
        if band.mature
    ]


def band_colours(count: int) -> list[str]:
    """A colour for each band, from low to high; the first three are those of no declared source of the demo."""
    return [palette.CATEGORIES[_BAND_PLACES[place % len(_BAND_PLACES)]] for place in range(count)]


def capacity_frame(cuts: Sequence[CutOff]) -> pd.DataFrame:
    """One row for each score as a cut-off."""
    return pd.DataFrame(
        [
            {
                "score_and_more": cut.score,
                "leads_a_week": cut.weekly,
                "expected_conversions": cut.expected,
                "low": cut.low,
                "high": cut.high,
                "mature_leads": cut.mature,
                "conversions": cut.conversions,
                "rate": cut.rate,
            }
            for cut in cuts
        ]
    )


def bands_as_text(bands: Mapping[str, int]) -> str:
    """Bands as a reader types them and a link carries them: `cold 0, warm 40, hot 70`."""
    return ", ".join(f"{name} {edge}" for name, edge in bands.items())


def bands_from_text(text: str) -> dict[str, int]:
    """The bands that such a text names, from low to high.

    Raises:
        RefusedError: it is not of this form, or names bands that cannot be.
    """
    parts = [part for part in re.split(r"[,\n]+", text.strip()) if part.strip()]
    pairs = [re.fullmatch(r"\s*(\w+)\s*[ =:]\s*(\d{1,3})\s*", part) for part in parts]
    if len(text) > 1_000 or not pairs or not all(pairs):
        raise RefusedError("the bands: write them as `cold 0, warm 40, hot 70`: a name and its lowest score each.")
    named = [(pair[1], int(pair[2])) for pair in pairs if pair is not None]
    bands = dict(sorted(named, key=lambda pair: pair[1]))
    if len(bands) != len(named):
        raise RefusedError("the bands: two have the same name.")
    check_bands(bands)
    return bands


def moved(edges: Sequence[int], place: int, edge: int) -> list[int]:
    """The thresholds with one of them moved, and those in its way pushed on: still rising, the first still at 0."""
    pushed = list(edges)
    pushed[place] = edge
    for later in range(place + 1, len(pushed)):
        pushed[later] = max(pushed[later], pushed[later - 1] + 1)
    for earlier in range(place - 1, -1, -1):
        pushed[earlier] = min(pushed[earlier], pushed[earlier + 1] - 1)
    return pushed


def as_toml(bands: Mapping[str, int]) -> str:
    """The lines of leadlake.toml that declare these bands."""
    return "\n".join(["[bands]", *(f"{name} = {edge}" for name, edge in bands.items())])


def proposals_frame(proposals: Sequence[BandProposal]) -> pd.DataFrame:
    """One row a proposal."""
    return pd.DataFrame(
        [
            {
                "name": proposal.name,
                "bands": bands_as_text(proposal.bands),
                "score_of": _name(proposal.kind),
                "note": proposal.note,
                "by": proposal.proposed_by,
                "at": formatting.moment(proposal.proposed_at),
            }
            for proposal in proposals
        ]
    )


def _name(kind: ScoreKind) -> str:
    if kind.version is None:
        return RULES_NAME
    name = f"Version {formatting.shortened(kind.version, NAME_LENGTH)}"
    return name if kind.mode == "online" else f"{name}, {kind.mode}"
