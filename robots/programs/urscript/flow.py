"""What the names of a URScript text mean at the line being read: which variable, and its value where the text alone determines it."""

from __future__ import annotations

from difflib import get_close_matches

from core.frames import Array
from robots.programs.events import ProgramTextError
from robots.programs.urscript.lines import Source
from robots.programs.urscript.names import FUNCTIONS, SIGNATURES
from robots.programs.urscript.scopes import Scope, Value, scopes
from robots.programs.urscript.syntax import parse
from robots.programs.urscript.tree import Apply, At, Literal, Member, Name, Node, Op, Vector
from robots.programs.urscript.values import Constant, Evaluator, Pose

DEEPEST = 50
"""Variables whose values follow from each other, when they are used before they are set."""


class Flow:
    """The line being read, its scope, and the values known there.

    A variable that gets a value at one place only has it everywhere. One that gets several is known from an assignment up to the next branch,
    loop, or call that could change it: `known` has those of this function, `shared` those of others.

    Args:
        source: The text.
    """

    def __init__(self, source: Source) -> None:
        self.source = source
        self.line, self.text = 0, ""
        self.scopes = scopes(source)
        self.scope = self.scopes.file
        self.known: dict[str, Constant] = {}
        self.shared: dict[str, Constant] = {}
        self.fixed: dict[tuple[str, str], Constant | None] = {}
        self.depth = 0
        self.foreign: set[str] = set()
        self.evaluator = Evaluator(self.lookup, self.fail)

    def fail(self, column: int, message: str) -> ProgramTextError:
        """An error in this line."""
        return self.source.error(self.line, column, message)

    def indent(self) -> int:
        """Columns before the statement."""
        return len(self.text) - len(self.text.lstrip())

    def parsed(self, start: int, end: int | None = None) -> Node:
        """An expression of this line, its names checked."""
        node = parse(self.text if end is None else self.text[:end], start, self.fail)
        self.resolve(node)
        return node

    def learn(self, name: str, value: Constant | None) -> None:
        """A variable gets a value; None: one that only the running program knows."""
        owner = self.scope.owner(name)
        if owner is not None and owner.assigned.get(name) == 1 and name in owner.once:
            if value is not None:
                self.fixed[owner.name, name] = value
            return
        known = self.known if owner is self.scope else self.shared
        known.pop(name, None)
        if value is not None:
            known[name] = value

    def forget(self, *, own: bool = True) -> None:
        """Drops what a branch or a loop may change; not `own`: only what a function may change."""
        self.shared.clear()
        if own:
            self.known.clear()

    def lookup(self, node: Name) -> Constant | None:
        owner = self.scope.owner(node.name)
        if owner is None:
            raise self._no_such(node)
        known = self.known if owner is self.scope else self.shared
        if node.name in known:
            return known[node.name]
        if owner.assigned.get(node.name) != 1 or node.name not in owner.once or node.name in owner.parameters:
            return None
        key = (owner.name, node.name)
        if key not in self.fixed:
            self.fixed[key] = None
            self.fixed[key] = self._fixed(owner.once[node.name])
        return self.fixed[key]

    def _fixed(self, one: Value) -> Constant | None:
        """The value of a variable that gets one at a single place."""
        self.depth += 1
        if self.depth > DEEPEST:
            raise self.fail(0, f"more than {DEEPEST} variables that follow from each other")
        kept = self.scope, self.known, self.shared, self.line, self.text
        self.scope, self.known, self.shared, self.line = one.scope, {}, {}, one.line
        text = one.text.rstrip()
        self.text = self.source.without_comment(one.line, text) if "#" in text else text
        if self.text[one.start :].lstrip().startswith("run "):
            value = None
        else:
            value = self.evaluator.value(parse(self.text, one.start, self.fail))
        self.scope, self.known, self.shared, self.line, self.text = kept
        self.depth -= 1
        return value

    def frame(self, name: str, column: int) -> Array | None:
        value = self.lookup(Name(name, column))
        return value.T if isinstance(value, Pose) else None

    def _no_such(self, node: Name) -> ProgramTextError:
        return self.fail(node.column, f"variable '{node.name}' does not exist; there are: {', '.join(self.scope.visible()) or 'none'}")

    def resolve(self, node: Node) -> None:
        """Checks every name, also of what is kept as text."""
        if isinstance(node, Literal):
            return
        if isinstance(node, Name):
            if self.scope.owner(node.name) is None:
                raise self._no_such(node)
        elif isinstance(node, Apply):
            if node.function:
                self._function(node)
            for one in (*node.arguments, *node.named.values()):
                self.resolve(one)
        elif isinstance(node, Vector):
            for one in node.items:
                self.resolve(one)
        elif isinstance(node, Op):
            for one in node.arguments:
                self.resolve(one)
        elif isinstance(node, At):
            self.resolve(node.base)
            self.resolve(node.index)
        elif isinstance(node, Member):
            self.resolve(node.base)

    def _function(self, node: Apply) -> None:
        name = node.function
        if name in SIGNATURES:
            self.evaluator.arguments(node)
        elif name in self.scopes.functions:
            self.count(node, self.scopes.functions[name])
        elif name not in FUNCTIONS:
            # A URCap may bring any function; one that is nearly another is a slip.
            if name not in self.foreign:
                near = get_close_matches(name, [*FUNCTIONS, *self.scopes.functions], 1, 0.85)
                if near:
                    raise self.fail(node.column, f"function '{name}' does not exist; is '{near[0]}' meant?")
            self.foreign.add(name)

    def count(self, node: Apply, scope: Scope) -> None:
        if len(node.arguments) + len(node.named) != len(scope.parameters):
            raise self.fail(
                node.column,
                f"'{node.function}' takes {len(scope.parameters)} values, it is given {len(node.arguments) + len(node.named)}",
            )

    def ordered(self, node: Apply, scope: Scope) -> list[Node]:
        given = dict(zip(scope.parameters, node.arguments))
        for name, one in node.named.items():
            if name not in scope.parameters or name in given:
                raise self.fail(node.column, f"'{node.function}' has no further value '{name}'; it has: {', '.join(scope.parameters)}")
            given[name] = one
        return [given[name] for name in scope.parameters]
