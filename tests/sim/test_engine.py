"""The clearance engine against coal, and certified edges against brute force."""

from __future__ import annotations

import coal
import numpy as np
import pytest
from scipy.spatial import ConvexHull

from core.hull_distance import hull_distance
from sim.motion import FreePath, JointLimits, MotionFailure, plan_free
from sim.scene import Scene
from sim.scene_structure import SceneBody, SceneLink
from sim.timing import blend_corners, time_path


def coal_convex(vertices):
    points, triangles = coal.StdVec_Vec3s(), coal.StdVec_Triangle()
    for vertex in vertices:
        points.append(vertex)
    for simplex in ConvexHull(vertices).simplices:
        triangles.append(coal.Triangle(*(int(i) for i in simplex)))
    return coal.Convex(points, triangles)


def test_distances_agree_with_coal():
    rng = np.random.default_rng(0)
    for k in range(300):
        a = rng.normal(size=(int(rng.integers(5, 40)), 3))
        if k % 3 == 0:
            a = np.array([[x, y, z] for x in (0, 0.5) for y in (0, 0.4) for z in (0, 0.0005)]) @ np.linalg.qr(rng.normal(size=(3, 3)))[0]
        b = rng.normal(size=(20, 3)) + rng.normal(size=3) * 3
        a, b = a[ConvexHull(a).vertices], b[ConvexHull(b).vertices]
        both = np.concatenate((a, b))
        ours = hull_distance(both, 0, len(a), len(a), len(both), 1e9, -1.0, np.zeros((2, 3)))
        request, result = coal.DistanceRequest(), coal.DistanceResult()
        theirs = coal.distance(coal_convex(a), coal.Transform3s(), coal_convex(b), coal.Transform3s(), request, result)
        assert ours == pytest.approx(max(theirs, 0.0), abs=1e-5)


def box(x0, x1, y0, y1, z0, z1):
    return np.array([[x, y, z] for x in (x0, x1) for y in (y0, y1) for z in (z0, z1)], dtype=float)


def arm(obstacles, margin=0.01):
    """A planar arm of two links of 1 m with a 0.5 mm sheet at its end, among boxes."""
    z = np.array([0.0, 0.0, 1.0])
    shift = np.eye(4)
    shift[0, 3] = 1.0
    links = [
        SceneLink("upper", -1, np.eye(4), "revolute", z, 0),
        SceneLink("fore", 0, shift, "revolute", z, 1),
        SceneLink("world", -1, np.eye(4), "fixed", z, -1),
    ]
    bodies = [
        SceneBody("upper", "robot", 0, box(0.1, 0.9, -0.03, 0.03, -0.03, 0.03)),
        SceneBody("sheet", "part", 1, box(0.2, 1.0, -0.00025, 0.00025, -0.2, 0.2)),
    ]
    bodies += [SceneBody(f"box {i}", "obstacle", 2, hull) for i, hull in enumerate(obstacles)]
    return Scene(links, bodies, lower=np.full(2, -3.1), upper=np.full(2, 3.1), ignore_links=frozenset({(0, 1)}), margin=margin)


def test_certified_edges_never_touch_when_checked_a_hundred_times_finer():
    rng = np.random.default_rng(1)
    certified = 0
    for _ in range(60):
        centres = rng.uniform(-1.8, 1.8, (4, 2))
        scene = arm([box(x - 0.005, x + 0.005, y - 0.05, y + 0.05, -1, 1) for x, y in centres])
        for _ in range(5):
            a, b = rng.uniform(-3, 3, (2, 2))
            if scene.edge_free(a, b):
                certified += 1
                fine = a + np.linspace(0, 1, 2000)[:, None] * (b - a)
                assert np.min(scene.distances(fine, cap=0.05)) > 0.01 - 5e-4
    assert certified > 30


