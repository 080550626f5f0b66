"""Values and conditions of INFORM, read."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from core.errors import InputError
from robots.programs.expressions import Const, Expression, Operation, SignalState, Var
from robots.programs.program import SignalLine

_SIGNAL = re.compile(r"(IN|OT|IG|OG)#\((\d{1,4})\)")
_VARIABLE = re.compile(r"(L?)([BIDR])(\d{3})")
_NUMBER = re.compile(r"-?\d{1,10}(?:\.\d{1,8})?")
_TOKEN = re.compile(r"\s*(?:((?:IN|OT|IG|OG)#\(\d{1,4}\)|[A-Z][A-Z0-9]*|-?\d{1,10}(?:\.\d{1,8})?)|(<>|<=|>=|[<>=()]))")
_COMPARE = ("=", "<>", "<", "<=", ">", ">=")
RANGES = {"B": (0, 255), "I": (-32768, 32767), "D": (-2147483648, 2147483647), "R": (-3.4e38, 3.4e38)}
"""What variables hold."""
_LARGEST = {"IN": 4096, "OT": 4096, "IG": 512, "OG": 512}
_DEEPEST = 10


class WordFault(InputError):
    """A word in a statement that means nothing; `token`: which."""

    def __init__(self, message: str, token: str = "") -> None:
        super().__init__(message)
        self.token = token


class NotKnown(InputError):
    """A form of a statement that is not read."""

    code = "not-known"


@dataclass(eq=False, slots=True)
class Names:
    """Signals and variables that a program uses.

    Attributes:
        wired: Addresses that exist; None: not known.
        local: Number of local variables B, I, D, R of the job being read.
        signals: Those used.
        variables: Those used by all jobs, without values: what the controller keeps from before is not known.
        own: Those of the job being read.
    """

    wired: frozenset[str] | None
    local: dict[str, int] = field(default_factory=dict)
    signals: dict[str, SignalLine] = field(default_factory=dict)
    variables: dict[str, None] = field(default_factory=dict)
    own: dict[str, None] = field(default_factory=dict)

    def signal(self, text: str) -> SignalLine | None:
        """A signal by its word; None: the word is none. Raises `WordFault` for one that does not exist."""
        if text in self.signals:
            return self.signals[text]
        found = _SIGNAL.fullmatch(text)
        if found is None:
            return None
        kind, number = found[1], int(found[2])
        if not 1 <= number <= _LARGEST[kind]:
            raise WordFault(f"{text}: {kind}# goes from 1 to {_LARGEST[kind]}", text)
        address = f"{kind}#({number})"
        if self.wired is not None and address not in self.wired:
            raise WordFault(f"signal {address} does not exist; there are: {', '.join(sorted(self.wired)) or 'none'}", text)
        self.signals[address] = SignalLine(address, kind[0] == "O", kind[1] == "G")
        return self.signals[address]

    def variable(self, text: str) -> str | None:
        """A variable by its word; None: the word is none. Raises `WordFault` for a local one that is not declared."""
        if text in self.variables or text in self.own:
            return text
        found = _VARIABLE.fullmatch(text)
        if found is None:
            return None
        if not found[1]:
            self.variables[text] = None
            return text
        count = self.local.get(found[2], 0)
        if int(found[3]) >= count:
            raise WordFault(f"local variable {text}: ///LVARS declares {count} of its kind", text)
        self.own[text] = None
        return text

    def value(self, text: str) -> Expression:
        """A number, variable or signal; raises `WordFault`, or `NotKnown` for other words."""
        if text in ("ON", "OFF"):
            return Const(text == "ON")
        if _NUMBER.fullmatch(text):
            return Const(float(text) if "." in text else int(text))
        signal = self.signal(text)
        if signal is not None:
            return SignalState(signal.address)
        variable = self.variable(text)
        if variable is None:
            raise NotKnown(f"'{text}'")
        return Var(variable)

    def comparison(self, left: str, operator: str, right: str) -> Expression:
        """`IN#(1)=ON`, `B000>3`; raises `WordFault` where a bit is compared with a number or a group with ON."""
        first, second = self.value(left), self.value(right)
        if isinstance(first, SignalState):
            group = self.signals[first.signal].number
            bit = isinstance(second, Const) and isinstance(second.value, bool)
            if isinstance(second, Const) and group == bit:
                raise WordFault(f"{left} is compared with {right}; inputs show ON or OFF, groups a number", right)
            if isinstance(second, Const) and group and not 0 <= float(second.value) <= 255:
                raise WordFault(f"{left} is compared with {right}; groups show 0 to 255", right)
            if bit and operator not in ("=", "<>"):
                raise WordFault(f"'{operator}' between {left} and {right}; valid: =, <>", operator)
            if bit and isinstance(second, Const):
                return first if second.value == (operator == "=") else Operation("not", (first,))
        return Operation(operator, (first, second))

    def condition(self, text: str) -> Expression:
        """Comparisons with AND, OR and brackets.

        Raises:
            WordFault: Brackets that do not close, a comparison without a side.
            NotKnown: Words that are not read.
        """
        tokens, at = [], 0
        while at < len(text):
            found = _TOKEN.match(text, at)
            if found is None:
                if not text[at:].strip():
                    break
                raise NotKnown(f"'{text[at:].strip()}'")
            tokens.append(found[1] or found[2])
            at = found.end()
        parser = _Parser(self, tokens)
        out = parser.either(0)
        if parser.left():
            raise WordFault(f"'{parser.left()}' where the condition ends", parser.left())
        return out


class _Parser:
    def __init__(self, names: Names, tokens: list[str]) -> None:
        self.names, self.tokens, self.at = names, tokens, 0

    def left(self) -> str:
        return self.tokens[self.at] if self.at < len(self.tokens) else ""

    def take(self) -> str:
        token = self.left()
        if not token:
            raise WordFault("the condition ends too early")
        self.at += 1
        return token

    def either(self, depth: int) -> Expression:
        out = self.both(depth)
        while self.left() == "OR":
            self.at += 1
            out = Operation("or", (out, self.both(depth)))
        return out

    def both(self, depth: int) -> Expression:
        out = self.one(depth)
        while self.left() == "AND":
            self.at += 1
            out = Operation("and", (out, self.one(depth)))
        return out

    def one(self, depth: int) -> Expression:
        if depth > _DEEPEST:
            raise WordFault(f"brackets stand more than {_DEEPEST} deep", "(")
        if self.left() == "(":
            self.at += 1
            out = self.either(depth + 1)
            if self.left() != ")":
                raise WordFault("a bracket is not closed", "(")
            self.at += 1
            return out
        left, operator = self.take(), self.take()
        if operator not in _COMPARE:
            raise WordFault(f"'{operator}' where a comparison is expected; valid: {', '.join(_COMPARE)}", operator)
        return self.names.comparison(left, operator, self.take())
