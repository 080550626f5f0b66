"""What a running program talks to: the signals of a cell and the time its moves take."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import numpy as np

from core.frames import Array
from robots.programs.events import Moved


class Surroundings(Protocol):
    """The cell's side of a program. Time passes only in `advance` and `drive`."""

    def read(self, address: str) -> bool | int:
        """What an input or output shows now; raises `InputError` for an address that does not exist."""

    def write(self, address: str, value: bool | int) -> None:
        """Sets an output."""

    def advance(self, seconds: float) -> None:
        """The robot stands still."""

    def next_change(self) -> float | None:
        """Seconds until an input may change by itself; None: never, if the robot does nothing."""

    def expect(self, signals: dict[str, bool | int]) -> None:
        """The program begins to wait for these (address -> value)."""

    def drive(self, move: Moved) -> float:
        """Makes a move; returns the seconds it took."""

    def touched(self, move: Moved, T_end: Array) -> Array:
        """How far from where it is expected a search touches the workpiece (3,) [m], in the frame of the move's target.

        Args:
            move: To where the touch is expected.
            T_end: Where the search ends at the latest (4, 4).
        """

    def why_not(self, signals: dict[str, bool | int]) -> str:
        """Why these never come: for the person who reads a deadlock."""


Inputs = Callable[[str, bool | int], bool]
"""(address, value waited for) -> whether the input shows it in time."""


def all_come(address: str, value: bool | int) -> bool:
    """Every signal comes."""
    del address, value
    return True


class SignalsOnly:
    """A cell without machines: inputs show what is waited for at once, or not at all; moves take no time.

    Args:
        inputs: Which come.
    """

    def __init__(self, inputs: Inputs = all_come) -> None:
        self.inputs = inputs
        self.shown: dict[str, bool | int] = {}

    def read(self, address: str) -> bool | int:
        return self.shown.get(address, False)

    def write(self, address: str, value: bool | int) -> None:
        self.shown[address] = value

    def advance(self, seconds: float) -> None:
        del seconds

    def next_change(self) -> float | None:
        return None

    def expect(self, signals: dict[str, bool | int]) -> None:
        for address, value in signals.items():
            if self.inputs(address, value):
                self.shown[address] = value
            elif self.read(address) == value:
                self.shown[address] = not value if isinstance(value, bool) else value + 1

    def drive(self, move: Moved) -> float:
        del move
        return 0.0

    def touched(self, move: Moved, T_end: Array) -> Array:
        """The workpiece lies where it was planned."""
        del move, T_end
        return np.zeros(3)

    def why_not(self, signals: dict[str, bool | int]) -> str:
        del signals
        return "it was told not to come"
