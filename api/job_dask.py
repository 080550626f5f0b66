"""Jobs on a Dask cluster: the same worker process, started by a Dask worker, with its files sent there and back.

The cluster may share no disk with the server. A worker that dies is noticed by Dask's scheduler, which gives the job to another; a job that kills one
worker after the other, or a scheduler that is gone, ends the job with the reason.
"""

from __future__ import annotations

import contextlib
import tempfile
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from api.job_process import run_child
from api.job_task import JobTask, Outcome, failed
from api.uploads import write_files
from core.errors import InputError
from core.progress import Progress

TICK = 0.1
"""How often futures are looked at [s]."""
ASKING = 0.4
"""How often a worker asks whether its job is cancelled [s]."""


@dataclass(frozen=True, slots=True)
class _Running:
    task: JobTask
    remote: Any
    local: Future[Outcome]


class DaskExecutor:
    """Jobs on a cluster.

    Args:
        address: `host:port` of the scheduler.

    Raises:
        InputError: No such scheduler, or the extra `dask` is not installed.
    """

    def __init__(self, address: str) -> None:
        try:
            from distributed import Client
        except ImportError:
            raise InputError("jobs on a Dask cluster need the extra: pip install 'pliant[dask]'") from None
        try:
            self._client = Client(f"tcp://{address}", timeout=5, set_as_default=False)
        except (OSError, ValueError) as error:
            raise InputError(f"no Dask scheduler answers at '{address}': {str(error)[:120]}") from None
        self._jobs: dict[str, _Running] = {}
        self._lock = threading.Lock()
        self._closed = threading.Event()
        self._watcher = threading.Thread(target=self._watch, daemon=True, name="pliant-dask")
        self._watcher.start()

    def submit(self, task: JobTask, started: Callable[[], object], progress: Progress) -> Future[Outcome]:
        """Takes a job; see `api.job_local.JobExecutor`."""
        root = Path(task.input)
        files = {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*") if path.is_file()}

        def said(event: tuple[float, dict[str, Any]]) -> None:
            message = event[1]
            if message["stage"] == "start":
                started()
            else:
                progress(message["stage"], message["done"], message["message"])

        self._client.subscribe_topic(_topic(task.id), said)
        remote = self._client.submit(on_worker, task, files, key=f"pliant-{task.id}-{time.time_ns()}", pure=False)
        local: Future[Outcome] = Future()
        with self._lock:
            self._jobs[task.id] = _Running(task, remote, local)
        return local

    def cancel(self, id: str) -> None:
        """Stops a job; see `api.job_local.JobExecutor`."""
        from distributed import Event

        with self._lock:
            job = self._jobs.pop(id, None)
        if job is None:
            return
        with contextlib.suppress(OSError, RuntimeError, TimeoutError):
            Event(_topic(id), client=self._client).set()
            job.remote.cancel(force=True)
            self._client.unsubscribe_topic(_topic(id))
        job.local.set_result(Outcome("cancelled"))

    def shutdown(self) -> None:
        """Stops all jobs; see `api.job_local.JobExecutor`."""
        for id in list(self._jobs):
            self.cancel(id)
        self._closed.set()
        self._watcher.join()
        self._client.close(timeout=5)

    def _watch(self) -> None:
        """Ends jobs: by their result, by what the scheduler says of them, or because it is gone."""
        while not self._closed.wait(TICK):
            gone = self._client.status not in ("running", "connecting")
            for id, job in list(self._jobs.items()):
                status = job.remote.status
                if status == "pending" and not gone:
                    continue
                with self._lock:
                    if self._jobs.pop(id, None) is None:
                        continue
                try:
                    job.local.set_result(self._outcome(job, status))
                except Exception as error:
                    # A full disk, a scheduler that does not answer: this job ends, the others go on.
                    job.local.set_exception(error)
                with contextlib.suppress(OSError, RuntimeError, ValueError):
                    self._client.unsubscribe_topic(_topic(id))

    def _outcome(self, job: _Running, status: str) -> Outcome:
        if status == "error":
            error = job.remote.exception(timeout=5)
            return failed("worker-died", f"the cluster gave the job up: {type(error).__name__}: {str(error)[:300]}")
        if status != "finished":
            return Outcome(
                "lost",
                problem={"type": "cluster-lost", "detail": f"the connection to the Dask scheduler was lost ({status}); send the job again"},
            )
        try:
            outcome, files = job.remote.result(timeout=60)
        except Exception as error:
            return failed("worker-died", f"the result could not be fetched from the cluster: {type(error).__name__}: {str(error)[:300]}")
        if outcome.state == "done":
            write_files(Path(job.task.output), files)
        return outcome


def _topic(id: str) -> str:
    return f"pliant-job-{id}"


def on_worker(task: JobTask, files: dict[str, bytes]) -> tuple[Outcome, dict[str, bytes]]:
    """Runs on a Dask worker: the job's process in a folder of its own.

    Args:
        task: The job; its folders are the server's and are replaced.
        files: Input files by path.

    Returns:
        The outcome, and the result files by name.
    """
    from distributed import Event, get_client, get_worker

    worker = get_worker()
    cancelled = Event(_topic(task.id), client=get_client())
    asked = [0.0, False]

    def tell(stage: str, done: float, message: str = "") -> None:
        worker.log_event(_topic(task.id), {"stage": stage, "done": done, "message": message})

    def stopped() -> bool:
        if time.monotonic() - asked[0] > ASKING:
            asked[:] = time.monotonic(), bool(cancelled.is_set())
        return bool(asked[1])

    tell("start", 0.0)
    with tempfile.TemporaryDirectory(prefix="pliant-") as folder:
        root = Path(folder)
        write_files(root / "input", files)
        here = replace(task, input=str(root / "input"), output=str(root / "output"))
        outcome = run_child(here, tell, stopped)
        done = {name: (root / "output" / name).read_bytes() for name in outcome.files}
    return outcome, done
