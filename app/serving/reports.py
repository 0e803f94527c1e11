"""Kept drift reports as pages of their own: in a sandbox, so that what stands in one cannot reach the dashboard.

A report is Evidently's page with its scripts within. The policy it is served with gives it an origin of its own, no
connection to anywhere, and only our pages may frame it.
"""

from __future__ import annotations

import getpass
import logging
from datetime import UTC, datetime
from typing import Final

from anyio import to_thread
from sqlalchemy import Engine
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from app.sign_in.requests import read_request
from app.sign_in.who import who_asks
from lake_access.errors import LeadlakeError, RefusedError
from lake_access.permissions import Action, Actor, local_user, may
from lake_access.settings import Settings
from lake_access.storage import open_store
from monitoring.kept_reports import HTML, read_index, read_part

log = logging.getLogger(__name__)

FOLDER: Final = "/drift-reports/"
POLICY: Final = (
    "sandbox allow-scripts; default-src 'none'; script-src 'unsafe-inline' 'unsafe-eval' data: blob:; "
    "style-src 'unsafe-inline' data:; img-src data: blob:; font-src data:; frame-src 'self' data: about:; "
    "worker-src blob:; connect-src 'none'; form-action 'none'; base-uri 'none'; frame-ancestors 'self'"
)


class Reports:
    """The route of kept reports; the door stands before it, and row limits are looked at here."""

    def __init__(self, settings: Settings, state: Engine, base_path: str) -> None:
        self._settings = settings
        self._state = state
        self._base_path = base_path

    def routes(self, prefix: str) -> list[Route]:
        """`/drift-reports/<id>`."""
        return [Route(f"{prefix}{FOLDER}{{report_id}}", self._report, methods=["GET"])]

    async def _report(self, request: Request) -> Response:
        try:
            return await to_thread.run_sync(self._read, request)
        except RefusedError:
            return PlainTextResponse("There is no such report.", 404)
        except LeadlakeError:
            log.exception("A report cannot be read")
            return PlainTextResponse("The report cannot be read at the moment.", 503)

    def _read(self, request: Request) -> Response:
        actor = self._actor(request)
        if actor is None or not may(actor, Action.VIEW_DASHBOARDS) or actor.limits is not None:
            return PlainTextResponse("A report is made from all leads, and is not for you.", 403)
        store = open_store(self._settings)
        page = read_part(store, read_index(store, request.path_params["report_id"]), HTML)
        return Response(page, media_type="text/html", headers={"Cache-Control": "private, no-store"})

    def _actor(self, request: Request) -> Actor | None:
        access = self._settings.declarations.access
        if access.sign_in == "none":
            return local_user(getpass.getuser())
        return who_asks(read_request(request.scope, self._base_path), access, self._state, datetime.now(UTC))
