"""The motion benchmark: other engines get the scene that is ours, are asked rightly, and its figures are put together rightly."""

from __future__ import annotations

import sys
import xml.etree.ElementTree as ET

import numpy as np
import pytest

from bench.log_plot import Panel, exponent, log_plot
from bench.motion_growth import BODIES, clutter, growth
from bench.motion_kinematics import Axes
from bench.motion_moves import FREE, GAP, Move, move_tables
from bench.motion_queries import Situation, queries, random_states, situations
from bench.peers import process
from bench.peers.plain import ARM, CELL, PlainScene
from bench.peers.process import Lacking, Peer, PeerError
from bench.peers.urdf import write
from robots.catalogue import load_robot
from sim.cell_scene import build_cell_scene, part_groups

FAKE = "tests.bench.fake_engine:Wall"


@pytest.fixture(scope="module")
def robot():
    return load_robot("kuka-kr120-r2500-pro")


@pytest.fixture(scope="module")
def situation(robot):
    return Situation("clutter", clutter(robot, 20, 3), robot)


@pytest.fixture(scope="module")
def folder(situation, tmp_path_factory):
    """A folder as engines get it."""
    path = tmp_path_factory.mktemp("scene")
    situation.plain.save(path)
    write(situation.plain, path)
    np.savez(path / "states.npz", all=np.array([[0.0] * 6, [2.0] * 6]))
    return path


@pytest.fixture
def peer():
    engine = Peer(FAKE, sys.executable)
    yield engine
    engine.close()


def test_a_plain_scene_survives_its_file(situation, folder):
    back = PlainScene.load(folder)
    for name, value in vars(situation.plain).items():
        np.testing.assert_array_equal(getattr(back, name), value)


@pytest.mark.parametrize("margins", [True, False])
def test_coal_is_of_one_mind_with_the_scene(situation, margins):
    """Margins and hulls arrive: every random state, none of which is within rounding of its margin, has the same answer."""
    pytest.importorskip("pinocchio", reason="pinocchio is not installed: pip install pliant[dev]")
    from bench.motion_referee import Referee

    scene = situation.scene
    qs = random_states(scene, 300, 1)
    ours = scene.free(qs) if margins else np.array([scene.distance(q).distance > 0 for q in qs])
    assert 20 < np.count_nonzero(ours) < 280
    differ = np.flatnonzero(Referee(situation.plain).free(qs, margins=margins) != ours)
    if margins:
        assert differ.size == 0
    else:
        # Bare hulls are smaller than bodies: the referee may only find more states free.
        assert not ours[differ].any()


def test_a_path_through_a_body_touches(situation):
    pytest.importorskip("pinocchio", reason="pinocchio is not installed: pip install pliant[dev]")
    from bench.motion_referee import Referee

    qs = random_states(situation.scene, 300, 1)
    free = situation.scene.free(qs)
    referee = Referee(situation.plain)
    through = np.array([qs[free][0], qs[~free][0], qs[free][0]])
    assert referee.touches(through, margins=True)
    assert not referee.touches(np.repeat(qs[free][:1], 2, axis=0), margins=True)


@pytest.mark.parametrize("name", [CELL, ARM])
def test_urdf_places_every_hull_where_the_scene_does(situation, folder, name):
    pin = pytest.importorskip("pinocchio", reason="pinocchio is not installed: pip install pliant[dev]")
    scene, plain = situation.scene, situation.plain
    model = pin.buildModelFromUrdf(str(folder / f"{name}.urdf"))
    assert list(model.names)[1:] == plain.joint_names
    geometry = pin.buildGeomFromUrdf(model, str(folder / f"{name}.urdf"), pin.GeometryType.COLLISION, package_dirs=[str(folder)])
    data, geometry_data = model.createData(), geometry.createData()
    q = random_states(scene, 1, 4)[0]
    pin.updateGeometryPlacements(model, data, geometry, geometry_data, q)
    Ts, carried = scene.place(q), plain.carried()
    seen = 0
    for k, body in enumerate(geometry.geometryObjects):
        i = int(body.name.split("_")[1])
        T, T_link = geometry_data.oMg[k], Ts[plain.links[i]]
        np.testing.assert_allclose(
            carried[i][1] @ T.rotation.T + T.translation, plain.hulls[i] @ T_link[:3, :3].T + T_link[:3, 3], atol=1e-9
        )
        seen += 1
    assert seen == sum(name == CELL or joint >= 0 for joint, _ in carried)


def test_srdf_leaves_exactly_the_pairs_of_the_scene(situation, folder):
    count = len(situation.plain.hulls)
    disabled = {(one.get("link1"), one.get("link2")) for one in ET.parse(folder / f"{CELL}.srdf").getroot().iter("disable_collisions")}
    assert len(disabled) == count * (count - 1) // 2 - len(situation.plain.pairs)


def test_an_engine_is_asked_through_the_pipe(peer, folder):
    assert peer.versions == {"numpy": np.__version__}
    assert peer.ask("load", folder=str(folder)) == {"margins": False}
    assert peer.ask("free", which="all", count=2)["free"] == [True, False]
    with pytest.raises(Lacking, match="no distance"):
        peer.ask("distance", which="all", count=1)
    found = peer.ask("move", start=[0.0] * 6, goals=[[0.5] * 6], seed=0, limit=1.0)
    assert found["path"] == [[0.0] * 6, [0.5] * 6] and found["sound"] and found["seconds"] > 0
    assert peer.ask("move", start=[0.0] * 6, goals=[[1.5] * 6], seed=0, limit=1.0)["path"] is None


