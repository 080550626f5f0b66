"""Resources over HTTP, as OpenAPI describes them. Every field carries its unit or says what it counts."""

from __future__ import annotations

import mimetypes
from datetime import UTC, datetime
from typing import Any, Literal
from urllib.parse import quote

from pydantic import BaseModel, Field

from api.job_store import JobRow
from api.job_task import State

MEDIA_TYPES = {
    ".glb": "model/gltf-binary", ".json": "application/json", ".html": "text/html", ".png": "image/png", ".dxf": "image/vnd.dxf", ".yaml": "application/yaml",
}  # fmt: skip


def media_type(name: str) -> str:
    """Of a result file; programs are plain text."""
    ending = "." + name.rpartition(".")[2].lower()
    known = MEDIA_TYPES.get(ending)
    guessed = mimetypes.guess_type(name)[0]
    return known or (guessed if guessed is not None and guessed.startswith("image/") else "text/plain")


class ProgressModel(BaseModel):
    """Where a job is."""

    stage: str = Field(
        description="queued, start, read, unfold, refold, seams, grips, sequence, motion, replay, torques, run, export, show or done",
        examples=["motion"],
    )
    done: float = Field(description="share of the stage that is done, 0 to 1", examples=[0.4])
    message: str = Field(description="what is being done", examples=["bend 3"])


class FileModel(BaseModel):
    """A result file."""

    name: str = Field(description="in the result folder", examples=["recording.glb"])
    url: str = Field(description="where it is, on this server", examples=["/jobs/0123456789abcdef/files/recording.glb"])
    bytes: int = Field(description="size [bytes]", examples=[115968])
    media_type: str = Field(description="Internet media type", examples=["model/gltf-binary"])


class FindingModel(BaseModel):
    """Something a person should know about the part, the cell, the plan or the program."""

    level: Literal["info", "warning", "error"] = Field(description="error blocks export")
    code: str = Field(description="kind of finding, stable between releases", examples=["near-singularity"])
    step: str = Field(description="where in the job; empty when not tied to a step", examples=["bend 4"])
    message: str = Field(description="the two bodies or the limit, and the figure")
    remedy: str = Field(description="what can be done; may be empty")
    data: dict[str, Any] = Field(description="figures; keys carry their unit, such as distance_mm")


class JobEntry(BaseModel):
    """A job in a list."""

    id: str = Field(description="sixteen hexadecimal digits", examples=["0123456789abcdef"])
    kind: str = Field(description="bend, unfold, weld, verify, export or check", examples=["bend"])
    title: str = Field(description="what it is about", examples=["tray"])
    state: State = Field(description="queued and running go on; lost: the server or the cluster was stopped while the job ran")
    created: datetime = Field(description="when it was sent, UTC")
    started: datetime | None = Field(description="when its worker started last, UTC")
    finished: datetime | None = Field(description="when it ended, UTC")
    attempts: int = Field(description="how often a worker started it; more than 1 when a cluster lost a worker", examples=[1])
    progress: ProgressModel = Field(description="where it is")
    verified: bool | None = Field(description="true: planned or run without findings of error level; null while it is not done")
    problem: dict[str, str] | None = Field(description="what made it fail: type (code), detail, and where known file and place")
    options: dict[str, Any] = Field(description="as they were sent; keys carry their unit")
    demo: bool = Field(description="planned by the server at its first start, as an example")
    summary: dict[str, Any] | None = Field(
        description="of a job that is done: figures, keys carry their unit (cycle_time_s, clearance_mm); lists of jobs leave out its tables"
    )


class JobModel(JobEntry):
    """A job with its results."""

    findings: list[FindingModel] = Field(description="of a job that is done")
    files: list[FileModel] = Field(description="of a job that is done; all are complete")


class JobPage(BaseModel):
    """Jobs, newest first."""

    jobs: list[JobEntry] = Field(description="at most `limit`, without findings and files")
    next: str | None = Field(description="cursor of the next page; null on the last", examples=["17"])


