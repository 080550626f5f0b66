"""Joint torques along a plan with the real load: gripper, and part where it is held."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from cells.model import Cell, Gripper
from core.findings import Finding
from core.frames import Array, inverse
from parts.sheet import SheetPart
from robots.mechanism import Mechanism
from sim.bending import BendingResult
from sim.plan import Phase
from sim.setup_sheet import SheetTable
from sim.world_dynamics import Dynamics, Payload

SAME_FOLD = np.radians(5.0)
"""Within this the folding sheet counts as one load [rad]."""


@dataclass(frozen=True, eq=False, slots=True)
class TorqueCheck:
    """Largest torques of a plan.

    Attributes:
        joints: Names.
        largest: Of the whole arm with its load (n,) [Nm]; of the load alone where `arm_known` is False.
        load: Of the load alone (n,) [Nm]: what gripper and part need, the arm taken as massless.
        steps: Where in the job each of `largest` occurs.
        limits: (n,) [Nm]; inf where neither description nor catalogue gives one.
        arm_known: Whether the description has masses of the links that can be believed.
        heaviest: Greatest mass on the flange [kg].
        payload: Rated payload [kg]; 0: not given.
        findings: Of this check.
    """

    joints: tuple[str, ...]
    largest: Array
    load: Array
    steps: tuple[str, ...]
    limits: Array
    arm_known: bool
    heaviest: float
    payload: float
    findings: tuple[Finding, ...]

    @property
    def basis(self) -> str:
        """What `largest` counts, in words."""
        if self.arm_known:
            return "arm, gripper and part, with the link masses of the robot's description"
        return "gripper and part only: the robot's description has no believable link masses"

    def to_dict(self) -> dict[str, Any]:
        """Plain data with units in the keys."""
        return {
            "counts": self.basis, "payload_kg": round(self.heaviest, 3), "rated_payload_kg": self.payload or None,
            "joints": [
                {"joint": name, "torque_nm": round(float(torque), 1), "load_part_nm": round(float(load), 1),
                 "limit_nm": round(float(limit), 1) if np.isfinite(limit) else None, "step": step}
                for name, torque, load, limit, step in zip(self.joints, self.largest, self.load, self.limits, self.steps, strict=True)
            ],
        }  # fmt: skip


def torque_table(check: TorqueCheck) -> SheetTable:
    """The torques for the setup sheet."""
    rated = f" of {check.payload:g} kg rated" if check.payload else ""
    rows = tuple(
        (name, f"{torque:.1f}", f"{load:.1f}", f"{limit:.1f}" if np.isfinite(limit) else "not given", step)
        for name, torque, load, limit, step in zip(check.joints, check.largest, check.load, check.limits, check.steps, strict=True)
    )
    title = f"Robot joints: {check.basis}; on the flange {check.heaviest:.1f} kg{rated}"
    return SheetTable(title, ("joint", "largest torque Nm", "of it gripper and part Nm", "limit Nm", "where"), rows)


def check_torques(result: BendingResult) -> TorqueCheck:
    """Torques at every sample of every phase.

    Speeds and accelerations are second-order differences of the plan's samples. While a bend is made the whole part counts as carried by the robot,
    though the tools carry some of it. Friction and drive inertia are not in any data sheet and not counted.
    """
    cell, plan = result.cell, result.plan
    model = cell.robot.model
    known = masses_known(model.mechanism)
    q, qd, qdd, owners = _motion(plan.phases)
    n = len(model.lower)
    largest, load_part, steps = np.zeros(n), np.zeros(n), [""] * n
    heaviest = 0.0
    for rows, payload in _loads(result, owners):
        heaviest = max(heaviest, payload.mass)
        for massless in (False, True) if known else (True,):
            with Dynamics(model.mechanism, cell.robot.T_world_base, model.flange_link, payload, massless=massless) as arm:
                found = np.abs([arm.torques(q[i], qd[i], qdd[i]) for i in rows])
            if massless:
                load_part = np.maximum(load_part, found.max(axis=0))
            if massless != known:
                for joint, at in enumerate(np.argmax(found, axis=0)):
                    if found[at, joint] > largest[joint]:
                        largest[joint], steps[joint] = found[at, joint], plan.phases[owners[rows[at]][0]].step
    check = TorqueCheck(model.mechanism.joint_names, largest, load_part, tuple(steps), model.effort, known, heaviest, model.payload, ())
    return replace(check, findings=tuple(_findings(cell, check)))


def masses_known(mechanism: Mechanism) -> bool:
    """Whether link masses can be believed: every moving link with a shape has one, and they are not all the same placeholder."""
    masses = [link.mass for link in mechanism.links[1:] if link.hulls]
    return bool(masses) and min(masses) > 0 and len({round(mass, 6) for mass in masses}) > 1


def gripper_payload(gripper: Gripper) -> Payload:
    """A gripper as a load: mass and centre of mass from the catalogue, inertia of a box of its size about that centre."""
    Ts = gripper.mechanism.fk(np.zeros(len(gripper.mechanism.joint_names)))
    points = [
        hull @ T[:3, :3].T + T[:3, 3] for T, link in zip(Ts, gripper.mechanism.links, strict=True) for hull in link.hulls
    ] or [np.zeros((1, 3))]  # fmt: skip
    x, y, z = np.ptp(np.concatenate(points), axis=0)
    inertia = gripper.mass / 12 * np.diag([y * y + z * z, x * x + z * z, x * x + y * y])
    return Payload(gripper.mass, gripper.com, inertia)


def part_payload(part: SheetPart, T_flange_sheet: Array, fold: Array) -> Payload:
    """The part as a load on the robot's flange."""
    R = T_flange_sheet[:3, :3]
    return Payload(part.mass, R @ part.center_of_mass(fold) + T_flange_sheet[:3, 3], R @ part.inertia(fold) @ R.T)


