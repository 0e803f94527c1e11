"""Lines as no program should send them: sound ones mutated, and things that break readers of JSON."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator

from tests.lake_access.lakes import touch

STREAMS = ("webinar", "roadshow", "online", "crm", "scores", "sales", "outcomes")
DEEPEST_LINE = 100_000

_EVENTS = [
    touch(),
    touch(event_type="webinar_attendance", duration=42, questions=2, location="Köln"),
    touch(event_type="roadshow_demo", dwell_minutes=12.5, rating=4),
    touch(event_type="quote_request", quantity=10, event_id="17"),
    touch(event_type="crm_contact", lead_source="telephone", lead_key="crm-1"),
    touch(event_type="score", model_version="1", score=50),
    touch(event_type="sales_action", action="call"),
    touch(event_type="outcome", converted=True, value=12.5),
]
_OF_STREAM = {
    "webinar": (0, 1), "roadshow": (2,), "online": (3,), "crm": (4,), "scores": (5,), "sales": (6,), "outcomes": (7,)
}  # fmt: skip
_NUMBERS = [
    "1e999", "-1e999", "9" * 30, "9" * 5_000, "1" + "0" * 400, "-0", "-0.0", "1E+2", "1e-400", "0." + "3" * 500, "1.",
    "01", "+1", ".5", "0x1F", "1_000", "NaN", "nan", "-Infinity", "Infinity", "inf", "18446744073709551616",
    "9223372036854775807",
]  # fmt: skip
_STRINGS = [
    '"\\ud800"', '"\\udc00\\ud800"', '"\\ud83d\\ude00"', '"\\u0000"', '"\x00"', '"\\x41"', '"\t"', '"\x7f"', '"\u2028"',
    '"\\', '"', "'a'", '"\\u12"', '"\ufeff"', '"é"', '"e\u0301"', '"nan"', '"{"', '",}"', '"a\\"b"', '"\\/"',
]  # fmt: skip
_VALUES = ["null", "true", "tRue", "[]", "{}", "[1,]", "[,]", "{,}", '{"a":1,"a":2}', '{"a":{"b":1,"b":1}}', "[[[]]]"]
_BYTES = [
    b"\xff",
    b"\xc3(",
    b"\xed\xa0\x80",
    b"\xc0\x80",
    b"\x00",
    b"\r",
    b"\xef\xbb\xbf",
    b"\x1a",
    b"\\",
    b'"',
    b"{",
    b",",
    b":",
]


def fuzzed_line(rng: random.Random, stream: str) -> bytes:
    """A line for a stream, sound about one time in six."""
    event = dict(_EVENTS[rng.choice(_OF_STREAM[stream])])
    event["email"] = rng.choice(["ann", "Bob", " carl", "dörte", "eve+x"]) + "@example.com"
    event["x"] = rng.randrange(1_000_000)
    line = json.dumps(event, ensure_ascii=rng.random() < 0.5).encode()
    for _ in range(rng.choice([0, 1, 1, 1, 2, 5])):
        line = rng.choice(_MUTATIONS)(rng, line)
    return line.replace(b"\n", b" ")


def hard_lines() -> Iterator[bytes]:
    """Lines that are few because they are long: nesting as deep as fits, and around the longest line that is taken."""
    start = json.dumps(touch())[:-1].encode() + b',"x":'
    for opening, closing in ((b"[", b"]"), (b'{"a":', b"}"), (b'[{"a":', b"}]")):
        for depth in (499, 500, 600, 10_000, DEEPEST_LINE):
            yield start + opening * depth + b"1" + closing * depth + b"}"
        yield start + opening * DEEPEST_LINE
    yield start + b"[" * 500_000 + b"]" * 500_000 + b"}"
    yield b'{"email":' * DEEPEST_LINE + b"1" + b"}" * DEEPEST_LINE
    for size in ((1 << 20) - 1, 1 << 20, (1 << 20) + 1, 3 << 20):
        yield start + b'"' + b"x" * (size - len(start) - 3) + b'"}'
    yield b" " * (1 << 20)
    yield b" " * ((1 << 20) + 1)
    yield b"\xff" * ((1 << 20) + 1)
    yield start + b'"' + b"\\u0000" * 100_000 + b'"}'
    yield start[:-4] + b",".join(b'"k%d":%d' % (number, number) for number in range(50_000)) + b"}"


def _flip(rng: random.Random, line: bytes) -> bytes:
    place = rng.randrange(len(line) + 1)
    return line[:place] + bytes([rng.randrange(256)]) + line[place + 1 :]


def _insert(rng: random.Random, line: bytes) -> bytes:
    place = rng.randrange(len(line) + 1)
    return line[:place] + rng.choice(_BYTES) + line[place:]


def _cut(rng: random.Random, line: bytes) -> bytes:
    start, end = sorted(rng.randrange(len(line) + 1) for _ in range(2))
    return rng.choice([line[:start], line[end:], line[:start] + line[end:]])


def _repeat(rng: random.Random, line: bytes) -> bytes:
    start, end = sorted(rng.randrange(len(line) + 1) for _ in range(2))
    return (line[:end] + line[start:])[:100_000]


def _noise(rng: random.Random, _line: bytes) -> bytes:
    return rng.randbytes(rng.randrange(80))


def _revalue(values: list[str]) -> Callable[[random.Random, bytes], bytes]:
    """Put one of the values in place of one that the line has, or beside it under another key, maybe a known one."""

    def mutate(rng: random.Random, line: bytes) -> bytes:
        value = rng.choice(values).encode()
        parts = line.split(b", ")
        place = rng.randrange(len(parts))
        key, colon, _ = parts[place].partition(b": ")
        parts[place] = key + colon + value + b"}" * (place == len(parts) - 1)
        if rng.random() < 0.5:
            return line.rstrip(b"}") + b', "%s": %s}' % (rng.choice([b"y", b"email", b"\\u0078", b"score"]), value)
        return b", ".join(parts)

    return mutate


_MUTATIONS: list[Callable[[random.Random, bytes], bytes]] = [
    _flip, _insert, _cut, _repeat, _noise, _revalue(_NUMBERS), _revalue(_STRINGS), _revalue(_VALUES),
    lambda rng, line: rng.choice([b"", b" ", b"\t", b"\r", b"\x0c", b"\xef\xbb\xbf"]) + line,
    lambda rng, line: line + rng.choice([b"\r", b" ", b" {}", b"}", b",", b"\x00", line]),
]  # fmt: skip
