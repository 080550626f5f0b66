"""Reads KRL text into the neutral program. Written from the language and not from the writer; docs/programs_krl.md lists what it takes."""

from __future__ import annotations

import re

from robots.programs.controller import Controller
from robots.programs.events import ProgramTextError
from robots.programs.expressions import Value
from robots.programs.krl.context import Context, Head
from robots.programs.krl.data import Names, Symbol, declare, is_declaration, point_text
from robots.programs.krl.lines import LONGEST_NAME, NAME, Cursor, lines_of
from robots.programs.krl.statements import RoutineReader
from robots.programs.krl.values import Axes, load, record
from robots.programs.program import Call, Instruction, MoveCircular, MoveJoint, MoveLinear, RobotProgram, Routine

_MODULE = re.compile(r"[A-Za-z_]\w*", re.ASCII)
_HEAD_LINES = ("ACCESS", "REL", "PARAM", "COMMENT", "USER", "HOTEDIT")
_DEF = re.compile(r"\s*(?:GLOBAL\s+)?(DEF|DEFFCT)\b(.*)$", re.IGNORECASE)
_END = re.compile(r"\s*(ENDFCT|END)\s*(?:;.*)?$", re.IGNORECASE)
_ASSIGNED = re.compile(rf"\s*(?:FOR\s+)?({NAME})[ \t]*(\[[^\]]*\])?((?:\.\w+)*)[ \t]*=(?!=)[ \t]*(\{{)?", re.IGNORECASE | re.ASCII)
_ROUNDED_PTP = re.compile(r"\s*S?PTP\b.*\b(C_PTP|C_DIS|C_SPL)\b", re.IGNORECASE)
_PASSED = re.compile(rf"\s*(?:{NAME}[ \t]*=[ \t]*)?({NAME})[ \t]*\((.*)\)", re.ASCII)


def read_krl(files: dict[str, bytes], controller: Controller) -> RobotProgram:
    """A `.src`, with or without its `.dat`, as a neutral program.

    Args:
        files: Name to content.
        controller: The cell's.

    Raises:
        ProgramTextError: What the controller would not take; names file, line and column.
    """
    sources = [name for name in files if name.lower().endswith(".src")]
    if len(sources) != 1:
        raise ProgramTextError(f"a KRL program is one .src and the .dat of the same name; there are: {', '.join(sorted(files)) or 'none'}")
    source = sources[0]
    data = next((name for name in files if name.lower() == source[:-4].lower() + ".dat"), None)
    others = [name for name in files if name not in (source, data)]
    if others:
        raise ProgramTextError(f"'{others[0]}' does not belong to {source}; a KRL program is one .src and the .dat of the same name")
    return _Reader(source, data, files, controller).read()


