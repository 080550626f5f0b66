"""Routes of jobs: sent, listed, watched, cancelled, and their files."""

from __future__ import annotations

import asyncio
import io
import json
import zipfile
from collections.abc import AsyncIterator
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, File, Form, Header, Query, Request, Response, UploadFile
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import FileResponse, JSONResponse, StreamingResponse

from api.http_models import JobModel, JobPage, job_entry, job_model, media_type
from api.http_problems import documented, problem
from api.job_kinds import KINDS
from api.job_options import LanguageName
from api.job_queue import JobQueue
from api.job_store import LARGEST_NUMBER, JobRow
from api.job_task import ENDED
from api.uploads import Upload, bare_name, inner_path, unpacked

router = APIRouter(tags=["jobs"])
LOOK_S = 0.25
"""How often an event stream looks for news [s]."""
BEAT = 40
"""After so many looks without news a comment keeps the stream alive."""
# A result is looked at, never run: names in it come from a stranger's drawing.
SANDBOX = {"Content-Security-Policy": "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data: 'self'"}
Kind = Literal["bend", "unfold", "weld", "verify", "export", "check"]


async def _queue(request: Request) -> JobQueue:
    # Not in a thread: this is asked with every request.
    queue: JobQueue = request.app.state.jobs
    return queue


Queue = Annotated[JobQueue, Depends(_queue)]


async def received(files: list[UploadFile]) -> list[Upload]:
    """Files of a form in memory; the whole body has been counted."""
    return [Upload(file.filename or "", await file.read()) for file in files]


@router.post("/jobs", status_code=202, response_model=JobModel, responses=documented(403, 409, 413, 415, 422, 429))
async def send_job(
    queue: Queue,
    response: Response,
    kind: Annotated[Kind, Form(description="what to do", examples=["bend"])],
    options: Annotated[
        str,
        Form(
            description="JSON with the options of the kind, the same names and units as the command line: see BendJobOptions, UnfoldJobOptions, WeldJobOptions, VerifyJobOptions, ExportJobOptions, CheckJobOptions",
            examples=['{"cell": "bending-kr120", "material": "stainless-304", "thickness_mm": 1, "angle_deg": 90}'],
        ),
    ] = "{}",
    files: Annotated[
        list[UploadFile],
        File(
            description="bend: one .dxf or .step, and if wanted a job file .yaml and a bend table .csv; unfold: one .step; weld: a weldment (.step, .stl, .obj, .glb), and if wanted a job file; verify: program files, also zipped; check: a cell; export: none"
        ),
    ] = [],  # noqa: B006
) -> dict[str, Any]:
    """Starts a job and answers at once; `Location` says where it is."""
    it = KINDS[kind]
    checked = it.options.model_validate_json(options)
    sent = await received(files)
    naming = inner_path if it.inner_folders else bare_name

    def take() -> JobRow:
        return queue.submit(kind, checked, unpacked(sent, queue.settings.upload, naming))

    row = await run_in_threadpool(take)
    response.headers["Location"] = f"/jobs/{row.id}"
    return job_model(row)


@router.get("/jobs", response_model=JobPage, responses=documented(422))
def list_jobs(
    queue: Queue,
    cursor: Annotated[str | None, Query(pattern=r"^[0-9]{1,15}$", description="`next` of the page before")] = None,
    limit: Annotated[int, Query(ge=1, le=200, description="most jobs on a page")] = 50,
) -> dict[str, Any]:
    """Jobs, newest first."""
    rows = queue.store.page(None if cursor is None else min(int(cursor), LARGEST_NUMBER), limit + 1)
    return {"jobs": [job_entry(row) for row in rows[:limit]], "next": str(rows[limit - 1].number) if len(rows) > limit else None}


@router.get("/jobs/{id}", response_model=JobModel, responses=documented(404))
def job_state(id: str, queue: Queue) -> Response:
    """State and progress; the results once the job is done."""
    # Asked most of all: written as it is, not checked field by field once more.
    return JSONResponse(job_model(queue.get(id)))


@router.delete(
    "/jobs/{id}", response_model=JobModel, responses={**documented(404), 204: {"description": "it had ended and is deleted with its files"}}
)
def delete_job(id: str, queue: Queue) -> Any:
    """Cancels a job that waits or runs: its process is stopped, nothing half-written stays. Deletes one that has ended."""
    if queue.get(id).state in ENDED:
        queue.delete(id)
        return Response(status_code=204)
    return job_model(queue.cancel(id))


