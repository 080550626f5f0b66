"""plan.json of a welding job as it may be: its keys, their kinds and limits. Whether its figures fit a weldment and a cell is asked in `sim.weld.plan_read`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from sim.plan_file import (
    MAX_PHASES,
    MAX_ROWS,
    Column,
    Entry,
    FindingEntry,
    Index,
    Matrices,
    Matrix,
    MotionEntry,
    Names,
    Number,
    Row,
    Rows,
    Sha256,
    Text,
    read_entries,
)

FORMAT = "pliant-weld-plan/2"
MOST_FILES = 301
"""The job file and its weldment's."""


class WeldEntry(Entry):
    """A bead with its seam, in the weldment's frame."""

    seam: Text
    kind: Literal["fillet", "lap", "corner", "butt"]
    curve: Literal["line", "arc", "free"]
    closed: bool
    pieces: Annotated[list[Text], Field(min_length=2, max_length=2)]
    thicknesses_m: Annotated[Row, Field(min_length=2, max_length=2)]
    gap_m: Number
    root_m: Annotated[Rows, Field(min_length=2)]
    normals_a: Rows
    normals_b: Rows
    bead: Index
    procedure: Text
    position: Text
    cost: Number
    Ts_piece_tcp_m: Annotated[Matrices, Field(min_length=2)]
    work_rad: Column
    travel_rad: Column
    spin_rad: Column
    robot_rad: Rows
    track_m: Column | None
    positioner_rad: Rows


class TouchEntry(Entry):
    """A touch before a seam, in the weldment's frame."""

    name: Text
    seam: Text
    where: Literal["all", "start", "end"]
    T_piece_tcp_m: Matrix
    direction: Annotated[Row, Field(min_length=3, max_length=3)]
    robot_rad: Annotated[Rows, Field(min_length=2)]
    track_m: Column | None
    latest_rad: Row
    latest_track_m: Number | None
    positioner_rad: Row


class WeldPhaseEntry(MotionEntry):
    kind: Literal["free", "linear", "weld", "wait"]
    arc: bool
    weld: Index | None
    touch: Index | None = None
    positioner_rad: Rows


class WeldPlanFile(Entry):
    """The whole file; docs/plan_json.md says what the keys mean."""

    format: Literal["pliant-weld-plan/2"]
    cell: Text
    cell_sha256: Annotated[str, Field(pattern="^([0-9a-f]{64})?$")]
    job_files: Annotated[dict[Text, Sha256], Field(max_length=MOST_FILES)] | None
    weldment: Text
    torch: Text
    seed: Annotated[int, Field(ge=0)]
    cycle_time_s: Number
    robot_joints: Names
    track_joint: Text | None
    positioner_joints: Names
    T_world_workpiece_m: Matrix
    times: dict[Text, Number]
    welds: Annotated[list[WeldEntry], Field(max_length=MAX_ROWS)]
    touches: Annotated[list[TouchEntry], Field(max_length=MAX_ROWS, default=[])]
    phases: Annotated[list[WeldPhaseEntry], Field(max_length=MAX_PHASES, fail_fast=True)]
    findings: Annotated[list[FindingEntry], Field(max_length=MAX_ROWS)]


def read_weld_plan_file(path: Path) -> WeldPlanFile:
    """Reads plan.json of a welding job.

    Raises:
        InputError: Missing, too large, truncated, of another format, with keys or values that do not belong there; names file, place, value, remedy.
    """
    return read_entries(path, WeldPlanFile, FORMAT)
