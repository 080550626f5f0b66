"""Instructions of RAPID text that do not move: signals, waits, time, loads, messages, displacement."""

from __future__ import annotations

from collections.abc import Callable

from robots.programs.expressions import Const, Expression, Operation, SignalState
from robots.programs.program import Halt, HoldLoad, Message, Pause, SetSignal, SetTimer, Shift, WaitSignal, WaitUntil
from robots.programs.rapid.statements import Arguments, Body, StatementReader
from robots.programs.rapid.terms import NotInterpreted, Term
from robots.programs.rapid.tokens import Token

LONGEST_STRING = 80


class ProcessReader(StatementReader):
    """Reads instructions that do not move; see `ExpressionReader` for the arguments."""

    def handled(self) -> dict[str, Callable[[Token], Body]]:
        """Instruction -> what reads it."""
        more: dict[str, Callable[[Token], Body]] = {
            "setdo": lambda at: self._set(at, False), "setgo": lambda at: self._set(at, True), "set": lambda at: self._switch(at, True), "reset": lambda at: self._switch(at, False),
            "invertdo": self._invert, "pulsedo": self._pulse, "waitdi": lambda at: self._wait(at, False, False), "waitdo": lambda at: self._wait(at, True, False),
            "waitgi": lambda at: self._wait(at, False, True), "waitgo": lambda at: self._wait(at, True, True), "waituntil": self._until, "waittime": self._pause,
            "clkreset": lambda at: self._timer(at, Const(0.0), None), "clkstart": lambda at: self._timer(at, None, True), "clkstop": lambda at: self._timer(at, None, False),
            "gripload": self._grip, "tpwrite": self._message, "stop": self._stop, "break": self._stop, "exit": self._ended, "pdispoff": self._unshift,
            "pdispset": self._shift,
        }  # fmt: skip
        return super().handled() | more

    # Signals

    def output_value(self, token: Token, term: Term, group: bool) -> bool | int | Expression:
        """What an output is set to, or an input is waited for."""
        if term.value is None:
            return term.expression()
        value = term.value
        if value != int(value) or value < 0 or (not group and value > 1):
            raise self.stream.error(token, f"'{token.text}' cannot be the value of {'a group' if group else 'a line: 0 or 1'}")
        return int(value) if group else bool(value)

    def _set(self, at: Token, group: bool) -> Body:
        values = self.arguments(at, "name", "num")
        address = self.signal(values.tokens[0], True, group)
        value = self.output_value(values.tokens[1], values.terms[1], group)
        values.only("sync")
        return [SetSignal(address, value, line=at.line)]

    def _switch(self, at: Token, value: bool) -> Body:
        return [SetSignal(self.signal(self.arguments(at, "name").tokens[0], True, False), value, line=at.line)]

    def _invert(self, at: Token) -> Body:
        address = self.signal(self.arguments(at, "name").tokens[0], True, False)
        return [SetSignal(address, Operation("not", (SignalState(address),)), line=at.line)]

    def _pulse(self, at: Token) -> Body:
        values = self.arguments(at, "name")
        address = self.signal(values.tokens[0], True, False)
        values.only("high", "plength")
        length = self.constant(values.options["plength"]) if "plength" in values.options else 0.2
        if not 0 < length <= 2000:
            raise self.stream.error(at, f"a pulse of {length:g} s; above 0 and at most 2000 s is wanted")
        return [SetSignal(address, True, float(length), line=at.line)]

    def _wait(self, at: Token, output: bool, group: bool) -> Body:
        values = self.arguments(at, "name", "num")
        address = self.signal(values.tokens[0], output, group)
        value = self.output_value(values.tokens[1], values.terms[1], group)
        if not values.options and isinstance(value, bool | int):
            return [WaitSignal(address, value, None, line=at.line)]
        state: Expression = SignalState(address)
        if not isinstance(value, bool):
            state = Operation("=", (state, value if not isinstance(value, int) else Const(value)))
        elif not value:
            state = Operation("not", (state,))
        return self._waiting(at, values, state)

    def _waiting(self, at: Token, values: Arguments, condition: Expression) -> Body:
        values.only("maxtime", "timeflag", "inpos", "zerospeed", "pollrate", "visualize")
        late, timeout = values.options.get("timeflag"), values.options.get("maxtime")
        if late is not None and timeout is None:
            raise self.stream.error(at, f"{at.text} has \\TimeFlag without \\MaxTime")
        if late is not None and (late.datum is None or late.datum.storage == "const" or late.datum.kind != "bool"):
            raise self.stream.error(at, "\\TimeFlag wants a bool variable")
        if timeout is not None and timeout.value is not None and timeout.value <= 0:
            raise self.stream.error(at, f"\\MaxTime is {timeout.value:g} s")
        return [
            WaitUntil(
                condition,
                None if timeout is None else timeout.expression(),
                None if late is None or late.datum is None else late.datum.key,
                line=at.line,
            )
        ]

    def _until(self, at: Token) -> Body:
        values = self.arguments(at, "bool")
        return self._waiting(at, values, values.terms[0].expression())

    # Time, load, messages

    def _pause(self, at: Token) -> Body:
        values = self.arguments(at, "num")
        values.only("inpos")
        seconds = values.terms[0].value
        if seconds is not None and seconds < 0:
            raise self.stream.error(values.tokens[0], f"a pause of {seconds:g} s")
        return [Pause(float(seconds) if seconds is not None else values.terms[0].expression(), line=at.line)]

    def _timer(self, at: Token, seconds: Expression | None, running: bool | None) -> Body:
        values = self.arguments(at, "name")
        datum = self.datum(values.tokens[0].low)
        if datum is None or datum.kind != "clock":
            raise self.stream.error(values.tokens[0], self.names.unknown("clock", values.tokens[0].text))
        return [SetTimer(datum.key, seconds, running, line=at.line)]

    def _grip(self, at: Token) -> Body:
        values = self.arguments(at, "name")
        datum = self.datum(values.tokens[0].low)
        if datum is None or datum.kind != "loaddata":
            raise self.stream.error(values.tokens[0], self.names.unknown("loaddata", values.tokens[0].text))
        if datum.changes or datum.value is None:
            raise NotInterpreted
        if values.tokens[0].low == "load0":
            return [HoldLoad(None, line=at.line)]
        name = values.tokens[0]
        if self.modal.tool is None:
            # It counts from the tool of the move that comes.
            self.modal.loads.append((name, datum))
            return [HoldLoad(name.low, line=at.line)]
        return [HoldLoad(self.names.held(name.low, datum, self.modal.tool), line=at.line)]

    def resolve_loads(self, tool: str) -> None:
        """Hangs loads that were named before any tool on the tool of the move after them."""
        for token, datum in self.modal.loads:
            if self.names.held(token.low, datum, tool) != token.low:
                raise self.stream.error(token, f"'{token.text}' hangs on different tools; put GripLoad after a move with the tool")
        self.modal.loads.clear()

    def _message(self, at: Token) -> Body:
        values = self.arguments(at, "string")
        values.only("num", "bool", "pos", "orient", "dnum")
        datum = values.terms[0].datum
        text = values.terms[0].value if values.terms[0].value is not None else f"{{{datum.key}}}" if datum is not None else "{..}"
        if len(text) > LONGEST_STRING:
            raise self.stream.error(values.tokens[0], f"a text of {len(text)} characters; at most {LONGEST_STRING}")
        return [Message(str(text), line=at.line)]

    def _stop(self, at: Token) -> Body:
        self.arguments(at).only("noregain", "allmovetasks")
        return [Halt(line=at.line)]

    def _ended(self, at: Token) -> Body:
        self.arguments(at).only()
        return [Halt(True, line=at.line)]

    # Displacement

    def _shift(self, at: Token) -> Body:
        values = self.arguments(at, "pose")
        name = values.tokens[0].low
        if name not in self.names.results:
            raise NotInterpreted
        return [Shift(self.names.results[name], line=at.line)]

    def _unshift(self, at: Token) -> Body:
        self.arguments(at).only()
        return [Shift((), line=at.line)]
