"""Folded sheets built as B-rep from their own formulas: the flat must be the known one, and fold back onto the solid."""

from __future__ import annotations

import math

import numpy as np
import pytest

pytest.importorskip("OCP", reason="the STEP kernel (extra `step`) is not installed")

from core.errors import InputError
from core.units import to_deg, to_mm
from parts.allowance import KFactor
from parts.build import build_sheet
from parts.job import BendTableEntry, bend_specs
from parts.materials import material
from parts.refold import refold_check
from parts.unfold import UnfoldedPart, unfold

from .step_family import (
    BRepAlgoAPI_Cut,
    BRepAlgoAPI_Fuse,
    BRepPrimAPI_MakeCone,
    BRepPrimAPI_MakeCylinder,
    Frame,
    Sheet,
    box,
    chain,
    drill,
    gp_Ax2,
    gp_Dir,
    gp_Pnt,
    prism,
    rectangle,
    solid_of,
)

K = 0.44


def flat_of(sheet: Sheet, radius_mm: float = 2.0) -> UnfoldedPart:
    return unfold(solid_of(sheet.shape), KFactor(K), lambda thickness: radius_mm * 1e-3)


def deviation_mm(it: UnfoldedPart) -> float:
    specs = bend_specs(it.flat, BendTableEntry(), 0.0)
    part = build_sheet(it.flat, thickness=it.thickness, material=material("mild-steel"), specs=specs, rule=KFactor(K))
    return to_mm(refold_check(it, part).deviation)


def codes(it: UnfoldedPart) -> list[str]:
    return [finding.code for finding in it.flat.findings]


CHAINS = {
    "L": (2.0, [50, 40], [(90, 2)]),
    "L down, 30 deg": (1.5, [50, 40], [(-30, 3)]),
    "L, 135 deg": (2.0, [50, 40], [(135, 2)]),
    "U": (2.0, [50, 60, 40], [(90, 2), (90, 2)]),
    "Z": (2.0, [50, 60, 40], [(90, 2), (-90, 1)]),
    "hat": (1.0, [20, 30, 50, 30, 20], [(-90, 1), (90, 1), (90, 1), (-90, 1)]),
    "jog": (1.0, [60, 1.0, 30], [(45, 1), (-45, 1)]),
    "closed hem": (1.0, [60, 10], [(180, 0.05)]),
    "open hem": (1.0, [60, 10], [(180, 1.5)]),
} | {
    f"{n} bends": (1.5, [25.0 + 3 * i for i in range(n + 1)], [((-1) ** i * (30 + 5 * i), 1.5 + 0.1 * i) for i in range(n)])
    for n in range(2, 13)
}


@pytest.mark.parametrize("name", CHAINS)
def test_chain_of_flanges(name):
    t, lengths, bends = CHAINS[name]
    width = 90.0
    sheet = chain(t, width, lengths, bends)
    it = flat_of(sheet)
    # Flat length: the flanges and an allowance of angle (r + K t) for each bend.
    length = sum(lengths) + sum(math.radians(abs(angle)) * (radius + K * t) for angle, radius in bends)
    assert sorted(map(to_mm, it.size)) == pytest.approx(sorted((width, length)), abs=1e-5)
    assert it.flat.outline.area * 1e6 == pytest.approx(sheet.area, rel=1e-8)
    assert to_mm(it.thickness) == pytest.approx(t, abs=1e-9)
    found = sorted((round(to_deg(line.angle), 6), round(to_mm(line.radius), 6)) for line in it.flat.bend_lines)
    assert found == sorted((float(abs(angle)), round(float(radius), 6)) for angle, radius in bends)
    # Up and down may both be turned: the side that sees more of the bends from inside is up.
    signs = [line.direction == "up" for line in it.flat.bend_lines]
    ups = sum(angle > 0 for angle, _ in bends)
    assert sum(signs) == max(ups, len(bends) - ups)
    assert abs(it.volume.explained) < 1e-5
    assert deviation_mm(it) < 0.01
    assert ("hem" in codes(it)) == ("hem" in name)


@pytest.mark.parametrize(("gap", "mitre"), [(3.0, False), (0.0, False), (1.0, True)])
def test_box(gap, mitre):
    sheet = box(1.5, 1.5, (100, 80), 20, gap, mitre)
    it = flat_of(sheet)
    wall = 20 + math.pi / 2 * (1.5 + K * 1.5)
    assert sorted(map(to_mm, it.size)) == pytest.approx([80 + 2 * wall, 100 + 2 * wall], abs=1e-5)
    assert it.flat.outline.area * 1e6 == pytest.approx(sheet.area, rel=1e-8)
    assert [line.direction for line in it.flat.bend_lines] == ["up"] * 4
    assert deviation_mm(it) < 0.01


