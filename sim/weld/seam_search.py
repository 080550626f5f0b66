"""One bead: torch angles, spin and arm posture along a seam, best by a stated cost.

A layered graph. A layer belongs to a place on the seam; its nodes are the joint solutions of every torch pose there: a raster of spin about the wire, work and travel
angle inside the procedure's windows. A node counts when the joints keep their limits, the hose is not twisted too far, the arm is not near a singular
position and everything keeps its distance (`scene`). Two nodes of neighbouring layers are joined when the arm keeps its posture and every joint gets from one to
the other in the time that the torch takes. Dynamic programming gives the cheapest way, with u = 0..1 along the seam:

    cost = mean over u of (ANGLE ((w - w0)/W)^2 + ANGLE ((v - v0)/V)^2 + HOSE (q_n/twist)^2 + SINGULAR max(0, 1 - sigma/SAFE)^2
                          + LIMIT sum max(0, |m|/0.8 - 1)^2)
           + MOTION * integral of |dq/du|^2 du

w0, v0: preferred angles; W, V: half the windows; q_n: last axis from its middle; sigma: smallest singular value of the Jacobian; m: joint in its range, -1..1. Lengths of
seams cancel: a long seam costs what a short one does.

A bead that keeps its angles is welded evenly, so these are tried in order: the preferred angles all along, other angles all along (those that cost least first), angles
that change along the seam. The first that works is taken. Between the layers the moves that the program will say are checked densely; what fails there takes
its nodes out, and the search is repeated.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from cells.weld_model import WeldCell, WeldProcedure, Window
from core.frames import Array
from core.units import DEG, to_deg, to_mm
from parts.seam import Seam
from robots.model import RobotModel
from sim.robot_path import MAX_JOINT_STEP
from sim.scene import Clearance, Scene
from sim.weld.approach import approach, approachable
from sim.weld.graph_kernels import relax
from sim.weld.path import T_base_flange, bead_poses, follow
from sim.weld.plan import SeamWeld
from sim.weld.position import working_position
from sim.weld.torch import SeamFrames, angles, biased, seam_frames, torch_poses

ANGLE, HOSE, SINGULAR, LIMIT, MOTION = 2.0, 0.5, 4.0, 4.0, 0.02
SAFE = 0.12
"""Smallest singular value from which on a position costs nothing."""
LEAST_SINGULAR = 0.025
"""Positions nearer to a singularity are not used."""
SPIN_STEP = 15 * DEG
STEP, LEAST_LAYERS, MOST_LAYERS = 0.015, 5, 40
TURN = 9 * DEG
"""Layers are never further apart than this on curves."""
INSET = 0.25 * DEG
"""Windows are used up to this from their edges, since between targets the angles stray a little."""
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


@dataclass(frozen=True, eq=False, slots=True)
class Raster:
    """Torch angles that are tried, each (g,) [rad]."""

    work: Array
    travel: Array
    spin: Array


@dataclass(frozen=True, eq=False, slots=True)
class Layer:
    """Nodes at one place of the seam.

    Attributes:
        qs: (m, n)
        poses: Index into the raster (m,).
        codes: Posture of the arm (m,).
        cost: Of being there (m,).
    """

    qs: Array
    poses: Array
    codes: Array
    cost: Array

    def kept(self, mask: Array) -> Layer:
        """Those of a mask."""
        return Layer(self.qs[mask], self.poses[mask], self.codes[mask], self.cost[mask])


@dataclass(frozen=True, eq=False, slots=True)
class Bead:
    """What is to be found.

    Attributes:
        cell: Where.
        seam: In welding direction.
        number: Of the pass.
        procedure: How.
        scene: Posed for welding this seam; the positioner stands.
        T_world_piece: The weldment.
        q_positioner: Joints of the positioner.
        overlap: See `WeldOptions`.
        clearance: See `WeldOptions`.
    """

    cell: WeldCell
    seam: Seam
    number: int
    procedure: WeldProcedure
    scene: Scene
    T_world_piece: Array
    q_positioner: Array
    overlap: float = 0.010
    clearance: float = 0.050


def search_seam(bead: Bead, *, preferred: bool = False) -> SeamWeld | SeamRefusal:
    """The cheapest way to weld a bead, or the reason why there is none; `preferred`: with the preferred angles only."""
    seam = bead.seam
    starts = [0.0] if not seam.closed else [seam.length * share for share in (0.0, 0.25, 0.5, 0.75)]
    everywhere = [seam_frames(seam, STEP, overlap=bead.overlap if seam.closed else 0.0, start=start) for start in starts]
    slides = _slides(bead, everywhere[0])
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


def rasters(bead: Bead) -> list[Raster]:
    """Rasters to try one after the other: preferred angles, other constant angles, angles that may change."""
    whole = bead_raster(bead, whole=True)
    pairs = np.unique(np.stack([whole.work, whole.travel], axis=1), axis=0)
    cost = _angle_cost(bead, pairs[:, 0], pairs[:, 1])
    constant = []
    for work, travel in pairs[np.argsort(cost, kind="stable")]:
        kept = (whole.work == work) & (whole.travel == travel)
        constant.append(Raster(whole.work[kept], whole.travel[kept], whole.spin[kept]))
    return [*constant, whole] if len(constant) > 1 else constant


def bead_raster(bead: Bead, *, whole: bool, beyond: float = 0.0) -> Raster:
    """Angles to try: spins with the preferred angles, or with the windows too."""
    procedure, extra = bead.procedure, bead.procedure.passes[bead.number][2]
    w0 = biased(procedure.work, bead.seam.thickness_a, bead.seam.thickness_b) + extra
    works, travels = np.array([w0]), np.array([procedure.travel.preferred])
    if whole:
        low, high = procedure.work.low + extra, procedure.work.high + extra
        works = np.unique(np.round([w0, *_inside(low - beyond, high + beyond, 9 if beyond else 5)], 9))
        travels = np.unique(np.round([travels[0], *_inside(procedure.travel.low - beyond, procedure.travel.high + beyond, 3)], 9))
    spins = np.arange(-np.pi, np.pi - 1e-9, SPIN_STEP)
    w, v, s = np.meshgrid(works, travels, spins, indexing="ij")
    return Raster(w.ravel(), v.ravel(), s.ravel())


def _inside(low: float, high: float, count: int) -> Array:
    if high - low < 2 * INSET:
        return np.array([(low + high) / 2])
    return np.linspace(low + INSET, high - INSET, count)


def _slides(bead: Bead, frames: SeamFrames) -> list[float | None]:
    """Positions of the track from which the seam's middle lies well; None: there is no track."""
    model = bead.cell.robot.model
    if not model.slides:
        return [None]
    middle = len(frames.at) // 2
    T = bead.T_world_piece @ torch_poses(_at(frames, np.array([middle])), bead.procedure.work.preferred, 0.0, 0.0)[0]
    return list(model.track_positions(T_base_flange(bead.cell, T), float(bead.cell.robot.q_home[0])))


