"""What phases of bending and welding plans have in common in their files: how the robot moves, checked and turned into arrays, and the way back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from core.errors import InputError
from core.findings import Finding
from core.frames import Array
from core.units import MM, to_mm
from robots.model import RobotModel
from sim.plan_file import MotionEntry

JOINT_TIME = 1e-9
"""Phases follow each other within this [s]."""
RIGID = 1e-6
"""How far the turn of a pose may be from orthonormal."""


class JointNames(Protocol):
    """Of a plan file: names in the order of its arrays."""

    @property
    def robot_joints(self) -> list[str]: ...
    @property
    def track_joint(self) -> str | None: ...


class PlannedIn(Protocol):
    """Of a plan file: its cell, and the SHA-256 of the cell's text."""

    @property
    def cell(self) -> str: ...
    @property
    def cell_sha256(self) -> str: ...


class Moving(Protocol):
    """Of a phase of either kind: what its file says about motion. See `sim.plan.Phase`."""

    @property
    def times(self) -> Array: ...
    @property
    def robot(self) -> Array: ...
    @property
    def waypoints(self) -> tuple[int, ...]: ...
    @property
    def corners(self) -> Array | None: ...
    @property
    def blends(self) -> Array | None: ...
    @property
    def clearance(self) -> float | None: ...
    @property
    def closest(self) -> tuple[str, str] | None: ...


@dataclass(frozen=True, eq=False, slots=True)
class Motion:
    """Motion of a phase as read; see `sim.plan.Phase`."""

    times: Array
    robot: Array
    waypoints: tuple[int, ...]
    corners: Array | None
    blends: Array | None
    clearance: float | None
    closest: tuple[str, str] | None


def motion_dict(phase: Moving, slides: int) -> dict[str, Any]:
    """Motion of a phase as plain data.

    Args:
        phase: The phase.
        slides: How many of the robot's first joints are a track's.
    """
    corners = phase.corners
    return {
        "times_s": phase.times.tolist(),
        "robot_rad": phase.robot[:, slides:].tolist(),
        "track_m": phase.robot[:, 0].tolist() if slides else None,
        "waypoints": [int(k) for k in phase.waypoints],
        "corners_rad": None if corners is None else corners[:, slides:].tolist(),
        "corners_track_m": corners[:, 0].tolist() if slides and corners is not None else None,
        "blends_rad": None if phase.blends is None else phase.blends.tolist(),
        "clearance_mm": None if phase.clearance is None else round(to_mm(phase.clearance), 6),
        "closest": list(phase.closest) if phase.closest else None,
    }


def motion_of(entry: MotionEntry, at: str, names: JointNames) -> Motion:
    """Motion of a phase from its file.

    Args:
        entry: The phase.
        at: Its place in the file, `phases[3]`.
        names: The file's joints.

    Raises:
        InputError: Figures that contradict each other; with the place.
    """
    times = np.array(entry.times_s)
    k = len(times)
    if np.any(np.diff(times) < 0):
        first = int(np.argmax(np.diff(times) < 0)) + 1
        raise wrong(f"{at}.times_s[{first}]", f"{times[first]:g} s comes after {times[first - 1]:g} s; times may not go back")
    robot = joints(entry.robot_rad, entry.track_m, ("robot_rad", "track_m"), names, at, k)
    corners = None
    if entry.corners_rad is not None:
        corners = joints(entry.corners_rad, entry.corners_track_m, ("corners_rad", "corners_track_m"), names, at, None)
    if (corners is None) == (entry.kind == "free"):
        raise wrong(f"{at}.corners_rad", "free moves, and no others, have corners")
    if corners is not None and len(corners) < 2:
        raise wrong(f"{at}.corners_rad", f"{len(corners)} corners; a move has at least its two ends")
    blends = None if entry.blends_rad is None else np.array(entry.blends_rad)
    if corners is not None and (blends is None or len(blends) != len(corners) or np.any(blends < 0)):
        raise wrong(f"{at}.blends_rad", f"a free move has one rounding, not negative, for each of its {len(corners)} corners")
    marks = tuple(entry.waypoints)
    if any(b <= a for a, b in pairwise(marks)) or (marks and marks[-1] >= k):
        raise wrong(f"{at}.waypoints", f"they must rise and lie below the {k} samples")
    if entry.kind == "linear" and (len(marks) < 2 or marks[0] != 0 or marks[-1] != k - 1):
        raise wrong(f"{at}.waypoints", f"the first must be 0 and the last {k - 1}")
    return Motion(
        times, robot, marks, corners, blends, None if entry.clearance_mm is None else entry.clearance_mm * MM,
        None if entry.closest is None else (entry.closest[0], entry.closest[1]),
    )  # fmt: skip


