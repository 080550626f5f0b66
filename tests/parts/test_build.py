"""Folded parts against the hand formula: outer dimension = leg + t + r on each bent side."""

import numpy as np
import pytest
from shapely import Polygon, box

from core.errors import InputError
from core.frames import Array, apply
from parts.allowance import KFactor
from parts.build import BendSpec, build_sheet
from parts.flat import BendLine, FlatPattern
from parts.materials import material
from parts.sheet import SheetPart

T, R, K = 2e-3, 2.5e-3, 0.42
BA = np.pi / 2 * (R + K * T)


def line(x0: float, y0: float, x1: float, y1: float) -> BendLine:
    return BendLine(np.array([x0, y0]), np.array([x1, y1]))


def make(outline: Polygon, lines: list[BendLine], signs: list[int]) -> SheetPart:
    flat = FlatPattern("test", outline, tuple(lines), (), "test.dxf")
    return build_sheet(
        flat,
        thickness=T,
        material=material("mild-steel"),
        specs=[BendSpec(s * np.pi / 2, R) for s in signs],
        rule=KFactor(K),
        collision=False,
    )


def size(part: SheetPart) -> Array:
    """Outer dimensions [m] of the folded flanges as prisms of the sheet's thickness; bend zones lie inside their box for 90 degree bends."""
    Ts = part.fold(part.target_angles)
    points = np.concatenate([apply(Ts[f.index], hull) for f in part.flanges for hull in part.flange_hulls(f.index)])
    extent: Array = points.max(axis=0) - points.min(axis=0)
    return extent


def strip(legs: list[float], width: float = 0.08, signs: list[int] | None = None) -> SheetPart:
    """A strip with flat flange lengths `legs` between its bend zones."""
    at, lines = 0.0, []
    for leg in legs[:-1]:
        at += leg + BA / 2
        lines.append(line(at, 0.0, at, width))
        at += BA / 2
    return make(box(0.0, 0.0, at + legs[-1], width), lines, signs or [1] * len(lines))


def test_l() -> None:
    part = strip([0.06, 0.04])
    assert size(part) == pytest.approx([0.06 + R + T, 0.08, 0.04 + R + T], abs=1e-5)


def test_u() -> None:
    part = strip([0.03, 0.07, 0.03])
    assert size(part) == pytest.approx([0.07 + 2 * (R + T), 0.08, 0.03 + R + T], abs=1e-5)


def test_hat() -> None:
    part = strip([0.02, 0.03, 0.07, 0.03, 0.02], signs=[-1, 1, 1, -1])
    height = 0.03 + 2 * R + 2 * T
    width = 0.07 + 2 * (R + T) + 2 * (0.02 + R)
    assert size(part) == pytest.approx([width, 0.08, height], abs=1e-5)


def test_box() -> None:
    base_x, base_y, wall, relief = 0.12, 0.09, 0.03, 0.003
    a, b = base_x / 2 + BA / 2, base_y / 2 + BA / 2
    ex, ey = base_x / 2 - relief, base_y / 2 - relief
    reach_x, reach_y = base_x / 2 + BA + wall, base_y / 2 + BA + wall
    cross = box(-reach_x, -ey, reach_x, ey).union(box(-ex, -reach_y, ex, reach_y))
    part = make(cross, [line(-a, -ey, -a, ey), line(a, -ey, a, ey), line(-ex, -b, ex, -b), line(-ex, b, ex, b)], [1, 1, 1, 1])
    assert len(part.flanges) == 5
    assert size(part) == pytest.approx([base_x + 2 * (R + T), base_y + 2 * (R + T), wall + R + T], abs=1e-5)


def test_flat_is_identity_and_the_zone_ends_meet_at_every_angle() -> None:
    part = strip([0.03, 0.07, 0.03], signs=[1, -1])
    assert part.fold(np.zeros(2)) == pytest.approx(np.tile(np.eye(4), (3, 1, 1)), abs=1e-14)
    for angle in np.linspace(-2.5, 2.5, 11):
        for bend in part.bends:
            # The neutral fibre keeps its length: the arc from one tangent point to the other is BA long.
            if abs(angle) > 1e-6:
                assert abs(angle) * (part.radius_at(bend.index, angle) + K * T) == pytest.approx(BA)
            whole = part.T_bend_child(bend.index, float(angle))
            assert whole[:3, :3] @ whole[:3, :3].T == pytest.approx(np.eye(3), abs=1e-12)


def test_mass_of_a_strip() -> None:
    """Area x thickness x density: (0.06 + BA + 0.04) x 0.08 x 2 mm x 7850."""
    part = strip([0.06, 0.04])
    assert part.mass == pytest.approx((0.1 + BA) * 0.08 * T * 7850, rel=1e-4)
    assert part.center_of_mass(np.zeros(1)) == pytest.approx([(0.1 + BA) / 2, 0.04, 0.0], abs=1e-6)


def test_inertia_of_a_flat_plate() -> None:
    """m (b2 + t2) / 12 and m (a2 + b2) / 12."""
    part = strip([0.06, 0.04])
    a, b, m = 0.1 + BA, 0.08, part.mass
    expected = np.diag([m * (b * b + T * T) / 12, m * (a * a + T * T) / 12, m * (a * a + b * b) / 12])
    assert part.inertia(np.zeros(1)) == pytest.approx(expected, rel=2e-4, abs=1e-9)


def test_collinear_bends_are_one_stroke() -> None:
    notch = box(0.05, 0.0, 0.15, 0.1).union(box(0.0, 0.0, 0.05, 0.04)).union(box(0.0, 0.06, 0.05, 0.1))
    part = make(notch, [line(0.03, 0.0, 0.03, 0.04), line(0.03, 0.06, 0.03, 0.1)], [1, 1])
    assert [stroke.bends for stroke in part.strokes] in ([(0, 1)], [(1, 0)])


def test_a_bend_that_does_not_cut_through_is_refused_with_its_place() -> None:
    with pytest.raises(InputError, match="bend 1"):
        make(box(0, 0, 0.1, 0.1), [line(0.05, 0.0, 0.05, 0.05)], [1])


def test_a_ring_is_refused_with_its_bends() -> None:
    frame = box(-0.1, -0.1, 0.1, 0.1).difference(box(-0.06, -0.06, 0.06, 0.06))
    lines = [line(-0.1, 0.0, -0.06, 0.0), line(0.06, 0.0, 0.1, 0.0), line(0.0, -0.1, 0.0, -0.06), line(0.0, 0.06, 0.0, 0.1)]
    with pytest.raises(InputError, match="ring"):
        make(frame, lines, [1, 1, 1, 1])


@pytest.mark.parametrize("spec", [BendSpec(0.0, R), BendSpec(4.0, R), BendSpec(1.0, -1e-3), BendSpec(1.5, 0.2)])
def test_impossible_bends_are_refused(spec: BendSpec) -> None:
    flat = FlatPattern("test", box(0, 0, 0.1, 0.1), (line(0.05, 0, 0.05, 0.1),), (), "test.dxf")
    with pytest.raises(InputError, match="bend 1"):
        build_sheet(flat, thickness=T, material=material("mild-steel"), specs=[spec])
