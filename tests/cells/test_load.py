"""Cell files: the shipped ones load and reach; bad ones are named with file and line."""

from __future__ import annotations

import numpy as np
import pytest

from cells.load import SHIPPED, cell_names, load_cell
from cells.schema import CellSpec, json_schema
from cells.tool_catalogue import SEGMENTS_MM, die_names, load_die, load_punch, punch_names
from cells.tooling_hulls import compose, section_pieces
from core.errors import PliantError

GOOD = (SHIPPED / "bending-irb4600.yaml").read_text()


@pytest.mark.parametrize("name", cell_names())
def test_shipped_cells_load_and_their_tools_fit(name):
    cell = load_cell(name)
    assert cell.robot.model.has_closed_form
    # With the shipped tools the ram can close onto the die and open above it.
    for die in cell.tooling.dies:
        for punch in cell.tooling.punches:
            open_tip = cell.brake.daylight - die.height - punch.height
            assert open_tip > 0.1
            assert cell.brake.stroke >= open_tip + 0.005


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("title:", "titel:", "did you mean 'title'"),
        ("count: 20", "count: many", "line 2"),
        ("count: 20", "count: -1", "count"),
        ("model: abb-irb4600-40-255", "model: abb-irb9999", "kuka-kr120-r2500-pro"),
        ("model: brake-40t-1250", "model: nope", "brake-100t-3100"),
        ("grippers: [clamp-60", "grippers: [clamp-99", "clamp-60"),
        ("P-straight-80-r0.8", "P-unknown", "P-acute-30-r0.8"),
        ("home_deg: [0, -20, 20, 0, 60, 0]", "home_deg: [0, -20, 20]", "6 joints"),
        ("home_deg: [0, -20, 20, 0, 60, 0]", "home_deg: [0, -200, 20, 0, 60, 0]", "outside"),
        ("xyz_mm: [0, -1750, 100]", "xyz_mm: [0, .nan, 100]", "finite"),
        ("xyz_mm: [0, -1750, 100]", "xyz_mm: [0, 1.0e+300, 100]", "base"),
        ("title:", "title: {", "line"),
    ],
)  # fmt: skip
def test_errors_name_file_place_and_choices(tmp_path, old, new, words):
    path = tmp_path / "cell.yaml"
    path.write_text(GOOD.replace(old, new, 1))
    with pytest.raises(PliantError) as caught:
        load_cell(path)
    assert "cell.yaml" in str(caught.value)
    assert words in str(caught.value)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff\xfe\x00binary",
        b"[1, 2]",
        b"a: &a [x]\n" + b"".join(b"b%d: &b%d [%s]\n" % (i, i, b",".join([b"*a" if i == 0 else b"*b%d" % (i - 1)] * 10)) for i in range(8)),
    ],
)
def test_files_that_are_no_cells(tmp_path, data):
    path = tmp_path / "cell.yaml"
    path.write_bytes(data)
    with pytest.raises(PliantError):
        load_cell(path)


def test_unknown_cell_lists_the_shipped_ones():
    with pytest.raises(PliantError, match="bending-kr120"):
        load_cell("bending-kr999")


def test_schema_for_editors_names_every_key():
    assert set(json_schema()["properties"]) == set(CellSpec.model_fields)


def test_sections_are_cut_exactly_into_convex_pieces():
    def area(p):
        return 0.5 * abs(np.sum(p[:, 0] * np.roll(p[:, 1], -1) - p[:, 1] * np.roll(p[:, 0], -1)))

    for section in [load_punch(n).section for n in punch_names()] + [load_die(n).section for n in die_names()]:
        assert sum(area(p) for p in section_pieces(section)) == pytest.approx(area(section), rel=1e-9)


def test_nothing_is_shorter_than_the_shortest_segment():
    assert compose(5e-3, tuple(s * 1e-3 for s in SEGMENTS_MM)) is None


@pytest.mark.parametrize("length_mm", [10, 35, 125, 405, 480, 1250, 2500])
def test_segments_add_up(length_mm):
    found = compose(length_mm * 1e-3, tuple(s * 1e-3 for s in SEGMENTS_MM))
    assert found is not None and sum(found) == pytest.approx(length_mm * 1e-3)
    stock = list(SEGMENTS_MM)
    for segment in found:
        stock.remove(round(segment * 1e3))


@pytest.mark.parametrize(("name", "data"), [("f.yaml", b"a: 1"), ("f.stl", b"\x93garbage\xff" * 40), ("f.obj", b"")])
def test_meshes_that_are_no_meshes(tmp_path, name, data):
    (tmp_path / name).write_bytes(data)
    path = tmp_path / "cell.yaml"
    path.write_text(GOOD.replace("bodies:\n", f"bodies:\n  - {{name: thing, mesh: {name}}}\n", 1))
    with pytest.raises(PliantError, match="thing"):
        load_cell(path)