def _at(frames: SeamFrames, index: Array) -> SeamFrames:
    return SeamFrames(
        frames.at[index], frames.points[index], frames.tangents[index], frames.bisectors[index], frames.sides[index], frames.along_a[index], frames.along_b[index]
    )  # fmt: skip


def layer_samples(frames: SeamFrames) -> Array:
    """Which samples of a seam become layers: at most `STEP` and `TURN` apart, wider on long seams."""
    total = float(frames.at[-1])
    step = max(total / MOST_LAYERS, min(STEP, total / (LEAST_LAYERS - 1)))
    chosen = [0]
    turn = np.arccos(np.clip(np.sum(frames.tangents[:-1] * frames.tangents[1:], axis=1), -1.0, 1.0))
    turned = np.r_[0.0, np.cumsum(turn)]
    for k in range(1, len(frames.at)):
        last = chosen[-1]
        if k - 1 > last and (frames.at[k] - frames.at[last] > step + 1e-9 or turned[k] - turned[last] > TURN + 1e-9):
            chosen.append(k - 1)
    return np.array([*chosen, len(frames.at) - 1])


def _poses(bead: Bead, frames: SeamFrames, raster: Raster) -> Array:
    """Torch poses in the weldment (k, g, 4, 4)."""
    a, b, _ = bead.procedure.passes[bead.number]
    made = [torch_poses(frames, w, v, s, offset=(a, b)) for w, v, s in zip(raster.work, raster.travel, raster.spin, strict=True)]
    return np.stack(made, axis=1)


