"""Shipped brakes and grippers by name, from `cells/catalogue/machines.yaml` and `urdf/`."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from cells.model import Brake, Cup, Gripper, Jaws
from cells.schema import GripperSpec
from cells.stations import pose
from core.errors import InputError, UnknownNameError
from core.files import inside
from core.frames import Array, translation
from core.units import KN, MM
from robots.catalogue import URDF_FOLDER
from robots.urdf import load_urdf

_CATALOGUE: dict[str, dict[str, Any]] = yaml.safe_load((Path(__file__).parent / "catalogue" / "machines.yaml").read_text())


def brake_names() -> list[str]:
    """Names for `brake.model`."""
    return sorted(_CATALOGUE["brakes"])


def gripper_names() -> list[str]:
    """Names for `grippers`."""
    return sorted(_CATALOGUE["grippers"])


def machine_title(kind: str, name: str) -> str:
    """One line on a brake (`brakes`) or gripper (`grippers`)."""
    return str(_CATALOGUE[kind][name]["title"])


def load_brake(name: str, T_world_brake: Array | None = None, **changes: float) -> Brake:
    """A shipped brake.

    Args:
        name: Catalogue name.
        T_world_brake: Pose of the lower tool seat's middle; None: over the world's origin at the brake's seat height.
        changes: Figures that differ, in the catalogue's units (`max_force_kn=800`).
    """
    if name not in _CATALOGUE["brakes"]:
        raise UnknownNameError("brake", name, brake_names())
    entry = {**_CATALOGUE["brakes"][name], **changes}
    mechanism = load_urdf(URDF_FOLDER / entry["urdf"])
    stroke = float(mechanism.upper[mechanism.joint_names.index("ram")])
    return Brake(
        name=name,
        mechanism=mechanism,
        T_world_brake=translation(0.0, 0.0, entry["seat_height_mm"] * MM) if T_world_brake is None else T_world_brake,
        max_force=entry["max_force_kn"] * KN,
        length=entry["length_mm"] * MM,
        daylight=entry["daylight_mm"] * MM,
        stroke=stroke,
        throat=entry["throat_mm"] * MM,
        approach_speed=entry["approach_speed_mm_s"] * MM,
        bending_speed=entry["bending_speed_mm_s"] * MM,
        return_speed=entry["return_speed_mm_s"] * MM,
        bending_speed_min=entry["bending_speed_min_mm_s"] * MM,
        gauge_speed=tuple(float(v) * MM for v in entry["gauge_speed_mm_s"]),  # type: ignore[arg-type]
        finger_width=entry["finger_width_mm"] * MM,
        finger_height=entry["finger_height_mm"] * MM,
    )


@cache
def load_gripper(name: str) -> Gripper:
    """A shipped gripper by name."""
    if name not in _CATALOGUE["grippers"]:
        raise UnknownNameError("gripper", name, gripper_names())
    entry = {key: value for key, value in _CATALOGUE["grippers"][name].items() if key != "title"}
    return make_gripper(GripperSpec(name=name, **entry), URDF_FOLDER)


def make_gripper(spec: GripperSpec, folder: Path) -> Gripper:
    """A gripper from its description; raises `InputError` when figures of its kind are missing."""
    needed = ("cup_radius_mm",) if spec.kind == "vacuum" else ("jaw_width_mm", "jaw_depth_mm", "jaw_opening_mm", "jaw_force_n")
    missing = [key for key in needed if getattr(spec, key) is None] + (["cups_mm"] if spec.kind == "vacuum" and not spec.cups_mm else [])
    if missing:
        raise InputError(f"gripper '{spec.name}' is a {spec.kind}; it needs {', '.join(missing)}")
    mechanism = load_urdf(inside(folder, spec.urdf, f"gripper urdf '{spec.urdf}'"), inside=folder)
    radius = (spec.cup_radius_mm or 0.0) * MM
    jaws = None
    if spec.kind == "clamp":
        jaws = Jaws((spec.jaw_width_mm or 0) * MM, (spec.jaw_depth_mm or 0) * MM, (spec.jaw_opening_mm or 0) * MM, spec.jaw_force_n or 0.0)
    return Gripper(
        name=spec.name,
        kind=spec.kind,
        mechanism=mechanism,
        T_flange_tcp=pose(spec.tcp),
        mass=spec.mass_kg,
        com=np.array(spec.com_mm) * MM,
        cups=tuple(Cup(x * MM, y * MM, radius) for x, y in spec.cups_mm),
        vacuum=spec.vacuum_kpa * 1e3,
        jaws=jaws,
        safety_factor=spec.safety_factor,
    )
