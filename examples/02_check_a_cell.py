"""Looks at a cell before anything is bent in it and draws it from above: python examples/02_check_a_cell.py [CELL] [PNG]."""

from __future__ import annotations

import sys
from pathlib import Path

from cells.load import load_cell
from sim.cell_check import check_cell
from sim.cell_plan import cell_plan


def main(cell: str = "bending-irb4600", picture: str = "out/cell_plan.png") -> None:
    """Findings on stdout, the drawing in a file."""
    check = check_cell(load_cell(cell))
    for finding in check.findings:
        print(finding)
    for reach in check.beam:
        if reach.left is not None and reach.right is not None:
            print(f"{reach.gripper} {1e3 * reach.stand:.0f} mm before the brake: x {1e3 * reach.left:.0f} to {1e3 * reach.right:.0f} mm")
    Path(picture).parent.mkdir(parents=True, exist_ok=True)
    Path(picture).write_bytes(cell_plan(check))
    print(f"drawn: {picture}")


if __name__ == "__main__":
    main(*sys.argv[1:3])
