"""Small weldments with known answers: plates by their bounds, a T joint with both its fillets, and a plan of the plainest kind that welds one of them."""

from __future__ import annotations

import numpy as np
import trimesh

from cells.weld_model import WeldCell
from core.frames import Array, from_axes, inverse, rot_z, translation
from parts.seam import Seam
from parts.weldment import Weldment, WeldPiece
from sim.weld.plan import SeamWeld, WeldPhase, WeldPlan
from sim.weld.scene import WeldScene


def plate(name: str, low: tuple[float, float, float], high: tuple[float, float, float]) -> WeldPiece:
    """A box by its bounds [m]."""
    corners = np.array([[x, y, z] for x in (low[0], high[0]) for y in (low[1], high[1]) for z in (low[2], high[2])])
    mesh = trimesh.convex.convex_hull(corners)
    return WeldPiece(name, mesh, (corners,), float(mesh.volume * 7850))


def tee(length: float = 0.3) -> Weldment:
    """A base of 8 mm and a web of 8 mm that stands on its middle; seam 1 on the side of +y, seam 2 on that of -y, along x."""
    x = length / 2
    pieces = (plate("base", (-x, -0.1, 0.0), (x, 0.1, 0.008)), plate("web", (-x, -0.004, 0.008), (x, 0.004, 0.108)))
    seams = []
    for name, side in (("1", 1.0), ("2", -1.0)):
        points = np.array([[-x + 0.01, side * 0.004, 0.008], [x - 0.01, side * 0.004, 0.008]])
        normals = [np.repeat([normal], 2, axis=0) for normal in ((0.0, 0.0, 1.0), (0.0, side, 0.0))]
        seams.append(Seam(name, "fillet", points, *normals, "line", False, ("base", "web"), 0.008, 0.008))
    return Weldment("tee", pieces, tuple(seams))


def torch_pose(seam: Seam, point: Array, spin: float = 0.0) -> Array:
    """Wire in the bisector of a seam's faces at a point of it, no lean; `spin` about the wire from x along the travel (4, 4)."""
    z = -(seam.normals_a[0] + seam.normals_b[0])
    z = z / np.linalg.norm(z)
    x = seam.points[1] - seam.points[0]
    x = x / np.linalg.norm(x)
    T: Array = from_axes(x, np.cross(z, x), z, point) @ rot_z(spin)
    return T


def made(cell: WeldCell, weldment: Weldment, *, q_positioner: Array | None = None) -> WeldPlan:
    """Seam 1 of a weldment welded at the first turn about the wire at which all of it is free: from 60 mm above its start down, along it, and up again.

    A plan made by the plainest means: the nearest solution from sample to sample, no free moves.
    """
    seam, procedure = weldment.seams[0], cell.procedures[0]
    scene = WeldScene(cell, weldment).posed(q_positioner, near_seam=seam.pieces)
    along = np.linspace(seam.points[0], seam.points[1], 60)
    for spin in np.linspace(0.0, 2 * np.pi, 24, endpoint=False):
        Ts = np.array([torch_pose(seam, point, float(spin)) for point in along])
        down = np.array([Ts[0] @ translation(0.0, 0.0, -height) for height in np.linspace(0.06, 0.0, 10)])
        up = np.array([Ts[-1] @ translation(0.0, 0.0, -height) for height in np.linspace(0.0, 0.06, 10)])
        qs = _followed(cell, cell.T_world_workpiece(q_positioner) @ np.concatenate((down, Ts, up)))
        if qs is not None and bool(np.all(scene.free(qs))):
            break
    else:
        raise AssertionError("no turn about the wire is free")
    still = np.zeros(0) if cell.positioner is None else cell.positioner.q_home if q_positioner is None else q_positioner
    parts = (
        ("approach", "linear", 0, 10, 1.0),
        ("weld", "weld", 10, 70, seam.length / procedure.speed),
        ("retract", "linear", 70, 80, 1.0),
    )
    phases, time = [], 0.0
    for name, kind, first, last, duration in parts:
        count = last - first
        phases.append(
            WeldPhase(
                name, "seam 1", kind, time + np.linspace(0.0, duration, count), qs[first:last], np.repeat(still[None], count, axis=0), kind == "weld", 0
            )
        )  # fmt: skip
        time += duration
    zeros = np.zeros(60)
    weld = SeamWeld(seam, 0, procedure.name, Ts, zeros, zeros, zeros + spin, qs[10:70], np.repeat(still[None], 60, axis=0), "PB", 0.0)
    return WeldPlan(cell.name, weldment.name, (weld,), tuple(phases), (), 0)


def _followed(cell: WeldCell, Ts_world_tcp: Array) -> Array | None:
    """The first solution that can be followed through all poses (k, n), the track standing still."""
    model = cell.robot.model
    Ts = inverse(cell.robot.T_world_base) @ Ts_world_tcp @ inverse(cell.torch.T_flange_tcp)
    for start in model.ik(Ts[0], near=float(cell.robot.q_home[0]) if model.slides else None):
        qs = [start]
        for T in Ts[1:]:
            found = model.ik(T, slide=float(start[0]) if model.slides else None)
            nearest = np.argmin(np.max(np.abs(found - qs[-1]), axis=1)) if len(found) else -1
            if nearest < 0 or np.max(np.abs(found[nearest] - qs[-1])) > 0.3:
                break
            qs.append(found[nearest])
        else:
            return np.array(qs)
    return None