def joint_names(model: RobotModel) -> dict[str, Any]:
    """A robot's joints as a plan file names them."""
    names = list(model.mechanism.joint_names)
    return {"robot_joints": names[model.slides :], "track_joint": names[0] if model.slides else None}


def check_joints(found: dict[str, list[str] | str | None], given: dict[str, Any], cell: str) -> None:
    """Raises `InputError` where a file's joints are not those of the cell, in the same order; both by key."""
    for key, names in found.items():
        if names != given[key]:
            listed = [(some if isinstance(some, str) else ", ".join(some or ()))[:200] or "none" for some in (names, given[key])]
            raise wrong(key, f"the plan has the joints {listed[0]}, the cell {cell} has {listed[1]}", "give the cell of the plan")


def cell_changed(file: PlannedIn, path: Path, sha256: str) -> Finding:
    """The finding that a cell file is not the one that was planned in."""
    message = f"the cell file {path.name} is not the one that this was planned in ({file.cell}): the plan was checked in another cell"
    data = {"planned_sha256": file.cell_sha256, "given_sha256": sha256}
    return Finding("error", "cell-changed", message, "plan the job again, or give the cell file as it was", "read", data)


def check_gapless(phases: Sequence[Moving]) -> None:
    """Raises `InputError` where a phase does not begin when the one before ends."""
    for i, (phase, following) in enumerate(pairwise(phases), 1):
        if abs(following.times[0] - phase.times[-1]) > JOINT_TIME:
            raise wrong(f"phases[{i}].times_s[0]", f"{following.times[0]:g} s; the phase before ends at {phase.times[-1]:g} s")


def wrong(place: str, what: str, remedy: str = "plan the job again") -> InputError:
    """The error of a plan file whose figures cannot be used."""
    return InputError(f"{what}; {remedy}", place=place)


def below(number: int, count: int, place: str, what: str) -> None:
    """Raises `InputError` where an index is too large."""
    if number >= count:
        raise wrong(place, f"{number} is not among the {count} {what} (counted from 0)")


def pose(T: Array, place: str) -> Array:
    """Poses (4, 4) or (k, 4, 4) themselves; raises `InputError` where one is not rigid."""
    R = T[..., :3, :3]
    skew = np.max(np.abs(np.swapaxes(R, -1, -2) @ R - np.eye(3)))
    if skew > RIGID or np.any(np.linalg.det(R) < 0) or np.any(T[..., 3, :] != (0.0, 0.0, 0.0, 1.0)):
        raise wrong(place, "not a pose: a turn without stretch, a shift, and 0 0 0 1 below")
    return T


def joints(rows: list[list[float]], track: list[float] | None, keys: tuple[str, str], names: JointNames, at: str, k: int | None) -> Array:
    """Positions of arm and track as the robot model orders them: the track first."""
    arm = table(rows, len(names.robot_joints), f"{at}.{keys[0]}", k)
    if (track is None) != (names.track_joint is None):
        has = "has no track" if names.track_joint is None else "has a track"
        raise wrong(f"{at}.{keys[1]}", f"does not fit the robot, which {has}")
    if track is None:
        return arm
    as_many(track, len(arm), f"{at}.{keys[1]}")
    return np.c_[np.array(track), arm]


def as_many(rows: Sequence[Any], k: int, place: str, of: str = "the phase") -> None:
    """Raises `InputError` where something of k samples has another number of rows."""
    if len(rows) != k:
        raise wrong(place, f"{len(rows)} samples; {of} has {k}")


def table(rows: list[list[float]], columns: int, place: str, k: int | None) -> Array:
    """Rows of equal length as an array (k, columns)."""
    if k is not None:
        as_many(rows, k, place)
    for i, row in enumerate(rows):
        if len(row) != columns:
            raise wrong(f"{place}[{i}]", f"{len(row)} values; there are {columns} columns")
    return np.array(rows, dtype=float).reshape(len(rows), columns)
