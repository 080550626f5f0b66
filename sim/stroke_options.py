"""One stroke in one state of the part: with which tools it can be made, where the fingers stand; or why it cannot."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cells.model import Brake, ToolStock
from cells.tooling import Die, Punch
from cells.tooling_hulls import STEP, compose
from core.findings import Finding
from core.units import to_mm
from parts.sheet import SheetPart
from sim.airbend import bending_force, inner_radius, minimum_leg, springback
from sim.gauging import Gauging
from sim.stroke_checks import Clash, StrokeChecks
from sim.swing import Lie
from sim.tool_choice import ToolPair, tool_pairs
from sim.tool_layout import segments_of


@dataclass(frozen=True, eq=False, slots=True)
class StrokeOption:
    """A stroke that works in one way.

    Attributes:
        how: How the part lies.
        pair: Tools.
        length: Of the tools along the beam [m].
        gauging: Where the fingers stand.
        clearance: Smallest distance of part and press, at most 20 mm [m].
    """

    how: Lie
    pair: ToolPair
    length: float
    gauging: Gauging
    clearance: float


class StrokeOptions:
    """Options of every stroke in every state, found when asked for and remembered; they do not depend on robot or gripper.

    Args:
        part: The part.
        brake: The machine.
        stock: Tools in the shop.

    Attributes:
        findings: Strokes that no tools in stock can make.
        lengths: Length of each stroke's line [m].
        common: Length of the tools that serve every stroke with nothing standing beside it [m].
    """

    def __init__(self, part: SheetPart, brake: Brake, stock: ToolStock) -> None:
        self.part, self.brake, self.stock = part, brake, stock
        self.checks = StrokeChecks(part, brake)
        self.findings: list[Finding] = []
        self.pairs: list[list[ToolPair]] = []
        for stroke in part.strokes:
            pairs, findings = tool_pairs(part, stroke.index, stock)
            self.pairs.append(pairs)
            self.findings += findings
        self.lengths = [_line_length(part, stroke.index) for stroke in part.strokes]
        self.common = punch_length(max(self.lengths, default=0.0))
        self._found: dict[tuple[int, int, str], StrokeOption | str] = {}
        self._usable: dict[tuple[int, str, str], tuple[float, ...] | str] = {}
        self.pairs = self._of_one_height()

    @property
    def count(self) -> int:
        """How many states were looked at."""
        return len(self._found)

    def option(self, stroke: int, mask: int, gauged: str) -> StrokeOption | str:
        """How a stroke can be made with the strokes of `mask` (a bit each) made and one side (`child` or `parent`) gauged; or why not."""
        key = (stroke, mask, gauged)
        if key not in self._found:
            self._found[key] = self._evaluate(stroke, mask, gauged)
        return self._found[key]

    def _evaluate(self, stroke: int, mask: int, gauged: str) -> StrokeOption | str:
        angle = abs(self.part.bends[self.part.strokes[stroke].bends[0]].angle)
        reason = "no tools fit"
        gaugings: dict[float, Gauging | str] = {}
        blocked: set[tuple[str, float]] = set()
        for pair in self.pairs[stroke]:
            height = pair.die.height
            how = self.checks.lie(stroke, mask, gauged, height)
            if isinstance(how, str):
                return how
            usable = self._lengths_of(stroke, pair)
            if isinstance(usable, str):
                reason = usable
                continue
            if height not in gaugings:
                gaugings[height] = self.checks.gauging(how, mask, height)
            gauging = gaugings[height]
            if isinstance(gauging, str):
                return gauging
            loaded = loaded_angle(self.part, stroke, pair.die, pair.punch)
            for length in usable:
                # Over the same die every punch of this height brings the beams to the same place.
                if (pair.die.name, pair.punch.height) in blocked:
                    continue
                found = self.checks.check(how, mask, pair, length, loaded, angle)
                if not isinstance(found, Clash):
                    return StrokeOption(how, pair, length, gauging, found)
                reason = f"{found} ({pair.punch.name} over {pair.die.name})"
                if found.body_a not in ("punch", "die"):
                    blocked.add((pair.die.name, pair.punch.height))
        return reason

    def _of_one_height(self) -> list[list[ToolPair]]:
        """The pairs whose punches and dies can be mounted together: those of the heights that serve every stroke and come first in the order of choice.

        Where no heights serve all strokes the pairs stay as they are, and the set-up says why it cannot be mounted.
        """

        def heights(pair: ToolPair) -> tuple[float, float]:
            return round(pair.punch.height, 5), round(pair.die.height, 5)

        usable = [
            [pair for pair in pairs if not isinstance(self._lengths_of(stroke, pair), str)] for stroke, pairs in enumerate(self.pairs)
        ]
        for wanted in dict.fromkeys(heights(pair) for pairs in usable for pair in pairs):
            if all(any(heights(pair) == wanted for pair in pairs) for pairs in usable):
                return [[pair for pair in pairs if heights(pair) == wanted] for pairs in self.pairs]
        return self.pairs

    def _lengths_of(self, stroke: int, pair: ToolPair) -> tuple[float, ...] | str:
        """Lengths in which a pair of tools can make a stroke whatever else is bent; or why it cannot."""
        key = (stroke, pair.punch.name, pair.die.name)
        if key not in self._usable:
            self._usable[key] = self._lengths(stroke, pair)
        return self._usable[key]

    def _lengths(self, stroke: int, pair: ToolPair) -> tuple[float, ...] | str:
        part = self.part
        short = _short_leg(part, stroke, pair)
        if short:
            return short
        length = self.lengths[stroke]
        force = bending_force(part.material, part.thickness, pair.die.opening, length)
        if force > self.brake.max_force:
            return f"it needs {force / 1e3:.0f} kN, the brake has {self.brake.max_force / 1e3:.0f} kN"
        if force / length > min(pair.punch.rating, pair.die.rating):
            return f"it needs {force / length / 1e3:.0f} kN/m, more than {pair.punch.name} or {pair.die.name} bears"
        wanted = dict.fromkeys((self.common, punch_length(length)))
        usable = tuple(
            tool
            for tool in wanted
            if tool <= self.brake.length and compose(tool, segments_of(self.stock, pair.punch.stock_name)) is not None
        )
        if not usable:
            return f"the segments of {pair.punch.name} do not add up to {to_mm(punch_length(length)):.0f} mm"
        return usable


def loaded_angle(part: SheetPart, stroke: int, die: Die, punch: Punch) -> float:
    """Deflection under load [rad]: target plus springback of the radius that these tools make, whatever the flat was computed with."""
    angle = abs(part.bends[part.strokes[stroke].bends[0]].angle)
    return angle + springback(part.material, angle, inner_radius(part.material, die.opening, punch.radius), part.thickness)


def punch_length(line: float) -> float:
    """Punch for a bend line [m]: 3 mm shorter on each side, so that it goes between standing walls; very short lines take what fits."""
    room = line - 6e-3 if line > 30e-3 else line
    return max(float(np.floor(room / STEP + 1e-6) * STEP), STEP)


def _line_length(part: SheetPart, stroke: int) -> float:
    bends = [part.bends[i] for i in part.strokes[stroke].bends]
    along = (bends[0].end - bends[0].start) / np.linalg.norm(bends[0].end - bends[0].start)
    marks = [float(p @ along) for b in bends for p in (b.start, b.end)]
    return max(marks) - min(marks)


def _short_leg(part: SheetPart, stroke: int, pair: ToolPair) -> str:
    """Why a leg is too short for the die; empty when none is."""
    for index in part.strokes[stroke].bends:
        bend = part.bends[index]
        need = minimum_leg(pair.die.opening, bend.radius, part.thickness)
        for flange in (bend.parent, bend.child):
            polygon = part.flanges[flange].polygon
            y = np.asarray(polygon.exterior.coords) @ bend.T_sheet_bend[:2, 1] - bend.T_sheet_bend[:2, 3] @ bend.T_sheet_bend[:2, 1]
            leg = float(np.max(np.abs(y))) + bend.radius + part.thickness - bend.allowance / 2
            if leg < need:
                return f"the {to_mm(leg):.1f} mm leg is shorter than the {to_mm(need):.1f} mm that V {to_mm(pair.die.opening):g} needs"
    return ""
