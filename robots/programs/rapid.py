"""RAPID (ABB IRC5, OmniCore): one program module with frames, loads and routines.

A track is the external axis eax_a, in mm; it stands in every target. Joint moves are MoveAbsJ, so no configuration can be misread; straight moves are MoveL with the planned confdata and ConfL\\Off, because the posture
is the one the move starts in.
"""

from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np

from core.errors import UnsupportedError
from core.frames import Array, quat_wxyz
from core.units import to_deg, to_mm
from robots.programs.program import (
    Call,
    HoldLoad,
    Instruction,
    Load,
    MoveJoint,
    MoveLinear,
    Remark,
    RobotProgram,
    Routine,
    SetSignal,
    WaitSignal,
)
from robots.programs.text import ascii_text, crlf, identifier, identifiers, number

LONGEST_NAME = 32
FOLLOW_ZONE = "z1"
CORNER_ZONE = "z5"
AXIS_SPEED = 180.0
"""Turning speed that stands in the speed data of joint moves [deg/s]; the slowest axis limits the move anyway."""

Confdata = Callable[[Array], tuple[int, int, int, int]]


def write_rapid(program: RobotProgram, confdata: Confdata, reach: float = 2.5) -> dict[str, bytes]:
    """The module `NAME.mod`.

    Args:
        program: The program.
        confdata: cf1, cf4, cf6, cfx of joints (n,) [rad].
        reach: Of the arm [m]: a share of the joint speeds is written as the tool speed at this radius.

    Raises:
        UnsupportedError: A signal name that is no RAPID identifier, or an arm that has not six axes.
    """
    return _Writer(program, confdata, reach).files()


