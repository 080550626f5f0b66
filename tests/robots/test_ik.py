"""Closed forms against EAIK and against a search from many starts; arms without a closed form; what limits and whole turns do."""

from __future__ import annotations

import eaik.pybindings.EAIK as EAIK
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from robots.catalogue import load_robot, make_robot, robot_names
from robots.ik import numeric
from robots.urdf import load_urdf

JOINT = "<joint name='j{i}' type='revolute'><parent link='l{i}'/><child link='l{j}'/><origin xyz='{xyz}'/><axis xyz='{axis}'/><limit lower='{low}' upper='{high}' velocity='3' effort='1'/></joint>"
UR = [
    ("0 0 0.181", "0 0 1"),
    ("0 0.18 0", "0 1 0"),
    ("0.613 -0.1 0", "0 1 0"),
    ("0.572 0.09 0", "0 1 0"),
    ("0 0 0.12", "0 0 -1"),
    ("0 0.117 0", "0 1 0"),
]
"""Three parallel axes, measures near those of a UR10e."""
OFFSET_WRIST = [
    ("0 0 0.3", "0 0 1"),
    ("0.1 0 0.2", "0 1 0"),
    ("0 0 0.7", "0 1 0"),
    ("0.3 0 0.1", "1 0 0"),
    ("0.4 0.05 0", "0 1 0"),
    ("0.08 0 0.06", "1 0 0"),
]
"""Neighbouring wrist axes pass each other at 60 and 50 mm: nothing to decompose."""


def own_arm(folder, joints, low=-3.2, high=3.2):
    links = "".join(f"<link name='l{i}'/>" for i in range(8))
    text = "".join(JOINT.format(i=i, j=i + 1, xyz=xyz, axis=axis, low=low, high=high) for i, (xyz, axis) in enumerate(joints))
    text += (
        "<joint name='flange' type='fixed'><parent link='l6'/><child link='l7'/><origin xyz='0.05 0.02 0.1' rpy='0.3 0.2 -0.4'/></joint>"
    )
    path = folder / "arm.urdf"
    path.write_text(f"<robot name='arm'>{links}{text}</robot>")
    return make_robot("arm", load_urdf(path), "l7")


def model_of(name, folder):
    return own_arm(folder, UR) if name == "three parallel axes" else load_robot(name)


def wrapped(difference):
    return np.abs((difference + np.pi) % (2 * np.pi) - np.pi)


@pytest.mark.parametrize("name", [*robot_names(), "three parallel axes"])
def test_closed_forms_have_exactly_the_solutions_of_eaik(name, tmp_path):
    model = model_of(name, tmp_path)
    joints = [joint for joint in model.mechanism.joints if joint.kind != "fixed"]
    zero = model.mechanism.fk(np.zeros(6))
    frames, flange = [zero[joint.child] for joint in joints], model.fk(np.zeros(6))
    H = np.array([T[:3, :3] @ joint.axis for T, joint in zip(frames, joints, strict=True)])
    P = np.diff(np.vstack((np.zeros(3), *(T[:3, 3] for T in frames), flange[:3, 3])), axis=0)
    other = EAIK.Robot(H.T, P.T, np.eye(3), [], True)
    rng = np.random.default_rng(1)
    Ts = model.fk_batch(rng.uniform(-np.pi, np.pi, (200, 6)))
    qs, counts = model._closed.solve(Ts)
    assert model._closed.family is not None
    for T, own, count in zip(Ts, qs, counts, strict=True):
        turned = T.copy()
        turned[:3, :3] = T[:3, :3] @ flange[:3, :3].T
        answer = other.calculate_IK(turned)
        theirs = np.array([q for q, bad in zip(answer.Q, answer.is_LS, strict=True) if not bad])
        far = np.max(wrapped(own[:count, None] - theirs[None]), axis=2)
        assert np.max(np.min(far, axis=0)) < 1e-6 and np.max(np.min(far, axis=1)) < 1e-6


@pytest.mark.parametrize("name", [*robot_names(), "three parallel axes"])
def test_every_solution_reproduces_its_pose_and_none_is_missing(name, tmp_path):
    """Position to 1e-9 m and turn to 1e-9 rad; a search from 100 starts finds nothing else."""
    model = model_of(name, tmp_path)
    rng = np.random.default_rng(2)
    q_given = rng.uniform(model.lower, model.upper, (60, 6))
    Ts = model.fk_batch(q_given)
    found, owners = model.ik_many(Ts)
    reached = model.fk_batch(found)
    assert np.max(np.linalg.norm(reached[:, :3, 3] - Ts[owners, :3, 3], axis=1)) < 1e-9
    turns = reached[:, :3, :3] @ np.swapaxes(Ts[owners, :3, :3], 1, 2)
    skew = np.stack((turns[:, 2, 1] - turns[:, 1, 2], turns[:, 0, 2] - turns[:, 2, 0], turns[:, 1, 0] - turns[:, 0, 1]), axis=1)
    assert np.max(np.linalg.norm(skew, axis=1) / 2) < 1e-9
    searched, counts = numeric(model._screws, Ts, model.lower, model.upper)
    for k in range(len(Ts)):
        own = found[owners == k]
        assert np.min(np.max(np.abs(own - q_given[k]), axis=1)) < 1e-6
        inside = [q for q in searched[k, : counts[k]] if np.all(q > model.lower + 1e-6) and np.all(q < model.upper - 1e-6)]
        assert all(np.min(np.max(np.abs(own - q), axis=1)) < 1e-5 for q in inside)


