"""Runs RAPID text: an interpreter of the dialect in docs/programs.md, written from the language and not from the writer.

Anything it does not know is refused with its line: aggregates with a wrong number of elements, undeclared names, unnormalised quaternions, motions
without a tool, blocks that are not closed.
"""

from __future__ import annotations

import contextlib
import re
from dataclasses import dataclass, field

import numpy as np

from core.frames import Array, from_quat_wxyz
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

ZONES = {"fine", *(f"z{n}" for n in (0, 1, 5, 10, 15, 20, 30, 40, 50, 60, 80, 100, 150, 200))}
_NAME = r"[A-Za-z]\w{0,31}"
_UNUSED = "9E9"

Aggregate = list["Aggregate | str"]


@dataclass(slots=True)
class _Statement:
    line: int
    text: str
    body: list[_Statement] = field(default_factory=list)


class _Ended(Exception):
    """EXIT was reached."""


def run_rapid(files: dict[str, bytes], inputs: Inputs = all_come) -> list[Traced]:
    """Reads a module and runs its `main`.

    Raises:
        ProgramTextError: Names file and line.
    """
    modules = [name for name in files if name.lower().endswith((".mod", ".modx"))]
    if len(modules) != 1:
        raise ProgramTextError(f"a RAPID program is one .mod; there are {', '.join(sorted(files)) or 'none'}")
    return _Machine(modules[0], files[modules[0]], inputs).run()


