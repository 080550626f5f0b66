"""What all FANUC programs of a job share: signals, registers, and what the controller keeps under numbers."""

from __future__ import annotations

from collections.abc import Iterable

from core.frames import Array, inverse, translation
from core.units import MM
from robots.programs.controller import Controller
from robots.programs.expressions import Value
from robots.programs.fanuc.expressions import NUMBERS, OUTPUTS, Wrong
from robots.programs.fanuc.positions import Position
from robots.programs.program import Frame, Load, Procedure, SignalLine, Tool, Weave

OWN = ("F", "UI", "UO", "SI", "SO")
"""The controller's own signals, which are wired to nothing in the cell."""


class Tables:
    """Collects what the programs use; unknown numbers and addresses raise `Wrong`."""

    def __init__(self, controller: Controller) -> None:
        self.controller, self.settings = controller, controller.settings.fanuc
        self.signals: dict[str, SignalLine] = {}
        self.variables: dict[str, Value | None] = {"$WAITTMOUT": 3000}
        self.tools: dict[str, Tool] = {}
        self.frames: dict[str, Frame] = {}
        self.loads: dict[str, Load] = {}
        self.procedures: dict[str, Procedure] = {}
        self.weaves: dict[str, Weave] = {}
        self.shifts: dict[int, tuple[str, ...]] = {}

    def signal(self, kind: str, index: int, at: int) -> str:
        """The address of an input or output, entered among the program's signals."""
        address = f"{kind}[{index}]"
        if address not in self.signals:
            wired = self.controller.signals
            if wired is not None and address not in wired and kind not in OWN:
                alike = sorted(one for one in wired if one.startswith(f"{kind}[")) or sorted(wired)
                raise Wrong(f"{address} is not wired; there are: {_list(alike)}", at)
            self.signals[address] = SignalLine(address, kind in OUTPUTS, kind in NUMBERS)
        return address

    def tool(self, number: int) -> Tool:
        """UTOOL by number."""
        if number not in self.controller.tools:
            raise Wrong(f"tool {number} is not known to the cell; there are: {_list(self.controller.tools)}", 0)
        return self.tools.setdefault(f"UTOOL[{number}]", self.controller.tools[number])

    def pose(self, position: Position) -> Array | None:
        """Where joint values put the position's tool in the position's frame (4, 4); None: the arm's kinematics are not known, or a positioner carries the frame."""
        flange = self.controller.flange
        if flange is None or position.q is None or position.frame is None or position.tool is None:
            return None
        frame = self.frame(position.frame)
        if frame.carried:
            return None
        T: Array = inverse(frame.T_robot_frame) @ flange(position.q) @ self.tool(position.tool).T_flange_tcp
        return T

    def frame(self, number: int) -> Frame:
        """UFRAME by number; 0 is the world, whose height over the base link the settings name."""
        name = f"UFRAME[{number}]"
        if number in self.controller.frames:
            return self.frames.setdefault(name, self.controller.frames[number])
        if number == 0 and self.settings.world_height_mm is not None:
            return self.frames.setdefault(name, Frame(translation(0.0, 0.0, self.settings.world_height_mm * MM), 0))
        world = "; frame 0 is known when programs.fanuc.world_height_mm is given" if number == 0 else ""
        raise Wrong(f"frame {number} is not known to the cell; there are: {_list(self.controller.frames)}{world}", 0)

    def load(self, number: int) -> str | None:
        """Name of what the tool holds with a payload schedule."""
        if number not in self.controller.loads:
            raise Wrong(f"payload schedule {number} is not known to the cell; there are: {_list(self.controller.loads)}", 0)
        load = self.controller.loads[number]
        if load is None:
            return None
        self.loads[f"PAYLOAD[{number}]"] = load
        return f"PAYLOAD[{number}]"

    def procedure(self, number: int, schedule: int | None) -> tuple[str, Procedure]:
        """Welding procedure by number, with its name in the program."""
        if number not in self.controller.procedures:
            raise Wrong(f"welding procedure {number} is not known to the cell; there are: {_list(self.controller.procedures)}", 0)
        found = self.controller.procedures[number]
        if schedule is not None and schedule != found.schedule:
            raise Wrong(f"schedule {schedule} of welding procedure {number} is not known to the cell; there is: {found.schedule}", 0)
        self.procedures[f"procedure {number}"] = found
        return f"procedure {number}", found

    def weave(self, weave: Weave) -> str:
        """Enters a weave; returns its name."""
        name = (
            f"{weave.shape} {weave.number}"
            if weave.number is not None
            else f"{weave.shape} {weave.frequency:g} Hz {weave.amplitude / MM:g} mm {weave.dwell_left:g} {weave.dwell_right:g}"
        )
        self.weaves[name] = weave
        return name

    def weave_schedule(self, number: int) -> Weave:
        """Weave schedule by number."""
        if number not in self.controller.weaves:
            raise Wrong(f"weave schedule {number} is not known to the cell; there are: {_list(self.controller.weaves)}", 0)
        return self.controller.weaves[number]


def _list(names: Iterable[object]) -> str:
    return ", ".join(str(name) for name in list(names)[:12]) or "none"