@pytest.mark.parametrize("name", [*robot_names(), "three parallel axes"])
def test_singular_and_stretched_poses_are_reached(name, tmp_path):
    """Axes 4 and 6 in line (axis 5 at 0 or a half turn), all at 0, and the arm stretched."""
    model = model_of(name, tmp_path)
    rng = np.random.default_rng(3)
    for q in rng.uniform(np.maximum(model.lower, -1.0), np.minimum(model.upper, 1.0), (40, 6)):
        for index, value in ((4, 0.0), (2, 0.0), (2, -np.pi / 2), (None, 0.0)):
            at = q * 0 if index is None else q.copy()
            if index is not None:
                at[index] = value
            at = np.clip(at, model.lower, model.upper)
            T = model.fk(at)
            found = model.ik(T)
            assert len(found) and np.max(np.abs(model.fk_batch(found) - T)) < 1e-9


@pytest.mark.parametrize("name", ["kuka-kr5-arc", "three parallel axes"])
def test_poses_beside_a_singular_wrist_are_reached(name, tmp_path):
    """Axis 5 from 1e-9 to 1e-5 rad beside the line of its neighbours, where cosines say nothing of it any more."""
    model = model_of(name, tmp_path)
    rng = np.random.default_rng(5)
    for beside in (1e-9, 1e-8, 3e-8, 1e-7, 3e-7, 1e-6, 1e-5):
        qs = rng.uniform(np.maximum(model.lower, -np.pi), np.minimum(model.upper, np.pi), (40, 6))
        qs[:, 4] = beside * rng.choice([-1, 1], 40)
        Ts = model.fk_batch(qs)
        found, owners = model.ik_many(Ts)
        assert len(np.unique(owners)) == 40
        assert np.max(np.abs(model.fk_batch(found) - Ts[owners])) < 1e-9


@pytest.mark.parametrize("off", [1e-9, 1e-7])
def test_poses_that_are_not_quite_rotations_are_reached_as_near_as_they_can_be(off, tmp_path):
    for model in (load_robot("kuka-kr5-arc"), own_arm(tmp_path, UR), own_arm(tmp_path, OFFSET_WRIST)):
        rng = np.random.default_rng(6)
        Ts = model.fk_batch(rng.uniform(model.lower, model.upper, (10, 6)))
        Ts[:, :3, :3] += rng.uniform(-off, off, (10, 3, 3))
        found, owners = model.ik_many(Ts)
        assert len(np.unique(owners)) == 10
        assert np.max(np.abs(model.fk_batch(found) - Ts[owners])) < 2 * off


def test_no_poses_have_no_solutions_and_what_is_not_a_number_is_refused():
    model = load_robot("kuka-kr5-arc")
    rows, owners = model.ik_many(np.zeros((0, 4, 4)))
    assert rows.shape == (0, 6) and owners.shape == (0,)
    for place in ((0, 0), (1, 3)):
        T = model.fk(np.full(6, 0.3))
        T[place] = np.nan
        with pytest.raises(ValueError, match="finite"):
            model.ik(T)


@settings(deadline=None, max_examples=60)
@given(st.lists(st.floats(-6.2, 6.2), min_size=6, max_size=6), st.floats(0.2, 6.2))
def test_all_whole_turns_inside_the_limits_are_there_and_no_others(tmp_path_factory, values, limit):
    model = own_arm(tmp_path_factory.mktemp("arm"), UR, -limit, limit)
    T = model.fk(np.array(values))
    rows = model.ik(T)
    qs, counts = model._closed.solve(T[None])
    turns = 2 * np.pi * np.arange(-2, 3)
    wanted = 0
    for q in qs[0, : counts[0]]:
        choices = [int(np.sum(np.abs(q[i] + turns) <= limit + 1e-9)) for i in range(6)]
        wanted += int(np.prod(choices))
    assert len(rows) == wanted
    assert np.all(np.abs(rows) <= limit)
    keys = np.round(rows, 7)
    assert len(np.unique(keys, axis=0)) == len(rows)
    assert [tuple(key) for key in keys] == sorted(tuple(key) for key in keys)


def test_an_arm_without_a_closed_form_is_searched(tmp_path):
    model = own_arm(tmp_path, OFFSET_WRIST)
    assert not model.has_closed_form
    rng = np.random.default_rng(4)
    qs = rng.uniform(model.lower, model.upper, (40, 6))
    Ts = model.fk_batch(qs)
    found, owners = model.ik_many(Ts)
    assert np.max(np.abs(model.fk_batch(found) - Ts[owners])) < 1e-9
    missed = [k for k in range(40) if not np.any(owners == k) or np.min(np.max(np.abs(found[owners == k] - qs[k]), axis=1)) > 1e-5]
    assert missed == []
    assert len(found) / 40 > 4


def test_a_pose_out_of_reach_has_no_solution(tmp_path):
    for model in (load_robot("kuka-kr5-arc"), own_arm(tmp_path, UR), own_arm(tmp_path, OFFSET_WRIST)):
        T = np.eye(4)
        T[:3, 3] = 9.0, 0.0, 0.0
        assert len(model.ik(T)) == 0
