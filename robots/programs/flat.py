"""A routine as a flat list of instructions and jumps: labels of FANUC and INFORM and blocks of RAPID, KRL and URScript become one thing."""

from __future__ import annotations

from dataclasses import dataclass

from robots.programs.events import ProgramTextError
from robots.programs.expressions import Const, Expression, signals_in
from robots.programs.program import If, Instruction, Jump, Label, Routine, While


@dataclass(frozen=True, eq=False, slots=True)
class Step:
    """One instruction of the flat list, or a jump: to `target` always, or where `unless` does not hold. `loop`: the test asks a signal again and again."""

    instruction: Instruction | None
    target: int = -1
    unless: Expression | None = None
    line: int = 0
    loop: bool = False


def flat(routine: Routine) -> list[Step]:
    """A routine as a list of instructions and jumps.

    Raises:
        ProgramTextError: A jump to a label that does not exist, or a label that stands twice.
    """
    code: list[Step] = []
    labels: dict[str, int] = {}
    jumps: list[tuple[int, Jump]] = []

    def fail(line: int, message: str) -> ProgramTextError:
        return ProgramTextError(message, file=routine.file or None, place=f"line {line}" if line else f"routine '{routine.name}'")

    def put(body: tuple[Instruction, ...]) -> None:
        for one in body:
            if isinstance(one, Label):
                if one.name in labels:
                    raise fail(one.line, f"label {one.name} stands twice")
                labels[one.name] = len(code)
            elif isinstance(one, Jump):
                jumps.append((len(code), one))
                code.append(Step(None, line=one.line))
            elif isinstance(one, If):
                head = len(code)
                code.append(Step(None, line=one.line))
                put(one.then)
                tail = len(code)
                if one.otherwise:
                    code.append(Step(None, line=one.line))
                    put(one.otherwise)
                    code[tail] = Step(None, len(code), None, one.line)
                    tail += 1
                code[head] = Step(None, tail, one.condition, one.line)
            elif isinstance(one, While):
                head = len(code)
                code.append(Step(None, line=one.line))
                put(one.body)
                code.append(Step(None, head, None, one.line))
                polls = one.condition is not None and any(True for _ in signals_in(one.condition))
                code[head] = Step(None, len(code), one.condition if one.condition is not None else Const(True), one.line, polls)
            else:
                code.append(Step(one, line=one.line))

    put(routine.body)
    for place, jump in jumps:
        if jump.label not in labels:
            raise fail(jump.line, f"label {jump.label} does not exist in {routine.name}")
        code[place] = Step(None, labels[jump.label], None, jump.line)
    return code
