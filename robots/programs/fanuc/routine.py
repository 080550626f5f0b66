"""One routine of a program as a FANUC TP file."""

from __future__ import annotations

from collections.abc import Sequence

from core.errors import InputError, UnsupportedError
from core.units import to_mm
from robots.programs.fanuc.moves import MoveWriter
from robots.programs.fanuc.text import plain, remarks
from robots.programs.program import (
    ArcOff,
    ArcOn,
    Call,
    Halt,
    HoldLoad,
    Instruction,
    Message,
    Move,
    MoveJoint,
    Pause,
    Remark,
    Return,
    SearchLinear,
    SetSignal,
    Shift,
    Trigger,
    UseFrame,
    UseTool,
    WaitSignal,
)
from robots.programs.text import number

LONGEST_WAIT_S = 327.67
LONGEST_PULSE_S = 25.5
LONGEST_MESSAGE = 24
LONGEST_POINT_NAME = 16
FIRST_FAULT_LABEL = 901
WEAVES = {"sine": "Sine", "circle": "Circle", "figure-8": "Figure 8"}


class RoutineWriter(MoveWriter):
    """Lines and points of one routine."""

    def write(self, head: Sequence[str]) -> None:
        """Fills `lines` and `points`; `head`: texts for people at the top."""
        for text in head:
            self.remark(text)
        body = self.routine.body
        if self.routine is self.program.routines[0] and self.settings.home_signal is not None:
            self.lines += [
                f"  IF (!{self.settings.home_signal}) THEN ;",
                "  MESSAGE[NOT AT HOME, JOG THERE] ;",
                "  ABORT ;",
                "  ENDIF ;",
            ]
        if any(isinstance(one, Move | SearchLinear) for one in body):
            # A program that is started by itself, or stepped into, must not depend on its caller.
            for names, keyword, table in ((self.frames, "UFRAME_NUM", self.numbers.frames), (self.tools, "UTOOL_NUM", self.numbers.tools)):
                if len(names) == 1 and (name := next(iter(names))) is not None:
                    self.lines.append(f"  {keyword}={self._numbered(table, name)} ;")
        for one in body:
            if self.trigger and not isinstance(one, Move | Trigger):
                raise UnsupportedError(
                    f"'{self.routine.name}': an output at a point of a move stands before {type(one).__name__}, not a move"
                )
            self._instruction(one)
            self.label = plain(one.text, LONGEST_POINT_NAME) if isinstance(one, Remark) else ""
        if self.trigger:
            raise UnsupportedError(f"'{self.routine.name}' ends with an output at a point of a move; no move follows")
        self._fault_section()

    def remark(self, text: str) -> None:
        """A text for people."""
        self.lines += [f"  !{line} ;" for line in remarks(text, self.settings.remark_length)]

    # Instructions

    def _instruction(self, one: Instruction) -> None:
        out = self.lines
        if isinstance(one, MoveJoint):
            self._joint(one)
        elif isinstance(one, Move):
            self._straight(one)
        elif isinstance(one, UseTool):
            out.append(f"  UTOOL_NUM={self._numbered(self.numbers.tools, one.tool)} ;")
            self.tools = {one.tool}
        elif isinstance(one, UseFrame):
            out.append(f"  UFRAME_NUM={self._numbered(self.numbers.frames, one.frame)} ;")
            self.frames = {one.frame}
        elif isinstance(one, SetSignal):
            out.append(f"  {self._output(one)} ;")
        elif isinstance(one, Trigger):
            self._trigger(one)
        elif isinstance(one, WaitSignal):
            self._wait(one)
        elif isinstance(one, Pause):
            self._pause(one)
        elif isinstance(one, HoldLoad):
            out.append(f"  PAYLOAD[{self.numbers.payloads[one.load]}] ;")
        elif isinstance(one, ArcOn | ArcOff):
            self._arc(one)
        elif isinstance(one, Remark):
            self.remark(one.text)
        elif isinstance(one, Message):
            out.append(f"  MESSAGE[{plain(one.text, LONGEST_MESSAGE)}] ;")
        elif isinstance(one, Call):
            if one.arguments or one.result:
                raise self._refuse(f"the call of '{one.routine}' passes values; instead: a routine for each value")
            out.append(f"  CALL {self.numbers.files[one.routine]}    ;")
        elif isinstance(one, Halt):
            out.append("  ABORT ;" if one.ends else "  PAUSE ;")
        elif isinstance(one, Return) and one.value is None:
            out.append("  END ;")
        elif isinstance(one, SearchLinear):
            self.search(one, self._fault(f"{one.result} no touch", None))
        elif isinstance(one, Shift):
            self.shift(one)
        else:
            raise self._refuse(
                f"{type(one).__name__} is not written; instead: give each move its own speed and blend, and unroll loops and branches"
            )

    def _output(self, one: SetSignal) -> str:
        line = self.line(one.signal)
        if not isinstance(one.value, bool | int):
            raise self._refuse(f"'{one.signal}' is set to a computed value; instead: a fixed value")
        if one.pulse is None:
            return f"{line.address}={self.value(one.signal, one.value)}"
        tenths = round(one.pulse * 10)
        if one.value is not True or abs(one.pulse * 10 - tenths) > 1e-6 or not 1 <= tenths <= LONGEST_PULSE_S * 10:
            raise self._refuse(
                f"a pulse {one.value} of {one.pulse:g} s on '{one.signal}'; PULSE switches on for 0.1 to {LONGEST_PULSE_S} s in tenths"
            )
        return f"{line.address}=PULSE,{number(one.pulse, 1)}sec"

    def _trigger(self, one: Trigger) -> None:
        if self.trigger:
            raise self._refuse("two outputs at points of one move; TB, TA and DB take one: split the move or set both by one group output")
        if one.at == "start" or (one.distance > 0 and one.seconds != 0):
            raise self._refuse(
                f"'{one.signal}' is set at the start of a move, or by way and time together; TB, TA and DB count from its end"
            )
        what = f"{self.line(one.signal).address}={self.value(one.signal, one.value)}"
        if one.distance > 0:
            self.trigger = f" DB {number(to_mm(one.distance), 1)}mm,{what}"
        else:
            self.trigger = f" {'TA' if one.seconds > 0 else 'TB'} {number(abs(one.seconds), 2)}sec,{what}"

    def _pause(self, one: Pause) -> None:
        if not isinstance(one.seconds, int | float):
            raise self._refuse("a computed pause; instead: a fixed time")
        if not 0 <= one.seconds <= LONGEST_WAIT_S:
            raise self._refuse(f"a pause of {one.seconds:g} s; WAIT takes 0 to {LONGEST_WAIT_S} s: use several")
        self.lines.append(f"  WAIT {number(one.seconds, 2):>6}(sec) ;")

    def _wait(self, one: WaitSignal) -> None:
        line = self.line(one.signal)
        value = self.value(one.signal, one.value)
        if one.timeout is None:
            self.lines.append(f"  WAIT {line.address}={value}    ;")
            return
        address = line.address.replace("[", "").replace("]", "")
        message = plain(f"{address} {one.signal}", LONGEST_MESSAGE - len(value) - 5) + f" not {value}"
        if one.retreat is not None and one.retreat not in self.numbers.files:
            raise InputError(
                f"'{self.routine.name}': retreat '{one.retreat}' does not exist; there are: {', '.join(sorted(self.numbers.files))}"
            )
        label = self._fault(message, one.retreat)
        # The timeout is one system variable for all programs, so it is set before each wait; it counts hundredths of a second.
        self.lines += [
            f"  $WAITTMOUT={max(1, round(one.timeout * 100))} ;",
            f"  WAIT {line.address}={value} TIMEOUT,LBL[{label}] ;",
        ]

    def _fault(self, message: str, retreat: str | None) -> int:
        """Label of the lines that say this and retreat by that routine."""
        return self.faults.setdefault((plain(message, LONGEST_MESSAGE), retreat), FIRST_FAULT_LABEL + len(self.faults))

    def _fault_section(self) -> None:
        if not self.faults:
            return
        out = self.lines
        out += ["  END ;", "   ;"]
        for (message, retreat), label in self.faults.items():
            out += [f"  LBL[{label}] ;", "  !Signal missing: make safe, stop ;"]
            out += [f"  {self._output(fault)} ;" for fault in self.program.on_fault]
            out.append(f"  MESSAGE[{message}] ;")
            out.append("  PAUSE ;" if self.settings.user_alarm is None else f"  UALM[{self.settings.user_alarm}] ;")
            if retreat is not None:
                out += ["  !START runs the retreat and ends ;", f"  CALL {self.numbers.files[retreat]}    ;"]
            out.append("  ABORT ;")

    def _arc(self, one: ArcOn | ArcOff) -> None:
        if one.procedure not in self.program.procedures:
            raise InputError(
                f"welding procedure '{one.procedure}' is not known; there are: {', '.join(sorted(self.program.procedures)) or 'none'}"
            )
        procedure = self.program.procedures[one.procedure]
        plus = self.settings.arc == "weld"
        number_text = f"[{procedure.number},{procedure.schedule}]" if plus else f"[{procedure.number}]"
        word = "Weld" if plus else "Arc"
        if isinstance(one, ArcOff):
            self.lines.append(f"  {word} End{number_text} ;")
            self.lines += ["  Weave End ;"] * self.weaves + ["  Track End ;"] * self.tracks
            self.procedures, self.weaves, self.tracks = {None}, False, False
            return
        if one.seam:
            self.remark(one.seam)
        if procedure.note:
            self.remark(procedure.note)
        self.lines.append(f"  {word} Start{number_text} ;")
        if one.weave is not None:
            self.lines.append(f"  {self._weave(one.weave)} ;")
        if one.track is not None:
            self.lines.append(f"  Track TAST[{self.settings.track_schedule}] ;")
        self.procedures, self.weaves, self.tracks = {one.procedure}, one.weave is not None, one.track is not None

    def _weave(self, name: str) -> str:
        if name not in self.program.weaves:
            raise InputError(f"weaving '{name}' is not known; there are: {', '.join(sorted(self.program.weaves)) or 'none'}")
        weave = self.program.weaves[name]
        if weave.shape not in WEAVES:
            raise self._refuse(f"weaving '{weave.shape}'; ArcTool has {', '.join(WEAVES)}")
        if weave.number is not None:
            return f"Weave {WEAVES[weave.shape]}[{weave.number}]"
        dwells = f"{number(weave.dwell_left, 3)}s,{number(weave.dwell_right, 3)}s"
        return f"Weave {WEAVES[weave.shape]}[{number(weave.frequency, 1)}Hz,{number(to_mm(weave.amplitude), 1)}mm,{dwells}]"
