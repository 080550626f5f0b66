"""Real drawings with known bends, and files that must be refused cleanly."""

import io
from pathlib import Path

import ezdxf
import numpy as np
import pytest

from core.errors import InputError, PliantError
from core.findings import has_errors
from parts.dxf import DxfLimits, read_dxf

REAL = Path(__file__).resolve().parents[2] / ".." / "shared" / "parts" / "dxf"
KNOWN = {
    "fusion_c_bracket_5mm": 6,
    "oxygen_central_cover_1mm": 5,
    "oxygen_outer_cover_1mm": 6,
    "oxygen_dimmer_support_3mm": 2,
    "oxygen_base_3mm_NOBENDS": 0,
    "sw_ocp_timecard_bracket_v3_flat": 0,
}
SIZES_MM = {
    "oxygen_central_cover_1mm": (511.8, 437.3),
    "oxygen_outer_cover_1mm": (799.8, 437.3),
    "oxygen_dimmer_support_3mm": (111.7, 59.5),
    "oxygen_base_3mm_NOBENDS": (485.3, 283.5),
    "fusion_c_bracket_5mm": (176.6, 218.65),  # ezdxf.bbox.extents of the file; the parts list says 208.9
    "sw_ocp_timecard_bracket_v3_flat": (131.8, 31.3),
}


def l_drawing() -> "ezdxf.document.Drawing":
    document = ezdxf.new(units=4)
    space = document.modelspace()
    space.add_lwpolyline([(0, 0), (100, 0), (100, 60), (0, 60)], close=True)
    space.add_circle((20, 30), 4)
    space.add_line((50, 0), (50, 60), dxfattribs={"layer": "BEND"})
    return document


def text_of(document: "ezdxf.document.Drawing") -> bytes:
    stream = io.StringIO()
    document.write(stream)
    return stream.getvalue().encode()


@pytest.mark.parametrize("name", sorted(KNOWN))
def test_real_files(name: str) -> None:
    path = REAL / f"{name}.dxf"
    if not path.is_file():
        pytest.skip("the folder of real parts is not here")
    flat = read_dxf(path)
    assert len(flat.bend_lines) == KNOWN[name]
    x0, y0, x1, y1 = flat.outline.bounds
    # The table says which way round only by eye; sizes hold either way.
    assert sorted(((x1 - x0) * 1e3, (y1 - y0) * 1e3)) == pytest.approx(sorted(SIZES_MM[name]), abs=0.11)
    codes = {finding.code for finding in flat.findings if finding.level == "error"}
    assert codes == ({"no-bend-lines"} if KNOWN[name] == 0 else set())


