"""HTTP: cells and robots to choose from, jobs to start, their state and their files.

A drawing is sent as the request's body with the options as query parameters, or as JSON with the drawing as text.
"""

from __future__ import annotations

import mimetypes
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any, Literal

from fastapi import Depends, FastAPI, Query, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.exceptions import RequestValidationError
from fastapi.responses import FileResponse, JSONResponse
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.exceptions import HTTPException

from api.job_store import BusyError, JobStore, safe_name
from cells.load import cell_names, load_cell
from core.errors import PliantError, UnknownNameError
from parts.job import BendEntry, BendTableEntry, JobSpec
from robots.catalogue import robot_entry, robot_names

LARGEST = 10_000_000
"""Of a request's body [bytes]."""
STATUS_CODES = {400: "bad-request", 404: "not-found", 405: "method-not-allowed", 413: "upload-too-large", 422: "invalid-request"}


class TooLargeError(PliantError):
    """An upload beyond the limit."""

    code = "upload-too-large"


class BendOptions(BaseModel):
    """The options of a drawing that is sent as the body; they mean what those of `pliant bend` mean."""

    model_config = ConfigDict(extra="forbid")
    file_name: Annotated[str, Field(max_length=300)] = "part.dxf"
    cell: str
    material: str
    thickness_mm: float
    angle_deg: float | None = None
    direction: Literal["up", "down"] | None = None
    radius_mm: float | None = None
    units: Literal["mm", "cm", "m", "inch", "ft"] | None = None
    gripper: str | None = None
    seed: int = 0

    def job(self) -> JobSpec:
        """As a job file says it."""
        direction = self.direction or ("up" if self.angle_deg is not None else None)
        default = BendEntry(angle_deg=self.angle_deg, direction=direction, radius_mm=self.radius_mm)
        return JobSpec(
            part=safe_name(self.file_name), cell=self.cell, material=self.material, thickness_mm=self.thickness_mm,
            bends=BendTableEntry(default=default), units=self.units, gripper=self.gripper, seed=self.seed,
        )  # fmt: skip


class JobBody(BaseModel):
    """A job as JSON: `job` as in a job file, its `part` only a name; the drawing's text beside it."""

    model_config = ConfigDict(extra="forbid")
    job: JobSpec
    drawing: str


def create_app() -> FastAPI:
    """The application with its own job store."""

    @asynccontextmanager
    async def life(app: FastAPI) -> AsyncIterator[None]:
        app.state.jobs = JobStore()
        yield
        await run_in_threadpool(app.state.jobs.close)

    app = FastAPI(title="Pliant", lifespan=life)
    app.add_exception_handler(PliantError, _pliant_problem)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(ValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http_problem)
    app.add_exception_handler(Exception, _own_error)
    app.get("/cells")(cells)
    app.get("/robots")(robots)
    app.post("/bend", status_code=202)(bend)
    app.get("/jobs/{number}")(job_state)
    app.get("/jobs/{number}/files/{name:path}")(job_file)
    return app


def _store(request: Request) -> JobStore:
    store: JobStore = request.app.state.jobs
    return store


Store = Annotated[JobStore, Depends(_store)]


def cells() -> list[dict[str, Any]]:
    """Shipped cells."""
    found = [load_cell(name) for name in cell_names()]
    return [
        {"name": it.name, "title": it.title, "robot": it.robot.model.name, "brake": it.brake.name, "grippers": [g.name for g in it.grippers], "stations": list(it.stations)}
        for it in found
    ]  # fmt: skip


def robots() -> list[dict[str, Any]]:
    """Shipped robots."""
    keys = ("title", "payload_kg", "reach_m", "controller", "language")
    return [{"name": name} | {key: robot_entry(name)[key] for key in keys} for name in robot_names()]


async def bend(request: Request, store: Store) -> dict[str, Any]:
    """Starts a job: a drawing with query parameters, or JSON (`JobBody`). Answers the job's id at once."""
    body = await _body(request)
    if request.headers.get("content-type", "").partition(";")[0].strip() == "application/json":
        sent = JobBody.model_validate_json(body)
        spec, drawing = sent.job.model_copy(update={"part": safe_name(sent.job.part)}), sent.drawing.encode()
    else:
        spec, drawing = BendOptions.model_validate(dict(request.query_params)).job(), body
    job = await run_in_threadpool(store.submit, spec, drawing)
    return {"id": job.id, "state": job.state, "url": f"/jobs/{job.id}"}


def job_state(number: str, store: Store) -> dict[str, Any]:
    """State, progress, and the summary once it is there."""
    return store.get(number).to_dict()


def job_file(number: str, name: str, store: Store, download: Annotated[bool, Query()] = False) -> FileResponse:
    """A file of the result folder, by the name in the summary's `files`."""
    path = store.file(store.get(number), name)
    kind = mimetypes.guess_type(name)[0] or ("model/gltf-binary" if name.endswith(".glb") else "text/plain")
    # A result is looked at, never run: names in it come from a stranger's drawing.
    headers = {"X-Content-Type-Options": "nosniff", "Content-Security-Policy": "sandbox"}
    return FileResponse(path, media_type=kind, headers=headers, filename=path.name if download else None)


async def _body(request: Request) -> bytes:
    """The request's body, read no further than the limit."""
    parts: list[bytes] = []
    size = 0
    async for piece in request.stream():
        size += len(piece)
        if size > LARGEST:
            raise TooLargeError(f"the upload has more than {LARGEST} bytes")
        parts.append(piece)
    return b"".join(parts)


def _problem(status: int, code: str, detail: str, **more: Any) -> JSONResponse:
    """RFC 9457; the type is the error's own kebab-case code."""
    content = {"type": code, "title": code.replace("-", " "), "status": status, "detail": detail, **more}
    return JSONResponse(content, status, media_type="application/problem+json")


async def _pliant_problem(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, PliantError)
    status = {TooLargeError: 413, BusyError: 429}.get(type(error), 422)
    if isinstance(error, UnknownNameError) and request.method == "GET":
        status = 404
    # The file is named without the server's folders.
    file = None if error.file is None else error.file.replace("\\", "/").rsplit("/", 1)[-1]
    return _problem(status, error.code, error.message, **{k: v for k, v in (("file", file), ("place", error.place)) if v})


async def _invalid(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError | ValidationError)
    places = [{"place": ".".join(str(at) for at in entry["loc"]), "message": str(entry["msg"])} for entry in error.errors()]
    return _problem(
        422, "invalid-request", "; ".join(f"{it['place'] or 'body'}: {it['message']}" for it in places[:20]), errors=places[:20]
    )


async def _http_problem(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    return _problem(error.status_code, STATUS_CODES.get(error.status_code, "http-error"), str(error.detail))


async def _own_error(request: Request, error: Exception) -> JSONResponse:
    return _problem(500, "internal-error", "the server met an error of its own; its log says more")
