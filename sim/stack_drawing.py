"""The pallet from above: the slots of a layer, and how the part lies in the one the robot fills first."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from markupsafe import Markup

from core.frames import Array
from core.units import to_mm
from sim.bend_view import corners, flange_poses, on_flange
from sim.bending import BendingResult
from sim.drawing import BLUE, INK, MUTED, PALE, Drawing
from sim.handling import slot_offsets
from sim.plan import phase_state


@dataclass(frozen=True, eq=False, slots=True)
class StackPattern:
    """How a layer is filled.

    Attributes:
        station: Name of the pallet.
        slots: Middles of the slots (n, 2) on the pallet [m], in the order filled.
        size: Length, width and height of the part as it lies [m].
        drawing: From above.
    """

    station: str
    slots: Array
    size: tuple[float, float, float]
    drawing: Markup


def stack_pattern(result: BendingResult) -> StackPattern | None:
    """The pattern on the outfeed; None when the plan puts nothing down."""
    station = result.cell.station("outfeed")
    last = [phase for phase in result.plan.phases if phase.step == "stack" and phase.name == "put down"]
    if station is None or not last:
        return None
    T = np.linalg.inv(station.T_world_station)
    Ts = T @ flange_poses(result, phase_state(last[0], float(last[0].times[-1])))
    points = corners(result.part, Ts)
    low, high = points.min(axis=0), points.max(axis=0)
    slots = np.array(slot_offsets(station, (high - low)[:2]))
    wide, deep = (to_mm(v) for v in station.size)
    unit = max(wide, deep) / 100
    out = Drawing(-wide / 2 - 3 * unit, -deep / 2 - 8 * unit, wide + 6 * unit, deep + 11 * unit, "parts on the pallet from above")
    out.box(-wide / 2, -deep / 2, wide, deep, fill="#ecd9bf", stroke="#9a7440", line=0.5 * unit)
    size = (high - low)[:2] * 1e3
    for number, (x, y) in enumerate(slots * 1e3, start=1):
        frame = np.array([[x + a * size[0] / 2, y + b * size[1] / 2] for a, b in ((-1, -1), (1, -1), (1, 1), (-1, 1), (-1, -1))])
        out.line(frame, stroke=MUTED, width=0.4 * unit, dash=f"{1.5 * unit:.1f} {unit:.1f}")
        if number == 1:
            # Lowest flange first, so that what lies on top is drawn over it.
            for flange in sorted(
                result.part.flanges, key=lambda f: float(on_flange(Ts[f.index], np.asarray(f.polygon.exterior.coords)[:, :2])[:, 2].mean())
            ):
                polygon = flange.polygon.simplify(2e-4)
                rings = [
                    on_flange(Ts[flange.index], np.asarray(ring.coords)[:, :2])[:, :2] * 1e3
                    for ring in (polygon.exterior, *polygon.interiors)
                ]
                out.rings(rings, fill=PALE, stroke=BLUE, width=0.3 * unit)
        out.badge(float(x), float(y), str(number), 3 * unit, color=BLUE)
    out.text(0, -deep / 2 - 6 * unit, f"{station.name}, {wide:g} x {deep:g} mm", 4 * unit, fill=INK)
    return StackPattern(station.name, slots, tuple(float(v) for v in high - low), out.svg())  # type: ignore[arg-type]
