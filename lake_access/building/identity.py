"""Who an event is about: one lead for each person, told by e-mail address, by CRM key, or by both.

An identity (an address or a key) has a keyed hash, its `identity_id`. Identities that one event names together belong
to one lead, and so do those that are linked through others. The lead's id is the smallest identity_id among its
addresses, or its key's where no address is known: the same whatever the order in which events arrive.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import tempfile
import unicodedata
from pathlib import Path
from uuid import UUID

import duckdb

from lake_access.errors import SettingsError, StorageError
from lake_access.queries import load_query
from lake_access.settings import Settings
from lake_access.storage import LocalStore

KEY_FILE = "identity.key"
SHORTEST_KEY = 16
_HMAC_BLOCK = 64
_IGNORABLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164"
    "\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)


def identity_key(settings: Settings) -> bytes:
    """The lake's secret: from the environment, else from a file in the home that is made on first use.

    Raises:
        SettingsError: the file can be neither read nor made.
    """
    key = known_key(settings)
    if key is None:
        try:
            _make_key(LocalStore(settings.home))
        except StorageError as exc:
            raise SettingsError(f"{exc} Or set LEADLAKE_IDENTITY_KEY.") from exc
        key = known_key(settings) or b""
    return key


def known_key(settings: Settings) -> bytes | None:
    """The same, but None where there is none yet.

    Raises:
        SettingsError: the file cannot be read, or holds no key.
    """
    configured = settings.environment.identity_key
    if configured is not None:
        return configured.get_secret_value().encode()
    home = LocalStore(settings.home)
    try:
        content = home.read_bytes(KEY_FILE)
    except StorageError as exc:
        raise SettingsError(f"{exc} Or set LEADLAKE_IDENTITY_KEY.") from exc
    if content is not None and len(content.strip()) < SHORTEST_KEY:
        raise SettingsError(f"{home.address(KEY_FILE)}: holds no key; bring back the lake's from a backup.")
    return None if content is None else content.strip()


def _make_key(home: LocalStore) -> None:
    """Make the key whole or not at all; of several builds that come first at once, one makes it for all."""
    with tempfile.TemporaryDirectory(prefix="leadlake-") as folder:
        file = Path(folder) / KEY_FILE
        file.write_text(secrets.token_hex(32) + "\n", encoding="ascii")
        home.put_if_absent(KEY_FILE, file)


def prepare(connection: duckdb.DuckDBPyConnection, key: bytes) -> None:
    """Give the connection, once, the key of `identity_digest` and the function that the queries call."""
    if len(key) > _HMAC_BLOCK:
        key = hashlib.sha256(key).digest()
    padded = key.ljust(_HMAC_BLOCK, b"\0")
    connection.execute("SET VARIABLE inner_pad = $1::BLOB", [bytes(byte ^ 0x36 for byte in padded)])
    connection.execute("SET VARIABLE outer_pad = $1::BLOB", [bytes(byte ^ 0x5C for byte in padded)])
    connection.create_function("fold_unicode", fold_unicode, ["VARCHAR"], "VARCHAR")


def fold_unicode(text: str) -> str:
    """An address in Unicode's compatibility form (NFKC), case folded, without spaces around it or invisible signs.

    Invisible are those with the property Default_Ignorable_Code_Point, which NFKC_Casefold too leaves out (Unicode
    Standard, 3.13): a byte order mark or soft hyphen that was copied with an address makes no other person.
    """
    visible = _IGNORABLE.sub("", unicodedata.normalize("NFKC", text))
    return unicodedata.normalize("NFKC", visible.casefold()).strip()


def identity_digest(key: bytes, kind: str, identity: str) -> UUID:
    """An identity's id: the first 128 bits of the HMAC-SHA256 (RFC 2104) of `kind:identity`, as the queries make it."""
    return UUID(bytes=hmac.new(key, f"{kind}:{identity}".encode(), hashlib.sha256).digest()[:16])


def link_identities(connection: duckdb.DuckDBPyConnection) -> None:
    """Take in the identities of the chunk's sound lines, and link those that an event names together.

    Reads the temporary table `typed`; extends `identities`, `links`, and `relinked`: the ids that were a lead's before.
    """
    connection.execute(load_query("identity_collect"))
    while True:
        connection.execute(load_query("identity_moves"))
        if connection.table("moves").shape[0] == 0:
            return
        connection.execute(load_query("identity_apply"))
        while changed_rows(connection.execute(load_query("identity_follow"))):
            pass


def changed_rows(executed: duckdb.DuckDBPyConnection) -> int:
    """How many rows an UPDATE or INSERT has changed."""
    row = executed.fetchone()
    return 0 if row is None else int(row[0])
