"""Where the time of a welding plan goes, and what it uses: seconds, wire, gas."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cells.weld_model import WeldCell
from sim.weld.plan import WeldPlan

STEEL = 7850.0
"""Of the wire [kg/m3]."""


@dataclass(frozen=True, slots=True)
class WeldTimes:
    """Sums over a plan.

    Attributes:
        arc: While the arc moves and stands [s].
        air: Free and straight moves, gas flowing on, the positioner turning [s].
        search, clean: [s]
        wire: Fed while the arc burns [m].
        wire_mass: [kg]
        gas: Before, while and after the arc burns [m3].
    """

    arc: float
    air: float
    search: float
    clean: float
    wire: float
    wire_mass: float
    gas: float

    @property
    def total(self) -> float:
        """[s]"""
        return self.arc + self.air + self.search + self.clean


def weld_times(plan: WeldPlan, cell: WeldCell) -> WeldTimes:
    """Times from the phases; wire and gas from the procedures: the wire is fed while the arc moves and for the crater, gas flows from pre-flow to post-flow."""
    procedures = {one.name: one for one in cell.procedures}
    sums = dict.fromkeys(("arc", "air", "search", "clean"), 0.0)
    wire = gas = 0.0
    for phase in plan.phases:
        seconds = float(phase.times[-1] - phase.times[0])
        kind = "arc" if phase.arc else phase.name if phase.name in ("search", "clean") else "air"
        sums[kind] += seconds
        if phase.kind == "weld" and phase.weld is not None:
            it = procedures[plan.welds[phase.weld].procedure]
            wire += it.wire_feed * (seconds + it.crater)
            gas += it.gas_flow * (it.preflow + it.ignition + seconds + it.crater + it.postflow)
    section = np.pi / 4 * cell.torch.wire_diameter**2
    return WeldTimes(**sums, wire=wire, wire_mass=wire * section * STEEL, gas=gas)
