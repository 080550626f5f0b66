"""How the cost of a state check, an edge and a free move grows with obstacles, with the pieces of a held sheet, and with the number of moves."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np

from bench.log_plot import Panel
from bench.motion_kinematics import seconds_each
from bench.motion_queries import free_states
from core.frames import Array, translation
from robots.model import RobotModel
from sim.motion import JointLimits, plan_free
from sim.scene import Scene
from sim.scene_parts import SELF_MARGIN, attach, carriers, fixed_link, never_meeting
from sim.scene_structure import SceneBody, SceneLink

BODIES = (10, 30, 100, 300, 1000)
PIECES = (1, 3, 10, 30, 100, 200)
MOVES = (1, 3, 10, 30, 100)
VOLUME = 0.3
"""Of all obstacles together, so that the way round them stays as long [m3]."""
SHEET = (1.0, 0.5, 0.002)
"""Held along the flange's axis [m]."""
STANDARD_BODIES = 50
"""Obstacles round the growing sheet."""
STATES, EDGES, PLANNED = 300, 100, 60
"""How many of each one point of a curve takes."""
SEQUENCES = 12
SEED = 5


def clutter(robot: RobotModel, bodies: int, pieces: int = 0) -> Scene:
    """A robot on the floor among boxes in its reach, with a sheet in strips on its flange."""
    links: list[SceneLink] = []
    hulls: list[SceneBody] = []
    arm = attach(links, hulls, robot.mechanism, (-1, np.eye(4)), prefix="", group=lambda _: "robot", q_start=0)
    rng = np.random.default_rng(SEED)
    edge = (VOLUME / bodies) ** (1 / 3)
    world = len(links)
    links.append(fixed_link("world", -1, np.eye(4)))
    angle, out, up = rng.uniform(-np.pi, np.pi, bodies), rng.uniform(1.2, 3.0, bodies), rng.uniform(0.0, 2.5, bodies)
    middles = np.column_stack((out * np.cos(angle), out * np.sin(angle), up))
    hulls += [SceneBody(f"box {k}", "boxes", world, _box((edge, edge, edge)) + middle) for k, middle in enumerate(middles)]
    ignored = set(never_meeting(robot, arm, ()))
    if pieces:
        sheet = len(links)
        links.append(fixed_link("sheet", arm[robot.mechanism.link_index(robot.flange_link)], translation(0.0, 0.0, 0.3)))
        wide, strip = SHEET[0], SHEET[1] / pieces
        for k in range(pieces):
            hulls.append(
                SceneBody(
                    f"strip {k}", "sheet", sheet, _box((wide, strip, SHEET[2])) + np.array([0.0, strip * (k + 0.5) - SHEET[1] / 2, 0.0])
                )
            )
        ignored |= {(arm[robot.mechanism.link_index(name)], sheet) for name in carriers(robot)}
    return Scene(
        links, hulls, lower=robot.lower, upper=robot.upper, ignore_links=frozenset(ignored), ignore_groups=frozenset({("boxes", "boxes")}),
        margins={("robot", "robot"): SELF_MARGIN},
    )  # fmt: skip


def _box(size: tuple[float, float, float]) -> Array:
    corners = np.array([[x, y, z] for x in (-0.5, 0.5) for y in (-0.5, 0.5) for z in (-0.5, 0.5)])
    return np.asarray(corners * size)


def growth(robot: RobotModel, held: Scene, scale: float = 1.0) -> list[Panel]:
    """Three plots; `scale` below 1 leaves out the upper sizes, for a quick look.

    Args:
        robot: The arm.
        held: A scene in which moves are planned one after the other.
        scale: Share of the largest sizes.
    """
    return [
        _panel("obstacles", "bodies", _sizes(BODIES, scale), lambda size: clutter(robot, size), robot),
        _panel("pieces of the held sheet", "pieces", _sizes(PIECES, scale), lambda size: clutter(robot, STANDARD_BODIES, size), robot),
        _moves(robot, held, _sizes(MOVES, scale)),
    ]


def _sizes(sizes: tuple[int, ...], scale: float) -> Array:
    return np.array([size for size in sizes if size <= sizes[-1] * scale])


def _panel(title: str, x: str, sizes: Array, made: Callable[[int], Scene], robot: RobotModel) -> Panel:
    curves: dict[str, list[float]] = {"state check": [], "edge of 0.3 rad": [], "free move, geometric mean": []}
    limits = JointLimits.of(robot)
    for size in sizes.tolist():
        scene = made(size)
        qs = free_states(scene, STATES, SEED)
        pairs = list(zip(qs[:EDGES], _beside(scene, qs[:EDGES]), strict=True))
        scene.edge_free(*pairs[0])
        times = []
        for k in range(PLANNED):
            begin = time.perf_counter()
            plan_free(scene, qs[2 * k], qs[2 * k + 1][None], limits, seed=k)
            times.append(time.perf_counter() - begin)
        curves["state check"].append(seconds_each(lambda s=scene, q=qs: s.free(q), len(qs)))  # type: ignore[misc]
        curves["edge of 0.3 rad"].append(seconds_each(lambda s=scene, p=pairs: [s.edge_free(a, b) for a, b in p], len(pairs)))  # type: ignore[misc]
        # Straight moves and searched ones differ a thousandfold: neither mean nor median is steady.
        curves["free move, geometric mean"].append(float(np.exp(np.mean(np.log(times)))))
    return Panel(title, x, sizes, {name: np.array(values) for name, values in curves.items()})


def _beside(scene: Scene, qs: Array) -> Array:
    return np.clip(qs + 0.3 * np.random.default_rng(7).uniform(-1, 1, qs.shape), scene.lower, scene.upper)


def _moves(robot: RobotModel, scene: Scene, sizes: Array) -> Panel:
    """Seconds for the first n moves of a sequence, each from where the one before it ended; mean of `SEQUENCES`, since single moves differ a thousandfold."""
    limits = JointLimits.of(robot)
    times = np.zeros((SEQUENCES, int(sizes[-1])))
    for row in range(SEQUENCES):
        stops = free_states(scene, times.shape[1] + 1, SEED + 100 * row)
        scene.edge_free(stops[0], stops[1])
        for k, (a, b) in enumerate(zip(stops[:-1], stops[1:], strict=True)):
            begin = time.perf_counter()
            plan_free(scene, a, b[None], limits, seed=k)
            times[row, k] = time.perf_counter() - begin
    return Panel("moves one after the other", "moves", sizes, {"all of them": np.cumsum(times.mean(axis=0))[sizes - 1]})
