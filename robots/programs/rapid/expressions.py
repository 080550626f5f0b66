"""Expressions and aggregates of RAPID text."""

from __future__ import annotations

from typing import Any

from robots.programs.expressions import Operation, SignalState, TimerValue, Var
from robots.programs.rapid.records import RECORDS, SCALARS, length, rel_tool
from robots.programs.rapid.scope import Datum, Names
from robots.programs.rapid.terms import FOLD, FUNCTIONS, GREATEST, OPAQUE, WORDS, Term, beside, fits, negated, works
from robots.programs.rapid.tokens import Token, TokenStream

DEEPEST = 40
"""Brackets and parentheses inside each other."""
MOST_OPERATIONS = 200
NORM = 1e-4
"""How far the length of a quaternion may be from 1."""
_STOPS = frozenset((";", ",", ")", "]", "}", ":", "then", "do", "to", "step", ""))
_DIGITAL = {"dinput": False, "testdi": False, "doutput": True}
_GROUP = {"ginput": False, "goutput": True, "ginputdnum": False}
_LEVELS = {
    "or": 1,
    "xor": 1,
    "and": 2,
    **dict.fromkeys(("=", "<>", "<", "<=", ">", ">="), 3),
    "+": 4,
    "-": 4,
    **dict.fromkeys(("*", "/", "div", "mod"), 5),
}
"""How strongly operators bind."""


