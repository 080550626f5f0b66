"""The order of bends: hand cases, stock, and what the tools really make."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from shapely import Polygon

from cells.load import load_cell
from parts.build import BendSpec, build_sheet
from parts.flat import BendLine, FlatPattern
from parts.materials import material
from parts.sheet import SheetPart
from sim.airbend import angle_at, contact_half_width, inner_radius, penetration, springback
from sim.sequence import plan_sequence
from tests.conftest import strip

CELL = load_cell("bending-irb4600")


def test_l_is_one_step_with_the_short_leg_at_the_gauge():
    result = plan_sequence(strip([0.03], 0.2, 0.1), CELL.brake, CELL.tooling)
    assert [f for f in result.findings if f.level == "error"] == []
    assert len(result.steps) == 1
    # The line lies 30 mm from the gauged edge.
    assert result.steps[0].gauge_x == pytest.approx(0.03, abs=2e-4)


def test_depth_follows_the_radius_the_tools_make():
    """The flat was computed with r 0.5 mm; the V makes its own radius, and that one sets the depth."""
    part = strip([0.05], 0.2, 0.1, r=0.5e-3)
    result = plan_sequence(part, CELL.brake, CELL.tooling)
    step, station = result.steps[0], result.setup.stations[0]
    made = inner_radius(part.material, station.die.opening, station.punch.radius)
    assert made > 1e-3
    loaded = np.pi / 2 + springback(part.material, np.pi / 2, made, part.thickness)
    assert step.loaded_angle == pytest.approx(loaded)
    assert step.tip_depth == pytest.approx(penetration(loaded, made, part.thickness, contact_half_width(station.die), station.die.shoulder))
    assert "other-radius" in [f.code for f in result.findings]


def test_angle_over_depth_is_the_inverse():
    part = strip([0.05], 0.2, 0.1)
    from cells.tool_catalogue import load_die
    from sim.airbend import tip_height

    die = load_die("D-v12-84")
    for angle in np.linspace(0.05, 2.0, 9):
        assert angle_at(part, 0, tip_height(part, 0, float(angle), die), die) == pytest.approx(angle, abs=1e-9)


def test_too_short_leg_is_refused_with_its_figure():
    result = plan_sequence(strip([0.0045], 0.2, 0.1), CELL.brake, CELL.tooling)
    messages = [f.message for f in result.findings if f.level == "error"]
    assert messages and "shorter than" in messages[0]


def test_segments_are_used_once():
    """Two stations cannot share one segment: what the set-up names is in stock as often as it is named."""
    result = plan_sequence(strip([0.05, 0.12], 0.2, 0.1), CELL.brake, CELL.tooling)
    stock = list(CELL.tooling.segments["*"])
    for station in result.setup.stations:
        for segment in station.punch_segments:
            stock.remove(min(stock, key=lambda value, segment=segment: abs(value - segment)))


def test_too_little_stock_is_named():
    poor = dataclasses.replace(CELL.tooling, segments={"*": (0.02,)})
    result = plan_sequence(strip([0.05], 0.2, 0.1), CELL.brake, poor)
    assert [f for f in result.findings if f.level == "error"]


def test_weak_brake_is_named_with_both_figures():
    weak = dataclasses.replace(CELL.brake, max_force=1e3)
    messages = [f.message for f in plan_sequence(strip([0.05], 0.2, 0.1), weak, CELL.tooling).findings if f.level == "error"]
    assert messages and "the brake has 1 kN" in messages[0]


def test_the_same_part_gives_the_same_order():
    part = strip([0.03, 0.1, 0.17], 0.2, 0.1, [1, -1, 1])
    one, two = (plan_sequence(part, CELL.brake, CELL.tooling) for _ in range(2))
    assert [s.stroke for s in one.steps] == [s.stroke for s in two.steps]
    assert one.cost == two.cost


def lobed(lobe: float) -> SheetPart:
    """A base of 100 x 60 mm with two walls of 30 x 40 mm on one line, made in one stroke; between them, behind slits of 1 mm, the base goes on for `lobe` [m] beyond the line."""
    end = 0.06 + lobe
    outline = [
        (0, 0), (0.1, 0), (0.1, 0.1), (0.07, 0.1), (0.07, 0.057), (0.069, 0.057), (0.069, end), (0.031, end), (0.031, 0.057), (0.03, 0.057), (0.03, 0.1), (0, 0.1),
    ]  # fmt: skip
    lines = tuple(BendLine(np.array([a, 0.06]), np.array([b, 0.06])) for a, b in ((0.0, 0.03), (0.07, 0.1)))
    flat = FlatPattern("lobed", Polygon(outline), lines)
    return build_sheet(flat, thickness=2e-3, material=material("mild-steel"), specs=[BendSpec(np.pi / 2, 2e-3)] * 2)


def test_a_lobe_across_the_line_is_pressed_into_the_die():
    """At 90 deg a point 15 mm beyond the line is 15 sin 45 = 10.6 mm below the die's top, where a die of 84 deg and V 12 is solid; a lobe that ends at the line is free."""
    blunt = dataclasses.replace(CELL.tooling, dies=tuple(die for die in CELL.tooling.dies if die.angle > np.radians(80)))
    free = plan_sequence(lobed(0.0), CELL.brake, blunt)
    assert [finding for finding in free.findings if finding.level == "error"] == [] and len(free.steps) == 1
    messages = [finding.message for finding in plan_sequence(lobed(0.015), CELL.brake, blunt).findings if finding.level == "error"]
    assert messages and "flange 0 hits die" in messages[0]