@router.get(
    "/jobs/{id}/events",
    response_class=StreamingResponse,
    responses={
        **documented(404, 503),
        200: {
            "description": "`progress` (stage, done 0 to 1, message) and `state` (state, verified, problem)",
            "content": {"text/event-stream": {}},
        },
        204: {"description": "the job has ended and everything was told before"},
    },
)
async def job_events(
    id: str,
    queue: Queue,
    request: Request,
    last_event_id: Annotated[str, Header(max_length=40, description="number of the last event that was received")] = "0",
) -> Response:
    """Server-sent events with numbers, from the first or from `Last-Event-ID` on; the stream ends with the job."""
    after = int(last_event_id) if last_event_id.isascii() and last_event_id.isdecimal() and len(last_event_id) < 10 else 0
    row = await run_in_threadpool(queue.get, id)
    if row.state in ENDED and not await run_in_threadpool(queue.store.events, id, after, 1):
        return Response(status_code=204)
    streams: set[object] = request.app.state.streams
    if len(streams) >= queue.settings.streams:
        return problem(503, "unavailable", f"{queue.settings.streams} event streams are open already")

    async def told() -> AsyncIterator[str]:
        streams.add(mark := object())
        try:
            async for text in _events(queue, id, after):
                yield text
        finally:
            streams.discard(mark)

    return StreamingResponse(told(), media_type="text/event-stream", headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"})


async def _events(queue: JobQueue, id: str, after: int) -> AsyncIterator[str]:
    yield "retry: 2000\n\n"
    silent = 0
    while not queue.closing:
        news = await run_in_threadpool(queue.store.events, id, after)
        for after, name, data in news:
            yield f"id: {after}\nevent: {name}\ndata: {json.dumps(data)}\n\n"
            if data.get("state") in ENDED:
                return
        silent = 0 if news else silent + 1
        if silent % BEAT == BEAT - 1:
            row = await run_in_threadpool(queue.store.get, id)
            if row is None or row.state in ENDED:
                return
            yield ": still here\n\n"
        if not news:
            await asyncio.sleep(LOOK_S)


@router.get(
    "/jobs/{id}/files/{name:path}",
    response_class=FileResponse,
    responses={**documented(404), 200: {"description": "the file", "content": {"application/octet-stream": {}}}},
)
def job_file(id: str, name: str, queue: Queue, download: Annotated[bool, Query(description="as an attachment")] = False) -> FileResponse:
    """A result file, by a name from the job's `files`."""
    path = queue.file(queue.get(id), name)
    return FileResponse(path, media_type=media_type(name), headers=SANDBOX, filename=path.name if download else None)


@router.get(
    "/jobs/{id}/programs/{language}",
    response_class=FileResponse,
    responses={
        **documented(404, 409, 422, 429),
        200: {"description": "the program: its file, or a zip of several", "content": {"text/plain": {}, "application/zip": {}}},
        202: {"description": "it is being written by the job that `Location` names; ask again", "model": JobModel},
    },
)
def job_program(id: str, language: LanguageName, queue: Queue) -> Response:
    """The robot program in a language, written, read back and run on demand; kept for the next time."""
    holder = queue.exported(queue.get(id), language)
    if holder.state in ("queued", "running"):
        return JSONResponse(job_model(holder), 202, {"Location": f"/jobs/{holder.id}", "Retry-After": "1"})
    if holder.state == "failed":
        reason = holder.problem or {}
        return problem(409, reason.get("type", "not-ready"), reason.get("detail", "the export failed"))
    names = [name for name in holder.files or {} if name.startswith("robot/")]
    if not names:
        findings = [it for it in (holder.summary or {}).get("findings", []) if it["level"] == "error"]
        return problem(409, "not-verified", "; ".join(it["message"] for it in findings[:5]) or "there is no program", findings=findings)
    paths = [queue.file(holder, name) for name in names]
    if len(paths) == 1:
        return FileResponse(paths[0], media_type="text/plain", headers=SANDBOX, filename=paths[0].name)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in paths:
            # A fixed date: the same program, the same bytes.
            archive.writestr(zipfile.ZipInfo(path.name, (2000, 1, 1, 0, 0, 0)), path.read_bytes(), zipfile.ZIP_DEFLATED)
    headers = {"Content-Disposition": f'attachment; filename="{id}-{language}.zip"'}
    return Response(packed.getvalue(), media_type="application/zip", headers=headers)
