"""Time per seam of welding plans, and its growth with the number of seams: `python -m bench.weld [--ribs 1 2 4] [--cell welding-kr5]`.

Ribs of 200 mm stand 80 mm apart on one plate, two seams each, drawn as a STEP assembly, read, planned, replayed, exported and checked, as `pliant weld` does.
"""

from __future__ import annotations

import argparse
import math
import tempfile
import time
from pathlib import Path

from api.weld import WeldRequest, run_weld
from bench.weld_family import Made, block, write_assembly
from core.progress import silent

PITCH, LENGTH, HEIGHT = 80.0, 200.0, 40.0


def ribs(count: int) -> Made:
    """A plate with ribs [mm]."""
    pieces = [("plate", block((LENGTH + 60, PITCH * count + 20, 8)))]
    pieces += [(f"rib {k + 1}", block((LENGTH, 6, HEIGHT), (30, 50 + PITCH * k, 8))) for k in range(count)]
    return Made(f"ribs_{count}", pieces, [("fillet", LENGTH)] * (2 * count))


def main() -> None:
    """Prints one row per weldment and the exponent of growth between the first and the last."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--ribs", type=int, nargs="+", default=[1, 2, 4])
    parser.add_argument("--cell", default="welding-kr5")
    options = parser.parse_args()
    stages = ("read", "seams", "order", "moves", "replay", "export", "show")
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        # The kernel talks while it writes; and compiled loops are loaded before the clock runs.
        files = [write_assembly(Path(folder) / f"{made.name}.step", made.pieces) for made in map(ribs, options.ribs)]
        run_weld(WeldRequest(files[0], options.cell), silent)
        print("seams welded " + " ".join(f"{name:>7}" for name in stages) + "   total  per seam  [s]")
        for file in files:
            start = time.perf_counter()
            summary, _ = run_weld(WeldRequest(file, options.cell), silent)
            total = time.perf_counter() - start
            seams = summary["seams"]
            rows.append((seams, total))
            spent = " ".join(f"{summary['stage_times_s'].get(name, 0.0):7.2f}" for name in stages)
            print(f"{seams:5d} {len(summary['welded']):6d} {spent} {total:7.2f} {total / max(seams, 1):9.2f}")
    if len(rows) > 1:
        (n0, t0), (n1, t1) = rows[0], rows[-1]
        print(f"growth from {n0} to {n1} seams: time ~ seams^{math.log(t1 / t0) / math.log(n1 / n0):.2f}")


if __name__ == "__main__":
    main()
