"""Runs KRL text: an interpreter of the plain dialect, written from the language and not from the writer.

It takes what `docs/programs.md` lists and refuses everything else with its line; names must be declared, aggregates complete, blocks closed,
declarations before statements, and the first move a PTP with all axes.
"""

from __future__ import annotations

import contextlib
import re
from dataclasses import dataclass, field

import numpy as np

from core.frames import Array, rot_x, rot_y, rot_z
from core.units import DEG, MM
from robots.programs.program import Load
from robots.programs.trace import (
    MOST_STEPS,
    Inputs,
    ProgramTextError,
    Traced,
    TracedHalt,
    TracedLoad,
    TracedMove,
    TracedPause,
    TracedSet,
    TracedWait,
    all_come,
)

_NAME = r"[A-Za-z_$][\w$]*"
_NUMBER = re.compile(r"[+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?")
_FIELDS = {"FRAME": "XYZABC", "LOAD": None}
_KNOWN_PROCEDURES = {"BAS", "IR_STOPM"}


@dataclass(slots=True)
class _Statement:
    """One executable line; blocks carry their body."""

    line: int
    kind: str
    text: str
    body: list[_Statement] = field(default_factory=list)


@dataclass(slots=True)
class _Routine:
    name: str
    line: int
    parameters: list[str]
    body: list[_Statement]


class _Halted(Exception):
    """The program came to an endless halt."""


def run_krl(files: dict[str, bytes], inputs: Inputs = all_come) -> list[Traced]:
    """Reads a `.src` and its `.dat` and runs the program whose name the files carry.

    Args:
        files: Name to content; exactly one `.src` and one `.dat` of the same name.
        inputs: Which inputs come.

    Raises:
        ProgramTextError: Names file and line.
    """
    sources = [name for name in files if name.endswith(".src")]
    if len(sources) != 1 or sources[0][:-4] + ".dat" not in files:
        raise ProgramTextError(f"a KRL program is one .src and the .dat of the same name; there are {', '.join(sorted(files)) or 'none'}")
    name = sources[0][:-4]
    return _Machine(name, _text(files[sources[0]], sources[0]), _text(files[name + ".dat"], name + ".dat"), inputs).run()


def _text(data: bytes, file: str) -> list[str]:
    try:
        text = data.decode("ascii")
    except UnicodeDecodeError as error:
        raise ProgramTextError(f"byte {data[error.start]:#x} is not ASCII", file=file) from None
    return text.replace("\r\n", "\n").split("\n")


