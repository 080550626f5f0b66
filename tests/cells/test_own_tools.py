"""Own tools: sections drawn by the test, read with their figures; planted faults are named."""

from __future__ import annotations

import dataclasses

import ezdxf
import ezdxf.path
import numpy as np
import pytest
from shapely import LineString, Polygon, box, polygonize, set_precision, unary_union

from cells.load import SHIPPED, load_cell
from cells.tooling_hulls import section_pieces
from core.errors import InputError
from parts.build import BendSpec, build_sheet
from parts.flat import BendLine, FlatPattern
from parts.materials import material
from sim.sequence import plan_sequence
from sim.tool_choice import ToolPair
from sim.tool_layout import lay_out
from tests.conftest import strip

CELL = (SHIPPED / "bending-irb4600.yaml").read_text()
PUNCH = "{name: my-punch, section: tools/p.dxf, angle_deg: 85, radius_mm: 0.8, rating_kn_m: 600, height_mm: 135}"
DIE = "{name: my-die, section: tools/d.dxf, opening_mm: 16, angle_deg: 86, shoulder_mm: 2, rating_kn_m: 800}"


def flank_points(angle_deg: float, radius: float, half_width: float) -> tuple[tuple[float, float], tuple[float, float], float]:
    """Tangent point of tip arc and right flank, the flank's end at a half width, and the bulge of the whole tip arc (hand geometry)."""
    a = np.radians(angle_deg / 2)
    tangent = (radius * np.cos(a), radius * (1 - np.sin(a)))
    end = (half_width, tangent[1] + (half_width - tangent[0]) / np.tan(a))
    return tangent, end, float(np.tan((np.pi - 2 * a) / 4))


def gooseneck(path, *, angle_deg=85.0, lift=0.0, gap=0.0, radius=0.8):
    """A gooseneck with a rounded tip and an arc as its hollow on the robot's side; 135 mm high, 30 mm seat."""
    (tx, tz), (fx, fz), bulge = flank_points(angle_deg, radius, 6.0)
    # (y, z, bulge to the next corner); counter-clockwise from the left end of the tip arc. The hollow bulges into the punch.
    corners = [
        (-tx, tz, bulge), (tx, tz, 0), (fx, fz, 0), (6, 25, 0), (28, 60, 0), (28, 135, 0), (-2, 135, 0), (-2, 100, -0.35), (-6, 26, 0), (-fx, fz, 0),
    ]  # fmt: skip
    document = ezdxf.new(units=4)
    space = document.modelspace()
    space.add_lwpolyline([(x, z + lift, b) for x, z, b in corners], format="xyb", close=gap == 0.0)
    if gap:
        space.add_line((-fx, fz + lift), (-tx - gap, tz + lift))
    path.parent.mkdir(exist_ok=True)
    document.saveas(path)


def v_die(path, *, opening=16.0, angle_deg=86.0, shoulder=2.0, shift=0.0):
    """A die with rounded shoulders, 55 mm high and 40 mm wide, drawn as single lines and arcs."""
    a = np.radians(angle_deg / 2)
    s = opening / 2 + shoulder * (1 - np.sin(a)) / np.cos(a)
    t = (s - shoulder * np.cos(a), -shoulder * (1 - np.sin(a)))
    depth = opening / 2 / np.tan(a)
    document = ezdxf.new(units=4)
    space = document.modelspace()
    ring = [(s, 0), (20, 0), (20, -55), (-20, -55), (-20, 0), (-s, 0)]
    for p, q in zip(ring[:-1], ring[1:], strict=True):
        space.add_line((p[0] + shift, p[1]), (q[0] + shift, q[1]))
    for p, q in (((-t[0], t[1]), (0, -depth)), ((0, -depth), t)):
        space.add_line((p[0] + shift, p[1]), (q[0] + shift, q[1]))
    space.add_arc((s + shift, -shoulder), shoulder, 90, 180 - np.degrees(a))
    space.add_arc((-s + shift, -shoulder), shoulder, np.degrees(a), 90)
    path.parent.mkdir(exist_ok=True)
    document.saveas(path)


