"""Routines of RAPID text: branches, loops, labels, local data and handlers; what is not interpreted is kept as it stands."""

from __future__ import annotations

from robots.programs.expressions import Const, Expression, Operation, Value, Var
from robots.programs.program import Assign, If, Instruction, Jump, Label, Return, Routine, Unknown, While
from robots.programs.rapid.declarations import DeclarationReader
from robots.programs.rapid.scope import Head
from robots.programs.rapid.statements import Body, Modal
from robots.programs.rapid.terms import NotInterpreted, Term, beside
from robots.programs.rapid.tokens import Token

_HANDLERS = ("error", "undo", "backward")
_ENDS = (
    "endif",
    "endwhile",
    "endfor",
    "endtest",
    "else",
    "elseif",
    "case",
    "default",
    "endproc",
    "endfunc",
    "endtrap",
    "endmodule",
    *_HANDLERS,
)
_HEADS = ("proc", "func", "trap", "module", "var", "pers", "const", "record", "local", "task")
_BLOCK_WORDS = frozenset((*_ENDS, *_HEADS, "if", "while", "for", "then", "do", "test", "goto", "return"))
DEEPEST = 60
"""Blocks inside each other."""


class BlockReader(DeclarationReader):
    """Reads routines; see `ExpressionReader` for the arguments."""

    blocks = 0

    def read_routine(self, head: Head, begin: Modal) -> Routine:
        """The body of a routine, after its head, with its end.

        Args:
            head: What its head says.
            begin: What counts when it is called.
        """
        self.modal, self.routine = begin, head.name
        self.local = {}
        variables: dict[str, Value | None] = {}
        for kind, name in head.parameters:
            self.declare_parameter(name, kind)
        while self.stream.peek().low in ("var", "const", "pers"):
            self.declaration(variables)
        self.jumps: list[Jump] = []
        self.labels: set[str] = set()
        body = self._block()
        handlers = self._handlers()
        if handlers:
            body += [Return(line=handlers[0].line), *handlers]
        last = self.stream.peek()
        if self.modal.arc is not None:
            raise self.stream.error(last, f"the arc is not ended in {head.name}: ArcLEnd or ArcCEnd is missing")
        self.stream.expect(f"end{head.kind}", f" of {head.name} (line {head.line})")
        for jump in self.jumps:
            if jump.label not in self.labels:
                valid = ", ".join(sorted(self.labels)) or "none"
                raise self.stream.error(
                    Token("name", "", "", jump.line, 1), f"label '{jump.label}' does not exist in {head.name}; there are: {valid}"
                )
        self.names.pending += [(self.stream.file, token.line, token.low, datum) for token, datum in self.modal.loads]
        parameters = tuple(self.local[name.lower()].key for _, name in head.parameters)
        return Routine(head.name, head.name, tuple(body), parameters, variables, self.stream.file, head.line)

    def _block(self) -> Body:
        """Statements until the end of a block, which is left for the caller."""
        stream, body, outer = self.stream, [], self.block_body  # type: ignore[var-annotated]
        self.block_body = body
        self.blocks += 1
        self._deep(stream.peek())
        while True:
            text = stream.fresh_line()
            if text is not None and self.plain_move(text, stream.next_line + 1):
                stream.skip_line()
                continue
            stream.mark()
            token = stream.peek()
            if token.low in _ENDS and token.kind == "name":
                break
            if token.kind == "end":
                raise stream.error(token, f"the file ends within {self.routine}")
            body += self._any(token)
        self.block_body = outer
        self.blocks -= 1
        return body

    def _deep(self, token: Token) -> None:
        if self.blocks > DEEPEST:
            raise self.stream.error(token, f"more than {DEEPEST} blocks inside each other")

    def _any(self, token: Token) -> Body:
        """One statement of any kind."""
        if token.low in _HEADS:
            raise self.stream.error(token, f"{token} cannot stand here: a routine is not ended, or data stands after statements")
        structures = {
            "if": self._if,
            "while": self._while,
            "for": self._for,
            "test": self._test,
            "goto": self._goto,
            "return": self._return,
        }
        if token.low in structures and token.kind == "name":
            return structures[token.low]()
        if token.kind == "name" and self.stream.peek(1).low == ":":
            return self._label()
        self.depth = self.operations = 0
        try:
            return self.statement()
        except NotInterpreted:
            self.stream.at = 0
            return [self._unknown()]

    def _unknown(self) -> Unknown:
        """The statement that begins at the mark, as it stands, to its ';'."""
        first = last = self.stream.take()
        count = 0
        while self.stream.peek().low != ";" or self.stream.peek().kind == "string":
            token = self.stream.peek()
            missing = (
                token.kind == "end"
                or (token.low in _BLOCK_WORDS and token.kind == "name")
                or (count and beside(last, token) and first.low != "connect")
            )
            if missing:
                raise self.stream.error(last, f"';' is missing after {last}; {token} follows")
            last = self.stream.take()
            count += 1
        self.stream.expect(";")
        return Unknown(self.stream.source(first, last), line=first.line)

    def _condition(self, head: Token) -> tuple[Expression, Body]:
        """A condition, and what has to be said when it is not interpreted: then it does not hold."""
        first = self.stream.peek()
        self.depth = self.operations = 0
        try:
            return self.expression("bool").expression(), []
        except NotInterpreted:
            text = self.stream.source(first, self.stream.buffer[self.stream.at - 1])
            return Const(False), [Unknown(f"{head.text} {text}", line=head.line)]

    def _inside(self) -> Body:
        """A block that may be left out: tool and frame chosen in it, or before it, need not count after it."""
        self._forget()
        body = self._block()
        self._forget()
        return body

    def _forget(self) -> None:
        self.modal.tool = self.modal.frame = None

    def _if(self) -> Body:
        head = self.stream.take()
        condition, out = self._condition(head)
        if not self.stream.accept("then"):
            self.stream.mark()
            self._forget()
            if head.low == "elseif":
                self.stream.expect("then")
            then: Body = []
            outer, self.block_body = self.block_body, then
            then += self._any(self.stream.peek())
            self.block_body = outer
            self._forget()
            return [*out, If(condition, tuple(then), line=head.line)]
        then = self._inside()
        otherwise: Body = []
        following = self.stream.peek()
        if following.low == "elseif":
            self.blocks += 1
            self._deep(following)
            otherwise = self._if()
            self.blocks -= 1
            return [*out, If(condition, tuple(then), tuple(otherwise), line=head.line)]
        if self.stream.accept("else"):
            otherwise = self._inside()
        self.stream.expect("endif", f" of the IF in line {head.line}")
        return [*out, If(condition, tuple(then), tuple(otherwise), line=head.line)]

    def _while(self) -> Body:
        head = self.stream.take()
        condition, out = self._condition(head)
        self.stream.expect("do")
        body = self._inside()
        self.stream.expect("endwhile", f" of the WHILE in line {head.line}")
        endless = condition == Const(True)
        return [*out, While(None if endless else condition, tuple(body), line=head.line)]

    def _for(self) -> Body:
        head = self.stream.take()
        name = self.stream.expect_name("the counter")
        self.stream.expect("from")
        start = self.expression("num").expression()
        self.stream.expect("to")
        stop = self.expression("num").expression()
        step: Expression | None = self.expression("num").expression() if self.stream.accept("step") else None
        self.stream.expect("do")
        key = f"{name.low}@{head.line}"
        counter, hidden = Var(key), self.local.get(name.low)
        self.declare_parameter(name.text, "num", key)
        out: Body = [Assign(key, start, line=head.line)]
        last, by = self._kept(stop, f"{key} end", out), None if step is None else self._kept(step, f"{key} step", out)
        if by is None and isinstance(start, Const) and isinstance(stop, Const):
            by = Const(1 if start.value <= stop.value else -1)  # type: ignore[operator]
        if by is None:
            by = Var(f"{key} step")
            down = Operation(">", (counter, last))
            out += [Assign(by.name, Const(1), line=head.line), If(down, (Assign(by.name, Const(-1), line=head.line),), line=head.line)]
        body = self._inside()
        self.stream.expect("endfor", f" of the FOR in line {head.line}")
        if hidden is None:
            del self.local[name.low]
        else:
            self.local[name.low] = hidden
        body.append(Assign(key, Operation("+", (counter, by)), line=head.line))
        return [*out, While(_not_past(counter, last, by), tuple(body), line=head.line)]

    def _kept(self, value: Expression, key: str, out: Body) -> Expression:
        """An end or step is computed once, before the loop."""
        if isinstance(value, Const):
            return value
        out.append(Assign(key, value, line=out[0].line))
        return Var(key)

    def _test(self) -> Body:
        head = self.stream.take()
        term = self.expression()
        cases: list[tuple[Token, Expression, Body]] = []
        default: Body = []
        unknown: Body = [] if term.known else [Unknown(f"TEST in line {head.line}", line=head.line)]
        while (case := self.stream.accept("case")) is not None:
            choices = [self._equal(term)]
            while self.stream.accept(","):
                choices.append(self._equal(term))
            self.stream.expect(":")
            if len(cases) >= DEEPEST:
                raise self.stream.error(case, f"more than {DEEPEST} cases")
            cases.append((case, choices[0] if len(choices) == 1 else Operation("or", tuple(choices)), self._inside()))
        if self.stream.accept("default"):
            self.stream.expect(":")
            default = self._inside()
        self.stream.expect("endtest", f" of the TEST in line {head.line}")
        out: Body = default
        for case, condition, body in reversed(cases):
            out = [If(condition, tuple(body), tuple(out), line=case.line)]
        return [*unknown, *out]

    def _equal(self, term: Term) -> Expression:
        choice = self.expression()
        if not (term.known and choice.known):
            return Const(False)
        return Operation("=", (term.expression(), choice.expression()))

    def _label(self) -> Body:
        token = self.stream.take()
        self.stream.expect(":")
        if token.low in self.labels:
            raise self.stream.error(token, f"label '{token.text}' stands twice in {self.routine}")
        self.labels.add(token.low)
        self._forget()
        return [Label(token.low, line=token.line)]

    def _goto(self) -> Body:
        self.stream.take()
        token = self.stream.expect_name("a label")
        self.stream.expect(";")
        jump = Jump(token.low, line=token.line)
        self.jumps.append(jump)
        return [jump]

    def _return(self) -> Body:
        token = self.stream.take()
        if self.stream.accept(";"):
            return [Return(line=token.line)]
        term = self.expression()
        self.stream.expect(";")
        if not term.known:
            return [Unknown("RETURN of a value that is not interpreted", line=token.line)]
        return [Return(term.expression(), line=token.line)]

    def _handlers(self) -> list[Instruction]:
        """ERROR, UNDO and BACKWARD sections, kept as they stand."""
        out: list[Instruction] = []
        while self.stream.peek().low in _HANDLERS:
            self.stream.mark()
            first = last = self.stream.take()
            while self.stream.peek().low not in ("endproc", "endfunc", "endtrap", *_HANDLERS):
                token = self.stream.peek()
                if token.kind == "end" or token.low in ("proc", "func", "trap", "endmodule"):
                    raise self.stream.error(token, f"the {first.text} section of line {first.line} is not ended; here stands {token}")
                last = self.stream.take()
            out.append(Unknown(self.stream.source(first, last), line=first.line))
        return out


def _not_past(counter: Expression, last: Expression, by: Expression) -> Expression:
    up, down = Operation("<=", (counter, last)), Operation(">=", (counter, last))
    if isinstance(by, Const) and not isinstance(by.value, str):
        return up if by.value >= 0 else down
    forward = Operation(">=", (by, Const(0)))
    return Operation("or", (Operation("and", (forward, up)), Operation("and", (Operation("not", (forward,)), down))))
