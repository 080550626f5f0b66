"""Air bending against hand calculations."""

import numpy as np
import pytest

from cells.tool_catalogue import load_die
from parts.materials import material
from sim.airbend import bending_force, contact_half_width, inner_radius, minimum_leg, natural_radius, penetration, rule_opening, springback


@pytest.mark.parametrize(("deg", "depth_mm"), [(0, -2.00), (30, 0.10), (60, 2.04), (90, 4.11), (120, 6.86)])
def test_penetration_table(deg: float, depth_mm: float) -> None:
    """V 16, t 2, inner radius 2.6, shoulder radius 1.5, V angle 88 deg: worked by hand from the tangent construction."""
    half = np.radians(44.0)
    half_width = 8.0 + 1.5 * (1 - np.sin(half)) / np.cos(half)
    assert penetration(np.radians(deg), 2.6, 2.0, half_width, 1.5) == pytest.approx(depth_mm, abs=0.006)


def test_contact_half_width_is_where_the_shoulder_arc_is_tangent_to_top_and_flank() -> None:
    """An arc of radius rs tangent to y = 0 and to a flank through the V's corner: its centre is rs below, rs from the flank."""
    die = load_die("D-v16-84")
    xs, rs, half = contact_half_width(die), die.shoulder, die.angle / 2
    # The flank passes through (V/2, 0) and falls towards the middle at the half angle from the vertical; its normal points into the die.
    normal = np.array([np.cos(half), -np.sin(half)])
    distance = (np.array([xs, -rs]) - np.array([die.opening / 2, 0.0])) @ normal
    assert distance == pytest.approx(rs, rel=1e-9)


def test_penetration_at_ninety_degrees_from_tangency() -> None:
    """The leg's outer line at 45 deg is tangent to the shoulder arc: distance of the arc's centre from the line equals rs."""
    r, t, half_width, rs = 2.6, 2.0, 8.5, 1.5
    depth = penetration(np.pi / 2, r, t, half_width, rs)
    arc_centre = np.array([0.0, -depth + r])
    shoulder = np.array([half_width, -rs])
    outward = np.array([np.sin(np.pi / 4), -np.cos(np.pi / 4)])
    outer_line = arc_centre @ outward + r + t
    assert shoulder @ outward - outer_line == pytest.approx(rs, abs=1e-9)


def test_force_by_hand() -> None:
    """1.42 x 420 N/mm2 x (2 mm)2 x 1000 mm / 16 mm = 149.1 kN."""
    assert bending_force(material("mild-steel"), 2e-3, 16e-3, 1.0) == pytest.approx(149_100, rel=1e-9)
    # Twice the thickness takes four times the force, twice the V half of it.
    assert bending_force(material("mild-steel"), 4e-3, 32e-3, 1.0) == pytest.approx(2 * 149_100, rel=1e-9)


def test_rules_of_the_shop() -> None:
    assert [rule_opening(t * 1e-3) * 1e3 for t in (1, 2.5, 3, 8, 10, 12)] == pytest.approx([6, 15, 24, 64, 100, 144])
    assert natural_radius(material("mild-steel"), 16e-3) == pytest.approx(2.56e-3)
    assert inner_radius(material("mild-steel"), 16e-3, 3e-3) == pytest.approx(3e-3)
    assert inner_radius(material("mild-steel"), 16e-3, 0.8e-3) == pytest.approx(2.56e-3)
    assert minimum_leg(16e-3, 2.6e-3, 2e-3) == pytest.approx(11.2e-3)


def test_springback_is_the_grade_s_at_radius_equal_thickness() -> None:
    for name, degrees in (("mild-steel", 1.5), ("stainless-304", 3.0), ("aluminium-6061", 4.5)):
        assert np.degrees(springback(material(name), np.pi / 2, 2e-3, 2e-3)) == pytest.approx(degrees)
