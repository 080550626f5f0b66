"""Jobs on this machine: so many at a time, each in a process of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Protocol

from api.job_process import run_child
from api.job_task import JobTask, Outcome
from core.progress import Progress


class JobExecutor(Protocol):
    """Where jobs are done."""

    def submit(self, task: JobTask, started: Callable[[], object], progress: Progress) -> Future[Outcome]:
        """Takes a job; `started` and `progress` are called from another thread, `started` again when the job is tried again."""

    def cancel(self, id: str) -> None:
        """Stops a job, waiting or running; its future ends soon after."""

    def shutdown(self) -> None:
        """Stops all jobs and waits until their processes are gone."""


class LocalExecutor:
    """Worker processes of this machine.

    Args:
        workers: Jobs at a time.
    """

    def __init__(self, workers: int) -> None:
        # A thread per running process: it listens to the process and does nothing else.
        self._threads = ThreadPoolExecutor(workers, thread_name_prefix="pliant-job")
        self._stops: dict[str, threading.Event] = {}
        self._futures: dict[str, Future[Outcome]] = {}

    def submit(self, task: JobTask, started: Callable[[], object], progress: Progress) -> Future[Outcome]:
        """Takes a job; see `JobExecutor`."""
        stop = threading.Event()

        def run() -> Outcome:
            if stop.is_set():
                return Outcome("cancelled")
            started()
            return run_child(task, progress, stop.is_set)

        self._stops[task.id] = stop
        future = self._threads.submit(run)
        self._futures[task.id] = future
        future.add_done_callback(lambda _: self._forget(task.id))
        return future

    def cancel(self, id: str) -> None:
        """Stops a job; see `JobExecutor`."""
        stop, future = self._stops.get(id), self._futures.get(id)
        if stop is not None:
            stop.set()
        if future is not None:
            future.cancel()

    def shutdown(self) -> None:
        """Stops all jobs; see `JobExecutor`."""
        futures = list(self._futures.values())
        for id in list(self._stops):
            self.cancel(id)
        wait(futures, timeout=10)
        self._threads.shutdown(wait=True, cancel_futures=True)

    def _forget(self, id: str) -> None:
        self._stops.pop(id, None)
        self._futures.pop(id, None)