class ExpressionReader:
    """Reads expressions of one module.

    Args:
        stream: Tokens.
        names: What the modules share.
        local: Data of this module and of the routine being read.
    """

    def __init__(self, stream: TokenStream, names: Names) -> None:
        self.stream, self.names = stream, names
        self.module_data: dict[str, Datum] = {}
        self.local: dict[str, Datum] = {}
        self.depth = self.operations = 0

    # Names

    def datum(self, low: str) -> Datum | None:
        """What a name stands for: of the routine, of the module, of all."""
        return self.local.get(low) or self.module_data.get(low) or self.names.data.get(low)

    def signal(self, token: Token, output: bool | None, number: bool | None) -> str:
        """The address of a signal."""
        if self.datum(token.low) is not None:
            raise self.stream.error(token, f"'{token.text}' is data, not a signal")
        address = self.names.signal(token.text, output, number)
        if address is None:
            valid = sorted(self.names.addresses.values())
            listed = f"{', '.join(valid[:30]) or 'none'}{' ..' if len(valid) > 30 else ''}"
            raise self.stream.error(token, f"signal '{token.text}' does not exist; there are: {listed}")
        if address.startswith("!"):
            raise self.stream.error(token, address[1:])
        return address

    # Expressions

    def expression(self, kind: str = "?") -> Term:
        """An expression; `kind` is the data type that is wanted, `?` when any will do."""
        begin = self.stream.peek()
        self.depth += 1
        if self.depth > DEEPEST:
            raise self.stream.error(begin, f"more than {DEEPEST} brackets inside each other")
        term = self._binary(kind, 1)
        self.depth -= 1
        if kind != "?" and term.kind not in ("?", kind) and not fits(term.kind, kind):
            raise self.stream.error(begin, f"{kind} is wanted, {begin} is {term.kind}")
        return term

    def _binary(self, kind: str, level: int) -> Term:
        """Operands and operators that bind at least as strongly as `level`."""
        if self.stream.peek().low == "not":
            # NOT takes a chain of ANDs at the beginning, and one relation after an AND.
            self.stream.take()
            left = negated(self._binary("bool", max(level, _LEVELS["and"])))
        else:
            left = self._unary(kind)
        while True:
            word = self.stream.peek()
            binds = _LEVELS.get(word.low, 0)
            if binds < level or word.kind == "string":
                return left
            self.stream.take()
            right = self._binary("bool" if binds < 3 else "?" if binds == 3 else kind, binds + 1)
            if binds == 3:
                left = self._relation(word, left, right)
            elif binds < 3:
                left = self._operation(word, "<>" if word.low == "xor" else word.low, left, right, "bool")
            else:
                left = self._operation(word, word.low, left, right, right.kind if binds == 5 and left.kind == "num" else left.kind)

    def _relation(self, word: Token, left: Term, right: Term) -> Term:
        if word.low in ("=", "<>"):
            for one, other in ((left, right), (right, left)):
                if isinstance(one.code, SignalState) and other.value in (0, 1) and not self.names.signals[one.code.signal].number:
                    # A line shows a bool in the neutral program, 0 and 1 in RAPID.
                    state = Term("bool", None, one.code)
                    return state if bool(other.value) == (word.low == "=") else negated(state)
        return self._operation(word, word.low, left, right, "bool")

    def _unary(self, kind: str) -> Term:
        sign = self.stream.peek()
        if sign.low not in ("-", "+"):
            return self._primary(kind)
        negative = False
        while self.stream.peek().low in ("-", "+"):
            negative ^= self.stream.take().low == "-"
        term = self._primary(kind)
        if not negative or not term.known:
            return term
        if term.kind == "pos" and term.value is not None:
            return Term("pos", tuple(-v for v in term.value))
        if term.kind not in ("num", "dnum"):
            raise self.stream.error(sign, f"'-' before {term.kind}")
        return Term(term.kind, -term.value) if term.value is not None else Term(term.kind, None, Operation("negate", (term.expression(),)))

    def _operation(self, word: Token, name: str, left: Term, right: Term, kind: str) -> Term:
        if not works(name, {left.kind, right.kind} - {"?"}):
            raise self.stream.error(word, f"'{word.text}' does not work with {left.kind} and {right.kind}")
        if not (left.known and right.known) or "orient" in (left.kind, right.kind):
            return Term(kind)
        if left.value is not None and right.value is not None:
            try:
                value = FOLD[name](left.value, right.value)
                if isinstance(value, float) and not abs(value) <= GREATEST:
                    raise OverflowError
                return Term(kind, value)
            except ZeroDivisionError:
                raise self.stream.error(word, "division by zero") from None
            except (TypeError, ValueError, OverflowError):
                raise self.stream.error(word, f"'{word.text}' does not work with {left.kind} and {right.kind}") from None
        if name in ("div", "mod") or "string" in (left.kind, right.kind) or not {left.kind, right.kind} <= {*SCALARS}:
            return Term(kind)
        self.operations += 1
        if self.operations > MOST_OPERATIONS:
            raise self.stream.error(word, f"more than {MOST_OPERATIONS} operations in one statement")
        return Term(kind, None, Operation(name, (left.expression(), right.expression())))

    def _primary(self, kind: str) -> Term:
        token = self.stream.take()
        if token.kind == "number":
            value = self._number(token)
            return Term("num", int(value) if token.text.isdigit() else value)
        if token.kind == "string":
            return Term("string", token.text[1:-1].replace('""', '"').replace("\\\\", "\\"))
        if token.low == "(":
            term = self.expression()
            self.stream.expect(")")
            return term
        if token.low == "[":
            self.stream.at -= 1
            return self._aggregate(kind)
        if token.kind != "name" or token.low in _STOPS or token.low in WORDS:
            raise self.stream.error(token, f"a value is missing; here stands {token}")
        if token.low in ("true", "false"):
            return Term("bool", token.low == "true")
        if self.stream.peek().low == "(":
            return self._function(token)
        return self._name(token, kind)

    def _name(self, token: Token, kind: str) -> Term:
        datum = self.datum(token.low)
        if datum is None:
            if token.low.startswith(("err_", "op_", "eof_", "st")) and token.text.isupper():
                return OPAQUE
            if self.names.controller.signals is not None and token.low not in self.names.addresses:
                raise self.stream.error(token, self.names.unknown(kind if kind != "?" else "name", token.text))
            if (
                self.names.controller.signals is None
                and token.low not in self.names.addresses
                and not token.low.startswith(("di", "do", "gi", "go"))
            ):
                raise self.stream.error(token, self.names.unknown(kind if kind != "?" else "name", token.text))
            group = token.low.startswith("g")
            known = self.names.signals.get(self.names.addresses.get(token.low, ""))
            address = self.signal(token, None, None) if known else self.signal(token, token.low[1:2] == "o", group)
            return Term("num", None, SignalState(address))
        if self.stream.peek().low == "{":
            self._balanced("}")
            datum = Datum("?", "var", None, datum.key)
        while self.stream.accept("."):
            datum = self._component(datum, self.stream.expect_name("a component"))
        if datum.kind in RECORDS and datum.changes:
            return Term(datum.kind, datum=datum)
        if datum.kind in ("num", "bool", "string") and datum.storage != "const":
            return Term(datum.kind, None, Var(datum.key), datum)
        return Term(datum.kind, datum.value, datum=datum)

    def _component(self, datum: Datum, token: Token) -> Datum:
        if datum.kind == "?":
            return datum
        parts = RECORDS.get(datum.kind, ())
        for i, (name, kind) in enumerate(parts):
            if name == token.low:
                value = None if datum.value is None or datum.changes else datum.value[i]
                return Datum(kind, "const", value, f"{datum.key}.{name}")
        valid = ", ".join(name for name, _ in parts) or "none"
        raise self.stream.error(token, f"{datum.kind} has no component '{token.text}'; there are: {valid}")

    # Aggregates

    def _aggregate(self, kind: str) -> Term:
        begin = self.stream.expect("[")
        parts = RECORDS.get(kind)
        if parts is None:
            if kind in SCALARS:
                raise self.stream.error(begin, f"{kind} is wanted, here stands an aggregate")
            self.stream.at -= 1
            self._balanced("]")
            return OPAQUE
        values: list[Any] = []
        while True:
            if self.stream.peek().low == "]":
                break
            component = parts[len(values)][1] if len(values) < len(parts) else "?"
            plain = self._plain_number() if component == "num" else None
            values.append(self.expression(component).value if plain is None else plain)
            if not self.stream.accept(","):
                break
        end = self.stream.expect("]", f" of the {kind}")
        if len(values) != len(parts):
            raise self.stream.error(end, f"{kind} has {len(parts)} elements, here {len(values)}")
        if any(value is None for value in values):
            return Term(kind)
        if kind == "orient" and abs(length(values) - 1) > NORM:
            raise self.stream.error(begin, f"the quaternion has length {length(values):.6f}, not 1")
        return Term(kind, tuple(values))

    def _plain_number(self) -> float | None:
        """A number between commas, which is what most aggregates hold."""
        stream = self.stream
        negative = stream.peek().low == "-"
        token = stream.peek(int(negative))
        if token.kind != "number" or stream.peek(int(negative) + 1).low not in (",", "]"):
            return None
        stream.at += 1 + int(negative)
        return -self._number(token) if negative else self._number(token)

    def _number(self, token: Token) -> float:
        value = float(token.text)
        if value > GREATEST:
            raise self.stream.error(token, f"{token} is out of range: a num goes to {GREATEST:g}")
        return value

    def _balanced(self, closing: str) -> None:
        """Skips brackets with whatever stands between them."""
        opening = self.stream.take()
        open_signs = [{"(": ")", "[": "]", "{": "}"}[opening.low]]
        last = opening
        while open_signs:
            token = self.stream.take()
            if token.low in (")", "]", "}") and token.kind == "sign":
                if token.low != open_signs.pop():
                    raise self.stream.error(token, f"'{closing}' is missing; here stands {token}")
            elif token.low in ("(", "[", "{"):
                open_signs.append({"(": ")", "[": "]", "{": "}"}[token.low])
            elif token.kind == "end" or token.low == ";" or beside(last, token):
                raise self.stream.error(token, f"'{closing}' or ',' is missing; here stands {token}")
            last = token

    # Functions

    def _function(self, token: Token) -> Term:
        low = token.low
        if low in _DIGITAL or low in _GROUP:
            self.stream.expect("(")
            group = low in _GROUP
            address = self.signal(self.stream.expect_name("a signal"), (_GROUP if group else _DIGITAL)[low], group)
            self.stream.expect(")")
            return Term("bool" if low == "testdi" else "num", None, SignalState(address))
        if low == "clkread":
            self.stream.expect("(")
            clock = self._clock()
            while self.stream.accept("\\"):
                self.stream.expect_name("an option")
            self.stream.expect(")")
            return Term("num", None, TimerValue(clock))
        if low in FUNCTIONS:
            return self._computed(token)
        self._balanced(")")
        return OPAQUE

    def _clock(self) -> str:
        token = self.stream.expect_name("a clock")
        datum = self.datum(token.low)
        if datum is None or datum.kind != "clock":
            raise self.stream.error(token, self.names.unknown("clock", token.text))
        return datum.key

    def _computed(self, token: Token) -> Term:
        kinds, result, compute = FUNCTIONS[token.low]
        self.stream.expect("(")
        values, options = [], {"rx": 0.0, "ry": 0.0, "rz": 0.0}
        opaque = False
        for i, kind in enumerate(kinds):
            if i:
                self.stream.expect(",", f": {token.text} takes {len(kinds)} values")
            term = self.expression(kind)
            opaque |= term.value is None
            values.append(term.value)
        while token.low == "reltool" and self.stream.accept("\\"):
            option = self.stream.expect_name("an option")
            if option.low not in options:
                raise self.stream.error(option, f"RelTool has no option '{option.text}'; there are: Rx, Ry, Rz")
            self.stream.expect(":=")
            term = self.expression("num")
            opaque |= term.value is None
            options[option.low] = term.value
        self.stream.expect(")")
        if opaque:
            return Term(result)
        if token.low == "reltool":
            return Term(result, rel_tool(values[0], (values[1], values[2], values[3]), (options["rx"], options["ry"], options["rz"])))
        return Term(result, compute(*values))
