"""Tools as convex bodies, and stations put together from segments."""

from __future__ import annotations

from functools import cache
from typing import Literal

import numpy as np
from shapely import Polygon

from cells.tooling import Die, Punch, ToolSetup, ToolStation
from core.frames import Array
from parts.convex import convex_pieces

STEP = 5e-3
"""Segment sets are put together in steps of this length [m]."""


def _pieces(section: bytes, count: int) -> tuple[Array, ...]:
    return convex_pieces(Polygon(np.frombuffer(section).reshape(count, 2)))


_cached = cache(_pieces)


def section_pieces(section: Array) -> tuple[Array, ...]:
    """Convex pieces (k, 2) in (y, z) that make up a section exactly."""
    return _cached(np.ascontiguousarray(section, dtype=float).tobytes(), len(section))


def extrude(piece: Array, x_start: float, x_end: float, dz: float = 0.0) -> Array:
    """Vertices (2k, 3) of a (y, z) piece swept along x, raised by dz."""
    rows = [np.c_[np.full(len(piece), x), piece[:, 0], piece[:, 1] + dz] for x in (x_start, x_end)]
    return np.concatenate(rows)


def punch_hulls(punch: Punch, x_start: float, x_end: float) -> tuple[Array, ...]:
    """Hulls in the frame of the upper tool seat (z = 0 at the seat, the tip at -height)."""
    return tuple(extrude(piece, x_start, x_end, -punch.height) for piece in section_pieces(punch.section))


def die_hulls(die: Die, x_start: float, x_end: float) -> tuple[Array, ...]:
    """Hulls in the brake frame (z = 0 at the lower tool seat)."""
    return tuple(extrude(piece, x_start, x_end, die.height) for piece in section_pieces(die.section))


def setup_hulls(setup: ToolSetup) -> list[tuple[str, Literal["punch", "die"], Array]]:
    """Name, kind and hull of every tool of a set-up; punches in the upper seat's frame, dies in the brake frame."""
    found: list[tuple[str, Literal["punch", "die"], Array]] = []
    for station in setup.stations:
        x_end = station.x_start + station.length
        found += [(f"punch of station {station.index + 1}", "punch", hull) for hull in punch_hulls(station.punch, station.x_start, x_end)]
        die_start, die_end = die_span(station)
        found += [(f"die of station {station.index + 1}", "die", hull) for hull in die_hulls(station.die, die_start, die_end)]
    return found


def die_span(station: ToolStation) -> tuple[float, float]:
    """Left and right end of the die, centred under the punch [m]."""
    length = sum(station.die_segments)
    return station.x_middle - length / 2, station.x_middle + length / 2


def compose(length: float, stock: tuple[float, ...]) -> tuple[float, ...] | None:
    """Segments from stock that add up exactly to `length` (in steps of 5 mm), fewest and longest first; None: not possible."""
    want = round(length / STEP)
    units = sorted((round(segment / STEP) for segment in stock), reverse=True)
    # Dynamic programming over the stock: fewest segments for each sum.
    best: dict[int, tuple[int, ...]] = {0: ()}
    for unit in units:
        for total, used in sorted(best.items(), reverse=True):
            new = total + unit
            if new <= want and (new not in best or len(best[new]) > len(used) + 1):
                best[new] = (*used, unit)
    return tuple(unit * STEP for unit in best[want]) if want in best else None
