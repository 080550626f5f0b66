"""KRL (KUKA KR C4, KR C5): a `.src` with the routines and a `.dat` with frames, loads and signal names. Plain KRL, no technology packages.

A track is the external axis E1, in mm; it stands in every target. Joint moves are PTP to axis values, so Status and Turn play no part; straight moves are LIN to frames and keep the posture they start in.
A wait with a timeout runs a timer next to WAIT FOR, because KRL's WAIT FOR knows none.
"""

from __future__ import annotations

import re

import numpy as np
from scipy.spatial.transform import Rotation

from core.errors import UnsupportedError
from core.frames import Array, angle_between
from core.units import to_deg, to_mm
from robots.programs.program import (
    Call,
    HoldLoad,
    Instruction,
    Load,
    MoveJoint,
    MoveLinear,
    Pause,
    Remark,
    RobotProgram,
    Routine,
    SetSignal,
    SignalLine,
    WaitSignal,
)
from robots.programs.text import ascii_text, crlf, identifier, identifiers, number

LONGEST_NAME = 24
RESERVED = ("PL_TOOL", "PL_BASE", "PL_EMPTY", "PL_FAULT", "PL_FAULT_NO", "PL_TIMER", "PL_END")
TURN_SPEED = 200.0
"""Greatest turning speed of the tool on straight moves [deg/s]."""
LEAST_SPEED = 0.0005
"""Speeds below this are not programmed [m/s]."""
BLEND_MM = 1
"""Radius in which followed segments are rounded [mm]."""
BLEND_SHARE = 5
"""How much of a joint move is rounded at a corner [%]."""

_SIGNAL = re.compile(r"\$(IN|OUT)\[(\d+)(?:\.\.(\d+))?\]")


def abc_deg(R: Array) -> tuple[float, float, float]:
    """KUKA's A, B, C [deg] of a rotation (3, 3): R = Rz(A) Ry(B) Rx(C). At B = +-90 C is 0."""
    if abs(R[2, 0]) > 1 - 1e-13:
        b = -np.sign(R[2, 0]) * 90.0
        return float(np.degrees(np.arctan2(-R[0, 1], R[1, 1]))), float(b), 0.0
    a, b, c = Rotation.from_matrix(R).as_euler("ZYX", degrees=True)
    return float(a), float(b), float(c)


def write_krl(program: RobotProgram) -> dict[str, bytes]:
    """The files of a program: `NAME.src` and `NAME.dat`.

    Raises:
        UnsupportedError: A signal address that is not `$IN[..]` or `$OUT[..]`, or an arm that has not six axes.
    """
    return _Writer(program).files()


