"""Sends the dashboard: one page, its style and scripts, and nothing from elsewhere."""

from collections.abc import Awaitable, Callable
from importlib.resources import files

from fastapi import APIRouter
from fastapi.responses import Response

__all__ = ["dashboard"]

_TYPES = {"html": "text/html", "css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
    "img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}


def dashboard() -> APIRouter:
    """Return the routes ``/`` and ``/dashboard/NAME``."""
    routes = APIRouter(include_in_schema=False)
    folder = files(__package__).joinpath("static")
    for file in folder.iterdir():
        path = "/" if file.name == "index.html" else f"/dashboard/{file.name}"
        routes.add_api_route(path, _sends(file.name, file.read_bytes()), methods=["GET", "HEAD"])
    return routes


def _sends(name: str, content: bytes) -> Callable[[], Awaitable[Response]]:
    kind = f"{_TYPES[name.rpartition('.')[2]]}; charset=utf-8"

    async def send() -> Response:
        return Response(content, headers={**_HEADERS, "Content-Type": kind})

    return send
