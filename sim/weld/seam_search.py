"""One bead: torch angles, spin and arm posture along a seam, best by the cost of `sim.weld.seam_graph`; or the reason why there is no way.

A bead that keeps its angles is welded evenly, so these are tried in order: the preferred angles all along, other angles all along (those that cost least first), angles
that change along the seam. The first that works is taken. Between the layers the moves that the program will say are checked densely; what fails there takes
its nodes out, and the search is repeated.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from core.frames import Array
from core.units import DEG, to_deg, to_mm
from sim.robot_path import MAX_JOINT_STEP
from sim.scene import Clearance
from sim.weld.approach import approach, approachable
from sim.weld.path import T_base_flange, bead_poses, follow
from sim.weld.plan import SeamWeld
from sim.weld.position import working_position
from sim.weld.seam_graph import (
    STEP,
    Bead,
    EmptyLayer,
    Layer,
    Raster,
    angle_cost,
    bead_raster,
    cheapest,
    layer_samples,
    make_layers,
    postures,
    raster_poses,
    rasters,
    samples_of,
    track_choices,
)
from sim.weld.torch import SeamFrames, angles, seam_frames, torch_poses

SPEED_SHARE = 0.8
"""Share of the joint speeds that welding may ask for."""
MOST_TRIES = 14
WIDER = 15 * DEG
"""How far beyond its windows a seam that cannot be welded is tried, to tell what would help."""


@dataclass(frozen=True, slots=True)
class SeamRefusal:
    """Why a bead cannot be welded.

    Attributes:
        code: `seam-reach`, `seam-collision`, `seam-angle`, `seam-speed`.
        message, remedy: Sentences.
        bodies: What is in the way.
        at: Where, from the start of the seam [m].
        unreached: There is a place with no arm position at all.
    """

    code: str
    message: str
    remedy: str
    bodies: tuple[str, str] | None = None
    at: float | None = None
    unreached: bool = False


def search_seam(bead: Bead, *, preferred: bool = False) -> SeamWeld | SeamRefusal:
    """The cheapest way to weld a bead, or the reason why there is none; `preferred`: with the preferred angles only."""
    seam = bead.seam
    starts = [0.0] if not seam.closed else [seam.length * share for share in (0.0, 0.25, 0.5, 0.75)]
    everywhere = [seam_frames(seam, STEP, overlap=bead.overlap if seam.closed else 0.0, start=start) for start in starts]
    slides = track_choices(bead, everywhere[0])
    refusals: list[SeamRefusal] = []
    for attempt, raster in enumerate(rasters(bead)[:1] if preferred else rasters(bead)):
        # Where a closed seam begins and the robot stands matters for how the arm turns; it is varied with the preferred angles only.
        for frames in everywhere if attempt == 0 else everywhere[:1]:
            for slide in slides if attempt == 0 else slides[:1]:
                found = _search(bead, frames, raster, slide)
                if isinstance(found, SeamWeld):
                    return found
                refusals.append(found)
        if all(refusal.unreached or refusal.code == "seam-speed" for refusal in refusals):
            # A little more angle brings the wire's end no nearer, and the joints not up to the speed.
            return refusals[-1]
    worst = next((refusal for refusal in refusals if refusal.code == "seam-speed"), None)
    worst = worst or next((refusal for refusal in refusals[::-1] if refusal.code == "seam-collision"), refusals[-1])
    wider = None if preferred or worst.code == "seam-speed" else _beyond(bead)
    if wider is None:
        return worst
    return replace(wider, bodies=worst.bodies, at=worst.at, message=f"{wider.message}; within them {worst.message}")


def _search(bead: Bead, fine: SeamFrames, raster: Raster, slide: float | None) -> SeamWeld | SeamRefusal:
    samples = layer_samples(fine)
    frames = samples_of(fine, samples)
    layers = make_layers(bead, frames, raster, slide)
    if isinstance(layers, EmptyLayer):
        if layers.reached:
            return _in_the_way(bead, frames, raster, layers.layer, slide)
        return _out_of_reach(bead, float(frames.at[layers.layer]))
    for k in (0, len(layers) - 1):
        Ts_world = bead.T_world_piece @ raster_poses(bead, samples_of(frames, np.array([k])), raster)[0]
        open_ = approachable(bead.cell, bead.scene, Ts_world, layers[k].qs, layers[k].poses)
        if not np.any(open_):
            return SeamRefusal(
                "seam-collision", f"the torch has no way {'to' if k == 0 else 'from'} the seam along its wire", "move the clamp or the part, or give the windows more room", at=float(frames.at[k])
            )  # fmt: skip
        layers[k] = layers[k].kept(open_)
    dt = np.diff(frames.at) / bead.procedure.speed
    velocity = bead.cell.robot.model.velocity
    most = np.minimum(velocity * dt[:, None] * SPEED_SHARE, 2 * MAX_JOINT_STEP)
    failed: SeamRefusal | None = None
    for _ in range(MOST_TRIES):
        found = cheapest(layers, frames.at, most)
        if isinstance(found, int):
            return failed or _no_way(bead, layers, frames, most, found)
        nodes, cost = found
        made = _made(bead, fine, samples, raster, layers, nodes, cost)
        if isinstance(made, SeamWeld):
            return made
        failed = _between(bead, made, frames)
        _take_out(bead, raster, layers, nodes, made.layers)
        if any(len(layer.qs) == 0 for layer in layers):
            break
    assert failed is not None
    return failed


def _take_out(bead: Bead, raster: Raster, layers: list[Layer], nodes: list[int], at: tuple[int, ...]) -> None:
    """Leaves out what failed next to some layers. Where the angles change there, those nearer to the preferred ones do not fit beside the others: all nodes with them go."""
    poses = [int(layers[k].poses[nodes[k]]) for k in at]
    angles = [(raster.work[g], raster.travel[g]) for g in poses]
    if len(set(angles)) > 1:
        k, g = min(zip(at, poses, strict=True), key=lambda one: float(angle_cost(bead, raster.work[one[1]], raster.travel[one[1]])))
        same = (raster.work == raster.work[g]) & (raster.travel == raster.travel[g])
        layers[k] = layers[k].kept(~same[layers[k].poses])
        return
    for k in at:
        layers[k] = layers[k].kept(np.arange(len(layers[k].qs)) != nodes[k])


@dataclass(frozen=True, eq=False, slots=True)
class _Broken:
    """Where a way through the graph fails between layers.

    Attributes:
        layers: Next to which.
        why: The arm does not follow, something is in the way, or the straight way to an end is blocked.
        clearance: How near what comes there, where that is known.
    """

    layers: tuple[int, ...]
    why: Literal["drive", "contact", "approach"]
    clearance: Clearance | None = None


def _made(
    bead: Bead, fine: SeamFrames, samples: Array, raster: Raster, layers: list[Layer], nodes: list[int], cost: float
) -> SeamWeld | _Broken:
    """The bead along a way through the graph, checked densely; or the layers next to where it fails."""
    poses = [int(layer.poses[node]) for layer, node in zip(layers, nodes, strict=True)]
    q_start = layers[0].qs[nodes[0]]
    everywhere = np.arange(len(fine.at))
    work, travel = (np.interp(everywhere, samples, values[poses]) for values in (raster.work, raster.travel))
    spin = np.interp(everywhere, samples, np.unwrap(raster.spin[poses]))
    a, b, _ = bead.procedure.passes[bead.number]
    travel = travel + bead.tilt(fine.at)
    Ts = torch_poses(fine, work, travel, spin, offset=(a, b))
    # What counts is what is driven: between targets the torch turns evenly, whatever the raster said there.
    wanted, at, _ = bead_poses(bead.seam, Ts)
    dense, at, _ = bead_poses(bead.seam, wanted[_nearest(at, everywhere)])
    qs, _ = follow(bead.cell, bead.T_world_piece @ dense, q_start)
    bad = _first_bad(bead, qs, len(dense))
    if bad is not None:
        index, why = bad
        layer = int(np.searchsorted(samples, at[index]))
        near = bead.scene.violation(qs[index]) if why == "contact" else None
        return _Broken(tuple(sorted({max(layer - 1, 0), min(layer, len(layers) - 1)})), why, near)
    samples_dense = _nearest(at, everywhere)
    robot, Ts = qs[samples_dense], dense[samples_dense]
    work, travel = angles(fine, Ts)
    for k, end in ((0, Ts[0]), (len(layers) - 1, Ts[-1])):
        q = robot[0] if k == 0 else robot[-1]
        if approach(bead.cell, bead.scene, bead.T_world_piece @ end, q, bead.clearance) is None:
            return _Broken((k,), "approach")
    position = working_position(bead.T_world_piece, fine)
    return SeamWeld(
        seam=bead.seam, bead=bead.number, procedure=bead.procedure.name, Ts_piece_tcp=Ts, work=work, travel=travel, spin=spin, robot=robot,
        positioner=np.repeat(bead.q_positioner[None], len(Ts), axis=0), position=position, cost=cost,
    )  # fmt: skip


def _first_bad(bead: Bead, qs: Array, count: int) -> tuple[int, Literal["drive", "contact"]] | None:
    """The first of `count` dense samples at which a bead's joints fail, and how; None: they hold."""
    if len(qs) < count:
        return len(qs), "drive"
    clear = np.asarray(bead.scene.free(qs), dtype=bool)
    if not np.all(clear):
        return int(np.argmin(clear)), "contact"
    if len(set(postures(bead.cell.robot.model, qs))) > 1:
        return int(np.argmax(np.diff(postures(bead.cell.robot.model, qs)) != 0)), "drive"
    return next(((k, "contact") for k in range(len(qs) - 1) if not bead.scene.edge_free(qs[k], qs[k + 1])), None)