class _Writer:
    def __init__(self, program: RobotProgram) -> None:
        self.track = program.on_track("KRL")
        self.program = program
        self.name = identifier(program.name, LONGEST_NAME)
        self.routines = identifiers([routine.name for routine in program.routines[1:]], LONGEST_NAME, taken=(self.name,))
        self.signals = identifiers(list(program.signals), LONGEST_NAME, prefix="PL ", taken=RESERVED)
        self.loads = identifiers(list(program.loads), LONGEST_NAME, prefix="PL ", taken=(*RESERVED, *self.signals.values()))
        self.faults: list[str] = []
        self.lines: list[str] = []
        self.q: Array | None = None
        self.T: Array | None = None

    def files(self) -> dict[str, bytes]:
        src = self._src()
        return {f"{self.name}.src": crlf(src), f"{self.name}.dat": crlf(self._dat())}

    # .src

    def _src(self) -> list[str]:
        out = self.lines
        out += ["&ACCESS RVP", "&REL 1", "&PARAM EDITMASK = *", f"DEF {self.name} ( )"]
        out += [f";{ascii_text(line)}" for line in (self.program.title, *self.program.notes)]
        out += [
            ";FOLD INI",
            "GLOBAL INTERRUPT DECL 3 WHEN $STOPMESS==TRUE DO IR_STOPM ( )",
            "INTERRUPT ON 3",
            "BAS (#INITMOV,0 )",
            "$ADVANCE=3",
            "$TOOL=PL_TOOL",
            "$BASE=PL_BASE",
            "$LOAD=PL_EMPTY",
            f"$APO.CPTP={BLEND_SHARE}",
            f"$APO.CDIS={BLEND_MM}",
            "$ACC.CP=2.0",
            f"$VEL.ORI1={number(TURN_SPEED, 1)}",
            f"$VEL.ORI2={number(TURN_SPEED, 1)}",
            ";ENDFOLD (INI)",
        ]
        self._body(self.program.routines[0])
        out += ["END", ""]
        for routine in self.program.routines[1:]:
            out += [f"DEF {self.routines[routine.name]} ( )", f";{ascii_text(routine.title)}"]
            self._body(routine)
            out += ["END", ""]
        out += [
            "DEF PL_TIMER (MS:IN )",
            "DECL INT MS",
            ";$TIMER_FLAG[1] comes when the time is over",
            "$TIMER_STOP[1]=TRUE",
            "$TIMER[1]=-MS",
            "$TIMER_STOP[1]=FALSE",
            "END",
            "",
            "DEF PL_FAULT (NO:IN )",
            "DECL INT NO",
            ";the list of fault numbers stands in the .dat; START runs the retreat",
            "PL_FAULT_NO=NO",
        ]
        if "bend-start" in self.program.signals:
            out.append(f"{self.signals['bend-start']}=FALSE")
        out += [
            "HALT",
            "END",
            "",
            "DEF PL_END ( )",
            ";the job cannot go on: reset the program, clear the cell",
            "LOOP",
            "HALT",
            "ENDLOOP",
            "END",
        ]
        return out

    def _body(self, routine: Routine) -> None:
        self.T = None
        for instruction in routine.body:
            self._instruction(instruction)

    def _instruction(self, one: Instruction) -> None:
        out = self.lines
        if isinstance(one, Remark):
            out.append(f";{ascii_text(one.text)}")
        elif isinstance(one, Call):
            out.append(f"{self.routines[one.routine]} ( )")
        elif isinstance(one, MoveJoint):
            out += [f"BAS (#VEL_PTP,{max(1, round(one.speed * 100))} )"]
            axes = ",".join(f"A{i + 1} {number(to_deg(value), 4)}" for i, value in enumerate(one.q[int(self.track) :]))
            out.append(f"PTP {{{axes}{self._external(one.q)}}}{'' if one.blend is None else ' C_PTP'}")
            self.T = None
        elif isinstance(one, MoveLinear):
            self._linear(one)
        elif isinstance(one, SetSignal):
            value = ("TRUE" if one.value else "FALSE") if isinstance(one.value, bool) else str(one.value)
            out.append(f"{self.signals[one.signal]}={value}")
        elif isinstance(one, WaitSignal):
            self._wait(one)
        elif isinstance(one, HoldLoad):
            out.append(f"$LOAD={'PL_EMPTY' if one.load is None else self.loads[one.load]}")
        elif isinstance(one, Pause):
            out.append(f"WAIT SEC {number(one.seconds, 2)}")

    def _linear(self, one: MoveLinear) -> None:
        out = self.lines
        speed, turn = one.speed, TURN_SPEED
        if one.duration is not None:
            if self.T is None:
                raise UnsupportedError("a timed move needs a straight move before it in the same routine")
            # The controller takes the longer of the way at $VEL.CP and the turn at $VEL.ORI: both are set to the prescribed time.
            speed = max(float(np.linalg.norm(one.T_base_tcp[:3, 3] - self.T[:3, 3])) / one.duration, LEAST_SPEED)
            turn = max(to_deg(angle_between(self.T, one.T_base_tcp)) / one.duration, 0.1)
        out += [f"$VEL.CP={number(speed, 5)}"]
        if one.duration is not None:
            out += [f"$VEL.ORI1={number(turn, 4)}", f"$VEL.ORI2={number(turn, 4)}"]
        out.append(f"LIN {frame_text(one.T_base_tcp)[:-1]}{self._external(one.q)}}}{'' if one.blend is None else ' C_DIS'}")
        if one.duration is not None and one.blend is None:
            out += [f"$VEL.ORI1={number(TURN_SPEED, 1)}", f"$VEL.ORI2={number(TURN_SPEED, 1)}"]
        self.T = one.T_base_tcp

    def _external(self, q: Array) -> str:
        return f",E1 {number(to_mm(float(q[0])), 4)}" if self.track else ""

    def _wait(self, one: WaitSignal) -> None:
        name = self.signals[one.signal]
        value = ("TRUE" if one.value else "FALSE") if isinstance(one.value, bool) else str(one.value)
        condition = f"({name}=={value})"
        if one.timeout is None:
            self.lines.append(f"WAIT FOR {condition}")
            return
        self.faults.append(f"{one.signal} is not {value} after {one.timeout:g} s")
        self.lines += [
            f"PL_TIMER ({round(one.timeout * 1000)} )",
            f"WAIT FOR {condition} OR $TIMER_FLAG[1]",
            f"IF NOT {condition} THEN",
            f"PL_FAULT ({len(self.faults)} )",
            *([f"{self.routines[one.retreat]} ( )"] if one.retreat is not None else []),
            "PL_END ( )",
            "ENDIF",
        ]

    # .dat

    def _dat(self) -> list[str]:
        program = self.program
        out = ["&ACCESS RVP", "&REL 1", "&PARAM EDITMASK = *", f"DEFDAT {self.name} PUBLIC"]
        out += [";tool and base as planned: put the measured values here when they differ"]
        out += [f"DECL FRAME PL_TOOL={frame_text(program.T_flange_tcp)}", f"DECL FRAME PL_BASE={frame_text(program.T_robot_base)}"]
        out += [";loads at the flange: the gripper alone, then with the part", f"DECL LOAD PL_EMPTY={load_text(program.tool_load)}"]
        out += [f"DECL LOAD {self.loads[name]}={load_text(program.tool_load.plus(load))}" for name, load in program.loads.items()]
        out += [";lines to the brake and the gripper"]
        out += [f"SIGNAL {self.signals[name]} {_signal_text(name, line)}" for name, line in program.signals.items()]
        out += [";number of the last fault, 0 none"]
        out += [f";{i + 1}: {ascii_text(text)}" for i, text in enumerate(self.faults)]
        out += ["DECL INT PL_FAULT_NO=0", "ENDDAT"]
        return out


