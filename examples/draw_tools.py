"""Draws the sections of all catalogue tools to docs/tools.svg: `python examples/draw_tools.py`."""

from __future__ import annotations

from pathlib import Path

from cells.tool_catalogue import die_names, load_die, load_punch, punch_names
from core.frames import Array

COLUMNS, WIDTH, HEIGHT = 6, 130.0, 172.0


def figure(name: str, section: Array, text: str, column: int, row: int) -> str:
    """One tool in its field of the table, scale 1 mm = 1; the cross marks the section's origin."""
    points = section * 1e3
    x = WIDTH * (column + 0.5)
    y = HEIGHT * row + 140 + min(float(points[:, 1].min()), 0.0)
    path = " ".join(f"{x + a:.2f},{y - b:.2f}" for a, b in points)
    return (
        f'<polygon points="{path}" fill="#c9d3dd" stroke="#27496d" stroke-width="0.8"/>'
        f'<path d="M{x - 4:.1f},{y:.1f}h8M{x:.1f},{y - 4:.1f}v8" stroke="#b3261e" stroke-width="0.7"/>'
        f'<text x="{x:.1f}" y="{HEIGHT * row + 153:.1f}" font-size="9" text-anchor="middle" font-weight="600">{name}</text>'
        f'<text x="{x:.1f}" y="{HEIGHT * row + 164:.1f}" font-size="8" text-anchor="middle" fill="#5b6b7b">{text}</text>'
    )


def table() -> str:
    """The whole picture as SVG text."""
    tools = []
    for name in punch_names():
        punch = load_punch(name)
        tools.append((name, punch.section, f"height {punch.height * 1e3:g} mm, {punch.rating / 1e3:g} kN/m"))
    for name in die_names():
        die = load_die(name)
        tools.append((name, die.section, f"height {die.height * 1e3:g} mm, {die.rating / 1e3:g} kN/m"))
    cells = [figure(*tool, index % COLUMNS, index // COLUMNS) for index, tool in enumerate(tools)]
    rows = -(-len(tools) // COLUMNS)
    size = f'viewBox="0 0 {COLUMNS * WIDTH:g} {rows * HEIGHT:g}" font-family="sans-serif"'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" {size}>\n<rect width="100%" height="100%" fill="#fff"/>\n'
        + "\n".join(cells)
        + "\n</svg>\n"
    )


if __name__ == "__main__":
    (Path(__file__).resolve().parents[1] / "docs" / "tools.svg").write_text(table(), encoding="utf-8")
