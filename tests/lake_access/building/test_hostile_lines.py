"""Lines on the edge of what is allowed, each side of it: what is taken is taken as it says, the rest is quarantined."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from lake_access.building.build import build
from lake_access.iceberg.tables import BATCHES, EVENTS, IDENTITIES, QUARANTINE
from lake_access.lake import Lake
from tests.lake_access.lakes import NOW, Line, batch_of, land_bytes, land_lines, quarantined, read_table, touch

ATTENDED = touch(event_type="webinar_attendance")
RAW = json.dumps(ATTENDED)[:-1]

NOT_JSON = "not valid JSON"
TWICE = "a key stands twice"
NO_MOMENT = "timestamp: not a date and time with a zone, as RFC 3339 has it"
AHEAD = "timestamp: more than a day after it landed"
NO_ADDRESS = "email: not a possible address"
NO_KEY = "lead_key: not a text of 1 to 200 bytes"
NO_ID = "event_id: not a text of 1 to 200 bytes"


def verdicts(lake: Lake, stream: str, lines: Sequence[Line]) -> list[str | None]:
    """Why each of these lines is refused, or None, once they have landed as one file and were built."""
    land_lines(lake, stream, *lines)
    result = build(lake, NOW)
    assert result.read == len(lines) == result.curated + result.duplicates + result.quarantined
    refused = quarantined(lake)
    return [refused.get(number) for number in range(1, len(lines) + 1)]


def assert_verdicts(lake: Lake, expected: Mapping[Any, str | None], stream: str = "webinar") -> None:
    lines = list(expected)
    found = dict(zip(lines, verdicts(lake, stream, lines), strict=True))
    assert {str(line)[:300]: said for line, said in found.items()} == {
        str(line)[:300]: said for line, said in expected.items()
    }


def line(**keys: Any) -> str:
    return json.dumps(ATTENDED | keys)


def with_value(key: str, value: str) -> str:
    """The event with this JSON text as the value of one more key."""
    return f'{RAW}, "{key}": {value}}}'


# --- JSON ------------------------------------------------------------------------------------------------------------


def test_a_key_that_stands_twice_is_found_at_any_depth_and_in_any_spelling(lake: Lake) -> None:
    spelt = RAW.replace('"email"', '"\\u0065mail"') + "}"
    twice = [
        f'{RAW}, "a": 1, "\\u0061": 2}}',
        f'{RAW}, "duration": 1, "\\u0064uration": 1}}',
        f'{RAW}, "\\u0065mail": "ann@example.com"}}',
        f'{RAW}, "": 1, "": 2}}',
        f'{RAW}, "\\/": 1, "/": 2}}',
        f'{RAW}, "\\u0000": 1, "\\u0000": 2}}',
        f'{RAW}, "x": {{"a": 1, "\\u0061": 2}}}}',
        f'{RAW}, "x": [1, [{{"y": {{"a": 1, "b": 2, "a": 1}}}}]]}}',
        f'{RAW}, "x": {{"\\ud83d\\ude00": 1, "😀": 2}}}}',
    ]
    once = [
        spelt,
        f'{RAW}, "x": {{"a": 1}}, "y": {{"a": 1}}}}',
        f'{RAW}, "a": 1, "A": 2, "a ": 3}}',
        f'{RAW}, "a\\u0000b": 1, "a\\u0000c": 2, "a": 3}}',
        f'{RAW}, "x": "{{\\"a\\": 1, \\"a\\": 2}}"}}',
        f'{RAW}, "é": 1, "e\\u0301": 2}}',
    ]

    assert_verdicts(lake, dict.fromkeys(twice, TWICE) | dict.fromkeys(once))


def test_what_only_forgiving_readers_take_is_refused(lake: Lake) -> None:
    values = ["0x10", "007", "-01", "+1", ".5", "1.", "1e", "1e+", "1_0", "--1", "-", "tRue", "TRUE", "undefined",
              "'x'", "nan", "Nan", "inf", "-inf", '"\t"', '"\x01"', '"\\x41"', '"\\u12g4"', '"\\', "[1,]", "[,]", "{,}",
              '{"a":1,}', "1 2", "", "// 1", "/**/1"]  # fmt: skip
    lines = [with_value("x", value) for value in values]
    lines += [f"{RAW},}}", f"{RAW}}}}}", f"{RAW}}} {{}}", f"{RAW}}},", RAW, f"{RAW}}}\0", f"\0{RAW}}}", f"\x0c{RAW}}}"]
    lines += [f"\u00a0{RAW}}}", f"{RAW}}}\ufeff", RAW.replace('"', "'") + "}", "\0", "\x1a", "\x0b", "\u2028"]

    declared = [with_value("duration", value) for value in values]

    said = verdicts(lake, "webinar", lines + declared)

    assert dict(zip(lines, said, strict=False)) == dict.fromkeys(lines, NOT_JSON)
    assert set(said[len(lines) :]) == {NOT_JSON, "duration: not a number"}


def test_what_json_allows_around_and_in_an_object_is_taken(lake: Lake) -> None:
    values = ["-0", "-0.0", "1E+2", "1e-400", "0.1e1", "9" * 5_000, '"\\ud83d\\ude00"', '"\\u0000"', '"\x7f"', "null"]
    lines = [with_value("x", value) for value in values]
    lines += [f' \t{RAW}, \t"y" : 1 }}\t ', f'{RAW}, "": 1}}', f'{RAW}, "{"k" * 1_000_000}": 1}}']
    lines += [f"{RAW}, " + ", ".join(f'"k{number}": 0' for number in range(50_000)) + "}"]

    assert_verdicts(lake, dict.fromkeys(lines))


def test_json_that_is_no_object_is_refused(lake: Lake) -> None:
    values = ["null", "true", "1", '"x"', '"{"', "[]", "[{}]", " [1]", "-0", '[{"a": 1}]']

    assert_verdicts(lake, dict.fromkeys(values, "not a JSON object") | {"{}": "event_type: missing"})


def test_half_a_surrogate_pair_is_no_text_wherever_it_stands(lake: Lake) -> None:
    lines = [with_value(key, '"a\\ud800"') for key in ("lead_key", "event_id", "location", "x")]
    lines += [with_value("x", '{"y": ["\\udfff"]}'), with_value("x", '"\\udc00\\ud800"'), f'{RAW}, "\\ud800": 1}}']
    lines += [RAW.replace("john@", "\\ud800john@") + "}"]

    assert_verdicts(lake, dict.fromkeys(lines, NOT_JSON))


def test_an_object_as_deep_as_a_line_is_long_is_refused_and_its_neighbours_are_taken(lake: Lake) -> None:
    deep = ['{"a":' * 100_000 + "1" + "}" * 100_000, "[" * 200_000 + "]" * 200_000]

    found = verdicts(lake, "webinar", [touch(), *(with_value("x", value) for value in deep), touch(n=1)])

    assert found == [None, "nested more than 500 levels deep", "nested more than 500 levels deep", None]


# --- values ----------------------------------------------------------------------------------------------------------


def test_a_field_takes_values_of_its_own_type_alone(lake: Lake) -> None:
    no_number = ['"42"', '"+1"', '"1e3"', "true", "[1]", '{"a": 1}', "1e400", "-1e400", "NaN", "Infinity", '""']
    no_integer = [
        "1.0",
        "1e2",
        "-0.0",
        '"1"',
        "true",
        "9223372036854775808",
        "-9223372036854775809",
        "9" * 400,
        "1e400",
    ]

    assert_verdicts(
        lake,
        {with_value("duration", value): "duration: not a number" for value in no_number}
        | {with_value("questions", value): "questions: not an integer" for value in no_integer}
        | {with_value("location", value): "location: not a text" for value in ("1", "true", "[]", "{}", "1e400")}
        | {with_value("duration", value): None for value in ("0", "-0", "1440", "1.44e3", "1e-400", "null")}
        | {with_value("questions", value): None for value in ("-0", "0", "1000", "null")}
        | {with_value("location", value): None for value in ('""', '"\\u0000"', '"null"', "null")}
        | {
            with_value("duration", "1440.0000001"): "duration: over 1440",
            with_value("duration", "-1e-9"): "duration: under 0",
        }
        | {
            with_value("questions", "1001"): "questions: over 1000",
            with_value("questions", "-1"): "questions: under 0",
        },
    )
    durations = [event["duration"] for event in read_table(lake, EVENTS) if event["duration"] is not None]
    assert sorted(durations) == [0, 0, 0, 1440, 1440]


def test_a_truth_is_true_or_false_alone(lake: Lake) -> None:
    outcome = json.dumps(touch(event_type="outcome"))[:-1]
    refused = ['"true"', "1", "0", '"yes"', "[]", "{}", '"false"']

    assert_verdicts(
        lake,
        {f'{outcome}, "converted": {value}}}': "converted: not a boolean" for value in refused}
        | {f'{outcome}, "converted": null}}': "converted: missing", f'{outcome}, "converted": tRUE}}': NOT_JSON}
        | {f'{outcome}, "converted": {value}}}': None for value in ("true", "false")},
        "outcomes",
    )


MOMENTS_TAKEN = {
    "2025-11-01t10:00:00z": datetime(2025, 11, 1, 10, tzinfo=UTC),
    "2025-11-01 10:00:00Z": datetime(2025, 11, 1, 10, tzinfo=UTC),
    "2025-11-01T10:00:00-00:00": datetime(2025, 11, 1, 10, tzinfo=UTC),
    "2025-11-01T10:00:00+23:59": datetime(2025, 10, 31, 10, 1, tzinfo=UTC),
    "2025-11-01T10:00:00-23:59": datetime(2025, 11, 2, 9, 59, tzinfo=UTC),
    "2024-02-29T00:00:00Z": datetime(2024, 2, 29, tzinfo=UTC),
    "2025-11-01T10:00:00.123456789Z": datetime(2025, 11, 1, 10, 0, 0, 123_456, tzinfo=UTC),
    "2000-01-01T00:00:00Z": datetime(2000, 1, 1, tzinfo=UTC),
    "1999-12-31T23:30:00-01:00": datetime(2000, 1, 1, 0, 30, tzinfo=UTC),
    "2026-01-03T12:00:00Z": NOW + timedelta(days=1),
}
MOMENTS_REFUSED = {
    **dict.fromkeys(
        ["2016-12-31T23:59:60Z", "2025-06-30T23:60:00Z", "2025-06-30T24:00:00Z", "10000-01-01T00:00:00Z",
         "+10000-01-01T00:00:00Z", "2025-11-01T10:00:00+24:00", "2025-11-01T10:00:00+01:60", "2025-11-01T10:00:00+0100",
         "2025-11-01T10:00:00+01", "2025-11-01T10:00Z", "2025-11-01", "2025-11-01T10:00:00", "2025-02-29T00:00:00Z",
         "2025-13-01T00:00:00Z", "2025-00-01T00:00:00Z", "2025-01-32T00:00:00Z", "2025-11-01T10:00:00.Z",
         "2025-11-01T10:00:00.1234567891Z", "2025-11-01T10:00:00,5Z", " 2025-11-01T10:00:00Z",
         "2025-11-01T10:00:00Z ", "2025-11-01T10:00:00 Z", "2025-11-01T10:00:00Z\0", "infinity", "epoch", "now",
         "\uff12025-11-01T10:00:00Z", "2025-11-01T10:00:00UTC", "2025-11-01T10:00:00\u221201:00",
         "2025-W01-1T00:00:00Z", "today", "1735689600", ""],
        NO_MOMENT,
    ),
    "1999-12-31T23:59:59.999999Z": "timestamp: before the year 2000",
    "2000-01-01T00:30:00+01:00": "timestamp: before the year 2000",
    "0000-01-01T00:00:00Z": "timestamp: before the year 2000",
    "2026-01-03T12:00:00.000001Z": AHEAD,
    "2026-01-03T12:00:00-00:01": AHEAD,
    "9999-12-31T23:59:59Z": AHEAD,
}  # fmt: skip


def test_a_moment_is_what_rfc_3339_calls_one_from_2000_to_a_day_after_the_landing(lake: Lake) -> None:
    expected = dict.fromkeys(MOMENTS_TAKEN) | MOMENTS_REFUSED

    assert_verdicts(lake, {line(timestamp=moment): said for moment, said in expected.items()})

    occurred = {event["line_number"]: event["occurred_at"] for event in read_table(lake, EVENTS)}
    assert [occurred[number] for number in range(1, len(MOMENTS_TAKEN) + 1)] == list(MOMENTS_TAKEN.values())


def test_a_moment_is_a_text(lake: Lake) -> None:
    values = ["1735689600", "1735689600000", "true", '["2025-11-01T10:00:00Z"]', "{}"]
    lines = [RAW.replace('"2025-11-01T10:00:00Z"', value) + "}" for value in values]

    assert_verdicts(lake, dict.fromkeys(lines, NO_MOMENT) | {line(timestamp=None): "timestamp: missing"})


def test_a_day_ahead_is_counted_from_the_landing_not_from_the_build(lake: Lake) -> None:
    land_lines(lake, "webinar", touch(timestamp="2026-01-05T00:00:00Z"))

    assert build(lake, NOW + timedelta(days=30)).quarantined == 1


# --- who -------------------------------------------------------------------------------------------------------------

ADDRESSES_OF_JOHN = [
    "john@example.com", "JOHN@EXAMPLE.COM", " \tjohn@example.com\r\n", "\u00a0john@example.com\u2003",
    "john\uff20example.com", "\uff4aohn@example\uff0ecom", "\u200bjohn@example.com", "\ufeffjohn@example.com",
    "john@exam\u00adple.com", "\u202ejohn@example.com\u202c",
]  # fmt: skip
ADDRESSES_OF_OTHERS = [
    "john+tag@example.com", "o'neil@example.com", "!#$%&'*+/=?^_`{|}~-@example.com",
    "jörg@example.com", "john@bücher.example", "john@xn--bcher-kva.example", "straße@example.com", "ﬁn@example.com",
    "\U0001f464@example.com", "a@b.c", "null@null.null", "a" * 64 + "@example.com", "ünï" * 12 + "@example.com",
    "john@\u0915\u093f.example",
]  # fmt: skip
IMPOSSIBLE = [
    "", " ", "john", "john@", "@example.com", "john@example", "john@.com", "john@example.com.", "john@example..com",
    ".john@example.com", "john.@example.com", "jo..hn@example.com", "john@-example.com", "john@example-.com",
    "john@exa_mple.com", "john@ex ample.com", "jo hn@example.com", "jo\u00a0hn@example.com", "a\tb@example.com",
    "a\0b@example.com", "john@example.com\0", '"john"@example.com', '"john doe"@example.com', "john\\@x@example.com",
    "john@example.com@example.com", "john\uff20x@example.com", "<john@example.com>", "John <john@example.com>",
    "mailto:john@example.com", "john@example.com,ann@example.com", "john@example.com;", "john@[127.0.0.1]",
    "john@\U0001f464.com", "john@\u0301b.com", "\u200b", "\u200b@example.com", "john@\u00ad.com",
    "a" * 65 + "@example.com", "é" * 33 + "@example.com", "a@" + "b" * 250 + ".com",
]  # fmt: skip


def test_addresses_of_one_person_are_one_and_of_others_are_others(lake: Lake) -> None:
    said = verdicts(lake, "webinar", [line(email=email) for email in ADDRESSES_OF_JOHN + ADDRESSES_OF_OTHERS])

    assert dict.fromkeys(ADDRESSES_OF_JOHN + ADDRESSES_OF_OTHERS) == dict(
        zip(ADDRESSES_OF_JOHN + ADDRESSES_OF_OTHERS, said, strict=True)
    )
    addresses = {row["identity"] for row in read_table(lake, IDENTITIES)}
    assert len(addresses) == 1 + len(ADDRESSES_OF_OTHERS)
    assert {"john@example.com", "john+tag@example.com", "strasse@example.com", "fin@example.com"} <= addresses
    assert len({row["lead_id"] for row in read_table(lake, EVENTS)}) == 1 + len(ADDRESSES_OF_OTHERS)


def test_an_impossible_address_is_refused_even_beside_a_key(lake: Lake) -> None:
    lines = [line(email=email) for email in IMPOSSIBLE] + [line(email=email, lead_key="7") for email in IMPOSSIBLE]

    assert_verdicts(lake, dict.fromkeys(lines, NO_ADDRESS))


def test_a_domain_that_no_server_can_have_is_refused(lake: Lake) -> None:
    emails, longest = ["john@127.0.0.1", "john@example.123", "a@" + "b" * 64 + ".com"], "a@" + "b" * 63 + ".com"

    assert_verdicts(lake, {line(email=email): NO_ADDRESS for email in emails} | {line(email=longest): None})


def test_a_key_is_a_text_of_1_to_200_bytes_without_spaces_around_it(lake: Lake) -> None:
    taken = ["7", " 7 ", "\u20037\u00a0", "x" * 200, "é" * 100, "e\u0301" * 60, "a b", "0", "null"]
    refused = ["", " ", "\u00a0\u2003", "x" * 201, "é" * 101, 5, True, [], {}, 1.5]
    nul = "lead_key: holds a NUL character"

    assert_verdicts(
        lake,
        {line(lead_key=key): None for key in taken}
        | {line(lead_key=key): NO_KEY for key in refused}
        | {line(lead_key=key): nul for key in ("a\0", "\0", " \0 ")}
        | {line(email=None, lead_key=None): "no identity: neither email nor lead_key"},
    )
    keys = {row["identity"] for row in read_table(lake, IDENTITIES) if row["kind"] == "lead_key"}
    assert keys == {"7", "x" * 200, "é" * 100, "é" * 60, "a b", "0", "null"}


def test_a_key_of_blanks_alone_is_nobody(lake: Lake) -> None:
    assert_verdicts(lake, {line(lead_key=key): NO_KEY for key in ("\t", "\r\n", " \t ")})


def test_an_id_is_a_text_of_1_to_200_bytes_as_it_stands(lake: Lake) -> None:
    taken = [" ", "7", "7 ", "x" * 200, "\0", "é", "e\u0301"]
    refused = ["", "x" * 201, "é" * 101, 5, True, [], {}]

    assert_verdicts(lake, {line(event_id=key): None for key in taken} | {line(event_id=key): NO_ID for key in refused})
    assert {event["event_id"] for event in read_table(lake, EVENTS)} == set(taken)


# --- files -----------------------------------------------------------------------------------------------------------


def test_a_byte_order_mark_costs_the_first_line_alone_and_that_is_kept(lake: Lake) -> None:
    first = b"\xef\xbb\xbf" + json.dumps(touch()).encode()
    land_bytes(lake, "webinar", first + b"\n" + json.dumps(touch(n=1)).encode())

    assert build(lake, NOW).curated == 1
    (row,) = read_table(lake, QUARANTINE)
    assert (row["line_number"], row["reason"], row["line"]) == (1, NOT_JSON, first)


def test_a_file_in_another_encoding_is_quarantined_line_by_line(lake: Lake) -> None:
    kept: dict[str, list[bytes]] = {}
    for minute, encoding in enumerate(["utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp500"]):
        content = "".join(json.dumps(touch(n=n)) + "\n" for n in range(3)).encode(encoding)
        batch = batch_of(land_bytes(lake, "webinar", content, at=NOW + timedelta(minutes=minute)))
        kept[batch.batch_id] = [piece for piece in content.split(b"\n") if piece.strip(b" \t\r\f")]

    result = build(lake, NOW)

    assert (result.read, result.curated) == (result.quarantined, 0)
    rows = sorted(read_table(lake, QUARANTINE), key=lambda row: row["line_number"])
    assert kept == {batch: [row["line"] for row in rows if row["batch_id"] == batch] for batch in kept}


def test_a_file_of_blank_lines_is_built_and_counts_none(lake: Lake) -> None:
    contents = [b"\n", b"\n\n\r\n", b" ", b"\t\n \r\n\x0c"]
    keys = {batch_of(land_bytes(lake, "webinar", content)).key for content in contents}

    assert build(lake, NOW).read == 0

    counted = {row["key"]: (row["read"], row["refused"]) for row in read_table(lake, BATCHES)}
    assert counted == dict.fromkeys(keys, (0, None))
    assert build(lake, NOW).batches == 0


@pytest.mark.parametrize("ends", ["\n", "\r\n"])
def test_lines_are_numbered_with_the_blank_ones_and_the_last_needs_no_end(ends: str, lake: Lake) -> None:
    lines = ["", json.dumps(touch()), " ", json.dumps(touch(n=1)), "", "nonsense"]
    land_bytes(lake, "webinar", ends.join(lines).encode())

    result = build(lake, NOW)

    assert (result.read, result.curated, result.quarantined) == (3, 2, 1)
    assert {event["line_number"] for event in read_table(lake, EVENTS)} == {2, 4}
    assert quarantined(lake) == {6: NOT_JSON}


def test_a_file_with_the_line_ends_of_old_is_one_line_that_is_kept(lake: Lake) -> None:
    content = b"\r".join(json.dumps(touch(n=n)).encode() for n in range(3))
    land_bytes(lake, "webinar", content)

    assert build(lake, NOW).quarantined == 1
    assert [row["line"] for row in read_table(lake, QUARANTINE)] == [content]
