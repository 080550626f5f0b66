"""Inverse kinematics of robots as engineers bring them: every solution is true, and all that a brute-force search finds are among them."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import numpy as np
import pinocchio
import pytest

from core.frames import rotation_vector
from robots.catalogue import URDF_FOLDER, load_robot, make_robot, robot_names
from robots.model import RobotModel
from robots.track import Track, on_track
from robots.urdf import load_urdf

SHARED = Path(__file__).resolve().parents[3] / "shared" / "robots"
REAL = ("irb2400", "gp25", "m20ia", "ur10e")
WRIST = "<child link='link_6'/><origin xyz='0 0 0' rpy='0 0 0'/>"
"""Of the welding arm's last joint, whose axis meets those of the two before."""


def robot(name: str) -> RobotModel:
    """A shipped robot, or one from its URDF as it is, with `package://` found by itself."""
    if name in robot_names():
        return load_robot(name)
    if not SHARED.is_dir():
        pytest.skip("the folder of real robots (../shared/robots) is not on this machine")
    return make_robot(name, load_urdf(SHARED / f"{name}.urdf"), "tool0")


def offset_wrist(folder: Path, xyz: str) -> RobotModel:
    """The welding arm with its last axis moved aside [m]: no three axes of the wrist meet."""
    text = (URDF_FOLDER / "robots" / "weld_arm_1740" / "weld_arm_1740.urdf").read_text()
    assert text.count(WRIST) == 1
    path = folder / "offset.urdf"
    path.write_text(text.replace(WRIST, WRIST.replace("'0 0 0'", f"'{xyz}'", 1)))
    return make_robot("offset-wrist", load_urdf(path), "tool0")


def twists(Ts, T_goal):
    """What takes poses (k, 4, 4) to the goal, base axes (k, 6) [m, rad]."""
    turns = [rotation_vector(T_goal[:3, :3] @ T[:3, :3].T) for T in Ts]
    return np.c_[T_goal[:3, 3] - Ts[:, :3, 3], np.array(turns)]


def jacobians(model, qs):
    """At the flange, from the frames alone (k, 6, n)."""
    frames = model.mechanism.fk_batch(qs)
    ends = frames[:, model.mechanism.link_index(model.flange_link), :3, 3]
    J = np.zeros((len(qs), 6, qs.shape[1]))
    for column, joint in enumerate(joint for joint in model.mechanism.joints if joint.kind != "fixed"):
        T = frames[:, joint.child]
        axis = T[:, :3, :3] @ joint.axis
        J[:, :3, column], J[:, 3:, column] = np.cross(axis, ends - T[:, :3, 3]), axis
    return J


def brute_force(model, T, starts=200, steps=80):
    """Joint positions in (-pi, pi] that reach a pose (m, n), by damped least squares from random ones."""
    qs = np.random.default_rng(0).uniform(-np.pi, np.pi, (starts, len(model.lower)))
    for _ in range(steps):
        e = twists(model.fk_batch(qs), T)
        J = jacobians(model, qs)
        Jt = np.swapaxes(J, 1, 2)
        damping = np.minimum(1e-2, np.sum(e * e, axis=1)) + 1e-14
        qs = qs + np.clip((Jt @ np.linalg.solve(J @ Jt + damping[:, None, None] * np.eye(6), e[:, :, None]))[:, :, 0], -0.5, 0.5)
    reached = qs[np.max(np.abs(twists(model.fk_batch(qs), T)), axis=1) < 1e-9]
    reached = np.pi - (np.pi - reached) % (2 * np.pi)
    found: list[np.ndarray] = []
    for q in reached:
        if all(np.max(np.abs(np.sin((q - other) / 2))) > 1e-5 for other in found):
            found.append(q)
    return found


def turned(model, q):
    """All that q stands for inside the limits, whole turns added (m, n)."""
    turns = 2 * np.pi * np.arange(-3, 4)
    choices = [
        value + turns[(value + turns > low + 1e-6) & (value + turns < high - 1e-6)]
        for value, low, high in zip(q, model.lower, model.upper, strict=True)
    ]
    return np.array(list(product(*choices))).reshape(-1, len(q))


