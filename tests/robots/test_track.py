"""A robot on a track: kinematics against pinocchio and pybullet, positions on the track, and programs with an external axis."""

from __future__ import annotations

import dataclasses

import numpy as np
import pinocchio
import pytest
from rapidchecker.check import check_format as rapid_syntax

from core.errors import InputError
from core.frames import angle_between, translation
from robots.catalogue import load_robot
from robots.programs.program import MoveJoint, MoveLinear
from robots.programs.rapid import write_rapid
from robots.programs.rapid_reader import run_rapid
from robots.programs.trace import ProgramTextError, TracedMove
from robots.track import Track, on_track
from tests.robots.program_examples import RAPID_SIGNALS, confdata, example

ARM = load_robot("kuka-kr120-r2500-pro")
SLANTED = Track(np.array([0.6, -0.8, 0.0]), -1.5, 2.5, 1.2, 2.0, 0.4)
ROBOT = on_track(ARM, SLANTED)


def test_seven_joints_in_metres_and_radians():
    assert ROBOT.mechanism.joint_names == ("track", *ARM.mechanism.joint_names)
    assert (ROBOT.lower[0], ROBOT.upper[0], ROBOT.velocity[0], ROBOT.acceleration[0]) == (-1.5, 2.5, 1.2, 2.0)
    assert ROBOT.velocity[1:] == pytest.approx(ARM.velocity)
    # By hand: the arm's base moves along the axis and stands 0.4 m up.
    q = np.r_[2.0, np.zeros(6)]
    assert ROBOT.fk(q) == pytest.approx(translation(1.2, -1.6, 0.4) @ ARM.fk(np.zeros(6)))


def test_forward_kinematics_agrees_with_pinocchio():
    model = pinocchio.buildModelFromXML(ROBOT.mechanism.urdf_text)
    data = model.createData()
    rng = np.random.default_rng(3)
    for q in rng.uniform(ROBOT.lower, ROBOT.upper, (50, 7)):
        pinocchio.framesForwardKinematics(model, data, q)
        for link in (ROBOT.flange_link, "track_carriage"):
            ours = ROBOT.mechanism.fk(q)[ROBOT.mechanism.link_index(link)]
            assert ours == pytest.approx(data.oMf[model.getFrameId(link)].homogeneous, abs=1e-9)


def test_inverse_kinematics_with_the_track_free_and_held():
    rng = np.random.default_rng(4)
    for q in rng.uniform(ROBOT.lower, ROBOT.upper, (60, 7)):
        T = ROBOT.fk(q)
        held = ROBOT.ik(T, slide=float(q[0]))
        assert np.min(np.max(np.abs(held - q), axis=1)) < 1e-5
        free = ROBOT.ik(T, near=0.5)
        for found in (held, free):
            assert np.all(found >= ROBOT.lower - 1e-12) and np.all(found <= ROBOT.upper + 1e-12)
            assert len(found) == 0 or np.max(np.abs(ROBOT.fk_batch(found) - T)) < 5e-9
    assert len(ROBOT.ik(T, slide=2.6)) == 0


def test_positions_suit_the_target_and_come_nearest_first():
    # A target 1.5 m beside the way, at the height of the shoulder and 2 m along: by Pythagoras from the stretched arm's share.
    shoulder, reach = ARM.shoulder_and_reach
    beside = np.array([0.8, 0.6, 0.0])
    target = translation(*(SLANTED.axis * 2.0 + beside * 1.5 + [shoulder[0], shoulder[1], 0.4 + shoulder[2]]))
    positions = ROBOT.track_positions(target, near=0.0)
    assert list(positions) == sorted(positions, key=abs) and 1 <= len(positions) <= 4
    for position in positions:
        assert 0.45 * reach - 1e-9 <= np.hypot(1.5, 2.0 - position) <= 0.85 * reach + 1e-9
    # The first is the nearest of the raster that suits: one step nearer the arm would be stretched too far.
    assert np.hypot(1.5, 2.0 - (positions[0] - 0.25)) > 0.85 * reach
    # Far behind the end of the track, the end comes nearest.
    assert ROBOT.track_positions(translation(*(SLANTED.axis * 9.0))) == (2.5,)


