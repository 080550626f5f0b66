"""KRL (KUKA KR C4, KR C5): a `.src` with the routines and a `.dat` with points, frames, loads and signal names. Plain KRL, no technology packages.

Joint moves are PTP to axis values, so Status and Turn play no part; straight moves are LIN to named points and keep the posture they start in.
A wait with a timeout runs a timer next to WAIT FOR, because KRL's WAIT FOR knows none. Welding calls the user's routines.
"""

from __future__ import annotations

from core.errors import UnsupportedError
from core.frames import Array
from robots.programs.capabilities import Capabilities
from robots.programs.krl.motion_text import MotionText
from robots.programs.krl.text import LONGEST_NAME, RESERVED, frame_fields, load_text, signal_text
from robots.programs.program import (
    ArcOff,
    ArcOn,
    Call,
    Halt,
    HoldLoad,
    Instruction,
    Message,
    MoveCircular,
    MoveJoint,
    MoveLinear,
    Pause,
    Remark,
    Return,
    RobotProgram,
    Routine,
    SearchLinear,
    SetBlend,
    SetSignal,
    SetSpeed,
    Shift,
    Trigger,
    UseFrame,
    UseTool,
    WaitSignal,
)
from robots.programs.settings import ProgramSettings
from robots.programs.text import ascii_text, crlf, identifier, identifiers, number

CAPABILITIES = Capabilities(
    name="krl",
    title="KUKA KRL",
    controllers="KR C4, KR C5 (KSS 8.3 and later)",
    files=("*.src", "*.dat"),
    longest_name=LONGEST_NAME,
    longest_word=LONGEST_NAME,
    says={
        "joint-move": "PTP {A1..A6}",
        "joint-pose": "PTP {X..C,S,T}",
        "linear": "LIN, $VEL.CP",
        "circular": "CIRC via,end",
        "duration": "straight and circular: $VEL.CP and $VEL.ORI1, 2 from way and time",
        "blend": "C_DIS with $APO.CDIS in mm, of joint moves too",
        "track": "E1 in every target",
        "positioner": "E axes after the track; $BASE=EK(MACHINE_DEF[n]..) for frames on its table",
        "digital-out": "SIGNAL name $OUT[n]",
        "pulse": "PULSE(name,TRUE,s)",
        "group-out": "SIGNAL name $OUT[a] TO $OUT[b]",
        "wait": "WAIT FOR",
        "wait-timeout": "WAIT FOR .. OR $TIMER_FLAG[n]",
        "trigger": "TRIGGER WHEN DISTANCE, or PATH before the end of a straight move",
        "payload": "$LOAD",
        "tool-data": "FRAME and LOAD in the .dat, or $TOOL=TOOL_DATA[n]",
        "call": "local DEF",
        "arc": "the user's WELD_ON and WELD_OFF with the procedure's number",
        "weave": "second value of WELD_ON: number of the weave data",
        "seam-track": "third value of WELD_ON: 1 through the arc",
    },
    lacks={
        "search": "a routine of the user's own that searches with INTERRUPT and BRAKE (KUKA.TouchSense), called before the seam",
        "shift": "let the user's search routine correct BASE_DATA[n] and give the program base_number",
    },
)


def write_krl(program: RobotProgram, settings: ProgramSettings) -> dict[str, bytes]:
    """The files of a program: `NAME.src` and `NAME.dat`.

    Raises:
        UnsupportedError: An address that is not `$IN[..]` or `$OUT[..]`, an arm that has not six axes, an instruction that KRL cannot say; names the alternative.
    """
    return _Writer(program, settings).files()


