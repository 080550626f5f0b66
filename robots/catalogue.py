"""Robots by name: those that come with the dependencies and those in `urdf/`."""

from __future__ import annotations

from functools import cache
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import rtbdata
import yaml
from scipy.optimize import linprog

from core.errors import InputError, UnknownNameError
from core.frames import Array
from core.units import DEG
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
        never_colliding_links(mechanism),
        controller,
        language,
        torque_limit=limit,
    )


def never_colliding_links(mechanism: Mechanism, samples: int = 60) -> frozenset[tuple[str, str]]:
    """Pairs of links that need no check: joined by a joint, or touching in every one of `samples` seeded positions.

    Links without shape between two others count as part of the joint.
    """
    shaped = [i for i, link in enumerate(mechanism.links) if link.hulls]
    parent = {joint.child: joint.parent for joint in mechanism.joints}

    def carrier(i: int) -> int | None:
        at = parent.get(i)
        while at is not None and not mechanism.links[at].hulls:
            at = parent.get(at)
        return at

    pairs = {(at, i) for i in shaped if (at := carrier(i)) is not None}
    rng = np.random.default_rng(7)
    qs = rng.uniform(mechanism.lower, mechanism.upper, (samples, len(mechanism.joint_names)))
    Ts = mechanism.fk_batch(qs)
    for a, b in combinations(shaped, 2):
        if (a, b) not in pairs and all(_touch(mechanism, T, a, b) for T in Ts):
            pairs.add((a, b))
    return frozenset((mechanism.links[a].name, mechanism.links[b].name) for a, b in pairs)


def _touch(mechanism: Mechanism, Ts: Array, a: int, b: int) -> bool:
    return any(
        _hulls_touch(h @ Ts[a][:3, :3].T + Ts[a][:3, 3], g @ Ts[b][:3, :3].T + Ts[b][:3, 3])
        for h in mechanism.links[a].hulls
        for g in mechanism.links[b].hulls
    )


def _hulls_touch(a: Array, b: Array) -> bool:
    """Whether two convex hulls share a point: a linear program over convex combinations (boxes tested first)."""
    if np.any(a.max(axis=0) < b.min(axis=0)) or np.any(b.max(axis=0) < a.min(axis=0)):
        return False
    A = np.vstack((np.hstack((a.T, -b.T)), np.r_[np.ones(len(a)), np.zeros(len(b))], np.r_[np.zeros(len(a)), np.ones(len(b))]))
    result = linprog(np.zeros(A.shape[1]), A_eq=A, b_eq=np.r_[0.0, 0.0, 0.0, 1.0, 1.0], bounds=(0, None), method="highs")
    return bool(result.status == 0)
