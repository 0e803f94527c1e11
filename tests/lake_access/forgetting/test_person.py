from __future__ import annotations

import json
from uuid import UUID

import pytest

from lake_access.forgetting.person import NamingLines, Person

NOBODY = UUID(int=0)
ANN = NamingLines(Person(NOBODY, frozenset(), frozenset({"ann@x.com", "zoë@exämple.de"}), frozenset({"17", "C-é"})))


def line(**event: object) -> bytes:
    return json.dumps(event, ensure_ascii=False).encode() + b"\n"


NAMING = [
    line(email="ann@x.com"),
    line(email=" Ann@X.COM "),
    line(email="zoë@exämple.de"),
    line(email="ZOË@EXÄMPLE.DE"),
    line(email="ann@x.com\u200b"),
    b'{"email": "ann\\u0040x.com"}\n',
    b'{"email": "\\u0061nn@x.com"}\n',
    line(lead_key="17"),
    line(lead_key="  17 "),
    line(lead_key="C-é"),
    line(lead_key="C-e\u0301"),
    line(email="bob@x.com", note="call ann@x.com back"),
    line(email="bob@x.com", cc=[{"to": "<ann@x.com>"}]),
    line(email="bob@x.com", **{"ann@x.com": 1}),
    b"no JSON at all: ann@x.com;\n",
    b'{"email": "ann@x.com"',
    b"\xff\xfe ANN@x.com \xff\n",
    b'["mailto:ann@x.com"]\n',
    line(email="bob@x.com", page="https://y.com/?email=ann@x.com&a=1"),
    line(email="bob@x.com", note="'ann@x.com' and \"ann@x.com\""),
]
OTHERS = [
    line(email="joann@x.com"),
    line(email="ann@x.com.au"),
    line(email="ann@x.community"),
    line(email="j-ann@x.com"),
    line(email="o'ann@x.com"),
    line(email="a+ann@x.com"),
    line(email="bob@x.com", lead_key="170"),
    line(email="bob@x.com", amount=17),
    line(email="bob@x.com", note="17"),
    line(email="bob@x.com", nested={"lead_key": "17"}),
    b"17\n",
    b"\n",
    b"[" * 100_000 + b"\n",
]


@pytest.mark.parametrize("raw", NAMING)
def test_a_line_that_names_the_person_is_found(raw: bytes) -> None:
    assert ANN(raw)


@pytest.mark.parametrize("raw", OTHERS)
def test_a_line_about_somebody_else_is_left(raw: bytes) -> None:
    assert not ANN(raw)


def test_a_full_stop_ends_a_sentence_and_no_address() -> None:
    assert ANN(line(email="bob@x.com", note="Ask ann@x.com."))
