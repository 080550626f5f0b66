"""Generated weldments as recognition sees them, without a file and without the reader's process."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("OCP", reason="the STEP kernel (extra `step`) is not installed")

from bench.weld_family import Made
from parts.seam import Seam
from parts.seam_finding import find_seams
from parts.seam_options import SeamOptions
from parts.step_extract import FINE_MESH, bodies, extract, summary, unified
from parts.step_file import _brep
from parts.weld_faces import SolidFaces


def solids(made: Made) -> list[SolidFaces]:
    out = []
    for name, shape in made.pieces:
        (body,) = bodies(shape)
        solid = unified(body)
        out.append(SolidFaces(name, _brep(Path(name), extract(solid, summary(solid), mesh=True, fineness=FINE_MESH))))
    return out


def found(made: Made, **limits: float) -> tuple[tuple[Seam, ...], tuple]:
    return find_seams(solids(made), SeamOptions(**limits))


def lengths(seams: tuple[Seam, ...]) -> list[tuple[str, float]]:
    return sorted((seam.kind, seam.length * 1e3) for seam in seams)


def same_lengths(seams: tuple[Seam, ...], wanted: list[tuple[str, float]], tolerance_mm: float = 0.1) -> bool:
    got, want = lengths(seams), sorted(wanted)
    return [kind for kind, _ in got] == [kind for kind, _ in want] and np.allclose(
        [length for _, length in got], [length for _, length in want], rtol=0, atol=tolerance_mm
    )
