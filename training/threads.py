"""How many threads scikit-learn takes: results must not follow it, and small work must not wait for it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from threadpoolctl import threadpool_limits

# Handing fewer rows than these to several threads takes longer than the work, most of all on a busy machine.
ROWS_FOR_THREADS = 20_000


@contextmanager
def steady_threads(rows: int) -> Iterator[None]:
    """Within the block, one thread of linear algebra: shared out, the last digits would follow the machine's cores.

    Boosting shares out whole features and rows, and gives the same with any number of threads; for few rows it gets
    one.
    """
    with ExitStack() as limits:
        limits.enter_context(threadpool_limits(limits=1, user_api="blas"))
        if rows < ROWS_FOR_THREADS:
            limits.enter_context(threadpool_limits(limits=1, user_api="openmp"))
        yield
