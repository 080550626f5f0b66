"""plan.json as it may be: its keys, their kinds and limits. Whether its figures fit a part and a cell is asked in `sim.plan_read`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from core.errors import InputError
from core.files import checked_size

FORMAT = "pliant-plan/2"
MAX_BYTES = 100_000_000
"""A tray with four bends needs 0.7 MB; 63 MB are read in 1.7 s and 0.5 GB of memory."""
MAX_PHASES = 5_000
MAX_SAMPLES = 200_000
"""Of one phase."""
MAX_ROWS = 1_000
"""Of bends, stations, grips and findings."""

Number = Annotated[float, Field(allow_inf_nan=False, ge=-1e9, le=1e9)]
Index = Annotated[int, Field(ge=0, lt=MAX_ROWS)]
Text = Annotated[str, Field(max_length=2_000)]
Sha256 = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
Column = Annotated[list[Number], Field(max_length=MAX_SAMPLES, fail_fast=True)]
Row = Annotated[list[Number], Field(max_length=100, fail_fast=True)]
Rows = Annotated[list[Row], Field(max_length=MAX_SAMPLES, fail_fast=True)]
MatrixRow = Annotated[list[Number], Field(min_length=4, max_length=4)]
Matrix = Annotated[list[MatrixRow], Field(min_length=4, max_length=4)]
Matrices = Annotated[list[Matrix], Field(max_length=MAX_SAMPLES, fail_fast=True)]
Names = Annotated[list[Text], Field(max_length=100)]
FileKind = TypeVar("FileKind", bound=BaseModel)
Lengths = Annotated[list[Annotated[float, Field(gt=0, allow_inf_nan=False)]], Field(min_length=1, max_length=MAX_ROWS)]


class Entry(BaseModel):
    """What all parts of the file have in common: no unknown keys, no text where a number belongs."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class PartEntry(Entry):
    name: Text
    material: Text
    thickness_mm: Annotated[Number, Field(gt=0)]
    mass_kg: Number


class SearchEntry(Entry):
    orders: int
    checks: int


class StationEntry(Entry):
    punch: Text
    die: Text
    x_start_m: Number
    punch_segments_m: Lengths
    die_segments_m: Lengths


class GripEntry(Entry):
    flange: Index
    face: Literal["top", "bottom", "edge"]
    T_flange_tcp_m: Matrix
    active_cups: Annotated[list[Index], Field(max_length=MAX_ROWS)]
    holding: Number
    offset_m: Number


class StepEntry(Entry):
    stroke: Index
    bends: Annotated[list[Index], Field(min_length=1, max_length=MAX_ROWS)]
    label: Text
    station: Index
    x_m: Number
    gauged: Literal["parent", "child"]
    flipped: bool
    angle_rad: Number
    loaded_angle_rad: Number
    radius_m: Number
    force_n: Number
    tip_depth_m: Number
    pinch_tip_m: Number
    gauge_x_m: Number
    gauge_r_m: Number
    gauge_z1_m: Number
    gauge_z2_m: Number
    gauge_retract_m: Number
    gauge_contact: Literal["edge", "flange face"]
    ram_speed_m_s: Annotated[Number, Field(gt=0)]
    follow: bool
    T_world_bend_pinch_m: Matrix


class SignalSet(Entry):
    time_s: Number
    kind: Literal["signal-set"]
    signal: Literal["bend-start", "sheet-in-place", "robot-clear", "vacuum-on", "clamp-close"]
    value: bool


class SignalWait(Entry):
    time_s: Number
    kind: Literal["signal-wait"]
    signal: Literal[
        "brake-ready", "gauge-in-position", "finger-left", "finger-right", "pinch-reached", "bend-done", "opening-safe", "part-held"
    ]  # fmt: skip
    value: bool
    timeout_s: Annotated[Number, Field(gt=0)]


class ProgramSelect(Entry):
    time_s: Number
    kind: Literal["program-select"]
    bend: Annotated[int, Field(ge=1)]


class GripOn(Entry):
    time_s: Number
    kind: Literal["grip"]
    flange: Index
    face: Literal["top", "bottom", "edge"]
    mass_kg: Number
    com_flange_m: Annotated[list[Number], Field(min_length=3, max_length=3)]
    cups: Annotated[list[Index], Field(max_length=MAX_ROWS)]


class Release(Entry):
    time_s: Number
    kind: Literal["release"]


EVENT_KINDS = ("signal-set", "signal-wait", "program-select", "grip", "release")
EventEntry = Annotated[SignalSet | SignalWait | ProgramSelect | GripOn | Release, Field(discriminator="kind")]


class PlacementEntry(Entry):
    held_by: Literal["tcp", "world"]
    by: Text
    flange: Index
    T_holder_flange_m: Matrix


class ContactEntry(Entry):
    groups: Annotated[list[Text], Field(min_length=2, max_length=2)]
    reason: Text


