"""Where the time goes: robot, ram and gauge side by side, and seconds by step and kind of move."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from markupsafe import Markup

from core.frames import Array
from sim.bending import BendingResult
from sim.drawing import INK, MUTED, Drawing
from sim.plan import BendPlan

COLORS = {"free": "#2f6fb0", "linear": "#7db4e6", "follow": "#e08a2c", "wait": "#cfd8e0"}
KINDS = {"free": "free move", "linear": "straight move", "follow": "follows the sheet", "wait": "waits"}
SPAN, LEFT, WIDTH, BLOCK = 30.0, 48.0, 700.0, 88.0


def seconds_by_step(plan: BendPlan) -> list[tuple[str, dict[str, float]]]:
    """Steps in order of time with the robot's seconds of each kind of move (`KINDS`)."""
    table: dict[str, dict[str, float]] = {}
    for phase in plan.phases:
        row = table.setdefault(phase.step, dict.fromkeys(KINDS, 0.0))
        row[phase.kind] += float(phase.times[-1] - phase.times[0])
    return list(table.items())


def time_drawing(result: BendingResult) -> Markup:
    """Robot, ram and back gauge over time; one row each, one block of rows per 30 s, the steps named above."""
    plan = result.plan
    names = list(result.cell.brake.mechanism.joint_names)
    gauges = [i for i, name in enumerate(names) if name != "ram"]
    bars: list[tuple[int, float, float, str, str]] = []
    steps: dict[str, tuple[float, float]] = {}
    for phase in plan.phases:
        start, end = float(phase.times[0]), float(phase.times[-1])
        steps[phase.step] = (steps.get(phase.step, (start, end))[0], end)
        if end - start > 1e-3:
            bars.append((0, start, end, COLORS[phase.kind], f"{phase.step}, {phase.name}: {end - start:.2f} s"))
        for row, columns, color in ((1, [names.index("ram")], "#59616e"), (2, gauges, "#8b9aa8")):
            bars += [(row, a, b, color, f"{phase.step}: {b - a:.2f} s") for a, b in moving(phase.times, phase.brake[:, columns])]
    span = min(SPAN, max(plan.duration, 1.0))
    blocks = max(int(np.ceil(plan.duration / span - 1e-9)), 1)
    height = blocks * BLOCK + 18
    out = Drawing(0, 0, LEFT + WIDTH + 12, height, "times of robot, ram and gauge")
    for block in range(blocks):
        _block(out, height - block * BLOCK, block * span, span, bars, steps)
    x = LEFT
    for key, title in KINDS.items():
        out.box(x, 3, 10, 10, fill=COLORS[key])
        out.text(x + 14, 4, title, 10, anchor="start", fill=MUTED)
        x += 120
    return out.svg()


def _block(
    out: Drawing,
    top: float,
    begin: float,
    span: float,
    bars: Iterable[tuple[int, float, float, str, str]],
    steps: dict[str, tuple[float, float]],
) -> None:
    """Rows of one stretch of time, below `top`."""

    def at(time: float) -> float:
        return LEFT + (time - begin) / span * WIDTH

    for second in np.arange(0, span + 0.1, 5 if span > 12 else 1):
        x = at(begin + second)
        out.line(np.array([[x, top - 14], [x, top - 66]]), stroke="#dde3ea", width=0.6)
        out.text(x, top - 77, f"{begin + second:.0f} s", 9, fill=MUTED)
    for row, title in enumerate(("robot", "ram", "gauge")):
        out.text(0, top - 26 - row * 18, title, 11, anchor="start", fill=MUTED)
    for row, a, b, color, title in bars:
        low, high = max(a, begin), min(b, begin + span)
        if high > low:
            out.box(at(low), top - 29 - row * 18, max(at(high) - at(low), 0.6), 13, fill=color, title=title)
    for name, (a, b) in steps.items():
        low, high = max(a, begin), min(b, begin + span)
        if high - low > 0.2:
            out.line(np.array([[at(low), top - 2], [at(low), top - 66]]), stroke=MUTED, width=0.5, dash="2 2")
        if at(high) - at(low) > 6.2 * len(name) if high > low else False:
            out.text((at(low) + at(high)) / 2, top - 10, name, 10, fill=INK)


def moving(times: Array, values: Array) -> list[tuple[float, float]]:
    """Stretches of time in which any column changes."""
    change = np.max(np.abs(np.diff(values, axis=0)), axis=1) > 1e-7
    spans: list[tuple[float, float]] = []
    for k in np.flatnonzero(change):
        if spans and abs(spans[-1][1] - times[k]) < 1e-9:
            spans[-1] = (spans[-1][0], float(times[k + 1]))
        else:
            spans.append((float(times[k]), float(times[k + 1])))
    return spans