def _nearest(at: Array, wanted: Array) -> Array:
    found: Array = np.clip(np.searchsorted(at, wanted - 1e-6), 0, len(at) - 1)
    return found


# Reasons


def _place(bead: Bead, at: float) -> str:
    return f"{to_mm(at):.0f} mm from the start of its {to_mm(bead.seam.length):.0f} mm"


def _turned(bead: Bead) -> str:
    return "turn the positioner" if bead.cell.positioner is not None else "move or turn the part on the table"


def _out_of_reach(bead: Bead, at: float) -> SeamRefusal:
    message = f"no arm position within joint limits, hose twist and away from singular positions reaches it {_place(bead, at)}"
    return SeamRefusal("seam-reach", message, f"{_turned(bead)}, or weld it in shorter stretches", None, at, unreached=True)


def _between(bead: Bead, broken: _Broken, frames: SeamFrames) -> SeamRefusal:
    at = float(frames.at[broken.layers[0]])
    near = broken.clearance
    remedy = f"{_turned(bead)}, or move what stands beside it"
    if broken.why == "drive":
        message = f"the arm cannot drive it evenly {_place(bead, at)}"
        return SeamRefusal("seam-reach", message, f"{_turned(bead)}, or split the seam there", None, at)
    if broken.why == "approach":
        message = f"the torch has no straight way of {to_mm(bead.clearance):.0f} mm along its wire to it {_place(bead, at)}"
        return SeamRefusal("seam-collision", message, f"{remedy}, or a shorter `clearance_mm`", None, at)
    if near is None:
        return SeamRefusal("seam-collision", _hidden(bead, at), remedy, None, at)
    message = f"while the torch turns {_place(bead, at)}, {near.body_a} comes within {to_mm(near.distance):.1f} mm of {near.body_b}"
    return SeamRefusal("seam-collision", message, remedy, (near.body_a, near.body_b), at)