class _Machine:
    def __init__(self, file: str, data: bytes, inputs: Inputs) -> None:
        self.file, self.inputs = file, inputs
        try:
            lines = data.decode("ascii").replace("\r\n", "\n").split("\n")
        except UnicodeDecodeError as error:
            raise ProgramTextError(f"byte {data[error.start]:#x} is not ASCII", file=file) from None
        self.tools: dict[str, tuple[Array, Load]] = {}
        self.wobjs: dict[str, Array] = {}
        self.loads: dict[str, Load] = {}
        self.bools: set[str] = set()
        self.routines: dict[str, tuple[list[str], list[_Statement]]] = {}
        self._read(lines)
        self.trace: list[Traced] = []
        self.late: dict[str, bool] = {}
        self.tool: tuple[Array, Load] | None = None
        self.on_track: bool | None = None
        self.moved = False
        self.conf_free = False
        self.steps = 0

    def error(self, line: int, message: str) -> ProgramTextError:
        return ProgramTextError(message, file=self.file, place=f"line {line}")

    # Reading

    def _read(self, lines: list[str]) -> None:
        state = "head"
        routine: list[_Statement] | None = None
        blocks: list[_Statement] = []
        for number, raw in enumerate(lines, 1):
            text = raw.strip()
            if text.startswith("!") or not text:
                continue
            if state == "head":
                if not re.fullmatch(rf"MODULE {_NAME}", text):
                    raise self.error(number, f"expected MODULE and a name of at most 32 characters, found '{text}'")
                state = "module"
            elif state == "end":
                raise self.error(number, f"'{text}' stands after ENDMODULE")
            elif routine is None:
                proc = re.fullmatch(rf"PROC ({_NAME})\((?:string ({_NAME}))?\)", text)
                if text == "ENDMODULE":
                    state = "end"
                elif proc is not None:
                    if proc[1].lower() in self.routines:
                        raise self.error(number, f"PROC {proc[1]} stands twice")
                    routine = []
                    self.routines[proc[1].lower()] = ([proc[2]] if proc[2] else [], routine)
                else:
                    self._declaration(number, text)
            elif text == "ENDPROC":
                if blocks:
                    raise self.error(number, f"IF of line {blocks[-1].line} is not closed")
                routine = None
            elif text == "ENDIF":
                if not blocks:
                    raise self.error(number, "ENDIF without IF")
                blocks.pop()
            else:
                target = blocks[-1].body if blocks else routine
                if re.fullmatch(r"IF .+ THEN", text):
                    target.append(_Statement(number, text))
                    blocks.append(target[-1])
                elif text.endswith(";") and text.count(";") == 1:
                    target.append(_Statement(number, text[:-1]))
                else:
                    raise self.error(number, f"a statement ends with one ';': '{text}'")
        if state != "end":
            raise self.error(len(lines), "ENDMODULE is missing")

    def _declaration(self, number: int, text: str) -> None:
        match = re.fullmatch(rf"(PERS|VAR|CONST) (tooldata|wobjdata|loaddata|bool) ({_NAME}):=(.+);", text)
        if match is None:
            raise self.error(number, f"not understood: '{text}'")
        storage, kind, name, value = match.groups()
        if name in self.tools or name in self.wobjs or name in self.loads or name in self.bools:
            raise self.error(number, f"'{name}' is declared twice")
        if kind == "bool":
            if value not in ("TRUE", "FALSE"):
                raise self.error(number, f"'{value}' is no bool")
            self.bools.add(name)
            return
        if storage != "PERS":
            raise self.error(number, f"{kind} must be PERS")
        data = self._aggregate(number, value)
        if kind == "loaddata":
            self.loads[name] = self._load(number, data)
        elif kind == "tooldata":
            held, frame, load = self._items(number, data, 3, "tooldata")
            if held != "TRUE":
                raise self.error(number, "robhold of a tool on the robot is TRUE")
            self.tools[name] = (self._pose(number, frame), self._load(number, load))
        else:
            held, fixed, unit, user, part = self._items(number, data, 5, "wobjdata")
            if (held, fixed, unit) != ("FALSE", "TRUE", '""'):
                raise self.error(number, 'a fixed work object begins with [FALSE,TRUE,""')
            self.wobjs[name] = self._pose(number, user) @ self._pose(number, part)

    # Running

    def run(self) -> list[Traced]:
        if "main" not in self.routines:
            raise self.error(1, "there is no PROC main()")
        for _, body in self.routines.values():
            self._check_names(body)
        with contextlib.suppress(_Ended):
            self._run(self.routines["main"][1])
        return self.trace

    def _check_names(self, body: list[_Statement]) -> None:
        for s in body:
            match = re.fullmatch(rf"({_NAME})(?: \"[^\"]*\")?", s.text)
            if match is not None and match[1].lower() not in (*self.routines, "stop", "exit", "tpwrite"):
                raise self.error(s.line, f"PROC {match[1]} does not exist")
            for text in re.findall(r'"([^"]*)"', s.text):
                if len(text) > 80:
                    raise self.error(s.line, f"a string of {len(text)} characters; RAPID takes 80")
            self._check_names(s.body)

    def _run(self, body: list[_Statement]) -> None:
        for s in body:
            self.steps += 1
            if self.steps > MOST_STEPS:
                raise self.error(s.line, f"the program does not end within {MOST_STEPS} statements")
            self._execute(s)

    def _execute(self, s: _Statement) -> None:
        verb, _, rest = s.text.partition(" ")
        if verb in ("MoveAbsJ", "MoveL"):
            self._move(s, verb, rest)
        elif verb in ("SetDO", "SetGO"):
            self._set(s, verb, rest)
        elif verb in ("WaitDI", "WaitGI"):
            self._wait(s, verb, rest)
        elif verb == "WaitTime":
            self.trace.append(TracedPause(s.line, self._number(s.line, rest)))
        elif verb == "GripLoad":
            if self.tool is None:
                raise self.error(s.line, "GripLoad before any move: the tool is not known yet")
            self._grip(s, rest)
        elif verb == "IF":
            name = rest[: -len(" THEN")]
            if name not in self.bools:
                raise self.error(s.line, f"'{name}' is no declared bool")
            if self.late.get(name, False):
                self._run(s.body)
        elif verb == "TPWrite":
            if len(rest) == 0:
                raise self.error(s.line, "TPWrite needs a string")
        elif s.text == "Stop":
            self.trace.append(TracedHalt(s.line))
        elif s.text == "EXIT":
            self.trace.append(TracedHalt(s.line))
            raise _Ended
        elif verb in ("ConfL\\Off", "ConfJ\\Off", "SingArea\\Wrist", "SingArea\\Off"):
            self.conf_free = self.conf_free or verb == "ConfL\\Off"
        elif verb.lower() in self.routines:
            parameters, body = self.routines[verb.lower()]
            if bool(parameters) != bool(rest):
                raise self.error(s.line, f"{verb} takes {len(parameters)} values")
            self._run(body)
        else:
            raise self.error(s.line, f"not understood: '{s.text}'")

    def _move(self, s: _Statement, verb: str, rest: str) -> None:
        match = re.fullmatch(rf"(\[.+?\]\]),(\[[^\[\]]*\])(?:\\T:=([\d.]+))?,(\w+),({_NAME})\\WObj:=({_NAME})", rest)
        if match is None:
            raise self.error(s.line, f"a move is target,speed,zone,tool\\WObj:=wobj, found '{rest}'")
        target, speed_text, time, zone, tool, wobj = match.groups()
        if zone not in ZONES:
            raise self.error(s.line, f"zone '{zone}' does not exist; valid: {', '.join(sorted(ZONES))}")
        if tool not in self.tools:
            raise self.error(s.line, f"tool '{tool}' is not declared")
        if wobj not in self.wobjs:
            raise self.error(s.line, f"work object '{wobj}' is not declared")
        tcp, ori, slide, _ = (self._number(s.line, v) for v in self._items(s.line, self._aggregate(s.line, speed_text), 4, "speeddata"))
        if not (0 < tcp <= 15000 and 0 < ori <= 1000 and 0 < slide <= 15000):
            raise self.error(s.line, f"speed {tcp:g} mm/s, {ori:g} deg/s, {slide:g} mm/s of sliding axes is out of range")
        data = self._aggregate(s.line, target)
        self.tool = self.tools[tool]
        T_tool, T_base = self.tools[tool][0], self.wobjs[wobj]
        duration = None if time is None else self._number(s.line, time)
        if verb == "MoveAbsJ":
            axes, external = self._items(s.line, data, 2, "jointtarget")
            track = self._external(s.line, external)
            joints = np.array([self._number(s.line, v) for v in self._items(s.line, axes, 6, "robax")]) * DEG
            self.moved = True
            share = ori / 180.0
            self.trace.append(TracedMove(s.line, joints, None, T_tool, T_base, min(share, 1.0), None, duration, zone == "fine", track))
            return
        if not self.moved:
            raise self.error(s.line, "the first move must be MoveAbsJ")
        if not self.conf_free:
            raise self.error(s.line, "MoveL needs ConfL\\Off before it: the posture is the one the move starts in")
        position, rotation, configuration, external = self._items(s.line, data, 4, "robtarget")
        track = self._external(s.line, external)
        for v in self._items(s.line, configuration, 4, "confdata"):
            if not re.fullmatch(r"-?\d+", str(v)):
                raise self.error(s.line, f"confdata '{v}' is no whole number")
        T = self._pose(s.line, [position, rotation])
        self.trace.append(TracedMove(s.line, None, T, T_tool, T_base, tcp * MM, None, duration, zone == "fine", track))

    def _external(self, line: int, data: Aggregate | str) -> float | None:
        """Position of the track [m], or None; the first target says whether there is one, and all must agree."""
        first, *rest = self._items(line, data, 6, "extax")
        if any(v != _UNUSED for v in rest):
            raise self.error(line, "external axes b..f must be 9E9: there are none")
        on_track = first != _UNUSED
        if self.on_track is None:
            self.on_track = on_track
        if on_track != self.on_track:
            raise self.error(line, "eax_a is a position in some targets and 9E9 in others")
        return self._number(line, first) * MM if on_track else None

    def _grip(self, s: _Statement, name: str) -> None:
        assert self.tool is not None
        T, own = self.tool
        if name == "load0":
            self.trace.append(TracedLoad(s.line, own))
            return
        if name not in self.loads:
            raise self.error(s.line, f"load '{name}' is not declared")
        load = self.loads[name]
        in_flange = Load(load.mass, T[:3, :3] @ load.com + T[:3, 3])
        self.trace.append(TracedLoad(s.line, own.plus(in_flange)))

    def _set(self, s: _Statement, verb: str, rest: str) -> None:
        match = re.fullmatch(rf"({_NAME}),(\d+)", rest)
        if match is None or (verb == "SetDO" and match[2] not in "01"):
            raise self.error(s.line, f"not understood: '{s.text}'")
        self.trace.append(TracedSet(s.line, match[1], match[2] == "1" if verb == "SetDO" else int(match[2])))

    def _wait(self, s: _Statement, verb: str, rest: str) -> None:
        match = re.fullmatch(rf"({_NAME}),(\d+)(?:\\MaxTime:=([\d.]+)\\TimeFlag:=({_NAME}))?", rest)
        if match is None or (verb == "WaitDI" and match[2] not in "01"):
            raise self.error(s.line, f"not understood: '{s.text}'")
        value: bool | int = match[2] == "1" if verb == "WaitDI" else int(match[2])
        if match[4] is not None and match[4] not in self.bools:
            raise self.error(s.line, f"'{match[4]}' is no declared bool")
        timeout = None if match[3] is None else self._number(s.line, match[3])
        came = self.inputs(match[1], value)
        self.trace.append(TracedWait(s.line, match[1], value, timeout, came))
        if match[4] is not None:
            self.late[match[4]] = not came
        elif not came:
            raise _Ended

    # Values

    def _aggregate(self, line: int, text: str) -> Aggregate:
        """`[a,[b,c]]` as nested lists of strings."""
        stack: list[Aggregate] = [[]]
        token = ""
        closed = False
        for char in text.strip():
            if char == "[":
                if token or closed:
                    raise self.error(line, f"'{text}' is no aggregate")
                stack.append([])
            elif char in ",]":
                if not token and not closed:
                    raise self.error(line, f"an element is missing in '{text}'")
                if token:
                    stack[-1].append(token)
                token, closed = "", False
                if char == "]":
                    if len(stack) < 2:
                        raise self.error(line, f"a '[' is missing in '{text}'")
                    done = stack.pop()
                    stack[-1].append(done)
                    closed = True
            else:
                if closed:
                    raise self.error(line, f"'{text}' is no aggregate")
                token += char
        if len(stack) != 1 or token or len(stack[0]) != 1 or isinstance(stack[0][0], str):
            raise self.error(line, f"brackets do not match in '{text}'")
        return stack[0][0]

    def _items(self, line: int, data: Aggregate | str, count: int, kind: str) -> Aggregate:
        if isinstance(data, str) or len(data) != count:
            raise self.error(line, f"{kind} has {count} elements, here {1 if isinstance(data, str) else len(data)}")
        return data

    def _number(self, line: int, value: Aggregate | str) -> float:
        if not isinstance(value, str) or not re.fullmatch(r"[+-]?\d+(\.\d+)?", value):
            raise self.error(line, f"'{value}' is no number")
        return float(value)

    def _pose(self, line: int, data: Aggregate | str) -> Array:
        position, rotation = self._items(line, data, 2, "pose")
        p = [self._number(line, v) * MM for v in self._items(line, position, 3, "pos")]
        q = np.array([self._number(line, v) for v in self._items(line, rotation, 4, "orient")])
        if abs(np.linalg.norm(q) - 1) > 1e-5:
            raise self.error(line, f"the quaternion has length {np.linalg.norm(q):.6f}, not 1")
        return from_quat_wxyz(q, p)

    def _load(self, line: int, data: Aggregate | str) -> Load:
        mass, com, axes, *inertia = self._items(line, data, 6, "loaddata")
        value = Load(self._number(line, mass), np.array([self._number(line, v) for v in self._items(line, com, 3, "cog")]) * MM)
        self._items(line, axes, 4, "aom")
        for v in inertia:
            self._number(line, v)
        if value.mass <= 0 or not np.any(value.com):
            raise self.error(line, "the controller refuses a load of 0 kg or with its centre of mass at [0,0,0]")
        return value
