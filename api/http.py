"""The HTTP application: routes, guard, description, and the page where it is built."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from fastapi.concurrency import run_in_threadpool
from fastapi.openapi.utils import get_openapi
from fastapi.responses import HTMLResponse
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from api import http_catalogue, http_jobs
from api.demo import add_demo
from api.http_guard import Guard
from api.http_problems import Problem, add_problems
from api.job_kinds import KINDS
from api.job_queue import JobQueue
from api.page import BUNDLE as PAGE
from api.page import add_page
from api.server_settings import ServerSettings

PAGES = Path(__file__).parent / "pages"
ABOUT = """Offline programming for press-brake bending cells. `POST /jobs` starts a job, `GET /jobs/{id}` and `/jobs/{id}/events` follow it,
`/jobs/{id}/files/...` and `/jobs/{id}/programs/{language}` are its results. Lengths, angles and times carry their unit in the field's name.
Errors are `application/problem+json` with the codes of the command line."""


def create_app(settings: ServerSettings) -> FastAPI:
    """The application. Its jobs are opened at once and stopped when it ends.

    Raises:
        InputError: Settings that cannot be used: a data folder in use, no such store or executor.
    """
    jobs = JobQueue(settings)

    @asynccontextmanager
    async def life(app: FastAPI) -> AsyncIterator[None]:
        if settings.demo:
            await run_in_threadpool(add_demo, jobs)
        # Read before anyone asks.
        threading.Thread(target=http_catalogue.shipped, daemon=True).start()
        yield
        await run_in_threadpool(jobs.close)

    # Swagger UI would come from another host; /docs is a page of our own.
    app = FastAPI(title="Pliant", description=ABOUT, lifespan=life, docs_url=None, redoc_url=None)
    app.state.jobs, app.state.streams = jobs, set()
    add_problems(app)
    app.add_middleware(Guard, settings=settings)
    app.include_router(http_jobs.router)
    app.include_router(http_catalogue.router)
    app.get("/docs", include_in_schema=False)(docs)
    app.openapi = lambda: _described(app)  # type: ignore[method-assign]
    if not add_page(app, PAGE):
        app.get("/", include_in_schema=False)(start)
    return app


def docs() -> HTMLResponse:
    """The description of the routes for people; reads /openapi.json, nothing else."""
    return HTMLResponse(
        (PAGES / "docs.html").read_text(), headers={"Content-Security-Policy": "default-src 'self' 'unsafe-inline'; img-src data:"}
    )


def start() -> HTMLResponse:
    """What stands at / until the page is built."""
    return HTMLResponse((PAGES / "start.html").read_text())


def _described(app: FastAPI) -> dict[str, Any]:
    """OpenAPI with what no route names by itself: problems, and the options of each kind."""
    if app.openapi_schema is None:
        schema = get_openapi(title=app.title, version="0.1.0", description=app.description, routes=app.routes)
        models: list[type[BaseModel]] = [Problem, *(kind.options for kind in KINDS.values())]
        _, extra = models_json_schema([(model, "validation") for model in models], ref_template="#/components/schemas/{model}")
        schemas = schema["components"]["schemas"]
        schemas |= extra["$defs"]
        # FastAPI's own form of errors is never sent.
        for name in ("HTTPValidationError", "ValidationError"):
            schemas.pop(name, None)
        for operations in schema["paths"].values():
            for operation in operations.values():
                if "application/json" in operation["responses"].get("422", {}).get("content", {}):
                    del operation["responses"]["422"]["content"]["application/json"]
        schema["components"]["securitySchemes"] = {
            "bearer": {"type": "http", "scheme": "bearer", "description": "where the server was started with --api-key"},
            "key": {"type": "apiKey", "in": "header", "name": "X-API-Key", "description": "the same key"},
        }
        app.openapi_schema = schema
    return app.openapi_schema
