"""Which test a column gets, why, and from which value on it counts as drifted: Evidently 0.7's own choice."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Test = Literal["ks", "chisquare", "z", "wasserstein", "jensenshannon", "none"]
FEW_ROWS = 1_000  # up to so many rows of the reference a p-value is taken, of more a distance
FEW_VALUES = 5  # numbers of so few different values are taken for categories
SIGNIFICANCE = 0.05
DISTANCE = 0.1
TITLES: dict[Test, str] = {
    "ks": "Kolmogorov-Smirnov, p-value",
    "chisquare": "χ², p-value",
    "z": "z-test of shares, p-value",
    "wasserstein": "Wasserstein distance, normed",
    "jensenshannon": "Jensen-Shannon distance",
    "none": "no test",
}
P_VALUES: tuple[Test, ...] = ("ks", "chisquare", "z")


@dataclass(frozen=True)
class Choice:
    """A test, why that one, and its threshold: of a p-value the greatest that counts, of a distance the least."""

    test: Test
    why: str
    threshold: float

    def drifted(self, value: float) -> bool:
        """Evidently's verdict; at just 0.05 its Kolmogorov-Smirnov test says drifted and the others do not."""
        if self.test == "ks":
            return value <= self.threshold
        return value < self.threshold if self.test in P_VALUES else value >= self.threshold


def choose(rows: int, distinct: int, *, is_number: bool) -> Choice:
    """The test for a reference of so many values, of which both sides together have so many different ones."""
    few_rows, by_values = rows <= FEW_ROWS, is_number and distinct > FEW_VALUES
    if few_rows:
        test: Test = "ks" if by_values else "chisquare" if distinct > 2 else "z"
    else:
        test = "wasserstein" if by_values else "jensenshannon"
    column = "numbers" if by_values else "numbers of few values" if is_number else "categories"
    size = f"{'up to' if few_rows else 'more than'} {FEW_ROWS:,} in the reference"
    values = "" if by_values else f", {distinct:,} different"
    return pinned(test, f"{column}{values}; {size}")


def pinned(test: Test, why: str) -> Choice:
    """A test that is given, with its threshold."""
    return Choice(test, why, SIGNIFICANCE if test in P_VALUES else DISTANCE)