class _Writer:
    def __init__(self, program: RobotProgram, confdata: Confdata, reach: float) -> None:
        self.track = program.on_track("RAPID")
        for name, line in program.signals.items():
            if not re.fullmatch(r"[A-Za-z]\w{0,31}", line.address):
                raise UnsupportedError(
                    f"signal '{name}': '{line.address}' is no RAPID name (letter first, at most 32 of letters, digits, _)"
                )
        self.program, self.confdata, self.reach = program, confdata, reach
        self.name = identifier(program.name, LONGEST_NAME)
        self.routines = {
            program.routines[0].name: "main",
            **identifiers([r.name for r in program.routines[1:]], LONGEST_NAME, taken=("main", "Fault")),
        }
        self.loads = {key: name.lower() for key, name in identifiers(list(program.loads), LONGEST_NAME, prefix="ld ").items()}
        self.lines: list[str] = []

    def files(self) -> dict[str, bytes]:
        program, out = self.program, self.lines
        out.append(f"MODULE {self.name}")
        out += [f"  ! {ascii_text(line)}" for line in (program.title, *program.notes)]
        tool = _pose_text(program.T_flange_tcp)
        out += [
            "  ! tool and work object as planned: put the measured values here when they differ",
            f"  PERS tooldata tGripper:=[TRUE,{tool},{load_text(program.tool_load)}];",
            f'  PERS wobjdata wCell:=[FALSE,TRUE,"",{_pose_text(program.T_robot_base)},[[0,0,0],[1,0,0,0]]];',
        ]
        for name, load in program.loads.items():
            out.append(f"  PERS loaddata {self.loads[name]}:={load_text(_in_tool(load, program.T_flange_tcp))};")
        out += ["  VAR bool bTimeout:=FALSE;", ""]
        for routine in program.routines:
            self._routine(routine)
        out += [
            "  PROC Fault(string what)",
            '    TPWrite "PLIANT: "+what;',
            *(["    " + self._set("bend-start", False)] if "bend-start" in program.signals else []),
            '    TPWrite "Start runs the retreat, then the program ends.";',
            "    Stop;",
            "  ENDPROC",
            "ENDMODULE",
        ]
        return {f"{self.name}.mod": crlf(out)}

    def _routine(self, routine: Routine) -> None:
        out = self.lines
        out += [f"  PROC {self.routines[routine.name]}()"]
        if routine is self.program.routines[0]:
            out += ["    ConfL\\Off;", "    ConfJ\\Off;", "    SingArea\\Wrist;"]
        else:
            out.append(f"    ! {ascii_text(routine.title)}")
        for instruction in routine.body:
            out += [f"    {line}" for line in self._instruction(instruction)]
        out += ["  ENDPROC", ""]

    def _instruction(self, one: Instruction) -> list[str]:
        if isinstance(one, Remark):
            return [f"! {ascii_text(one.text)}"]
        if isinstance(one, Call):
            return [f"{self.routines[one.routine]};"]
        if isinstance(one, MoveJoint):
            axes = ",".join(number(to_deg(value), 4) for value in one.q[int(self.track) :])
            target = f"[[{axes}],{self._external(one.q)}]"
            zone = "fine" if one.blend is None else CORNER_ZONE
            return [f"MoveAbsJ {target},{self._speed(one.speed * self.reach * np.pi, one.speed)},{zone},tGripper\\WObj:=wCell;"]
        if isinstance(one, MoveLinear):
            cf = ",".join(str(v) for v in self.confdata(one.q))
            target = f"[{_position_text(one.T_base_tcp)},{_quaternion_text(one.T_base_tcp)},[{cf}],{self._external(one.q)}]"
            zone = "fine" if one.blend is None else FOLLOW_ZONE
            speed = self._speed(one.speed, 1.0)
            time = "" if one.duration is None else f"\\T:={number(one.duration, 4)}"
            return [f"MoveL {target},{speed}{time},{zone},tGripper\\WObj:=wCell;"]
        if isinstance(one, SetSignal):
            return [self._set(one.signal, one.value)]
        if isinstance(one, WaitSignal):
            return self._wait(one)
        if isinstance(one, HoldLoad):
            return [f"GripLoad {'load0' if one.load is None else self.loads[one.load]};"]
        return [f"WaitTime {number(one.seconds, 2)};"]

    def _external(self, q: Array) -> str:
        first = number(to_mm(float(q[0])), 4) if self.track else "9E9"
        return f"[{first},9E9,9E9,9E9,9E9,9E9]"

    def _speed(self, speed: float, share: float) -> str:
        # The third number is the speed of sliding external axes.
        slide = number(max(to_mm(share * self.program.track_speed), 1.0), 1) if self.track else "5000"
        return f"[{number(max(to_mm(speed), 0.1), 1)},{number(max(share * AXIS_SPEED, 1.0), 1)},{slide},1000]"

    def _set(self, signal: str, value: bool | int) -> str:
        address = self.program.signals[signal].address
        if isinstance(value, bool):
            return f"SetDO {address},{int(value)};"
        return f"SetGO {address},{value};"

    def _wait(self, one: WaitSignal) -> list[str]:
        address = self.program.signals[one.signal].address
        verb = "WaitDI" if isinstance(one.value, bool) else "WaitGI"
        value = int(one.value)
        if one.timeout is None:
            return [f"{verb} {address},{value};"]
        return [
            f"{verb} {address},{value}\\MaxTime:={number(one.timeout, 1)}\\TimeFlag:=bTimeout;",
            "IF bTimeout THEN",
            f'  Fault "{ascii_text(one.signal)} is not {value} after {one.timeout:g} s";',
            *([f"  {self.routines[one.retreat]};"] if one.retreat is not None else []),
            "  EXIT;",
            "ENDIF",
        ]


def _in_tool(load: Load, T_flange_tcp: Array) -> Load:
    """A load the way GripLoad wants it: seen from the tool frame."""
    return Load(load.mass, T_flange_tcp[:3, :3].T @ (load.com - T_flange_tcp[:3, 3]))


def _position_text(T: Array) -> str:
    return "[" + ",".join(number(to_mm(float(v)), 4) for v in T[:3, 3]) + "]"


def _quaternion_text(T: Array) -> str:
    return "[" + ",".join(number(float(v), 8) for v in quat_wxyz(T)) + "]"


def _pose_text(T: Array) -> str:
    return f"[{_position_text(T)},{_quaternion_text(T)}]"


def load_text(load: Load) -> str:
    """loaddata of a point mass; the controller takes neither mass 0 nor a centre of mass in the origin."""
    x, y, z = (round(to_mm(float(v)), 1) for v in load.com)
    if x == y == z == 0.0:
        z = 0.1
    com = ",".join(number(v, 1) for v in (x, y, z))
    return f"[{number(max(load.mass, 0.001), 3)},[{com}],[1,0,0,0],0,0,0]"
