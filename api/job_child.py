"""The worker process: `python -m api.job_child` does one job and ends.

It reads the task as one line of JSON from stdin and writes progress and the end as lines of JSON to stdout. It ends when its parent does: stdin is
then at its end. A process of its own per job, started afresh: it can be stopped at any moment, and its limits are the kernel's.
"""

from __future__ import annotations

import contextlib
import json
import os
import resource
import signal
import sys
import threading
import time
import traceback
from pathlib import Path
from typing import Any, TextIO

from core.errors import PliantError
from core.files import result_path
from core.progress import Progress

INTERVAL = 0.2
"""Progress within a stage is told no more often [s]."""
LARGEST_FILE = 500_000_000
"""That a job may write [bytes]."""
NEAR_LIMIT = 0.9
"""Libraries answer refused memory with errors of their own; above this share of the limit, that is what they are."""


def main() -> None:
    """Reads the task, does it, tells the end."""
    task = json.loads(sys.stdin.readline())
    channel = os.fdopen(os.dup(1), "w", encoding="ascii")
    # pybullet prints to stdout.
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    _limit(task["limits"])
    end = _done(task, _teller(channel))
    channel.write(json.dumps({"end": end}) + "\n")
    channel.flush()
    # Libraries that would clean up at exit have nothing to save.
    os._exit(0)


def _end_with_parent() -> None:
    sys.stdin.read()
    os.killpg(0, signal.SIGKILL)


def _limit(limits: dict[str, int]) -> None:
    """Sets the kernel's limits, and leaves the processor to the server whenever it wants it."""
    for kind, value in (
        (resource.RLIMIT_AS, limits["memory_mb"] * 1_000_000),
        (resource.RLIMIT_CPU, limits["cpu_s"]),
        (resource.RLIMIT_FSIZE, LARGEST_FILE),
        (resource.RLIMIT_CORE, 0),
    ):
        hard = resource.getrlimit(kind)[1]
        soft = value if hard == resource.RLIM_INFINITY else min(value, hard)
        # At the soft limit of processor time comes SIGXCPU, which tells the reason; SIGKILL at the hard one would not.
        resource.setrlimit(kind, (soft, soft + 5 if kind == resource.RLIMIT_CPU and hard == resource.RLIM_INFINITY else soft))
    with contextlib.suppress(OSError):
        os.nice(10)


def _teller(channel: TextIO) -> Progress:
    last: list[Any] = ["", 0.0]

    def tell(stage: str, done: float, message: str = "") -> None:
        now = time.monotonic()
        if stage == last[0] and now - last[1] < INTERVAL:
            return
        last[:] = stage, now
        channel.write(json.dumps({"stage": stage, "done": round(min(max(done, 0.0), 1.0), 3), "message": str(message)[:200]}) + "\n")
        channel.flush()

    return tell


def _done(task: dict[str, Any], progress: Progress) -> dict[str, Any]:
    from api.job_inputs import JobInputs
    from api.job_kinds import KINDS, READ_CELL

    folder = Path(task["input"])
    try:
        kind = READ_CELL if task["kind"] == "cell" else KINDS[task["kind"]]
        summary, files = kind.run(kind.options.model_validate(task["options"]), JobInputs(folder), progress)
        output = Path(task["output"])
        for name, data in files.items():
            path = result_path(output, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        end = {"summary": summary, "files": {name: len(data) for name, data in files.items()}}
        # What is no JSON would break the answers of the server later on.
        json.dumps(end, allow_nan=False)
    except PliantError as error:
        return {"problem": _problem(error, folder)}
    except Exception as error:
        if isinstance(error, MemoryError) or _memory_is_used_up():
            detail = f"the job needed more than the {task['limits']['memory_mb']} MB it may use; a smaller part, or a higher limit"
            return {"problem": {"type": "memory-limit", "detail": detail}}
        traceback.print_exc()
        return {"problem": {"type": "internal-error", "detail": "the worker met an error of its own; the server's log says more"}}
    return end


def _memory_is_used_up() -> bool:
    """Whether the address space of this process has come near its limit; False where there is none, or the system does not tell."""
    limit = resource.getrlimit(resource.RLIMIT_AS)[0]
    return limit != resource.RLIM_INFINITY and _peak() > NEAR_LIMIT * limit


def _peak() -> int:
    """The largest address space this process has had [bytes]; 0 where the system does not tell."""
    try:
        lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("VmPeak:")), 0)


def _problem(error: PliantError, folder: Path) -> dict[str, str]:
    """Code and words as the command line prints them, without the server's folders."""
    hide = (f"{folder.resolve()}/files/", f"{folder}/files/", f"{folder.resolve()}/", f"{folder}/")
    texts = {"type": error.code, "detail": error.message, "file": error.file or "", "place": error.place or ""}
    for prefix in hide:
        texts = {key: text.replace(prefix, "") for key, text in texts.items()}
    if Path(texts["file"]).is_absolute():
        texts["file"] = Path(texts["file"]).name
    return {key: text for key, text in texts.items() if text}


if __name__ == "__main__":
    main()
