"""A server with the job interface's shape and the page, over ready result folders: jobs that are sent in "run" for a moment and answer with a folder."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import FileResponse, JSONResponse, PlainTextResponse, Response, StreamingResponse

from api.job_kinds import cell_entry
from api.page import add_page
from bench.page_server import job_entry
from cells.weld_load import all_cell_names, load_any_cell

STAGES = ("read", "sequence", "motion", "replay", "export", "show")


class Stub:
    """Jobs by id; `folders` are finished, what is posted takes the first of them as its result.

    Attributes:
        received: What came with every POST: kind, options, file names.
        key: Asked for when set.
    """

    def __init__(self, folders: dict[str, Path], key: str | None = None, step: float = 0.25) -> None:
        self.jobs: dict[str, dict[str, Any]] = {}
        self.folders = dict(folders)
        self.received: list[tuple[str, dict[str, Any], list[str]]] = []
        self.key, self.step = key, step
        self.asked: set[tuple[str, str]] = set()
        for name, folder in folders.items():
            self.jobs[name] = job_entry(name, folder)

    def app(self) -> FastAPI:
        app = FastAPI()

        @app.middleware("http")
        async def guard(request: Request, go: Any) -> Any:
            if self.key and request.url.path.startswith(("/jobs", "/cells")) and request.headers.get("x-api-key") != self.key:
                return JSONResponse({"type": "unauthorized", "title": "unauthorized", "status": 401}, 401)
            return await go(request)

        app.get("/cells")(lambda: [cell_entry(load_any_cell(name), own=False) for name in all_cell_names()])
        app.get("/jobs")(lambda: {"jobs": list(self.jobs.values())})
        app.get("/jobs/{number}")(lambda number: self.jobs[number])
        app.post("/jobs")(self.start)
        app.delete("/jobs/{number}")(self.cancel)
        app.get("/jobs/{number}/events")(self.events)
        app.get("/jobs/{number}/files/{name:path}")(self.file)
        app.get("/jobs/{number}/programs/{language}")(self.program)
        add_page(app)
        return app

    async def start(self, request: Request) -> JSONResponse:
        form = await request.form()
        files = [it.filename for it in form.getlist("files")]
        self.received.append((str(form["kind"]), json.loads(str(form["options"])), files))
        number = f"new{len(self.received)}"
        self.jobs[number] = {"id": number, "kind": "bend", "title": files[0], "state": "running", "progress": {"stage": "read", "done": 0.0, "message": ""}, "files": [], "findings": [], "summary": None, "verified": None}  # fmt: skip
        return JSONResponse(self.jobs[number], 202, {"Location": f"/jobs/{number}"})

    def cancel(self, number: str) -> dict[str, Any]:
        self.jobs[number]["state"] = "cancelled"
        return self.jobs[number]

    def events(self, number: str) -> StreamingResponse:
        async def lines() -> AsyncIterator[str]:
            for k, stage in enumerate(STAGES):
                if self.jobs[number]["state"] != "running":
                    break
                yield f"id: {k}\nevent: progress\ndata: {json.dumps({'stage': stage, 'done': k / len(STAGES), 'message': 'at work'})}\n\n"
                await asyncio.sleep(self.step)
            if self.jobs[number]["state"] == "running":
                folder = next(iter(self.folders.values()))
                self.folders[number] = folder
                self.jobs[number] = job_entry(number, folder)
            yield f"event: state\ndata: {json.dumps({'state': self.jobs[number]['state']})}\n\n"

        return StreamingResponse(lines(), media_type="text/event-stream")

    def file(self, number: str, name: str) -> FileResponse:
        assert name in [it["name"] for it in self.jobs[number]["files"]]
        return FileResponse(self.folders[number] / name)

    def program(self, number: str, language: str) -> Response:
        """As the server: the first who asks is told to ask again."""
        if (number, language) not in self.asked:
            self.asked.add((number, language))
            return JSONResponse({"id": number, "state": "queued"}, 202, {"Retry-After": "0.1"})
        name = f'attachment; filename="ONE.{language}"'
        return PlainTextResponse(f"text in {language}\nsecond line", headers={"Content-Disposition": name})
