"""A job as it crosses to a worker, and what comes back: plain values that travel as JSON or by pickle."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

State = Literal["queued", "running", "done", "failed", "cancelled", "lost"]
ENDED: tuple[State, ...] = ("done", "failed", "cancelled", "lost")


@dataclass(frozen=True, slots=True)
class JobLimits:
    """What one job may use; the kernel stops a job that takes more.

    Attributes:
        memory_mb: Address space [MB]; the libraries alone map about 700.
        cpu_s: Processor time of all its threads [s].
        wall_s: Time from start to end [s].
    """

    memory_mb: int = 6000
    cpu_s: int = 3600
    wall_s: int = 3600


@dataclass(frozen=True, slots=True)
class JobTask:
    """One job for a worker.

    Attributes:
        id: Of the job.
        kind: Name in `api.job_kinds.KINDS`.
        options: As checked by the kind's model, plain data.
        input: Folder with `files/`, and where needed `job/` (result of an earlier job) and `cell/` (the user's own cell).
        output: Folder to be made for the results.
        limits: What the job may use.
    """

    id: str
    kind: str
    options: dict[str, Any]
    input: str
    output: str
    limits: JobLimits


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a job ended.

    Attributes:
        state: `done`, `failed`, `cancelled` or `lost`.
        summary: Of a job that is done.
        problem: Code, words, file and place of what made it fail.
        files: Name and size [bytes] of every result file.
    """

    state: State
    summary: dict[str, Any] | None = None
    problem: dict[str, str] | None = None
    files: dict[str, int] = field(default_factory=dict)


def failed(code: str, detail: str) -> Outcome:
    """A job that ended without a result."""
    return Outcome("failed", problem={"type": code, "detail": detail})