class CellModel(BaseModel):
    """A cell."""

    name: str = Field(description="for `cell` in options and job files", examples=["bending-kr120"])
    title: str = Field(description="from the cell file")
    kind: Literal["bending", "welding"] = Field(description="what is done in it")
    robot: str = Field(description="robot model", examples=["kuka-kr120-r2500-pro"])
    language: str = Field(description="robot language of its controller", examples=["krl"])
    brake: str | None = Field(description="press brake model; null where there is none", examples=["brake-100t-3100"])
    grippers: list[str] = Field(description="names of its grippers; of a bending cell")
    stations: list[str] = Field(description="names of its stations; of a bending cell")
    torch: str | None = Field(description="welding torch; null in a bending cell", examples=["torch-35"])
    positioner: str | None = Field(description="what turns the workpiece; null where there is none", examples=["positioner-2x500"])
    procedures: list[str] = Field(description="names of its welding procedures, in order of preference")
    own: bool = Field(description="sent by a user; false: shipped")


class RobotModelEntry(BaseModel):
    """A shipped robot."""

    name: str = Field(description="for cell files", examples=["kuka-kr120-r2500-pro"])
    title: str = Field(description="maker and model")
    payload_kg: float = Field(description="rated load on the flange [kg]", examples=[120])
    reach_m: float = Field(description="from axis 1 to the wrist's centre [m]", examples=[2.5])
    controller: str = Field(description="of the maker", examples=["KR C4"])
    language: str = Field(description="robot language", examples=["krl"])


class PunchModel(BaseModel):
    """A shipped punch."""

    name: str = Field(description="for cell files")
    style: str = Field(description="straight, gooseneck or acute")
    height_mm: float = Field(description="tip to seat [mm]")
    radius_mm: float = Field(description="of the tip [mm]")
    rating_kn_m: float = Field(description="largest force per length [kN/m]")


class DieModel(BaseModel):
    """A shipped die."""

    name: str = Field(description="for cell files")
    opening_mm: float = Field(description="of the V [mm]")
    height_mm: float = Field(description="seat to shoulders [mm]")
    rating_kn_m: float = Field(description="largest force per length [kN/m]")


class GripperModel(BaseModel):
    """A shipped gripper."""

    name: str = Field(description="for cell files")
    title: str = Field(description="what it is")


class MaterialModel(BaseModel):
    """A sheet material."""

    name: str = Field(description="for `material` in options and job files", examples=["stainless-304"])
    tensile_strength_mpa: float = Field(description="Rm [MPa]")
    k_factor: float = Field(description="neutral fibre from the inner face over thickness, no unit")
    density_kg_m3: float = Field(description="[kg/m3]")


class ToolsModel(BaseModel):
    """What the catalogues hold."""

    punches: list[PunchModel] = Field(description="shipped punches")
    dies: list[DieModel] = Field(description="shipped dies")
    grippers: list[GripperModel] = Field(description="shipped grippers")
    materials: list[MaterialModel] = Field(description="sheet materials")


class Health(BaseModel):
    """The server answers."""

    status: Literal["ok"] = Field(description="always ok")


def _when(seconds: float | None) -> str | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def job_entry(row: JobRow) -> dict[str, Any]:
    """A job as lists show it."""
    figures = None if row.summary is None else {key: value for key, value in row.summary.items() if not isinstance(value, list | dict)}
    return {
        "id": row.id, "kind": row.kind, "title": row.title, "state": row.state, "created": _when(row.created), "started": _when(row.started), "finished": _when(row.finished),
        "attempts": row.attempts, "progress": {"stage": row.stage, "done": row.done, "message": row.message}, "verified": row.verified, "problem": row.problem,
        "options": row.options, "demo": row.tag.startswith("demo"), "summary": figures,
    }  # fmt: skip


def job_model(row: JobRow) -> dict[str, Any]:
    """A job with its results."""
    files = [
        {"name": name, "url": f"/jobs/{row.id}/files/{quote(name)}", "bytes": size, "media_type": media_type(name)}
        for name, size in (row.files or {}).items()
    ]
    return job_entry(row) | {"summary": row.summary, "findings": (row.summary or {}).get("findings", []), "files": files}