def two_lengths():
    """A sheet with flanges of 96 mm and 196 mm on neighbouring edges."""
    outline = box(0.0, 0.0, 0.2, 0.3).union(box(0.2, 0.1, 0.24, 0.196)).union(box(0.002, 0.3, 0.198, 0.34))
    bends = (BendLine(np.array([0.203, 0.1]), np.array([0.203, 0.196])), BendLine(np.array([0.002, 0.303]), np.array([0.198, 0.303])))
    flat = FlatPattern("corner", outline, bends)
    specs = [BendSpec(np.pi / 2, 2e-3)] * 2
    return build_sheet(flat, thickness=2e-3, material=material("mild-steel"), specs=specs, collision=False)


def own_cell(folder, *, punch=PUNCH, die=DIE):
    path = folder / "cell.yaml"
    text = CELL.replace("punches: [", f"punches: [{punch}, ", 1).replace("dies: [", f"dies: [{die}, ", 1)
    path.write_text(text)
    return path


@pytest.fixture
def tools(tmp_path):
    gooseneck(tmp_path / "tools" / "p.dxf")
    v_die(tmp_path / "tools" / "d.dxf")
    return tmp_path


def test_sections_become_tools_beside_the_catalogue(tools):
    stock = load_cell(own_cell(tools)).tooling
    punch, die = stock.punches[0], stock.dies[0]
    assert (punch.name, punch.style, stock.punches[1].name) == ("my-punch", "user", "P-straight-80-r0.8")
    assert punch.height == pytest.approx(0.135, abs=1e-6)
    assert np.degrees(punch.angle) == pytest.approx(85.0)
    assert (die.opening, die.height, die.shoulder) == pytest.approx((0.016, 0.055, 0.002), abs=1e-6)
    assert die.rating == pytest.approx(800e3)


def drawn(path) -> Polygon:
    """The drawing's shape in metres, flattened fifty times finer than the reader does; independent of it."""
    lines = []
    for entity in ezdxf.readfile(path).modelspace():
        lines.append(LineString([(round(v.x, 9) * 1e-3, round(v.y, 9) * 1e-3) for v in ezdxf.path.make_path(entity).flattening(1e-4)]))
    return max(polygonize([set_precision(unary_union(lines), 1e-9)]).geoms, key=lambda face: face.area)


@pytest.mark.parametrize("which", ["punch", "die"])
def test_pieces_contain_the_section_and_hardly_more(tools, which):
    """Nothing of the drawn tool is outside its convex pieces (but for the chords of outward arcs), and they stand out by 0.1 mm at most."""
    stock = load_cell(own_cell(tools)).tooling
    tool, file = (stock.punches[0], "p.dxf") if which == "punch" else (stock.dies[0], "d.dxf")
    shape = drawn(tools / "tools" / file)
    pieces = [Polygon(piece) for piece in section_pieces(tool.section)]
    whole = unary_union(pieces)
    assert shape.area > 5e-4
    assert shape.difference(whole.buffer(6e-6)).area < 1e-13
    assert whole.difference(shape.buffer(1.05e-4)).area < 1e-13
    assert len(pieces) <= 18
    for piece in pieces:
        assert piece.convex_hull.area == pytest.approx(piece.area, rel=1e-7)