def crane(rng):
    """A carriage on a rail with an arm of three turning joints and a mast with a boom of one, which meet each other and themselves; axes and sizes at random."""

    def link(name, parent, kind, q_index):
        T = np.eye(4)
        T[:3, :3] = np.linalg.qr(rng.normal(size=(3, 3)))[0]
        T[:3, :3] *= np.sign(np.linalg.det(T[:3, :3]))
        T[:3, 3] = rng.uniform(-0.5, 0.5, 3)
        axis = rng.normal(size=3)
        return SceneLink(name, parent, T, kind, axis / np.linalg.norm(axis), q_index)

    links = [
        link("carriage", -1, "prismatic", 0), link("shoulder", 0, "revolute", 1), link("elbow", 1, "revolute", 2), link("wrist", 2, "revolute", 3),
        link("mast", 0, "fixed", -1), link("boom", 4, "revolute", 4), link("floor", -1, "fixed", -1),
    ]  # fmt: skip
    bodies = [
        SceneBody(one.name, one.name, k, rng.uniform(-0.12, 0.12, (8, 3)) + rng.uniform(-0.2, 0.2, 3), radius=0.002 * k)
        for k, one in enumerate(links)
    ]
    return Scene(links, bodies, lower=np.full(5, -1.0), upper=np.full(5, 1.0), margin=0.01)


def test_edges_of_bodies_that_carry_each_other_are_what_fine_steps_say():
    """Pairs on one chain are certified in the carrying body's frame, pairs of two branches in the world: both against states 1/1000 of the edge apart."""
    rng = np.random.default_rng(4)
    passed = refused = 0
    for _ in range(60):
        scene = crane(rng)
        for _ in range(8):
            a = rng.uniform(-1.5, 1.5, 5)
            b = a + rng.choice([-1, 1], 5) * rng.uniform(0.5, 2.5, 5)
            fine = a + np.linspace(0, 1, 1001)[:, None] * (b - a)
            nearest = float(np.min(scene.distances(fine, cap=0.05)))
            if scene.edge_free(a, b):
                passed += 1
                assert nearest > 0.01 - 2.1e-4
            else:
                refused += 1
                assert nearest < 0.01 + 1e-3
    assert passed > 50 and refused > 50


def test_a_thin_sheet_does_not_tunnel_through_a_thin_punch():
    scene = arm([box(1.4, 1.6, 0.295, 0.305, -1, 1)], margin=0.001)
    assert not scene.edge_free(np.array([0.0, 0.0]), np.array([0.8, 0.0]))


Z = np.array([0.0, 0.0, 1.0])


def around(x):
    """The identity, moved by x [m]."""
    T = np.eye(4)
    T[0, 3] = x
    return T


def test_a_short_edge_that_stays_near_something_all_the_way_is_answered():
    """A block that goes round a pole at its margin: every interval is left, more than the first rows of the queue hold."""
    turn = np.linspace(0, 2 * np.pi, 360, endpoint=False)
    pole = np.array([[0.298 * np.cos(a), 0.298 * np.sin(a), h] for a in turn for h in (-0.1, 0.1)])
    links = [SceneLink("arm", -1, np.eye(4), "revolute", Z, 0), SceneLink("world", -1, np.eye(4), "fixed", Z, -1)]
    for gap in (0.0, 5e-5):
        bodies = [SceneBody("block", "block", 0, box(0.299 + gap, 0.3, -0.001, 0.001, -0.01, 0.01)), SceneBody("pole", "pole", 1, pole)]
        scene = Scene(links, bodies, lower=np.full(1, -3.0), upper=np.full(1, 3.0), margin=0.001)
        assert scene.edge_free(np.zeros(1), np.array([1.95]))


@pytest.mark.parametrize("limit", [0.0, 1.0, np.inf])
def test_a_slide_that_stands_out_of_its_limits_reaches_further(limit):
    """A block 3 m out on a slide that turns through a wall; without limits there is nothing to reckon its travel by but the edge."""
    links = [
        SceneLink("turn", -1, np.eye(4), "revolute", Z, 0), SceneLink("slide", 0, np.eye(4), "prismatic", np.array([1.0, 0.0, 0.0]), 1),
        SceneLink("world", -1, np.eye(4), "fixed", Z, -1),
    ]  # fmt: skip
    bodies = [
        SceneBody("block", "block", 1, box(-0.01, 0.01, -0.01, 0.01, -0.01, 0.01)),
        SceneBody("wall", "wall", 2, box(2.9, 3.1, 0, 0.01, -1, 1)),
    ]
    scene = Scene(links, bodies, lower=np.array([-3.0, -limit]), upper=np.array([3.0, limit]), margin=0.001)
    for half in (1.0, 0.1):
        assert not scene.edge_free(np.array([-half, 3.0]), np.array([half, 3.0]))
    assert scene.edge_free(np.array([0.1, 3.0]), np.array([0.5, 3.0]))


