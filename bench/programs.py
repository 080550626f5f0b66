"""Robot programs, how long reading and verifying takes and how much memory: `python -m bench.programs [POINTS]`.

For every language a program of straight moves through a grid in the shipped KUKA cell is written, its text brought to about 10 MB by more points, read back, and 50,000
points of it verified (KRL): moved through the arm's kinematics and checked in pybullet. Peak memory is that of a process of its own above what is there before.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from dataclasses import replace

from cells.load import load_cell
from cells.model import Cell
from core.frames import Array, inverse, translation
from robots.programs.languages import LANGUAGES, language
from robots.programs.program import MoveJoint, MoveLinear, RobotProgram, Routine, UseFrame, UseTool
from sim.verify.verify import verify
from sim.verify.wiring import bare_program, controller

CELL = "bending-kr120"
TEXT_BYTES = 10_000_000
VERIFIED_POINTS = 50_000
MOST_POINTS = 99_000
"""An INFORM job has positions of five digits."""


def grid(cell: Cell, name: str, points: int) -> RobotProgram:
    """A program that goes through a grid of points 4 mm apart before the robot, rounding all but the ends of its rows."""
    base = bare_program(cell, cell.grippers[0], name)
    q = cell.robot.q_home
    T: Array = inverse(base.frames["brake"].T_robot_frame) @ cell.robot.model.fk(q) @ cell.grippers[0].T_flange_tcp
    moves = [
        MoveLinear(translation(0.004 * (k % 50) + 1e-5 * (k // 20_000), 0.01 * (k // 50 % 40) - 0.2, -0.02 * (k // 2000 % 10)) @ T, q, 0.2, None, 1e-3 if k % 50 < 49 else None)
        for k in range(points)
    ]  # fmt: skip
    main = Routine("main", "main", (UseTool("gripper"), UseFrame("brake"), MoveJoint(q, 0.5), *moves))
    return replace(base, name="grid", title="grid", routines=(main,))


def one(task: str, name: str, points: int) -> dict[str, float]:
    """Reads or verifies in this process; seconds, peak memory above the start [MB], size of the text [MB]."""
    cell = load_cell(CELL)
    # What is written in one breath would count as memory of the reader: it is written by a process of its own.
    text = json.loads(
        subprocess.run(
            [sys.executable, "-m", "bench.programs", "write", name, str(points)], capture_output=True, check=True, text=True
        ).stdout
    )
    files = {file: data.encode("latin-1") for file, data in text.items()}
    del text
    base = bare_program(cell, cell.grippers[0], name)
    knows = controller(base, cell, name)
    size = sum(len(data) for data in files.values()) / 1e6
    if task == "verify":
        # The arm, the engine and its kernels are there with the first hundred points; what counts is what the rest adds.
        verify(grid(cell, name, 100), cell, cell.grippers[0], name)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    started = time.perf_counter()
    program = language(name).read(files, knows)
    if task == "verify":
        checked = verify(program, cell, cell.grippers[0], name)
        if checked.moves != points + 1 or any(finding.level == "error" for finding in checked.findings):
            raise SystemExit(f"the grid does not verify: {[str(finding) for finding in checked.findings[:3]]}")
    seconds = time.perf_counter() - started
    return {"seconds": seconds, "peak_mb": (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1e3, "text_mb": size}


def measured(task: str, name: str, points: int) -> dict[str, float]:
    """The same in a process of its own."""
    done = subprocess.run([sys.executable, "-m", "bench.programs", task, name, str(points)], capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(done.stderr.strip().splitlines()[-1])
    found: dict[str, float] = json.loads(done.stdout.strip().splitlines()[-1])
    return found


def main(arguments: list[str]) -> None:
    """Prints the table, or does one measurement."""
    if arguments and arguments[0] == "write":
        name, points = arguments[1], int(arguments[2])
        cell = load_cell(CELL)
        files = language(name).write(grid(cell, name, points), cell.programs)
        print(json.dumps({file: data.decode("latin-1") for file, data in files.items() if not file.endswith("REGISTERS.TXT")}))
        return
    if arguments and arguments[0] in ("read", "verify"):
        print(json.dumps(one(arguments[0], arguments[1], int(arguments[2]))))
        return
    print(f"{'language':<10} {'task':<7} {'points':>7} {'text MB':>8} {'s':>7} {'s/10 MB':>8} {'peak/text':>9}")
    for name in LANGUAGES:
        small = measured("read", name, 2000)
        points = min(int(2000 * TEXT_BYTES / 1e6 / small["text_mb"]), MOST_POINTS)
        row("read", name, points, measured("read", name, points))
    points = int(arguments[0]) if arguments else VERIFIED_POINTS
    row("verify", "krl", points, measured("verify", "krl", points))


def row(task: str, name: str, points: int, found: dict[str, float]) -> None:
    """One line of the table."""
    per = found["seconds"] / found["text_mb"] * 10
    print(
        f"{name:<10} {task:<7} {points:>7} {found['text_mb']:>8.1f} {found['seconds']:>7.1f} {per:>8.1f} {found['peak_mb'] / found['text_mb']:>9.1f}",
        flush=True,
    )


if __name__ == "__main__":
    main(sys.argv[1:])
