"""IF, SWITCH and the loops of KRL as neutral branches and loops."""

from __future__ import annotations

from dataclasses import dataclass, field

from robots.programs.expressions import Const, Expression, Operation, Value, Var
from robots.programs.program import Assign, Halt, If, Instruction, Message, Remark, While


@dataclass(eq=False, slots=True)
class Block:
    """An open block: the lists it has so far, the last one is being filled.

    Attributes:
        tests: One condition per list of IF and SWITCH; None for ELSE and DEFAULT.
        subject: What SWITCH asks.
        counter: Variable of FOR with what it is counted on by.
        left: An EXIT leaves it.
        before: Cases that are not understood; they are told before the block.
    """

    kind: str
    line: int
    lists: list[list[Instruction]]
    tests: list[Expression | None] = field(default_factory=list)
    subject: Expression | None = None
    counter: tuple[str, float] = ("", 1.0)
    left: bool = False
    before: list[Instruction] = field(default_factory=list)


def closed(block: Block, until: Expression) -> list[Instruction]:
    """What a block says, once it is closed; `until`: the test of REPEAT, which stands at its end."""
    line, body = block.line, tuple(block.lists[-1]) if block.lists else ()
    if block.kind == "LOOP":
        if any(isinstance(one, Halt) for one in body) and all(isinstance(one, Halt | Message | Remark) for one in body):
            # No START leads out of a loop of nothing but HALT.
            return [*(one for one in body if not isinstance(one, Halt)), Halt(ends=True, line=line)]
        return [While(None, body, line=line)]
    if block.kind == "WHILE":
        return [While(block.tests[0], body, line=line)]
    if block.kind == "FOR":
        name, step = block.counter
        count: Value = int(step) if step == int(step) else step
        again = Assign(name, Operation("+", (Var(name), Const(count))), line=line) if name else Remark("", line=line)
        return [While(block.tests[0], (*body, again), line=line)]
    if block.kind == "REPEAT":
        first = f"first of {line}"
        again_test = Operation("or", (Var(first), Operation("not", (until,))))
        return [Assign(first, Const(True), line=line), While(again_test, (Assign(first, Const(False), line=line), *body), line=line)]
    out: tuple[Instruction, ...] = ()
    for test, inside in reversed(list(zip(block.tests, block.lists, strict=True))):
        out = tuple(inside) if test is None else (If(test, tuple(inside), out, line=line),)
    return list(out)
