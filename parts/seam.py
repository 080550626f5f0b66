"""A weld seam: where two pieces meet and are to be joined."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from core.frames import Array

SeamKind = Literal["fillet", "lap", "corner", "butt"]
TACK = " tack "
"""Between a seam's name and the number of a tack; no seam of a user may be called so."""


@dataclass(frozen=True, eq=False, slots=True)
class Seam:
    """One seam, in the weldment's frame.

    Attributes:
        name: `1`, `2`, ... or what the user calls it.
        kind: `fillet` (T joint: inner corner), `lap` (edge of one piece on the face of another), `corner` (outer edge), `butt`.
        points: Root of the seam, in welding direction (k, 3) [m], k >= 2; of curves at most 1 mm of chord and 5 deg apart.
        normals_a, normals_b: Unit normals (k, 3) of the two faces that meet, out of the material, on the side from which the torch comes.
            Their sum points to where the torch comes from; of a butt seam both are the same.
        curve: `line`, `arc` (one circle), `free`.
        closed: The last point is the first.
        pieces: Names of the two pieces.
        thickness_a, thickness_b: Of the pieces at the seam [m].
        gap: Largest gap between the pieces [m].
    """

    name: str
    kind: SeamKind
    points: Array
    normals_a: Array
    normals_b: Array
    curve: Literal["line", "arc", "free"]
    closed: bool
    pieces: tuple[str, str]
    thickness_a: float
    thickness_b: float
    gap: float = 0.0

    @property
    def tacked(self) -> str | None:
        """Name of the seam that this one is a tack of; None: it is no tack."""
        name, of_tack, _ = self.name.partition(TACK)
        return name if of_tack else None

    @property
    def length(self) -> float:
        """[m]"""
        return float(np.sum(np.linalg.norm(np.diff(self.points, axis=0), axis=1)))

    def reversed(self) -> Seam:
        """The same seam welded the other way."""
        return Seam(
            self.name, self.kind, self.points[::-1], self.normals_a[::-1], self.normals_b[::-1], self.curve, self.closed, self.pieces,
            self.thickness_a, self.thickness_b, self.gap,
        )  # fmt: skip
