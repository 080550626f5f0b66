"""A cell of either kind at rest: what stands in what, the robot at home, and whether a second library finds its flange where we do."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from cells.model import Robot
from core.findings import Finding, Level
from core.units import to_deg, to_mm
from robots.second_kinematics import disagreement
from sim.scene_parts import ARM
from sim.world_engine import Engine

INSIDE = 3e-3
"""Overlaps of less than this are no collision: pybullet grows machine links by up to 1 mm each [m]."""
SAME_KINEMATICS = 1e-9
"""Differences below this are rounding [m, rad]."""
NEAR_LIMIT = np.radians(5.0)
"""A home position nearer to a joint limit than this is worth a word [rad]."""


def second_kinematics(robot: Robot) -> Finding:
    """Whether roboticstoolbox finds the robot's flange where we do."""
    model = robot.model
    apart = disagreement(model)
    told = f"{model.name}: flange and Jacobian agree with roboticstoolbox within {max(apart.pose, apart.jacobian):.0e} in 100 positions"
    if max(apart.pose, apart.jacobian) < SAME_KINEMATICS:
        return Finding("info", "kinematics", told, "", "robot")
    message = (
        f"{model.name}: the flange is {to_mm(apart.pose):.3f} mm from where roboticstoolbox finds it, the Jacobian {apart.jacobian:.1e} off"
    )
    return Finding("error", "kinematics", message, "report the robot's description", "robot")


def overlaps(world: Engine, robot: Robot, thing: Callable[[str], str], machine: frozenset[str]) -> list[Finding]:
    """Things that stand still against each other, the robot's foot among them.

    Args:
        world: With everything at rest.
        robot: The robot in it.
        thing: What a body belongs to, by its name: parts of one thing may touch each other.
        machine: Groups that belong to one machine.
    """
    root = robot.model.mechanism.links[0].name
    fixed = [i for i, body in enumerate(world.bodies) if body.group not in ARM or body.name == root]
    pairs = [
        (a, b)
        for k, a in enumerate(fixed)
        for b in fixed[k + 1 :]
        if thing(world.bodies[a].name) != thing(world.bodies[b].name)
        and not (world.bodies[a].group in machine and world.bodies[b].group in machine)
    ]
    worst: dict[tuple[str, str], float] = {}
    for contact in world.near_pairs(np.array(pairs, dtype=int).reshape(-1, 2), 0.0):
        key = (world.bodies[contact.a].name, world.bodies[contact.b].name)
        worst[key] = min(worst.get(key, 0.0), contact.distance)
    return [
        Finding(
            "warning", "overlap", f"{one} stands {to_mm(-distance):.0f} mm inside {two}", "move one of them, or make them one body", "",
            {"bodies": [one, two], "depth_mm": round(to_mm(-distance), 1)},
        )
        for (one, two), distance in worst.items()
        if distance < -INSIDE
    ]  # fmt: skip


def collisions_at_home(world: Engine, tool: str) -> list[Finding]:
    """The robot at home with its tool (for people) against everything; the world is posed so."""
    return [
        Finding(
            "error", "collision-at-rest",
            f"with the robot at home and {tool} mounted, {world.bodies[c.a].name} is {to_mm(-c.distance):.0f} mm inside {world.bodies[c.b].name}",
            "another home position, or move the thing", "home",
            {"bodies": [world.bodies[c.a].name, world.bodies[c.b].name], "depth_mm": round(to_mm(-c.distance), 1)},
        )
        for c in world.near(0.0)
        if c.distance < -INSIDE
    ]  # fmt: skip


def home_limits(robot: Robot) -> Finding:
    """How far the home position is from the joint limits."""
    model, q = robot.model, robot.q_home
    room = np.minimum(q - model.lower, model.upper - q)
    tight = int(np.argmin(room))
    name = model.mechanism.joint_names[tight]
    message = f"home is inside all joint limits; the nearest is {name} with {to_deg(float(room[tight])):.0f} deg to go"
    level: Level = "warning" if room[tight] < NEAR_LIMIT else "info"
    remedy = "a home position with more room" if level == "warning" else ""
    data = {"joint": name, "room_deg": round(to_deg(float(room[tight])), 2)}
    return Finding(level, "home-limits", message, remedy, "home", data)