@pytest.mark.parametrize(
    ("draw", "punch", "words"),
    [
        ({"angle_deg": 88.0}, PUNCH, ["p.dxf", "angle_deg 85", "88.0"]),
        ({"lift": 3.0}, PUNCH, ["p.dxf", "tip is not at the origin", "3.00"]),
        ({"gap": 0.5}, PUNCH, ["p.dxf", "not closed", "loose ends"]),
        ({"radius": 2.0}, PUNCH, ["p.dxf", "radius_mm 0.8", "R 2.0"]),
        ({}, PUNCH.replace("height_mm: 135", "height_mm: 120"), ["p.dxf", "height_mm 120", "135.00 mm"]),
        ({}, PUNCH.replace("tools/p.dxf", "../p.dxf"), ["cell.yaml", "../p.dxf", "leaves"]),
        ({}, PUNCH.replace("tools/p.dxf", "tools/none.dxf"), ["none.dxf", "no such file"]),
        ({}, PUNCH.replace("my-punch", "P-straight-80-r0.8"), ["cell.yaml", "P-straight-80-r0.8", "twice"]),
        ({}, PUNCH.replace("radius_mm: 0.8, ", ""), ["cell.yaml", "radius_mm", "line"]),
        ({}, PUNCH.replace("section:", "sectoin:"), ["cell.yaml", "did you mean 'section'"]),
        ({}, PUNCH.replace("angle_deg: 85", "angle_deg: 5"), ["cell.yaml", "angle_deg", "10"]),
    ],
)  # fmt: skip
def test_planted_faults_of_a_punch_are_named(tools, draw, punch, words):
    gooseneck(tools / "tools" / "p.dxf", **draw)
    with pytest.raises(InputError) as caught:
        load_cell(own_cell(tools, punch=punch))
    for word in words:
        assert word in str(caught.value)


@pytest.mark.parametrize(
    ("draw", "words"),
    [
        ({"opening": 12.0}, ["opening_mm 16", "12.00 mm apart"]),
        ({"angle_deg": 80.0}, ["angle_deg 86", "80.00"]),
        ({"shift": 1.0}, ["V's middle lies at y = 1.000 mm"]),
        ({"shoulder": 4.0}, ["shoulder_mm 2", "R 4.00"]),
    ],
)
def test_planted_faults_of_a_die_are_named(tools, draw, words):
    v_die(tools / "tools" / "d.dxf", **draw)
    with pytest.raises(InputError) as caught:
        load_cell(own_cell(tools))
    for word in (*words, "d.dxf"):
        assert word in str(caught.value)


def test_upside_down_and_sideways_sections_are_refused(tools):
    document = ezdxf.new(units=4)
    document.modelspace().add_lwpolyline([(0, 0), (30, 60), (0, 120), (-30, 60)], close=True)
    document.saveas(tools / "tools" / "p.dxf")
    with pytest.raises(InputError, match="no seat at the top"):
        load_cell(own_cell(tools))


def test_the_sequence_bends_with_the_own_tools(tools):
    """With nothing else in stock, sequence and set-up carry the own punch and die themselves."""
    path = tools / "cell.yaml"
    text = own_cell(tools).read_text()
    lines = [
        f"  punches: [{PUNCH}]" if line.startswith("  punches:") else f"  dies: [{DIE}]" if line.startswith("  dies:") else line
        for line in text.splitlines()
    ]
    path.write_text("\n".join(lines))
    cell = load_cell(path)
    result = plan_sequence(strip([0.04, 0.16], 0.2, 0.1), cell.brake, cell.tooling)
    assert [finding for finding in result.findings if finding.level == "error"] == []
    assert len(result.steps) == 2
    assert {station.punch.name for station in result.setup.stations} == {"my-punch"}
    assert result.setup.punch_height == pytest.approx(0.135, abs=1e-6)
    assert result.setup.die_height == pytest.approx(0.055, abs=1e-6)


def test_punches_of_two_heights_do_not_hang_together(tools):
    """Asked for one station of each, the layout says so instead of closing wrongly; the search takes tools of one height where it can."""
    cell = load_cell(own_cell(tools))
    own, shipped = cell.tooling.punches[0], cell.tooling.punches[1]
    assert own.height != shipped.height
    die, part = cell.tooling.dies[1], two_lengths()
    _, _, findings = lay_out(part, cell.brake, cell.tooling, [(ToolPair(own, die), 0.19), (ToolPair(shipped, die), 0.09)])
    assert [finding.code for finding in findings] == ["tool-heights"]
    assert "120, 135" in findings[0].message
    stock = dataclasses.replace(cell.tooling, punches=(own, shipped))
    result = plan_sequence(part, cell.brake, stock)
    assert [finding for finding in result.findings if finding.level == "error"] == []
    assert len({station.punch.height for station in result.setup.stations}) == 1
