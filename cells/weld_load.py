"""Files of welding cells to cells; and any cell file to whichever cell it is."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from cells.kinds import SHIPPED, cell_kind, shipped_cells
from cells.load import load_cell
from cells.logo import load_logo
from cells.model import Body, Cell, Robot, Signal
from cells.robot_place import cell_robot, check_rail
from cells.schema import BodySpec
from cells.stations import STEEL, box_hull, make_body, make_fence, make_floor, pose
from cells.weld_machines import load_procedure, load_torch, make_positioner, make_procedure, make_torch
from cells.weld_model import Positioner, WeldCell, WeldProcedure
from cells.weld_schema import CleanerSpec, FixtureSpec, TableSpec, WeldCellSpec
from cells.yaml_source import Source, read_source
from core.errors import InputError, UnknownNameError
from core.frames import Array, apply, rot_x, translation
from core.units import MM

FLOOR_NAME = "floor"
LEG = 0.08
"""Width of a table's legs [m]."""
BELOW_MOUTH = 3e-3
"""A cleaner begins this far below where the wire's end stands [m]."""


def weld_cell_names() -> list[str]:
    """Names of the shipped welding cells."""
    return list(shipped_cells("welding"))


def all_cell_names() -> list[str]:
    """Names of the shipped cells of both kinds."""
    return [name for kind in ("bending", "welding") for name in shipped_cells(kind)]


def load_any_cell(name_or_path: str | Path) -> Cell | WeldCell:
    """A shipped cell of either kind by name, or a cell file of either kind.

    Raises:
        InputError: With file, line and valid values.
    """
    text = str(name_or_path)
    both = {name: kind for kind in ("bending", "welding") for name in shipped_cells(kind)}
    if text not in both and Path(text).suffix not in (".yaml", ".yml"):
        raise UnknownNameError("cell", text[:200], [*both, "a path to a .yaml file"])
    kind = both.get(text) or cell_kind(Path(text))
    return load_weld_cell(name_or_path) if kind == "welding" else load_cell(name_or_path)


def load_weld_cell(name_or_path: str | Path) -> WeldCell:
    """A shipped welding cell by name, or a file of one.

    Raises:
        InputError: With file, line and valid values.
    """
    text = str(name_or_path)
    path = SHIPPED / f"{text}.yaml" if text in weld_cell_names() else Path(text)
    if path.suffix not in (".yaml", ".yml"):
        raise UnknownNameError("welding cell", text[:200], [*weld_cell_names(), "a path to a .yaml file"])
    if path.is_file() and cell_kind(path) != "welding":
        raise InputError("this file describes no welding cell; a welding cell has `kind: welding` as a top key", file=path)
    spec, source = read_source(path, WeldCellSpec)
    with source.at():
        return _build(path.stem, spec, source)


def _build(name: str, spec: WeldCellSpec, source: Source) -> WeldCell:
    folder = source.path.parent
    robot = cell_robot(spec.robot, source)
    with source.at("torch"):
        torch = load_torch(spec.torch) if isinstance(spec.torch, str) else make_torch(spec.torch, folder)
    bodies = [make_fence(i, fence) for i, fence in enumerate(spec.fence)]
    positioner, T_holder, work_area = _holder(spec, source, bodies)
    if spec.cleaner is not None:
        with source.at("cleaner"):
            bodies.append(_cleaner_body(spec.cleaner))
    for i, body in enumerate(spec.bodies):
        with source.at("bodies", i):
            _unique(body.name, bodies)
            if body.name == FLOOR_NAME:
                raise InputError(f"the name '{FLOOR_NAME}' is taken by the floor itself")
            bodies.append(make_body(body, folder))
    bodies.insert(0, _floor(robot, positioner, bodies))
    fixtures: list[Body] = []
    for i, fixture in enumerate(spec.fixtures):
        with source.at("fixtures", i):
            _unique(fixture.name, [*bodies, *fixtures])
            fixtures.append(_fixture(fixture, folder))
    with source.at("robot", "track"):
        check_rail(robot, tuple(bodies))
    with source.at("logo"):
        logo = None if spec.logo is None else load_logo(spec.logo, folder)
    return WeldCell(
        name=name,
        title=spec.title,
        path=source.path,
        robot=robot,
        torch=torch,
        positioner=positioner,
        T_holder_workpiece=T_holder @ pose(spec.workpiece),
        fixtures=tuple(fixtures),
        bodies=tuple(bodies),
        T_world_cleaner=None if spec.cleaner is None else translation(*(np.array(spec.cleaner.mouth_mm) * MM)) @ rot_x(np.pi),
        clean_every=np.inf if spec.cleaner is None else spec.cleaner.every_s,
        procedures=_procedures(spec, source),
        signals={key: Signal(key, signal.direction, signal.address) for key, signal in spec.signals.items()},
        programs=spec.programs,
        margin=spec.margin_mm * MM,
        weld_margin=spec.weld_margin_mm * MM,
        work_area=work_area,
        sha256=source.sha256,
        logo=logo,
    )