@pytest.mark.parametrize("seed", range(4))
def test_random_holes(seed):
    random = np.random.default_rng(seed)
    t = float(random.uniform(0.8, 3.0))
    sheet, frame, holes = Sheet(t), Frame(), 0
    sheet.flange(frame, rectangle(100, 60))
    places = [frame]
    edge = frame.turned(0, 60, 0)
    for angle, radius in ((90, t), (-60, 1.5 * t)):
        edge = sheet.bend(edge, 100, angle, radius)
        sheet.flange(edge, rectangle(100, 60))
        places.append(edge)
        edge = edge.turned(0, 60, 0)
    for place in places:
        for x in (20, 50, 80):
            if random.uniform() < 0.7:
                sheet.hole(place, x, float(random.uniform(20, 40)), float(random.uniform(1.5, 9)))
                holes += 1
    it = flat_of(sheet)
    assert len(it.flat.outline.interiors) == holes
    assert sum(len(ring) == 1 and ring[0].is_circle for ring in it.rings) == holes
    # The region is bounded by chords of arcs.
    assert it.flat.outline.area * 1e6 == pytest.approx(sheet.area, rel=1e-4)
    assert deviation_mm(it) < 0.01


def test_split_cylinder_is_one_bend():
    sheet, frame = Sheet(2), Frame()
    sheet.flange(frame, rectangle(100, 50))
    sheet.flange(sheet.bend(frame.turned(0, 50, 0), 100, 90, 2, pieces=2), rectangle(100, 40))
    it = flat_of(sheet)
    assert [(to_deg(line.angle), to_mm(line.radius)) for line in it.flat.bend_lines] == [pytest.approx((90, 2))]
    assert deviation_mm(it) < 0.01


def test_hole_on_the_bend_line_does_not_part_the_line():
    sheet = chain(2, 100, [50, 40], [(90, 2)])
    sheet.hole(Frame(), 50, 50.5, 4, count=False)
    it = flat_of(sheet)
    assert len(it.flat.bend_lines) == 1 and len(it.flat.outline.interiors) == 1
    line = it.flat.bend_lines[0]
    assert to_mm(float(np.linalg.norm(line.end - line.start))) == pytest.approx(100, abs=1e-6)


@pytest.mark.parametrize("outer", ["sharp", "round"])
def test_modelled_sharp_bend(outer):
    """Outside dimensions stay: the flat is the sum of both less 2 (r + t) tan(angle / 2) and more by the allowance of the radius that is made."""
    t, radius = 2.0, 3.0
    if outer == "sharp":
        corners = [(0, 0), (50, 0), (50, 40), (50 - t, 40), (50 - t, t), (0, t)]
        sheet = Sheet(t, shape=prism(Frame(R=np.array([[0, 0, 1], [1, 0, 0], [0, 1, 0.0]])), corners, 100))
    else:
        sheet, frame = Sheet(t), Frame()
        sheet.flange(frame, rectangle(100, 50 - t))
        sheet.flange(sheet.bend(frame.turned(0, 50 - t, 0), 100, 90, 1e-7), rectangle(100, 40 - t))
    it = flat_of(sheet, radius)
    assert sorted(map(to_mm, it.size)) == pytest.approx([50 + 40 - 2 * (radius + t) + math.pi / 2 * (radius + K * t), 100], abs=1e-4)
    assert to_mm(it.flat.bend_lines[0].radius) == radius
    assert "sharp-bend" in codes(it) and abs(it.volume.explained) < 1e-4
    assert deviation_mm(it) < 0.01


def test_touching_flanges_are_cut_apart():
    sheet, base = Sheet(1.5), Frame()
    sheet.flange(base, rectangle(100, 80))
    sheet.flange(sheet.bend(base.turned(0, 80, 0), 100, 90, 1.5), rectangle(101.5, 30))
    sheet.flange(sheet.bend(base.turned(100, 80, -math.pi / 2), 80, 90, 1.5), [(-3, 0), (80, 0), (80, 30), (-3, 30)])
    it = flat_of(sheet)
    assert len(it.flat.bend_lines) == 2 and "flanges-touch" in codes(it)
    assert abs(it.volume.explained) < 1e-5 and deviation_mm(it) < 0.01


