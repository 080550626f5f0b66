"""One finished result folder behind the job interface and the page, without planning anything."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import uvicorn
from fastapi import FastAPI
from starlette.staticfiles import StaticFiles

from api.page import add_page


def job_entry(number: str, folder: Path) -> dict[str, Any]:
    """What `GET /jobs/{id}` says of a finished job in a folder."""
    summary = json.loads((folder / "summary.json").read_text())
    names = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    return {
        "id": number, "kind": "bend", "title": summary["part"], "state": "done", "progress": {"stage": "done", "done": 1.0, "message": ""},
        "verified": summary["verified"], "summary": summary, "findings": summary["findings"],
        "files": [{"name": name, "url": f"/jobs/{number}/files/{name}", "bytes": (folder / name).stat().st_size} for name in names],
    }  # fmt: skip


def folder_app(folder: Path) -> FastAPI:
    """The folder as the job `job`."""
    app = FastAPI()
    app.get("/jobs")(lambda: {"jobs": [job_entry("job", folder)]})
    app.get("/jobs/job")(lambda: job_entry("job", folder))
    app.mount("/jobs/job/files", StaticFiles(directory=folder))
    add_page(app)
    return app


@contextmanager
def serving(app: FastAPI) -> Iterator[str]:
    """The address of a server on a free port of this host."""
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="warning", timeout_graceful_shutdown=1))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.02)
    port = server.servers[0].sockets[0].getsockname()[1]
    yield f"http://127.0.0.1:{port}/"
    server.should_exit = True
    thread.join(5)
