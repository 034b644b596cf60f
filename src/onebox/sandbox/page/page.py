"""Serves the page and its two assets; nothing of it comes from elsewhere, and nothing else may run on it."""

from __future__ import annotations

from html import escape
from importlib.resources import files

from aiohttp import web

_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; media-src 'self'; "
    "connect-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}
_ASSETS = {"chat.js": "text/javascript", "chat.css": "text/css"}


def page(title: str) -> web.Response:
    """The page, for one of the sandboxes."""
    text = _read("chat.html").replace("{title}", escape(title))
    return web.Response(text=text, content_type="text/html", headers=_HEADERS)


def asset(name: str) -> web.Response:
    """Its script or its style. Raises HTTPNotFound."""
    if name not in _ASSETS:
        raise web.HTTPNotFound
    return web.Response(text=_read(name), content_type=_ASSETS[name], headers=_HEADERS)


def _read(name: str) -> str:
    return files(__package__).joinpath(name).read_text(encoding="utf-8")
