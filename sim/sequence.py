"""The order of bends: the search's answer as strokes with all their figures, the tools laid out on the beam, and the reasons where there is none."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from cells.model import Brake, ToolStock
from cells.tooling import ToolSetup
from core.findings import Finding
from core.frames import Array
from core.progress import Progress, silent
from parts.sheet import SheetPart
from sim.airbend import bending_force, contact_half_width, inner_radius, penetration
from sim.order_search import Found, OrderSearch, OrderStep
from sim.stroke_options import StrokeOptions, loaded_angle
from sim.tool_choice import radius_finding
from sim.tool_layout import lay_out

MAX_EXPANSIONS = 20000
"""Orders looked at before the search gives up on proving the best one."""
GREEDY_WEIGHT = 6.0
"""Weight of what remains in the search for any good order."""


@dataclass(frozen=True, eq=False, slots=True)
class SequencedStroke:
    """One stroke of the answer; see `sim.plan.BendStep` for the fields they share.

    Attributes:
        hold_flange: A flange in front that the gripper can hold.
        before: Bend angles (n_bends,) before the stroke.
        clearance: Smallest distance of part and tools found, at most 0.02 [m].
        front: Flanges on the robot's side.
    """

    stroke: int
    bends: tuple[int, ...]
    station: int
    x: float
    gauged: str
    flipped: bool
    hold_flange: int
    angle: float
    loaded_angle: float
    radius: float
    force: float
    tip_depth: float
    pinch_tip: float
    gauge_x: float
    gauge_r: float
    gauge_z1: float
    gauge_z2: float
    gauge_contact: str
    T_brake_bend_pinch: Array
    before: Array
    clearance: float
    front: frozenset[int]


@dataclass(frozen=True, eq=False, slots=True)
class SequenceResult:
    """The best order, or as much of one as there is with the reasons in `findings`."""

    steps: tuple[SequencedStroke, ...]
    setup: ToolSetup
    findings: tuple[Finding, ...]
    cost: float
    expanded: int
    checks: int


def plan_sequence(
    part: SheetPart,
    brake: Brake,
    stock: ToolStock,
    *,
    holdable: Callable[[int], bool] | None = None,
    forbidden: frozenset[tuple[int, int, str]] = frozenset(),
    options: StrokeOptions | None = None,
    progress: Progress = silent,
) -> SequenceResult:
    """Finds the order of bends.

    Args:
        part: The part.
        brake: The machine.
        stock: Tools in the shop.
        holdable: Whether the gripper can hold a flange; None: any.
        forbidden: (stroke, mask of strokes done, gauged side) that the robot could not carry out.
        options: Answers about single strokes, when the same part is asked for again; they remember what they found.
        progress: Told how far the search is.
    """
    if not part.strokes:
        finding = Finding("error", "no-bends", f"{part.name} has no bends", "give a flat pattern with bend lines", "sequence")
        return SequenceResult((), ToolSetup(()), (finding,), 0.0, 0, 0)
    options = options or StrokeOptions(part, brake, stock)
    if options.findings:
        return SequenceResult((), ToolSetup(()), tuple(options.findings), 0.0, 0, 0)
    holds = tuple(holdable is None or holdable(flange.index) for flange in part.flanges)
    search = OrderSearch(options, holds, forbidden)
    found, expanded, findings = _look(search, progress)
    order = found.order or found.furthest
    if found.order is None and not found.limited:
        findings += _reasons(search, found)
    setup, station_of, layout = lay_out(part, brake, stock, [(step.option.pair, step.option.length) for step in order.steps])
    findings += layout
    steps = tuple(_step(part, setup, station_of, step, options.checks.angles(step.mask)) for step in order.steps)
    for step in order.steps:
        warning = radius_finding(part, step.stroke, step.option.pair)
        if warning is not None:
            findings.append(warning)
    return SequenceResult(steps, setup, tuple(findings), order.cost, expanded, options.count)


def _look(search: OrderSearch, progress: Progress) -> tuple[Found, int, list[Finding]]:
    """The best order; where there are too many to compare, a good one and a finding that says so."""
    found = search.run(progress, MAX_EXPANSIONS)
    if not found.limited:
        return found, found.expanded, []
    quick = search.run(progress, MAX_EXPANSIONS, GREEDY_WEIGHT)
    expanded = found.expanded + quick.expanded
    if quick.order is not None:
        message = f"the order is good but not proven the best: the search stopped after {MAX_EXPANSIONS} states"
        return quick, expanded, [Finding("info", "order-not-proven", message, "", "sequence")]
    if not quick.limited:
        return quick, expanded, []
    message = f"no complete order among {expanded} states; the part may still be possible"
    return quick, expanded, [Finding("error", "search-limit", message, "simplify the part or split it", "sequence")]


def _label(part: SheetPart, stroke: int) -> str:
    return " + ".join(str(b + 1) for b in part.strokes[stroke].bends)


def _reasons(search: OrderSearch, found: Found) -> list[Finding]:
    """Why the remaining strokes cannot follow the furthest order."""
    part, furthest = search.options.part, found.furthest
    out = []
    for stroke in part.strokes:
        if furthest.mask >> stroke.index & 1:
            continue
        why = []
        for gauged in ("child", "parent"):
            option = search.option(stroke.index, furthest.mask, gauged)
            side = "smaller side" if gauged == "child" else "larger side"
            if isinstance(option, str):
                why.append(f"with the {side} at the gauge: {option}")
            else:
                why.append(f"with the {side} at the gauge: no flange in front can be gripped")
        done = [_label(part, step.stroke) for step in furthest.steps]
        after = f"after bends {', '.join(done)}" if done else "as the first bend"
        message = f"bend {_label(part, stroke.index)} cannot be made {after}; " + "; ".join(why)
        out.append(
            Finding(
                "error",
                "no-sequence",
                message,
                "a gooseneck punch, a narrower die, another gripper, or a changed flange",
                f"bend {_label(part, stroke.index)}",
            )
        )
    return out


def _step(
    part: SheetPart, setup: ToolSetup, station_of: dict[tuple[str, str, float], int], chosen: OrderStep, before: Array
) -> SequencedStroke:
    option = chosen.option
    station = setup.stations[station_of[(option.pair.punch.name, option.pair.die.name, option.length)]]
    stroke = part.strokes[option.how.stroke]
    bend = part.bends[stroke.bends[0]]
    angle = abs(bend.angle)
    loaded = loaded_angle(part, stroke.index, station.die, station.punch)
    made = inner_radius(part.material, station.die.opening, station.punch.radius)
    T = option.how.T_brake_bend_pinch.copy()
    T[0, 3] += station.x_middle
    length = option.how.span[1] - option.how.span[0]
    g = option.gauging
    return SequencedStroke(
        stroke=stroke.index, bends=stroke.bends, station=station.index, x=station.x_middle, gauged=option.how.gauged, flipped=option.how.flipped, hold_flange=chosen.hold,
        angle=angle, loaded_angle=loaded, radius=bend.radius, force=bending_force(part.material, part.thickness, station.die.opening, length),
        tip_depth=penetration(loaded, made, part.thickness, contact_half_width(station.die), station.die.shoulder), pinch_tip=part.thickness,
        gauge_x=g.gauge_x, gauge_r=g.gauge_r, gauge_z1=g.gauge_z1 + station.x_middle, gauge_z2=g.gauge_z2 + station.x_middle, gauge_contact=g.contact,
        T_brake_bend_pinch=T, before=before, clearance=option.clearance, front=option.how.front,
    )  # fmt: skip
