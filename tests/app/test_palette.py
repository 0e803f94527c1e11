"""The palette's claims, checked by the colour models they come from.

Contrast: WCAG 2.2. Colour vision: Machado, Oliveira and Fernandes 2009, severity 1. Distance: OKLab, B. Ottosson 2020.
"""

from __future__ import annotations

import tomllib
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from app.palette import CATEGORIES, FAINT_TEXT, INTERVAL, INTERVAL_EDGE, NEUTRAL, source_colours, translucent

Colour = NDArray[np.float64]

CONFIG = Path(__file__).parents[2] / ".streamlit" / "config.toml"
THEMES = {mode: tomllib.loads(CONFIG.read_text())["theme"][mode] for mode in ("light", "dark")}

VISIONS = {
    "usual": np.eye(3),
    "protanopia": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "deuteranopia": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
    "tritanopia": np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]
    ),
}
TO_CONES = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
TO_OKLAB = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)


def linear(colour: str) -> Colour:
    channels = np.array([int(colour[place : place + 2], 16) for place in (1, 3, 5)]) / 255
    return np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)


def contrast(one: str, other: str) -> float:
    light, dark = sorted((float(linear(colour) @ [0.2126, 0.7152, 0.0722]) for colour in (one, other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def oklab(colour: str, vision: NDArray[np.float64]) -> Colour:
    seen = np.clip(vision @ linear(colour), 0, 1)
    return TO_OKLAB @ np.cbrt(TO_CONES @ seen)


@pytest.mark.parametrize("mode", THEMES)
@pytest.mark.parametrize("colour", [*CATEGORIES, NEUTRAL, FAINT_TEXT])
def test_every_colour_stands_out_from_the_background(mode: str, colour: str) -> None:
    assert contrast(colour, THEMES[mode]["backgroundColor"]) >= 3


@pytest.mark.parametrize("mode", THEMES)
@pytest.mark.parametrize("bar", [*CATEGORIES, NEUTRAL])
def test_an_interval_is_seen_on_its_bar_and_beyond_it(mode: str, bar: str) -> None:
    assert contrast(INTERVAL, INTERVAL_EDGE) >= 4.5
    for behind in (bar, THEMES[mode]["backgroundColor"]):
        assert max(contrast(INTERVAL, behind), contrast(INTERVAL_EDGE, behind)) >= 2.8


@pytest.mark.parametrize("vision", VISIONS)
def test_two_sources_look_different_to_every_reader(vision: str) -> None:
    nearest = min(
        float(np.linalg.norm(oklab(one, VISIONS[vision]) - oklab(other, VISIONS[vision])))
        for one, other in combinations(CATEGORIES, 2)
    )
    assert nearest >= 0.08  # four times what is just noticed side by side


@pytest.mark.parametrize("mode", THEMES)
def test_text_of_the_theme_is_easy_to_read(mode: str) -> None:
    theme = THEMES[mode]
    for surface in ("backgroundColor", "secondaryBackgroundColor"):
        assert contrast(theme["textColor"], theme[surface]) >= 7
        assert contrast(theme["linkColor"], theme[surface]) >= 4.5
    assert contrast("#ffffff", theme["primaryColor"]) >= 4.5


def test_the_text_in_heat_maps_is_easy_to_read() -> None:
    """Plotly writes #444 on a light cell and white on a dark one."""
    for mode, ink in (("light", "#444444"), ("dark", "#ffffff")):
        ramp = THEMES[mode]["chartSequentialColors"]
        assert len(ramp) == 10
        assert min(contrast(ink, colour) for colour in ramp) >= 4.3


def test_declared_sources_take_the_first_colours_in_their_order() -> None:
    colours = source_colours(["roadshow", "webinar", "online"], ["online", "cellular"])
    assert [colours[name] for name in ("roadshow", "webinar", "online")] == list(CATEGORIES[:3])
    assert colours["cellular"] not in CATEGORIES[:3]


def test_a_new_declared_source_found_later_moves_no_colour() -> None:
    declared = ["roadshow", "webinar"]
    assert source_colours(declared, ["webinar"]) == source_colours(declared, ["webinar", "roadshow"])


def test_imported_sources_get_colours_of_their_own_while_there_are_any() -> None:
    found = [f"source {number}" for number in range(8)]
    assert set(source_colours([], found).values()) == set(CATEGORIES)
    assert set(source_colours([], [*found, "a ninth"])) == {*found, "a ninth"}


def test_a_translucent_colour_keeps_its_channels() -> None:
    assert translucent("#0f7896", 0.5) == "rgba(15,120,150,0.5)"
