"""Writes the weldments of examples/weld: python examples/make_weldments.py [folder]. Needs the STEP kernel (pip install 'pliant[step]')."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench.weld_family import panel, t_joint, write_assembly

folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parent / "weld"
folder.mkdir(parents=True, exist_ok=True)
for made in (t_joint(), panel()):
    path = write_assembly(folder / f"{made.name}.step", made.pieces)
    print(f"{path.name}: {len(made.pieces)} pieces, {len(made.seams)} seams, {path.stat().st_size // 1000} kB")
