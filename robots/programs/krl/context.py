"""What the parts of the KRL reader share while they read one program."""

from __future__ import annotations

from dataclasses import dataclass, field

from robots.programs.controller import Controller
from robots.programs.krl.data import Names
from robots.programs.program import Frame, Load, Tool


@dataclass(frozen=True, slots=True)
class Head:
    """A routine's first line.

    Attributes:
        name: In capitals.
        parameters: Names with whether they are handed back (`:OUT`).
        result: Type of a DEFFCT; None: a DEF.
        line, end: Lines of DEF and END.
        asks: Parameters handed back whose first value the routine uses.
    """

    name: str
    parameters: tuple[tuple[str, bool], ...]
    result: str | None
    line: int
    end: int
    asks: frozenset[str] = frozenset()


@dataclass(eq=False, slots=True)
class Context:
    """Everything a statement may need.

    Attributes:
        file: The `.src`.
        names: Meanings of names; the local ones change with the routine.
        controller: Of the cell.
        heads: Routines by name.
        rounds_by_distance, rounds_by_share: Whether joint moves of this program say C_DIS, C_PTP.
        tools, frames, loads: What the program turned out to use.
        turn: $VEL.ORI1 and $VEL.ORI2 as last set in the text [rad/s].
        rounding: $APO.CDIS and what $APO.CPTP stands for, as last set in the text [m].
    """

    file: str
    names: Names
    controller: Controller
    heads: dict[str, Head]
    rounds_by_distance: bool
    rounds_by_share: bool
    tools: dict[str, Tool] = field(default_factory=dict)
    frames: dict[str, Frame] = field(default_factory=dict)
    loads: dict[str, Load] = field(default_factory=dict)
    turn: dict[str, float] = field(default_factory=dict)
    rounding: dict[str, float] = field(default_factory=dict)
