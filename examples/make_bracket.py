"""Draws examples/parts/bracket.dxf: a plate of 112 x 160 mm with one bend line across its middle, to be bent to an L from 3 mm steel."""

from __future__ import annotations

from pathlib import Path

import ezdxf
from ezdxf import units

WIDTH, DEPTH = 112.0, 160.0


def main() -> None:
    """Writes the file beside this script."""
    doc = ezdxf.new("R2010")
    doc.units = units.MM
    doc.layers.add("OUTLINE")
    doc.layers.add("BEND", color=1)
    model = doc.modelspace()
    model.add_lwpolyline([(0, 0), (WIDTH, 0), (WIDTH, DEPTH), (0, DEPTH)], close=True, dxfattribs={"layer": "OUTLINE"})
    model.add_line((0, DEPTH / 2), (WIDTH, DEPTH / 2), dxfattribs={"layer": "BEND"})
    doc.saveas(Path(__file__).parent / "parts" / "bracket.dxf")


if __name__ == "__main__":
    main()
