"""One lake, one identity key: a build with another key is refused before it gives anybody a second id."""

from __future__ import annotations

import hashlib
import hmac

from lake_access.building.identity import KEY_FILE, identity_digest
from lake_access.building.workshop import Workshop
from lake_access.errors import SettingsError
from lake_access.iceberg.commits import current_properties, pin
from lake_access.iceberg.tables import EVENTS, IDENTITIES
from lake_access.queries import load_query
from lake_access.settings import Settings

# Where the commits of the events say which key their ids come from: never the key itself.
KEY_PROPERTY = "leadlake.identity_key"
# No identity is of this form, so that nobody's id is the fingerprint.
_FIXED_TEXT = b"leadlake, which key?"


def fingerprint(key: bytes) -> str:
    """What tells this key from others: a keyed hash of a fixed text, from which the key cannot be found."""
    return hmac.new(key, _FIXED_TEXT, hashlib.sha256).hexdigest()[:32]


def check_key(workshop: Workshop) -> None:
    """Hold the build's key against the one that the lake's ids come from.

    A replay that writes every id anew may do without. A lake from before commits spoke of their key is asked for the id
    of an identity that it has, and takes the key's fingerprint with the next commit.

    Raises:
        SettingsError: it is another key.
    """
    said = current_properties(workshop.table(EVENTS)[0]).get(KEY_PROPERTY)
    same = _gives_the_ids_there_are(workshop) if said is None else said == fingerprint(workshop.identity_key)
    if not same:
        raise SettingsError(
            f"{key_place(workshop.settings)}: another key than the one this lake was built with: people would get a "
            f"second id, so nothing was built. {key_remedy(workshop.settings)}"
        )


def key_place(settings: Settings) -> str:
    """Where the key is configured."""
    if settings.environment.identity_key is not None:
        return "environment: LEADLAKE_IDENTITY_KEY"
    return str((settings.home / KEY_FILE).absolute())


def key_remedy(settings: Settings) -> str:
    """How to come by the lake's own key."""
    if settings.environment.identity_key is not None:
        return "Set it to the lake's own key, as the machines have it that built the lake before."
    return f"Copy {KEY_FILE} from the machine that built the lake before, or set LEADLAKE_IDENTITY_KEY to its key."


def _gives_the_ids_there_are(workshop: Workshop) -> bool:
    query = load_query("identity_example").format(scan=pin(workshop.table(IDENTITIES)[0]).scan())
    found = workshop.connection.execute(query).fetchone()
    if found is None:
        return True
    kind, identity, identity_id = found
    return bool(identity_digest(workshop.identity_key, kind, identity) == identity_id)
