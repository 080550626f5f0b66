"""Pairs of links that are not checked: what is proven holds wherever a second library looks, and what comes near anywhere stays checked."""

from __future__ import annotations

from pathlib import Path

import coal
import numpy as np
import pytest

from core.frames import inverse, rot_x, rot_z, translation
from robots.catalogue import load_robot, robot_names
from robots.link_pairs import CLEARANCE, link_pairs
from robots.mechanism import Joint, Link, Mechanism
from robots.urdf import load_urdf
from sim.scene_parts import SELF_MARGIN

SHARED = Path(__file__).resolve().parents[3] / "shared" / "robots"
REAL = ("irb2400", "gp25", "m20ia", "ur10e")


def described(name):
    """A shipped robot or one of the folder of real ones."""
    if name in robot_names():
        return load_robot(name).mechanism
    if not SHARED.is_dir():
        pytest.skip("the folder of real robots (../shared/robots) is not on this machine")
    return load_urdf(SHARED / f"{name}.urdf")


def convex(vertices):
    points = coal.StdVec_Vec3s()
    for vertex in vertices:
        points.append(vertex)
    return coal.Convex.convexHull(points, False, "Qt")


def nearest(mechanism, pair, count):
    """The least distance of two links in random positions, by coal, less what the real shapes stand out of the hulls [m]."""
    a, b = (mechanism.link_index(name) for name in pair)
    links = mechanism.links
    qs = np.random.default_rng(17).uniform(mechanism.lower, mechanism.upper, (count, len(mechanism.joint_names)))
    Ts = mechanism.fk_batch(qs)
    relative = inverse(Ts[:, a]) @ Ts[:, b]
    shapes = [[convex(hull) for hull in links[i].hulls] for i in (a, b)]
    request, result, still = coal.DistanceRequest(), coal.DistanceResult(), coal.Transform3s()
    least = np.inf
    for T in relative:
        place = coal.Transform3s(T[:3, :3], T[:3, 3])
        for one in shapes[0]:
            for two in shapes[1]:
                result.clear()
                least = min(least, coal.distance(one, still, two, place, request, result))
    return least - links[a].hull_gap - links[b].hull_gap


def test_the_clearance_is_more_than_scenes_keep_between_an_arms_own_links():
    assert CLEARANCE > SELF_MARGIN


@pytest.mark.slow
@pytest.mark.parametrize("name", [*robot_names(), *REAL])
def test_pairs_that_are_proven_stay_apart_in_every_random_position(name):
    mechanism = described(name)
    pairs = link_pairs(mechanism)
    shaped = sum(bool(link.hulls) for link in mechanism.links)
    assert sum(len(some) for some in (pairs.adjacent, pairs.always, pairs.never, pairs.checked)) == shaped * (shaped - 1) / 2
    assert pairs.never
    for pair in pairs.never:
        assert nearest(mechanism, pair, 20_000) > CLEARANCE - 1e-6, pair
    for pair in pairs.always:
        assert nearest(mechanism, pair, 500) <= 1e-6, pair


def test_a_pair_that_does_touch_would_be_found_by_the_same_look():
    """The planted case of the test above: a pair that must not be called proven."""
    mechanism = load_robot("kuka-kr120-r2500-pro").mechanism
    assert ("link_1", "link_4") in link_pairs(mechanism).checked
    assert nearest(mechanism, ("link_1", "link_4"), 20_000) < CLEARANCE


def box(x, y, z):
    return np.array([[i * x, j * y, k * z] for i in (-0.5, 0.5) for j in (-0.5, 0.5) for k in (-0.5, 0.5)])


def pointer(gap, lower=-3.0, upper=3.0, kind="revolute"):
    """A post that a needle of 2 mm passes at `gap`, once in a turn; two joints and a link without shape between them."""
    z, none = np.array([0.0, 0.0, 1.0]), np.zeros((3, 3))

    def link(name, *hulls):
        return Link(name, 0.0, np.zeros(3), none, hulls)

    links = (
        link("post", box(0.002, 0.002, 0.002) + np.array([1.0 + gap + 0.001, 0.0, 0.0])),
        link("hub", box(0.01, 0.01, 0.01)),
        link("elbow"),
        link("needle", box(0.002, 0.002, 0.002) + np.array([0.499, 0.0, 0.0])),
    )
    joints = (
        Joint("turn", "revolute", 0, 1, rot_z(1.0), z, lower, upper),
        Joint("fixed", "fixed", 1, 2, translation(0.5, 0.0, 0.0) @ rot_x(0.3), z),
        Joint("bend", kind, 2, 3, np.eye(4), z, -1.0, 1.0),
    )
    return Mechanism("pointer", links, joints)


def test_what_comes_near_in_a_thousandth_of_all_positions_stays_checked():
    """The needle is near the post within 5 mrad of the first joint and where the second stretches it; no sample sees that."""
    near = pointer(CLEARANCE - 1e-4)
    assert nearest(near, ("post", "needle"), 2000) > CLEARANCE + 1e-3
    assert ("post", "needle") in link_pairs(near).checked
    assert ("post", "needle") in link_pairs(pointer(CLEARANCE + 5e-4)).never


@pytest.mark.parametrize("limit", ["MOST_BOXES", "ALL_BOXES"])
def test_without_boxes_nothing_is_proven(monkeypatch, limit):
    monkeypatch.setattr(f"robots.link_pairs.{limit}", 100)
    pairs = link_pairs(pointer(CLEARANCE + 5e-4))
    assert pairs.never == frozenset() and ("post", "needle") in pairs.checked


def test_joint_limits_and_whole_turns_count():
    """The needle points at the post when the first joint stands at -1 rad."""
    assert ("post", "needle") in link_pairs(pointer(0.001, lower=-0.9)).never
    assert ("post", "needle") in link_pairs(pointer(0.001, lower=-0.9, upper=-1.1 + 2 * np.pi)).never
    assert ("post", "needle") in link_pairs(pointer(0.001, lower=-0.9, upper=-0.9 + 2 * np.pi)).checked


def test_a_sliding_joint_counts_with_its_way():
    """Beside the post the needle slides by up to 1 m either way along the axis that the first joint turns about."""
    sliding = pointer(0.02, kind="prismatic")
    assert ("post", "needle") in link_pairs(sliding).never
    assert ("post", "needle") in link_pairs(pointer(0.004, kind="prismatic")).checked


def test_branches_of_a_tree_are_seen_against_each_other():
    """Two pointers on one base, with joints of both between them."""
    one, z = pointer(0.0), np.array([0.0, 0.0, 1.0])

    def tree(apart):
        links = (one.links[0], *one.links[1:], *(Link(f"other {k.name}", 0.0, k.com, k.inertia, k.hulls) for k in one.links[1:]))
        joints = (
            *one.joints,
            Joint("other turn", "revolute", 0, 4, translation(0.0, 0.0, apart), z, -1.0, 1.0),
            Joint("other fixed", "fixed", 4, 5, translation(0.5, 0.0, 0.0), z),
            Joint("other bend", "revolute", 5, 6, np.eye(4), z, -1.0, 1.0),
        )
        return link_pairs(Mechanism("tree", links, joints))

    assert ("needle", "other needle") in tree(0.5).never
    assert ("needle", "other needle") in tree(0.1).checked
    assert ("post", "other hub") in tree(0.1).adjacent
