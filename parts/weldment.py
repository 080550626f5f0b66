"""A weldment: pieces that lie together as they are to be welded."""

from __future__ import annotations

from dataclasses import dataclass

import trimesh

from core.findings import Finding
from core.frames import Array
from parts.seam import Seam


@dataclass(frozen=True, eq=False, slots=True)
class WeldPiece:
    """One piece.

    Attributes:
        name: Unique in the weldment.
        mesh: In the weldment's frame [m].
        hulls: Convex pieces that cover it, each (k, 3) [m].
        mass: [kg]
    """

    name: str
    mesh: trimesh.Trimesh
    hulls: tuple[Array, ...]
    mass: float


@dataclass(frozen=True, eq=False, slots=True)
class Weldment:
    """All pieces and the seams between them.

    Attributes:
        name: Of the file.
        pieces: Tacked together.
        seams: Found, or given by the user.
        findings: Of reading and recognition: overlaps, gaps, open shells, seams that were left out.
    """

    name: str
    pieces: tuple[WeldPiece, ...]
    seams: tuple[Seam, ...]
    findings: tuple[Finding, ...] = ()