def _hidden(bead: Bead, at: float) -> str:
    return f"between its checked places something is in the way {_place(bead, at)}"


def _in_the_way(bead: Bead, frames: SeamFrames, raster: Raster, k: int, slide: float | None) -> SeamRefusal:
    """What is in the way most mildly: the pair that is nearest to keeping its distance over all solutions there."""
    Ts = T_base_flange(bead.cell, bead.T_world_piece @ raster_poses(bead, samples_of(frames, np.array([k])), raster)[0])
    best = None
    for T in Ts:
        for q in bead.cell.robot.model.ik(T, slide=slide):
            broken = bead.scene.violation(q)
            if broken is not None and (best is None or broken.distance > best.distance):
                best = broken
    at = float(frames.at[k])
    if best is None:
        return SeamRefusal(
            "seam-collision",
            _hidden(bead, at),
            f"{_turned(bead)}, or move what stands beside it",
            None,
            at,
        )
    inside = "touches" if best.distance > -0.05e-3 else f"is {to_mm(-best.distance):.1f} mm inside"
    state = inside if best.distance <= 0 else f"comes within {to_mm(best.distance):.1f} mm of"
    message = f"in every torch angle and spin something is in the way {_place(bead, at)}; at best {best.body_a} {state} {best.body_b}"
    remedy = f"{_turned(bead)}, move {best.body_b}, or give the procedure wider angle windows"
    return SeamRefusal("seam-collision", message, remedy, (best.body_a, best.body_b), at)