def test_jacobian_by_finite_differences_and_singularity_of_the_arm():
    q = np.array([0.7, 0.3, -1.2, 1.1, 0.4, 0.8, -0.5])
    J = ROBOT.jacobian(q)
    for i in range(7):
        step = np.zeros(7)
        step[i] = 1e-6
        assert (ROBOT.fk(q + step)[:3, 3] - ROBOT.fk(q - step)[:3, 3]) / 2e-6 == pytest.approx(J[:3, i], abs=1e-6)
    # Axis 5 at zero: singular for the arm, although the track could still move the tool.
    q[5] = 0.0
    assert ROBOT.singularity(q) < 1e-6


@pytest.mark.parametrize(
    ("change", "words"),
    [({"height": 0.1}, "carriage_height_mm is 100"), ({"lower": 3.0}, "before it begins"), ({}, "already has")],
)
def test_tracks_that_cannot_be(change, words):
    with pytest.raises(InputError, match=words):
        on_track(ROBOT if not change else ARM, dataclasses.replace(SLANTED, **change))


# Programs


def tracked(signals):
    """The example program with a track that is somewhere else at every move."""
    program = example(signals)
    count = 0

    def moved(one):
        nonlocal count
        if not isinstance(one, MoveJoint | MoveLinear):
            return one
        count += 1
        return dataclasses.replace(one, q=np.r_[0.125 * count - 0.5, one.q])

    routines = tuple(dataclasses.replace(routine, body=tuple(moved(one) for one in routine.body)) for routine in program.routines)
    slides = np.array([True] + [False] * 6)
    lower, upper = np.r_[-2.0, program.lower], np.r_[2.0, program.upper]
    return dataclasses.replace(program, routines=routines, lower=lower, upper=upper, prismatic=slides, track_speed=1.5)


WRITERS = {
    "rapid": lambda: write_rapid(tracked(RAPID_SIGNALS), lambda q: confdata(q[1:])),
}
READERS = {"rapid": run_rapid}


@pytest.mark.parametrize("language", WRITERS)
def test_every_target_carries_the_track_and_comes_back(language):
    program = tracked(RAPID_SIGNALS)
    moves = [item for item in READERS[language](WRITERS[language]()) if isinstance(item, TracedMove)]
    wanted = [one for one in program.executed() if isinstance(one, MoveJoint | MoveLinear)]
    assert len(moves) == len(wanted) == 8
    for have, want in zip(moves, wanted, strict=True):
        assert have.track == pytest.approx(want.q[0], abs=1e-7)
        if isinstance(want, MoveJoint):
            assert have.joints == pytest.approx(want.q[1:], abs=1e-6)
        else:
            assert have.T_base_tcp[:3, 3] == pytest.approx(want.T_base_tcp[:3, 3], abs=1e-7)
            assert angle_between(have.T_base_tcp, want.T_base_tcp) < 1e-6


def test_the_text_says_it_as_the_controllers_do():
    rapid = next(iter(WRITERS["rapid"]().values())).decode()
    # 20 % of 1.5 m/s for the sliding axis.
    assert ",[-375.0000,9E9,9E9,9E9,9E9,9E9]],[1570.8,36.0,300.0,1000],fine" in rapid
    assert list(rapid_syntax(rapid.replace("\r\n", "\n"))) == []


@pytest.mark.parametrize(
    ("language", "old", "new", "words"),
    [
        ("rapid", "[-250.0000,9E9", "[9E9,9E9", "9E9 in others"),
        ("rapid", "[-250.0000,9E9", "[-250.0000,0", "b..f"),
        ("rapid", "[-250.0000,9E9", "[far,9E9", "no number"),
        ("rapid", ",300.0,1000]", ",0.0,1000]", "out of range"),
    ],
)
def test_damaged_external_axes_are_refused_with_their_line(language, old, new, words):
    files = WRITERS[language]()
    name = next(name for name in files if name.endswith(".mod"))
    text = files[name].decode()
    assert old in text
    files[name] = text.replace(old, new, 1).encode()
    with pytest.raises(ProgramTextError, match=words) as caught:
        READERS[language](files)
    assert "line" in str(caught.value)
