"""Cell files to cells."""

from __future__ import annotations

from pathlib import Path

from cells.kinds import SHIPPED, cell_kind, shipped_cells
from cells.logo import load_logo
from cells.machines import load_brake, load_gripper, make_gripper
from cells.model import Brake, Cell, Gripper, Signal
from cells.robot_place import cell_robot, check_rail
from cells.schema import CellSpec, GripperSpec
from cells.stations import make_body, make_fence, make_floor, make_station, pose
from cells.tool_stock import load_stock
from cells.yaml_source import Source, read_source
from core.errors import InputError, UnknownNameError
from core.units import MM


def cell_names() -> list[str]:
    """Names of the shipped bending cells."""
    return list(shipped_cells("bending"))


def load_cell(name_or_path: str | Path) -> Cell:
    """A shipped bending cell by name, or a file of one.

    Raises:
        InputError: With file, line and valid values.
    """
    text = str(name_or_path)
    path = SHIPPED / f"{text}.yaml" if text in cell_names() else Path(text)
    if path.suffix not in (".yaml", ".yml"):
        raise UnknownNameError("cell", text[:200], [*cell_names(), "a path to a .yaml file"])
    if cell_kind(path) == "welding":
        raise InputError("this is a welding cell; here a bending cell is needed", file=path)
    spec, source = read_source(path, CellSpec)
    with source.at():
        return _build(path.stem, spec, source)


def _build(name: str, spec: CellSpec, source: Source) -> Cell:
    folder = source.path.parent
    robot = cell_robot(spec.robot, source)
    grippers = []
    for i, entry in enumerate(spec.grippers):
        with source.at("grippers", i):
            grippers.append(_gripper(entry, folder))
            if grippers[-1].name in [gripper.name for gripper in grippers[:-1]]:
                raise InputError(f"the gripper '{grippers[-1].name}' stands twice")
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
    with source.at("robot", "track"):
        check_rail(robot, (*bodies, *(body for station in stations.values() for body in station.bodies)))
    with source.at("logo"):
        logo = None if spec.logo is None else load_logo(spec.logo, folder)
    return Cell(
        name=name,
        title=spec.title,
        path=source.path,
        robot=robot,
        grippers=tuple(grippers),
        brake=brake,
        stations=stations,
        bodies=tuple(bodies),
        tooling=load_stock(spec.tooling, source),
        signals={key: Signal(key, signal.direction, signal.address) for key, signal in spec.signals.items()},
        programs=spec.programs,
        margin=spec.margin_mm * MM,
        sha256=source.sha256,
        logo=logo,
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


def _gripper(entry: str | GripperSpec, folder: Path) -> Gripper:
    return load_gripper(entry) if isinstance(entry, str) else make_gripper(entry, folder)
