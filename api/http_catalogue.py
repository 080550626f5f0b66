"""Routes of what there is to choose from: cells, robots, tools, schemas; and of the users' own cells."""

from __future__ import annotations

import threading
from functools import cache
from typing import Annotated, Any, Literal
from urllib.parse import quote

from fastapi import APIRouter, File, Response, UploadFile
from fastapi.concurrency import run_in_threadpool

from api.http_jobs import Queue, received
from api.http_models import CellModel, Health, RobotModelEntry, ToolsModel
from api.http_problems import documented
from api.job_kinds import cell_entry
from api.uploads import inner_path, unpacked
from cells.machines import gripper_names, machine_title
from cells.schema import json_schema as cell_schema
from cells.tool_catalogue import die_names, load_die, load_punch, punch_names
from cells.weld_load import all_cell_names, load_any_cell
from cells.weld_schema import json_schema as weld_cell_schema
from core.errors import InputError
from core.units import MM
from parts.job import json_schema as job_schema
from parts.materials import materials
from parts.weld_job import json_schema as weld_job_schema
from robots.catalogue import robot_entry, robot_names

router = APIRouter(tags=["catalogue"])


_READING = threading.Lock()


def shipped() -> dict[str, dict[str, Any]]:
    """The shipped cells by name; reading them takes seconds, once."""
    with _READING:
        return _read_shipped()


@cache
def _read_shipped() -> dict[str, dict[str, Any]]:
    return {name: cell_entry(load_any_cell(name), own=False) for name in all_cell_names()}


@router.get("/healthz", response_model=Health, tags=["server"])
async def healthz() -> dict[str, str]:
    """Answers while the server does; needs no key."""
    return {"status": "ok"}


@router.get("/cells", response_model=list[CellModel], responses=documented())
def list_cells(queue: Queue) -> list[dict[str, Any]]:
    """Shipped cells, then the users' own."""
    return [*shipped().values(), *(queue.cells.entry(name) for name in queue.cells.names())]


@router.get("/cells/{name}", response_model=CellModel, responses=documented(404))
def one_cell(name: str, queue: Queue) -> dict[str, Any]:
    """A cell."""
    return shipped()[name] if queue.cells.folder(name) is None else queue.cells.entry(name)


@router.post("/cells", status_code=201, response_model=CellModel, responses=documented(403, 409, 413, 415, 422, 429))
async def send_cell(
    queue: Queue,
    response: Response,
    files: Annotated[list[UploadFile], File(description="a zip, or the files: one .yaml in the upper folder, URDFs, meshes, DXF sections")],
) -> dict[str, Any]:
    """Keeps a cell under the name of its file; one of the same name is replaced. It is read in a worker first."""
    sent = await received(files)
    entry = await run_in_threadpool(lambda: queue.cells.add(unpacked(sent, queue.settings.upload, inner_path)))
    response.headers["Location"] = f"/cells/{quote(entry['name'])}"
    return entry


@router.delete("/cells/{name}", status_code=204, responses=documented(404, 422))
def delete_cell(name: str, queue: Queue) -> Response:
    """Forgets an own cell; jobs keep their copies of it."""
    if queue.cells.folder(name) is None:
        raise InputError(f"'{name}' is a shipped cell; only own ones can be deleted")
    queue.cells.remove(name)
    return Response(status_code=204)


@router.get("/robots", response_model=list[RobotModelEntry], responses=documented())
def list_robots() -> list[dict[str, Any]]:
    """Shipped robots."""
    keys = ("title", "payload_kg", "reach_m", "controller", "language")
    return [{"name": name} | {key: robot_entry(name)[key] for key in keys} for name in robot_names()]


@router.get("/tools", response_model=ToolsModel, responses=documented())
def list_tools() -> dict[str, Any]:
    """Shipped punches, dies, grippers and materials."""
    punches, dies = [load_punch(name) for name in punch_names()], [load_die(name) for name in die_names()]
    return {
        "punches": [
            {"name": it.name, "style": it.style, "height_mm": _mm(it.height), "radius_mm": _mm(it.radius), "rating_kn_m": it.rating / 1e3}
            for it in punches
        ],
        "dies": [
            {"name": it.name, "opening_mm": _mm(it.opening), "height_mm": _mm(it.height), "rating_kn_m": it.rating / 1e3} for it in dies
        ],
        "grippers": [{"name": name, "title": machine_title("grippers", name)} for name in gripper_names()],
        "materials": [
            {"name": name, "tensile_strength_mpa": it.tensile_strength / 1e6, "k_factor": it.k_factor, "density_kg_m3": it.density}
            for name, it in materials().items()
        ],
    }


@router.get("/schema/{kind}", response_model=dict[str, Any], responses=documented(404))
def schema(kind: Literal["cell", "job", "weld-cell", "weld"]) -> dict[str, Any]:
    """JSON Schema of cell or job files, of bending and welding, for editors."""
    return {"cell": cell_schema, "job": job_schema, "weld-cell": weld_cell_schema, "weld": weld_job_schema}[kind]()


def _mm(length: float) -> float:
    return round(length / MM, 6)
