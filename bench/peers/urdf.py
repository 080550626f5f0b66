"""A plain scene as URDF, SRDF and STL files, for engines that read these. Every hull is a link of its own, so that the allowed pairs are exactly the scene's."""

from __future__ import annotations

import math
import shutil
from pathlib import Path

import numpy as np
from scipy.spatial import ConvexHull

from bench.peers.plain import ARM, CELL, Array, PlainScene


def write(scene: PlainScene, folder: Path) -> None:
    """Writes `cell.urdf`, `arm.urdf`, an SRDF beside each, and a mesh per hull in `meshes`, in the frame of the link that carries it."""
    (folder / "meshes").mkdir(exist_ok=True)
    carried = scene.carried()
    for i, (_, hull) in enumerate(carried):
        path = mesh(folder, i)
        write_stl(path, hull)
        # mplib takes convex meshes from files of this name.
        shutil.copyfile(path, path.with_suffix(".stl.convex.stl"))
    for name in (CELL, ARM):
        shown = [i for i, (joint, _) in enumerate(carried) if name == CELL or joint >= 0]
        (folder / f"{name}.urdf").write_text(_urdf(scene, shown, carried), encoding="utf-8")
        (folder / f"{name}.srdf").write_text(_srdf(scene, shown), encoding="utf-8")


def mesh(folder: Path, hull: int) -> Path:
    """The file of a hull."""
    return folder / "meshes" / f"body_{hull}.stl"


def write_stl(path: Path, points: Array) -> None:
    """A convex hull as a binary STL file, facets looking outwards."""
    hull = ConvexHull(points)
    corners = points[hull.simplices]
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    inwards = np.sum(normals * hull.equations[:, :3], axis=1) < 0
    corners[inwards] = corners[inwards][:, ::-1]
    facets = np.zeros(len(corners), dtype=[("normal", "<f4", 3), ("corners", "<f4", (3, 3)), ("spare", "<u2")])
    facets["normal"], facets["corners"] = hull.equations[:, :3], corners
    path.write_bytes(b"\0" * 80 + np.uint32(len(corners)).tobytes() + facets.tobytes())


def _urdf(scene: PlainScene, shown: list[int], carried: list[tuple[int, Array]]) -> str:
    mass = '<inertial><mass value="1"/><inertia ixx="1" iyy="1" izz="1" ixy="0" ixz="0" iyz="0"/></inertial>'
    lines = ['<robot name="cell" xmlns:tesseract="https://tesseract.org" tesseract:make_convex="true">', '<link name="base"/>']
    names = {-1: "base"}
    for link, parent, T in scene.joints():
        q = int(scene.q_index[link])
        names[link] = f"link{q}"
        kind = "revolute" if scene.kinds[link] == 1 else "prismatic"
        x, y, z = (float(v) for v in scene.axes[link])
        low, high, most = float(scene.lower[q]), float(scene.upper[q]), float(scene.velocity[q])
        lines.append(
            f'<link name="link{q}">{mass}</link><joint name="q{q}" type="{kind}"><parent link="{names[parent]}"/><child link="link{q}"/>'
        )
        lines.append(f'{_origin(T)}<axis xyz="{x!r} {y!r} {z!r}"/>')
        lines.append(f'<limit lower="{low!r}" upper="{high!r}" velocity="{most!r}" effort="1000"/></joint>')
    for i in shown:
        geometry = f'<geometry><mesh filename="meshes/body_{i}.stl"/></geometry>'
        lines.append(f'<link name="body_{i}">{mass}<collision name="body_{i}">{geometry}</collision></link>')
        lines.append(f'<joint name="fix_{i}" type="fixed"><parent link="{names[carried[i][0]]}"/><child link="body_{i}"/></joint>')
    return "\n".join([*lines, "</robot>\n"])


def _srdf(scene: PlainScene, shown: list[int]) -> str:
    lines = ['<robot name="cell" version="1.0.0">', '<group name="arm">']
    lines += [f'<joint name="{name}"/>' for name in scene.joint_names]
    lines.append("</group>")
    wanted = {(int(a), int(b)) for a, b in scene.pairs}
    lines += [
        f'<disable_collisions link1="body_{a}" link2="body_{b}" reason="Never"/>'
        for a in shown
        for b in shown
        if a < b and (a, b) not in wanted and (b, a) not in wanted
    ]
    return "\n".join([*lines, "</robot>\n"])


def _origin(T: Array) -> str:
    roll, yaw = math.atan2(T[2, 1], T[2, 2]), math.atan2(T[1, 0], T[0, 0])
    pitch = math.atan2(-T[2, 0], math.hypot(T[2, 1], T[2, 2]))
    x, y, z = (float(v) for v in T[:3, 3])
    return f'<origin xyz="{x!r} {y!r} {z!r}" rpy="{roll!r} {pitch!r} {yaw!r}"/>'