class _Reader:
    def __init__(self, source: str, data: str | None, files: dict[str, bytes], controller: Controller) -> None:
        self.file, self.data, self.controller = source, data, controller
        self.name = source.replace("\\", "/").rsplit("/", 1)[-1][:-4]
        if not _MODULE.fullmatch(self.name) or len(self.name) > LONGEST_NAME:
            raise self._error(1, f"'{self.name}' is no KRL name (letter first, at most {LONGEST_NAME} of letters, digits, _)")
        self.lines = lines_of(files[source], source)
        self.data_lines = [] if data is None else lines_of(files[data], data)
        self.names = Names(Axes(controller), controller.signals)
        self.assigned: dict[str, list[tuple[int, bool]]] = {}

    def _error(self, line: int, message: str, *, data: bool = False, column: int = 1) -> ProgramTextError:
        return ProgramTextError(message, file=self.data if data else self.file, place=f"line {line}, column {column}")

    def read(self) -> RobotProgram:
        if self.data is not None:
            self._read_data()
        heads = self._heads()
        self._assignments(heads)
        share, distance = self._roundings()
        context = Context(self.file, self.names, self.controller, heads, distance, share)
        routines = tuple(RoutineReader(self.lines, head, context).read() for head in heads.values())
        self._first_move(routines)
        return self._program(context, routines)

    def _header(self, lines: list[str], *, data: bool) -> int:
        """The `&` lines; returns the number of the first line behind them."""
        for number, text in enumerate(lines, 1):
            if not text.startswith("&"):
                return number
            word = text[1:].split(" ")[0].split("\t")[0].upper()
            if word not in _HEAD_LINES:
                raise self._error(number, f"'&{word}' is no head line; valid: {', '.join('&' + one for one in _HEAD_LINES)}", data=data)
        return len(lines)

    # .dat

    def _read_data(self) -> None:
        assert self.data is not None
        state = "head"
        begin = self._header(self.data_lines, data=True)
        for number, text in enumerate(self.data_lines[begin - 1 :], begin):
            bare = text.lstrip()
            if not bare or bare.startswith(";"):
                continue
            word = re.split(r"[^\w$&]", bare, maxsplit=1)[0].upper()
            if state == "head":
                self._defdat(text, number, word)
                state = "data"
            elif state == "end":
                raise self._error(number, f"'{bare[:20]}' stands after ENDDAT", data=True)
            elif word == "ENDDAT":
                state = "end"
            elif is_declaration(word, re.split(r"[^\w$]+", bare, maxsplit=2)[1].upper() if " " in bare else ""):
                declare(text, self.data, number, self.names, data=True)
            else:
                self._element(text, number)
        if state != "end":
            raise self._error(len(self.data_lines), "ENDDAT is missing" if state == "data" else "DEFDAT is missing", data=True)

    def _defdat(self, text: str, number: int, word: str) -> None:
        assert self.data is not None
        if word != "DEFDAT":
            raise self._error(number, f"'DEFDAT {self.name}' is wanted, here stands '{text.strip()[:30]}'", data=True)
        c = Cursor(text, self.data, number)
        c.take()
        name = c.word("the module's name")
        if name.text != self.name.upper():
            raise c.error(f"the data list must be called {self.name} like the file, it is {name.text}", name)
        c.accept("PUBLIC")
        c.done()

    def _element(self, text: str, number: int) -> None:
        """`NAME[3]=5`: first values of arrays."""
        assert self.data is not None
        c = Cursor(text, self.data, number)
        token = c.word("a declaration")
        symbol = self.names.module.get(token.text)
        if symbol is None or not symbol.array:
            raise c.error(f"'{token.text}' begins no declaration and is no declared array", token)
        c.expect("[")
        index = c.whole("an index", 1, 1_000_000)
        if symbol.kind not in ("int", "real", "bool"):
            return
        c.expect("]", "=")
        if c.next.text in ("TRUE", "FALSE"):
            value: Value = c.take().text == "TRUE"
        else:
            value = c.number("a value")
        c.done()
        if (symbol.kind == "bool") != isinstance(value, bool) or (symbol.kind == "int" and value != int(value)):
            raise c.error(f"{token.text} is {symbol.kind.upper()}, it is given {value}", token)
        self.names.elements[f"{symbol.key}[{index}]"] = int(value) if symbol.kind == "int" else value

    # .src

    def _heads(self) -> dict[str, Head]:
        heads: dict[str, Head] = {}
        open_: Head | None = None
        begin = self._header(self.lines, data=False)
        for number, text in enumerate(self.lines[begin - 1 :], begin):
            start = text.lstrip()[:6].upper()
            if start.startswith("END") and (match := _END.match(text)) is not None:
                if open_ is None:
                    raise self._error(number, "END without DEF")
                if (match[1].upper() == "ENDFCT") != (open_.result is not None):
                    raise self._error(number, f"{open_.name} ends with {'END' if open_.result is None else 'ENDFCT'}")
                heads[open_.name] = Head(open_.name, open_.parameters, open_.result, open_.line, number, self._asks(open_, number))
                open_ = None
            elif start.startswith(("DEF ", "DEFFCT", "GLOBAL", "DEF\t")) and (match := _DEF.match(text)) is not None:
                if open_ is not None:
                    raise self._error(number, f"DEF inside of {open_.name}: its END is missing")
                open_ = self._head(text, number)
                if open_.name in heads:
                    raise self._error(number, f"routine {open_.name} stands twice")
                if not heads and open_.name != self.name.upper():
                    raise self._error(number, f"the first routine must be called {self.name} like the file, it is {open_.name}")
            elif open_ is None and start and not start.startswith(";"):
                raise self._error(number, f"'{text.strip()[:30]}' stands outside of every routine")
        if open_ is not None:
            raise self._error(len(self.lines), f"END of {open_.name} is missing")
        if not heads:
            raise self._error(len(self.lines), f"DEF {self.name} is missing")
        return heads

    def _head(self, text: str, number: int) -> Head:
        c = Cursor(text, self.file, number)
        c.accept("GLOBAL")
        function = c.take().text == "DEFFCT"
        result = c.word("the function's type").text if function else None
        name = c.word("the routine's name")
        c.expect("(")
        parameters: list[tuple[str, bool]] = []
        while not c.accept(")"):
            if parameters:
                c.expect(",")
            parameter = c.word("a parameter")
            if any(parameter.text == one for one, _ in parameters):
                raise c.error(f"parameter {parameter.text} stands twice", parameter)
            if c.accept("["):
                c.expect("]")
            c.expect(":")
            out = c.accept("OUT")
            if not out:
                c.expect("IN")
            parameters.append((parameter.text, out))
        c.done()
        return Head(name.text, tuple(parameters), result, number, number)

    def _asks(self, head: Head, end: int) -> frozenset[str]:
        """Parameters handed back that the routine does not begin by setting."""
        asks = set()
        for name in (name for name, out in head.parameters if out):
            word = re.compile(rf"\b{re.escape(name)}\b", re.IGNORECASE)
            for text in self.lines[head.line : end - 1]:
                bare = text.split(";")[0]
                if is_declaration(bare.split(" ")[0].strip().upper(), "") or word.search(bare) is None:
                    continue
                set_ = re.match(rf"\s*{re.escape(name)}\s*=(?!=)(.*)", bare, re.IGNORECASE)
                if set_ is None or word.search(set_[1]) is not None:
                    asks.add(name)
                break
        return frozenset(asks)

    def _assignments(self, heads: dict[str, Head]) -> None:
        """Which names the program assigns: the others keep the values they are declared with. A point that is given once, as a literal, has that place."""
        changed: set[str] = set()
        literals: dict[str, list[int]] = {}
        for number, text in enumerate(self.lines, 1):
            match = _ASSIGNED.match(text)
            if match is not None:
                name = match[1].upper()
                if name.startswith("$") or name not in self.names.module:
                    continue
                if match[4] and not match[2] and not match[3]:
                    literals.setdefault(name, []).append(number)
                else:
                    changed.add(name)
            passed = _PASSED.match(text)
            if passed is not None and any(out for _, out in getattr(heads.get(passed[1].upper()), "parameters", ())):
                changed.update(part.strip().upper() for part in passed[2].split(","))
        for name, places in literals.items():
            symbol = self.names.module[name]
            if len(places) > 1 or name in changed or symbol.kind not in ("point", "load") or symbol.value is not None:
                changed.add(name)
            else:
                self._literal(symbol, places[0])
        for name in changed & set(self.names.module):
            self.names.module[name].fixed = False

    def _literal(self, symbol: Symbol, number: int) -> None:
        c = Cursor(self.lines[number - 1], self.file, number)
        c.take()
        c.expect("=")
        symbol.value = point_text(c, self.names.axes) if symbol.kind == "point" else load(record(c), c)
        c.done()

    def _roundings(self) -> tuple[bool, bool]:
        """Whether joint moves say C_PTP, and whether C_DIS."""
        kinds = {match[1].upper() for text in self.lines if "C_" in text.upper() and (match := _ROUNDED_PTP.match(text)) is not None}
        return "C_PTP" in kinds, bool(kinds & {"C_DIS", "C_SPL"})

    # Whole

    def _first_move(self, routines: tuple[Routine, ...]) -> None:
        """The controller starts only from a PTP that says all: axis values, or a pose with S and T."""
        by_name = {routine.name: routine for routine in routines}
        seen: set[str] = set()

        def find(routine: Routine) -> Instruction | None:
            if routine.name in seen:
                return None
            seen.add(routine.name)
            for one in routine.walk():
                if isinstance(one, MoveJoint | MoveLinear | MoveCircular):
                    return one
                if isinstance(one, Call) and one.routine in by_name and (found := find(by_name[one.routine])) is not None:
                    return found
            return None

        first = find(routines[0])
        if first is not None and not (isinstance(first, MoveJoint) and (first.q is not None or first.posture is not None)):
            raise self._error(first.line, "the first move must be a PTP to axis values, or to a pose with S and T")

    def _program(self, context: Context, routines: tuple[Routine, ...]) -> RobotProgram:
        controller = self.controller
        variables: dict[str, Value | None] = {}
        for symbol in self.names.module.values():
            if symbol.kind in ("int", "real", "bool", "text") and not symbol.array and not isinstance(symbol.value, dict):
                variables[symbol.key] = symbol.value if isinstance(symbol.value, bool | int | float | str) else None
        return RobotProgram(
            name=self.name,
            title=self.name,
            robot=controller.robot,
            lower=controller.lower,
            upper=controller.upper,
            tools=context.tools,
            frames=context.frames,
            loads=context.loads,
            signals=self.names.lines,
            routines=routines,
            prismatic=controller.prismatic,
            procedures={str(number): procedure for number, procedure in controller.procedures.items()},
            weaves={str(number): weave for number, weave in controller.weaves.items()},
            positioner=controller.positioner,
            variables={**variables, **self.names.elements},
        )
