"""One generated drawing per convention, as the CAD system writes it, and what the reader must make of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import ezdxf
import numpy as np
import pytest

from core.errors import InputError
from parts.build import BendSpec, build_sheet
from parts.dxf import CHORD, read_dxf
from parts.dxf_conventions import parse_xdata
from parts.flat import FlatPattern
from parts.materials import material

PLATE = [(0, 0), (100, 0), (100, 60), (0, 60)]


def plate(layer: str = "0", units: int = 4, setup: bool = True) -> tuple[Any, Any]:
    document = ezdxf.new(units=units, setup=setup)
    space = document.modelspace()
    space.add_lwpolyline(PLATE, close=True, dxfattribs={"layer": layer})
    return document, space


def read(document: Any, folder: Path, **options: Any) -> FlatPattern:
    document.saveas(folder / "part.dxf")
    return read_dxf(folder / "part.dxf", **options)


def told(flat: FlatPattern) -> list[tuple[Any, Any, Any]]:
    return [
        (
            line.direction,
            None if line.angle is None else round(np.degrees(line.angle), 6),
            None if line.radius is None else round(line.radius * 1e3, 6),
        )
        for line in flat.bend_lines
    ]


def codes(flat: FlatPattern, level: str = "error") -> set[str]:
    return {finding.code for finding in flat.findings if finding.level == level}


def test_inventor(tmp_path: Path) -> None:
    document, space = plate("IV_OUTER_PROFILE")
    space.add_circle((20, 30), 4, dxfattribs={"layer": "IV_INTERIOR_PROFILES"})
    space.add_line((40, 0), (40, 60), dxfattribs={"layer": "IV_BEND"})
    space.add_line((70, 0), (70, 60), dxfattribs={"layer": "IV_BEND_DOWN"})
    for layer in ("IV_TANGENT", "IV_ARC_CENTERS", "IV_TOOL_CENTER_DOWN", "IV_UNCONSUMED_SKETCHES", "IV_MARK_SURFACE"):
        space.add_line((45, 0), (45, 60), dxfattribs={"layer": layer})
    flat = read(document, tmp_path)
    assert told(flat) == [("up", None, None), ("down", None, None)]
    assert not codes(flat) and len(flat.outline.interiors) == 1


def test_renamed_layers_by_option(tmp_path: Path) -> None:
    document, space = plate("SCHNITT")
    space.add_line((40, 0), (40, 60), dxfattribs={"layer": "Rot"})
    space.add_line((70, 0), (70, 60), dxfattribs={"layer": "BEND"})
    flat = read(document, tmp_path, layers={"rot": "bend-down", "BEND": "ignore"})
    assert told(flat) == [("down", None, None)]
    assert codes(read_dxf(tmp_path / "part.dxf")) == {"outline-divided"}


def test_fusion_undeclared_layers_and_mirrored_extrusion(tmp_path: Path) -> None:
    document = ezdxf.new(units=4)
    space = document.modelspace()
    back = {"extrusion": (0, 0, -1)}
    # In object coordinates x is mirrored; the world's plate spans 0..100.
    space.add_lwpolyline([(0, 0), (-100, 0), (-100, 60), (0, 60)], close=True, dxfattribs={"layer": "OUTER_PROFILES", **back})
    space.add_circle((-20, 30), 4, dxfattribs={"layer": "INTERIOR_PROFILES", **back})
    space.add_line((50, 0), (50, 60), dxfattribs={"layer": "BEND", **back})
    for x in (48, 52):
        space.add_line((x, 0), (x, 60), dxfattribs={"layer": "BEND_EXTENT", **back})
    assert "BEND" not in document.layers
    flat = read(document, tmp_path)
    assert told(flat) == [(None, None, None)]
    assert flat.outline.bounds == pytest.approx((0, 0, 0.1, 0.06))
    assert flat.outline.interiors[0].centroid.x == pytest.approx(0.02, abs=1e-6)


def test_onshape_truncated_names(tmp_path: Path) -> None:
    document, space = plate("SHEETMETAL_CUT_LINES")
    space.add_line((40, 0), (40, 60), dxfattribs={"layer": "SHEETMETAL_BEND_LINES_UP"})
    space.add_line((70, 0), (70, 60), dxfattribs={"layer": "SHEETMETAL_BEND_LINES_DOW"})
    space.add_line((72, 0), (72, 60), dxfattribs={"layer": "SHEETMETAL_BEND_TANGENT_LI"})
    assert told(read(document, tmp_path)) == [("up", None, None), ("down", None, None)]


@pytest.mark.parametrize("kind", ["TEXT", "MTEXT"])
@pytest.mark.parametrize("degree", ["°", "\\U+00B0", "%%d"])
def test_solidworks_notes(tmp_path: Path, kind: str, degree: str) -> None:
    document, space = plate(units=1)
    inch = 1 / 25.4
    space.delete_all_entities()
    space.add_lwpolyline([(x * inch, y * inch) for x, y in PLATE], close=True)
    for x, word in ((30, "UP"), (60, "DOWN")):
        space.add_line((x * inch, 0), (x * inch, 60 * inch), dxfattribs={"linetype": "CENTER"})
        text = f"{word}  90{degree}  R 0.313"
        at = ((x + 1) * inch, 20 * inch)
        if kind == "TEXT":
            space.add_text(text, height=0.1, rotation=90).set_placement(at)
        else:
            space.add_mtext(text, dxfattribs={"insert": at, "char_height": 0.1, "rotation": 90})
    flat = read(document, tmp_path)
    assert told(flat) == [("up", 90, round(0.313 * 25.4, 6)), ("down", 90, round(0.313 * 25.4, 6))]
    assert flat.outline.bounds == pytest.approx((0, 0, 0.1, 0.06))


def test_a_text_in_mirrored_object_coordinates_stands_where_it_is_seen(tmp_path: Path) -> None:
    document, space = plate()
    for x in (30, 70):
        space.add_line((x, 0), (x, 60), dxfattribs={"linetype": "CENTER"})
    space.add_text("DOWN 45 R 1", height=2, dxfattribs={"insert": (-70, 20), "extrusion": (0, 0, -1)})
    assert told(read(document, tmp_path)) == [(None, None, None), ("down", 45, 1)]


def test_a_line_without_a_note_takes_none_from_its_neighbour(tmp_path: Path) -> None:
    document, space = plate()
    for x in (30, 40, 50):
        space.add_line((x, 0), (x, 60), dxfattribs={"linetype": "CENTER"})
    space.add_text("UP 90 R 1", height=2).set_placement((31, 20))
    space.add_text("DOWN 30 R 2", height=2).set_placement((49, 20))
    assert told(read(document, tmp_path)) == [("up", 90, 1), (None, None, None), ("down", 30, 2)]


def test_notes_that_contradict_each_other_or_the_layer(tmp_path: Path) -> None:
    document, space = plate()
    space.add_line((30, 0), (30, 60), dxfattribs={"layer": "BEND-UP"})
    space.add_text("DOWN 90 R 1", height=2).set_placement((31, 20))
    flat = read(document, tmp_path)
    assert codes(flat) == {"direction-disagrees"} and "(30.00, 0.00)" in str(flat.findings[0])
    space.add_text("UP 45 R 1", height=2).set_placement((31, 40))
    assert "notes-disagree" in codes(read(document, tmp_path))


@pytest.mark.parametrize(
    ("tags", "keywords", "expected"),
    [
        (
            [(1000, "BEND_ANGLE: 90"), (1000, "BEND_DIRECTION: DOWN"), (1000, "BEND_RADIUS: 1.5"), (1000, "THICKNESS: 2")],
            {},
            ("down", 90, 1.5),
        ),
        ([(1000, "BENDANGLE=45.5"), (1000, "DIRECTION=UP")], {}, ("up", 45.5, None)),
        ([(1000, "Angle"), (1040, 30.0), (1000, "Direction"), (1000, "Up"), (1000, "Radius"), (1040, 2.0)], {}, ("up", 30, 2)),
        ([(1000, "BA:90"), (1000, "BD:D"), (1000, "BR:3")], {"angle": "BA", "direction": "BD", "radius": "BR"}, ("down", 90, 3)),
    ],
)
def test_solid_edge(tmp_path: Path, tags: list[tuple[int, Any]], keywords: dict[str, str], expected: tuple[Any, ...]) -> None:
    document, space = plate("OUTER_LOOP")
    space.add_circle((20, 30), 4, dxfattribs={"layer": "INTERIOR_LOOPS"})
    document.appids.add("SOLIDEDGE")
    layer = "UP_CENTERLINES" if expected[0] == "up" else "DOWN_CENTERLINES"
    line = space.add_line((50, 0), (50, 60), dxfattribs={"layer": layer})
    line.set_xdata("SOLIDEDGE", tags)
    assert told(read(document, tmp_path, keywords=keywords)) == [expected]


def test_extended_data_of_others_says_nothing() -> None:
    assert parse_xdata(["ACAD", 1.0, "DSTYLE", "{", 70.0]) is None


def test_freecad(tmp_path: Path) -> None:
    document, space = plate("Unfold_Sketch_Outline")
    space.add_circle((20, 30), 4, dxfattribs={"layer": "Unfold_Sketch_Internal"})
    space.add_line((50, 0), (50, 60), dxfattribs={"layer": "Unfold_Sketch_bends"})
    flat = read(document, tmp_path)
    assert len(flat.bend_lines) == 1 and len(flat.outline.interiors) == 1


@pytest.mark.parametrize("layer", ["BENDLINES", "BENDING", "FOLD", "KANTLINIEN", "3_BEND_LINE", "Bends"])
def test_hand_made(tmp_path: Path, layer: str) -> None:
    document, space = plate()
    space.add_line((50, 0.8), (50, 59.1), dxfattribs={"layer": layer})
    for x in (10, 90):
        space.add_line((x, 0), (x, 3), dxfattribs={"layer": "ETCH"})
    flat = read(document, tmp_path)
    assert len(flat.bend_lines) == 1
    assert np.linalg.norm(flat.bend_lines[0].end - flat.bend_lines[0].start) == pytest.approx(0.06, abs=1e-6)


def test_dashes_drawn_one_by_one_are_one_line(tmp_path: Path) -> None:
    document, space = plate()
    for y in range(0, 60, 8):
        space.add_line((50, y), (50, y + 4), dxfattribs={"layer": "BEND"})
    flat = read(document, tmp_path)
    assert len(flat.bend_lines) == 1 and not codes(flat)


def test_ticks_at_the_ends_are_not_taken_for_a_bend(tmp_path: Path) -> None:
    document, space = plate()
    for a, b in ((0, 4.5), (55.5, 60)):
        space.add_line((50, a), (50, b), dxfattribs={"layer": "BEND"})
    flat = read(document, tmp_path)
    assert codes(flat) == {"bend-stops-short"} and "(50.00, 4.50)" in str(flat.findings[0])


def test_split_by_a_notch_is_one_stroke(tmp_path: Path) -> None:
    document = ezdxf.new(units=4)
    space = document.modelspace()
    space.add_lwpolyline([(0, 0), (100, 0), (100, 60), (60, 60), (60, 40), (40, 40), (40, 60), (0, 60)], close=True)
    for a, b in ((0, 40), (60, 100)):
        space.add_line((a, 50), (b, 50), dxfattribs={"layer": "BEND"})
    flat = read(document, tmp_path)
    part = build_sheet(flat, thickness=1e-3, material=material("mild-steel"), specs=[BendSpec(np.pi / 2, 1e-3)] * 2)
    assert len(flat.bend_lines) == 2 and len(part.strokes) == 1 and part.strokes[0].bends == (0, 1)


def test_a_hole_on_the_bend_line_and_a_tab_in_a_window(tmp_path: Path) -> None:
    document, space = plate()
    space.add_circle((50, 30), 10)
    space.add_line((50, 0), (50, 60), dxfattribs={"layer": "BEND"})
    space.add_lwpolyline([(80, 20), (95, 20), (95, 40), (80, 40), (80, 38), (93, 38), (93, 22), (80, 22)], close=True)
    space.add_line((84, 22), (84, 38), dxfattribs={"layer": "BEND"})
    flat = read(document, tmp_path)
    assert not codes(flat) and len(flat.bend_lines) == 2
    part = build_sheet(flat, thickness=1e-3, material=material("mild-steel"), specs=[BendSpec(np.pi / 2, 1e-3)] * 2)
    assert len(part.flanges) == 3
    # Nothing of the sheet is lost where the hole parts the bend zone.
    assert part.mass == pytest.approx(flat.outline.area * 1e-3 * 7850, rel=1e-6)


def test_a_bend_that_leads_into_a_hole_does_not_cut(tmp_path: Path) -> None:
    document, space = plate()
    space.add_circle((50, 30), 10)
    space.add_line((50, 0), (50, 20), dxfattribs={"layer": "BEND"})
    flat = read(document, tmp_path)
    assert codes(flat) == {"bend-does-not-cut"} and "(50.00, 0.00)" in str(flat.findings[-1])


def test_unmarked_lines_across_the_sheet_are_reported_not_guessed(tmp_path: Path) -> None:
    document, space = plate()
    space.add_line((50, 0), (50, 60))
    flat = read(document, tmp_path)
    assert codes(flat) == {"outline-divided"} and not flat.bend_lines
    assert "(50.00, 0.00) mm to (50.00, 60.00) mm" in str(flat.findings[-1])


def test_declared_but_empty_bend_layer_is_named(tmp_path: Path) -> None:
    document, _ = plate()
    document.layers.add("BEND")
    flat = read(document, tmp_path)
    assert codes(flat) == {"no-bend-lines"} and "BEND are declared but empty" in flat.findings[-1].message


def test_small_gaps_are_closed_and_said(tmp_path: Path) -> None:
    """Ends a hundredth of a millimetre apart, on both sides of a rounding border."""
    document = ezdxf.new(units=4)
    space = document.modelspace()
    corners = [(0, 0), (100.005, 0), (100.005, 60.005), (0, 60.005)]
    for i, (x, y) in enumerate(corners):
        u, v = corners[(i + 1) % 4]
        space.add_line((x + 0.004, y - 0.004), (u - 0.004, v + 0.004))
    space.add_line((50, 0), (50, 60), dxfattribs={"layer": "BEND"})
    flat = read(document, tmp_path)
    assert not codes(flat) and codes(flat, "info") == {"gaps-closed"}
    assert flat.outline.area == pytest.approx(100.005 * 60.005e-6, rel=1e-4)


def test_bulges_ellipses_and_blocks(tmp_path: Path) -> None:
    document = ezdxf.new(units=4)
    block = document.blocks.new("PART")
    # A slot with round ends of radius 30, by bulges of 1.
    block.add_lwpolyline([(0, 0, 0, 0, 0), (100, 0, 0, 0, 1), (100, 60, 0, 0, 0), (0, 60, 0, 0, 1)], close=True)
    block.add_ellipse((50, 30), (10, 0), 0.5)
    block.add_line((50, 0), (50, 60), dxfattribs={"layer": "BEND"})
    document.modelspace().add_blockref("PART", (300, 40), dxfattribs={"xscale": 2, "yscale": 2, "rotation": 90})
    flat = read(document, tmp_path)
    assert flat.outline.area == pytest.approx(4 * (6000 + np.pi * 900 - np.pi * 50) * 1e-6, abs=CHORD * flat.outline.length)
    assert np.linalg.norm(flat.bend_lines[0].end - flat.bend_lines[0].start) == pytest.approx(0.12, abs=1e-6)


def test_an_array_of_blocks_is_drawn_whole(tmp_path: Path) -> None:
    document, space = plate()
    document.blocks.new("HOLE").add_circle((0, 0), 1)
    space.add_blockref("HOLE", (10, 10), dxfattribs={"row_count": 4, "column_count": 8, "row_spacing": 10, "column_spacing": 10})
    space.add_line((5, 0), (5, 60), dxfattribs={"layer": "BEND"})
    assert len(read(document, tmp_path).outline.interiors) == 32


def test_damaged_files_are_read_in_recover_mode(tmp_path: Path) -> None:
    document, space = plate()
    space.add_line((50, 0), (50, 60), dxfattribs={"layer": "BEND"})
    document.saveas(tmp_path / "part.dxf")
    text = (tmp_path / "part.dxf").read_text()
    # The closing tags are lost, as after a broken transfer.
    (tmp_path / "cut.dxf").write_text(text[: text.index("OBJECTS")])
    assert len(read_dxf(tmp_path / "cut.dxf").bend_lines) == 1


def test_hidden_layers_are_left_out_and_named(tmp_path: Path) -> None:
    document, space = plate()
    document.layers.add("BEND").off()
    space.add_line((50, 0), (50, 60), dxfattribs={"layer": "BEND"})
    flat = read(document, tmp_path)
    assert not flat.bend_lines and "hidden-layers" in codes(flat, "info")


def test_two_parts_in_one_file(tmp_path: Path) -> None:
    document, space = plate()
    space.add_lwpolyline([(x + 200, y) for x, y in PLATE], close=True)
    with pytest.raises(InputError, match=r"2 separate parts.*\(200\.00, 0\.00\)"):
        read(document, tmp_path)
