"""`/healthz` for a probe, and `/metrics` for Prometheus: figures of the lake and its jobs, no names and no secrets."""

from __future__ import annotations

import hmac
import ipaddress
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from anyio import to_thread
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Gauge, generate_latest
from sqlalchemy import Engine, func, select, text
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from jobs.tables import JOBS, open_jobs
from lake_access.database import reading
from lake_access.errors import LeadlakeError
from lake_access.lake import Lake, open_lake
from lake_access.settings import Settings

log = logging.getLogger(__name__)

UNSTORED = {"Cache-Control": "no-store"}
# Scrapers come every some seconds, and whoever comes more often gets the same figures.
KEPT_SECONDS = 5.0


@dataclass
class Health:
    """The two routes, with the lake that they look at, opened on first use."""

    settings: Settings
    state: Engine
    clock: Callable[[], float] = time.monotonic
    _lake: Lake | None = None
    _kept: tuple[float, bytes] | None = field(default=None)

    def routes(self, prefix: str) -> list[Route]:
        """`/healthz`, and `/metrics` unless it is switched off."""
        metrics = self.settings.declarations.access.metrics
        routes = [Route(f"{prefix}/healthz", self._healthz, methods=["GET"])]
        return [*routes, Route(f"{prefix}/metrics", self._metrics, methods=["GET"])] if metrics else routes

    async def _healthz(self, _request: Request) -> Response:
        try:
            await to_thread.run_sync(self._reach_database)
        except LeadlakeError:
            log.exception("The database of state does not answer")
            return PlainTextResponse("The database does not answer.", 503, UNSTORED)
        return PlainTextResponse("ok", 200, UNSTORED)

    async def _metrics(self, request: Request) -> Response:
        if not self._may_scrape(request):
            return PlainTextResponse("Metrics take their token.", 401, {**UNSTORED, "WWW-Authenticate": "Bearer"})
        try:
            figures = await to_thread.run_sync(self._figures)
        except LeadlakeError:
            log.exception("The figures cannot be had")
            return PlainTextResponse("The lake does not answer.", 503, UNSTORED)
        return Response(figures, 200, UNSTORED, CONTENT_TYPE_LATEST)

    def _may_scrape(self, request: Request) -> bool:
        """With the token; or, where there is none, from this machine and through no proxy."""
        token = self.settings.environment.metrics_token
        if token is not None:
            shown = request.headers.get("authorization", "").encode("utf-8", "replace")
            return hmac.compare_digest(shown, f"Bearer {token.get_secret_value()}".encode())
        if request.client is None or any(name in request.headers for name in ("x-forwarded-for", "forwarded", "via")):
            return False
        try:
            return ipaddress.ip_address(request.client.host).is_loopback
        except ValueError:
            return False

    def _reach_database(self) -> None:
        with reading(self.state) as connection:
            connection.execute(text("SELECT 1"))

    def _figures(self) -> bytes:
        now = self.clock()
        if self._kept is None or now - self._kept[0] > KEPT_SECONDS:
            self._lake = self._lake or open_lake(self.settings)
            self._kept = (now, figures_of(self._lake, self.state))
        return self._kept[1]


def figures_of(lake: Lake, state: Engine) -> bytes:
    """The figures in Prometheus' format.

    Raises:
        StorageError: the lake or the jobs cannot be read.
    """
    registry = CollectorRegistry()
    pinned = lake.pin()
    rows = Gauge("leadlake_table_rows", "Rows of a table at its newest snapshot.", ["table"], registry=registry)
    size = Gauge("leadlake_table_bytes", "Bytes of its data files.", ["table"], registry=registry)
    committed = Gauge(
        "leadlake_table_committed_timestamp_seconds", "When it was committed.", ["table"], registry=registry
    )
    for name, table in pinned.tables.items():
        rows.labels(name).set(table.rows)
        size.labels(name).set(table.bytes)
        if table.committed_at is not None:
            committed.labels(name).set(table.committed_at.timestamp())
    known = Gauge("leadlake_data_known_until_timestamp_seconds", "When the newest batch landed.", registry=registry)
    if pinned.known_until is not None:
        known.set(pinned.known_until.timestamp())
    _jobs(registry, state)
    return generate_latest(registry)


def _jobs(registry: CollectorRegistry, state: Engine) -> None:
    """How many jobs there are of each kind in each state, builds among them; and when one last went well."""
    counts = Gauge("leadlake_jobs", "Jobs, by what they do and their state.", ["kind", "state"], registry=registry)
    ended = Gauge("leadlake_job_succeeded_timestamp_seconds", "When one last did.", ["kind"], registry=registry)
    open_jobs(state)
    query = select(JOBS.c.kind, JOBS.c.state, func.count(), func.max(JOBS.c.finished_at))
    with reading(state) as connection:
        for kind, of_state, number, last in connection.execute(query.group_by(JOBS.c.kind, JOBS.c.state)):
            counts.labels(kind, of_state).set(number)
            if of_state == "succeeded" and last is not None:
                ended.labels(kind).set(last.timestamp())
