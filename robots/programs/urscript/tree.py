"""What an expression of URScript consists of; `column` is where it begins."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Literal:
    """A number, a bool or a string."""

    value: bool | int | float | str
    column: int


@dataclass(frozen=True, slots=True)
class Name:
    """A variable."""

    name: str
    column: int


@dataclass(frozen=True, slots=True)
class Vector:
    """`[..]`, or `p[..]` when it is a pose."""

    items: tuple[Node, ...]
    pose: bool
    column: int


@dataclass(frozen=True, slots=True)
class Apply:
    """A call; `named` has the arguments with a keyword."""

    function: str
    arguments: tuple[Node, ...]
    named: dict[str, Node]
    column: int


@dataclass(frozen=True, slots=True)
class At:
    """One value of a list or pose."""

    base: Node
    index: Node
    column: int


@dataclass(frozen=True, slots=True)
class Member:
    """`a.b`, of structs and remote calls; not interpreted."""

    base: Node
    name: str
    column: int


@dataclass(frozen=True, slots=True)
class Op:
    """An operation, named as in `expressions.Operation`; `%` and `xor` besides."""

    name: str
    arguments: tuple[Node, ...]
    column: int


Node = Literal | Name | Vector | Apply | At | Member | Op
