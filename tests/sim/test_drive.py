"""How program moves are driven: ways by geometry known by hand, rounded corners, times and refusals."""

from __future__ import annotations

import numpy as np
import pytest

from cells.load import load_cell
from core.frames import from_rotation_vector, translation
from robots.programs.events import Moved, Place, Triggered
from sim.motion import JointLimits
from sim.verify.cell import VirtualCell
from sim.verify.drive import DriveFault, drive

CELL = load_cell("bending-kr120")
MODEL = CELL.robot.model
LIMITS = JointLimits.of(CELL.robot.model)
HOME = CELL.robot.q_home
T_TOOL = translation(0, 0, 0.2)
START = MODEL.fk(HOME) @ T_TOOL


def move(kind="linear", T=None, q=None, via=None, **more):
    values = {"speed": 0.2, "turn_speed": None, "duration": None, "blend": None} | more
    return Moved(kind, q, T, via, T_TOOL, False, at=Place("p.src", 7), **values)


def tool(driven):
    return MODEL.fk_batch(driven.qs) @ T_TOOL


def test_a_straight_move_is_straight_and_keeps_its_speed():
    driven = drive(MODEL, LIMITS, HOME, [move(T=translation(0.1, 0.2, -0.1) @ START)])
    points = tool(driven)[:, :3, 3] - START[:3, 3]
    way = np.array([0.1, 0.2, -0.1])
    off = points - np.outer(points @ way / (way @ way), way)
    assert np.max(np.linalg.norm(off, axis=1)) < 2e-4
    speed = np.linalg.norm(np.diff(points, axis=0), axis=1) / np.diff(driven.times)
    assert np.max(speed) < 0.2 * 1.02
    length = float(np.linalg.norm(way))
    # At least way over speed; at most 0.3 s more to gather and lose speed.
    assert length / 0.2 < driven.times[-1] < length / 0.2 + 0.3


def test_a_quarter_circle_keeps_its_radius():
    """Centre 0.1 m beside the start: via at 45 deg, end at 90 deg; the tool turns by 30 deg on the way."""
    centre = START[:3, 3] + [0.1, 0, 0]

    def at(angle, turn=0.0):
        T = START @ from_rotation_vector(np.array([0, 0, turn]))
        T[:3, 3] = centre + 0.1 * np.array([-np.cos(angle), np.sin(angle), 0])
        return T

    driven = drive(MODEL, LIMITS, HOME, [move("circular", at(np.pi / 2, np.pi / 6), via=at(np.pi / 4))])
    Ts = tool(driven)
    radii = np.linalg.norm(Ts[:, :3, 3] - centre, axis=1)
    assert np.max(np.abs(radii - 0.1)) < 2e-4
    assert Ts[-1] == pytest.approx(at(np.pi / 2, np.pi / 6), abs=1e-8)
    middle = Ts[np.argmin(np.linalg.norm(Ts[:, :3, 3] - at(np.pi / 4)[:3, 3], axis=1))]
    turned = START[:3, :3].T @ middle[:3, :3]
    assert np.arctan2(turned[1, 0], turned[0, 0]) == pytest.approx(np.pi / 12, abs=0.05)


def test_a_three_quarter_circle_goes_the_long_way_round():
    centre = START[:3, 3] + [0.05, 0, 0]

    def at(angle):
        T = START.copy()
        T[:3, 3] = centre + 0.05 * np.array([-np.cos(angle), np.sin(angle), 0])
        return T

    driven = drive(MODEL, LIMITS, HOME, [move("circular", at(1.5 * np.pi), via=at(np.pi / 2))])
    length = np.sum(np.linalg.norm(np.diff(tool(driven)[:, :3, 3], axis=0), axis=1))
    assert length == pytest.approx(1.5 * np.pi * 0.05, rel=2e-3)


@pytest.mark.parametrize("blend", [2e-3, 20e-3])
def test_a_rounded_corner_passes_it_within_the_blend(blend):
    corner = translation(0.1, 0, 0) @ START
    driven = drive(MODEL, LIMITS, HOME, [move(T=corner, blend=blend), move(T=translation(0.1, 0.1, 0) @ START)])
    nearest = np.min(np.linalg.norm(tool(driven)[:, :3, 3] - corner[:3, 3], axis=1))
    assert 0.05 * blend < nearest < blend
    # Before and behind the rounding the way is the programmed one.
    away = tool(driven)[:, :3, 3] - corner[:3, 3]
    outside = np.linalg.norm(away, axis=1) > 1.05 * blend
    assert np.max(np.minimum(np.abs(away[outside, 0]), np.abs(away[outside, 1]))) < 2e-4


def test_a_rounded_corner_takes_less_time_than_a_stop():
    q1, q2 = HOME + np.array([0.5, 0, 0, 0, 0, 0]), HOME + np.array([0.5, 0.3, 0, 0, 0, 0])
    sharp = drive(MODEL, LIMITS, HOME, [move("joint", q=q1, speed=0.5), move("joint", q=q2, speed=0.5)]).times[-1]
    rounded = drive(MODEL, LIMITS, HOME, [move("joint", q=q1, speed=0.5, blend=0.2), move("joint", q=q2, speed=0.5)])
    assert rounded.times[-1] < sharp - 0.1
    speed = np.abs(np.diff(rounded.qs, axis=0)) / np.diff(rounded.times)[:, None]
    assert np.all(speed < LIMITS.velocity * 0.5 * 1.03)


def test_prescribed_times_are_kept():
    moves = [move(T=translation(0.01 * k, 0, 0) @ START, duration=0.25, blend=1e-3 if k < 4 else None) for k in range(1, 5)]
    driven = drive(MODEL, LIMITS, HOME, moves)
    assert driven.ends == pytest.approx([0.25, 0.5, 0.75, 1.0]) and driven.times[-1] == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("wrong", "fault", "words"),
    [
        (move(T=translation(5, 0, 0)), "unreachable", "no joint position reaches the tool"),
        (move("joint", q=HOME + np.array([0, 3.0, 0, 0, 0, 0])), "joint-limit", "its limits are -155.0 and 35.0"),
        (move(T=translation(0.3, 0, 0) @ START, duration=0.02), "too-fast", "deg/s, its limit is"),
        (move("circular", translation(0.2, 0, 0) @ START, via=translation(0.1, 0, 0) @ START), "circle", "lie on a line"),
        (move("joint", T=translation(9, 0, 0)), "unreachable", "does not reach"),
        (move("joint", q=HOME[:4]), "unreachable", "names 4 axes"),
    ],
)
def test_moves_that_cannot_be_driven_name_line_and_figure(wrong, fault, words):
    with pytest.raises(DriveFault) as caught:
        drive(MODEL, LIMITS, HOME, [wrong])
    assert caught.value.fault == fault and words in caught.value.message and caught.value.at.line == 7 and caught.value.remedy


def test_a_trigger_sets_its_line_on_the_way():
    """A line set 0.5 s before the end of a move: the phases are cut there."""
    cell = VirtualCell(CELL, CELL.grippers[0], None)
    address = CELL.signals["robot-clear"].address
    seconds = cell.drive(move(T=translation(0.3, 0, 0) @ START, triggers=(Triggered(address, True, "end", 0.0, -0.5),)))
    ends = [piece.phase.times[-1] for piece in cell.pieces]
    assert ends == pytest.approx([seconds - 0.5, seconds]) and cell.read(address) is True
