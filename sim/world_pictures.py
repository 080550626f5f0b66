"""Pictures of the cell as PNG, by pybullet's software renderer (no display, no graphics card)."""

from __future__ import annotations

import io
from types import TracebackType

import numpy as np
import pybullet
from PIL import Image

from cells.model import Cell, Gripper
from cells.tooling import ToolSetup
from core.frames import Array, apply, quat_wxyz
from sim.bending import BendingResult
from sim.cell_scene import PARKED
from sim.plan import State, phase_state
from sim.stage import Stage, build_stage

BACKGROUND = (246, 248, 250)
SHARPER = 2
"""Rendered this much larger, then made smaller: smooth edges."""


class Studio:
    """One pybullet client with everything visible in it; use as a context manager."""

    def __init__(self, stage: Stage, *, hide: tuple[str, ...] = ("fence", "floor")) -> None:
        self.stage = stage
        self.client = pybullet.connect(pybullet.DIRECT)
        self._bodies: list[tuple[int, int]] = []
        hidden = {body.name for body in stage.cell.bodies if body.group in hide}
        for index, node in enumerate(self.stage.nodes):
            if node.name in hidden:
                continue
            for piece in node.pieces:
                self._bodies.append((self._body(piece.mesh.vertices, piece.mesh.faces, piece.color), index))

    def __enter__(self) -> Studio:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        pybullet.disconnect(physicsClientId=self.client)

    def _body(self, vertices: Array, faces: Array, color: tuple[float, float, float, float]) -> int:
        # Every face has its own vertices and normal, so edges stay sharp.
        corners = np.asarray(vertices, dtype=float)[faces]
        normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
        normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-15)
        shape = pybullet.createVisualShape(
            pybullet.GEOM_MESH,
            vertices=corners.reshape(-1, 3).tolist(),
            indices=list(range(len(faces) * 3)),
            normals=np.repeat(normals, 3, axis=0).tolist(),
            rgbaColor=list(color),
            physicsClientId=self.client,
        )
        return int(pybullet.createMultiBody(0.0, -1, shape, physicsClientId=self.client))

    def picture(
        self,
        state: State,
        eye: Array,
        target: Array,
        *,
        width: int = 900,
        height: int = 600,
        angle_deg: float = 40.0,
        without: tuple[str, ...] = (),
    ) -> bytes:
        """PNG of a moment.

        Args:
            state: The cell then.
            eye, target: Where the camera is and looks at, world (3,) [m].
            width, height: Of the picture [px].
            angle_deg: Vertical view angle.
            without: Nodes whose names begin so are left out.
        """
        Ts = self.stage.world(state)
        for index, node in enumerate(self.stage.nodes):
            if node.name.startswith(without) and without:
                Ts[index] = PARKED
        for uid, index in self._bodies:
            w, x, y, z = quat_wxyz(Ts[index])
            pybullet.resetBasePositionAndOrientation(uid, Ts[index][:3, 3].tolist(), [x, y, z, w], physicsClientId=self.client)
        view = pybullet.computeViewMatrix(list(eye), list(target), [0.0, 0.0, 1.0])
        lens = pybullet.computeProjectionMatrixFOV(angle_deg, width / height, 0.05, 30.0)
        light = np.asarray(eye) - np.asarray(target) + np.array([0.6, 0.2, 2.0])
        _, _, pixels, _, segments = pybullet.getCameraImage(
            width * SHARPER,
            height * SHARPER,
            view,
            lens,
            lightDirection=light.tolist(),
            lightAmbientCoeff=0.62,
            lightDiffuseCoeff=0.48,
            lightSpecularCoeff=0.03,
            shadow=0,
            renderer=pybullet.ER_TINY_RENDERER,
            physicsClientId=self.client,
        )
        colors = np.reshape(np.asarray(pixels, dtype=np.uint8), (height * SHARPER, width * SHARPER, 4))[:, :, :3].copy()
        empty = np.reshape(np.asarray(segments), colors.shape[:2]) < 0
        colors[empty] = BACKGROUND
        image = Image.fromarray(colors).resize((width, height), Image.Resampling.LANCZOS)
        out = io.BytesIO()
        image.save(out, "PNG", optimize=True)
        return out.getvalue()


