"""The order of bends against a brute force over all orders, and against what a bender knows by hand."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from shapely import Polygon

from bench.family import Member, family
from cells.load import load_cell
from core.findings import has_errors
from core.units import MM
from parts.build import BendSpec, build_sheet
from parts.flat import BendLine, FlatPattern
from parts.materials import material
from parts.sheet import SheetPart
from sim import order_search as costs
from sim.sequence import plan_sequence
from sim.stroke_checks import Clash
from sim.stroke_options import StrokeOption, StrokeOptions, loaded_angle
from tests.conftest import strip

CELL = load_cell("bending-kr120")
MEMBERS = {member.name: member for member in family()}
STRAIGHT_ONLY = dataclasses.replace(CELL.tooling, punches=("P-straight-80-r0.8",))


def drawn(member: Member, radius: float = 1.6e-3) -> SheetPart:
    """A member of the benchmark's family without the way through a file."""
    lines = tuple(BendLine(np.array(start) * MM, np.array(end) * MM, direction=way) for start, end, way in member.bend_lines())
    flat = FlatPattern(member.name, Polygon(np.array(member.outline().exterior.coords) * MM), lines)
    specs = [BendSpec(np.pi / 2 if line.direction == "up" else -np.pi / 2, radius) for line in lines]
    return build_sheet(flat, thickness=member.thickness * MM, material=material(member.material), specs=specs)


def hat() -> SheetPart:
    """Brim 30, wall 40, crown 60, wall 40, brim 30."""
    return strip([0.03, 0.07, 0.13, 0.17], 0.2, 0.1, [-1, 1, 1, -1])


def least_cost(part: SheetPart, holdable: set[int]) -> float | None:
    """Cost of the cheapest order, from trying every order, side at the gauge and flange held; None when no order is complete."""
    options = StrokeOptions(part, CELL.brake, CELL.tooling)
    areas = [flange.polygon.area for flange in part.flanges]
    holds = sorted(holdable, key=lambda flange: (-round(areas[flange], 9), flange))[: costs.HOLD_FLANGES]
    count = len(part.strokes)
    best = np.inf

    def heading(option: StrokeOption) -> int:
        """Whole degrees from the beam to the flat sheet's x axis."""
        line = part.bends[part.strokes[option.how.stroke].bends[0]]
        flat = np.linalg.inv(line.T_sheet_bend)
        x = option.how.T_brake_bend_pinch[:3, :3] @ flat[:3, :3] @ np.array([1.0, 0.0, 0.0])
        return round(float(np.degrees(np.arctan2(x[1], x[0])))) % 360

    def price(option: StrokeOption) -> float:
        light = sum(areas[flange] for flange in option.how.front) < sum(areas) / 2
        return costs.STROKE_COST + light * costs.LIGHT_FRONT_COST + (option.length != options.common) * costs.OWN_STATION_COST

    def change(a: StrokeOption, b: StrokeOption) -> float:
        tools_a, tools_b = ((o.pair.punch.name, o.pair.die.name, o.length) for o in (a, b))
        return (
            (a.how.flipped != b.how.flipped) * costs.FLIP_COST
            + (heading(a) != heading(b)) * costs.TURN_COST
            + (tools_a != tools_b) * costs.STATION_COST
        )

    def go_on(mask: int, hold: int | None, last: StrokeOption | None, cost: float) -> None:
        nonlocal best
        if mask == (1 << count) - 1:
            best = min(best, cost)
            return
        for stroke in range(count):
            for gauged in ("child", "parent"):
                if mask >> stroke & 1 or isinstance(option := options.option(stroke, mask, gauged), str):
                    continue
                more = cost + price(option) + (0.0 if last is None else change(last, option))
                for flange in holds:
                    if flange in option.how.front:
                        go_on(mask | 1 << stroke, flange, option, more + costs.REGRIP_COST * (hold is not None and flange != hold))

    go_on(0, None, None, 0.0)
    return None if np.isinf(best) else float(best)


PARTS = {
    "one bend": strip([0.03], 0.2, 0.1),
    "zed of three": strip([0.03, 0.1, 0.17], 0.2, 0.1, [1, -1, 1]),
    "hat": hat(),
    "channel": drawn(MEMBERS["channel-2"]),
    "zed": drawn(MEMBERS["zed-2"]),
    "zed with a lip": drawn(MEMBERS["zed-3"]),
    "lipped channel": drawn(MEMBERS["lipped-channel-4"]),
    "box": drawn(MEMBERS["box-4"]),
    "steps": drawn(MEMBERS["steps-5"]),
    "hat that only its crown can be held by": drawn(MEMBERS["hat-4"]),
}


@pytest.mark.parametrize("name", PARTS)
@pytest.mark.parametrize("held", ["any flange", "the base"])
def test_no_order_is_cheaper(name, held):
    part = PARTS[name]
    holdable = {flange.index for flange in part.flanges} if held == "any flange" else {part.root}
    result = plan_sequence(part, CELL.brake, CELL.tooling, holdable=lambda flange: flange in holdable)
    wanted = least_cost(part, holdable)
    assert has_errors(result.findings) == (wanted is None)
    if wanted is not None:
        assert result.cost == pytest.approx(wanted)
        assert sorted(step.stroke for step in result.steps) == list(range(len(part.strokes)))