def holds(solutions, q):
    return len(solutions) > 0 and np.min(np.max(np.abs(solutions - q), axis=1)) < 1e-5


def assert_true(model, solutions, T):
    """Inside the limits, and at the pose to 1e-9 m and 1e-9 rad."""
    assert np.all(solutions >= model.lower) and np.all(solutions <= model.upper)
    for off in twists(model.fk_batch(solutions), T):
        assert np.linalg.norm(off[:3]) < 1e-9 and np.linalg.norm(off[3:]) < 1e-9


@pytest.mark.parametrize("name", [*robot_names(), *REAL])
def test_forward_kinematics_is_pinocchios(name):
    model = robot(name)
    assert len(model.lower) == 6 and model.has_closed_form
    assert sum(bool(link.hulls) for link in model.mechanism.links) == 7
    reference = pinocchio.buildModelFromXML(model.mechanism.urdf_text)
    data = reference.createData()
    frame = reference.getFrameId(model.flange_link)
    for q in np.random.default_rng(3).uniform(model.lower, model.upper, (50, 6)):
        pinocchio.framesForwardKinematics(reference, data, q)
        assert np.max(np.abs(model.fk(q) - data.oMf[frame].homogeneous)) < 1e-12


@pytest.mark.parametrize("name", [*robot_names(), *REAL])
def test_every_solution_is_true_and_the_start_is_among_them(name):
    model = robot(name)
    qs = np.random.default_rng(1).uniform(model.lower, model.upper, (60, 6))
    Ts = model.fk_batch(qs)
    solutions, owner = model.ik_many(Ts)
    for k, (q, T) in enumerate(zip(qs, Ts, strict=True)):
        own = solutions[owner == k]
        assert_true(model, own[:64], T)
        assert holds(own, q)


@pytest.mark.slow
@pytest.mark.parametrize("name", [*robot_names(), *REAL])
def test_no_solution_is_missing_that_brute_force_finds(name):
    model = robot(name)
    for q in np.random.default_rng(2).uniform(model.lower, model.upper, (8, 6)):
        T = model.fk(q)
        solutions = model.ik(T)
        searched = [turned(model, one) for one in brute_force(model, T)]
        assert any(holds(some, q) for some in searched)
        for some in searched:
            assert all(holds(solutions, one) for one in some)


@pytest.mark.slow
@pytest.mark.parametrize("xyz", ["0 0.08 0", "0 0 0.05", "0 0.08 0.05"])
def test_a_robot_without_closed_form_finds_nearly_all_of_its_solutions(tmp_path, xyz):
    """What is found is true; of what brute force finds with twice as many starts, at most one in fifty is missing."""
    model = offset_wrist(tmp_path, xyz)
    assert not model.has_closed_form
    count = missing = 0
    for q in np.random.default_rng(3).uniform(model.lower, model.upper, (8, 6)):
        T = model.fk(q)
        solutions = model.ik(T)
        assert_true(model, solutions, T)
        assert len(solutions)
        searched = [one for some in brute_force(model, T) for one in turned(model, some)]
        count += len(searched)
        missing += sum(not holds(solutions, one) for one in searched)
    assert count > 40 and missing <= count / 50


def test_a_robot_on_a_track_solves_with_seven_joints():
    arm = load_robot("weld-arm-1740")
    model = on_track(arm, Track(np.array([0.6, 0.8, 0.0]), -0.5, 6.0, 1.5, 2.0, 0.4))
    assert len(model.lower) == 7 and model.has_closed_form
    solved = 0
    for q in np.random.default_rng(4).uniform(model.lower, model.upper, (40, 7)):
        T = model.fk(q)
        at_its_place = model.ik(T, slide=float(q[0]))
        assert_true(model, at_its_place, T)
        assert holds(at_its_place, q) and np.all(at_its_place[:, 0] == q[0])
        chosen = model.ik(T)
        assert_true(model, chosen, T)
        stood, best = set(chosen[:, 0].tolist()), model.track_positions(T)
        # Where none of the positions that suit has a solution, the whole raster was tried.
        assert stood <= set(best) or not any(len(model.ik(T, slide=position)) for position in best)
        solved += len(chosen) > 0
    assert solved >= 38