def _no_way(bead: Bead, layers: list[Layer], frames: SeamFrames, most: Array, k: int) -> SeamRefusal:
    """Whether more time would help."""
    at = float(frames.at[k])
    slack = cheapest(layers, frames.at, np.full_like(most, 2 * MAX_JOINT_STEP))
    if isinstance(slack, int):
        message = f"no single posture of the arm reaches all of it: every way ends {_place(bead, at)}"
        return SeamRefusal("seam-reach", message, f"{_turned(bead)}, or split the seam there", None, at)
    nodes, _ = slack
    qs = np.array([layer.qs[node] for layer, node in zip(layers, nodes, strict=True)])
    dt = np.diff(frames.at) / bead.procedure.speed
    needed = np.abs(np.diff(qs, axis=0)) / dt[:, None] / bead.cell.robot.model.velocity
    worst, joint = np.unravel_index(int(np.argmax(needed)), needed.shape)
    slower = bead.procedure.speed * SPEED_SHARE / float(needed[worst, joint])
    message = (
        f"joint {joint + 1} would have to run at {100 * needed[worst, joint]:.0f} % of its speed {_place(bead, float(frames.at[worst]))}"
    )
    return SeamRefusal(
        "seam-speed", message, f"weld it with at most {to_mm(slower):.1f} mm/s, or {_turned(bead)}", None, float(frames.at[worst])
    )


def _beyond(bead: Bead) -> SeamRefusal | None:
    """Angles outside of the windows with which the worst places could be welded."""
    frames = seam_frames(bead.seam, STEP, overlap=bead.overlap if bead.seam.closed else 0.0)
    places = samples_of(frames, layer_samples(frames)[[0, len(layer_samples(frames)) // 2, -1]])
    raster = bead_raster(bead, beyond=WIDER)
    slide = track_choices(bead, frames)[0]
    layers = make_layers(bead, places, raster, slide)
    if isinstance(layers, EmptyLayer):
        return None
    cheapest_angles = [raster.work[layer.poses[int(np.argmin(layer.cost))]] for layer in layers]
    travels = [raster.travel[layer.poses[int(np.argmin(layer.cost))]] for layer in layers]
    window, tilt = bead.procedure.work, bead.procedure.travel
    # A pass may have an angle of its own.
    low, high = window.low + bead.procedure.passes[bead.number][2], window.high + bead.procedure.passes[bead.number][2]
    inside = all(low <= w <= high for w in cheapest_angles) and all(tilt.low <= v <= tilt.high for v in travels)
    if inside:
        return None
    shown = f"work {to_deg(min(cheapest_angles)):.0f} to {to_deg(max(cheapest_angles)):.0f} deg, travel {to_deg(min(travels)):.0f} to {to_deg(max(travels)):.0f} deg"
    message = f"it could be reached with {shown}, beyond the procedure's {to_deg(low):.0f}..{to_deg(high):.0f} and {to_deg(tilt.low):.0f}..{to_deg(tilt.high):.0f} deg"
    return SeamRefusal(
        "seam-angle", message, f"allow these angles in procedure {bead.procedure.name} if they weld well, or {_turned(bead)}"
    )