@pytest.mark.parametrize("name", ["hat", "box", "steps"])
def test_the_same_part_gives_the_same_answer(name):
    one, two = (plan_sequence(PARTS[name], CELL.brake, CELL.tooling) for _ in range(2))
    assert (one.cost, one.expanded, one.checks) == (two.cost, two.expanded, two.checks)
    for a, b in zip(one.steps, two.steps, strict=True):
        assert (a.stroke, a.gauged, a.hold_flange, a.station) == (b.stroke, b.gauged, b.hold_flange, b.station)
        assert np.array_equal(a.T_brake_bend_pinch, b.T_brake_bend_pinch)


def test_a_return_flange_is_bent_before_its_wall():
    """Once the wall is up, the base of 300 mm stands beside the line of the return and would be in the ram."""
    part = PARTS["lipped channel"]
    options = StrokeOptions(part, CELL.brake, CELL.tooling)
    order = [step.bends[0] for step in plan_sequence(part, CELL.brake, CELL.tooling).steps]
    # Drawn outwards from the base: 0 and 2 are the walls, 1 and 3 their returns.
    for wall, lip in ((0, 1), (2, 3)):
        assert order.index(lip) < order.index(wall)
        mask = 1 << part.bends[wall].stroke
        for gauged in ("child", "parent"):
            why = options.option(part.bends[lip].stroke, mask, gauged)
            assert isinstance(why, str) and f"flange {part.root} hits ram" in why


def test_last_walls_of_a_box_are_bent_between_the_standing_ones():
    """420 mm between the lines of the standing walls, less 2.9 mm: half a deduction more and a thickness less on each side."""
    part = PARTS["box"]
    options = StrokeOptions(part, CELL.brake, CELL.tooling)
    bend = part.bends[0]
    deduction = 2 * (bend.radius + part.thickness) - bend.allowance
    inside = 0.420 + deduction - 2 * part.thickness
    standing = 0b0011
    option = options.option(2, standing, "child")
    assert not isinstance(option, str)
    assert 0.9 * inside < option.length < inside - 2e-3
    loaded = loaded_angle(part, 2, option.pair.die, option.pair.punch)
    # The same stroke with a punch 20 mm longer than the room is stopped by a standing wall.
    clash = options.checks.check(option.how, standing, option.pair, option.length + 0.02, loaded, np.pi / 2)
    assert isinstance(clash, Clash) and {clash.body_a, clash.body_b} & {"punch", "die"}
    assert not isinstance(options.checks.check(option.how, 0, option.pair, option.length + 0.02, loaded, np.pi / 2), Clash)


def test_the_walls_of_a_hat_are_gauged_on_the_far_side():
    """A brim that is bent hangs below the sheet, where no finger reaches it: its wall is gauged at the other brim, or is bent before it."""
    result = plan_sequence(hat(), CELL.brake, CELL.tooling)
    assert not has_errors(result.findings)
    done: set[int] = set()
    for step in result.steps:
        bend = step.bends[0]
        for wall, brim in ((1, 0), (2, 3)):
            if bend == wall and brim in done:
                lying = PARTS["hat"].bends[wall]
                brim_flange = {PARTS["hat"].bends[brim].parent, PARTS["hat"].bends[brim].child} - {lying.parent, lying.child}
                assert brim_flange <= step.front
        done.add(bend)
    # Brims are bent with the sheet turned over, walls are not.
    assert {step.bends[0]: step.flipped for step in result.steps} == {0: True, 1: False, 2: False, 3: True}


def test_lines_split_by_a_notch_are_one_stroke():
    outline = Polygon([(0, 0), (0.2, 0), (0.2, 0.1), (0.13, 0.1), (0.13, 0.06), (0.07, 0.06), (0.07, 0.1), (0, 0.1)])
    lines = tuple(BendLine(np.array([a, 0.07]), np.array([b, 0.07])) for a, b in ((0.0, 0.07), (0.13, 0.2)))
    flat = FlatPattern("ears", outline, lines)
    part = build_sheet(flat, thickness=1.5e-3, material=material("mild-steel"), specs=[BendSpec(np.pi / 2, 1.6e-3)] * 2)
    result = plan_sequence(part, CELL.brake, CELL.tooling)
    assert not has_errors(result.findings)
    assert [step.bends for step in result.steps] == [(0, 1)]
    # One punch over both ears: 200 mm less 3 mm on each side, in steps of 5 mm.
    assert result.setup.stations[0].length == pytest.approx(0.19)


def test_a_deep_channel_needs_the_gooseneck():
    """Web 40, legs 40: at 90 degrees the standing leg's end is (40 - 40)/sqrt 2 from the bending plane, inside a straight punch, in the gooseneck's hollow."""
    part = strip([0.04, 0.08], 0.12, 0.1, t=1.5e-3)
    result = plan_sequence(part, CELL.brake, CELL.tooling)
    assert not has_errors(result.findings)
    assert result.setup.stations[result.steps[-1].station].punch.style == "gooseneck"
    refused = plan_sequence(part, CELL.brake, STRAIGHT_ONLY)
    assert has_errors(refused.findings)


def test_too_deep_a_channel_is_refused_with_flange_and_tool():
    part = strip([0.15, 0.19], 0.34, 0.1, t=1.5e-3)
    result = plan_sequence(part, CELL.brake, STRAIGHT_ONLY)
    errors = [finding for finding in result.findings if finding.level == "error"]
    assert [finding.code for finding in errors] == ["no-sequence"]
    # The first leg can be bent, so it is the second that is refused, because the first one stands in the way.
    assert len(result.steps) == 1
    made = part.bends[result.steps[0].bends[0]]
    leg = ({made.parent, made.child} - {part.bends[1 - made.index].parent, part.bends[1 - made.index].child}).pop()
    assert f"flange {leg} hits" in errors[0].message
    assert "P-straight-80-r0.8" in errors[0].message