@dataclass(frozen=True, slots=True)
class _Empty:
    """A layer without nodes; `reached`: there are arm positions, but something is in the way of all."""

    layer: int
    reached: bool


def _coarse_to_fine(count: int) -> list[int]:
    """Ends, middle, quarters, ...: where a seam fails is found early."""
    order = [0, count - 1]
    parts = 2
    while len(order) < count:
        order += [k for k in (round(i * (count - 1) / parts) for i in range(1, parts)) if k not in order]
        parts *= 2
    return order


def make_layers(bead: Bead, frames: SeamFrames, raster: Raster, slide: float | None) -> list[Layer] | _Empty:
    """Layers at the given samples, or the first that has no nodes."""
    model, torch = bead.cell.robot.model, bead.cell.torch
    Ts = T_base_flange(bead.cell, bead.T_world_piece @ _poses(bead, frames, raster))
    angle = _angle_cost(bead, raster.work, raster.travel)
    middle = (model.lower[-1] + model.upper[-1]) / 2
    half, centre = (model.upper - model.lower) / 2, (model.upper + model.lower) / 2
    layers: list[Layer | None] = [None] * len(Ts)
    for k in _coarse_to_fine(len(Ts)):
        found = [model.ik(T, slide=slide) for T in Ts[k]]
        qs = np.concatenate(found)
        poses = np.repeat(np.arange(len(found)), [len(one) for one in found])
        kept = np.abs(qs[:, -1] - middle) <= torch.twist
        qs, poses = qs[kept], poses[kept]
        sigma = model.singularity(qs) if len(qs) else np.zeros(0)
        kept = sigma > LEAST_SINGULAR
        qs, poses, sigma = qs[kept], poses[kept], sigma[kept]
        if len(qs) == 0:
            return _Empty(k, reached=False)
        kept = np.asarray(bead.scene.free(qs), dtype=bool)
        qs, poses, sigma = qs[kept], poses[kept], sigma[kept]
        if len(qs) == 0:
            return _Empty(k, reached=True)
        near = np.maximum(np.abs((qs - centre) / half)[:, model.slides :] / 0.8 - 1.0, 0.0)
        cost = (
            angle[poses]
            + HOSE * ((qs[:, -1] - middle) / torch.twist) ** 2
            + SINGULAR * np.maximum(0.0, 1.0 - sigma / SAFE) ** 2
            + LIMIT * np.sum(near**2, axis=1)
        )
        layers[k] = Layer(qs, poses, postures(model, qs), cost)
    return [layer for layer in layers if layer is not None]


def _angle_cost(bead: Bead, work: Array, travel: Array) -> Array:
    procedure = bead.procedure
    w0 = biased(procedure.work, bead.seam.thickness_a, bead.seam.thickness_b) + procedure.passes[bead.number][2]
    cost: Array = ANGLE * (_scaled(work, w0, procedure.work) ** 2 + _scaled(travel, procedure.travel.preferred, procedure.travel) ** 2)
    return cost


def _scaled(values: Array, preferred: float, window: Window) -> Array:
    half = max((window.high - window.low) / 2, 1 * DEG)
    out: Array = (values - preferred) / half
    return out


