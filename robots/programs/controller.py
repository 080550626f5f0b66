"""What a controller knows beside the program text: its numbered tools, frames and loads, its axes and lines."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from core.frames import Array
from robots.programs.program import Frame, Load, Procedure, RobotProgram, Tool, Weave
from robots.programs.settings import ProgramSettings


@dataclass(frozen=True, eq=False, slots=True)
class Controller:
    """What readers need to give text its meaning.

    Attributes:
        robot: Name of the robot model.
        lower, upper: Joint limits of the model (n,) [rad], a track first [m].
        track: The arm stands on a track, which is the first external axis.
        positioner: For each further external axis whether it slides.
        tools, frames: By number. Loads of tools are the tools' own.
        loads: What the tool holds, by the number of the payload schedule or tool file that stands for it.
        signals: Addresses that are wired; None: not known, every address is taken.
        procedures: By number.
        weaves: By number.
        settings: Of the cell.
    """

    robot: str = "robot"
    lower: Array = field(default_factory=lambda: np.full(6, -2 * np.pi))
    upper: Array = field(default_factory=lambda: np.full(6, 2 * np.pi))
    track: bool = False
    positioner: tuple[bool, ...] = ()
    tools: dict[int, Tool] = field(default_factory=dict)
    frames: dict[int, Frame] = field(default_factory=dict)
    loads: dict[int, Load | None] = field(default_factory=dict)
    signals: frozenset[str] | None = None
    procedures: dict[int, Procedure] = field(default_factory=dict)
    weaves: dict[int, Weave] = field(default_factory=dict)
    settings: ProgramSettings = field(default_factory=ProgramSettings)

    @property
    def prismatic(self) -> Array:
        """Which joints slide (n,)."""
        return np.arange(len(self.lower)) < int(self.track)


def controller_of(program: RobotProgram, settings: ProgramSettings, language: str) -> Controller:
    """The controller for which a built program is written, set up as its writer tells the user to: tools, frames and loads numbered in order.

    FANUC: payload schedule `payload_number` is the tool alone, those that follow are the program's loads. INFORM: the same with tool files.
    """
    own = getattr(settings, language)
    first_tool = getattr(own, "tool_number", None) or 0
    first_frame = getattr(own, "base_number" if language == "krl" else "frame_number", None) or 0
    tools = {number_of(tool.number, first_tool + i): tool for i, tool in enumerate(program.tools.values())}
    frames = {number_of(frame.number, first_frame + i): frame for i, frame in enumerate(program.frames.values())}
    first_load = own.payload_number if language == "fanuc" else first_tool
    loads: dict[int, Load | None] = {first_load: None}
    loads |= {first_load + 1 + i: load for i, load in enumerate(program.loads.values())}
    return Controller(
        robot=program.robot,
        lower=program.lower,
        upper=program.upper,
        track=bool(len(program.prismatic) and program.prismatic[0]),
        positioner=program.positioner,
        tools=tools,
        frames=frames,
        loads=loads,
        signals=frozenset(line.address for line in program.signals.values()),
        procedures={procedure.number: procedure for procedure in program.procedures.values()},
        weaves={weave.number: weave for weave in program.weaves.values() if weave.number is not None},
        settings=settings,
    )


def number_of(number: int | None, otherwise: int) -> int:
    """A number given, or the one in order."""
    return otherwise if number is None else number
