"""Events for property tests: few people, ids and moments, so that they meet; now and then one that is refused."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

from hypothesis import strategies as st

Line = tuple[str, bytes]
Event = dict[str, Any]
Spoiling = Callable[[Event], object]

# Ways in which two people write their addresses, and one who writes hers in Unicode's many forms.
EMAILS = [
    "ann@example.com", " Ann@Example.COM ", "ANN@example.com\t",
    "bob@example.org", "Bob@example.org",
    "zoë@example.net", "zoe\u0308@example.net", "ZOË@EXAMPLE.NET", "\uff5ao\u00eb@example.net",
    "carl.o+lead@mail.example.com", "dora@exa\u0301mple.com", "dora@exámple.com",
    *(f"lead{number}@example.com" for number in range(8)),
]  # fmt: skip
KEYS = ["crm-1", "crm-2", " crm-2 ", "crm-3", "Zoe\u0301", "Zoé", "x" * 200, *(f"key {n}" for n in range(8))]
IDS = ["1", "2", "a longer id, with spaces", "é" * 100, "\U0001f600", 'quoted "\\ id']
MOMENTS = [
    "2025-10-31T23:30:00-01:00", "2025-11-01T00:30:00Z", "2025-11-01T00:30:00.000001Z", "2025-11-01t02:30:00.5+02:00",
    "2025-11-30 23:59:59.999999999Z", "2025-12-01T00:00:00Z", "2000-01-01T00:00:00Z", "2024-02-29T12:00:00+05:45",
    "2026-01-02T12:00:00Z", "2026-01-03T11:59:59Z",
]  # fmt: skip
TEXTS = [
    "Köln",
    "",
    " spaced ",
    "o'hare; DROP",
    '"',
    "\\",
    "a\tb\nc",
    "\u0301first",
    "\x00",
    "👩\u200d🔬",
    "nan",
    "{,}",
]
EXTRAS: list[Any] = [
    None, 0, -1.5, 1e300, True, "text", "\u2028", [], {}, [1, [None]], {"a": {"b": [1, 2]}}, 2**70, 0.1, 1e-7,
]  # fmt: skip

_STREAMS: dict[str, list[str]] = {
    "roadshow": ["roadshow_visit", "roadshow_demo"],
    "webinar": ["webinar_registration", "webinar_attendance"],
    "online": ["page_view", "brochure_download", "quote_request"],
    "crm": ["crm_contact"],
    "scores": ["score"],
    "sales": ["sales_action"],
    "outcomes": ["outcome"],
}
_texts = st.sampled_from(TEXTS)
_FIELDS: dict[str, dict[str, st.SearchStrategy[Any]]] = {
    "roadshow": {"location": _texts, "device_model": _texts, "campaign": _texts},
    "webinar": {"location": _texts, "device_model": _texts},
    "online": {"location": _texts, "campaign": _texts},
    "crm": {"location": _texts},
    "roadshow_visit": {"dwell_minutes": st.sampled_from([0, 14.999, 15, 15.0, 1440, 1e1])},
    "roadshow_demo": {"dwell_minutes": st.sampled_from([20, 3.5]), "rating": st.integers(1, 5)},
    "webinar_attendance": {
        "duration": st.sampled_from([0, 29.9, 30, 1.44e3]),
        "questions": st.sampled_from([0, 1, 3, 1000]),
    },
    "page_view": {"page": st.sampled_from(["pricing", "Pricing", "home"]), "seconds": st.sampled_from([59, 60, 86400])},
    "quote_request": {"quantity": st.sampled_from([1, 9, 10, 1_000_000])},
    "score": {"model_version": st.sampled_from(["1", "2"]), "score": st.integers(0, 100)},
    "sales_action": {"action": st.sampled_from(["call", "email", "meeting", "quote"])},
    "outcome": {"converted": st.booleans(), "value": st.sampled_from([0, 12.5, 1e9])},
}
_ALWAYS = {"model_version", "score", "action", "converted"}


def _put(**keys: Any) -> Spoiling:
    return lambda event: event.update(keys)


# One way to spoil an event for each reason to refuse it; each leaves JSON that Python can write.
SPOILINGS: list[Spoiling] = [
    _put(event_type=None), _put(event_type=7), _put(event_type="unheard_of"), lambda event: event.pop("event_type"),
    _put(timestamp=None), _put(timestamp=1735725600), _put(timestamp="2025-11-01T10:00:00"), _put(timestamp=""),
    _put(timestamp="1999-12-31T23:59:59.999999Z"), _put(timestamp="2026-01-05T00:00:00Z"),
    _put(timestamp="2025-11-31T10:00:00Z"), _put(timestamp="2025-11-01T10:00:00+25:00"),
    _put(timestamp="2025-11-01T10:00:00+10:60"), _put(timestamp="2025-11-01T24:00:00Z"), _put(timestamp="yesterday"),
    _put(timestamp="٢٠٢٥-11-01T10:00:00Z"), _put(timestamp="2025-11-01T10:00:00Z\n"),
    _put(event_id=""), _put(event_id=5), _put(event_id="x" * 201), _put(event_id=["1"]), _put(event_id="é" * 101),
    _put(email=5), _put(email=""), _put(email="nobody"), _put(email="a@b"), _put(email="a b@example.com"),
    _put(email="a@@example.com"), _put(email="a@-b.example.com"), _put(email=f"{'a' * 65}@example.com"),
    _put(email=f"a@{'b' * 63}.{'c' * 250}.com"), _put(email="a..b@example.com"), _put(email="\x00a@example.com"),
    _put(email="\u00a0\u00a0"), _put(email=["ann@example.com"]),
    _put(lead_key=""), _put(lead_key="  "), _put(lead_key=1), _put(lead_key="y" * 201), _put(lead_key="e\u0301\x00a"),
    _put(email=None, lead_key=None), lambda event: (event.pop("email", 0), event.pop("lead_key", 0)),
    _put(location=5), _put(location=["Köln"]), _put(device_model=False), _put(lead_source=None), _put(lead_source="\t"),
    _put(lead_source="s" * 101), _put(duration="42"), _put(duration=-0.1), _put(duration=1440.01),
    _put(duration=10**400),
    _put(questions=1.0), _put(questions=1001), _put(questions=2**63), _put(questions=True), _put(rating=0),
    _put(dwell_minutes={}), _put(quantity=0), _put(seconds=86400.5), _put(page=None, seconds="1"),
    _put(score=101), _put(score=None), _put(score="50"), _put(model_version=""), _put(model_version=2),
    _put(action="fax"), _put(action=None), _put(converted="true"), _put(converted=1), _put(value=-1), _put(value="1"),
]  # fmt: skip

# Lines that no event is, each with the stream that it is landed in.
BROKEN_LINES: list[bytes] = [
    b"not JSON", b"{", b'{"event_type":', b"[1,2]", b'"text"', b"null", b"7", b"\xff\xfe", b'{"email":"\xc3("}',
    b'{"a":1,"a":2}', b'{"email":"ann@example.com","email":"bob@example.org"}', b'{"x":NaN}', b'{"x":-Infinity}',
    b'{"x":1,}', b'{"x":[1,]}', b'\xef\xbb\xbf{"x":1}', b'{"x":"\\ud800"}', b'{"x":"\x01"}', b'{"x":1} {"x":2}',
    b"{'x':1}", b"\x00", b"\x0b", b'\x0c{"x":1}',
]  # fmt: skip
BLANK_LINES = [b"", b" ", b"\t", b"\r", b" \r \t"]


@st.composite
def events(draw: st.DrawFn, streams: Sequence[str] = tuple(_STREAMS)) -> tuple[str, Event]:
    """A valid event of one of the streams, as its stream and its object."""
    stream = draw(st.sampled_from(streams))
    event_type = draw(st.sampled_from(_STREAMS[stream]))
    event: Event = {"event_type": event_type, "timestamp": draw(st.sampled_from(MOMENTS))}
    known_by = draw(st.sampled_from(["email"] * 6 + ["key"] * 6 + ["both"]))
    if known_by != "key":
        event["email"] = draw(st.sampled_from(EMAILS))
    if known_by != "email":
        event["lead_key"] = draw(st.sampled_from(KEYS))
    for name, values in (_FIELDS.get(stream, {}) | _FIELDS.get(event_type, {})).items():
        if name in _ALWAYS or draw(st.booleans()):
            event[name] = draw(values)
    if stream == "crm":
        event["lead_source"] = draw(st.sampled_from(["cellular", " cellular", "telephone", "webinar"]))
    for name, values in {"event_id": st.sampled_from([*IDS, None]), "x": st.sampled_from(EXTRAS)}.items():
        if draw(st.integers(0, 3)) == 0:
            event[name] = draw(values)
    return stream, event


@st.composite
def lines(draw: st.DrawFn, streams: Sequence[str] = tuple(_STREAMS)) -> Line:
    """A line of a file and its stream: mostly a valid event, else a spoiled one, a broken line or a blank one."""
    stream, event = draw(events(streams))
    chance = draw(st.integers(0, 19))
    if chance == 0:
        return stream, draw(st.sampled_from(BLANK_LINES))
    if chance == 1:
        return stream, draw(st.sampled_from(BROKEN_LINES))
    if chance < 6:
        draw(st.sampled_from(SPOILINGS))(event)
    return stream, _written(draw, event)


def _written(draw: st.DrawFn, event: Event) -> bytes:
    """The event as JSON, in one of the ways in which programs write it."""
    separators = draw(st.sampled_from([(",", ":"), (", ", ": "), (" ,\t", " :")]))
    text = json.dumps(event, ensure_ascii=draw(st.booleans()), separators=separators)
    return draw(st.sampled_from(["", "", "", " ", "\t"])).encode() + text.encode()
