"""Reads a robot program back, runs it and lists what it does: python examples/03_read_a_program.py [FOLDER].

The folder holds one program as `pliant bend` writes it to `robot/`: RAPID, KRL or URScript. FANUC and INFORM keep tools and frames on the controller; for them see
`pliant verify`, which takes them from the cell.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from api.program_files import read_programs
from robots.programs.controller import Controller
from robots.programs.events import Moved, SignalSet, Waited
from robots.programs.execution import run
from robots.programs.languages import language


def main(folder: str = str(Path(__file__).parent / "programs")) -> None:
    """What a controller would do, in order, when every signal comes."""
    name, files = read_programs([Path(folder)])
    program = language(name).read(files, Controller())
    moves = 0
    for event in run(program):
        if isinstance(event, Moved):
            moves += 1
            if event.q is not None and event.T_target is None:
                print(f"{event.at}: joints {np.degrees(event.q).round(1).tolist()} deg at {event.speed:.0%}")
            elif event.T_target is not None:
                print(f"{event.at}: {event.kind} to {(1e3 * event.T_target[:3, 3]).round(1).tolist()} mm at {1e3 * event.speed:.0f} mm/s")
        elif isinstance(event, SignalSet):
            print(f"{event.at}: set {event.address} to {event.value}")
        elif isinstance(event, Waited):
            print(f"{event.at}: wait for " + ", ".join(f"{address} {value}" for address, value in event.signals))
    print(f"{', '.join(files)}: {moves} moves")


if __name__ == "__main__":
    main(*sys.argv[1:2])