@pytest.mark.parametrize("cut", range(0, 100, 4))
def test_truncated_files_raise_only_our_errors(tmp_path: Path, cut: int) -> None:
    data = text_of(l_drawing())
    path = tmp_path / "cut.dxf"
    path.write_bytes(data[: len(data) * cut // 100])
    try:
        read_dxf(path)
    except PliantError as error:
        assert "cut.dxf" in str(error)


@pytest.mark.parametrize(
    "data", [b"", b"\x00\xff" * 500, b"hello", b"0\nSECTION\n", b"  0\nSECTION\n  2\nENTITIES\n  0\nENDSEC\n  0\nEOF\n"]
)
def test_what_is_no_drawing_is_refused(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "bad.dxf"
    path.write_bytes(data)
    with pytest.raises(InputError, match=r"bad\.dxf"):
        read_dxf(path)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        read_dxf(tmp_path / "none.dxf")


@pytest.mark.parametrize("value", ["nan", "1e300", "inf", "-1e300", "abc"])
def test_absurd_coordinates(tmp_path: Path, value: str) -> None:
    document = ezdxf.new(units=4)
    space = document.modelspace()
    for a, b in (((0, 0), (100, 0)), ((100, 0), (100, 60)), ((100, 60), (0, 60)), ((0, 60), (0, 0))):
        space.add_line(a, b)
    space.add_line((12345.5, 0), (50, 60), dxfattribs={"layer": "BEND"})
    path = tmp_path / "absurd.dxf"
    path.write_bytes(text_of(document).replace(b"12345.5", value.encode()))
    with pytest.raises(PliantError, match=r"absurd\.dxf"):
        read_dxf(path)


def test_too_many_entities(tmp_path: Path) -> None:
    document = l_drawing()
    for i in range(60):
        document.modelspace().add_line((i, 100), (i, 101))
    path = tmp_path / "many.dxf"
    path.write_bytes(text_of(document))
    with pytest.raises(InputError, match="limit is 50"):
        read_dxf(path, limits=DxfLimits(entities=50))


def test_open_outline_says_where(tmp_path: Path) -> None:
    document = ezdxf.new(units=4)
    document.modelspace().add_lwpolyline([(0, 0), (100, 0), (100, 60), (0, 60)])
    document.saveas(tmp_path / "open.dxf")
    flat = read_dxf(tmp_path / "open.dxf")
    assert flat.outline.is_empty
    (finding,) = flat.findings
    assert (finding.level, finding.code) == ("error", "open-outline")
    assert "(0.00, 0.00)" in finding.message and "(0.00, 60.00)" in finding.message and "60.000 mm" in finding.message


def test_units(tmp_path: Path) -> None:
    """A drawing in mm that says inch is read as mm and reported; the option wins over both."""
    document = ezdxf.new(units=1)
    space = document.modelspace()
    space.add_lwpolyline([(0, 0), (400, 0), (400, 300), (0, 300)], close=True)
    space.add_line((200, 0), (200, 300), dxfattribs={"layer": "BEND"})
    document.saveas(tmp_path / "lie.dxf")
    flat = read_dxf(tmp_path / "lie.dxf")
    assert flat.outline.bounds == pytest.approx((0, 0, 0.4, 0.3))
    assert [finding.code for finding in flat.findings] == ["units-lie"]
    assert read_dxf(tmp_path / "lie.dxf", units="inch").outline.bounds[2] == pytest.approx(400 * 0.0254)
    with pytest.raises(InputError, match="valid: mm, cm, m, inch, ft"):
        read_dxf(tmp_path / "lie.dxf", units="furlong")


def test_area_of_outline_with_hole(tmp_path: Path) -> None:
    l_drawing().saveas(tmp_path / "l.dxf")
    flat = read_dxf(tmp_path / "l.dxf")
    assert not has_errors(flat.findings)
    assert flat.outline.area == pytest.approx(6000e-6 - np.pi * 16e-6, rel=1e-4)


def test_curved_crossing_short_and_stray_bends(tmp_path: Path) -> None:
    cases = {
        "curved-bend": lambda space: space.add_arc((50, -100), 130, 60, 120, dxfattribs={"layer": "BEND"}),
        "bends-cross": lambda space: space.add_line((0, 30), (100, 30), dxfattribs={"layer": "BEND"}),
        "bend-stops-short": lambda space: space.add_line((75, 0), (75, 30), dxfattribs={"layer": "BEND"}),
        "bend-off-sheet": lambda space: space.add_line((200, 0), (200, 60), dxfattribs={"layer": "BEND"}),
    }
    for code, add in cases.items():
        document = l_drawing()
        add(document.modelspace())
        document.saveas(tmp_path / f"{code}.dxf")
        findings = read_dxf(tmp_path / f"{code}.dxf").findings
        assert code in {finding.code for finding in findings if finding.level == "error"}
        assert any("mm" in finding.message for finding in findings)


def test_a_block_that_holds_itself(tmp_path: Path) -> None:
    document = l_drawing()
    block = document.blocks.new("LOOP")
    block.add_blockref("LOOP", (0, 0))
    document.modelspace().add_blockref("LOOP", (0, 0))
    document.saveas(tmp_path / "loop.dxf")
    with pytest.raises(InputError, match="block"):
        read_dxf(tmp_path / "loop.dxf")
