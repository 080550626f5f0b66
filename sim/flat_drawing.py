"""The flat sheet as a drawing: bend lines numbered in the order made, angle and direction, where it is gauged and held."""

from __future__ import annotations

import numpy as np
from markupsafe import Markup

from core.units import to_deg
from sim.bend_view import gauge_on_flat
from sim.bending import BendingResult
from sim.drawing import BLUE, GREEN, INK, MUTED, ORANGE, PALE, RED, Drawing
from sim.grips import Grip

MADE = "#7d93a8"


def flat_drawing(result: BendingResult, current: int | None = None) -> Markup:
    """The sheet as its +z face looks at you.

    Args:
        result: A plan.
        current: Index of the step being made: its lines are red, those made before solid, those to come dashed, with its grip and its fingers.
            None: the whole sequence with all grips.
    """
    part, steps = result.part, result.plan.steps
    low_x, low_y, high_x, high_y = (v * 1e3 for v in part.flat.outline.bounds)
    # Everything that is not the sheet is sized by the drawing, which is about 100 units wide on paper, the smaller ones of single bends 62.
    unit = max(high_x - low_x, (high_y - low_y) * 1.4) / (100 if current is None else 62)
    pad = 6 * unit
    label = "flat sheet" if current is None else f"flat sheet, bend {steps[current].label}"
    out = Drawing(low_x - pad, low_y - pad * 1.6, high_x - low_x + 2 * pad, high_y - low_y + pad * 2.4, label)
    outline = part.flat.outline.simplify(5e-5)
    out.rings([np.asarray(ring.coords) * 1e3 for ring in (outline.exterior, *outline.interiors)], fill=PALE, stroke=BLUE, width=0.35 * unit)
    shown = list({id(grip): grip for grip in result.grips}.values()) if current is None else [result.grips[current]]
    for grip in shown:
        _hold(out, result, grip, unit)
    if current is not None:
        _fingers(out, result, current, unit)
    big = current is None
    for order, step in enumerate(steps):
        now, done = order == current, current is not None and order < current
        color = RED if now or big else MADE if done else MUTED
        for index in step.bends:
            bend = part.bends[index]
            a, b = bend.start * 1e3, bend.end * 1e3
            dash = "" if now or done else f"{2 * unit:.2f} {unit:.2f}"
            out.line(np.stack((a, b)), stroke=color, width=(0.9 if now else 0.5) * unit, dash=dash)
            x, y = (a + b) / 2
            radius = (3.2 if now or big else 2.2) * unit
            # Towards the middle of the sheet, where there is room.
            x += np.clip((low_x + high_x) / 2 - x, -2.5 * unit, 2.5 * unit)
            out.badge(x, y, step.label, radius, color=color, filled=now)
            if (now or big) and index == step.bends[0]:
                left = x > (low_x + high_x) / 2 + unit
                sign = "up" if bend.angle > 0 else "down"
                text = f"{to_deg(abs(bend.angle)):g}° {sign}"
                out.text(
                    x + (-1 if left else 1) * radius * 1.4, y - 1.2 * unit, text, 3.4 * unit,
                    anchor="end" if left else "start", fill=color, bold=now, halo=unit,
                )  # fmt: skip
    out.text((low_x + high_x) / 2, low_y - pad * 1.3, f"{high_x - low_x:.1f} x {high_y - low_y:.1f} mm", 3.4 * unit, fill=INK)
    return out.svg()


def _fingers(out: Drawing, result: BendingResult, current: int, unit: float) -> None:
    """The fingers' stop faces where they touch, as wide as they are."""
    step = result.plan.steps[current]
    bend = result.part.bends[step.bends[0]]
    away = bend.T_sheet_bend[:2, 1] * (1 if step.gauged == "child" else -1)
    for a, b in gauge_on_flat(result, step) * 1e3:
        out.rings([np.array([a, b, b + away * 3 * unit, (a + b) / 2 + away * 5 * unit, a + away * 3 * unit])], fill=GREEN)


def _hold(out: Drawing, result: BendingResult, grip: Grip, unit: float) -> None:
    """Cups that seal, or the jaws, in flat coordinates."""
    T = grip.T_flange_tcp
    if grip.face == "edge" and result.gripper.jaws is not None:
        jaws = result.gripper.jaws
        corners = np.array([[x, 0.0, z, 1.0] for x, z in ((-1, 0), (1, 0), (1, 1), (-1, 1))]) * [jaws.width / 2, 0.0, jaws.depth, 1.0]
        out.rings([(corners @ T.T)[:, :2] * 1e3], fill=ORANGE, stroke="#8a4b05", width=0.3 * unit, opacity=0.55)
        return
    for index in grip.active_cups:
        cup = result.gripper.cups[index]
        x, y = (T @ np.array([cup.x, cup.y, 0.0, 1.0]))[:2] * 1e3
        out.circle(float(x), float(y), cup.radius * 1e3, fill=ORANGE, stroke="#8a4b05", width=0.3 * unit, opacity=0.55)