def postures(model: RobotModel, qs: Array) -> Array:
    """Posture of every row of qs (k, n) as a number: sides of the wrist seen from axis 1 and from the lower arm (`RobotModel.wrist_behind`, for many at once), sign of axis 5."""
    if len(qs) == 0:
        return np.zeros(0, dtype=np.int64)
    arm, joints = model.arm or model, qs[:, model.slides :]
    movable = [joint for joint in arm.mechanism.joints if joint.kind != "fixed"]
    Ts, Ts_zero = arm.mechanism.fk_batch(joints), arm.mechanism.fk(np.zeros(joints.shape[1]))
    p2, p3, p5 = (Ts[:, movable[i].child, :3, 3] for i in (1, 2, 4))
    axis_1, zero, along = Ts[:, movable[0].child], Ts_zero[movable[0].child], movable[0].axis
    ahead = zero[:3, :3].T @ (Ts_zero[movable[4].child][:3, 3] - zero[:3, 3])
    forward = axis_1[:, :3, :3] @ (ahead - (ahead @ along) * along)
    behind_axis = np.sum((p5 - axis_1[:, :3, 3]) * forward, axis=1) < 0
    up = axis_1[:, :3, :3] @ along
    up = np.where(up[:, 2:] >= 0, up, -up)
    behind_arm = np.sum(np.cross(p3 - p2, p5 - p2) * np.cross(forward, up), axis=1) > 0
    out: Array = 4 * behind_axis + 2 * behind_arm + 1 * (joints[:, 4] >= 0)
    return out.astype(np.int64)


def cheapest(layers: list[Layer], at: Array, most: Array) -> tuple[list[int], float] | int:
    """The cheapest way through all layers: a node of each and the cost; or the number of the layer that no way reaches.

    Args:
        layers: In order along the seam.
        at: Where they are (k,) [m].
        most: Largest joint changes from layer to layer (k - 1, n) [rad].
    """
    span = float(at[-1] - at[0])
    share = np.gradient(at) / span if len(at) > 1 else np.ones(1)
    cost = layers[0].cost * share[0]
    parents = []
    for k in range(1, len(layers)):
        before, after = layers[k - 1], layers[k]
        value, parent = after.cost * share[k], np.full(len(after.qs), -1, dtype=np.int64)
        weight = MOTION * span / float(at[k] - at[k - 1])
        relax(before.qs, before.codes, cost, after.qs, after.codes, most[k - 1], weight, value, parent)
        if not np.any(np.isfinite(value)):
            return k
        parents.append(parent)
        cost = value
    if len(cost) == 0 or not np.any(np.isfinite(cost)):
        return 0
    node = int(np.argmin(cost))
    total = float(cost[node])
    chosen = [node]
    for parent in parents[::-1]:
        chosen.append(int(parent[chosen[-1]]))
    return chosen[::-1], total


def _search(bead: Bead, fine: SeamFrames, raster: Raster, slide: float | None) -> SeamWeld | SeamRefusal:
    samples = layer_samples(fine)
    frames = _at(fine, samples)
    layers = make_layers(bead, frames, raster, slide)
    if isinstance(layers, _Empty):
        if layers.reached:
            return _in_the_way(bead, frames, raster, layers.layer, slide)
        return _out_of_reach(bead, float(frames.at[layers.layer]))
    for k in (0, len(layers) - 1):
        Ts_world = bead.T_world_piece @ _poses(bead, _at(frames, np.array([k])), raster)[0]
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
        k, g = min(zip(at, poses, strict=True), key=lambda one: float(_angle_cost(bead, raster.work[one[1]], raster.travel[one[1]])))
        same = (raster.work == raster.work[g]) & (raster.travel == raster.travel[g])
        layers[k] = layers[k].kept(~same[layers[k].poses])
        return
    for k in at:
        layers[k] = layers[k].kept(np.arange(len(layers[k].qs)) != nodes[k])


