"""Every numbered example, and the README's Python, runs as a user runs it, in a process of its own."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
EXAMPLES = sorted(path.name for path in (ROOT / "examples").glob("[0-9][0-9]_*.py"))


def run(name, *arguments):
    """Stdout of an example; its folder's code wins over an installed one."""
    done = subprocess.run(
        [sys.executable, str(ROOT / "examples" / name), *map(str, arguments)], cwd=ROOT, capture_output=True, text=True, timeout=280,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_every_example_is_tested_here():
    text = Path(__file__).read_text()
    assert len(EXAMPLES) >= 4
    assert [name for name in EXAMPLES if text.count(f'"{name}"') != 1] == []


@pytest.mark.slow
def test_first_bend(tmp_path):
    out = run("00_first_bend.py", tmp_path / "tray")
    assert "5 flanges, 4 bends in" in out
    plan = json.loads((tmp_path / "tray" / "plan.json").read_text())
    assert plan["verified"] and len(plan["bends"]) == 4
    program = [path.name for path in (tmp_path / "tray").glob("robot/*.src")]
    assert program and program[0] in out and (tmp_path / "tray" / "brake.txt").stat().st_size > 100


def test_drawing():
    out = run("01_read_a_drawing.py")
    # Walls of 16 mm all round a floor: 482 and 408 mm less the deductions, one hole of 24 mm.
    assert "1 holes, 4 bend lines" in out
    floor, *walls = [line for line in out.splitlines() if "looks to" in line]
    assert "(+0.00, +0.00, +1.00)" in floor and len(walls) == 4
    assert sorted(line.split("looks to ")[1] for line in walls) == sorted(
        ["(-1.00, +0.00, +0.00)", "(+1.00, +0.00, +0.00)", "(+0.00, -1.00, +0.00)", "(+0.00, +1.00, +0.00)"]
    )


def test_cell(tmp_path):
    out = run("02_check_a_cell.py", "bending-irb4600", tmp_path / "plan.png")
    assert "info: infeed: all 9 places are in reach" in out
    assert "clamp-60 300 mm before the brake: x -625 to 625 mm" in out
    assert (tmp_path / "plan.png").read_bytes().startswith(b"\x89PNG")


def test_program():
    out = run("03_read_a_program.py")
    text = (ROOT / "examples" / "programs" / "BRACKET.mod").read_text().splitlines()
    moves = [line for line in out.splitlines() if ": joints" in line or ": linear to" in line]
    assert out.splitlines()[-1] == f"BRACKET.mod: {len(moves)} moves" and len(moves) > 20
    for move in moves:
        statement = text[int(move.split(":")[0].removeprefix("BRACKET.mod line ")) - 1].strip()
        assert statement.startswith("MoveAbsJ" if "joints" in move else "MoveL")


@pytest.mark.slow
def test_python_of_the_readme_runs_as_printed(tmp_path):
    (code,) = re.findall(r"^```python\n(.*?)^```", (ROOT / "README.md").read_text(), re.M | re.S)
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, timeout=280, env=os.environ | {"PYTHONPATH": str(ROOT)}
    )
    assert done.returncode == 0, done.stderr
    plan = json.loads((tmp_path / "out" / "tray" / "plan.json").read_text())
    assert plan["verified"] and f"{plan['cycle_time_s']:.1f} s" in done.stdout
    assert (tmp_path / "out" / "tray" / "robot" / "TRAY.src").exists() and (tmp_path / "out" / "tray" / "brake.txt").exists()
