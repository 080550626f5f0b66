"""The lines of a cell in each language, and what its controller knows of tools, frames and loads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from cells.model import AT_HOME, Cell, Gripper
from cells.weld_model import WeldCell
from core.errors import UnsupportedError
from core.findings import Finding
from core.frames import Array, inverse
from core.units import to_deg, to_mm
from robots.postures import posture_rule
from robots.programs.controller import Controller, controller_of
from robots.programs.languages import language as language_of
from robots.programs.program import Frame, Instruction, Load, RobotProgram, Routine, SetSignal, SignalLine, Tool, WaitSignal

GROUPS = ("bend-number", "bend-number-echo", "weld-procedure")
"""Lines that carry a number."""
GROUP_BITS = 8
HOME_TIMEOUT = 2.0
"""[s]"""
HOME_SLACK = (5e-3, 1e-2)
"""How far a robot at home may be from it: track [m], joints [rad]."""


def addresses(cell: Cell | WeldCell, language: str) -> tuple[dict[str, str], list[Finding]]:
    """The controller's address of every line of a cell, by neutral name, in a language.

    Those of the robot's own language stand in the cell file's `signals`, those of others in `programs.LANGUAGE.signals`; what is missing is numbered
    in order, and a warning says so.
    """
    given = getattr(cell.programs, language).signals
    out, numbered = {}, []
    counts: dict[tuple[str, bool], int] = {}
    for name, signal in cell.signals.items():
        kind = (signal.direction, name in GROUPS)
        counts[kind] = counts.get(kind, 0) + 1
        if name in given:
            out[name] = given[name]
        elif language == cell.robot.language:
            out[name] = signal.address
        else:
            out[name] = _numbered(language, name, signal.direction == "out", name in GROUPS, counts[kind])
            numbered.append(name)
    if not numbered:
        return out, []
    shown = ", ".join(f"{name} {out[name]}" for name in numbered[:3])
    finding = Finding(
        "warning", "signals-numbered", f"the cell does not name its lines for {language}; {len(numbered)} are numbered in order ({shown}, ...)",
        f"add the addresses to `programs.{language}.signals` of {cell.path.name}", "export",
    )  # fmt: skip
    return out, [finding]


def _numbered(language: str, name: str, output: bool, group: bool, number: int) -> str:
    if language == "krl":
        base = "$OUT" if output else "$IN"
        first = 1 + GROUP_BITS * (number + 1)
        return f"{base}[{first}..{first + GROUP_BITS - 1}]" if group else f"{base}[{number}]"
    if language == "rapid":
        words = "".join(word.capitalize() for word in name.split("-"))
        return ("g" if group else "d") + ("o" if output else "i") + words
    if language == "fanuc":
        return ("G" if group else "D") + ("O" if output else "I") + f"[{number}]"
    if language == "inform":
        # A group of INFORM is eight lines: the first two groups are left to the single lines.
        return ("O" if output else "I") + (f"G#({number + 2})" if group else f"{'T' if output else 'N'}#({number})")
    if group:
        return ("O" if output else "I") + f"R[{23 + number}]"
    bank = "DO" if output else "DI"
    return f"{bank}[{number - 1}]" if number <= GROUP_BITS else f"C{bank[1]}[{number - 1 - GROUP_BITS}]"


def group_line(language: str, name: str) -> str:
    """The first group of outputs of a language, for a number that the cell names no line for."""
    return _numbered(language, name, True, True, 1)


def signal_lines(cell: Cell | WeldCell, language: str) -> dict[str, SignalLine]:
    """The cell's lines as a program in a language has them."""
    named, _ = addresses(cell, language)
    return {name: SignalLine(named[name], signal.direction == "out", name in GROUPS) for name, signal in cell.signals.items()}


def unsayable_lines(cell: Cell | WeldCell, language: str) -> list[Finding]:
    """Lines whose addresses a language does not have: what its writer says of a program that does nothing but use one of them."""
    it = language_of(language)
    nothing = Load(0.0, np.zeros(3))
    bare = replace(robot_alone(cell, language, {"none": Tool(np.eye(4), nothing)}, {}, ()), loads={"none": nothing})

    def refusal(signals: dict[str, SignalLine], use: tuple[Instruction, ...]) -> str | None:
        try:
            it.write(replace(bare, signals=signals, routines=(Routine("line", "one line", use),)), cell.programs)
        except UnsupportedError as error:
            return error.message
        return None

    if refusal({}, ()) is not None:
        # Nothing can be written for this robot: that is no matter of a line.
        return []
    place = "signals" if language == cell.robot.language else f"programs.{language}.signals"
    findings = []
    for name, line in signal_lines(cell, language).items():
        value = 0 if line.number else False
        message = refusal({name: line}, (SetSignal(name, value) if line.output else WaitSignal(name, value, HOME_TIMEOUT),))
        if message is not None:
            findings.append(Finding("error", "signal-address", message, f"change its address in `{place}` of {cell.path.name}", "export"))
    return findings


def home_check(cell: Cell | WeldCell) -> list[WaitSignal]:
    """What a program asks before its first move: the controller says that the robot stands at home, where the cell has a line for it."""
    return [WaitSignal(AT_HOME, True, HOME_TIMEOUT)] if AT_HOME in cell.signals else []


def off_home(cell: Cell | WeldCell, q: Array) -> str | None:
    """How a robot does not stand at home, as the controller's reference position sees it; None: it does."""
    model = cell.robot.model
    off = np.abs(q - cell.robot.q_home)
    near = np.where(np.arange(len(q)) < model.slides, HOME_SLACK[0], HOME_SLACK[1])
    if not np.any(off > near):
        return None
    joint = int(np.argmax(off / near))
    far = f"{to_mm(float(off[joint])):.0f} mm" if joint < model.slides else f"{to_deg(float(off[joint])):.1f} deg"
    return f"joint {model.mechanism.joint_names[joint]} stands {far} from home"


def robot_alone(cell: Cell | WeldCell, language: str, tools: dict[str, Tool], frames: dict[str, Frame], off: Sequence[str]) -> RobotProgram:
    """A program without routines for a cell's robot.

    Args:
        cell: The cell.
        language: Whose names its lines have.
        tools, frames: By name.
        off: Lines that are set off where the program cannot go on, as far as the cell has them.
    """
    model = cell.robot.model
    return RobotProgram(
        name=cell.name,
        title=cell.title,
        robot=model.name,
        lower=model.lower,
        upper=model.upper,
        tools=tools,
        frames=frames,
        loads={},
        signals=signal_lines(cell, language),
        routines=(),
        prismatic=np.arange(len(model.lower)) < model.slides,
        track_speed=float(model.velocity[0]) if model.slides else 0.0,
        on_fault=tuple(SetSignal(name, False) for name in off if name in cell.signals),
        postures=posture_rule(model),
        flange=model.fk,
        joint_speeds=model.velocity,
    )


def bare_program(cell: Cell, gripper: Gripper, language: str) -> RobotProgram:
    """A program without routines for a cell's robot with a gripper: its tool, the brake's frame, its lines."""
    tool = Tool(gripper.T_flange_tcp, Load(gripper.mass, gripper.com))
    frame = Frame(inverse(cell.robot.T_world_base) @ cell.brake.T_world_brake)
    return robot_alone(cell, language, {"gripper": tool}, {"brake": frame}, ("bend-start",))


def controller(program: RobotProgram, cell: Cell | WeldCell, language: str) -> Controller:
    """What the cell's controller knows when a program of ours is loaded as its head says."""
    return controller_of(program, cell.programs, language)
