"""How CAD systems mark bends: one small drawing for each, and notes in their spellings."""

from pathlib import Path

import ezdxf
import numpy as np
import pytest

from parts.dxf import read_dxf
from parts.dxf_conventions import layer_role, parse_note


@pytest.mark.parametrize(
    ("layer", "direction"),
    [
        ("IV_BEND", "up"),
        ("IV_BEND_DOWN", "down"),
        ("BEND", None),
        ("SHEETMETAL_BEND_LINES_UP", "up"),
        ("SHEETMETAL_BEND_LINES_DOWN", "down"),
        ("UP_CENTERLINES", "up"),
        ("DOWN_CENTERLINES", "down"),
        ("BEND-UP", "up"),
        ("bend-down", "down"),
        ("BENDLINES", None),
        ("Bending", None),
        ("FOLD", None),
        ("KANTLINIE", None),
    ],
)
def test_layers(tmp_path: Path, layer: str, direction: str | None) -> None:
    document = ezdxf.new(units=4)
    space = document.modelspace()
    space.add_lwpolyline([(0, 0), (100, 0), (100, 60), (0, 60)], close=True)
    space.add_line((50, 0), (50, 60), dxfattribs={"layer": layer})
    for x in (45, 55):
        space.add_line((x, 0), (x, 60), dxfattribs={"layer": "BEND_EXTENT"})
        space.add_line((x, 20), (x, 22), dxfattribs={"layer": "ETCH"})
        space.add_line((x, 0), (x, 60), dxfattribs={"layer": "IV_TANGENT"})
    document.saveas(tmp_path / "part.dxf")
    flat = read_dxf(tmp_path / "part.dxf")
    assert len(flat.bend_lines) == 1
    assert flat.bend_lines[0].direction == direction
    assert sorted((flat.bend_lines[0].start[1], flat.bend_lines[0].end[1])) == pytest.approx([0.0, 0.06])
    assert flat.outline.area == pytest.approx(0.006, rel=1e-6)


@pytest.mark.parametrize("linetype", ["CENTER", "DASHED", "HIDDEN", "PHANTOM"])
def test_line_types_on_a_nameless_layer(tmp_path: Path, linetype: str) -> None:
    document = ezdxf.new(units=4, setup=True)
    space = document.modelspace()
    space.add_lwpolyline([(0, 0), (100, 0), (100, 60), (0, 60)], close=True)
    space.add_line((50, 0), (50, 60), dxfattribs={"linetype": linetype})
    document.saveas(tmp_path / "part.dxf")
    assert len(read_dxf(tmp_path / "part.dxf").bend_lines) == 1


def test_one_note_serves_two_lines_split_by_a_notch(tmp_path: Path) -> None:
    document = ezdxf.new(units=4, setup=True)
    space = document.modelspace()
    space.add_lwpolyline([(0, 0), (100, 0), (100, 60), (55, 60), (55, 45), (45, 45), (45, 60), (0, 60)], close=True)
    space.add_line((0, 50), (100, 50), dxfattribs={"linetype": "CENTER"})
    space.add_text("DOWN 45%%d R 2.5", dxfattribs={"layer": "NOTE"}).set_placement((30, 51))
    document.saveas(tmp_path / "part.dxf")
    lines = read_dxf(tmp_path / "part.dxf").bend_lines
    assert len(lines) == 2
    for line in lines:
        assert (line.direction, line.angle, line.radius) == ("down", pytest.approx(np.pi / 4), pytest.approx(2.5e-3))
        assert np.linalg.norm(line.end - line.start) == pytest.approx(0.045, abs=1e-6)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("UP 90° R 0.125", ("up", 90.0, 0.125)),
        ("UP  90\\U+00B0  R .5", ("up", 90.0, 0.5)),
        ("DOWN 45.5%%d R 2", ("down", 45.5, 2.0)),
        ("{\\fArial|b0;DN 30°}", ("down", 30.0, None)),
        ("up 90", ("up", 90.0, None)),
    ],
)
def test_note_spellings(text: str, expected: tuple[str, float, float | None]) -> None:
    note = parse_note(text, 1.0, 2.0)
    assert note is not None
    assert (note.direction, note.angle_deg, note.radius) == expected


def test_other_text_is_no_note() -> None:
    assert parse_note("SUPPLY 3 PIECES", 0, 0) is None
    assert parse_note("t = 2 mm", 0, 0) is None
    assert layer_role("0") is None


def test_an_arc_mirrored_by_its_extrusion(tmp_path: Path) -> None:
    """A half circle bulging to the right, written as SolidWorks writes mirrored parts: extrusion (0, 0, -1)."""
    document = ezdxf.new(units=4)
    space = document.modelspace()
    for a, b in (((0, 0), (100, 0)), ((100, 60), (0, 60)), ((0, 60), (0, 0))):
        space.add_line(a, b)
    # In object coordinates x is mirrored: centre -100, from 90 to 270 degrees bulges to world +x.
    space.add_arc((-100, 30), 30, 90, 270, dxfattribs={"extrusion": (0, 0, -1)})
    document.saveas(tmp_path / "arc.dxf")
    flat = read_dxf(tmp_path / "arc.dxf")
    assert flat.outline.area == pytest.approx((6000 + np.pi * 450) * 1e-6, rel=1e-4)


def test_a_spline_hole(tmp_path: Path) -> None:
    document = ezdxf.new(units=4)
    space = document.modelspace()
    space.add_lwpolyline([(0, 0), (100, 0), (100, 60), (0, 60)], close=True)
    points = [(50 + 10 * np.cos(a), 30 + 10 * np.sin(a), 0) for a in np.linspace(0, 2 * np.pi, 25)]
    space.add_spline(points)
    document.saveas(tmp_path / "spline.dxf")
    flat = read_dxf(tmp_path / "spline.dxf")
    assert len(flat.outline.interiors) == 1
    assert flat.outline.area == pytest.approx((6000 - np.pi * 100) * 1e-6, rel=1e-3)