class _Writer:
    def __init__(self, program: RobotProgram, settings: ProgramSettings) -> None:
        self.program, self.own = program, settings.krl
        self.name = identifier(self.own.name or program.name, min(self.own.longest_name or LONGEST_NAME, LONGEST_NAME))
        if self.name in RESERVED:
            self.name = f"P_{self.name}"[:LONGEST_NAME]
        taken = [*RESERVED, self.name, self.own.weld_on.upper(), self.own.weld_off.upper()]

        def named(texts: list[str], prefix: str = "") -> dict[str, str]:
            names = identifiers(texts, LONGEST_NAME, prefix=prefix, taken=tuple(taken))
            taken.extend(names.values())
            return names

        self.signals = named(list(program.signals))
        self.routines = named([routine.name for routine in program.routines[1:]])
        self.tools = named(list(program.tools), "T ")
        self.frames = named(list(program.frames), "B ")
        self.loads: dict[tuple[str, str | None], str] = {}
        self.taken = taken
        self.motion = MotionText(program, self.own, taken)
        self.lines: list[str] = []
        self.tool: str | None = None
        self.triggers: list[str] = []

    def files(self) -> dict[str, bytes]:
        src = self._src()
        return {f"{self.name}.src": crlf(src), f"{self.name}.dat": crlf(self._dat())}

    # .src

    def _src(self) -> list[str]:
        out = self.lines
        out += ["&ACCESS RVP", "&REL 1", "&PARAM EDITMASK = *", f"DEF {self.name} ( )"]
        out += [f"; {ascii_text(line)}" for line in (self.program.title, *self.program.notes)]
        out += [
            "; units: mm, deg, m/s, s; timers in ms; points, tool, base and loads stand in the .dat",
            ";FOLD INI",
            "GLOBAL INTERRUPT DECL 3 WHEN $STOPMESS==TRUE DO IR_STOPM ( )",
            "INTERRUPT ON 3",
            "BAS (#INITMOV,0 )",
            "$ADVANCE=3",
            "$ACC.CP=2.0",
            ";ENDFOLD (INI)",
            "; safe start: the first PTP is the BCO run, at reduced speed with START held; see that its way is free",
        ]
        self._body(self.program.routines[0])
        out += ["END", ""]
        for routine in self.program.routines[1:]:
            out += [f"DEF {self.routines[routine.name]} ( )", f"; {ascii_text(routine.title)}"]
            self._body(routine)
            out += ["END", ""]
        instructions = [one for routine in self.program.routines for one in routine.walk()]
        late = any(isinstance(one, WaitSignal) and one.timeout is not None for one in instructions)
        if late:
            out += [
                "DEF TIME_LIMIT (MS:IN )",
                "DECL INT MS",
                "; $TIMER_FLAG[1] comes when the time is over",
                "$TIMER_STOP[1]=TRUE",
                "$TIMER[1]=-MS",
                "$TIMER_STOP[1]=FALSE",
                "END",
                "",
                "DEF SAFE_OUTPUTS ( )",
                "; nothing in the cell may start while a person looks for the fault",
            ]
            for one in self.program.on_fault:
                self._instruction(one, None)
            out += ["END", ""]
        if late or any(isinstance(one, Halt) and one.ends for one in instructions):
            out += ["DEF THE_END ( )", "; the job cannot go on: clear the cell, reset the program", "LOOP", "  HALT", "ENDLOOP", "END", ""]
        return out[:-1]

    def _body(self, routine: Routine) -> None:
        self.motion.begin(routine)
        for one in routine.body:
            self._instruction(one, routine)
        if self.triggers:
            raise UnsupportedError(
                f"{routine.name}: a trigger without a move after it; KRL's TRIGGER counts on the next move of the routine"
            )

    def _instruction(self, one: Instruction, routine: Routine | None) -> None:
        out = self.lines
        if isinstance(one, MoveJoint | MoveLinear | MoveCircular):
            before, move = self.motion.move(one)
            out += [*before, *self.triggers, move]
            self.triggers.clear()
        elif isinstance(one, SetSpeed):
            self.motion.say_speed(one)
        elif isinstance(one, SetBlend):
            self.motion.say_blend(one)
        elif isinstance(one, UseTool):
            self._use_tool(one)
        elif isinstance(one, UseFrame):
            out.append(f"$BASE={self._frame(one.frame)}")
            self.motion.forget_place()
        elif isinstance(one, SetSignal):
            out.append(self._set(one))
        elif isinstance(one, Trigger):
            self.triggers.append(self.motion.trigger(one, self.signals[one.signal]))
        elif isinstance(one, WaitSignal):
            self._wait(one)
        elif isinstance(one, HoldLoad):
            out.append(f"$LOAD={self._load(one.load)}")
        elif isinstance(one, ArcOn | ArcOff):
            self._arc(one)
        elif isinstance(one, Call):
            if one.arguments or one.result is not None:
                raise UnsupportedError(
                    f"'{one.routine}' is called with values; programs with values are read in KRL, not written: say it without them"
                )
            out.append(f"{self.routines[one.routine]} ( )")
            self.motion.forget_all()
        elif isinstance(one, SearchLinear | Shift):
            raise CAPABILITIES.refuse("search" if isinstance(one, SearchLinear) else "shift")
        else:
            out.append(self._plain(one, routine))

    def _plain(self, one: Instruction, routine: Routine | None) -> str:
        """Instructions that are one line and change nothing that later lines depend on."""
        if isinstance(one, Remark):
            return f"; {ascii_text(one.text)}"
        if isinstance(one, Message):
            return self._message(one.text)
        if isinstance(one, Pause) and isinstance(one.seconds, float | int):
            return f"WAIT SEC {number(one.seconds, 3)}"
        if isinstance(one, Return) and one.value is None:
            return "RETURN"
        if isinstance(one, Halt):
            return "THE_END ( )" if one.ends else "HALT"
        where = "" if routine is None else f" in {routine.name}"
        raise UnsupportedError(
            f"{type(one).__name__}{where} is not written in KRL: programs that compute, branch and jump are read; write the moves and signals one after the other"
        )

    def _message(self, text: str) -> str:
        # A quotation mark would end the text.
        return f'{self.own.message} ("{ascii_text(text).replace(chr(34), chr(39))[:80]}")'

    def _use_tool(self, one: UseTool) -> None:
        first = self.tool is None
        self.tool = one.tool
        number = self._number(self.program.tools[one.tool].number, self.own.tool_number, list(self.program.tools).index(one.tool))
        self.lines.append(f"$TOOL={self.tools[one.tool] if number is None else f'TOOL_DATA[{number}]'}")
        if first:
            # No move with the load of the program that ran before.
            self.lines.append(f"$LOAD={self._load(None)}")
        self.motion.forget_place()

    @staticmethod
    def _number(own: int | None, first: int | None, index: int) -> int | None:
        """Of a tool or frame that the controller has; None: it stands in the .dat."""
        return own if own is not None else None if first is None else first + index

    def _frame(self, name: str) -> str:
        frame = self.program.frames[name]
        number = self._number(frame.number, self.own.base_number, list(self.program.frames).index(name))
        text = self.frames[name] if number is None else f"BASE_DATA[{number}]"
        machine = f"MACHINE_DEF[{self.own.positioner_machine}]"
        return f"EK({machine}.ROOT,{machine}.MECH_TYPE,{text})" if frame.carried else text

    def _load(self, load: str | None) -> str:
        if self.tool is None:
            raise UnsupportedError("a load before any tool is chosen; $LOAD is tool and part together")
        tool = self.program.tools[self.tool]
        number = self._number(tool.number, self.own.tool_number, list(self.program.tools).index(self.tool))
        if load is None and number is not None:
            return f"LOAD_DATA[{number}]"
        key = (self.tool, load)
        if key not in self.loads:
            text = f"L {self.tool}" if load is None else f"L {self.tool} {load}" if len(self.program.tools) > 1 else f"L {load}"
            self.loads[key] = identifiers([text], LONGEST_NAME, taken=tuple(self.taken))[text]
            self.taken.append(self.loads[key])
        return self.loads[key]

    # Signals

    def _set(self, one: SetSignal) -> str:
        if not isinstance(one.value, bool | int):
            raise UnsupportedError(f"signal '{one.signal}' is set to a computed value; programs that compute are read in KRL, not written")
        value = _value(one.value)
        if one.pulse is None:
            return f"{self.signals[one.signal]}={value}"
        return f"PULSE ({self.signals[one.signal]},{value},{number(one.pulse, 3)})"

    def _wait(self, one: WaitSignal) -> None:
        name = self.signals[one.signal]
        boolean = isinstance(one.value, bool)
        comes = (name if one.value else f"NOT {name}") if boolean else f"({name}=={one.value})"
        lacks = (f"NOT {name}" if one.value else name) if boolean else f"({name}<>{one.value})"
        if one.timeout is None:
            self.lines.append(f"WAIT FOR {comes}")
            return
        self.lines += [
            f"TIME_LIMIT ({round(one.timeout * 1000)} )",
            f"WAIT FOR {comes} OR $TIMER_FLAG[1]",
            f"IF {lacks} THEN",
            "  SAFE_OUTPUTS ( )",
            "  " + self._message(f"{one.signal} is not {_value(one.value)} after {one.timeout:g} s"),
            "  HALT",
            *([f"  {self.routines[one.retreat]} ( )"] if one.retreat is not None else []),
            "  THE_END ( )",
            "ENDIF",
        ]

    # Welding

    def _arc(self, one: ArcOn | ArcOff) -> None:
        procedure = self.program.procedures[one.procedure]
        if isinstance(one, ArcOff):
            self.lines.append(f"{self.own.weld_off} ({procedure.number} )")
            self.motion.weld = None
            self.motion.forget_speeds()
            return
        weave = 0
        if one.weave is not None:
            data = self.program.weaves[one.weave]
            if data.number is None:
                raise UnsupportedError(
                    f"weaving '{one.weave}' has no number; {self.own.weld_on} is told the number of weave data that the controller has: give it one"
                )
            weave = data.number
            self.lines.append(
                f"; weave {weave}: {data.shape} {number(data.frequency, 2)} Hz, {number(data.amplitude * 1e3, 2)} mm, dwell {number(data.dwell_left, 2)} and {number(data.dwell_right, 2)} s"
            )
        if procedure.note:
            self.lines.append(f"; procedure {procedure.number}: {ascii_text(procedure.note)}")
        self.lines.append(f"{self.own.weld_on} ({procedure.number},{weave},{int(one.track == 'arc')} )")
        self.motion.weld = procedure.speed
        self.motion.forget_speeds()

    # .dat

    def _dat(self) -> list[str]:
        program = self.program
        out = ["&ACCESS RVP", "&REL 1", "&PARAM EDITMASK = *", f"DEFDAT {self.name} PUBLIC"]
        if program.procedures:
            out += [
                ";FOLD EXTERNAL DECLARATIONS",
                "; procedure, weave data (0 none), seam tracking (1 through the arc)",
                f"EXT {self.own.weld_on} (INT :IN,INT :IN,INT :IN )",
                f"EXT {self.own.weld_off} (INT :IN )",
                ";ENDFOLD (EXTERNAL DECLARATIONS)",
            ]
        tools = [(self.tools[name], tool.T_flange_tcp) for name, tool in program.tools.items() if tool.number is None]
        frames = [(self.frames[name], frame.T_robot_frame) for name, frame in program.frames.items() if frame.number is None]
        data: list[tuple[str, Array]] = [
            *(tools if self.own.tool_number is None else []),
            *(frames if self.own.base_number is None else []),
        ]
        if data:
            out += ["; tools at the flange and bases as planned: put the measured values here when they differ"]
            out += [f"DECL FRAME {name}={{{frame_fields(T)}}}" for name, T in data]
        if self.loads:
            out += ["; loads at the flange: tool and part together"]
        for (tool, load), name in self.loads.items():
            own = program.tools[tool].load
            out.append(f"DECL LOAD {name}={load_text(own if load is None else own.plus(program.loads[load]))}")
        out += ["; lines of the cell"]
        out += [f"SIGNAL {self.signals[name]} {signal_text(name, line)}" for name, line in program.signals.items()]
        return [*out, *self.motion.declarations(), "ENDDAT"]


def _value(value: bool | int) -> str:
    return ("TRUE" if value else "FALSE") if isinstance(value, bool) else str(value)
