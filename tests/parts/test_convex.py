"""Convex pieces: exact, disjoint, convex."""

import numpy as np
import pytest
from shapely import Point, Polygon, box, unary_union

from parts.convex import collision_outline, convex_pieces


def shapes() -> list[Polygon]:
    rng = np.random.default_rng(3)
    out = [
        box(0, 0, 0.1, 0.05),
        box(0, 0, 0.1, 0.1).difference(Point(0.05, 0.05).buffer(0.02)),
        box(0, 0, 0.1, 0.1).difference(box(0.02, 0.03, 0.2, 0.05)),
    ]
    for _ in range(12):
        angles = np.sort(rng.uniform(0, 2 * np.pi, 14))
        radii = rng.uniform(0.03, 0.1, 14)
        star = Polygon(np.c_[radii * np.cos(angles), radii * np.sin(angles)])
        if star.is_valid:
            out.append(star)
    return out


@pytest.mark.parametrize("shape", shapes())
def test_pieces_cover_exactly(shape: Polygon) -> None:
    pieces = [Polygon(piece) for piece in convex_pieces(shape)]
    assert sum(piece.area for piece in pieces) == pytest.approx(shape.area, rel=1e-9)
    assert unary_union(pieces).symmetric_difference(shape).area < 1e-9 * shape.area + 1e-14
    for piece in pieces:
        assert piece.convex_hull.area == pytest.approx(piece.area, rel=1e-7)
        assert piece.exterior.is_ccw


@pytest.mark.parametrize("shape", shapes())
def test_collision_outline_contains_the_sheet(shape: Polygon) -> None:
    outline = collision_outline(shape)
    assert outline.buffer(2e-9).contains(Polygon(shape.exterior).intersection(outline.convex_hull).intersection(shape))
    assert shape.difference(outline.buffer(1e-9)).area < 1e-14