def with_feature(kind: str) -> tuple[Sheet, float]:
    """A bent sheet with something on it, and the radius of the hole that its flat must have there (0: none)."""
    sheet, here = chain(2, 100, [50, 40], [(90, 2)]), Frame()
    if kind == "boss above":
        sheet.shape = BRepAlgoAPI_Fuse(sheet.shape, drill(here, 30, 20, 4, 2, 8)).Shape()
        return sheet, 0.0
    if kind == "boss below":
        sheet.shape = BRepAlgoAPI_Fuse(sheet.shape, drill(here, 30, 20, 4, -6, 0)).Shape()
        return sheet, 0.0
    if kind == "insert":
        sheet.shape = BRepAlgoAPI_Fuse(sheet.shape, drill(here, 30, 20, 4, 2, 8)).Shape()
        sheet.shape = BRepAlgoAPI_Cut(sheet.shape, drill(here, 30, 20, 2, -5, 12)).Shape()
        return sheet, 2.0
    if kind == "dimple":
        from OCP.BRepPrimAPI import BRepPrimAPI_MakeSphere

        shell = BRepAlgoAPI_Cut(
            BRepPrimAPI_MakeSphere(gp_Pnt(30, 20, 2), 8).Shape(), BRepPrimAPI_MakeSphere(gp_Pnt(30, 20, 2), 6).Shape()
        ).Shape()
        cap = BRepAlgoAPI_Cut(shell, drill(here, 30, 20, 30, 2, 40)).Shape()
        sheet.shape = BRepAlgoAPI_Fuse(BRepAlgoAPI_Cut(sheet.shape, drill(here, 30, 20, 7.9, -1, 3)).Shape(), cap).Shape()
        return sheet, 0.0
    wide, narrow = (2.0, 5.0) if kind == "countersink above" else (5.0, 2.0)
    sheet.hole(here, 30, 20, 2.5, count=False)
    sheet.shape = BRepAlgoAPI_Cut(sheet.shape, drill(here, 30, 20, wide, 0, 2, narrow)).Shape()
    return sheet, 2.5


@pytest.mark.parametrize("kind", ["boss above", "boss below", "insert", "dimple", "countersink above", "countersink below"])
def test_features_are_left_out_and_named(kind):
    sheet, radius = with_feature(kind)
    it = flat_of(sheet)
    (feature,) = it.features
    assert kind.split()[0] in feature.kind
    assert len(it.flat.outline.interiors) == (1 if radius else 0)
    if radius:
        assert it.flat.outline.interiors[0].length / (2 * math.pi) * 1e3 == pytest.approx(radius, rel=1e-3)
    # Of the points on its edges, whose chords are 4 micrometres from the circles.
    at = np.array(feature.place[:2]) * 1e3
    assert at == pytest.approx(np.array([30, 20]), abs=5e-3)
    # The volume of the feature makes up for what the flat lacks or has too much.
    assert abs(it.volume.explained) < 3e-4
    assert deviation_mm(it) < 0.01


def refused(kind: str) -> Sheet:
    sheet, up = Sheet(2), gp_Ax2(gp_Pnt(0, 0, 0), gp_Dir(0, 0, 1))
    if kind == "two thicknesses":
        sheet.flange(Frame(), rectangle(60, 40))
        sheet.add(prism(Frame(p=np.array([60.0, 0, 0])), rectangle(60, 40), 3))
    elif kind == "tube":
        frame = Frame()
        for _ in range(4):
            sheet.flange(frame, rectangle(100, 40))
            frame = sheet.bend(frame.turned(0, 40, 0), 100, 90, 2)
    elif kind == "moulded":
        sheet.shape = BRepAlgoAPI_Cut(
            prism(Frame(), rectangle(100, 60), 40), prism(Frame(p=np.array([2.0, 2, 2])), rectangle(96, 56), 60)
        ).Shape()
    elif kind == "block":
        sheet.shape = prism(Frame(), rectangle(100, 60), 40)
    elif kind == "cone":
        sheet.shape = BRepAlgoAPI_Cut(BRepPrimAPI_MakeCone(up, 40, 20, 60).Shape(), BRepPrimAPI_MakeCone(up, 38, 18, 60).Shape()).Shape()
    elif kind == "pipe":
        sheet.shape = BRepAlgoAPI_Cut(BRepPrimAPI_MakeCylinder(up, 40, 60).Shape(), BRepPrimAPI_MakeCylinder(up, 38, 60).Shape()).Shape()
    else:
        sheet = Sheet(1)
        sheet.flange(Frame(), rectangle(100, 100))
        sheet.shape = BRepAlgoAPI_Cut(sheet.shape, prism(Frame(p=np.array([30.0, 40, -1])), rectangle(40, 20), 5)).Shape()
        sheet.flange(sheet.bend(Frame().turned(32, 40, 0), 36, 90, 1), rectangle(36, 50))
    return sheet


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        ("two thicknesses", r"thickness is not constant: [23] mm over 2400 mm2, but [23] mm over 2400 mm2 \(plane at"),
        ("tube", r"closed to a ring: flanges \d and \d"),
        ("moulded", r"closed to one another in sharp corners, without a gap"),
        ("block", r"40\.0 mm apart; the limit is 30 mm"),
        ("cone", r"2 cone: cones, lofts"),
        ("pipe", r"60\.0 mm apart"),
        ("tab longer than its window", r"the flat lies on itself"),
    ],
)
def test_what_is_no_bent_sheet_is_refused_with_the_reason(kind, reason):
    with pytest.raises(InputError, match=reason):
        flat_of(refused(kind))