class MotionEntry(Entry):
    """What phases of bending and welding plans have in common."""

    name: Text
    step: Text
    kind: Literal["free", "linear", "follow", "weld", "wait"]
    times_s: Annotated[Column, Field(min_length=2)]
    robot_rad: Rows
    track_m: Column | None
    waypoints: Annotated[list[Annotated[int, Field(ge=0)]], Field(max_length=MAX_SAMPLES)]
    corners_rad: Rows | None
    corners_track_m: Column | None
    blends_rad: Column | None
    clearance_mm: Number | None
    closest: Annotated[list[Text], Field(min_length=2, max_length=2)] | None


class PhaseEntry(MotionEntry):
    kind: Literal["free", "linear", "follow", "wait"]
    stroke: Index | None
    gripper_m: Rows
    brake_m: Rows
    fold_rad: Rows
    part: PlacementEntry | None
    part_poses_m: Matrices | None
    gripped: bool
    contacts: Annotated[list[ContactEntry], Field(max_length=MAX_ROWS)]
    events: Annotated[list[EventEntry], Field(max_length=MAX_ROWS)]


class FindingEntry(Entry):
    level: Literal["info", "warning", "error"]
    code: Text
    step: Text
    message: Annotated[str, Field(max_length=20_000)]
    remedy: Annotated[str, Field(max_length=20_000)]
    data: dict[str, Any]


class PlanFile(Entry):
    """The whole file; docs/plan_json.md says what the keys mean."""

    format: Literal["pliant-plan/2"]
    cell: Text
    cell_sha256: Annotated[str, Field(pattern="^([0-9a-f]{64})?$")]
    job_files: Annotated[dict[Text, Sha256], Field(max_length=10)] | None
    part: PartEntry
    gripper: Text
    stack_face_up: Literal["top", "bottom"]
    seed: Annotated[int, Field(ge=0)]
    quantity: Annotated[int, Field(ge=1)]
    verified: bool
    cycle_time_s: Number
    robot_joints: Names
    track_joint: Text | None
    gripper_joints: Names
    brake_joints: Names
    search: SearchEntry
    stations: Annotated[list[StationEntry], Field(max_length=MAX_ROWS)]
    grips: Annotated[list[GripEntry], Field(max_length=MAX_ROWS)]
    step_grips: Annotated[list[Index], Field(max_length=MAX_ROWS)]
    bends: Annotated[list[dict[str, Any]], Field(max_length=MAX_ROWS)]
    steps: Annotated[list[StepEntry], Field(max_length=MAX_ROWS)]
    phases: Annotated[list[PhaseEntry], Field(max_length=MAX_PHASES, fail_fast=True)]
    findings: Annotated[list[FindingEntry], Field(max_length=MAX_ROWS)]


def read_plan_file(path: Path) -> PlanFile:
    """Reads plan.json.

    Raises:
        InputError: Missing, too large, truncated, of another format, with keys or values that do not belong there; names file, place, value, remedy.
    """
    return read_entries(path, PlanFile, FORMAT)


def read_entries(path: Path, kind: type[FileKind], form: str) -> FileKind:
    """A plan file of one kind, whose `format` is `form`; raises as `read_plan_file` does."""
    checked_size(path, MAX_BYTES, "plan.json")
    try:
        return kind.model_validate_json(path.read_bytes())
    except ValidationError as error:
        raise _explained(error, path, form) from None


def _explained(error: ValidationError, path: Path, form: str) -> InputError:
    """The first thing that is wrong; another format before anything else, for it explains the rest."""
    errors = error.errors(include_url=False, include_context=False)
    first = next((item for item in errors if item["loc"] == ("format",)), errors[0])
    if first["type"] == "json_invalid":
        return InputError(f"not whole JSON: {first['msg'].removeprefix('Invalid JSON: ')}; plan the job again", file=path)
    if first["loc"] == ("format",):
        found = "names no format" if first["type"] == "missing" else f"has the format {_shown(first['input'])}"
        return InputError(f"the file {found}; this version reads '{form}': plan the job again", file=path, place="format")
    place = _place(first["loc"])
    if first["type"] == "extra_forbidden":
        return InputError(f"unknown key '{str(first['loc'][-1])[:80]}'; valid keys stand in docs/plan_json.md", file=path, place=place)
    if first["type"] == "missing":
        return InputError("the key is missing; valid keys stand in docs/plan_json.md", file=path, place=place)
    return InputError(f"{first['msg']} (got {_shown(first['input'])}); plan the job again", file=path, place=place)


def _shown(value: Any) -> str:
    return f"{type(value).__name__} of {len(value)}" if isinstance(value, dict | list) else repr(value)[:80]


def _place(loc: tuple[str | int, ...]) -> str:
    """`phases[3].times_s[12]`; the kind of an event, which pydantic adds, is left out."""
    out = ""
    for part in loc:
        if isinstance(part, int):
            out += f"[{part}]"
        elif part not in EVENT_KINDS:
            out += f".{part[:80]}" if out else part[:80]
    return out or "line 1"
