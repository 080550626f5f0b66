"""What a welding job leaves open or asks for, beside seams and cell."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Direction = Literal["auto", "as-given", "reversed"]


@dataclass(frozen=True, slots=True)
class WeldOptions:
    """Options of a job.

    Attributes:
        procedures: Seam name to procedure name; other seams get the first of the cell's that fits.
        passes: Seam name to number of beads; other seams get as many as their procedure has.
        order: Names of seams in the order to weld; empty: found.
        directions: Seam name to direction; `*` for all others.
        corners: Whether the torch rolls around corners within a seam, or stops and retracts there.
        overlap: How far a closed seam is welded over its start [m].
        tack_length, tack_pitch: Tacks before the first seam [m]; 0: none.
        search: Whether seams are searched by touch before they are welded; by name, `*` for all others.
        clearance: How far the torch stands back along the wire before and after a seam [m].
        seed: Of the random generator.
    """

    procedures: dict[str, str] = field(default_factory=dict)
    passes: dict[str, int] = field(default_factory=dict)
    order: tuple[str, ...] = ()
    directions: dict[str, Direction] = field(default_factory=dict)
    corners: Literal["roll", "stop"] = "roll"
    overlap: float = 0.010
    tack_length: float = 0.0
    tack_pitch: float = 0.150
    search: dict[str, bool] = field(default_factory=dict)
    clearance: float = 0.050
    seed: int = 0

    def searched(self, seam: str) -> bool:
        """Whether a seam is searched."""
        return self.search.get(seam, self.search.get("*", False))

    def direction(self, seam: str) -> Direction:
        """Of a seam."""
        return self.directions.get(seam, self.directions.get("*", "auto"))
