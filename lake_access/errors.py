"""The one tree of errors that a user can meet; every message says what, which, and what to do.

LeadlakeError
├── SettingsError           leadlake.toml or the environment says something impossible
├── RefusedError            an action was refused, and nothing was changed
│   ├── ImportRefusedError      a CRM export cannot be read as its mapping says
│   ├── LandingRefusedError     a file of raw events is truncated, corrupt or bigger than it claims
│   ├── QueryRefusedError       SQL that may not run, or that names what does not exist
│   └── NotAllowedError         the one who acts has no role that may do this
├── ConflictError           somebody else committed first; a repeat may succeed
└── StorageError            the lake or its database cannot be reached, read or written

Errors of DuckDB, PyIceberg, boto3 and SQLAlchemy become one of these where they were called, with `raise … from exc`.
"""


class LeadlakeError(Exception):
    """The root of the tree: the command line prints its message and exits with 1, a page shows it as one sentence."""


class SettingsError(LeadlakeError):
    """A setting is missing, unknown or impossible; the message names the file, the key and the nearest known key."""


class RefusedError(LeadlakeError):
    """An action was refused, and nothing was changed."""


class ImportRefusedError(RefusedError):
    """A CRM export cannot be read as its mapping says; the message names the column or the line."""


class LandingRefusedError(RefusedError):
    """A file of raw events was refused whole; the message names it."""


class QueryRefusedError(RefusedError):
    """A query may not run or names what does not exist."""


class NotAllowedError(RefusedError):
    """The one who acts has no role that may do this; the message names the action and the roles that may."""


class ConflictError(LeadlakeError):
    """Another writer committed first; nothing of this attempt is visible, and a repeat may succeed."""


class StorageError(LeadlakeError):
    """The lake or its database cannot be reached, read or written; the message says which and what to check."""
