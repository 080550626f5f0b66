"""What the controller's own functions do: signals, loads, tools, messages, moves."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from core.frames import Array
from robots.programs.controller import Controller
from robots.programs.expressions import Const, Expression, SignalState
from robots.programs.program import (
    Halt,
    HoldLoad,
    Instruction,
    Load,
    Message,
    Pause,
    SetSignal,
    SignalLine,
    Tool,
    UseTool,
)
from robots.programs.urscript.moves import Moves, Pace
from robots.programs.urscript.names import DIGITAL, REGISTER_COUNT, REGISTERS
from robots.programs.urscript.syntax import Fail
from robots.programs.urscript.tree import Apply, Literal, Name, Node, Vector
from robots.programs.urscript.values import Evaluator, NearestJoints, Pose

SYNC = 0.002
"""`sync()` waits for the controller's next step [s]."""


@dataclass(slots=True)
class Found:
    """What a program names, as it is found."""

    signals: dict[str, SignalLine] = field(default_factory=dict)
    tools: dict[str, Tool] = field(default_factory=dict)
    loads: dict[str, Load] = field(default_factory=dict)


@dataclass(slots=True)
class Group:
    """A number on its way to a row of outputs, bit by bit (`integer_to_binary_list`)."""

    variable: str
    value: Expression
    line: int
    text: str
    bits: list[tuple[int, str]] = field(default_factory=list)


