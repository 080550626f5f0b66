"""A bending job in five lines: cell, part, plan, verify, export. Run it from the project's folder: python examples/00_first_bend.py [OUT]."""

from __future__ import annotations

import sys
from pathlib import Path

from api.bending import export, load_cell, load_part, plan, verify

HERE = Path(__file__).parent


def main(out: str = "out/first_bend") -> None:
    """Plans the shipped tray and says what came of it."""
    cell = load_cell("bending-kr120")
    part = load_part(HERE / "parts" / "tray.yaml")
    planned = plan(part, cell)
    verified = verify(planned)
    exported = export(verified, out)

    print(
        f"{part.name}: {part.mass:.2f} kg, {len(part.flanges)} flanges, {len(verified.plan.steps)} bends in {verified.plan.duration:.1f} s"
    )
    for step in verified.plan.steps:
        print(f"  bend {step.label}: {step.force / 1e3:.1f} kN, gauge X {step.gauge_x * 1e3:.2f} mm")
    for finding in (*verified.plan.findings, *exported.findings):
        print(f"  {finding}")
    print(f"robot program: {', '.join(exported.files) or 'none'} in {out}")


if __name__ == "__main__":
    main(*sys.argv[1:2])
