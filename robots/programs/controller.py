"""What a controller knows beside the program text: its numbered tools, frames and loads, its axes and lines."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from core.errors import InputError
from core.frames import Array
from robots.programs.program import FlangeRule, Frame, Load, Procedure, RobotProgram, Tool, Weave
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
        flange: Forward kinematics, for text that gives straight moves by joint values (pulses); None: not known.
        joint_speeds: Greatest joint speeds (n,) [rad/s], a track first [m/s]; None: not known.
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
    flange: FlangeRule | None = None
    joint_speeds: Array | None = None

    @property
    def prismatic(self) -> Array:
        """Which joints slide (n,)."""
        return np.arange(len(self.lower)) < int(self.track)


def controller_of(program: RobotProgram, settings: ProgramSettings, language: str) -> Controller:
    """The controller for which a built program is written, set up as its writer tells the user to: tools, frames and loads numbered in order.

    FANUC: payload schedule `payload_number` is the tool alone, those that follow are the program's loads. INFORM: a tool file for every tool with every load.
    """
    own = getattr(settings, language)
    first_tool = getattr(own, "tool_number", None) or 0
    first_frame = getattr(own, "base_number" if language == "krl" else "frame_number", None) or 0
    tools = {number_of(tool.number, first_tool + i): tool for i, tool in enumerate(program.tools.values())}
    frames = {number_of(frame.number, first_frame + i): frame for i, frame in enumerate(program.frames.values())}
    first_load = own.payload_number if language == "fanuc" else first_tool
    loads: dict[int, Load | None] = {first_load: None}
    loads |= {first_load + 1 + i: load for i, load in enumerate(program.loads.values())}
    if language == "inform":
        files = tool_files(program, first_tool)
        tools = {number: program.tools[tool] for (tool, _), number in files.items()}
        loads = {number: None if load is None else program.loads[load] for (_, load), number in files.items()}
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
        flange=program.flange,
        joint_speeds=program.joint_speeds,
    )


def tool_files(program: RobotProgram, first: int) -> dict[tuple[str, str | None], int]:
    """(tool, load) -> number of the tool file, where the load lives with the tool: every tool empty, then with each of the loads.

    A tool with a number of its own counts on from there, the others from `first`.

    Raises:
        InputError: Two tool files have one number.
    """
    loads = (None, *program.loads)
    files = {
        (name, load): number_of(tool.number, first + i * len(loads)) + j
        for i, (name, tool) in enumerate(program.tools.items())
        for j, load in enumerate(loads)
    }
    if len(set(files.values())) < len(files):
        raise InputError(f"tool files of {program.name}: tools with their loads need numbers of their own, they are given {files}")
    return files


def number_of(number: int | None, otherwise: int) -> int:
    """A number given, or the one in order."""
    return otherwise if number is None else number
