"""Reads a flat drawing and prints its bend lines and, folded, its flanges: python examples/01_read_a_drawing.py [DXF]."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from api.bending import load_part
from parts.dxf import read_dxf


def main(source: str = str(Path(__file__).parent / "parts" / "tray.dxf")) -> None:
    """What a drawing holds, before and after folding."""
    flat = read_dxf(Path(source))
    x0, y0, x1, y1 = (1e3 * v for v in flat.outline.bounds)
    print(f"{flat.name}: {x1 - x0:.2f} x {y1 - y0:.2f} mm, {len(flat.outline.interiors)} holes, {len(flat.bend_lines)} bend lines")
    for finding in flat.findings:
        print(f"  {finding}")
    part = load_part(source, material="stainless-304", thickness_mm=1.0, angle_deg=90)
    folded = part.fold(np.array([bend.angle for bend in part.bends]))
    for flange in part.flanges:
        normal = folded[flange.index][:3, 2]
        print(
            f"  flange {flange.index + 1}: {flange.polygon.area * 1e4:.1f} cm2, its top looks to ({normal[0]:+.2f}, {normal[1]:+.2f}, {normal[2]:+.2f})"
        )
    for bend in part.bends:
        print(f"  bend {bend.index + 1}: flange {bend.parent + 1} to {bend.child + 1}, {np.degrees(bend.angle):g} deg, {1e3 * np.linalg.norm(bend.end - bend.start):.1f} mm")  # fmt: skip


if __name__ == "__main__":
    main(*sys.argv[1:2])
