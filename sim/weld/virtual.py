"""A welding cell as a program meets it: robot and positioner move, power source and cleaner answer, the arc burns, and what happens is written down as phases."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from cells.model import AT_HOME
from cells.weld_model import WeldCell
from core.errors import InputError
from core.findings import Finding
from core.frames import Array, inverse
from core.units import to_deg
from parts.triangle_kernels import first_hits
from parts.weldment import Weldment
from robots.programs.events import Moved, Place
from sim.motion import JointLimits
from sim.verify.drive import LONGEST_LINE, Driven, drive
from sim.verify.wiring import off_home
from sim.weld.index import index_time
from sim.weld.path import T_world_tcp
from sim.weld.peripherals import ARC_ON, ASKED_BY, PROCEDURE_LINE, Peripherals
from sim.weld.plan import WeldPhase

AT_CLEANER = 0.12
"""A tool this near to the cleaner is being cleaned [m]."""


@dataclass(frozen=True, eq=False, slots=True)
class Burn:
    """One arc as it burned: the procedure's name or number, the joints meanwhile (k, n) with their times (k,) [s] and the positioner's (m,); where the text ignites it; the search results its targets were shifted by."""

    procedure: str | int
    times: Array
    robot: Array
    positioner: Array
    at: Place
    shifts: frozenset[tuple[str, ...]] = frozenset()


class VirtualWeldCell:
    """Surroundings of a welding program (`robots.programs.surroundings`).

    Args:
        cell: The cell.
        names: Address -> neutral name of its lines.
        weldment: What lies in the cell's workpiece frame and is touched by searches; None: nothing, searches find what they expect.

    Attributes:
        clock: [s]
        q, positioner: Joints now.
        phases: What happened, gapless; names are `free`, `linear`, `weld`, `wait`, `clean`, `index`.
        burns: One per arc.
        findings: What went wrong on the way.
        places: Of each phase, the line because of which it happened.
        ends: When every move ended: (time, where in the text).
    """

    def __init__(self, cell: WeldCell, names: dict[str, str], weldment: Weldment | None = None) -> None:
        self.cell, self.names = cell, names
        pieces = () if weldment is None else weldment.pieces
        self._triangles = np.ascontiguousarray(
            np.concatenate([np.zeros((0, 3, 3)), *(np.asarray(one.mesh.triangles, dtype=float) for one in pieces)])
        )
        self.clock = 0.0
        self.q: Array = cell.robot.q_home.copy()
        self.positioner: Array = np.zeros(0) if cell.positioner is None else np.asarray(cell.positioner.q_home, dtype=float)
        self.phases: list[WeldPhase] = []
        self.burns: list[Burn] = []
        self.findings: list[Finding] = []
        self.places: list[Place] = []
        self.ends: list[tuple[float, Place]] = []
        self.searched: list[str] = []
        self.place = Place()
        self.peripherals = Peripherals(cell)
        self._limits = JointLimits.of(cell.robot.model)
        self._chain: list[Moved] = []
        self._shown: dict[str, bool | int] = {}
        self._arc: str | int | None = None
        self._arc_from = 0
        self._arc_at = Place()
        self._arc_shifts: set[tuple[str, ...]] = set()
        self._on_face = False

    # Lines

    def _name(self, address: str) -> str:
        if address not in self.names:
            raise InputError(f"{address} is no line of the cell; there are: {', '.join(sorted(self.names)) or 'none'}")
        return self.names[address]

    def read(self, address: str) -> bool | int:
        self._drive_on()
        name = self._name(address)
        answer = self._answer(name)
        return self._shown.get(name, False) if answer is None else answer

    def write(self, address: str, value: bool | int) -> None:
        self._drive_on()
        name = self._name(address)
        signal = self.cell.signals.get(name)
        if signal is not None and signal.direction == "in":
            raise InputError(f"{address} ('{name}') is an input of the robot; a program cannot set it")
        self._shown[name] = value
        self.peripherals.set(name, value, self.clock)
        if name == ARC_ON:
            self.arc(int(self._shown.get(PROCEDURE_LINE, 0)) if value else None)

    def expect(self, signals: dict[str, bool | int]) -> None:
        self._drive_on()
        for address, value in signals.items():
            # What no machine here answers comes: the part is clamped, the door is shut.
            name = self._name(address)
            if self._answer(name) is None:
                self._shown[name] = value

    def next_change(self) -> float | None:
        return self.peripherals.next_change(self.clock)

    def why_not(self, signals: dict[str, bool | int]) -> str:
        names = [self._name(address) for address, value in signals.items() if self.read(address) != value]
        return "; ".join(self._why_not(name) for name in names)

    def _answer(self, name: str) -> bool | None:
        """What a machine of the cell or the controller itself shows; None: nobody here."""
        return off_home(self.cell, self.q) is None if name == AT_HOME else self.peripherals.shown(name, self.clock)

    def _why_not(self, name: str) -> str:
        if name == AT_HOME:
            return off_home(self.cell, self.q) or "the robot stands at home"
        return self.peripherals.why_not(name) if name in ASKED_BY else f"nothing here sets {name}"

    # Arc and time

    def arc(self, procedure: str | int | None) -> None:
        """The arc is ignited with a procedure, or ends (None)."""
        self._drive_on()
        if self._arc is not None:
            burned = self.phases[self._arc_from :]
            moving = [phase for phase in burned if phase.kind == "weld"]
            if moving:
                times, robot = (np.concatenate([getattr(phase, key) for phase in moving]) for key in ("times", "robot"))
                self.burns.append(Burn(self._arc, times, robot, moving[0].positioner[0], self._arc_at, frozenset(self._arc_shifts)))
            else:
                self.findings.append(self._told("arc-stands", "the arc burns without a move", "move while the arc burns"))
        self._arc, self._arc_from, self._arc_at = procedure, len(self.phases), self.place
        self._arc_shifts.clear()

    def advance(self, seconds: float) -> None:
        self._drive_on()
        if seconds > 0:
            self._record("wait", np.array([0.0, seconds]), np.repeat(self.q[None], 2, axis=0), None)

    def drive(self, move: Moved) -> float:
        """Takes a move; those that are rounded wait for the one that stops."""
        began = self.clock
        if move.external is not None and len(move.external) == len(self.positioner):
            target = np.array(move.external)
            if np.max(np.abs(target - self.positioner), initial=0.0) > 1e-5:
                self._drive_on()
                self._turn(target)
        # A controller without an arc instruction welds between two lines: its moves do not know it.
        burning = None if self._arc is None else str(self._arc)
        if burning is not None:
            self._arc_shifts.add(move.shifted)
        if move.result is not None:
            self.searched.append(move.result)
        self._chain.append(replace(self._in_base(move), weld=burning))
        if move.blend is not None and len(self._chain) < LONGEST_LINE:
            return self.clock - began
        self._drive_on()
        return self.clock - began

    def touched(self, move: Moved, T_end: Array) -> Array:
        """Where the wire's end meets the weldment on its straight way, against where that was expected."""
        self._drive_on()
        assert move.T_target is not None
        T_world = self._T_world_targets(move)
        if not len(self._triangles):
            return np.zeros(3)
        to_piece = inverse(self.cell.T_world_workpiece(self.positioner))
        begin = (to_piece @ T_world_tcp(self.cell, self.q[None])[0])[:3, 3]
        end, expected = ((to_piece @ T_world @ T)[:3, 3] for T in (T_end, move.T_target))
        way = end - begin
        length = float(np.linalg.norm(way))
        away, _ = first_hits(np.ascontiguousarray(begin[None]), np.ascontiguousarray((way / max(length, 1e-9))[None]), self._triangles)
        if float(away[0]) > length:
            self.findings.append(
                self._told(
                    "search-missed",
                    "the search ends without touching anything; the controller stops here",
                    "begin nearer, end further, or lay the part where it was planned",
                )
            )
            return np.zeros(3)
        off = begin + way / length * float(away[0]) - expected
        turn: Array = inverse(to_piece @ T_world)[:3, :3]
        return np.asarray(turn @ off)

    def _T_world_targets(self, move: Moved) -> Array:
        """Frame of a move's targets in the world."""
        if move.carried and self.cell.positioner is not None:
            return self.cell.positioner.T_world_table(self.positioner)
        return self.cell.robot.T_world_base

    def finish(self) -> None:
        """The program is over."""
        self._drive_on()
        if self._arc is not None:
            self.findings.append(self._told("arc-left-on", "the program ends while the arc burns", "end the arc"))
            self.arc(None)

    def _in_base(self, move: Moved) -> Moved:
        """A move of the workpiece's frame on the positioner, in the robot's base."""
        if not move.carried or move.T_target is None or self.cell.positioner is None:
            return move
        T = inverse(self.cell.robot.T_world_base) @ self.cell.positioner.T_world_table(self.positioner)
        return replace(move, carried=False, T_target=T @ move.T_target, T_via=None if move.T_via is None else T @ move.T_via)

    def _turn(self, target: Array) -> None:
        assert self.cell.positioner is not None
        mechanism = self.cell.positioner.mechanism
        over = np.maximum(mechanism.lower - target, target - mechanism.upper)
        if np.max(over) > 1e-6:
            axis = int(np.argmax(over))
            self.findings.append(
                self._told("joint-limit", f"axis {axis + 1} of the positioner goes to {to_deg(float(target[axis])):.1f} deg, beyond its limits", "correct the external axis")
            )  # fmt: skip
        seconds = index_time(self.cell.positioner, self.positioner, target)
        self._record("index", np.array([0.0, seconds]), np.repeat(self.q[None], 2, axis=0), None, np.array([self.positioner, target]))

    def _drive_on(self) -> float:
        if not self._chain:
            return 0.0
        chain, self._chain = self._chain, []
        driven: Driven = drive(self.cell.robot.model, self._limits, self.q, chain)
        start = self.clock
        kind = "weld" if self._arc is not None else "free" if chain[-1].kind == "joint" else "linear"
        self._record(kind, driven.times, driven.qs, chain[-1])
        self.ends += [(start + end, move.at) for end, move in zip(driven.ends, chain, strict=True)]
        return float(driven.times[-1])

    def _record(self, kind: str, times: Array, qs: Array, move: Moved | None, positioner: Array | None = None) -> None:
        stands = np.repeat(self.positioner[None], len(times), axis=0) if positioner is None else positioner
        searches = move is not None and move.kind == "search"
        # The straight move behind a search leaves the face that was touched.
        leaves = self._on_face and kind == "linear"
        self._on_face = searches
        name = "search" if searches or leaves else "clean" if kind in ("linear", "wait") and self._at_cleaner(qs) else kind
        kinds: dict[str, Literal["free", "linear", "weld"]] = {"free": "free", "linear": "linear", "weld": "weld"}
        burns = self._arc is not None
        self.phases.append(
            WeldPhase(
                name=name, step=str(move.at) if move is not None else str(self.place), kind=kinds.get(kind, "wait"), times=self.clock + times,
                robot=qs, positioner=stands, arc=burns, weld=len(self.burns) if burns else None, waypoints=(0, len(times) - 1),
            )
        )  # fmt: skip
        self.places.append(self.place if move is None else move.at)
        self.q, self.positioner, self.clock = qs[-1].copy(), stands[-1].copy(), float(self.clock + times[-1])

    def _at_cleaner(self, qs: Array) -> bool:
        T = self.cell.T_world_cleaner
        if T is None:
            return False
        ends = T_world_tcp(self.cell, qs[[0, -1]])[:, :3, 3]
        return bool(np.min(np.linalg.norm(ends - T[:3, 3], axis=1)) < AT_CLEANER)

    def _told(self, code: str, message: str, remedy: str) -> Finding:
        prefix = f"{self.place}: " if self.place.line else ""
        return Finding(
            "error", code, prefix + message, remedy, "", {"file": self.place.file, "line": self.place.line, "time_s": round(self.clock, 3)}
        )
