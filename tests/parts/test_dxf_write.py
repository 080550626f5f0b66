"""Flats written as DXF come back from our own reader as the same part; ezdxf finds nothing to mend."""

from __future__ import annotations

import ezdxf
import numpy as np
import pytest

pytest.importorskip("OCP", reason="the STEP kernel (extra `step`) is not installed")

from core.errors import UnknownNameError
from parts.allowance import KFactor
from parts.dxf import read_dxf
from parts.dxf_write import CONVENTIONS, convention, write_dxf
from parts.step_file import read_step
from parts.unfold import UnfoldedPart, unfold

from .step_family import Frame, box, solid_of


@pytest.fixture(scope="module")
def tray() -> UnfoldedPart:
    sheet = box(1.5, 2.5, (100, 80), 20, 2)
    sheet.hole(Frame(), 30, 30, 6)
    return unfold(solid_of(sheet.shape), KFactor(0.44), lambda thickness: thickness)


def written(it: UnfoldedPart, by: str) -> bytes:
    widths = {line: bend.map.allowance for bend in it.bends for line in bend.lines}
    return write_dxf(it.rings, it.flat.bend_lines, [widths[i] for i in range(len(widths))], by=by)


def assert_same_part(it: UnfoldedPart, file) -> None:
    back = read_dxf(file)
    assert not [finding for finding in back.findings if finding.level != "info"]
    # Arcs are cut into other chords, at most 0.01 mm from the arc.
    assert back.outline.symmetric_difference(it.flat.outline).area < 2e-5 * it.flat.outline.length
    assert len(back.bend_lines) == len(it.flat.bend_lines)
    for line in it.flat.bend_lines:
        near = min(back.bend_lines, key=lambda other: float(np.linalg.norm(other.start + other.end - line.start - line.end)))
        ends = sorted(map(tuple, np.round([near.start, near.end], 5)))
        assert np.array(ends) == pytest.approx(np.array(sorted(map(tuple, np.round([line.start, line.end], 5)))), abs=2e-5)
        assert (near.direction, near.angle, near.radius) == (
            line.direction,
            pytest.approx(line.angle, abs=1e-7),
            pytest.approx(line.radius, abs=1e-9),
        )


@pytest.mark.parametrize("by", CONVENTIONS)
def test_own_reader_reads_the_same_part(tray, tmp_path, by):
    file = tmp_path / "tray.dxf"
    file.write_bytes(written(tray, by))
    assert_same_part(tray, file)


@pytest.mark.parametrize("by", CONVENTIONS)
def test_file_is_sound_declares_its_layers_and_unit(tray, tmp_path, by):
    file = tmp_path / "tray.dxf"
    file.write_bytes(written(tray, by))
    document = ezdxf.readfile(file)
    assert not document.audit().errors and document.dxfversion >= "AC1015"
    assert document.header["$INSUNITS"] == 4
    used = {entity.dxf.layer for entity in document.modelspace()}
    assert used <= {layer.dxf.name for layer in document.layers}
    assert all(entity.dxf.linetype in document.linetypes for entity in document.modelspace().query("LINE"))
    (circle,) = document.modelspace().query("CIRCLE")
    assert circle.dxf.radius == pytest.approx(6)
    layout = convention(by)
    assert {layout.outline, layout.up} <= used


def test_same_flat_same_bytes(tray):
    assert written(tray, "generic") == written(tray, "generic")


def test_unknown_convention_names_the_known(tray):
    with pytest.raises(UnknownNameError, match="generic, inventor, solidworks"):
        written(tray, "tekla")


@pytest.mark.parametrize("name", ["02_sketched_bend4_t6.stp", "07_rear_camera_mount.stp", "21_ocp_timecard_pcie_bracket_v3.step"])
@pytest.mark.parametrize("by", CONVENTIONS)
def test_real_flats_come_back(real_step, tmp_path, name, by):
    it = unfold(read_step(real_step / name, mesh=True), KFactor(0.44), lambda thickness: thickness)
    file = tmp_path / "flat.dxf"
    file.write_bytes(written(it, by))
    assert_same_part(it, file)
