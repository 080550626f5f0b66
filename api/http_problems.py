"""Errors over HTTP: `application/problem+json` (RFC 9457) with the codes of the command line as types."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from sqlalchemy.exc import SQLAlchemyError
from starlette.exceptions import HTTPException

from api.refusals import BusyError, NameTakenError, NotReadyError, TooLargeError
from core.errors import PliantError, UnknownNameError

log = logging.getLogger("pliant.http")
RETRY_S = 10
"""Told to callers that come too often or too early [s]."""
STATUS_CODES = {
    400: "bad-request", 401: "unauthorized", 403: "forbidden", 404: "not-found", 405: "method-not-allowed", 413: "upload-too-large", 415: "wrong-content-type",
    422: "invalid-request", 429: "too-many-requests", 503: "unavailable",
}  # fmt: skip


class Problem(BaseModel):
    """What went wrong."""

    model_config = ConfigDict(extra="allow")
    type: str = Field(description="kebab-case code, the same as the command line's", examples=["unknown-name"])
    title: str = Field(description="the code in words", examples=["unknown name"])
    status: int = Field(description="HTTP status code", examples=[422])
    detail: str = Field(
        description="the thing, its value, the limit and what is valid", examples=["unknown cell 'x'; valid: bending-kr120"]
    )
    file: str | None = Field(default=None, description="the file that the trouble lies in", examples=["tray.dxf"])
    place: str | None = Field(default=None, description="where in the file", examples=["line 12"])
    errors: list[dict[str, Any]] | None = Field(default=None, description="single complaints about a request: `place` and `message`")


class ProblemResponse(JSONResponse):
    """A problem; any text can be told in it, also what is no valid Unicode."""

    media_type = "application/problem+json"

    def render(self, content: Any) -> bytes:
        """As ASCII."""
        return json.dumps(content).encode("ascii")


def problem(status: int, code: str, detail: str, headers: Mapping[str, str] | None = None, **more: Any) -> ProblemResponse:
    """A problem; `more` are its extension members, left out when empty."""
    content = {"type": code, "title": code.replace("-", " "), "status": status, "detail": detail}
    extra = {"Retry-After": str(RETRY_S)} if status in (429, 503) else {}
    return ProblemResponse(content | {key: value for key, value in more.items() if value}, status, {**extra, **(headers or {})})


def documented(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """`responses` of a route for OpenAPI."""
    schema = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {status: {"description": HTTPStatus(status).phrase, "content": schema} for status in (*statuses, 401, 500)}


def add_problems(app: FastAPI) -> None:
    """Every error of the application becomes a problem."""
    app.add_exception_handler(PliantError, _pliant)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(ValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(SQLAlchemyError, _store)
    app.add_exception_handler(Exception, _own)


async def _pliant(request: Request, error: Exception) -> ProblemResponse:
    assert isinstance(error, PliantError)
    status = {TooLargeError: 413, BusyError: 429, NotReadyError: 409, NameTakenError: 409}.get(type(error), 422)
    if isinstance(error, UnknownNameError) and request.method in ("GET", "DELETE"):
        status = 404
    # The file is named without the server's folders.
    file = None if error.file is None else error.file.replace("\\", "/").rsplit("/", 1)[-1]
    return problem(status, error.code, error.message, file=file, place=error.place)


async def _invalid(request: Request, error: Exception) -> ProblemResponse:
    assert isinstance(error, RequestValidationError | ValidationError)
    places = [{"place": ".".join(str(at) for at in entry["loc"]), "message": str(entry["msg"])} for entry in error.errors()[:20]]
    return problem(422, "invalid-request", "; ".join(f"{it['place'] or 'body'}: {it['message']}" for it in places), errors=places)


async def _http(request: Request, error: Exception) -> ProblemResponse:
    assert isinstance(error, HTTPException)
    return problem(error.status_code, STATUS_CODES.get(error.status_code, "http-error"), str(error.detail), error.headers)


async def _store(request: Request, error: Exception) -> ProblemResponse:
    log.error("%s %s: %s", request.method, request.url.path, str(error).splitlines()[0])
    return problem(503, "unavailable", "the job store does not answer; ask again later")


async def _own(request: Request, error: Exception) -> ProblemResponse:
    log.error("%s %s", request.method, request.url.path, exc_info=error)
    return problem(500, "internal-error", "the server met an error of its own; its log says more")
