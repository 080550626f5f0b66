"""ABB RAPID text to a neutral program: strict where a controller is, and keeping what it does not know.

Written from the language: modules hold data first, then routines; every name is resolved, aggregates are counted, joint limits, external axes and speeds are
checked. Statements that are legal but not interpreted become `Unknown`.
"""

from __future__ import annotations

import re
from dataclasses import replace

from robots.programs.controller import Controller
from robots.programs.events import ProgramTextError
from robots.programs.program import RobotProgram, Routine
from robots.programs.rapid.blocks import BlockReader
from robots.programs.rapid.declarations import LONGEST_NAME
from robots.programs.rapid.records import RECORDS, SCALARS, USER
from robots.programs.rapid.scope import Datum, Head, Names
from robots.programs.rapid.statements import Modal
from robots.programs.rapid.targets import Targets
from robots.programs.rapid.tokens import Token, TokenStream

_ATTRIBUTES = ("sysmodule", "nostepin", "viewonly", "readonly", "noview")
_CHANGED = re.compile(
    r"(?:^|;|\bTHEN\b|\bELSE\b)[ \t]*([A-Za-z]\w*)(?:\.\w+|\{[^}\n]{0,80}\})*[ \t]*:=", re.MULTILINE | re.IGNORECASE | re.ASCII
)
_HEAD = re.compile(r"^[ \t]*(?:LOCAL[ \t]+)?(?:PROC|FUNC|TRAP)\b", re.MULTILINE | re.IGNORECASE | re.ASCII)
_FOUND = re.compile(
    r"\b([A-Za-z]\w{0,31})\.trans[ \t]*:=[ \t]*\w{1,32}\.trans[ \t]*-[ \t]*\w{1,32}\.trans[ \t]*;", re.IGNORECASE | re.ASCII
)
_LISTED = re.compile(r"<Module>\s*([^<>\s]{1,100})\s*</Module>")


def read_rapid(files: dict[str, bytes], controller: Controller) -> RobotProgram:
    """Reads the modules of a program.

    Args:
        files: `.mod`, `.modx`, `.sys`, `.sysx`, and `.pgf` where there is one.
        controller: What else the text needs.

    Raises:
        ProgramTextError: Text that the controller would not take; names file, line and column.
    """
    modules = _modules(files)
    names, targets = Names(controller), Targets(controller)
    utf8 = controller.settings.rapid.robotware == "7"
    readers = [
        _ModuleReader(TokenStream(name, files[name], utf8=utf8 or name.lower().endswith("x")), names, targets, many=len(modules) > 1)
        for name in modules
    ]
    for reader in readers:
        reader.read_data()
    routines: list[Routine] = []
    if "main" not in names.routines:
        there = ", ".join(sorted(head.name for head in names.routines.values())) or "none"
        raise ProgramTextError(f"PROC main is missing; there are: {there}", file=modules[0], place=f"line {len(readers[0].stream.lines)}")
    for reader in readers:
        routines += reader.read_routines()
    for file, line, name, datum in names.pending:
        if len(names.tools) > 1:
            message = f"'{name}' is taken up where no tool is named and there are {', '.join(sorted(names.tools))}; move with a tool first"
            raise ProgramTextError(message, file=file, place=f"line {line}")
        names.held(name, datum, next(iter(names.tools), None))
    routines.sort(key=lambda routine: routine.name.lower() != "main")
    return RobotProgram(
        name=readers[0].name,
        title=readers[0].name,
        robot=controller.robot,
        lower=controller.lower,
        upper=controller.upper,
        tools=names.tools,
        frames=names.frames,
        loads=names.loads,
        signals=names.signals,
        routines=tuple(routines),
        prismatic=controller.prismatic,
        procedures=names.procedures,
        weaves=names.weaves,
        positioner=controller.positioner,
        variables=names.variables,
    )


def _modules(files: dict[str, bytes]) -> list[str]:
    """Names of the module files, the listed ones in their order."""
    modules = [name for name in files if name.lower().endswith((".mod", ".modx", ".sys", ".sysx"))]
    if not modules:
        raise ProgramTextError(
            f"a RAPID program has at least one module (.mod, .modx); there are: {', '.join(sorted(files)) or 'none'}", place="line 1"
        )
    for name, data in files.items():
        if not name.lower().endswith(".pgf"):
            continue
        text = data.decode("latin-1")
        listed = _LISTED.findall(text)
        if "<Program>" not in text or "</Program>" not in text or not listed:
            raise ProgramTextError("a list of modules has <Program>, <Module>NAME</Module> .. and </Program>", file=name, place="line 1")
        for one in listed:
            if one not in modules:
                line = text.count("\n", 0, text.index(one)) + 1
                raise ProgramTextError(
                    f"module '{one}' is listed but missing; there are: {', '.join(sorted(modules))}", file=name, place=f"line {line}"
                )
        modules = listed + [one for one in modules if one not in listed]
    return list(dict.fromkeys(modules))


