"""Expressions of URScript as trees."""

from __future__ import annotations

import re
from collections.abc import Callable

from robots.programs.events import ProgramTextError
from robots.programs.urscript.names import KEYWORDS
from robots.programs.urscript.tree import Apply, At, Literal, Member, Name, Node, Op, Vector

DEEPEST = 40
"""Brackets inside of each other."""
MOST_OPERATIONS = 200
"""In one line."""
LONGEST_NUMBER = 40
"""Digits and what belongs to them."""

_TOKEN = re.compile(
    r"[ \t]*(?:(?P<number>0[xX][0-9a-fA-F]+|(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?)|(?P<name>[A-Za-z_]\w*)|(?P<text>\"[^\"]*\"|'[^']*')"
    r"|(?P<sign>==|!=|<=|>=|[-+*/%<>()\[\],:=.]))",
    re.ASCII,
)
_SPACE = re.compile(r"[ \t]*")
_FIGURE = re.compile(r"([-+]?)(\d+(?:\.\d*)?)(?=[ \t]*[,\])])", re.ASCII)
_FIGURES = re.compile(r"\[[ \t]*[-+]?\d+(?:\.\d*)?[ \t]*(?:,[ \t]*[-+]?\d+(?:\.\d*)?[ \t]*)*\]", re.ASCII)
"""A number that is a whole value, and a list of them: most values of a program are, and need no descent through the operations."""


Fail = Callable[[int, str], ProgramTextError]
"""(column, message) -> the error."""

_COMPARE = {"==": "=", "!=": "<>", "<": "<", "<=": "<=", ">": ">", ">=": ">="}


def parse(text: str, start: int, fail: Fail) -> Node:
    """The expression that a line holds from `start` to its end; `fail` makes errors."""
    return Parser(text, start, fail).whole()


