"""The robot of a cell file: its model, on a track if there is one, its place and its home position."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import numpy as np
from shapely import MultiPoint

from cells.model import Body, Robot
from cells.schema import ProgramLanguage, RobotModelSpec, TrackSpec
from cells.stations import pose
from cells.yaml_source import Source
from core.errors import InputError
from core.files import inside
from core.frames import Array
from core.units import DEG, MM
from robots.catalogue import load_robot, make_robot
from robots.model import RobotModel
from robots.track import Track, on_track
from robots.urdf import load_urdf

_DIRECTIONS = {"x": (1.0, 0.0, 0.0), "y": (0.0, 1.0, 0.0), "-x": (-1.0, 0.0, 0.0), "-y": (0.0, -1.0, 0.0)}


def cell_robot(spec: RobotModelSpec, source: Source) -> Robot:
    """The robot as it stands in the cell of a file.

    Raises:
        InputError: For a model that does not exist, a home position outside the limits, or a track that cannot be.
    """
    with source.at("robot", "model" if spec.model is not None else "urdf"):
        model = _robot_model(spec, source.path.parent)
    language = spec.language or model.language
    if not language:
        with source.at("robot"):
            raise InputError(f"robot.language is needed with an own URDF; valid: {', '.join(get_args(ProgramLanguage))}")
    T_world_base = pose(spec.base)
    home = _home(spec, model, source)
    if spec.track is not None:
        track = _track(spec.track, T_world_base, source)
        with source.at("robot", "track"):
            model = on_track(model, track)
        home = np.r_[spec.track.home_mm * MM, home]
    return Robot("robot", model, T_world_base, home, spec.controller or model.controller, language)


def check_rail(robot: Robot, bodies: tuple[Body, ...]) -> None:
    """Refuses a cell in which something stands where the track's rail lies; both are fixed, so no motion check would find it.

    Raises:
        InputError: With the name of the body.
    """
    if robot.model.arm is None:
        return
    (rail,) = robot.model.mechanism.links[0].hulls
    corners = _world(robot.T_world_base, rail)
    ground, top = MultiPoint(corners[:, :2]).convex_hull, float(corners[:, 2].max())
    for body in bodies:
        for hull in body.hulls:
            points = _world(body.T_world_body, hull)
            if (
                body.group != "floor"
                and points[:, 2].min() < top - 1e-6
                and MultiPoint(points[:, :2]).convex_hull.intersection(ground).area > 1e-6
            ):
                raise InputError(f"'{body.name}' stands where the rail of the robot's track lies; move it or shorten the track")


def _world(T: Array, points: Array) -> Array:
    moved: Array = points @ T[:3, :3].T + T[:3, 3]
    return moved


def _home(spec: RobotModelSpec, model: RobotModel, source: Source) -> Array:
    """The arm's home position [rad; m for sliding joints]."""
    with source.at("robot", "home_deg"):
        if len(spec.home_deg) != len(model.lower):
            raise InputError(f"robot.home_deg has {len(spec.home_deg)} values; {model.name} has {len(model.lower)} joints")
    to_si = np.array([MM if joint.kind == "prismatic" else DEG for joint in model.mechanism.joints if joint.kind != "fixed"])
    home = np.array(spec.home_deg) * to_si
    outside = np.flatnonzero((home < model.lower - 1e-9) | (home > model.upper + 1e-9))
    if len(outside):
        joint = int(outside[0])
        low, high = model.lower[joint] / to_si[joint], model.upper[joint] / to_si[joint]
        with source.at("robot", "home_deg", joint):
            raise InputError(
                f"robot.home_deg: {model.mechanism.joint_names[joint]} = {spec.home_deg[joint]:g} is outside its limits {low:.1f}..{high:.1f}"
            )
    return home


def _track(spec: TrackSpec, T_world_base: Array, source: Source) -> Track:
    if abs(T_world_base[2, 2] - 1.0) > 1e-9:
        with source.at("robot", "base", "rpy_deg"):
            raise InputError("a robot on a track stands upright; robot.base.rpy_deg may only turn it about z")
    zero = spec.length_mm / 2 if spec.zero_mm is None else spec.zero_mm
    with source.at("robot", "track", "zero_mm"):
        if zero > spec.length_mm:
            raise InputError(f"robot.track.zero_mm = {zero:g} lies behind the end at length_mm = {spec.length_mm:g}")
    lower, upper = -zero, spec.length_mm - zero
    with source.at("robot", "track", "home_mm"):
        if not lower <= spec.home_mm <= upper:
            raise InputError(f"robot.track.home_mm = {spec.home_mm:g} is outside {lower:g}..{upper:g}")
    axis = T_world_base[:3, :3].T @ np.array(_DIRECTIONS[spec.axis])
    # Exact directions where the base is turned by quarters.
    axis = np.where(np.abs(axis - np.round(axis)) < 1e-12, np.round(axis), axis)
    return Track(axis, lower * MM, upper * MM, spec.speed_mm_s * MM, spec.acceleration_mm_s2 * MM, spec.carriage_height_mm * MM)


def _robot_model(spec: RobotModelSpec, folder: Path) -> RobotModel:
    if (spec.model is None) == (spec.urdf is None):
        raise InputError("robot needs exactly one of `model` (catalogue name) and `urdf` (own file)")
    if spec.model is not None:
        return load_robot(spec.model)
    file = inside(folder, str(spec.urdf), f"robot.urdf '{spec.urdf}'")
    packages = {key: inside(folder, value, f"robot.packages '{value}'") for key, value in spec.packages.items()}
    absent = next((name for name, root in packages.items() if not root.is_dir()), None)
    if absent is not None:
        raise InputError(f"the folder '{spec.packages[absent]}' of package '{absent}' does not exist")
    mechanism = load_urdf(file, packages=packages, inside=folder)
    return make_robot(
        mechanism.name, mechanism, spec.flange, acceleration_deg_s2=spec.acceleration_deg_s2, payload=spec.payload_kg or 0.0,
        controller=spec.controller or "", language=spec.language or "",
    )  # fmt: skip
