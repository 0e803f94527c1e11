"""Events as columns: what the drawing of touches and feedback hands to the writing of lines."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Words:
    """A text column: for each row the place of its word in the vocabulary, or -1 where the field is left out."""

    vocabulary: tuple[str, ...]
    code: IntArray

    def __getitem__(self, rows: BoolArray | IntArray) -> Words:
        return Words(self.vocabulary, self.code[rows])

    def left_out(self, where: BoolArray) -> Words:
        """The same column without the fields of these rows."""
        return Words(self.vocabulary, np.where(where, -1, self.code))


Numbers = npt.NDArray[Any]
Column = Numbers | Words


@dataclass(frozen=True)
class Identified:
    """Which identities the rows carry: the e-mail, the CRM's key, or both."""

    email: BoolArray
    key: BoolArray

    def __getitem__(self, rows: BoolArray | IntArray) -> Identified:
        return Identified(self.email[rows], self.key[rows])


@dataclass(frozen=True)
class Events:
    """Events of one type: the row of each event's lead, its second since 1970, its identity and its fields."""

    event_type: str
    lead: IntArray
    at: IntArray
    who: Identified
    fields: Mapping[str, Column]

    def __len__(self) -> int:
        return len(self.at)

    def __getitem__(self, rows: BoolArray | IntArray) -> Events:
        fields = {name: column[rows] for name, column in self.fields.items()}
        return Events(self.event_type, self.lead[rows], self.at[rows], self.who[rows], fields)
