"""Serves the page's bundle (`api/web/dist`) beside the routes, so that nothing is asked of another host."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from fastapi import FastAPI
from fastapi.responses import Response
from starlette.staticfiles import StaticFiles

BUNDLE = Path(__file__).parent / "web" / "dist"
POLICY = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
"""What the page may load: its own files only. Drawings and plans of strangers cannot change that."""


class Bundle(StaticFiles):
    """The bundle with the page's security headers."""

    def file_response(self, *args: Any, **kwargs: Any) -> Response:
        response = super().file_response(*args, **kwargs)
        response.headers["Content-Security-Policy"] = POLICY
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Referrer-Policy"] = "no-referrer"
        # A new version is seen at once; unchanged files cost a 304.
        response.headers["Cache-Control"] = "no-cache"
        return response


def add_page(app: FastAPI, bundle: Path = BUNDLE) -> bool:
    """Mounts the page at `/`; answers whether `make web` has made it. To be called after all routes, which go first."""
    built = (bundle / "index.html").is_file()
    if built:
        app.mount("/", Bundle(directory=bundle, html=True), name="page")
    return built
