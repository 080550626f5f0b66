"""Moves of a running program one after the other: whether the robot gets there, whether the roundings fit, what it passes on the way."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np

from core.findings import Finding, Level
from core.frames import Array, inverse
from core.units import to_deg, to_mm
from robots.model import RobotModel
from robots.programs.events import Event, Moved
from robots.programs.followed import Spot, finding_at
from robots.programs.positions import Fault, Position, Way, on_the_way, reached, way

NEAR_SINGULAR = 0.02
"""Smallest singular value of the Jacobian below which a straight move is named (1 = one metre or radian of freedom per radian)."""
SAMPLE_LENGTH, SAMPLE_TURN, MOST_SAMPLES = 0.05, np.radians(10.0), 12
"""Straight moves are looked at every so many metres or radians, at most so often."""
LONGEST_STEP = np.radians(60.0)
"""A joint that turns more than this between two samples of a line has not followed it."""
LENGTH_TOLERANCE = 1e-6


def motion_findings(
    events: Sequence[tuple[Event, Spot]], start: Position, model: RobotModel | None
) -> tuple[list[Finding], list[Position]]:
    """Findings of a run, and where the robot stands after each event.

    Args:
        events: Of the run.
        start: Where it begins.
        model: None: only what the targets alone tell.
    """
    findings: list[Finding] = []
    places: list[Position] = []
    at = start
    rounded: tuple[float, Spot, Way | None] | None = None
    for event, spot in events:
        if isinstance(event, Moved):
            end, fault = reached(at, event, model)
            gone = way(at, event, end, model)
            if fault is not None:
                findings.append(_unreached(fault, event, spot))
            if rounded is not None:
                findings += _too_long(*rounded, gone, spot)
            rounded = None if event.blend is None else (event.blend, spot, gone)
            findings += _triggers(event, gone, spot) + _too_fast(at, event, end, spot, model)
            if model is not None and event.kind != "joint":
                findings += _line(at, event, end, gone, spot, model)
            at = end
        places.append(at)
    if rounded is not None:
        findings += _too_long(*rounded, None, None)
    return findings, places


def _too_long(blend: float, spot: Spot, before: Way | None, after: Way | None, next_spot: Spot | None) -> Iterator[Finding]:
    """The rounding at one target against half of the way to it and half of the way on from it."""
    for gone, words in ((before, "to this target"), (after, f"on from this target ({next_spot})")):
        if gone is not None and blend > gone.length / 2 + LENGTH_TOLERANCE:
            half = to_mm(gone.length / 2)
            message = f"rounded by {to_mm(blend):g} mm, the way {words} is {2 * half:.3f} mm long: at most half of it, {half:.3f} mm"
            # What stands in a text a controller takes, and rounds less; what is about to be written shall not ask for it.
            yield finding_at("warning" if spot.file else "error", "blend-too-long", spot, message, "round less, or stop exactly", {"blend_mm": to_mm(blend), "limit_mm": round(half, 4)})  # fmt: skip
            return


def _unreached(fault: Fault, move: Moved, spot: Spot) -> Finding:
    assert move.T_target is not None
    target = " ".join(f"{to_mm(float(x)):.1f}" for x in move.T_target[:3, 3])
    where = f"the target at {target} mm of the robot's base"
    if fault == "unreachable":
        return finding_at(
            "error",
            "unreachable-target",
            spot,
            f"{where} is out of the robot's reach inside its joint limits",
            "move target, frame or robot",
        )
    if fault == "posture":
        assert move.posture is not None
        named = " ".join(map(str, move.posture.values))
        # A straight move keeps the posture it starts in; most controllers do not look at the one that is written.
        level: Level = "error" if move.kind == "joint" else "warning"
        message = f"{where} cannot be reached in the posture it names ({move.posture.maker} {named})"
        return finding_at(level, "posture-missing", spot, message, "name a posture in which it can be reached, or give joint values")  # fmt: skip
    message = f"{where} cannot be reached in the posture in which the {move.kind} move starts"
    return finding_at("error", "posture-change", spot, message, "change the posture with a joint move before")


def _triggers(move: Moved, gone: Way | None, spot: Spot) -> list[Finding]:
    if gone is None:
        return []
    return [
        finding_at(
            "error", "trigger-beyond-move", spot,
            f"{trigger.address} shall be set {to_mm(trigger.distance):g} mm from the {trigger.at} of a way of {to_mm(gone.length):.1f} mm",
            "set it nearer, or with the move before", {"distance_mm": to_mm(trigger.distance), "limit_mm": round(to_mm(gone.length), 3)},
        )
        for trigger in move.triggers
        if trigger.distance > gone.length + LENGTH_TOLERANCE
    ]  # fmt: skip


def _too_fast(start: Position, move: Moved, end: Position, spot: Spot, model: RobotModel | None) -> list[Finding]:
    """A prescribed time in which the robot cannot make the move."""
    if move.duration is None or move.duration <= 0 or model is None or start.q is None or end.q is None or start.q.shape != end.q.shape:
        return []
    needed = np.abs(end.q - start.q) / model.velocity
    joint = int(np.argmax(needed))
    if needed[joint] <= move.duration:
        return []
    message = f"{move.duration:g} s prescribed, joint {joint + 1} needs at least {needed[joint]:.3f} s at its greatest speed"
    data = {"duration_s": move.duration, "limit_s": round(float(needed[joint]), 4), "joint": joint + 1}
    return [finding_at("error", "duration-too-short", spot, message, "give the move more time", data)]


def _line(start: Position, move: Moved, end: Position, gone: Way | None, spot: Spot, model: RobotModel) -> list[Finding]:
    """Along a straight or circular move: whether every point is reached, and how near to a singularity."""
    if start.q is None or end.q is None or gone is None or start.T_flange is None or end.T_flange is None or end.carried:
        return []
    count = min(max(math.ceil(gone.length / SAMPLE_LENGTH), math.ceil(gone.turn / SAMPLE_TURN), 1), MOST_SAMPLES)
    T_a, T_b, T_tcp_flange = start.T_flange @ move.T_flange_tcp, end.T_flange @ move.T_flange_tcp, inverse(move.T_flange_tcp)
    qs: list[Array] = [start.q]
    for k in range(1, count):
        share = k / count
        slide = None if not model.slides else float(start.q[0] + share * (end.q[0] - start.q[0]))
        found = model.ik(on_the_way(T_a, move.T_via, T_b, share) @ T_tcp_flange, slide=slide)
        if not len(found):
            message = (
                f"the way to this target leaves the robot's reach after {to_mm(share * gone.length):.0f} of {to_mm(gone.length):.0f} mm"
            )
            return [finding_at("error", "unreachable-way", spot, message, "go another way, or move the robot")]
        qs.append(found[int(np.argmin(np.max(np.abs(found - qs[-1]), axis=1)))])
    qs.append(end.q)
    findings = []
    values = model.singularity(np.array(qs))
    least = int(np.argmin(values))
    if values[least] < NEAR_SINGULAR:
        wrist = float(qs[least][model.slides + 4])
        what = f"axis 5 at {to_deg(wrist):.2f} deg" if abs(wrist) < 0.1 else "arm stretched, or wrist over axis 1"
        message = f"the {move.kind} move passes near a singularity ({what}; measure {values[least]:.4f}, safe above {NEAR_SINGULAR:g})"
        data = {"measure": round(float(values[least]), 5)}
        findings.append(finding_at("info", "near-singular", spot, message, "prove it at low speed, or tilt the tool", data))
    steps = np.max(np.abs(np.diff(np.array(qs), axis=0)[:, model.slides :]), axis=1)
    worst = int(np.argmax(steps))
    if steps[worst] > LONGEST_STEP:
        where = f"between {100 * worst / count:.0f} and {100 * (worst + 1) / count:.0f} % of it"
        message = f"the way to this target cannot be driven in one posture: a joint turns by {to_deg(float(steps[worst])):.0f} deg {where}"
        findings.append(finding_at("error", "posture-change", spot, message, "change the posture with a joint move before"))
    return findings
