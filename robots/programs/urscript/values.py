"""Values that are known from the text alone: numbers, lists and poses, and what URScript computes of them."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from core.frames import Array, inverse
from robots.programs.urscript.names import SIGNATURES
from robots.programs.urscript.syntax import Fail
from robots.programs.urscript.tree import Apply, At, Literal, Member, Name, Node, Op, Vector


@dataclass(frozen=True, eq=False, slots=True)
class Pose:
    """A pose as a transform (4, 4)."""

    T: Array


@dataclass(frozen=True, eq=False, slots=True)
class NearestJoints:
    """`get_inverse_kin`: the joint values of a pose that are nearest to some (None: to where the robot is)."""

    T: Array
    near: tuple[float, ...] | None


Constant = bool | int | float | str | tuple["Constant", ...] | Pose | NearestJoints  # type: ignore[misc]


def transform(x: float, y: float, z: float, rx: float, ry: float, rz: float) -> Array:
    """A pose's transform (4, 4): the rotation about (rx, ry, rz) by its length (Rodrigues)."""
    angle = math.sqrt(rx * rx + ry * ry + rz * rz)
    if angle < 1e-12:
        return np.array(((1.0, -rz, ry, x), (rz, 1.0, -rx, y), (-ry, rx, 1.0, z), (0.0, 0.0, 0.0, 1.0)))
    a, b, c = rx / angle, ry / angle, rz / angle
    s, k = math.sin(angle), math.cos(angle)
    v = 1.0 - k
    return np.array(
        (
            (a * a * v + k, a * b * v - c * s, a * c * v + b * s, x),
            (a * b * v + c * s, b * b * v + k, b * c * v - a * s, y),
            (a * c * v - b * s, b * c * v + a * s, c * c * v + k, z),
            (0.0, 0.0, 0.0, 1.0),
        )
    )


_MATH: dict[str, Callable[..., float]] = {
    "d2r": math.radians,
    "r2d": math.degrees,
    "sin": math.sin,
    "cos": math.cos,
    "tan": math.tan,
    "asin": math.asin,
    "acos": math.acos,
    "atan": math.atan,
    "atan2": math.atan2,
    "sqrt": math.sqrt,
    "floor": math.floor,
    "ceil": math.ceil,
    "pow": math.pow,
}
_OPERATIONS: dict[str, Callable[..., bool | int | float]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": lambda a, b: a / b,
    "%": math.fmod,
    "negate": lambda a: -a,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}