class _ModuleReader(BlockReader):
    """One module: first its data and the heads of its routines, then, when all modules have come so far, its routines."""

    name = ""

    def __init__(self, stream: TokenStream, names: Names, targets: Targets, *, many: bool) -> None:
        super().__init__(stream, names, targets)
        self.many = many
        self.heads: dict[int, Head] = {}

    def read_data(self) -> None:
        """Head of the module, its data, and the heads of its routines."""
        stream = self.stream
        text = "\n".join(stream.lines)
        self.changed = frozenset(match.lower() for match in _CHANGED.findall(text))
        starts = [text.count("\n", 0, match.start()) for match in _HEAD.finditer(text)]
        # A result may be used in a routine that stands before the one that finds it.
        self.names.results |= {match.lower(): (match.lower(),) for match in _FOUND.findall(text)}
        for key, (kind, value) in USER.items():
            if key not in self.names.data and re.search(rf"\b{key}\b", text, re.IGNORECASE):
                self.names.data[key] = Datum(kind, "user", value, key)
                if kind in SCALARS:
                    self.names.variables[key] = value
        del text
        stream.expect("module")
        name = stream.expect_name("the name of the module")
        self._length(name)
        self.name = name.text
        self.prefix = f"{name.low}." if self.many else ""
        if stream.accept("("):
            while True:
                attribute = stream.take()
                if attribute.low not in _ATTRIBUTES:
                    raise stream.error(attribute, f"'{attribute.text}' is no attribute; there are: {', '.join(_ATTRIBUTES).upper()}")
                if not stream.accept(","):
                    break
            stream.expect(")")
        self._heads(starts)
        while True:
            line = stream.fresh_line()
            if line is not None and self.plain_target(line, stream.next_line + 1):
                stream.skip_line()
                continue
            stream.mark()
            token = stream.peek()
            if token.low in ("record", "alias"):
                self._type(token)
            elif token.low in ("var", "pers", "const", "task") or (token.low == "local" and stream.peek(1).low in ("var", "pers", "const")):
                self.declaration(None)
            else:
                break

    def _length(self, name: Token) -> None:
        if len(name.text) > LONGEST_NAME:
            raise self.stream.error(name, f"'{name.text}' has {len(name.text)} characters; at most {LONGEST_NAME}")

    def _type(self, token: Token) -> None:
        """A data type of the user's own: legal, and data of it is not interpreted."""
        end = "endrecord" if token.low == "record" else ";"
        while self.stream.peek().low != end:
            found = self.stream.take()
            if found.kind == "end" or found.low == "endmodule":
                raise self.stream.error(token, f"'{end.upper()}' of this {token.text} is missing")
        self.stream.take()

    def _heads(self, starts: list[int]) -> None:
        """Finds the heads of routines: they may be called before they stand in the text."""
        stream = self.stream
        for start in starts:
            part = stream.part(start)
            part.accept("local")
            kind = part.take()
            if kind.low == "func":
                part.expect_name("the type of what the function returns")
            name = part.expect_name("the name of a routine")
            self._length(name)
            if name.low in self.names.routines or name.low in self.names.data:
                raise part.error(name, f"'{name.text}' stands twice, or is the name of data")
            parameters, simple = self._parameters(part) if kind.low != "trap" else ((), True)
            head = Head(name.text, kind.low, parameters, simple, name.line, stream.file)
            self.names.routines[name.low] = self.heads[name.line] = head

    def _parameters(self, part: TokenStream) -> tuple[tuple[tuple[str, str], ...], bool]:
        part.expect("(")
        out: list[tuple[str, str]] = []
        simple = True
        while part.peek().low != ")":
            if out:
                part.accept("|")
                part.accept(",")
            if part.accept("\\"):
                simple = False
            if part.peek().low in ("inout", "var", "pers"):
                part.take()
                simple = False
            kind = part.expect_name("the type of a value")
            name = kind if kind.low == "switch" and part.peek().low in (",", ")") else part.expect_name("the name of a value")
            if part.accept("{"):
                part.expect("*")
                part.expect("}")
                simple = False
            simple = simple and kind.low in SCALARS
            if kind.low not in SCALARS and kind.low not in RECORDS:
                out.append(("?", name.text))
            else:
                out.append((kind.low, name.text))
            if part.peek().low not in (",", ")", "|", "\\"):
                raise part.error(part.peek(), f"',' or ')' is missing; here stands {part.peek()}")
        part.expect(")")
        return tuple(out), simple

    def read_routines(self) -> list[Routine]:
        """The routines, to the end of the module."""
        stream = self.stream
        out: list[Routine] = []
        begin = Modal()
        while True:
            stream.mark()
            token = stream.peek()
            if stream.accept("endmodule"):
                break
            stream.accept("local")
            kind = stream.take()
            if kind.low not in ("proc", "func", "trap"):
                raise stream.error(kind, f"a routine or ENDMODULE is missing; here stands {kind}")
            if kind.low == "func":
                stream.take()
            name = stream.expect_name("the name of a routine")
            head = self.heads.get(name.line)
            if head is None:
                raise stream.error(token, f"{kind.text} begins a line")
            if kind.low != "trap":
                self._parameters(stream)
            out.append(self.read_routine(head, replace(begin, triggers={}, found={}, loads=[])))
            if head.name.lower() == "main":
                begin = Modal(conf_j=self.modal.conf_j, conf_l=self.modal.conf_l)
        last = stream.peek()
        if last.kind != "end":
            raise stream.error(last, f"{last} stands after ENDMODULE")
        return out