class Calls:
    """Turns calls of the controller's functions into instructions.

    Args:
        controller: Which lines are wired.
        moves: Makes the moves.
        evaluator: For values.
        expression: Node -> expression, None when it cannot be one.
        fail: Makes errors.
    """

    def __init__(
        self, controller: Controller, moves: Moves, evaluator: Evaluator, expression: Callable[[Node], Expression | None], fail: Fail
    ) -> None:
        self.controller, self.moves, self.evaluator, self.expression, self.fail = controller, moves, evaluator, expression, fail
        self.found = Found()

    def instructions(self, node: Apply, line: int, text: str) -> list[Instruction] | None:
        """What a call does; None: it is known, but cannot be said."""
        name = node.function
        if name in ("movej", "movel", "movep", "movec"):
            return self._move(node, line)
        given = self.evaluator.arguments(node)
        if name == "set_tcp":
            return self._tool(given["pose"], line)
        if name in ("set_target_payload", "set_payload"):
            return self._payload(given, line)
        if name in DIGITAL or name in ("set_digital_out", "write_output_integer_register"):
            return self._output(node, given, line) if name.startswith(("set", "write")) else None
        if name == "sleep":
            return self._sleep(given["t"], line)
        if name == "sync":
            return [Pause(SYNC, line=line)]
        if name == "textmsg":
            words = [self.evaluator.value(one) for one in given.values()]
            says = (
                "".join(word for word in words if isinstance(word, str)) if all(isinstance(word, str) for word in words) else text.strip()
            )
            return [Message(says, line=line)]
        return self._popup(given, line, text) if name == "popup" else None

    # Motion

    def _move(self, node: Apply, line: int) -> list[Instruction] | None:
        given = self.evaluator.arguments(node)
        figures: dict[str, float] = {}
        for word in ("a", "v", "t", "r", "mode"):
            if word in given:
                value = self.evaluator.value(given[word])
                if value is None:
                    return None
                (figures[word],) = self.evaluator.numbers([value], given[word].column)
        mode = figures.pop("mode", 0)
        pace: Pace = self.moves.pace(line, node.function, figures)
        targets = [self.evaluator.value(given[word]) for word in ("q", "pose", "pose_via", "pose_to") if word in given]
        if any(target is None for target in targets):
            return None
        for target in targets:
            if not isinstance(target, tuple | Pose | NearestJoints):
                raise self.fail(node.column, f"{node.function} takes a pose p[..] or 6 joint values [..]")
            if isinstance(target, tuple) and len(target) != 6:
                raise self.fail(node.column, f"joint values are 6, not {len(target)}")
        target = targets[-1]
        if node.function == "movej":
            if isinstance(target, tuple):
                return [self.moves.joint(line, self.evaluator.numbers(list(target), node.column), pace)]
            nearest = target if isinstance(target, NearestJoints) else NearestJoints(target.T, None) if isinstance(target, Pose) else None
            return None if nearest is None else [self.moves.joint_pose(line, nearest, pace)]
        Ts = [one.T for one in targets if isinstance(one, Pose)]
        if len(Ts) != len(targets):
            # A straight move to joint values: where it ends only the controller's kinematics tell.
            return None
        if node.function != "movec":
            return [self.moves.straight(line, Ts[0], pace)]
        if mode not in (0, 1):
            raise self.fail(node.column, f"movec has mode 0 and 1, not {mode:g}")
        return [self.moves.circular(line, Ts[0], Ts[1], pace)] if mode == 0 else None

    # Tool and load

    def _tool(self, node: Node, line: int) -> list[Instruction] | None:
        pose = self.evaluator.value(node)
        if pose is None:
            return None
        if not isinstance(pose, Pose):
            raise self.fail(node.column, "set_tcp takes a pose p[..]")
        name = node.name if isinstance(node, Name) else f"line {line}"
        if name in self.found.tools and not np.array_equal(self.found.tools[name].T_flange_tcp, pose.T):
            name = f"{name} line {line}"
        self.found.tools[name] = Tool(pose.T, Load(0.0, np.zeros(3)))
        return [UseTool(name, line=line)]

    def _payload(self, given: dict[str, Node], line: int) -> list[Instruction] | None:
        mass = self.evaluator.value(given["m"])
        centre = self.evaluator.value(given["cog"]) if "cog" in given else None
        if mass is None or centre is None:
            return None
        (kg,) = self.evaluator.numbers([mass], given["m"].column)
        if not 0 <= kg <= 100:
            raise self.fail(given["m"].column, f"payload of {kg:g} kg; it is 0..100 kg")
        if not isinstance(centre, tuple) or len(centre) != 3:
            raise self.fail(given["cog"].column, "the centre of gravity is a list of 3 figures [m]")
        com: Array = np.array(self.evaluator.numbers(list(centre), given["cog"].column))
        if float(np.max(np.abs(com))) > 2.0:
            raise self.fail(given["cog"].column, "the centre of gravity is given in m from the tool flange; more than 2 m is none")
        name = f"{kg:g} kg at {', '.join(f'{value:g}' for value in com)}"
        self.found.loads[name] = Load(kg, com)
        return [HoldLoad(name, line=line)]

    # Signals

    def signal(self, kind: str, place: str, *, output: bool, number: bool, column: int) -> str:
        """Takes note of a line; returns its address."""
        address = f"{kind}[{place}]"
        wired = self.controller.signals
        if wired is not None and address not in wired:
            raise self.fail(column, f"{address} is not wired; there are: {', '.join(sorted(wired)) or 'none'}")
        self.found.signals.setdefault(address, SignalLine(address, output, number))
        return address

    def _place(self, node: Node, count: int, what: str) -> int | None:
        n = self.evaluator.value(node)
        if n is None:
            return None
        if not isinstance(n, int) or isinstance(n, bool) or not 0 <= n < count:
            raise self.fail(node.column, f"{what} has the numbers 0..{count - 1}, not {n}")
        return n

    def line_of(self, node: Apply) -> tuple[str, int] | None:
        """Kind and number of the digital line that a function sets or reads; None: the program finds the number."""
        word = node.function
        given = self.evaluator.arguments(node)
        if word in DIGITAL:
            kind, count = DIGITAL[word]
            n = self._place(given["n"], count, kind)
            return None if n is None else (kind, n)
        # The old names: 8 and 9 are those at the tool.
        kind = "I" if word.endswith("in") else "O"
        n = self._place(given["n"], 10, f"D{kind}")
        return None if n is None else (f"D{kind}", n) if n < 8 else (f"T{kind}", n - 8)

    def _output(self, node: Apply, given: dict[str, Node], line: int) -> list[Instruction] | None:
        number = node.function in REGISTERS
        value_node = given["value" if number else "b"]
        value = self.expression(value_node)
        if number:
            n = self._place(given["address"], REGISTER_COUNT, "OR")
            where = None if n is None else ("OR", n)
        else:
            where = self.line_of(node)
        if where is None or value is None:
            return None
        if isinstance(value, Const) and (isinstance(value.value, bool) == number or not isinstance(value.value, int)):
            wants = "a whole number" if number else "True or False"
            raise self.fail(value_node.column, f"{where[0]}[{where[1]}] takes {wants}, not {value.value!r}")
        address = self.signal(where[0], str(where[1]), output=True, number=number, column=node.column)
        plain = value.value if isinstance(value, Const) else value
        assert not isinstance(plain, str | float)
        return [SetSignal(address, plain, line=line)]

    def group(self, group: Group) -> Instruction:
        """The outputs of a number, set bit by bit, as one instruction."""
        bits = [n for n, _ in group.bits]
        address = self.signal("GO", f"{bits[0]}..{bits[-1]}", output=True, number=True, column=0)
        value = group.value
        if isinstance(value, Const):
            if not isinstance(value.value, int) or isinstance(value.value, bool) or not 0 <= value.value < 2 ** len(bits):
                raise self.fail(0, f"{address} shows 0..{2 ** len(bits) - 1}, not {value.value}")
            return SetSignal(address, value.value, line=group.line)
        return SetSignal(address, value, line=group.line)

    def read(self, node: Apply) -> SignalState | None:
        """What a function reads; None: it reads no line, or one whose number the program finds."""
        if node.function in REGISTERS:
            kind = REGISTERS[node.function]
            n = self._place(self.evaluator.arguments(node)["address"], REGISTER_COUNT, kind)
            return None if n is None else SignalState(self.signal(kind, str(n), output=kind == "OR", number=True, column=node.column))
        if node.function == "binary_list_to_integer":
            return self._read_group(node)
        where = self.line_of(node)
        if where is None:
            return None
        return SignalState(self.signal(where[0], str(where[1]), output=where[0].endswith("O"), number=False, column=node.column))

    def _read_group(self, node: Apply) -> SignalState | None:
        bits = self.evaluator.arguments(node)["l"]
        if not isinstance(bits, Vector) or not bits.items:
            return None
        items = list(bits.items)
        if isinstance(items[-1], Literal) and items[-1].value is False:
            items.pop()
        numbers: list[int] = []
        for item in items:
            if not isinstance(item, Apply) or item.function != "get_standard_digital_in":
                return None
            where = self.line_of(item)
            if where is None or (numbers and where[1] != numbers[-1] + 1):
                return None
            numbers.append(where[1])
        if not numbers:
            return None
        return SignalState(self.signal("GI", f"{numbers[0]}..{numbers[-1]}", output=False, number=True, column=node.column))

    # Time and messages

    def _sleep(self, node: Node, line: int) -> list[Instruction] | None:
        seconds = self.expression(node)
        if isinstance(seconds, Const):
            value = seconds.value
            if isinstance(value, bool | str) or not (0 <= value < math.inf):
                raise self.fail(node.column, f"sleep takes seconds, not {value!r}")
            return [Pause(float(value), line=line)]
        return None if seconds is None else [Pause(seconds, line=line)]

    def _popup(self, given: dict[str, Node], line: int, text: str) -> list[Instruction] | None:
        says = self.evaluator.value(given["s"])
        out: list[Instruction] = [Message(says if isinstance(says, str) else text.strip(), line=line)]
        if "blocking" not in given:
            return out
        blocking = self.evaluator.value(given["blocking"])
        if blocking is None:
            return None
        if not isinstance(blocking, bool):
            raise self.fail(given["blocking"].column, f"blocking is True or False, not {blocking}")
        return [*out, Halt(line=line)] if blocking else out
