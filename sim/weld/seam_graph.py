"""The layered graph of one bead.

A layer belongs to a place on the seam; its nodes are the joint solutions of every torch pose there: a raster of spin about the wire, work and travel
angle inside the procedure's windows. A node counts when the joints keep their limits, the hose is not twisted too far, the arm is not near a singular
position and everything keeps its distance (`scene`). Two nodes of neighbouring layers are joined when the arm keeps its posture and every joint gets from one to
the other in the time that the torch takes. Dynamic programming gives the cheapest way, with u = 0..1 along the seam:

    cost = mean over u of (ANGLE ((w - w0)/W)^2 + ANGLE ((v - v0)/V)^2 + HOSE (q_n/twist)^2 + SINGULAR max(0, 1 - sigma/SAFE)^2
                          + LIMIT sum max(0, |m|/0.8 - 1)^2)
           + MOTION * integral of |dq/du|^2 du

w0, v0: preferred angles; W, V: half the windows; q_n: last axis from its middle; sigma: smallest singular value of the Jacobian; m: joint in its range, -1..1. Lengths of
seams cancel: a long seam costs what a short one does.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cells.weld_model import WeldCell, WeldProcedure, Window
from core.frames import Array
from core.units import DEG
from parts.seam import Seam
from robots.model import RobotModel
from sim.scene import Scene
from sim.weld.graph_kernels import relax
from sim.weld.path import T_base_flange
from sim.weld.torch import SeamFrames, biased, torch_poses

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

    def tilt(self, at: Array) -> Array:
        """What is added to the travel angle at distances from the bead's start (k,) [m]: (k,) [rad]."""
        whole = self.seam.length + (self.overlap if self.seam.closed else 0.0)
        return self.procedure.ends.along(np.r_[at, whole])[:-1]


def rasters(bead: Bead) -> list[Raster]:
    """Rasters to try one after the other: preferred angles, other constant angles, angles that may change."""
    whole = bead_raster(bead)
    pairs = np.unique(np.stack([whole.work, whole.travel], axis=1), axis=0)
    cost = angle_cost(bead, pairs[:, 0], pairs[:, 1])
    constant = []
    for work, travel in pairs[np.argsort(cost, kind="stable")]:
        kept = (whole.work == work) & (whole.travel == travel)
        constant.append(Raster(whole.work[kept], whole.travel[kept], whole.spin[kept]))
    return [*constant, whole] if len(constant) > 1 else constant


def bead_raster(bead: Bead, *, beyond: float = 0.0) -> Raster:
    """Angles to try: spins with the angles of the windows, and `beyond` them [rad]."""
    procedure, extra = bead.procedure, bead.procedure.passes[bead.number][2]
    w0 = biased(procedure.work, bead.seam.thickness_a, bead.seam.thickness_b) + extra
    low, high = procedure.work.low + extra, procedure.work.high + extra
    works = np.unique(np.round([w0, *_inside(low - beyond, high + beyond, 9 if beyond else 5)], 9))
    travel = procedure.travel
    travels = np.unique(np.round([travel.preferred, *_inside(travel.low - beyond, travel.high + beyond, 3)], 9))
    spins = np.arange(-np.pi, np.pi - 1e-9, SPIN_STEP)
    w, v, s = np.meshgrid(works, travels, spins, indexing="ij")
    return Raster(w.ravel(), v.ravel(), s.ravel())


def _inside(low: float, high: float, count: int) -> Array:
    if high - low < 2 * INSET:
        return np.array([(low + high) / 2])
    return np.linspace(low + INSET, high - INSET, count)


def track_choices(bead: Bead, frames: SeamFrames) -> list[float | None]:
    """Positions of the track from which the seam's middle lies well; None: there is no track."""
    model = bead.cell.robot.model
    if not model.slides:
        return [None]
    middle = len(frames.at) // 2
    T = bead.T_world_piece @ torch_poses(samples_of(frames, np.array([middle])), bead.procedure.work.preferred, 0.0, 0.0)[0]
    return list(model.track_positions(T_base_flange(bead.cell, T), float(bead.cell.robot.q_home[0])))


def samples_of(frames: SeamFrames, index: Array) -> SeamFrames:
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


def raster_poses(bead: Bead, frames: SeamFrames, raster: Raster) -> Array:
    """Torch poses in the weldment (k, g, 4, 4)."""
    a, b, _ = bead.procedure.passes[bead.number]
    tilt = bead.tilt(frames.at)
    made = [torch_poses(frames, w, v + tilt, s, offset=(a, b)) for w, v, s in zip(raster.work, raster.travel, raster.spin, strict=True)]
    return np.stack(made, axis=1)


@dataclass(frozen=True, slots=True)
class EmptyLayer:
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


def make_layers(bead: Bead, frames: SeamFrames, raster: Raster, slide: float | None) -> list[Layer] | EmptyLayer:
    """Layers at the given samples, or the first that has no nodes."""
    model, torch = bead.cell.robot.model, bead.cell.torch
    Ts = T_base_flange(bead.cell, bead.T_world_piece @ raster_poses(bead, frames, raster))
    angle = angle_cost(bead, raster.work, raster.travel)
    middle = (model.lower[-1] + model.upper[-1]) / 2
    half, centre = (model.upper - model.lower) / 2, (model.upper + model.lower) / 2
    layers: list[Layer | None] = [None] * len(Ts)
    for k in _coarse_to_fine(len(Ts)):
        qs, poses = model.ik_many(Ts[k], slides=slide)
        kept = np.abs(qs[:, -1] - middle) <= torch.twist
        qs, poses = qs[kept], poses[kept]
        sigma = model.singularity(qs) if len(qs) else np.zeros(0)
        kept = sigma > LEAST_SINGULAR
        qs, poses, sigma = qs[kept], poses[kept], sigma[kept]
        if len(qs) == 0:
            return EmptyLayer(k, reached=False)
        kept = np.asarray(bead.scene.free(qs), dtype=bool)
        qs, poses, sigma = qs[kept], poses[kept], sigma[kept]
        if len(qs) == 0:
            return EmptyLayer(k, reached=True)
        near = np.maximum(np.abs((qs - centre) / half)[:, model.slides :] / 0.8 - 1.0, 0.0)
        cost = (
            angle[poses]
            + HOSE * ((qs[:, -1] - middle) / torch.twist) ** 2
            + SINGULAR * np.maximum(0.0, 1.0 - sigma / SAFE) ** 2
            + LIMIT * np.sum(near**2, axis=1)
        )
        layers[k] = Layer(qs, poses, postures(model, qs), cost)
    return [layer for layer in layers if layer is not None]


def angle_cost(bead: Bead, work: Array, travel: Array) -> Array:
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