def _floor(robot: Robot, positioner: Positioner | None, bodies: list[Body]) -> Body:
    """A floor under everything, as far as the arm may get and a metre round what stands there."""
    arm = (robot.model.arm or robot.model).mechanism
    reach = sum(float(np.linalg.norm(joint.T_parent_joint[:3, 3])) for joint in arm.joints)
    foot = robot.T_world_base[:2, 3]
    corners = [foot - reach, foot + reach]
    if robot.model.slides:
        rail = apply(robot.T_world_base, robot.model.mechanism.links[0].hulls[0])[:, :2]
        corners += [rail.min(axis=0) - reach, rail.max(axis=0) + reach]
    corners += [] if positioner is None else [positioner.T_world_base[:2, 3]]
    corners += [point for body in bodies for hull in body.hulls for point in apply(body.T_world_body, hull)[:, :2]]
    low, high = np.min(corners, axis=0) - 1.0, np.max(corners, axis=0) + 1.0
    return make_floor((float(low[0]), float(low[1])), (float(high[0]), float(high[1])))


def _holder(spec: WeldCellSpec, source: Source, bodies: list[Body]) -> tuple[Positioner | None, Array, tuple[float, float]]:
    """What carries the workpiece: the positioner or none, the holder's frame, and the area to work on [m]; a fixed table joins the bodies."""
    if (spec.positioner is None) == (spec.table is None):
        given = "both" if spec.table is not None else "neither"
        raise InputError(f"a welding cell needs exactly one of `positioner` and `table`; this one has {given}")
    if spec.table is not None:
        with source.at("table"):
            table, T = _table(spec.table)
        bodies.append(table)
        return None, T, (spec.table.size_mm[0] * MM, spec.table.size_mm[1] * MM)
    assert spec.positioner is not None
    with source.at("positioner"):
        positioner, radius = make_positioner(spec.positioner, source.path.parent)
    # The square in the round table.
    return positioner, np.eye(4), (radius * 2**0.5, radius * 2**0.5)


def _table(spec: TableSpec) -> tuple[Body, Array]:
    T = pose(spec.pose)
    thick, height = spec.thickness_mm * MM, float(T[2, 3])
    if T[2, 2] < 1 - 1e-9:
        raise InputError("a table stands upright; table.pose.rpy_deg may only turn it about z")
    if height <= thick:
        raise InputError(f"the table's top is {height / MM:g} mm above the floor; that must be more than its thickness_mm = {thick / MM:g}")
    x, y = (value * MM / 2 for value in spec.size_mm)
    hulls = [box_hull(-x, x, -y, y, -thick, 0.0)]
    for a in (-1, 1):
        for b in (-1, 1):
            (x0, x1), (y0, y1) = sorted((a * x, a * (x - LEG))), sorted((b * y, b * (y - LEG)))
            hulls.append(box_hull(x0, x1, y0, y1, -height, -thick))
    return Body("table", "table", T, tuple(hulls), None, STEEL), T


def _cleaner_body(spec: CleanerSpec) -> Body:
    """A housing on a post below the mouth, in the world's directions."""
    x, y, z = (value * MM for value in spec.size_mm)
    T = translation(*(np.array(spec.mouth_mm) * MM))
    bottom = -BELOW_MOUTH - z
    if T[2, 3] + bottom <= 0:
        raise InputError(f"the cleaner would stand in the floor: mouth_mm z = {T[2, 3] / MM:g} is not more than its height of {z / MM:g}")
    hulls = (box_hull(-x / 2, x / 2, -y / 2, y / 2, bottom, -BELOW_MOUTH), box_hull(-0.04, 0.04, -0.04, 0.04, -float(T[2, 3]), bottom))
    return Body("torch cleaner", "cleaner", T, hulls, None, (0.25, 0.30, 0.36, 1.0))


def _fixture(spec: FixtureSpec, folder: Path) -> Body:
    body = make_body(BodySpec(**spec.model_dump()), folder)
    return Body(body.name, "fixture", body.T_world_body, body.hulls, body.visual, body.color)


def _unique(name: str, others: list[Body]) -> None:
    if name in [other.name for other in others]:
        raise InputError(f"the name '{name}' stands twice among bodies and fixtures")


def _procedures(spec: WeldCellSpec, source: Source) -> tuple[WeldProcedure, ...]:
    found: list[WeldProcedure] = []
    for i, entry in enumerate(spec.procedures):
        with source.at("procedures", i):
            procedure = load_procedure(entry) if isinstance(entry, str) else make_procedure(entry)
            if procedure.name in [other.name for other in found]:
                raise InputError(f"the procedure '{procedure.name}' stands twice")
            found.append(procedure)
    return tuple(found)