def plan_pictures(result: BendingResult) -> dict[str, bytes]:
    """`cell.png`, one `bend_N.png` per bend at its full angle (without the robot), and `stack.png`; name to PNG."""
    out: dict[str, bytes] = {}
    brake = result.cell.brake.T_world_brake[:3, 3]
    phases = result.plan.phases
    with Studio(build_stage(result.cell, result.setup, result.part, result.gripper)) as studio:
        middle = (result.cell.robot.T_world_base[:3, 3] + brake) / 2 + np.array([0.0, 0.0, 0.35])
        span = float(np.linalg.norm(result.cell.robot.T_world_base[:2, 3] - brake[:2]))
        first = next((phase for phase in phases if phase.name == "insert"), phases[0])
        out["cell.png"] = studio.picture(
            phase_state(first, float(first.times[len(first.times) // 2])), middle + np.array([1.75, -1.7, 1.15]) * span, middle
        )
        for step in result.plan.steps:
            bent = [phase for phase in phases if phase.step == f"bend {step.label}" and phase.name in ("follow", "bend")]
            if not bent:
                continue
            time = float(bent[0].times[int(np.argmax(np.abs(bent[0].fold[:, step.bends[0]])))])
            state = phase_state(bent[0], time)
            look = brake + np.array([step.x, 0.0, result.setup.die_height])
            away = np.clip(1.25 * _extent(result, studio, state, look), 0.30, 2.5)
            out[f"bend_{step.label}.png"] = studio.picture(
                state, look + np.array([0.95, -1.25, 0.45]) * away, look, width=720, height=480, without=("robot ", "gripper ")
            )
        last = [phase for phase in phases if phase.step == "stack" and phase.name == "put down"]
        if last:
            state = phase_state(last[0], float(last[0].times[-1]))
            place = studio.stage.world(state)[next(i for i, node in enumerate(studio.stage.nodes) if node.name == "sheet")][:3, 3]
            away = 0.6 + 1.2 * _extent(result, studio, state, place)
            out["stack.png"] = studio.picture(state, place + np.array([0.8, -1.2, 0.8]) * away, place, width=720, height=480)
    return out


def cell_pictures(cell: Cell, gripper: Gripper, setup: ToolSetup, state: State) -> dict[str, bytes]:
    """The whole cell at rest from two sides, fence and floor included: `cell_left.png`, `cell_right.png`."""
    things = [apply(body.T_world_body, hull) for body in cell.bodies if body.group != "floor" for hull in body.hulls]
    things += [apply(body.T_world_body, hull) for station in cell.stations.values() for body in station.bodies for hull in body.hulls]
    corners = np.concatenate([cell.robot.T_world_base[None, :3, 3], cell.brake.T_world_brake[None, :3, 3], *things])
    low, high = corners.min(axis=0), corners.max(axis=0)
    middle = np.array([(low[0] + high[0]) / 2, (low[1] + high[1]) / 2, 0.55])
    away = 1.16 * float(np.linalg.norm(high[:2] - low[:2]))
    out: dict[str, bytes] = {}
    with Studio(build_stage(cell, setup, None, gripper), hide=()) as studio:
        for name, direction in (("cell_left.png", (-0.62, -0.72, 0.62)), ("cell_right.png", (0.80, -0.42, 0.72))):
            eye = middle + np.array(direction) * away
            out[name] = studio.picture(state, eye, middle, width=1280, height=800, angle_deg=36.0)
    return out


def _extent(result: BendingResult, studio: Studio, state: State, centre: Array) -> float:
    """How far the part reaches from a point [m]."""
    Ts = studio.stage.world(state)
    first = next(i for i, node in enumerate(studio.stage.nodes) if node.name == "flange 1")
    corners = [
        hull @ Ts[first + f.index][:3, :3].T + Ts[first + f.index][:3, 3]
        for f in result.part.flanges
        for hull in result.part.flange_hulls(f.index)
    ]
    return float(np.max(np.linalg.norm(np.concatenate(corners) - centre, axis=1)))