def _motion(phases: tuple[Phase, ...]) -> tuple[Array, Array, Array, list[tuple[int, int]]]:
    """Positions, speeds, accelerations (k, n) of all samples, and (phase, sample) of each; the robot rests before and after."""
    rows = [(float(phase.times[i]), p, i) for p, phase in enumerate(phases) for i in range(len(phase.times))]
    kept: list[tuple[float, int, int]] = []
    for row in rows:
        # The last sample of a phase is the first of the next; the later one has the next phase's load.
        if kept and row[0] - kept[-1][0] < 1e-4:
            kept.pop()
        kept.append(row)
    t = np.array([row[0] for row in kept])
    q = np.array([phases[p].robot[i] for _, p, i in kept])
    t = np.r_[t[0] - 0.02, t, t[-1] + 0.02]
    padded = np.concatenate((q[:1], q, q[-1:]))
    step = np.diff(t)[:, None]
    slope = np.diff(padded, axis=0) / step
    before, after = step[:-1], step[1:]
    qd = (slope[:-1] * after + slope[1:] * before) / (before + after)
    qdd = 2 * (slope[1:] - slope[:-1]) / (before + after)
    return q, qd, qdd, [(p, i) for _, p, i in kept]


def _loads(result: BendingResult, owners: list[tuple[int, int]]) -> list[tuple[list[int], Payload]]:
    """Rows of the motion that share a load, with the load."""
    part, gripper = result.part, gripper_payload(result.gripper)
    rows: dict[tuple[bytes, ...], list[int]] = {}
    for row, (number, i) in enumerate(owners):
        phase = result.plan.phases[number]
        key: tuple[bytes, ...] = ()
        if phase.gripped and phase.part is not None:
            key = (
                np.round(phase.fold[i] / SAME_FOLD).astype(int).tobytes(),
                bytes([phase.part.flange]),
                phase.part.T_holder_flange.tobytes(),
            )
        rows.setdefault(key, []).append(row)
    out: list[tuple[list[int], Payload]] = []
    for mine in rows.values():
        number, i = owners[mine[-1]]
        phase, payload = result.plan.phases[number], gripper
        if phase.gripped and phase.part is not None:
            T_sheet_flange = part.fold(phase.fold[i])[phase.part.flange]
            T_flange_sheet = result.gripper.T_flange_tcp @ phase.part.T_holder_flange @ inverse(T_sheet_flange)
            payload = gripper.plus(part_payload(part, T_flange_sheet, phase.fold[i]))
        out.append((mine, payload))
    return out


def _findings(cell: Cell, check: TorqueCheck) -> list[Finding]:
    out: list[Finding] = []
    name = cell.robot.model.name
    if check.payload and check.heaviest > check.payload:
        out.append(
            Finding(
                "error", "payload-exceeded", f"gripper and part have {check.heaviest:.1f} kg; {name} is rated for {check.payload:g} kg",
                "a lighter gripper or a larger robot", "", {"mass_kg": round(check.heaviest, 2), "rated_kg": check.payload},
            )
        )  # fmt: skip
    shares = check.largest / check.limits
    for joint, torque, limit, step in zip(check.joints, check.largest, check.limits, check.steps, strict=True):
        if torque > limit:
            out.append(
                Finding(
                    "error", "torque-exceeded", f"{joint} needs {torque:.0f} Nm; its limit is {limit:.0f} Nm", "a lighter gripper, a grip nearer the part's middle, or a larger robot",
                    step, {"joint": joint, "torque_nm": round(float(torque), 1), "limit_nm": round(float(limit), 1)},
                )
            )  # fmt: skip
    mass = f"{check.heaviest:.1f} kg on the flange" + (f" of {check.payload:g} kg rated" if check.payload else "")
    if np.any(np.isfinite(check.limits)):
        parts = [f"{j} {share:.0%}" for j, share in zip(check.joints, shares, strict=True) if share > 0]
        message = f"largest torques, {check.basis}: {', '.join(parts)} of the limit; {mass}"
    else:
        parts = [f"{j} {torque:.0f} Nm" for j, torque in zip(check.joints, check.largest, strict=True)]
        message = (
            f"largest torques, {check.basis}: {', '.join(parts)}; no torque limits are known for {name}, so only the mass is judged: {mass}"
        )
    out.append(Finding("info", "torques", message, "", "", check.to_dict()))
    return out
