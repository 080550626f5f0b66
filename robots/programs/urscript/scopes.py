"""Which names a URScript text has: functions with their parameters, and where variables get their values. Found before the text is read."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from robots.programs.urscript.lines import Source
from robots.programs.urscript.names import FUNCTIONS, KEYWORDS

_HEAD = re.compile(
    r"^[ \t]*(?:(?P<def>def|thread)[ \t]+(?P<function>\w+)[ \t]*\((?P<parameters>[^)\n]*)\)|(?P<block>if|while)\b|(?P<end>end)\b"
    r"|(?:(?P<how>global|local)[ \t]+)?(?P<variable>[A-Za-z_]\w*)[ \t]*(?:=(?!=)|(?P<bare>\r?$)))",
    re.MULTILINE | re.ASCII,
)
DEEPEST = 40
"""Blocks inside of each other."""

_GLOBAL = re.compile(r"^[ \t]*global[ \t]+(\w+)", re.MULTILINE | re.ASCII)


@dataclass(frozen=True, slots=True)
class Value:
    """An assignment: in which scope it stands, its line, where the value begins, and the line's text."""

    scope: Scope
    line: int
    start: int
    text: str


@dataclass(slots=True)
class Scope:
    """A function, or the file itself.

    Attributes:
        name: Of the function; empty for the file.
        outer: That it stands in; its variables are seen inside.
        parameters: Names of its values.
        line: Of its head.
        local: Variables that were declared so.
        assigned: Variable -> how often it gets a value here.
        once: Variable -> where it gets a value outside of branches and loops.
        thread: It is a thread.
    """

    name: str
    outer: Scope | None
    parameters: tuple[str, ...] = ()
    line: int = 0
    thread: bool = False
    local: set[str] = field(default_factory=set)
    assigned: dict[str, int] = field(default_factory=dict)
    once: dict[str, Value] = field(default_factory=dict)

    def owner(self, name: str) -> Scope | None:
        """The scope whose variable a name means here; None: there is no such variable."""
        scope: Scope | None = self
        while scope is not None:
            if name in scope.parameters or name in scope.local or name in scope.assigned:
                return scope
            scope = scope.outer
        return None

    def visible(self) -> list[str]:
        """Every variable that can be used here."""
        names: set[str] = set()
        scope: Scope | None = self
        while scope is not None:
            names |= {*scope.parameters, *scope.assigned}
            scope = scope.outer
        return sorted(names)


@dataclass(frozen=True, slots=True)
class Scopes:
    """All functions of a text by name, and the file's own scope.

    Attributes:
        file: What stands outside of every function.
        functions: By name.
    """

    file: Scope
    functions: dict[str, Scope]


def scopes(source: Source) -> Scopes:
    """Finds functions and variables; what is wrong with the lines themselves is found when they are read.

    Raises:
        ProgramTextError: A function that stands twice, or has a name that the controller uses.
    """
    text = source.text
    file = Scope("", None)
    functions: dict[str, Scope] = {}
    stack: list[Scope | None] = [file]
    for name in _GLOBAL.findall(text):
        file.assigned[name] = 0
    line, counted = 1, 0
    for match in _HEAD.finditer(text):
        if match["end"]:
            if len(stack) > 1:
                stack.pop()
            continue
        if len(stack) > DEEPEST + 1:
            raise source.error(text.count("\n", 0, match.start()) + 1, 0, f"more than {DEEPEST} blocks inside of each other")
        if match["block"]:
            stack.append(None)
            continue
        line += text.count("\n", counted, match.start())
        counted = match.start()
        scope = next(one for one in reversed(stack) if one is not None)
        name = match["function"]
        if name:
            if name in functions:
                raise source.error(line, 0, f"function '{name}' stands twice; first in line {functions[name].line}")
            if name in KEYWORDS or name in FUNCTIONS:
                raise source.error(line, 0, f"'{name}' is a word of the controller and cannot name a function")
            parameters = tuple(one.strip() for one in match["parameters"].split(",") if one.strip())
            functions[name] = Scope(name, scope, parameters, line, match["def"] == "thread")
            stack.append(functions[name])
            continue
        variable = match["variable"]
        if match["bare"] is not None and match["how"] is None:
            continue
        start = match.end()
        end = text.find("\n", start)
        first = text.rfind("\n", 0, start) + 1
        value = Value(scope, line, start - first, text[first : len(text) if end < 0 else end])
        if match["how"] == "global":
            _assigned(file, variable, value, stack[-1] is not None and match["bare"] is None)
            continue
        if match["how"] == "local":
            scope.local.add(variable)
        owner = scope.owner(variable) or scope
        owner = scope if variable in scope.local else owner
        _assigned(owner, variable, value, stack[-1] is owner and match["bare"] is None)
    return Scopes(file, functions)


def _assigned(scope: Scope, variable: str, value: Value, plain: bool) -> None:
    scope.assigned[variable] = scope.assigned.get(variable, 0) + 1
    if plain:
        scope.once[variable] = value
