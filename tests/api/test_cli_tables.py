"""The summary on narrow and wide terminals: nothing cut, nothing wrapped inside the table."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from rich.console import Console

from api.cli_tables import folded, print_summary

BEND = {
    "lines": [1, 2], "station": 1, "flipped": False, "angle_deg": 90.0, "gauge_x_mm": 1015.24, "gauge_r_mm": 64.1, "gauge_z1_mm": -1150.08, "gauge_z2_mm": 1150.08,
    "force_kn": 159.49, "bending_speed_mm_s": 2.62, "robot": "releases", "tools": "P-gooseneck-120-r0.8 / D-v16-84",
}  # fmt: skip


def summary(**changes):
    info = {"level": "info", "code": "ram-slowed", "message": "the ram bends at 2.6 mm/s", "remedy": "a wider V", "data": {}}
    return {
        "part": "cover", "cell": "bending-kr120", "material": "stainless-304", "thickness_mm": 1.0, "gripper": "vacuum-frame-320", "verified": True,
        "bends": [BEND | {"bend": str(n), "grip": f"flange 1 bottom at ({n % 2}, 120)"} for n in range(1, 13)], "regrips": 1, "flips": 0,
        "clearance_mm": 5.1, "clearance_between": ["link_4", "ram"], "cycle_time_s": 56.34,
        "program": {"language": "krl", "cycle_time_s": 66.7},
        "findings": [info | {"step": f"bend {n}"} for n in (1, 2, 3, 4)],
        "files": ["summary.json", "pictures/a.png", "pictures/b.png", "setup.html"],
    } | changes  # fmt: skip


def printed(width, **changes):
    out = io.StringIO()
    print_summary(Console(file=out, width=width), summary(**changes), Path("out"))
    return out.getvalue()


@pytest.mark.parametrize("width", [80, 120])
def test_every_bend_is_one_line_with_all_its_figures(width):
    lines = printed(width).splitlines()
    assert max(len(line.rstrip()) for line in lines) <= width and not any("…" in line for line in lines)
    rows = [line.split() for line in lines if line.split()[:1] and line.split()[0].isdigit() and "1+2" in line]
    assert [row[0] for row in rows] == [str(n) for n in range(1, 13)]
    assert rows[0][2:] == ["90°", "1", "A", "1015.2", "64.1", "-1150.1", "1150.1", "159.5", "2.6", "releases"]
    assert rows[1][4] == "B"


def test_verdict_clearance_and_repeats_are_said_once():
    text = printed(120)
    assert text.startswith("VERIFIED") and "5.1 mm between link_4 and ram" in text
    assert text.count("ram bends") == 1 and "bends 1, 2, 3, 4" in text


def test_refused_result_says_so_first_and_puts_errors_first():
    error = {"level": "error", "code": "e", "message": "arm hits ram by 12 mm", "remedy": "regrip", "step": "bend 4", "data": {}}
    text = printed(80, verified=False, findings=[*summary()["findings"], error], bends=[], clearance_mm=None, clearance_between=None)
    assert text.startswith("NOT VERIFIED, 1 error")
    assert text.index("arm hits ram") < text.index("ram bends")


def test_files_of_one_folder_are_one_entry():
    assert folded(["a", "p/1", "p/2", "r/x"]) == ["a", "p/ (2 files)", "r/ (1 file)"]