def test_curl_is_unrolled_but_cannot_be_bent():
    sheet = Sheet(1)
    sheet.flange(Frame(), rectangle(100, 60))
    sheet.bend(Frame().turned(0, 60, 0), 100, 120, 4)
    it = flat_of(sheet)
    assert sorted(map(to_mm, it.size)) == pytest.approx([60 + math.radians(120) * (4 + K), 100], abs=1e-4)
    assert [finding.code for finding in it.flat.findings if finding.level == "error"] == ["curl"]


def lanced(kind: str) -> Sheet:
    """A sheet of 2 mm with a form pressed out of a slit: a louvre is half a dome of radius 8 about (30, 20), open towards -y; a bridge hangs on both ends of a slit at x 20..50, y 10..20."""
    sheet, here = chain(2, 100, [50, 40], [(90, 2)]), Frame()
    if kind == "louvre":
        from OCP.BRepPrimAPI import BRepPrimAPI_MakeSphere

        low = prism(Frame(p=np.array([0.0, 0, -20])), rectangle(100, 20), 60)
        dome = [BRepPrimAPI_MakeSphere(gp_Pnt(30, 20, 2), radius).Shape() for radius in (8, 6)]
        half = BRepAlgoAPI_Cut(BRepAlgoAPI_Cut(BRepAlgoAPI_Cut(*dome).Shape(), drill(here, 30, 20, 30, 2, 40)).Shape(), low).Shape()
        slit = BRepAlgoAPI_Cut(drill(here, 30, 20, 7.9, -1, 3), low).Shape()
        sheet.shape = BRepAlgoAPI_Fuse(BRepAlgoAPI_Cut(sheet.shape, slit).Shape(), half).Shape()
        return sheet
    sheet.shape = BRepAlgoAPI_Cut(sheet.shape, prism(Frame(p=np.array([20.0, 10, -1])), rectangle(30, 10), 4)).Shape()
    # In the plane of x and z, run along y.
    upright = np.column_stack(([1.0, 0, 0], [0.0, 0, 1], [0.0, -1, 0]))
    corners = [(20, 0), (28, 6), (42, 6), (50, 0), (50, 2), (42, 8), (28, 8), (20, 2)]
    sheet.shape = BRepAlgoAPI_Fuse(sheet.shape, prism(Frame(upright, np.array([0.0, 20.0, 0.0])), corners, 10.0)).Shape()
    return sheet


def _half_dome() -> float:
    """What the half dome adds to a sheet without a slit [mm3]: half a shell of radii 8 and 6 below z = 2, less the half disc of radius 7.9 that is cut out, less what of the shell lies in
    the sheet beyond it, where the outer radius at depth h is sqrt(64 - h^2) > 7.9."""
    deep = math.sqrt(64 - 7.9**2)
    return math.pi / 3 * (8**3 - 6**3) - math.pi / 2 * 7.9**2 * 2 - math.pi / 2 * ((64 - 7.9**2) * deep - deep**3 / 3)


@pytest.mark.parametrize(("kind", "more", "middle", "size"), [("louvre", _half_dome(), (30, 23.95), 15.8), ("bridge", 0.0, (35, 15), 30)])
def test_lanced_forms_are_left_out_and_their_slits_not_cut(kind, more, middle, size):
    """The bridge has the thickness of the sheet, measured upright, all over its slit, so it adds nothing; the half dome what its shell has more than the sheet."""
    it = flat_of(lanced(kind))
    (feature,) = it.features
    assert feature.kind == "louvre, bridge or lanced form" and feature.on_flat == "the slit is not drawn"
    assert len(it.flat.outline.interiors) == 0 and len(it.flat.bend_lines) == 1
    assert feature.volume * 1e9 == pytest.approx(more, abs=1.5)
    assert np.array(feature.place[:2]) * 1e3 == pytest.approx(middle, abs=0.02) and feature.size * 1e3 == pytest.approx(size, abs=0.02)
    assert abs(it.volume.explained) < 3e-4 and deviation_mm(it) < 0.01
    assert "left-out" in codes(it)