def test_what_is_not_a_number_is_refused():
    """Nothing would be near it."""
    scene = arm([box(0.3, 0.6, -0.1, 0.1, -1, 1)])
    assert not scene.free(np.zeros((1, 2)))[0]
    for value in (np.nan, np.inf):
        for q in (np.array([value, 0.0]), np.array([0.0, value])):
            for ask in (
                scene.distance,
                scene.violation,
                lambda q: scene.free(q[None]),
                lambda q: scene.edge_free(np.zeros(2), q),
                lambda q: scene.near(q, 0.1),
            ):
                with pytest.raises(ValueError, match="finite"):
                    ask(q)
    with pytest.raises(ValueError, match="finite"):
        scene.posed({2: (-1, np.full((4, 4), np.nan))})
    with pytest.raises(ValueError, match="finite"):
        scene.posed(hulls={2: np.full((8, 3), np.nan)})


def test_margins_that_no_certificate_can_hold_are_refused():
    """A margin below the certificate's tolerance would let a thin sheet through a wall."""
    scene = arm([box(1.4, 1.6, 0.295, 0.305, -1, 1)], margin=2e-4)
    with pytest.raises(ValueError, match="certified"):
        scene.edge_free(np.array([0.0, 0.0]), np.array([0.8, 0.0]))


def test_two_links_do_not_turn_with_one_joint():
    """Two fingers that turn against each other would count as moving alike."""
    links = [SceneLink("left", -1, around(-0.5), "revolute", Z, 0), SceneLink("right", -1, around(0.5), "revolute", -Z, 0)]
    bodies = [SceneBody(name, name, k, box(-0.1, 0.1, -0.1, 0.1, -0.1, 0.1)) for k, name in enumerate(("left", "right"))]
    with pytest.raises(ValueError, match="exactly one link"):
        Scene(links, bodies, lower=np.full(1, -1.0), upper=np.full(1, 1.0))


def test_a_later_margin_replaces_an_earlier_one_in_whichever_order_its_groups_are_named():
    scene = arm([box(1.4, 1.6, 0.05, 0.15, -1, 1)])
    once = scene.posed(margins={("part", "obstacle"): 0.2})
    back = (
        once.posed(margins={("obstacle", "part"): 0.01})
        .posed(margins={("part", "obstacle"): 0.2})
        .posed(margins={("obstacle", "part"): 0.01})
    )
    q = np.zeros((1, 2))
    assert scene.free(q)[0] and not once.free(q)[0] and back.free(q)[0]
    again = once.posed(margins={("obstacle", "part"): 0.01}).posed(margins={("part", "obstacle"): 0.2})
    assert not again.free(q)[0]


def test_every_edge_of_a_planned_path_is_certified():
    limits = JointLimits(np.full(2, -3.1), np.full(2, 3.1), np.full(2, 2.0), np.full(2, 6.0), np.full(2, 60.0))
    bent = 0
    for seed in range(12):
        rng = np.random.default_rng(seed)
        scene = arm([box(x - 0.05, x + 0.05, y - 0.05, y + 0.05, -1, 1) for x, y in rng.uniform(-1.8, 1.8, (5, 2))])
        start, goal = rng.uniform(-3, 3, (2, 2))
        found = plan_free(scene, start, np.array([goal, goal]), limits, seed=seed, iterations=300)
        if isinstance(found, FreePath):
            assert np.array_equal(found.qs[0], start) and np.array_equal(found.qs[-1], goal)
            assert all(scene.edge_free(a, b) for a, b in zip(found.qs[:-1], found.qs[1:], strict=True))
            bent += len(found.qs) > 2
    assert bent >= 2