@dataclass(frozen=True, eq=False, slots=True)
class _Broken:
    """Where a way through the graph fails between layers: next to which, and how near what comes there, if that is the reason."""

    layers: tuple[int, ...]
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
    Ts = torch_poses(fine, work, travel, spin, offset=(a, b))
    # What counts is what is driven: between targets the torch turns evenly, whatever the raster said there.
    wanted, at, _ = bead_poses(bead.seam, Ts)
    dense, at, _ = bead_poses(bead.seam, wanted[_nearest(at, everywhere)])
    qs, _ = follow(bead.cell, bead.T_world_piece @ dense, q_start)
    bad = _first_bad(bead, qs, len(dense))
    if bad is not None:
        layer = int(np.searchsorted(samples, at[bad]))
        broken = bead.scene.violation(qs[bad]) if bad < len(qs) else None
        return _Broken(tuple(sorted({max(layer - 1, 0), min(layer, len(layers) - 1)})), broken)
    samples_dense = _nearest(at, everywhere)
    robot, Ts = qs[samples_dense], dense[samples_dense]
    work, travel = angles(fine, Ts)
    for k, end in ((0, Ts[0]), (len(layers) - 1, Ts[-1])):
        q = robot[0] if k == 0 else robot[-1]
        if approach(bead.cell, bead.scene, bead.T_world_piece @ end, q, bead.clearance) is None:
            return _Broken((k,))
    position = working_position(bead.T_world_piece, fine)
    return SeamWeld(
        seam=bead.seam, bead=bead.number, procedure=bead.procedure.name, Ts_piece_tcp=Ts, work=work, travel=travel, spin=spin, robot=robot,
        positioner=np.repeat(bead.q_positioner[None], len(Ts), axis=0), position=position, cost=cost,
    )  # fmt: skip


def _first_bad(bead: Bead, qs: Array, count: int) -> int | None:
    """The first of `count` dense samples at which a bead's joints fail; None: they hold."""
    if len(qs) < count:
        return len(qs)
    clear = np.asarray(bead.scene.free(qs), dtype=bool)
    if not np.all(clear):
        return int(np.argmin(clear))
    if len(set(postures(bead.cell.robot.model, qs))) > 1:
        return int(np.argmax(np.diff(postures(bead.cell.robot.model, qs)) != 0))
    return next((k for k in range(len(qs) - 1) if not bead.scene.edge_free(qs[k], qs[k + 1])), None)


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
    if near is None:
        message = f"the arm cannot drive it evenly {_place(bead, at)}"
        return SeamRefusal("seam-reach", message, f"{_turned(bead)}, or split the seam there", None, at)
    message = f"while the torch turns {_place(bead, at)}, {near.body_a} comes within {to_mm(near.distance):.1f} mm of {near.body_b}"
    return SeamRefusal("seam-collision", message, remedy, (near.body_a, near.body_b), at)


def _in_the_way(bead: Bead, frames: SeamFrames, raster: Raster, k: int, slide: float | None) -> SeamRefusal:
    """What is in the way most mildly: the pair that is nearest to keeping its distance over all solutions there."""
    Ts = T_base_flange(bead.cell, bead.T_world_piece @ _poses(bead, _at(frames, np.array([k])), raster)[0])
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
            f"between its checked places something is in the way {_place(bead, at)}",
            f"{_turned(bead)}, or move what stands beside it",
            None,
            at,
        )
    state = f"is {to_mm(-best.distance):.1f} mm inside" if best.distance <= 0 else f"comes within {to_mm(best.distance):.1f} mm of"
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
    places = _at(frames, layer_samples(frames)[[0, len(layer_samples(frames)) // 2, -1]])
    raster = bead_raster(bead, whole=True, beyond=WIDER)
    slide = _slides(bead, frames)[0]
    layers = make_layers(bead, places, raster, slide)
    if isinstance(layers, _Empty):
        return None
    cheapest_angles = [raster.work[layer.poses[int(np.argmin(layer.cost))]] for layer in layers]
    travels = [raster.travel[layer.poses[int(np.argmin(layer.cost))]] for layer in layers]
    window, tilt = bead.procedure.work, bead.procedure.travel
    inside = all(window.low <= w <= window.high for w in cheapest_angles) and all(tilt.low <= v <= tilt.high for v in travels)
    if inside:
        return None
    shown = f"work {to_deg(min(cheapest_angles)):.0f} to {to_deg(max(cheapest_angles)):.0f} deg, travel {to_deg(min(travels)):.0f} to {to_deg(max(travels)):.0f} deg"
    message = f"it could be reached with {shown}, beyond the procedure's {to_deg(window.low):.0f}..{to_deg(window.high):.0f} and {to_deg(tilt.low):.0f}..{to_deg(tilt.high):.0f} deg"
    return SeamRefusal(
        "seam-angle", message, f"allow these angles in procedure {bead.procedure.name} if they weld well, or {_turned(bead)}"
    )