def frame_text(T: Array) -> str:
    """`{X ..,Y ..,Z ..,A ..,B ..,C ..}` in mm and degrees."""
    x, y, z = (number(to_mm(float(v)), 4) for v in T[:3, 3])
    a, b, c = (number(v, 5) for v in abc_deg(T[:3, :3]))
    return f"{{X {x},Y {y},Z {z},A {a},B {b},C {c}}}"


def load_text(load: Load) -> str:
    """`{M ..,CM {..},J {..}}`: mass and centre of mass at the flange; a point mass."""
    x, y, z = (number(to_mm(float(v)), 1) for v in load.com)
    return f"{{M {number(load.mass, 3)},CM {{X {x},Y {y},Z {z},A 0.0,B 0.0,C 0.0}},J {{X 0.0,Y 0.0,Z 0.0}}}}"


def _signal_text(name: str, line: SignalLine) -> str:
    match = _SIGNAL.fullmatch(line.address)
    if match is None or (match[1] == "OUT") != line.output or (match[3] is not None) != line.number:
        shape = ("$OUT" if line.output else "$IN") + ("[17..24]" if line.number else "[5]")
        raise UnsupportedError(f"signal '{name}': '{line.address}' is no KRL address; write it like {shape}")
    first = f"${match[1]}[{match[2]}]"
    return first if match[3] is None else f"{first} TO ${match[1]}[{match[3]}]"
