"""Good files with flipped, lost and repeated bytes: every reader answers with a value or one of our errors, never with another exception."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import ezdxf
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cells.kinds import SHIPPED
from cells.load import load_cell
from cells.weld_load import load_weld_cell
from cells.yaml_source import read_model
from core.errors import PliantError
from core.mesh_file import read_mesh
from parts.dxf import read_dxf
from parts.job import JobSpec
from robots.urdf import load_urdf
from tests.api.bad_files import CELL, JOB, URDF, ascii_stl


def dxf() -> bytes:
    document = ezdxf.new(units=4, setup=False)
    space = document.modelspace()
    space.add_lwpolyline([(0, 0), (100, 0, 0, 0, 0.3), (100, 60), (0, 60)], close=True)
    space.add_circle((20, 30), 4)
    space.add_spline([(60, 20, 0), (70, 30, 0), (60, 40, 0), (60, 20, 0)])
    space.add_ellipse((80, 30), (5, 0), 0.5)
    space.add_line((50, 0), (50, 60), dxfattribs={"layer": "BEND"})
    space.add_text("UP 90 R 1").set_placement((51, 20))
    document.blocks.new("H").add_arc((0, 0), 1, 0, 180)
    space.add_blockref("H", (10, 10))
    stream = io.StringIO()
    document.write(stream)
    return stream.getvalue().encode()


FULL_DXF = dxf()
WELD_CELL = (SHIPPED / "welding-track.yaml").read_bytes()
SEEDS: dict[str, tuple[str, bytes, Callable[[Path], Any]]] = {
    "dxf": ("a.dxf", FULL_DXF, read_dxf),
    "job": (
        "job.yaml",
        (JOB + "bends: {default: {angle_deg: 90}, by_number: {1: {radius_mm: 2}}}\n").encode(),
        lambda path: read_model(path, JobSpec),
    ),
    "cell": ("cell.yaml", CELL.encode(), load_cell),
    "weld-cell": ("cell.yaml", WELD_CELL, load_weld_cell),
    "urdf": ("robot.urdf", URDF.encode(), load_urdf),
    "stl": ("a.stl", ascii_stl("1"), lambda path: read_mesh(path, path.name)),
}


@st.composite
def mutations(draw: st.DrawFn, data: bytes) -> bytes:
    out = bytearray(data)
    for _ in range(draw(st.integers(1, 4))):
        kind = draw(st.sampled_from(("flip", "cut", "insert", "double", "number", "line")))
        if not out:
            break
        # Half of the mutations fall where the drawing is, not in the tables before it.
        body = max(out.find(b"ENTITIES"), 0)
        at = min(draw(st.one_of(st.integers(body, max(body, len(out) - 1)), st.integers(0, len(out) - 1))), len(out) - 1)
        if kind == "flip":
            out[at] = draw(st.integers(0, 255))
        elif kind == "cut":
            del out[at:]
        elif kind == "insert":
            out[at:at] = draw(
                st.sampled_from((b"\0", b"nan", b"1e300", b"-", b"\n", b"  ", b"\xff", b"&a ", b"*a", b"<", b"{", b"999999999999"))
            )
        elif kind == "double":
            out[at:at] = out[at : at + draw(st.integers(1, 200))]
        else:
            # A whole line is replaced or lost, so that the file stays a file of its kind.
            lines = bytes(out).split(b"\n")
            line = at % len(lines)
            lines[line] = draw(st.sampled_from((b"nan", b"1e300", b"-1", b"0", b"", b"10000000"))) if kind == "number" else b""
            out = bytearray(b"\n".join(lines))
    return bytes(out)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("kind", SEEDS)
def test_only_our_errors_come_out(kind: str) -> None:
    name, good, read = SEEDS[kind]

    @settings(
        max_examples=40 if kind == "cell" else 150, derandomize=True, deadline=None, database=None, suppress_health_check=list(HealthCheck)
    )
    @given(mutations(good))
    def check(data: bytes) -> None:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / name
            path.write_bytes(data)
            try:
                read(path)
            except PliantError as error:
                assert str(error) and len(str(error)) < 2000

    check()


@pytest.mark.parametrize("kind", SEEDS)
def test_the_unchanged_files_are_read(kind: str, tmp_path: Path) -> None:
    name, good, read = SEEDS[kind]
    (tmp_path / name).write_bytes(good)
    assert read(tmp_path / name) is not None
