"""Tools as convex bodies, and stations put together from segments."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from itertools import islice
from typing import Literal

import numpy as np
from shapely import Polygon

from cells.tooling import Die, Punch, ToolSetup, ToolStation
from core.frames import Array
from parts.convex import convex_pieces

STEP = 5e-3
"""Segment sets are put together in steps of this length [m]."""
COMPOSITIONS = 200
"""Ways to put one station together that are looked at."""


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
    found = compose_all((length,), stock)
    return None if found is None else found[0]


def compose_all(lengths: tuple[float, ...], stock: tuple[float, ...]) -> tuple[tuple[float, ...], ...] | None:
    """Segments for several stations out of one stock, each used once: every station gets the fewest that leave enough for those after it.

    None when the stock does not add up to all of them, or not within the first `COMPOSITIONS` ways of each.
    """
    units = tuple(sorted((round(segment / STEP) for segment in stock), reverse=True))
    found = _compose_units(tuple(round(length / STEP) for length in lengths), units)
    return None if found is None else tuple(tuple(unit * STEP for unit in one) for one in found)


def _compose_units(wanted: tuple[int, ...], units: tuple[int, ...]) -> tuple[tuple[int, ...], ...] | None:
    if not wanted:
        return ()
    ways = islice(_ways(wanted[0], units), COMPOSITIONS)
    for way in sorted(ways, key=len):
        left = list(units)
        for unit in way:
            left.remove(unit)
        rest = _compose_units(wanted[1:], tuple(left))
        if rest is not None:
            return (way, *rest)
    return None


def _ways(want: int, units: tuple[int, ...]) -> Iterator[tuple[int, ...]]:
    """Every way to make a sum from units (long to short), each once, those with long ones first."""
    # Sums that the units from each place on can make, as bits.
    sums = [1]
    for unit in reversed(units):
        sums.append(sums[-1] | sums[-1] << unit)
    sums.reverse()

    def go_on(place: int, missing: int) -> Iterator[tuple[int, ...]]:
        if missing == 0:
            yield ()
            return
        tried = 0
        for at in range(place, len(units)):
            unit = units[at]
            if unit != tried and unit <= missing and sums[at + 1] >> (missing - unit) & 1:
                tried = unit
                for rest in go_on(at + 1, missing - unit):
                    yield (unit, *rest)

    yield from go_on(0, want)