class Parser:
    """Reads one line from left to right.

    Args:
        text: The line.
        start: Where the expression begins.
        fail: Makes errors.
    """

    def __init__(self, text: str, start: int, fail: Fail) -> None:
        self.text, self.at, self.fail = text, start, fail
        self.kind, self.word, self.column = "", "", 0
        self.depth = 0
        self.operations = 0
        self.step()

    def step(self) -> None:
        """To the next token."""
        match = _TOKEN.match(self.text, self.at)
        if match is None:
            rest = _SPACE.match(self.text, self.at)
            at = self.at if rest is None else rest.end()
            if at < len(self.text):
                raise self.fail(at + 1, f"'{self.text[at]}' does not belong here")
            self.kind, self.word, self.column = "end", "", len(self.text) + 1
            return
        self.kind = match.lastgroup or ""
        self.word = match[self.kind]
        self.column = match.start(self.kind) + 1
        self.at = match.end()

    def operated(self) -> int:
        """Over an operation; returns its column. Long chains of them would become trees too deep to walk."""
        self.operations += 1
        if self.operations > MOST_OPERATIONS:
            raise self.fail(self.column, f"more than {MOST_OPERATIONS} operations on one line")
        column = self.column
        self.step()
        return column

    def number(self, word: str) -> int | float:
        if len(word) > LONGEST_NUMBER:
            raise self.fail(self.column, f"a number of {len(word)} characters; at most {LONGEST_NUMBER} are read")
        if word[:2] in ("0x", "0X"):
            return int(word, 16)
        return int(word) if word.isdigit() else float(word)

    def take(self, sign: str) -> bool:
        if self.word != sign or self.kind not in ("sign", "name"):
            return False
        self.step()
        return True

    def need(self, sign: str) -> None:
        if not self.take(sign):
            raise self.fail(self.column, f"'{sign}' is missing before {self.found()}")

    def found(self) -> str:
        return "the end of the line" if self.kind == "end" else f"'{self.word}'"

    def whole(self) -> Node:
        node = self.expression()
        if self.kind != "end":
            raise self.fail(self.column, f"{self.found()} does not belong here")
        return node

    def expression(self) -> Node:
        figure = _FIGURE.match(self.text, self.column - 1)
        if figure is not None:
            node: Node = Literal(-self.number(figure[2]) if figure[1] == "-" else self.number(figure[2]), self.column)
            self.at = figure.end()
            self.step()
            return node
        self.depth += 1
        if self.depth > DEEPEST:
            raise self.fail(self.column, f"more than {DEEPEST} brackets inside of each other")
        node = self._or()
        self.depth -= 1
        return node

    def _or(self) -> Node:
        node = self._and()
        while self.kind == "name" and self.word in ("or", "xor"):
            word, column = self.word, self.operated()
            node = Op(word, (node, self._and()), column)
        return node

    def _and(self) -> Node:
        node = self._not()
        while self.kind == "name" and self.word == "and":
            column = self.operated()
            node = Op("and", (node, self._not()), column)
        return node

    def _not(self) -> Node:
        nots: list[int] = []
        while self.kind == "name" and self.word == "not":
            nots.append(self.operated())
        node = self._compare()
        for column in reversed(nots):
            node = Op("not", (node,), column)
        return node

    def _compare(self) -> Node:
        node = self._sum()
        if self.kind == "sign" and self.word in _COMPARE:
            word, column = self.word, self.operated()
            node = Op(_COMPARE[word], (node, self._sum()), column)
        return node

    def _sum(self) -> Node:
        node = self._product()
        while self.kind == "sign" and self.word in ("+", "-"):
            word, column = self.word, self.operated()
            node = Op(word, (node, self._product()), column)
        return node

    def _product(self) -> Node:
        node = self._unary()
        while self.kind == "sign" and self.word in ("*", "/", "%"):
            word, column = self.word, self.operated()
            node = Op(word, (node, self._unary()), column)
        return node

    def _unary(self) -> Node:
        minus: list[int] = []
        while self.kind == "sign" and self.word in ("-", "+"):
            negative = self.word == "-"
            column = self.operated()
            if negative:
                minus.append(column)
        node = self._postfix()
        for column in reversed(minus):
            literal = isinstance(node, Literal) and not isinstance(node.value, bool | str)
            node = Literal(-node.value, column) if literal else Op("negate", (node,), column)  # type: ignore[union-attr, operator]
        return node

    def _postfix(self) -> Node:
        node = self._atom()
        while self.kind == "sign" and self.word in ("[", "."):
            place = self.word == "["
            column = self.operated()
            if place:
                index = self.expression()
                self.need("]")
                node = At(node, index, column)
                continue
            if self.kind != "name":
                raise self.fail(self.column, f"a name is missing before {self.found()}")
            node = Member(node, self.word, self.column)
            self.step()
            if self.kind == "sign" and self.word == "(":
                arguments, named = self._arguments()
                node = Member(Apply("", arguments, named, column), node.name, column)
        return node

    def _atom(self) -> Node:
        word, column, kind = self.word, self.column, self.kind
        if kind == "number":
            value = self.number(word)
            self.step()
            return Literal(value, column)
        if kind == "text":
            self.step()
            return Literal(word[1:-1], column)
        if self.take("("):
            node = self.expression()
            self.need(")")
            return node
        if kind == "sign" and word == "[":
            return Vector(self._items(), False, column)
        if kind != "name":
            raise self.fail(column, f"a value is missing before {self.found()}")
        if word in ("True", "False"):
            self.step()
            return Literal(word == "True", column)
        if word in KEYWORDS:
            raise self.fail(column, f"'{word}' is a keyword, a value is wanted")
        self.step()
        if self.kind == "sign" and self.word == "(":
            return Apply(word, *self._arguments(), column)
        if word == "p" and self.kind == "sign" and self.word == "[":
            items = self._items()
            if len(items) == 1:
                return At(Name("p", column), items[0], column)
            if len(items) != 6:
                raise self.fail(column, f"a pose has 6 values x, y, z, rx, ry, rz, not {len(items)}")
            return Vector(items, True, column)
        return Name(word, column)

    def _items(self) -> tuple[Node, ...]:
        start = self.column - 1
        figures = _FIGURES.match(self.text, start)
        if figures is not None:
            self.at = figures.end()
            self.step()
            words = [word.strip() for word in figures[0][1:-1].split(",")]
            return tuple(Literal(-self.number(word[1:]) if word[0] == "-" else self.number(word.lstrip("+")), start + 1) for word in words)
        self.need("[")
        items: list[Node] = []
        if self.take("]"):
            return ()
        while True:
            items.append(self.expression())
            if self.take("]"):
                return tuple(items)
            self.need(",")

    def _arguments(self) -> tuple[tuple[Node, ...], dict[str, Node]]:
        self.need("(")
        items: list[Node] = []
        named: dict[str, Node] = {}
        if self.take(")"):
            return (), {}
        while True:
            node = self.expression()
            if self.kind == "sign" and self.word == "=":
                if not isinstance(node, Name):
                    raise self.fail(self.column, "'=' stands after the name of an argument")
                if node.name in named:
                    raise self.fail(node.column, f"argument '{node.name}' is given twice")
                self.step()
                named[node.name] = self.expression()
            elif named:
                raise self.fail(self.column, "an argument without a name stands after one with a name")
            else:
                items.append(node)
            if self.take(")"):
                return tuple(items), named
            self.need(",")
