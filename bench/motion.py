"""Kinematics, state checks and free moves beside other engines, all in one run: `python -m bench.motion`; figures in docs/performance.md.

Cell and moves are those of a planned bending job. Every engine gets the same hulls, pairs and margins, in a process of its own; they are asked in turn and
never at the same time, each on one thread. An engine that lives in another environment is given by its interpreter, one that cannot run is named with its reason.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

from api.bending import load_cell, load_part, plan
from bench.log_plot import Panel, exponent, log_plot
from bench.markdown import Table
from bench.motion_growth import growth
from bench.motion_kinematics import Axes, inverse_kinematics
from bench.motion_moves import move_tables, moves
from bench.motion_peers import PEERS, Peers
from bench.motion_queries import queries, situations
from bench.motion_seams import SeamTime, seam_times
from bench.motion_states import state_table
from core.errors import PliantError
from robots.model import RobotModel
from sim.motion import JointLimits

JOB = Path(__file__).resolve().parent.parent / "examples" / "parts" / "tray.yaml"
CELL = "bending-kr120"
CPU_FILE = Path("/proc/cpuinfo")


def kinematics_table(arm: RobotModel, peers: Peers, count: int) -> Table:
    """All solutions of random poses."""
    rows = inverse_kinematics(arm, count)
    limits = np.column_stack((arm.lower, arm.upper)).tolist()
    answer = peers.ask("opw", "solve", lengths=Axes.of(arm).lengths().tolist(), limits=limits, count=count)
    if answer is not None:
        rows += [(f"{PEERS['opw']}, {how}", seconds, solutions) for how, seconds, solutions in answer["rows"]]
    return Table(
        f"Inverse kinematics with all solutions, {arm.name}, {count} poses",
        ("asked", "us per pose", "solutions per pose"),
        [(how, f"{1e6 * seconds:.1f}", f"{solutions:.2f}") for how, seconds, solutions in rows],
    )


def seams_table(seams: Sequence[SeamTime]) -> Table:
    """Ours alone."""
    seconds = np.array([seam.seconds for seam in seams])
    rate = np.array([seam.seconds / seam.length for seam in seams])
    found = f"{sum(seam.found for seam in seams)} of {len(seams)}"
    row = ("Pliant", found, f"{np.median(seconds):.2f}", f"{np.percentile(seconds, 95):.2f}", f"{np.median(rate):.2f}")
    title = (
        "Seam search over torch angles, spin, postures and places of the positioner. No peer is asked: the nearest, Tesseract's Descartes planner, "
        "knows spin about the tool, but no windows of torch angles and no positioner that may choose its place"
    )
    return Table(title, ("seams", "found", "s, median", "s, 95 %", "s per metre, median"), [row])


def growth_table(panels: Sequence[Panel]) -> Table:
    """Exponents over each whole range."""
    rows = []
    for panel in panels:
        span = f"{panel.sizes[0]:g} to {panel.sizes[-1]:g} {panel.x}"
        for what, curve in panel.curves.items():
            rows.append(
                (f"{panel.title}: {what}", span, f"{exponent(panel.sizes, curve):.2f}", f"{1e3 * curve[0]:.3g}", f"{1e3 * curve[-1]:.3g}")
            )
    return Table("Growth of cost", ("with", "range", "exponent", "ms at the lower end", "ms at the upper end"), rows)


def machine() -> str:
    """Processor, cores, load and Python."""
    lines = CPU_FILE.read_text(encoding="utf-8").splitlines() if CPU_FILE.exists() else []
    model = next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), platform.machine())
    return f"{model}, {os.cpu_count()} CPUs, load {os.getloadavg()[0]:.1f}, Python {platform.python_version()}"


def measure(asked: argparse.Namespace, peers: Peers) -> dict[str, Any]:
    """Everything, printed table by table as it comes; plain data for `--json`."""
    tables: list[Table] = []
    figures: dict[str, Any] = {"machine": machine(), "date": date.today().isoformat(), "versions": peers.versions()}

    def show(table: Table) -> None:
        tables.append(table)
        print(table.markdown(), flush=True)

    print(f"{figures['machine']}; {figures['date']}; {CELL}, {JOB.name}")
    result = plan(load_part(JOB), load_cell(CELL))
    robot = result.cell.robot.model
    empty, held, between = situations(result)
    with tempfile.TemporaryDirectory(prefix="pliant-bench-") as name:
        folder = Path(name)
        for k, situation in enumerate((empty, held, between[-1][0])):
            show(state_table(situation, peers, asked.states, folder / f"states-{k}"))
        show(kinematics_table(robot.arm or robot, peers, asked.poses))
        if asked.moves:
            done = moves(queries(result, asked.moves), JointLimits.of(robot), peers, asked.limit, folder)
            figures["moves"] = [asdict(move) for move in done]
            for table in move_tables(done, asked.limit):
                show(table)
        if asked.seams:
            try:
                seams = seam_times(asked.seams, folder)
            except (ImportError, PliantError) as error:
                print(f"\nLeft out: seams: {error}")
            else:
                figures["seams"] = [asdict(seam) for seam in seams]
                show(seams_table(seams))
    if asked.growth:
        panels = growth(robot, held.scene, asked.growth)
        figures["growth"] = [
            {"with": p.title, "sizes": p.sizes.tolist(), "seconds": {n: c.tolist() for n, c in p.curves.items()}} for p in panels
        ]
        show(growth_table(panels))
        if asked.plot is not None:
            asked.plot.write_text(log_plot(panels), encoding="utf-8")
    return figures | {"tables": [asdict(table) for table in tables], "left_out": peers.left_out}


def main(arguments: list[str] | None = None) -> None:
    """Measures, prints Markdown tables, writes `--json` and `--plot`."""
    parser = argparse.ArgumentParser(prog="python -m bench.motion", description="Motion engines side by side; see docs/performance.md.")
    parser.add_argument("--states", type=int, default=2000, metavar="N", help="random states per situation")
    parser.add_argument("--moves", type=int, default=100, metavar="N", help="free moves, of which three tenths leave the tool gap; 0: none")
    parser.add_argument("--seams", type=int, default=20, metavar="N", help="weld seams; 0: none")
    parser.add_argument("--poses", type=int, default=3000, metavar="N", help="poses for inverse kinematics")
    parser.add_argument("--growth", type=float, default=1.0, metavar="SHARE", help="growth up to this share of the largest sizes; 0: none")
    parser.add_argument("--limit", type=float, default=5.0, metavar="S", help="longest time of a peer for one move")
    parser.add_argument(
        "--peer",
        action="append",
        default=[],
        metavar="NAME=PYTHON",
        help=f"interpreter of a peer's environment; {', '.join(PEERS)}, or ompl for both of it",
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="all tables, every move and every seam as JSON")
    parser.add_argument("--plot", type=Path, metavar="FILE", help="the growth as SVG")
    asked = parser.parse_args(arguments)
    pythons = dict(one.split("=", 1) for one in asked.peer if "=" in one)
    if len(pythons) < len(asked.peer):
        parser.error("--peer wants NAME=PYTHON, each name once")
    begin = time.perf_counter()
    peers = Peers.started(pythons)
    try:
        figures = measure(asked, peers)
    finally:
        peers.close()
    print(f"\nBeside {', '.join(f'{package} {number}' for package, number in figures['versions'].items()) or 'nobody'}.")
    for name, reason in peers.left_out.items():
        print(f"Left out: {PEERS[name]}: {reason}")
    figures["seconds"] = time.perf_counter() - begin
    print(f"{figures['seconds']:.0f} s in all")
    if asked.json is not None:
        asked.json.write_text(json.dumps(figures, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
