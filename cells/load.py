"""Cell files to cells."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import numpy as np

from cells.machines import load_brake, load_gripper, make_gripper
from cells.model import Brake, Cell, Gripper, Robot, Signal, ToolStock
from cells.schema import CellSpec, GripperSpec, ProgramLanguage, RobotModelSpec
from cells.stations import make_body, make_fence, make_floor, make_station, pose
from cells.tool_catalogue import SEGMENTS_MM, load_die, load_punch
from cells.yaml_source import Source, read_source
from core.errors import InputError, UnknownNameError
from core.files import inside
from core.units import DEG, MM
from robots.catalogue import load_robot, make_robot
from robots.model import RobotModel
from robots.urdf import load_urdf

SHIPPED = Path(__file__).parent / "shipped"


def cell_names() -> list[str]:
    """Names of the shipped cells."""
    return sorted(path.stem for path in SHIPPED.glob("*.yaml"))


def load_cell(name_or_path: str | Path) -> Cell:
    """A shipped cell by name, or a cell file.

    Raises:
        InputError: With file, line and valid values.
    """
    text = str(name_or_path)
    path = SHIPPED / f"{text}.yaml" if text in cell_names() else Path(text)
    if path.suffix not in (".yaml", ".yml"):
        raise UnknownNameError("cell", text[:200], [*cell_names(), "a path to a .yaml file"])
    spec, source = read_source(path, CellSpec)
    with source.at():
        return _build(path.stem, spec, source)


def _build(name: str, spec: CellSpec, source: Source) -> Cell:
    folder = source.path.parent
    robot = _robot(spec.robot, folder, source)
    grippers = []
    for i, entry in enumerate(spec.grippers):
        with source.at("grippers", i):
            grippers.append(_gripper(entry, folder))
            if grippers[-1].name in [gripper.name for gripper in grippers[:-1]]:
                raise InputError(f"the gripper '{grippers[-1].name}' stands twice")
    for i, punch in enumerate(spec.tooling.punches):
        with source.at("tooling", "punches", i):
            load_punch(punch)
    for i, die in enumerate(spec.tooling.dies):
        with source.at("tooling", "dies", i):
            load_die(die)
    segments = tuple(sorted((value * MM for value in spec.tooling.segments_mm or SEGMENTS_MM), reverse=True))
    brake = _brake(spec, source)
    stations = {}
    for key, station in spec.stations.items():
        with source.at("stations", key):
            stations[key] = make_station(key, station)
    bodies = [make_floor(), *(make_fence(i, fence) for i, fence in enumerate(spec.fence))]
    for i, body in enumerate(spec.bodies):
        with source.at("bodies", i):
            if body.name in spec.stations or body.name in [other.name for other in bodies]:
                raise InputError(f"the name '{body.name}' stands twice among bodies and stations")
            bodies.append(make_body(body, folder))
    return Cell(
        name=name,
        title=spec.title,
        path=source.path,
        robot=robot,
        grippers=tuple(grippers),
        brake=brake,
        stations=stations,
        bodies=tuple(bodies),
        tooling=ToolStock(tuple(spec.tooling.punches), tuple(spec.tooling.dies), {"*": segments}),
        signals={key: Signal(key, signal.direction, signal.address) for key, signal in spec.signals.items()},
        settings=dict(spec.settings),
        margin=spec.margin_mm * MM,
    )


def _brake(spec: CellSpec, source: Source) -> Brake:
    changes = {
        key: value
        for key in ("max_force_kn", "approach_speed_mm_s", "bending_speed_mm_s", "return_speed_mm_s")
        if (value := getattr(spec.brake, key)) is not None
    }
    with source.at("brake", "model"):
        brake = load_brake(spec.brake.model, None if spec.brake.base is None else pose(spec.brake.base), **changes)
    for key, speed in (("bending_speed_mm_s", brake.bending_speed), ("approach_speed_mm_s", brake.approach_speed)):
        if speed < brake.bending_speed_min - 1e-12:
            with source.at("brake", key):
                raise InputError(
                    f"brake.{key} is {speed / MM:g}; {brake.name} follows a speed from {brake.bending_speed_min / MM:g} mm/s on"
                )
    return brake


def _robot(spec: RobotModelSpec, folder: Path, source: Source) -> Robot:
    with source.at("robot", "model" if spec.model is not None else "urdf"):
        model = _robot_model(spec, folder)
    language = spec.language or model.language
    if not language:
        with source.at("robot"):
            raise InputError(f"robot.language is needed with an own URDF; valid: {', '.join(get_args(ProgramLanguage))}")
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
    return Robot("robot", model, pose(spec.base), home, spec.controller or model.controller, language)


def _gripper(entry: str | GripperSpec, folder: Path) -> Gripper:
    return load_gripper(entry) if isinstance(entry, str) else make_gripper(entry, folder)


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
