"""Cell files to cells."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from cells.machines import load_brake, load_gripper, make_gripper
from cells.model import Cell, Gripper, Robot, Signal
from cells.schema import CellSpec, GripperSpec, RobotModelSpec
from cells.stations import make_body, make_fence, make_floor, make_station, pose
from cells.tool_stock import load_stock
from cells.yaml_source import read_model
from core.errors import InputError, PliantError, UnknownNameError
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
    if not path.is_file() and path.suffix not in (".yaml", ".yml"):
        raise UnknownNameError("cell", text, [*cell_names(), "a path to a .yaml file"])
    spec = read_model(path, CellSpec)
    try:
        return _build(path.stem, path, spec)
    except PliantError as error:
        if error.file is None:
            raise InputError(error.message, file=path, place=error.place) from None
        raise


def _build(name: str, path: Path, spec: CellSpec) -> Cell:
    folder = path.parent
    model = _robot_model(spec.robot, folder)
    if len(spec.robot.home_deg) != len(model.lower):
        raise InputError(f"robot.home_deg has {len(spec.robot.home_deg)} values; {model.name} has {len(model.lower)} joints", file=path)
    home = np.array(spec.robot.home_deg) * DEG
    outside = np.flatnonzero((home < model.lower - 1e-9) | (home > model.upper + 1e-9))
    if len(outside):
        joint = int(outside[0])
        raise InputError(
            f"robot.home_deg: {model.mechanism.joint_names[joint]} = {spec.robot.home_deg[joint]:g} is outside {model.lower[joint] / DEG:.1f}..{model.upper[joint] / DEG:.1f}",
            file=path,
        )
    language = spec.robot.language or model.language
    robot = Robot("robot", model, pose(spec.robot.base), home, spec.robot.controller or model.controller, language)
    changes = {
        key: value
        for key in ("max_force_kn", "approach_speed_mm_s", "bending_speed_mm_s", "return_speed_mm_s")
        if (value := getattr(spec.brake, key)) is not None
    }
    brake = load_brake(spec.brake.model, None if spec.brake.base is None else pose(spec.brake.base), **changes)
    bodies = [
        make_floor(),
        *(make_fence(i, fence) for i, fence in enumerate(spec.fence)),
        *(make_body(body, folder) for body in spec.bodies),
    ]
    names = [body.name for body in bodies] + list(spec.stations)
    double = next((n for n in names if names.count(n) > 1), None)
    if double is not None:
        raise InputError(f"the name '{double}' stands twice among bodies and stations", file=path)
    return Cell(
        name=name,
        title=spec.title,
        path=path,
        robot=robot,
        grippers=tuple(_gripper(entry, folder) for entry in spec.grippers),
        brake=brake,
        stations={key: make_station(key, station) for key, station in spec.stations.items()},
        bodies=tuple(bodies),
        tooling=load_stock(spec.tooling, folder),
        signals={key: Signal(key, signal.direction, signal.address) for key, signal in spec.signals.items()},
        settings=dict(spec.settings),
        margin=spec.margin_mm * MM,
    )


def _gripper(entry: str | GripperSpec, folder: Path) -> Gripper:
    return load_gripper(entry) if isinstance(entry, str) else make_gripper(entry, folder)


def _robot_model(spec: RobotModelSpec, folder: Path) -> RobotModel:
    if (spec.model is None) == (spec.urdf is None):
        raise InputError("robot needs exactly one of `model` (catalogue name) and `urdf` (own file)", place="robot")
    if spec.model is not None:
        return load_robot(spec.model)
    packages = {key: (folder / value).resolve() for key, value in spec.packages.items()}
    mechanism = load_urdf(folder / str(spec.urdf), packages=packages)
    return make_robot(
        mechanism.name, mechanism, spec.flange, acceleration_deg_s2=spec.acceleration_deg_s2, payload=spec.payload_kg or 0.0,
        controller=spec.controller or "", language=spec.language or "",
    )  # fmt: skip
