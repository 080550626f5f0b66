"""Jobs that run one after the other in a worker thread, with their state and their result folders."""

from __future__ import annotations

import json
import logging
import re
import secrets
import shutil
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from api.jobs import BendRequest, JobInput, drawn_part, run_bend
from cells.load import cell_names
from core.errors import InputError, PliantError, UnknownNameError
from parts.job import JobSpec

State = Literal["queued", "running", "done", "failed"]
WAITING = 20
"""So many jobs may wait."""
KEPT = 50
"""So many finished jobs are kept; the oldest goes first."""
log = logging.getLogger("pliant.jobs")


class BusyError(PliantError):
    """More work is waiting than the server takes."""

    code = "too-many-jobs"


@dataclass(eq=False, slots=True)
class Job:
    """One job.

    Attributes:
        id: Sixteen hexadecimal digits.
        folder: Where its input and its results lie.
        state: Where it stands.
        progress: Stage, share of the stage done, what is being done.
        summary: Of a finished job.
        problem: Code and words of what made it fail.
    """

    id: str
    folder: Path
    state: State = "queued"
    progress: dict[str, Any] = field(default_factory=lambda: {"stage": "queued", "done": 0.0, "message": ""})
    summary: dict[str, Any] | None = None
    problem: dict[str, str] | None = None

    def to_dict(self) -> dict[str, Any]:
        """What `GET /jobs/{id}` answers."""
        return {"id": self.id, "state": self.state, "progress": self.progress, "summary": self.summary, "problem": self.problem}


class JobStore:
    """All jobs of a server; closes with it, and forgets everything then."""

    def __init__(self) -> None:
        self.root = Path(tempfile.mkdtemp(prefix="pliant-jobs-"))
        self._jobs: dict[str, Job] = {}
        self._lock = threading.Lock()
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="pliant-job")

    def close(self) -> None:
        """Lets the running job end, drops those that wait, removes all folders."""
        self._worker.shutdown(wait=True, cancel_futures=True)
        shutil.rmtree(self.root, ignore_errors=True)

    def get(self, number: str) -> Job:
        """A job by id; raises `UnknownNameError`."""
        if number not in self._jobs:
            raise UnknownNameError("job", number[:40], ["the ids that POST /bend answered and that are still kept"])
        return self._jobs[number]

    def submit(self, job: JobSpec, drawing: bytes) -> Job:
        """Takes a job whose `part` is a bare file name; what is plainly wrong with it is said at once.

        Raises:
            InputError: A drawing that cannot be read, an unknown name, a bend that nobody describes.
            BusyError: When too many jobs wait.
        """
        if job.cell not in cell_names():
            # Over HTTP no cell file of the server's disk is opened.
            raise UnknownNameError("cell", job.cell, cell_names())
        with self._lock:
            if sum(it.state == "queued" for it in self._jobs.values()) >= WAITING:
                raise BusyError(f"{WAITING} jobs are waiting already; ask again later")
        number = secrets.token_hex(8)
        folder = self.root / number
        folder.mkdir()
        try:
            (folder / job.part).write_bytes(drawing)
            # JSON is YAML.
            (folder / "job.yaml").write_text(json.dumps(job.model_dump(mode="json", exclude_none=True)))
            drawn_part(JobInput(job, folder / job.part, job.cell, None))
        except PliantError:
            shutil.rmtree(folder)
            raise
        taken = Job(number, folder)
        with self._lock:
            self._jobs[number] = taken
            self._forget()
        self._worker.submit(self._run, taken)
        return taken

    def file(self, job: Job, name: str) -> Path:
        """A result file; only names that the job itself wrote are known."""
        names = [] if job.summary is None else list(job.summary["files"])
        if name not in names:
            raise UnknownNameError("result file", name[:80], names)
        return job.folder / "result" / name

    def _forget(self) -> None:
        finished = [it for it in self._jobs.values() if it.state in ("done", "failed")]
        for old in finished[: max(len(finished) - KEPT, 0)]:
            del self._jobs[old.id]
            shutil.rmtree(old.folder, ignore_errors=True)

    def _run(self, job: Job) -> None:
        job.state = "running"

        def progress(stage: str, done: float, message: str = "") -> None:
            job.progress = {"stage": stage, "done": round(done, 3), "message": message}

        try:
            summary, files = run_bend(BendRequest(job.folder / "job.yaml"), progress)
            for name, data in files.items():
                path = job.folder / "result" / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(data)
        except PliantError as error:
            job.problem = {"type": error.code, "detail": error.message}
            job.state = "failed"
        except Exception:
            log.exception("job %s", job.id)
            job.problem = {"type": "internal-error", "detail": "the server met an error of its own; its log says more"}
            job.state = "failed"
        else:
            job.summary = summary
            job.progress = {"stage": "done", "done": 1.0, "message": ""}
            job.state = "done"


def safe_name(name: str) -> str:
    """A drawing's file name without folders and odd characters; raises `InputError` when it is no DXF."""
    bare = re.sub(r"[^A-Za-z0-9_.-]+", "_", name.replace("\\", "/").rsplit("/", 1)[-1]).lstrip("._-")
    stem, dot, suffix = bare.rpartition(".")
    if not dot or not stem or suffix.lower() != "dxf":
        raise InputError(f"the drawing's name '{name[:80]}' does not end in .dxf")
    return f"{stem[:80]}.dxf"