def test_an_engine_that_fails_says_why(peer, folder, monkeypatch):
    peer.ask("load", folder=str(folder))
    move = {"start": [0.0] * 6, "goals": [[0.5] * 6], "limit": 1.0}
    with pytest.raises(PeerError, match="ValueError: seed 1 is not liked"):
        peer.ask("move", seed=1, **move)
    with pytest.raises(PeerError, match="ended with 3: out of memory"):
        peer.ask("move", seed=2, **move)
    with pytest.raises(PeerError, match="ended with 3"):
        peer.ask("move", seed=0, **move)
    slow = Peer(FAKE, sys.executable)
    monkeypatch.setattr(process, "PATIENCE", 0.2)
    with pytest.raises(PeerError, match="no answer in"):
        slow.ask("move", seed=3, **move)
    slow.close()


@pytest.mark.parametrize(
    ("engine", "python", "reason"),
    [("bench.peers.nothing:Nothing", sys.executable, "No module named"), (FAKE, "/no/python", "No such file")],
)
def test_an_engine_that_is_not_there_says_so(engine, python, reason):
    with pytest.raises(PeerError, match=reason):
        Peer(engine, python)


def test_queries_come_from_the_planned_job(dimmer):
    asked = queries(dimmer, 10)
    assert [query.kind for query in asked].count(GAP) == 3
    _, held, between = situations(dimmer)
    assert len(between) == len(dimmer.plan.steps)
    assert len(held.plain.pairs) > len(asked[0].situation.plain.pairs) > 0
    for query in asked:
        scene = query.situation.scene
        assert scene.free(np.array([query.start, query.goal])).all()
        np.testing.assert_array_equal(query.goals[0], query.goal)
        Ts = query.situation.robot.fk_batch(query.goals)
        np.testing.assert_allclose(Ts, np.broadcast_to(Ts[0], Ts.shape), atol=1e-8)
    # Each start is between the tools: the part has less than 50 mm of room there.
    whole = build_cell_scene(dimmer.cell, dimmer.setup, dimmer.gripper, dimmer.part)
    room = {(group, tool): 0.05 for group in part_groups(dimmer.part) for tool in ("punch", "die")}
    for phase, (_, lifted) in zip((phase for phase in dimmer.plan.phases if phase.name == "withdraw"), between, strict=True):
        grip = frozenset(pair for pair, _ in phase.contacts if "gripper" in pair)
        placed = {"brake": phase.brake[-1], "gripper": phase.gripper[-1], "placement": phase.part, "fold": phase.fold[-1]}
        nearest = whole.posed(**placed, allowed=grip, margins=room).violation(lifted)
        assert {"punch", "die"} & {nearest.group_a, nearest.group_b}
        assert any(np.array_equal(query.start, lifted) for query in asked if query.kind == GAP)


def test_lengths_of_an_arm_from_its_axes(robot):
    """KUKA KR 120 R2500 pro: 350, 41, 675, 1150, 1000 and 215 mm in its data sheet."""
    np.testing.assert_allclose(Axes.of(robot).lengths(), [0.35, 0.041, 0.0, 0.675, 1.15, 1.0, 0.215], atol=1e-6)


def test_growth_at_its_lower_end(robot, situation, monkeypatch):
    monkeypatch.setattr("bench.motion_growth.PLANNED", 3)
    panels = growth(robot, situation.scene, 0.03)
    assert [panel.sizes.tolist() for panel in panels] == [[10, 30], [1, 3], [1, 3]]
    assert all((curve > 0).all() for panel in panels for curve in panel.curves.values())
    assert len(clutter(robot, BODIES[0]).arrays()["links"]) == len(clutter(robot, BODIES[1]).arrays()["links"]) - 20


def test_exponent_and_plot_of_a_known_growth():
    sizes = np.array([10, 100, 1000])
    assert exponent(sizes, 3e-6 * sizes**1.5) == pytest.approx(1.5)
    drawn = log_plot([Panel("a & b", "bodies", sizes, {"<one>": 3e-6 * sizes**1.5, "two": 1e-4 * sizes**0.5})])
    texts = [one.text for one in ET.fromstring(drawn).iter("{http://www.w3.org/2000/svg}text")]
    assert "<one>: exponent 1.50" in texts and "two: exponent 0.50" in texts and "1 ms" in texts


def test_moves_are_put_together_by_hand():
    """Lengths count where all have a path; a move that was not found counts with its time."""
    done = [
        Move(0, FREE, "s", "Pliant", 0.001, True, False, 2.0, 1.0, 0.0005),
        Move(1, FREE, "s", "Pliant", 0.003, True, False, 9.0, 4.0, 0.001),
        Move(0, FREE, "s", "mplib", 0.1, True, True, 3.0, 1.5),
        Move(1, FREE, "s", "mplib", 5.0, False),
    ]
    free, gap, shares = move_tables(done, 5.0)
    assert free.rows == [
        ("Pliant", "2 of 2", "2.0", "3", "0 of 2", "2.00", "1.00"),
        ("mplib", "1 of 2", "2550.0", "4755", "1 of 1", "3.00", "1.50"),
    ]
    assert gap.rows == []
    assert shares.rows == [("Pliant, free", "2.5", "3")]
    assert free.markdown().splitlines()[3:5] == [
        "| planned, shortened, checked once more | found | ms, median | ms, 95 % | touch at 0.001 rad | length rad | driven s |",
        "|---|--:|--:|--:|--:|--:|--:|",
    ]
