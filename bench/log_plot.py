"""Curves over logarithmic axes as SVG, and the exponents of their growth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from core.frames import Array
from sim.drawing import BLUE, GREEN, INK, MUTED, ORANGE, RED, Drawing

WIDE, HIGH, LEFT, BELOW, PAD = 250.0, 210.0, 46.0, 40.0, 16.0
COLORS = (BLUE, ORANGE, GREEN, RED)


@dataclass(frozen=True, eq=False, slots=True)
class Panel:
    """One plot.

    Attributes:
        title: Above it.
        x: Label of the axis.
        sizes: (k,)
        curves: Seconds (k,) by name.
    """

    title: str
    x: str
    sizes: Array
    curves: Mapping[str, Array]


def exponent(sizes: Array, values: Array) -> float:
    """p of values ~ sizes^p, by least squares over the logarithms."""
    return float(np.polyfit(np.log(sizes), np.log(values), 1)[0])


def log_plot(panels: Sequence[Panel]) -> str:
    """Panels side by side, each with a legend that names the exponents; a file of its own."""
    step = LEFT + WIDE + PAD
    rows = max(len(panel.curves) for panel in panels)
    out = Drawing(0, -14.0 * rows, step * len(panels), BELOW + HIGH + 30 + 14.0 * rows, "how cost grows")
    for k, panel in enumerate(panels):
        _panel(out, step * k + LEFT, panel)
    text = str(out.svg())
    return text.replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" font-family="sans-serif" ', 1) + "\n"


def _panel(out: Drawing, left: float, panel: Panel) -> None:
    values = np.concatenate([np.asarray(curve) for curve in panel.curves.values()])
    x_low, x_high = np.log10(panel.sizes[0]), np.log10(panel.sizes[-1])
    y_low, y_high = np.floor(np.log10(values.min())), np.ceil(np.log10(values.max()))

    def at(x: Array, y: Array) -> Array:
        across = left + (np.log10(x) - x_low) / (x_high - x_low) * WIDE
        return np.column_stack((across, BELOW + (np.log10(y) - y_low) / (y_high - y_low) * HIGH))

    out.box(left, BELOW, WIDE, HIGH, fill="#fff", stroke="#c9d3dd", line=0.8)
    out.text(left + WIDE / 2, BELOW + HIGH + 10, panel.title, 11, bold=True)
    for size in panel.sizes:
        ((x, _),) = at(np.array([size]), np.array([10.0**y_low]))
        out.line(np.array([[x, BELOW], [x, BELOW - 3]]), stroke=MUTED, width=0.8)
        out.text(x, BELOW - 13, f"{size:g}", 9, fill=MUTED)
    out.text(left + WIDE / 2, BELOW - 27, panel.x, 10, fill=INK)
    for power in np.arange(y_low, y_high + 0.5):
        y = float(BELOW + (power - y_low) / (y_high - y_low) * HIGH)
        out.line(np.array([[left, y], [left + WIDE, y]]), stroke="#e6ebf0", width=0.6)
        out.text(left - 4, y - 3, _seconds(10.0**power), 9, anchor="end", fill=MUTED)
    for k, (name, curve) in enumerate(panel.curves.items()):
        points, color = at(panel.sizes, np.asarray(curve)), COLORS[k]
        out.line(points, stroke=color, width=1.6)
        for x, y in points:
            out.circle(float(x), float(y), 2.2, fill=color)
        out.box(left, 5 - 14 * k - 5, 9, 9, fill=color)
        out.text(left + 14, 5 - 14 * k - 4, f"{name}: exponent {exponent(panel.sizes, np.asarray(curve)):.2f}", 10, anchor="start")


def _seconds(value: float) -> str:
    for unit, size in (("s", 1.0), ("ms", 1e-3), ("us", 1e-6)):
        if value >= size * 0.999:
            return f"{value / size:g} {unit}"
    return f"{value * 1e9:g} ns"