class Evaluator:
    """Computes what the text alone determines.

    Args:
        lookup: Value of a variable, or None where it is not known from the text; raises for a name that does not exist.
        fail: Makes errors.
    """

    def __init__(self, lookup: Callable[[Name], Constant | None], fail: Fail) -> None:
        self.lookup, self.fail = lookup, fail

    def value(self, node: Node) -> Constant | None:
        """The value, or None when only the running program knows it.

        Raises:
            ProgramTextError: A value that cannot be: sqrt of a negative, a pose of texts, an argument missing.
        """
        if isinstance(node, Literal):
            return node.value
        if isinstance(node, Name):
            return self.lookup(node)
        if isinstance(node, Vector):
            items = [self.value(item) for item in node.items]
            if any(item is None for item in items):
                return None
            if not node.pose:
                return tuple(item for item in items if item is not None)
            return Pose(transform(*self.numbers(items, node.column)))
        if isinstance(node, Op):
            return self._operation(node)
        if isinstance(node, At):
            return self._at(node)
        if isinstance(node, Apply):
            return self._apply(node)
        assert isinstance(node, Member)
        return None

    def numbers(self, items: list[Constant | None], column: int) -> list[float]:
        """All items as numbers."""
        out = [float(item) for item in items if isinstance(item, int | float) and not isinstance(item, bool)]
        if len(out) != len(items):
            raise self.fail(column, "numbers are wanted here")
        return out

    def _operation(self, node: Op) -> Constant | None:
        values = [self.value(one) for one in node.arguments]
        if any(value is None for value in values):
            return None
        if node.name in ("and", "or", "xor", "not"):
            if not all(isinstance(value, bool) for value in values):
                raise self.fail(node.column, f"'{node.name}' takes True and False")
            if node.name == "not":
                return not values[0]
            return {"and": all(values), "or": any(values), "xor": values[0] != values[1]}[node.name]
        if node.name in ("=", "<>"):
            if any(isinstance(value, tuple | Pose | NearestJoints) for value in values):
                return None
            return (values[0] == values[1]) == (node.name == "=")
        if any(isinstance(value, tuple | Pose | NearestJoints) for value in values):
            return None
        numbers = [value for value in values if isinstance(value, int | float) and not isinstance(value, bool)]
        if len(numbers) != len(values):
            raise self.fail(node.column, f"'{node.name}' takes numbers")
        return self._computed(node.name, _OPERATIONS[node.name], numbers, node.column)

    def _computed(self, name: str, function: Callable[..., bool | int | float], numbers: list[int | float], column: int) -> Constant:
        try:
            result = function(*numbers)
        except (ValueError, ZeroDivisionError, OverflowError):
            raise self.fail(column, f"'{name}' has no value for {', '.join(f'{one:g}' for one in numbers)}") from None
        if not math.isfinite(result):
            raise self.fail(column, f"'{name}' is not finite for {', '.join(f'{one:g}' for one in numbers)}")
        return result

    def _at(self, node: At) -> Constant | None:
        base, index = self.value(node.base), self.value(node.index)
        if base is None or index is None or not isinstance(base, tuple):
            return None
        if not isinstance(index, int) or isinstance(index, bool) or not 0 <= index < len(base):
            raise self.fail(node.column, f"the list has the places 0..{len(base) - 1}, not {index}")
        return base[index]

    def arguments(self, node: Apply) -> dict[str, Node]:
        """The arguments of a known function by its parameters' names; raises when they do not fit."""
        names, least = SIGNATURES[node.function]
        if len(node.arguments) > len(names):
            raise self.fail(node.column, f"{node.function} takes at most {len(names)} values, it is given {len(node.arguments)}")
        out = dict(zip(names, node.arguments))
        for name, one in node.named.items():
            if name not in names:
                raise self.fail(node.column, f"{node.function} has no argument '{name}'; valid: {', '.join(names) or 'none'}")
            if name in out:
                raise self.fail(node.column, f"{node.function} is given '{name}' twice")
            out[name] = one
        missing = [name for name in names[:least] if name not in out]
        if missing:
            raise self.fail(node.column, f"{node.function} is not given {', '.join(missing)}")
        return out

    def _apply(self, node: Apply) -> Constant | None:
        name = node.function
        if name not in SIGNATURES:
            return None
        given = self.arguments(node)
        if name in _MATH:
            values = [self.value(one) for one in given.values()]
            if any(value is None for value in values):
                return None
            return self._computed(name, _MATH[name], list(self.numbers(values, node.column)), node.column)
        if name == "get_inverse_kin":
            return self._nearest(given)
        if name not in ("pose_trans", "pose_add", "pose_inv", "point_dist", "norm"):
            return None
        poses = [self.value(one) for one in given.values()]
        if any(pose is None for pose in poses):
            return None
        if name == "norm":
            return self._norm(poses[0], node.column)
        Ts = [pose.T for pose in poses if isinstance(pose, Pose)]
        if len(Ts) != len(poses):
            raise self.fail(node.column, f"{name} takes poses p[..]")
        if name == "pose_trans":
            return Pose(Ts[0] @ Ts[1])
        if name == "pose_inv":
            return Pose(inverse(Ts[0]))
        if name == "point_dist":
            return float(np.linalg.norm(Ts[1][:3, 3] - Ts[0][:3, 3]))
        # pose_add: sum of the places, product of the rotations, each on its own.
        T = np.eye(4)
        T[:3, 3], T[:3, :3] = Ts[0][:3, 3] + Ts[1][:3, 3], Ts[0][:3, :3] @ Ts[1][:3, :3]
        return Pose(T)

    def _norm(self, value: Constant | None, column: int) -> Constant | None:
        if isinstance(value, tuple):
            return math.hypot(*self.numbers(list(value), column))
        if isinstance(value, int | float) and not isinstance(value, bool):
            return abs(value)
        return None

    def _nearest(self, given: dict[str, Node]) -> Constant | None:
        pose = self.value(given["x"])
        near = self.value(given["qnear"]) if "qnear" in given else None
        if not isinstance(pose, Pose) or "tcp" in given or (near is None and "qnear" in given):
            return None
        if near is None:
            return NearestJoints(pose.T, None)
        if not isinstance(near, tuple) or len(near) != 6:
            raise self.fail(given["qnear"].column, "qnear is a list of 6 joint values")
        return NearestJoints(pose.T, tuple(self.numbers(list(near), given["qnear"].column)))
