"""Conditions and sums of FANUC TP: `R[1]<5 AND DI[2]=ON`, `(!DI[3] OR F[1])`, `R[2]+1`."""

from __future__ import annotations

import re
from collections.abc import Callable

from robots.programs.expressions import Const, Expression, Operation, SignalState, TimerValue, Var

DEEPEST = 20
"""Brackets inside each other."""
NUMBERS = ("GI", "GO", "AI", "AO")
OUTPUTS = ("DO", "RO", "GO", "UO", "SO", "AO", "F")
INPUTS = ("DI", "RI", "GI", "UI", "SI", "AI")

_TOKEN = re.compile(
    r"\s*(?:(?P<ref>[A-Za-z]+)\[\s*(?P<index>\d{1,5})\s*(?::[^\]]*)?\]|(?P<number>\d+\.?\d*|\.\d+)|(?P<system>\$[\w.$]+)|(?P<word>[A-Za-z_]+)"
    r"|(?P<sign><>|<=|>=|[-+*/=<>!()]))"
)
_COMPARE = ("=", "<>", "<", "<=", ">", ">=")


class NotKnown(Exception):
    """Text that is well formed but means nothing to the reader; the statement is kept as it stands."""


class Wrong(Exception):
    """Text that no controller takes: what is wrong, and where in the statement."""

    def __init__(self, message: str, at: int) -> None:
        super().__init__(message)
        self.message, self.at = message, at


class ExpressionReader:
    """Reads one expression from a text.

    Args:
        text: The statement.
        at: Where the expression begins.
        signal: Called with kind and index of every input and output, returns its address; raises `Wrong`.
    """

    def __init__(self, text: str, at: int, signal: Callable[[str, int, int], str]) -> None:
        self.text, self.at, self.signal = text, at, signal
        self.depth = 0

    def read(self) -> Expression:
        """The expression; `at` then stands behind it."""
        return self._logic()

    def _peek(self) -> re.Match[str] | None:
        return _TOKEN.match(self.text, self.at)

    def _sign(self, *signs: str) -> str | None:
        match = self._peek()
        if match is not None and match["sign"] in signs:
            self.at = match.end()
            return match["sign"]
        return None

    def _word(self, word: str) -> bool:
        match = self._peek()
        if match is not None and match["word"] is not None and match["word"].upper() == word:
            self.at = match.end()
            return True
        return False

    def _logic(self) -> Expression:
        terms = [[self._comparison()]]
        while True:
            if self._word("AND"):
                terms[-1].append(self._comparison())
            elif self._word("OR"):
                terms.append([self._comparison()])
            else:
                break
        if self.depth == 0 and len(terms) > 1 and any(len(term) > 1 for term in terms):
            raise Wrong("AND and OR cannot be mixed without brackets", self.at)
        parts = [term[0] if len(term) == 1 else Operation("and", tuple(term)) for term in terms]
        return parts[0] if len(parts) == 1 else Operation("or", tuple(parts))

    def _comparison(self) -> Expression:
        left = self._sum()
        sign = self._sign(*_COMPARE)
        return left if sign is None else Operation(sign, (left, self._sum()))

    def _sum(self) -> Expression:
        out = self._product()
        while (sign := self._sign("+", "-")) is not None:
            out = Operation(sign, (out, self._product()))
        return out

    def _product(self) -> Expression:
        out = self._factor()
        while True:
            if (sign := self._sign("*", "/")) is not None:
                out = Operation(sign, (out, self._factor()))
            elif self._word("DIV") or self._word("MOD"):
                raise NotKnown
            else:
                return out

    def _factor(self) -> Expression:
        start = self.at
        match = self._peek()
        if match is None:
            if re.compile(r"\s*(?:'|\w+\[)").match(self.text, start):
                raise NotKnown  # texts, indirect registers, PR[1,2]
            raise Wrong("a value is missing", start)
        self.at = match.end()
        if match["sign"] == "(":
            self.depth += 1
            if self.depth > DEEPEST:
                raise Wrong(f"more than {DEEPEST} brackets inside each other", start)
            inner = self._logic()
            if self._sign(")") is None:
                raise Wrong("')' is missing", self.at)
            self.depth -= 1
            return inner
        if match["sign"] == "!":
            return Operation("not", (self._factor(),))
        if match["sign"] == "-":
            return Operation("negate", (self._factor(),))
        if match["sign"] is not None:
            raise Wrong(f"a value is missing before '{match['sign']}'", start)
        if match["number"] is not None:
            return Const(float(match["number"]) if "." in match["number"] else int(match["number"]))
        if match["system"] is not None:
            if match["system"].upper() != "$WAITTMOUT":
                raise NotKnown
            return Var("$WAITTMOUT")
        if match["word"] is not None:
            if match["word"].upper() in ("ON", "OFF"):
                # ON+ and OFF- ask for an edge.
                if self.text[self.at : self.at + 1] in ("+", "-"):
                    raise NotKnown
                return Const(match["word"].upper() == "ON")
            raise NotKnown
        kind, index = match["ref"].upper(), int(match["index"])
        if kind in ("R", "AR"):
            return Var(f"{kind}[{index}]")
        if kind == "TIMER":
            return TimerValue(f"TIMER[{index}]")
        if kind in INPUTS or kind in OUTPUTS:
            return SignalState(self.signal(kind, index, start))
        raise NotKnown
