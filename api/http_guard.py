"""What stands before every route: who asks, from where, how often, and how much is sent."""

from __future__ import annotations

import hmac
import time
from collections import OrderedDict

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.http_problems import ProblemResponse, problem
from api.refusals import TooLargeError
from api.server_settings import ServerSettings

API = ("/jobs", "/cells", "/robots", "/tools", "/schema", "/openapi.json")
"""Paths, and what lies below them, that want the key where there is one; the page and /healthz hold no data."""
FORMS = ("/jobs", "/cells")
"""Where forms are posted."""
FORM_TYPES = ("multipart/form-data", "application/x-www-form-urlencoded")
"""The second holds no files: enough for jobs that need none."""
REMEMBERED = 10_000
"""Addresses whose requests are counted."""
SAFE = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "SAMEORIGIN",
    "Cross-Origin-Resource-Policy": "same-origin",
}


class Guard:
    """ASGI middleware; see the module.

    Args:
        app: What it stands before.
        settings: Of the server.
    """

    def __init__(self, app: ASGIApp, settings: ServerSettings) -> None:
        self._app = app
        self._settings = settings
        self._posts: OrderedDict[str, tuple[float, float]] = OrderedDict()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            # There are no websockets.
            if scope["type"] == "lifespan":
                await self._app(scope, receive, send)
            return

        left = [self._settings.body_bytes]
        answered = [False]

        async def counted() -> Message:
            message = await receive()
            left[0] -= len(message.get("body", b""))
            if left[0] < 0:
                raise TooLargeError(_too_large(self._settings))
            return message

        async def safe_send(message: Message) -> None:
            if left[0] < 0 and not answered[0]:
                # Whatever the route made of a body that was cut off: this is what happened.
                answered[0] = True
                await problem(413, TooLargeError.code, _too_large(self._settings), {"Connection": "close"})(scope, receive, send)
            if answered[0]:
                return
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in SAFE.items():
                    headers.setdefault(name, value)
            await send(message)

        refused = self._refused(scope)
        if refused is not None:
            await refused(scope, receive, safe_send)
        else:
            await self._app(scope, counted, safe_send)

    def _refused(self, scope: Scope) -> ProblemResponse | None:
        headers = Headers(scope=scope)
        path, host = scope["path"], headers.get("host", "")
        settings = self._settings
        if settings.api_key is None and _name(host) not in settings.hosts:
            return problem(403, "forbidden", f"this server answers to {', '.join(settings.hosts)}, not to '{host[:80]}'")
        origin = headers.get("origin")
        if origin is not None and origin.partition("://")[2] != host:
            return problem(403, "forbidden", "requests of pages from other servers are not answered")
        if settings.api_key is not None and any(path == it or path.startswith(f"{it}/") for it in API) and not self._knows_key(headers):
            return problem(
                401, "unauthorized", "give the API key, as `Authorization: Bearer KEY` or `X-API-Key: KEY`", {"WWW-Authenticate": "Bearer"}
            )
        length = headers.get("content-length", "0")
        if not length.isdecimal() or int(length[:20]) > settings.body_bytes:
            return problem(413, "upload-too-large", _too_large(settings), {"Connection": "close"})
        if scope["method"] == "POST" and path in FORMS:
            if headers.get("content-type", "").partition(";")[0].strip().lower() not in FORM_TYPES:
                return problem(415, "wrong-content-type", f"send a form: {' or '.join(FORM_TYPES)}", {"Accept-Post": ", ".join(FORM_TYPES)})
            if self._too_often((scope.get("client") or ("",))[0]):
                return problem(429, "too-many-requests", f"more than {settings.posts_per_minute} uploads a minute from one address")
        return None

    def _knows_key(self, headers: Headers) -> bool:
        scheme, _, bearer = headers.get("authorization", "").partition(" ")
        given = bearer.strip() if scheme.lower() == "bearer" else headers.get("x-api-key", "")
        return hmac.compare_digest(given.encode("utf-8", "replace"), (self._settings.api_key or "").encode())

    def _too_often(self, address: str) -> bool:
        """A bucket per address that fills with time; a request takes one."""
        most, now = float(self._settings.posts_per_minute), time.monotonic()
        tokens, last = self._posts.pop(address, (most, now))
        tokens = min(most, tokens + (now - last) * most / 60)
        self._posts[address] = (tokens - 1 if tokens >= 1 else tokens, now)
        while len(self._posts) > REMEMBERED:
            self._posts.popitem(last=False)
        return tokens < 1


def _too_large(settings: ServerSettings) -> str:
    return f"the request has more than {settings.body_bytes} bytes"


def _name(host: str) -> str:
    """A host header without its port."""
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0].lower()
