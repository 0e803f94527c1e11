"""Sums of linear algebra in one thread: shared out among several, the last digits would follow the machine's cores."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from threadpoolctl import threadpool_limits


@contextmanager
def one_thread_of_algebra() -> Iterator[None]:
    """Limit BLAS within the block. Boosting's own threads each sum whole features, and need no limit."""
    with threadpool_limits(limits=1, user_api="blas"):
        yield
