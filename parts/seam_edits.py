"""What a user does with a seam: turn it round, cut it, join it to the next, weld it in stitches."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from string import ascii_lowercase

import numpy as np

from core.errors import InputError
from core.frames import Array
from core.units import MM, to_mm
from parts.seam import Seam
from parts.seam_chains import curve_of

SHORTEST = 1 * MM
MEET = 1 * MM
"""Ends of seams that are joined may be this far apart."""
ROUND = 1 * MM
"""Over this length the torch turns from the faces of one seam to those of the next where they are joined at a corner."""


def stretch(seam: Seam, start: float, end: float, name: str) -> Seam:
    """The part of a seam between two lengths from its start [m]; of a closed seam the end may lie behind the start again."""
    along = np.r_[0.0, np.cumsum(np.linalg.norm(np.diff(seam.points, axis=0), axis=1))]
    rows = [np.asarray(values) for values in (seam.points, seam.normals_a, seam.normals_b)]
    if end > along[-1] + 1e-9 and seam.closed:
        along = np.r_[along, along[1:] + along[-1]]
        rows = [np.concatenate((row, row[1:])) for row in rows]
    at = np.r_[start, along[(along > start + 1e-9) & (along < end - 1e-9)], end]
    points, a, b = (np.stack([np.interp(at, along, column) for column in row.T], axis=1) for row in rows)
    return replace(seam, name=name, points=points, normals_a=_unit(a), normals_b=_unit(b), curve=curve_of(points), closed=False)


def split(seam: Seam, at: Sequence[float]) -> tuple[Seam, ...]:
    """The seam cut at lengths from its start [m]: `4a`, `4b`, ...; of a closed seam n cuts make n pieces.

    Raises:
        InputError: When a cut is not inside the seam, or leaves a piece under a millimetre.
    """
    cuts = sorted(at)
    bounds = [*cuts, cuts[0] + seam.length] if seam.closed else [0.0, *cuts, seam.length]
    outside = [cut for cut in cuts if not SHORTEST <= cut <= seam.length - SHORTEST]
    if outside:
        raise InputError(f"seam '{seam.name}' is {to_mm(seam.length):.1f} mm long and cannot be split at {to_mm(outside[0]):g} mm")
    if min(np.diff(bounds)) < SHORTEST:
        raise InputError(f"seam '{seam.name}' is split into pieces of less than {to_mm(SHORTEST):g} mm")
    if len(bounds) - 1 > len(ascii_lowercase):
        raise InputError(f"seam '{seam.name}' is split into {len(bounds) - 1} pieces; the limit is {len(ascii_lowercase)}")
    pairs = zip(bounds[:-1], bounds[1:], strict=True)
    return tuple(stretch(seam, start, end, f"{seam.name}{letter}") for letter, (start, end) in zip(ascii_lowercase, pairs, strict=False))


def stitched(seam: Seam, length: float, pitch: float, start: float) -> tuple[Seam, ...]:
    """Stitches of a length, from start to start one pitch apart, the first one `start` behind the seam's start [m]: `7.1`, `7.2`, ...

    Raises:
        InputError: When not one stitch fits.
    """
    if start + length > seam.length + 1e-9:
        raise InputError(
            f"a stitch of {to_mm(length):g} mm that starts at {to_mm(start):g} mm does not fit on seam '{seam.name}' of {to_mm(seam.length):.1f} mm"
        )
    count = int((seam.length - start - length) / pitch + 1e-9) + 1
    return tuple(stretch(seam, start + k * pitch, start + k * pitch + length, f"{seam.name}.{k + 1}") for k in range(count))


def joined(first: Seam, second: Seam) -> Seam:
    """Both as one seam with the name of the first, the second turned round if only so it goes on where the first ends; at a corner the torch rolls over.

    Raises:
        InputError: When they do not meet, or one is closed.
    """
    if first.closed or second.closed:
        raise InputError(f"seam '{(first if first.closed else second).name}' is closed and cannot be joined")
    ends = [float(np.linalg.norm(first.points[-1] - point)) for point in (second.points[0], second.points[-1])]
    if min(ends) > MEET:
        raise InputError(
            f"seam '{second.name}' does not go on where seam '{first.name}' ends: they are {to_mm(min(ends)):.1f} mm apart; reverse '{first.name}', or choose others"
        )
    if ends[1] < ends[0]:
        second = second.reversed()
    if np.allclose(first.normals_a[-1], second.normals_b[0], atol=0.1) and not np.allclose(
        first.normals_a[-1], second.normals_a[0], atol=0.1
    ):
        second = replace(second, normals_a=second.normals_b, normals_b=second.normals_a)
    tail = stretch(second, min(ROUND, second.length / 2), second.length, second.name)
    points = np.concatenate((first.points, tail.points))
    closed = bool(np.linalg.norm(points[0] - points[-1]) < MEET)
    if closed:
        points[-1] = points[0]
    return replace(
        first, points=points, normals_a=np.concatenate((first.normals_a, tail.normals_a)), normals_b=np.concatenate((first.normals_b, tail.normals_b)),
        curve=curve_of(points), closed=closed, thickness_a=min(first.thickness_a, second.thickness_a), thickness_b=min(first.thickness_b, second.thickness_b),
        gap=max(first.gap, second.gap),
    )  # fmt: skip


def _unit(vectors: Array) -> Array:
    return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
