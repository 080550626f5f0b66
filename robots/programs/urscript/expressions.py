"""Expressions of URScript for the interpreter, and calls of the text's own functions."""

from __future__ import annotations

from robots.programs.controller import Controller
from robots.programs.expressions import Const, Expression, Operation, Var
from robots.programs.program import Call, Instruction
from robots.programs.urscript.calls import Calls
from robots.programs.urscript.flow import Flow
from robots.programs.urscript.moves import Moves
from robots.programs.urscript.names import DIGITAL, REGISTERS
from robots.programs.urscript.tree import Apply, Literal, Name, Node, Op
from robots.programs.urscript.values import NearestJoints, Pose

_READS = frozenset(name for name in (*DIGITAL, *REGISTERS) if name.startswith(("get", "read")))
_READS = _READS | {"get_digital_in", "get_digital_out", "binary_list_to_integer"}


class Expressions:
    """Makes expressions.

    Args:
        flow: Names and values.
        moves: Told when a function runs, which may move the robot.
        controller: For the lines.
    """

    def __init__(self, flow: Flow, moves: Moves, controller: Controller) -> None:
        self.flow, self.moves = flow, moves
        self.calls = Calls(controller, moves, flow.evaluator, self.scalar, flow.fail)
        self.called: list[str] = []
        self.results = 0

    def scalar(self, node: Node) -> Expression | None:
        """An expression that calls no function of the text."""
        return self.expression(node, None)

    def expression(self, node: Node, hoisted: list[Instruction] | None) -> Expression | None:
        """An expression for the interpreter; functions of the text that it calls are put into `hoisted`. None: it cannot be said."""
        if isinstance(node, Literal):
            return Const(node.value)
        if isinstance(node, Name):
            constant = self.flow.lookup(node)
            return None if isinstance(constant, tuple | Pose | NearestJoints) else Var(node.name)
        if isinstance(node, Op):
            return self._operation(node, hoisted)
        if isinstance(node, Apply):
            if node.function in _READS:
                return self.calls.read(node)
            if node.function in self.flow.scopes.functions:
                if hoisted is None:
                    return None
                self.results += 1
                call = self.user_call(node, f"${self.results}")
                if call is None:
                    return None
                hoisted.append(call)
                return Var(f"${self.results}")
        constant = self.flow.evaluator.value(node)
        return Const(constant) if isinstance(constant, bool | int | float | str) else None

    def _operation(self, node: Op, hoisted: list[Instruction] | None) -> Expression | None:
        first, *rest = node.arguments
        # What stands right of `and` and `or` may never be called.
        lazy = node.name in ("and", "or")
        arguments = [self.expression(first, hoisted), *(self.expression(one, None if lazy else hoisted) for one in rest)]
        if any(one is None for one in arguments):
            return None
        found = tuple(one for one in arguments if one is not None)
        if all(isinstance(one, Const) for one in found):
            constant = self.flow.evaluator.value(node)
            return Const(constant) if isinstance(constant, bool | int | float | str) else None
        if node.name == "%":
            return None
        return Operation("<>" if node.name == "xor" else node.name, found)

    def user_call(self, node: Apply, result: str | None) -> Call | None:
        """A call of a function of the text; None when a value is a list or pose."""
        scope = self.flow.scopes.functions[node.function]
        if scope.thread:
            raise self.flow.fail(node.column, f"'{node.function}' is a thread: run {node.function}()")
        self.flow.count(node, scope)
        self.moves.stopped()
        self.called.append(node.function)
        arguments = [self.scalar(one) for one in self.flow.ordered(node, scope)]
        self.flow.forget(own=False)
        if any(one is None for one in arguments):
            return None
        return Call(node.function, tuple(one for one in arguments if one is not None), result, line=self.flow.line)
