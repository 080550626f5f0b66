"""Torches, positioners and procedures: shipped ones by name, from `cells/catalogue/` and `urdf/`, and the user's own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import yaml

from cells.stations import pose
from cells.weld_model import EndTilt, Positioner, Torch, WeldProcedure, Window
from cells.weld_schema import PositionerModelSpec, ProcedureSpec, TorchSpec, WindowDeg
from core.errors import InputError, UnknownNameError
from core.files import inside
from core.units import DEG, MM
from robots.catalogue import URDF_FOLDER
from robots.programs.program import Weave
from robots.urdf import load_urdf

_FOLDER = Path(__file__).parent / "catalogue"
_MACHINES: dict[str, dict[str, Any]] = yaml.safe_load((_FOLDER / "weld_machines.yaml").read_text())
_PROCEDURES: dict[str, dict[str, Any]] = yaml.safe_load((_FOLDER / "weld_procedures.yaml").read_text())
NOZZLE, WIRE = "nozzle", "wire"
"""Links of a torch that come nearer to the seam than the rest of it."""


def torch_names() -> list[str]:
    """Names for `torch`."""
    return sorted(_MACHINES["torches"])


def positioner_names() -> list[str]:
    """Names for `positioner.model`."""
    return sorted(_MACHINES["positioners"])


def procedure_names() -> list[str]:
    """Names for `procedures`."""
    return list(_PROCEDURES)


def weld_machine_title(kind: str, name: str) -> str:
    """One line on a torch (`torches`) or positioner (`positioners`)."""
    return str(_MACHINES[kind][name]["title"])


def load_torch(name: str) -> Torch:
    """A shipped torch by name."""
    if name not in _MACHINES["torches"]:
        raise UnknownNameError("torch", name, torch_names())
    entry = {key: value for key, value in _MACHINES["torches"][name].items() if key != "title"}
    return make_torch(TorchSpec(name=name, **entry), URDF_FOLDER)


def make_torch(spec: TorchSpec, folder: Path) -> Torch:
    """A torch from its description; raises `InputError` for one that moves or has no nozzle."""
    mechanism = load_urdf(inside(folder, spec.urdf, f"torch urdf '{spec.urdf}'"), inside=folder)
    if mechanism.joint_names:
        raise InputError(f"torch '{spec.name}': a torch has no moving joints; {spec.urdf} has {', '.join(mechanism.joint_names)}")
    names = [link.name for link in mechanism.links]
    for needed in (NOZZLE, WIRE):
        if needed not in names:
            raise InputError(f"torch '{spec.name}': {spec.urdf} needs a link '{needed}'; it has {', '.join(names)}")
    T = pose(spec.tcp)
    return Torch(
        name=spec.name,
        mechanism=mechanism,
        T_flange_tcp=T,
        neck_angle=float(np.arccos(np.clip(T[2, 2], -1.0, 1.0))),
        ctwd=spec.ctwd_mm * MM,
        wire_diameter=spec.wire_diameter_mm * MM,
        mass=spec.mass_kg,
        com=np.array(spec.com_mm) * MM,
        twist=spec.twist_deg * DEG,
    )


def make_positioner(spec: PositionerModelSpec, folder: Path) -> tuple[Positioner, float]:
    """A positioner in its place, and its table's radius [m], 0 when nobody says it.

    Raises:
        InputError: For a description with other joints than one or two that turn, or a home position outside their limits.
    """
    if (spec.model is None) == (spec.urdf is None):
        raise InputError("positioner needs exactly one of `model` (catalogue name) and `urdf` (own file)")
    if spec.model is not None:
        if spec.model not in _MACHINES["positioners"]:
            raise UnknownNameError("positioner", spec.model, positioner_names())
        entry = _MACHINES["positioners"][spec.model]
        name, mechanism = spec.model, load_urdf(URDF_FOLDER / entry["urdf"])
        table, radius = str(entry["table_link"]), float(entry["table_radius_mm"])
    else:
        mechanism = load_urdf(inside(folder, str(spec.urdf), f"positioner urdf '{spec.urdf}'"), inside=folder)
        name, table, radius = mechanism.name, spec.table_link, spec.table_radius_mm or 0.0
    joints = [joint for joint in mechanism.joints if joint.kind != "fixed"]
    if not 1 <= len(joints) <= 2 or any(joint.kind != "revolute" for joint in joints):
        told = ", ".join(f"{joint.name} ({joint.kind})" for joint in joints) or "none"
        raise InputError(f"positioner '{name}' needs one or two turning joints; it has {told}")
    if not np.all(np.isfinite(mechanism.velocity)):
        raise InputError(f"positioner '{name}' has a joint without a speed limit; give `velocity` in the URDF's <limit>")
    mechanism.link_index(table)
    if len(spec.home_deg) != len(joints):
        raise InputError(f"positioner.home_deg has {len(spec.home_deg)} values; {name} has {len(joints)} joints")
    home = np.array(spec.home_deg) * DEG
    for joint, value in zip(joints, home, strict=True):
        if not joint.lower - 1e-9 <= value <= joint.upper + 1e-9:
            raise InputError(
                f"positioner.home_deg: {joint.name} = {value / DEG:g} is outside its limits {joint.lower / DEG:.1f}..{joint.upper / DEG:.1f}"
            )
    return Positioner(name, mechanism, pose(spec.base), table, home), radius * MM


def load_procedure(name: str) -> WeldProcedure:
    """A shipped procedure by name."""
    if name not in _PROCEDURES:
        raise UnknownNameError("procedure", name, procedure_names())
    return make_procedure(ProcedureSpec(name=name, **_PROCEDURES[name]))


def make_procedure(spec: ProcedureSpec) -> WeldProcedure:
    """A procedure from its description; raises `InputError` for windows and ranges that are none."""
    low, high = spec.thickness_mm
    if low > high:
        raise InputError(f"procedure '{spec.name}': thickness_mm [{low:g}, {high:g}] must be the least, then the greatest")
    weave = spec.weave
    return WeldProcedure(
        name=spec.name,
        number=spec.number,
        kinds=tuple(spec.kinds),
        thickness_min=low * MM,
        thickness_max=high * MM,
        throat=spec.throat_mm * MM,
        speed=spec.speed_mm_s * MM,
        wire_feed=spec.wire_feed_m_min / 60.0,
        gas_flow=spec.gas_l_min * 1e-3 / 60.0,
        work=_window(spec.name, "work_deg", spec.work_deg),
        travel=_window(spec.name, "travel_deg", spec.travel_deg),
        weave=None
        if weave is None
        else Weave(weave.shape, weave.frequency_hz, weave.amplitude_mm * MM, weave.dwell_left_s, weave.dwell_right_s, weave.number),
        preflow=spec.preflow_s,
        ignition=spec.ignition_s,
        crater=spec.crater_s,
        postflow=spec.postflow_s,
        largest_gap=spec.largest_gap_mm * MM,
        ends=EndTilt(spec.ends.start_deg * DEG, spec.ends.end_deg * DEG, spec.ends.over_mm * MM),
        passes=tuple((bead.offset_a_mm * MM, bead.offset_b_mm * MM, bead.work_deg * DEG) for bead in spec.passes),
    )


def _window(procedure: str, key: str, values: WindowDeg) -> Window:
    low, preferred, high = values
    if not low <= preferred <= high:
        raise InputError(f"procedure '{procedure}': {key} [{low:g}, {preferred:g}, {high:g}] must rise: lowest, preferred, greatest")
    return Window(low * DEG, preferred * DEG, high * DEG)
