"""DuckDB's errors as the lake's own."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

import duckdb

from lake_access.errors import LeadlakeError, StorageError

# By what DuckDB's message holds, the first that fits.
_REMEDIES = (
    (r"No space left|Could not write all bytes", "Free space, or set LEADLAKE_HOME or LEADLAKE_LAKE to another disk."),
    (r"Permission denied|Read-only file system", "Check the rights of that folder."),
    (r"No such file|No files found|HTTP 404", "The file is gone: read the newest tables, restore it, or replay."),
    (r"HTTP 40[13]", "The AWS credentials do not allow it, or have expired: docs/storage.md lists the rights."),
    (r"HTTP (429|5\d\d)", "S3 asks for fewer requests, or fails for the moment: try again in a minute."),
    (r"error for HTTP", "S3 did not answer: check the network, and try again."),
)
# All that is told of such an error is the file's name.
_BROKEN_FILE = re.compile(r"(?:No magic bytes found|too small to be a Parquet|footer|corrupt).{0,60}'([^']+\.parquet)'")


@contextmanager
def engine_errors(what: str) -> Iterator[None]:
    """Errors of DuckDB as the lake's own: a sentence for what a user can mend, the kind alone for all else.

    Those other messages quote the values at hand, and an e-mail may be among them.
    """
    try:
        yield
    except duckdb.InterruptException:
        raise
    except duckdb.IOException as exc:
        raise StorageError(f"{what}: {io_sentence(exc)}") from exc
    except duckdb.OutOfMemoryException as exc:
        raise LeadlakeError(
            f"{what}: memory, or the space to spill to, ran out; set LEADLAKE_MEMORY higher, or free space in "
            "LEADLAKE_HOME."
        ) from exc
    except duckdb.Error as exc:
        broken = _BROKEN_FILE.search(str(exc))
        if broken is not None:
            raise StorageError(
                f"{what}: {broken[1]} is no whole Parquet file: it was changed or cut short. Restore it, or replay."
            ) from exc
        raise LeadlakeError(f"{what}: DuckDB failed ({type(exc).__name__}); run it again, or report it.") from exc


def io_sentence(exc: duckdb.IOException) -> str:
    """What went wrong with which file, and what to do where that is known."""
    message = str(exc).split("\n", 1)[0].partition(": ")[2].rstrip(".")
    remedy = next((remedy for sign, remedy in _REMEDIES if re.search(sign, message)), "Try again.")
    return f"{message}. {remedy}"
