"""One job in a process of its own: started, listened to, stopped."""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from api.job_task import JobTask, Outcome, failed
from core.progress import Progress

TICK = 0.1
"""How often it is asked whether the job shall stop [s]."""
LONGEST_LINE = 50_000_000
"""That a worker may say [bytes]."""
ROOT = Path(__file__).resolve().parent.parent


def run_child(task: JobTask, progress: Progress, stopped: Callable[[], bool]) -> Outcome:
    """Does a job in a new process and waits for its end.

    Args:
        task: The job; its output folder is made by the worker, complete only when the outcome is `done`.
        progress: Told what the worker tells.
        stopped: Asked ten times a second; when true the process and all that it started are killed.
    """
    threads = {f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "MKL", "NUMBA")}
    path = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
    environment = {key: value for key, value in os.environ.items() if key != "PLIANT_API_KEY"} | threads | {"PYTHONPATH": path}
    process = subprocess.Popen(
        [sys.executable, "-m", "api.job_child"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True, env=environment
    )
    try:
        return _listen(process, task, progress, stopped)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()


def _listen(process: subprocess.Popen[bytes], task: JobTask, progress: Progress, stopped: Callable[[], bool]) -> Outcome:
    assert process.stdin is not None and process.stdout is not None
    with contextlib.suppress(BrokenPipeError):
        process.stdin.write(json.dumps(asdict(task)).encode() + b"\n")
        process.stdin.flush()
    deadline = time.monotonic() + task.limits.wall_s
    rest = b""
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        while True:
            if stopped():
                return Outcome("cancelled")
            if time.monotonic() > deadline:
                return failed(
                    "time-limit", f"the job took longer than the {task.limits.wall_s} s it may take; a smaller part, or a higher limit"
                )
            if not selector.select(TICK):
                continue
            piece = os.read(process.stdout.fileno(), 1 << 20)
            if not piece:
                return _died(process.wait(), task)
            *lines, rest = (rest + piece).split(b"\n")
            if len(rest) > LONGEST_LINE:
                return failed("internal-error", "the worker's answer has no end")
            for line in lines:
                said: dict[str, Any] = json.loads(line)
                if "end" in said:
                    return _ended(said["end"])
                progress(said["stage"], said["done"], said["message"])


def _ended(end: dict[str, Any]) -> Outcome:
    if "problem" in end:
        return Outcome("failed", problem=end["problem"])
    return Outcome("done", end["summary"], None, end["files"])


def _died(code: int, task: JobTask) -> Outcome:
    """A worker that ended without a word: killed by the kernel for its limits, or crashed."""
    if code == -signal.SIGXCPU:
        return failed("time-limit", f"the job used more than the {task.limits.cpu_s} s of processor time it may use")
    name = signal.Signals(-code).name if code < 0 else f"exit code {code}"
    return failed("worker-died", f"the worker process ended with {name}; most likely it needed more than {task.limits.memory_mb} MB")
