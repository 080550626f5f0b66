"""A welding cell as values: robot, torch, positioner, what stands around, welding procedures."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from cells.model import Body, Robot, Signal
from core.frames import Array
from robots.mechanism import Mechanism
from robots.programs.program import Weave
from robots.programs.settings import ProgramSettings


@dataclass(frozen=True, eq=False, slots=True)
class Torch:
    """A welding torch on the robot's flange. TCP: the wire's end at the nominal contact tip to work distance; +Z along the wire, out of the torch.

    Attributes:
        name: Catalogue name.
        mechanism: Its URDF (no movable joints): neck, body, hose bracket; root link sits on the flange.
        T_flange_tcp: (4, 4)
        neck_angle: Between the flange's z axis and the wire [rad].
        ctwd: Contact tip to work distance [m].
        wire_diameter: [m]
        mass: [kg]
        com: In the flange frame (3,) [m].
        twist: How far the hose lets the last axis turn from its middle, to either side [rad].
    """

    name: str
    mechanism: Mechanism
    T_flange_tcp: Array
    neck_angle: float
    ctwd: float
    wire_diameter: float
    mass: float
    com: Array
    twist: float


@dataclass(frozen=True, eq=False, slots=True)
class Positioner:
    """Turns the workpiece.

    Attributes:
        name: Catalogue name.
        mechanism: Its URDF; one or two revolute joints.
        T_world_base: Of its root link (4, 4).
        table_link: Link that carries the workpiece.
        q_home: (m,) [rad].
    """

    name: str
    mechanism: Mechanism
    T_world_base: Array
    table_link: str
    q_home: Array

    def T_world_table(self, q: Array) -> Array:
        """Pose of the table (4, 4) at joint values (m,)."""
        T: Array = self.T_world_base @ self.mechanism.fk(q)[self.mechanism.link_index(self.table_link)]
        return T


@dataclass(frozen=True, slots=True)
class Window:
    """An angle or length with what is preferred and what is allowed, low <= preferred <= high."""

    low: float
    preferred: float
    high: float


@dataclass(frozen=True, slots=True)
class EndTilt:
    """What is added to the travel angle towards the ends of a bead.

    Attributes:
        start, end: Where it begins and ends [rad].
        over: Within this way it falls evenly to nothing [m].
    """

    start: float = 0.0
    end: float = 0.0
    over: float = 0.020

    def along(self, at: Array) -> Array:
        """At distances from the start of a bead (k,) [m], the last of which is its end: (k,) [rad]."""
        first, last = (np.clip(1.0 - way / self.over, 0.0, 1.0) for way in (at, at[-1] - at))
        out: Array = self.start * first + self.end * last
        return out

    @property
    def span(self) -> tuple[float, float]:
        """The least and the greatest that is added [rad]."""
        return min(self.start, self.end, 0.0), max(self.start, self.end, 0.0)


@dataclass(frozen=True, slots=True)
class WeldProcedure:
    """How a seam of a kind and size is welded.

    Attributes:
        name: `fillet-a4`, ...
        number: On the power source or controller.
        kinds: Seam kinds it is for.
        thickness_min, thickness_max: Of the thinner piece [m].
        throat: Of fillets [m]; 0 for butt seams.
        speed: Of the torch [m/s].
        wire_feed: [m/s]
        gas_flow: [m3/s]
        work: Angle between the torch and the bisector of the two faces, towards face b when positive [rad].
        travel: Tilt in travel direction: positive drags, negative pushes [rad].
        weave: None: none.
        preflow, ignition, crater, postflow: [s]
        largest_gap: [m]
        ends: Other travel angles at the ends of a bead.
        passes: Beads; each (offset along face a, offset along face b, extra work angle) [m, m, rad]. One bead at the root: ((0, 0, 0),).
    """

    name: str
    number: int
    kinds: tuple[str, ...]
    thickness_min: float
    thickness_max: float
    throat: float
    speed: float
    wire_feed: float
    gas_flow: float
    work: Window
    travel: Window
    weave: Weave | None = None
    preflow: float = 0.3
    ignition: float = 0.3
    crater: float = 0.4
    postflow: float = 0.5
    largest_gap: float = 1e-3
    passes: tuple[tuple[float, float, float], ...] = ((0.0, 0.0, 0.0),)
    ends: EndTilt = EndTilt()


@dataclass(frozen=True, eq=False, slots=True)
class WeldCell:
    """Everything that stands in a welding cell.

    Attributes:
        name, title, path: As `cells.model.Cell`.
        robot: On a track or not.
        torch: Mounted.
        positioner: None: the workpiece lies on a fixed table.
        T_holder_workpiece: Frame in which weldments are placed, in the positioner's table, or in the world (4, 4).
        fixtures: Bodies that move with the workpiece (clamps, stops), in the frame of `T_holder_workpiece`.
        bodies: Floor, fence, table, cleaner, cabinets; in the world.
        T_world_cleaner: Where the wire's end stands in the torch cleaner, +z into it; None: there is none.
        clean_every: Arc-on time after which the torch is cleaned [s].
        procedures: In order of preference.
        signals: By neutral name: `arc-on`, `arc-ok`, `gas-on`, `clean-start`, `clean-done`, `touch`, `touch-on`, `part-clamped`, `at-home`.
        programs: What the programs need.
        margin: Clearance of free moves [m].
        weld_margin: Clearance of the torch's body from everything but the seam's own pieces while it welds [m].
        work_area: Of the workpiece frame's holder that is looked at for reach: along the x and y of the table, about its middle [m]; 0: not known.
        sha256: Of the cell file's text; empty for a cell that comes from no file.
        logo: The owner's, as a data URL; None: none.
    """

    name: str
    title: str
    path: Path
    robot: Robot
    torch: Torch
    positioner: Positioner | None
    T_holder_workpiece: Array
    fixtures: tuple[Body, ...]
    bodies: tuple[Body, ...]
    T_world_cleaner: Array | None
    clean_every: float
    procedures: tuple[WeldProcedure, ...]
    signals: dict[str, Signal] = field(default_factory=dict)
    programs: ProgramSettings = field(default_factory=ProgramSettings)
    margin: float = 0.010
    weld_margin: float = 0.003
    work_area: tuple[float, float] = (0.0, 0.0)
    sha256: str = ""
    logo: str | None = None

    def T_world_workpiece(self, q_positioner: Array | None = None) -> Array:
        """Where the weldment's frame is (4, 4)."""
        if self.positioner is None:
            return self.T_holder_workpiece
        q = self.positioner.q_home if q_positioner is None else q_positioner
        T: Array = self.positioner.T_world_table(np.asarray(q)) @ self.T_holder_workpiece
        return T
