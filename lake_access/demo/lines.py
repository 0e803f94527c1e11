"""From columns to lines of JSON: identities as people and systems write them, and the lines that must be refused."""

from __future__ import annotations

from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lake_access.demo.events import BoolArray, Column, Events, FloatArray, IntArray, Words
from lake_access.demo.leads import Leads
from lake_access.demo.plan import YEAR_DAYS, DemoPlan

FIRST_NAMES: Final = (
    "anna", "ben", "clara", "david", "elena", "felix", "greta", "hugo", "ines", "jonas", "klara", "leo", "maria",
    "nils", "olga", "paul", "rosa", "sami", "tessa", "umar", "vera", "wim", "yara", "zoe", "adam", "bianca", "carl",
    "dora", "emil", "fatima", "goran", "hanna", "ivan", "julia", "kofi", "lena", "marco", "nora", "omar", "pia",
)  # fmt: skip
LAST_NAMES: Final = (
    "adler", "bauer", "costa", "dubois", "egger", "ferrari", "garcia", "huber", "ivanova", "jansen", "keller", "lang",
    "moreau", "novak", "olsen", "petit", "quist", "rossi", "silva", "torres", "ulrich", "vogel", "weber", "yilmaz",
    "zeller", "andersen", "brandt", "conti", "dekker", "evans", "fischer", "gruber", "hansen", "kaminski", "lopez",
    "meyer", "nowak", "ortiz", "peeters", "romano", "schmid", "visser", "wagner", "zimmer",
)  # fmt: skip
# Reserved for examples (RFC 2606): no message can reach anybody.
MAIL_DOMAINS: Final = (
    "example.com", "example.org", "example.net",
    "mail.example.com", "post.example.org", "office.example.net", "works.example.com",
)  # fmt: skip

SHOUTED_SHARE: Final = 0.02  # e-mails written in capitals
SPACED_SHARE: Final = 0.01  # e-mails with stray spaces

# Lines that must be refused, by stream and defect; the same number whatever the plan's size.
REFUSALS_EACH: Final = 8
REFUSED_LINES: Final = {
    "roadshow": (
        '{{"event_type":"roadshow_visit","email":"no.zone.{n}@example.com","timestamp":"{bare}","dwell_minutes":9}}',
    ),
    "webinar": (
        '{{"event_type":"webinar_attendance","email":"endless.{n}@example.org","timestamp":"{bare}Z",'
        '"duration":{endless},"questions":1}}',
    ),
    "online": (
        '{{"event_type":"page_view","email":"cut.off.{n}@example.net","timestamp":"{bare}Z","page":"pri',
        '{{"event_type":"brochure_download","email":"nobody-{n}.example.com","timestamp":"{bare}Z"}}',
    ),
    "scores": (),
    "sales": ('{{"event_type":"sales_action","timestamp":"{bare}Z","action":"call"}}',),
    "outcomes": (),
}
PLANTED_REFUSALS: Final = {stream: REFUSALS_EACH * len(lines) for stream, lines in REFUSED_LINES.items()}


def email_addresses(leads: Leads) -> pa.Array:
    """Each lead's address, plainly written; the lead's number makes it the lead's own."""
    number = leads.number
    person = pc.binary_join_element_wise(
        _word(FIRST_NAMES, number * 7 % len(FIRST_NAMES)),
        _word(LAST_NAMES, number * 13 % len(LAST_NAMES)),
        pa.array(number + 1).cast(pa.string()),
        ".",
    )
    return pc.binary_join_element_wise(person, _word(MAIL_DOMAINS, number * 5 % len(MAIL_DOMAINS)), "@")


def crm_keys(leads: Leads) -> pa.Array:
    """Each lead's key in the CRM, as `crm-000123`."""
    number = pc.utf8_lpad(pa.array(leads.number + 1).cast(pa.string()), 6, padding="0")
    return pc.binary_join_element_wise("crm", number, "-")


def json_lines(events: Events, leads: Leads, rng: np.random.Generator) -> pa.Array:
    """One line of JSON for each event, with its newline; what an event does not have is left out."""
    email = _as_written(email_addresses(leads).take(pa.array(events.lead)), rng)
    parts = [
        pa.scalar(f'{{"event_type":"{events.event_type}"'),
        *([_event_ids(events, leads)] if events.event_type == "sales_action" else []),
        _member("email", _where(events.who.email, email), quoted=True),
        _member("lead_key", _where(events.who.key, crm_keys(leads).take(pa.array(events.lead))), quoted=True),
        _member("timestamp", _timestamps(events.at), quoted=True),
        *(_member(name, _text(column), quoted=isinstance(column, Words)) for name, column in events.fields.items()),
        pa.scalar("}\n"),
    ]
    return pc.binary_join_element_wise(*parts, "")


def refused_lines(plan: DemoPlan, stream: str) -> tuple[IntArray, pa.Array]:
    """The moments and texts of a stream's lines that must be refused: spread over the year, each unlike any other."""
    at, lines = [], []
    for defect, line in enumerate(REFUSED_LINES[stream]):
        for n in range(REFUSALS_EACH):
            at.append(plan.days_before_end((n + 0.35 + 0.2 * defect) * YEAR_DAYS / REFUSALS_EACH))
            bare = str(np.datetime64(at[-1], "s"))
            lines.append(line.format(n=n + 1, bare=bare, endless=14_400 + n) + "\n")
    return np.array(at, dtype=np.int64), pa.array(lines, pa.string())


def _as_written(email: pa.Array, rng: np.random.Generator) -> pa.Array:
    """Addresses as people type them: now and then in capitals, or with a space before and two after."""
    draw: FloatArray = rng.random(len(email))
    shouted = pc.if_else(pa.array(draw < SHOUTED_SHARE), pc.utf8_upper(email), email)
    spaced = pc.binary_join_element_wise(" ", shouted, "  ", "")
    return pc.if_else(pa.array(draw > 1 - SPACED_SHARE), spaced, shouted)


def _event_ids(events: Events, leads: Leads) -> pa.Array:
    """The CRM numbers its actions: the lead's number, and the action's place among the lead's."""
    first = np.flatnonzero(np.diff(events.lead, prepend=-1))
    place = np.arange(len(events)) - np.repeat(first, np.diff(first, append=len(events)))
    number = pa.array(leads.number[events.lead] + 1).cast(pa.string())
    name = pc.binary_join_element_wise("act", number, pa.array(place + 1).cast(pa.string()), "-")
    return _member("event_id", name, quoted=True)


def _member(name: str, text: pa.Array, *, quoted: bool) -> pa.Array:
    """`,"name":text`, or nothing where the text is null; texts are this package's own words, and need no escaping."""
    quote = '"' if quoted else ""
    return pc.fill_null(pc.binary_join_element_wise(f',"{name}":{quote}', text, quote, ""), "")


def _text(column: Column) -> pa.Array:
    if isinstance(column, Words):
        return _word(column.vocabulary, column.code)
    return pa.array(column).cast(pa.string())


def _word(vocabulary: tuple[str, ...], code: IntArray) -> pa.Array:
    return pa.array(vocabulary, pa.string()).take(pa.array(code, mask=code < 0))


def _where(mask: BoolArray, text: pa.Array) -> pa.Array:
    return pc.if_else(pa.array(mask), text, None)


def _timestamps(at: IntArray) -> pa.Array:
    plain = pa.array(at).cast(pa.timestamp("s")).cast(pa.string())
    return pc.binary_join_element_wise(pc.replace_substring(plain, " ", "T"), "Z", "")