def test_planner_goes_round_and_is_repeatable():
    scene = arm([box(1.2, 2.2, 0.25, 0.35, -1, 1)])
    limits = JointLimits(np.full(2, -3.1), np.full(2, 3.1), np.full(2, 2.0), np.full(2, 6.0), np.full(2, 60.0))
    start, goal = np.array([0.0, 0.0]), np.array([[0.7, 0.0]])
    one, two = (plan_free(scene, start, goal, limits, seed=5) for _ in range(2))
    assert isinstance(one, FreePath) and isinstance(two, FreePath)
    assert np.array_equal(one.qs, two.qs)
    fine = np.concatenate([a + np.linspace(0, 1, 400)[:, None] * (b - a) for a, b in zip(one.qs[:-1], one.qs[1:], strict=True)])
    assert np.min(scene.distances(fine, cap=0.05)) > 0.01 - 5e-4


def test_a_move_that_fails_names_what_is_in_the_way():
    """At the start, at the goal, and where the ways from both ends come nearest: here a wall over the whole height, round which nothing leads."""
    limits = JointLimits(np.full(2, -3.1), np.full(2, 3.1), np.full(2, 2.0), np.full(2, 6.0), np.full(2, 60.0))
    scene = arm([box(0.3, 2.2, 0.25, 0.35, -1, 1), box(0.3, 2.2, -0.35, -0.25, -1, 1)])
    inside, outside = np.array([0.0, 0.0]), np.array([1.2, 0.0])
    held = plan_free(scene, inside, outside[None], limits, seed=1, iterations=150)
    assert isinstance(held, MotionFailure) and held.code == "no-path" and held.closest is not None
    assert {held.closest.group_a, held.closest.group_b} <= {"robot", "part", "obstacle"} and "in 150 tries; where" in held.message
    blocked = np.array([0.3, 0.0])
    for start, goal, code in ((blocked, outside, "start-in-collision"), (outside, blocked, "goal-in-collision")):
        failed = plan_free(scene, start, goal[None], limits, seed=1)
        assert isinstance(failed, MotionFailure) and failed.code == code
        assert failed.closest is not None and failed.closest.distance < 0.01 and failed.closest.body_b in failed.message


@pytest.mark.parametrize("sample", [0.02, 0.01, 0.004, 0.001])
def test_timing_keeps_speed_acceleration_and_jerk(sample):
    """At any raster; differences of finer rasters are taken over 20 ms, as those of the coarse one are."""
    limits = JointLimits(
        np.full(3, -3.0), np.full(3, 3.0), np.array([2.0, 2.5, 3.0]), np.array([6.0, 7.0, 9.0]), np.array([60.0, 70.0, 90.0])
    )
    way = np.array([[0.0, 0.0, 0.0], [1.0, -0.4, 0.2], [1.2, 0.5, -0.8], [0.1, 0.9, 0.4]])
    dense, marks, sizes = blend_corners(way)
    assert marks[0] == 0 and marks[-1] == len(dense) - 1
    # Rounded by at most 45 % of the shorter side, ends never.
    sides = np.linalg.norm(np.diff(way, axis=0), axis=1)
    assert sizes[0] == sizes[3] == 0.0 and sizes[1:3] == pytest.approx(np.minimum(0.45 * np.minimum(sides[:2], sides[1:]), 0.5))
    timed = time_path(dense, limits, sample=sample)
    assert np.max(np.diff(timed.times)) <= sample + 1e-9
    wide = round(0.02 / sample)
    step = wide * float(np.median(np.diff(timed.times)))
    v = (timed.qs[wide:] - timed.qs[:-wide]) / step
    a = (v[wide:] - v[:-wide]) / step
    j = (a[wide:] - a[:-wide]) / step
    assert np.max(np.abs(v) / limits.velocity) < 1.02
    assert np.max(np.abs(a) / limits.acceleration) < 1.05
    # Third differences of 20 ms samples of a path of splines: ten percent.
    assert np.max(np.abs(j) / limits.jerk) < 1.10
    assert timed.qs[0] == pytest.approx(way[0]) and timed.qs[-1] == pytest.approx(way[-1])
