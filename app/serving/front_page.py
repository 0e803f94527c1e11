"""The front page by its name: Streamlit serves the first page at `/` alone, and a link to `/overview` as not found."""

from __future__ import annotations

from pathlib import PurePath

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from app.navigation import PAGES

NAME = PurePath(PAGES[0].file).stem


def front_page_routes(prefix: str) -> list[Route]:
    """`/overview` leads to `/`, with the filters of the link."""

    async def to_the_front(request: Request) -> Response:
        query = request.url.query
        return RedirectResponse(f"{prefix}/?{query}" if query else f"{prefix}/", 307)

    return [Route(f"{prefix}/{NAME}", to_the_front, methods=["GET"])]
