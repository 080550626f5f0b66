"""Robots by name: those that come with the dependencies and those in `urdf/`."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import rtbdata
import yaml

from core.errors import InputError, UnknownNameError
from core.units import DEG
from robots.link_pairs import link_pairs
from robots.mechanism import Mechanism
from robots.model import RobotModel
from robots.urdf import load_urdf

URDF_FOLDER = Path(__file__).resolve().parent.parent / "urdf"
_ENTRIES: dict[str, dict[str, Any]] = yaml.safe_load((Path(__file__).parent / "catalogue.yaml").read_text())


def robot_names() -> list[str]:
    """Names for `load_robot` and for `robot:` in cell files."""
    return sorted(_ENTRIES)


def robot_entry(name: str) -> dict[str, Any]:
    """The catalogue's words on one robot; lengths in m, angles in degrees as the keys say."""
    if name not in _ENTRIES:
        raise UnknownNameError("robot", name, robot_names())
    return _ENTRIES[name]


@cache
def load_robot(name: str) -> RobotModel:
    """A shipped robot by name; raises `UnknownNameError`."""
    entry = robot_entry(name)
    if "rtb" in entry:
        folder = Path(rtbdata.__file__).parent / "xacro" / entry["rtb"]
        mechanism = load_urdf(folder / entry["urdf"], packages={entry["package"]: folder})
    else:
        mechanism = load_urdf(URDF_FOLDER / entry["own"] / entry["urdf"])
    return make_robot(
        name, mechanism, entry["flange"], acceleration_deg_s2=entry["acceleration_deg_s2"], jerk_deg_s3=entry["jerk_deg_s3"],
        payload=float(entry["payload_kg"]), controller=entry["controller"], language=entry["language"], torque_limit_nm=entry.get("torque_limit_nm"),
    )  # fmt: skip


def make_robot(
    name: str,
    mechanism: Mechanism,
    flange_link: str,
    *,
    acceleration_deg_s2: list[float] | None = None,
    jerk_deg_s3: list[float] | None = None,
    payload: float = 0.0,
    controller: str = "",
    language: str = "",
    torque_limit_nm: list[float] | None = None,
) -> RobotModel:
    """A robot from any mechanism. `torque_limit_nm` wins over the description's efforts. Acceleration defaults to full speed in 0.35 s, jerk to full acceleration in 0.1 s.

    Raises:
        InputError: When a joint has no speed limit or the number of values does not fit.
    """
    if not np.all(np.isfinite(mechanism.velocity)):
        missing = [joint for joint, speed in zip(mechanism.joint_names, mechanism.velocity, strict=True) if not np.isfinite(speed)]
        raise InputError(f"robot '{name}' has no speed limit for {', '.join(missing)}; give `velocity` in the URDF's <limit>")
    acceleration = mechanism.velocity / 0.35 if acceleration_deg_s2 is None else np.array(acceleration_deg_s2, dtype=float) * DEG
    jerk = acceleration / 0.1 if jerk_deg_s3 is None else np.array(jerk_deg_s3, dtype=float) * DEG
    limit = None if torque_limit_nm is None else np.array(torque_limit_nm, dtype=float)
    return RobotModel(
        name,
        mechanism,
        flange_link,
        acceleration,
        jerk,
        payload,
        link_pairs(mechanism).unchecked,
        controller,
        language,
        torque_limit=limit,
    )
