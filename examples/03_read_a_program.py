"""Reads an exported robot program back, runs it and lists its moves: python examples/03_read_a_program.py [FOLDER].

The folder holds the `.mod` of RAPID, or the `.src` and `.dat` of KRL, as `pliant bend` writes them to `robot/`.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from robots.programs.trace import TracedMove, TracedSet, TracedWait
from sim.programs import run_program


def main(folder: str = str(Path(__file__).parent / "programs")) -> None:
    """What a controller would do, in order."""
    files = {path.name: path.read_bytes() for path in sorted(Path(folder).iterdir()) if path.suffix in (".mod", ".src", ".dat")}
    language = "rapid" if any(name.endswith(".mod") for name in files) else "krl"
    trace = run_program(language, files)
    for item in trace:
        if isinstance(item, TracedMove) and item.joints is not None:
            print(f"line {item.line}: joints {np.degrees(item.joints).round(1).tolist()} deg at {item.speed:.0%}")
        elif isinstance(item, TracedMove) and item.T_base_tcp is not None:
            print(f"line {item.line}: straight to {(1e3 * item.T_base_tcp[:3, 3]).round(1).tolist()} mm at {1e3 * item.speed:.0f} mm/s")
        elif isinstance(item, TracedSet):
            print(f"line {item.line}: set {item.address} to {item.value}")
        elif isinstance(item, TracedWait):
            print(f"line {item.line}: wait for {item.address} {item.value}")
    moves = sum(isinstance(item, TracedMove) for item in trace)
    print(f"{', '.join(files)}: {moves} moves")


if __name__ == "__main__":
    main(*sys.argv[1:2])