class _Machine:
    def __init__(self, name: str, src: list[str], dat: list[str], inputs: Inputs) -> None:
        self.src_file, self.dat_file = f"{name}.src", f"{name}.dat"
        if not re.fullmatch(r"[A-Za-z_]\w{0,23}", name):
            raise ProgramTextError(f"'{name}' is no KRL name (letter first, at most 24 of letters, digits, _)", file=self.src_file)
        self.name = name
        self.inputs = inputs
        self.values: dict[str, object] = {}
        self.signals: dict[str, str] = {}
        self._read_dat(dat)
        self.routines = self._read_src(src)
        self.trace: list[Traced] = []
        self.steps = 0
        self.joints: Array | None = None
        self.tool: Array | None = None
        self.base: Array | None = None
        self.speed_cp: float | None = None
        self.speed_ori: dict[int, float] = {}
        self.speed_ptp: float | None = None
        self.timer: float | None = None
        self.track: float | None = None
        self.shown: dict[str, bool | int] = {}

    def error(self, line: int, message: str, file: str | None = None) -> ProgramTextError:
        return ProgramTextError(message, file=file or self.src_file, place=f"line {line}")

    # Reading

    def _read_dat(self, lines: list[str]) -> None:
        state = "head"
        for number, raw in enumerate(lines, 1):
            text = raw.strip()
            if not text or text.startswith(";") or (state == "head" and text.startswith("&")):
                continue
            if state == "head":
                match = re.fullmatch(rf"DEFDAT ({_NAME})(?: PUBLIC)?", text)
                if match is None or match[1] != self.name:
                    raise self.error(number, f"expected 'DEFDAT {self.name}', found '{text}'", self.dat_file)
                state = "data"
            elif text == "ENDDAT":
                state = "end"
            elif state == "end":
                raise self.error(number, f"'{text}' stands after ENDDAT", self.dat_file)
            else:
                self._declaration(number, text)
        if state != "end":
            raise self.error(len(lines), "ENDDAT is missing", self.dat_file)

    def _declaration(self, number: int, text: str) -> None:
        signal = re.fullmatch(rf"SIGNAL ({_NAME}) (\$(?:IN|OUT)\[\d+\])(?: TO (\$(?:IN|OUT)\[\d+\]))?", text)
        declared = re.fullmatch(rf"DECL (FRAME|LOAD|INT|REAL|BOOL) ({_NAME})=(.+)", text)
        if signal is not None:
            first, last = signal[2], signal[3]
            if last is not None and last.split("[")[0] != first.split("[")[0]:
                raise self.error(number, f"a group cannot reach from {first} to {last}", self.dat_file)
            name, address = signal[1], first if last is None else f"{first[:-1]}..{last.split('[')[1]}"
            self._new_name(number, name)
            if address in self.signals.values():
                raise self.error(number, f"{address} is declared twice", self.dat_file)
            self.signals[name] = address
        elif declared is not None:
            kind, name, value = declared.groups()
            self._new_name(number, name)
            if kind == "FRAME":
                self.values[name] = self._frame(number, value, self.dat_file)
            elif kind == "LOAD":
                self.values[name] = self._load(number, value)
            elif kind == "INT":
                if not re.fullmatch(r"-?\d+", value):
                    raise self.error(number, f"'{value}' is no INT", self.dat_file)
                self.values[name] = int(value)
            else:
                raise self.error(number, f"DECL {kind} is not known to this reader", self.dat_file)
        else:
            raise self.error(number, f"not understood: '{text}'", self.dat_file)

    def _new_name(self, number: int, name: str) -> None:
        if len(name) > 24:
            raise self.error(number, f"'{name}' has {len(name)} characters; KRL takes 24", self.dat_file)
        if name in self.values or name in self.signals:
            raise self.error(number, f"'{name}' is declared twice", self.dat_file)

    def _read_src(self, lines: list[str]) -> dict[str, _Routine]:
        routines: dict[str, _Routine] = {}
        current: _Routine | None = None
        blocks: list[_Statement] = []
        head = True
        for number, raw in enumerate(lines, 1):
            text = raw.strip()
            if head and text.startswith("&"):
                continue
            head = False
            if not text or text.startswith(";"):
                continue
            text = text.split(";")[0].rstrip()
            match = re.fullmatch(rf"DEF ({_NAME}) \((.*)\)", text)
            if match is not None:
                if current is not None:
                    raise self.error(number, f"DEF inside {current.name}: its END is missing")
                if not routines and match[1] != self.name:
                    raise self.error(number, f"the first routine must be called {self.name} like the file, it is {match[1]}")
                if len(match[1]) > 24 or match[1] in routines:
                    raise self.error(number, f"routine '{match[1]}' stands twice or is longer than 24 characters")
                parameters = [p.strip() for p in match[2].split(",") if p.strip()]
                if not all(re.fullmatch(rf"{_NAME}:IN", p) for p in parameters):
                    raise self.error(number, f"parameters '{match[2]}' are not understood (NAME:IN)")
                current = _Routine(match[1], number, [p[:-3] for p in parameters], [])
                routines[match[1]] = current
                continue
            if current is None:
                raise self.error(number, f"'{text}' stands outside of every routine")
            if text == "END":
                if blocks:
                    raise self.error(number, f"{blocks[-1].kind} of line {blocks[-1].line} is not closed")
                current = None
                continue
            target = blocks[-1].body if blocks else current.body
            if text in ("ENDIF", "ENDLOOP"):
                if not blocks or blocks[-1].kind != text[3:]:
                    raise self.error(number, f"{text} without {text[3:]}")
                blocks.pop()
                continue
            statement = self._statement(number, text)
            if statement.kind == "DECL" and any(s.kind != "DECL" for s in current.body):
                raise self.error(number, "DECL must stand before the first statement")
            target.append(statement)
            if statement.kind in ("IF", "LOOP"):
                blocks.append(statement)
        if current is not None:
            raise self.error(len(lines), f"END of {current.name} is missing")
        if not routines:
            raise self.error(1, "there is no DEF")
        return routines

    def _statement(self, number: int, text: str) -> _Statement:
        for kind, pattern in (
            ("DECL", r"DECL INT " + _NAME),
            ("INTERRUPT", r"(GLOBAL )?INTERRUPT (DECL \d+ WHEN .+ DO .+|ON \d+)"),
            ("PTP", r"PTP \{.*\}( C_PTP)?"),
            ("LIN", r"LIN \{.*\}( C_DIS)?"),
            ("WAIT SEC", r"WAIT SEC .+"),
            ("WAIT FOR", r"WAIT FOR .+"),
            ("IF", r"IF .+ THEN"),
            ("LOOP", r"LOOP"),
            ("HALT", r"HALT"),
            ("CALL", _NAME + r" \(.*\)"),
            ("SET", r"[$\w.]+(\[\d+\])?=(?!=).+"),
        ):
            if re.fullmatch(pattern, text):
                return _Statement(number, kind, text)
        raise self.error(number, f"not understood: '{text}'")

    # Running

    def run(self) -> list[Traced]:
        for routine in self.routines.values():
            self._check_calls(routine.body)
        with contextlib.suppress(_Halted):
            self._call(self.routines[self.name], [])
        return self.trace

    def _check_calls(self, body: list[_Statement]) -> None:
        """Every routine named must exist, also in branches that do not run."""
        for statement in body:
            if statement.kind == "CALL":
                name = statement.text.split(" ")[0]
                if name not in self.routines and name not in _KNOWN_PROCEDURES:
                    raise self.error(statement.line, f"routine '{name}' does not exist")
            self._check_calls(statement.body)

    def _call(self, routine: _Routine, arguments: list[int]) -> None:
        if len(arguments) != len(routine.parameters):
            raise self.error(routine.line, f"{routine.name} takes {len(routine.parameters)} values, it is given {len(arguments)}")
        saved = dict(self.values)
        self.values.update(zip(routine.parameters, arguments, strict=True))
        self._run(routine.body)
        for parameter in routine.parameters:
            self.values.pop(parameter, None)
            if parameter in saved:
                self.values[parameter] = saved[parameter]

    def _run(self, body: list[_Statement]) -> None:
        for statement in body:
            self.steps += 1
            if self.steps > MOST_STEPS:
                raise self.error(statement.line, f"the program does not end within {MOST_STEPS} statements")
            self._execute(statement)

    def _execute(self, s: _Statement) -> None:
        if s.kind in ("DECL", "INTERRUPT"):
            return
        if s.kind == "PTP":
            self._ptp(s)
        elif s.kind == "LIN":
            self._lin(s)
        elif s.kind == "WAIT SEC":
            self.trace.append(TracedPause(s.line, self._number(s, s.text[9:])))
        elif s.kind == "WAIT FOR":
            self._wait(s)
        elif s.kind == "IF":
            if self._truth(s, s.text[3:-5]):
                self._run(s.body)
        elif s.kind == "LOOP":
            if [inner.kind for inner in s.body] == ["HALT"]:
                self.trace.append(TracedHalt(s.line))
                raise _Halted
            while True:
                self._run(s.body)
        elif s.kind == "HALT":
            self.trace.append(TracedHalt(s.line))
        elif s.kind == "CALL":
            name, _, rest = s.text.partition(" ")
            values = [v.strip() for v in rest.strip()[1:-1].split(",") if v.strip()]
            if name == "BAS":
                self._bas(s, values)
            elif name in self.routines:
                self._call(self.routines[name], [int(self._number(s, v)) for v in values])
        else:
            self._set(s)

    def _bas(self, s: _Statement, values: list[str]) -> None:
        if values == ["#INITMOV", "0"]:
            self.speed_ptp = 1.0
        elif len(values) == 2 and values[0] == "#VEL_PTP":
            share = self._number(s, values[1])
            if not 1 <= share <= 100:
                raise self.error(s.line, f"VEL_PTP {share:g} % is outside 1..100")
            self.speed_ptp = share / 100
        else:
            raise self.error(s.line, f"BAS ({','.join(values)}) is not known to this reader")

    def _ptp(self, s: _Statement) -> None:
        fields = self._fields(s.line, s.text[s.text.index("{") + 1 : s.text.rindex("}")], self.src_file)
        track = self._track(s, fields)
        if sorted(fields) != [f"A{i}" for i in range(1, 7)]:
            raise self.error(s.line, f"PTP needs A1..A6, it has {', '.join(fields)}")
        if self.speed_ptp is None:
            raise self.error(s.line, "PTP before BAS (#INITMOV,0 )")
        tool, base = self._frames(s)
        self.joints = np.array([fields[f"A{i}"] for i in range(1, 7)]) * DEG
        self.trace.append(
            TracedMove(s.line, self.joints, None, tool, base, self.speed_ptp, None, None, not s.text.endswith("C_PTP"), track)
        )

    def _lin(self, s: _Statement) -> None:
        if self.joints is None:
            raise self.error(s.line, "the first move must be a PTP with all axes")
        if self.speed_cp is None:
            raise self.error(s.line, "LIN before $VEL.CP is set")
        if set(self.speed_ori) != {1, 2}:
            raise self.error(s.line, "LIN before $VEL.ORI1 and $VEL.ORI2 are set")
        tool, base = self._frames(s)
        text = s.text[4 : s.text.rindex("}") + 1]
        external = re.search(r",(E1 [^,{}]*)\}$", text)
        track = self._track(s, {} if external is None else self._fields(s.line, external[1], self.src_file))
        T = self._frame(s.line, text if external is None else text[: external.start()] + "}", self.src_file)
        turn = min(self.speed_ori.values()) * DEG
        self.trace.append(TracedMove(s.line, None, T, tool, base, self.speed_cp, turn, None, not s.text.endswith("C_DIS"), track))

    def _track(self, s: _Statement, fields: dict[str, float]) -> float | None:
        """Takes E1 [m] out of a target's fields. An axis that a target leaves out stays where it is, so all targets name it or none."""
        track = fields.pop("E1", None)
        if self.joints is None:
            self.track = track
        if (track is None) != (self.track is None):
            raise self.error(
                s.line,
                "this target names E1 and others do not" if self.track is None else "E1 is missing: the track would stay where it is",
            )
        return None if track is None else track * MM

    def _frames(self, s: _Statement) -> tuple[Array, Array]:
        if self.tool is None or self.base is None:
            raise self.error(s.line, "a move before $TOOL and $BASE are set")
        return self.tool, self.base

    def _wait(self, s: _Statement) -> None:
        match = re.fullmatch(rf"WAIT FOR \(({_NAME})==(TRUE|FALSE|\d+)\)( OR \$TIMER_FLAG\[1\])?", s.text)
        if match is None:
            raise self.error(s.line, f"condition not understood: '{s.text[9:]}'")
        address = self._address(s, match[1])
        if address.startswith("$OUT"):
            raise self.error(s.line, f"{match[1]} is an output; only inputs can be waited for")
        value = self._level(s, address, match[2])
        limit = self.timer if match[3] else None
        if match[3] and self.timer is None:
            raise self.error(s.line, "$TIMER_FLAG[1] is waited for and the timer does not run")
        came = self.inputs(address, value)
        self.trace.append(TracedWait(s.line, address, value, limit, came))
        self.shown[address] = value if came else (not value if isinstance(value, bool) else -1)
        self.timer = None
        if not came and limit is None:
            raise _Halted

    def _level(self, s: _Statement, address: str, text: str) -> bool | int:
        if (".." in address) != (text not in ("TRUE", "FALSE")):
            raise self.error(s.line, f"{address} cannot be {text}")
        return text == "TRUE" if text in ("TRUE", "FALSE") else int(text)

    def _truth(self, s: _Statement, text: str) -> bool:
        match = re.fullmatch(rf"(NOT )?\(({_NAME})==(TRUE|FALSE|\d+)\)", text.strip())
        if match is None:
            raise self.error(s.line, f"condition not understood: '{text}'")
        address = self._address(s, match[2])
        truth = self.shown.get(address) == self._level(s, address, match[3])
        return not truth if match[1] else truth

    def _address(self, s: _Statement, name: str) -> str:
        if name not in self.signals:
            raise self.error(s.line, f"'{name}' is no declared signal")
        return self.signals[name]

    def _set(self, s: _Statement) -> None:
        name, _, value = (part.strip() for part in s.text.partition("="))
        if name in self.signals:
            address = self.signals[name]
            if address.startswith("$IN"):
                raise self.error(s.line, f"{name} is an input; it cannot be set")
            self.trace.append(TracedSet(s.line, address, self._level(s, address, value)))
        elif name in ("$TOOL", "$BASE"):
            T = self.values.get(value)
            if not isinstance(T, np.ndarray):
                raise self.error(s.line, f"'{value}' is no declared FRAME")
            if name == "$TOOL":
                self.tool = T
            else:
                self.base = T
        elif name == "$LOAD":
            load = self.values.get(value)
            if not isinstance(load, Load):
                raise self.error(s.line, f"'{value}' is no declared LOAD")
            self.trace.append(TracedLoad(s.line, load))
        elif name == "$VEL.CP":
            self.speed_cp = self._number(s, value)
            if not 0 < self.speed_cp <= 3:
                raise self.error(s.line, f"$VEL.CP = {self.speed_cp:g} m/s is outside 0..3")
        elif match := re.fullmatch(r"\$VEL\.ORI([12])", name):
            speed = self._number(s, value)
            if not 0 < speed <= 1000:
                raise self.error(s.line, f"{name} = {speed:g} deg/s is outside 0..1000")
            self.speed_ori[int(match[1])] = speed
        elif name == "$TIMER[1]":
            self.timer = -self._number(s, value) / 1000
        elif name in ("$TIMER_STOP[1]", "$ADVANCE", "$APO.CPTP", "$APO.CDIS", "$ACC.CP") or (
            name in self.values and isinstance(self.values[name], int)
        ):
            if name != "$TIMER_STOP[1]":
                self._number(s, value)
        else:
            raise self.error(s.line, f"'{name}' is not declared, or not known to this reader")

    # Values

    def _number(self, s: _Statement, text: str) -> float:
        text = text.strip()
        sign, bare = (-1, text[1:]) if text.startswith("-") and not _NUMBER.fullmatch(text) else (1, text)
        known = self.values.get(bare)
        if isinstance(known, int):
            return float(sign * known)
        if not _NUMBER.fullmatch(text):
            raise self.error(s.line, f"'{text}' is no number and no declared INT")
        return float(text)

    def _fields(self, line: int, text: str, file: str) -> dict[str, float]:
        fields: dict[str, float] = {}
        for part in text.split(","):
            name, _, value = part.strip().partition(" ")
            if not re.fullmatch(r"[A-Z]\d?", name) or not _NUMBER.fullmatch(value.strip()) or name in fields:
                raise self.error(line, f"field '{part.strip()}' is not understood", file)
            fields[name] = float(value)
        return fields

    def _frame(self, line: int, text: str, file: str) -> Array:
        if not (text.startswith("{") and text.endswith("}")):
            raise self.error(line, f"'{text}' is no frame", file)
        fields = self._fields(line, text[1:-1], file)
        if "".join(fields) != "XYZABC":
            raise self.error(line, f"a frame needs X, Y, Z, A, B, C in this order, it has {', '.join(fields)}", file)
        T: Array = rot_z(fields["A"] * DEG) @ rot_y(fields["B"] * DEG) @ rot_x(fields["C"] * DEG)
        T[:3, 3] = np.array([fields["X"], fields["Y"], fields["Z"]]) * MM
        return T

    def _load(self, line: int, text: str) -> Load:
        match = re.fullmatch(r"\{M ([^,{}]+),CM \{([^{}]*)\},J \{([^{}]*)\}\}", text)
        if match is None or not _NUMBER.fullmatch(match[1]):
            raise self.error(line, f"'{text}' is no load", self.dat_file)
        com, inertia = self._fields(line, match[2], self.dat_file), self._fields(line, match[3], self.dat_file)
        if "".join(com) != "XYZABC" or "".join(inertia) != "XYZ":
            raise self.error(line, "a load needs M, CM {X,Y,Z,A,B,C} and J {X,Y,Z}", self.dat_file)
        if float(match[1]) < 0:
            raise self.error(line, f"a load of {match[1]} kg", self.dat_file)
        return Load(float(match[1]), np.array([com["X"], com["Y"], com["Z"]]) * MM)
