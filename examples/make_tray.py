"""Draws examples/parts/tray.dxf: a tray of 482 x 408 mm with four walls of 16 mm, in 1 mm stainless steel bent over V 6 (r 1.26, K 0.42)."""

from __future__ import annotations

from math import pi
from pathlib import Path

import ezdxf
from ezdxf import units

LENGTH, WIDTH, WALL, T, R, K = 482.0, 408.0, 16.0, 1.0, 1.26, 0.42
RELIEF = 1.5


def main() -> None:
    """Writes the file beside this script."""
    deduction = 2 * (R + T) - pi / 2 * (R + K * T)
    # Bend lines lie half a deduction inside the sum of outer legs.
    x, y = LENGTH - deduction, WIDTH - deduction
    w = WALL - deduction / 2
    doc = ezdxf.new("R2010")
    doc.units = units.MM
    doc.layers.add("OUTLINE")
    doc.layers.add("BEND", color=1)
    model = doc.modelspace()
    r = RELIEF
    corner = [
        (x - r, y),
        (x - r, y + w),
        (r, y + w),
        (r, y),
        (r, y - r),
        (0, y - r),
        (-w, y - r),
        (-w, r),
        (0, r),
        (r, r),
        (r, 0),
        (r, -w),
        (x - r, -w),
        (x - r, 0),
        (x - r, r),
        (x, r),
        (x + w, r),
        (x + w, y - r),
        (x, y - r),
        (x - r, y - r),
    ]
    model.add_lwpolyline(corner, close=True, dxfattribs={"layer": "OUTLINE"})
    for a, b in (((r, 0), (x - r, 0)), ((r, y), (x - r, y)), ((0, r), (0, y - r)), ((x, r), (x, y - r))):
        model.add_line(a, b, dxfattribs={"layer": "BEND"})
    model.add_circle((x / 2, y / 2), 12, dxfattribs={"layer": "OUTLINE"})
    doc.saveas(Path(__file__).parent / "parts" / "tray.dxf")


if __name__ == "__main__":
    main()
