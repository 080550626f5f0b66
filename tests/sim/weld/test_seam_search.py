"""Seams in `welding-kr5`: the graph against all ways there are, what comes out against forward kinematics, and reasons for refusals."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from cells.model import Body
from cells.weld_model import WeldCell, WeldProcedure, Window
from core.frames import inverse
from core.units import DEG
from parts.seam import Seam
from parts.weldment import Weldment
from robots.catalogue import load_robot
from sim.weld.path import bead_poses, follow
from sim.weld.plan import SeamWeld
from sim.weld.scene import WeldScene
from sim.weld.seam_graph import MOTION, Bead, Layer, cheapest, postures
from sim.weld.seam_search import SeamRefusal, search_seam
from sim.weld.torch import angles, seam_frames
from tests.sim.weld.weld_cases import box, piece, t_joint, tube_on_plate


def bead(cell: WeldCell, weldment: Weldment, seam: Seam | None = None, procedure: WeldProcedure | None = None) -> Bead:
    it = seam or weldment.seams[0]
    scene = WeldScene(cell, weldment).posed(near_seam=it.pieces)
    chosen = procedure or next(one for one in cell.procedures if one.name == "fillet-a4")
    return Bead(cell, it, 0, chosen, scene, cell.T_world_workpiece(), np.zeros(0))


@pytest.mark.parametrize("seed", range(12))
def test_cheapest_way_is_that_of_trying_all(seed: int) -> None:
    rng = np.random.default_rng(seed)
    at = np.r_[0.0, np.cumsum(rng.uniform(0.01, 0.03, 4))]
    layers = [
        Layer(rng.uniform(-0.4, 0.4, (5, 3)), np.arange(5), rng.integers(0, 2, 5).astype(np.int64), rng.uniform(0, 0.2, 5)) for _ in at
    ]
    most = rng.uniform(0.2, 0.6, (4, 3))
    share = np.gradient(at) / at[-1]
    best, chosen = np.inf, None
    for nodes in product(range(5), repeat=5):
        qs = np.array([layer.qs[n] for layer, n in zip(layers, nodes, strict=True)])
        codes = {int(layer.codes[n]) for layer, n in zip(layers, nodes, strict=True)}
        steps = np.diff(qs, axis=0)
        if len(codes) > 1 or np.any(np.abs(steps) > most):
            continue
        stay = sum(layer.cost[n] * s for layer, n, s in zip(layers, nodes, share, strict=True))
        motion = MOTION * sum(np.sum(step**2) * at[-1] / d for step, d in zip(steps, np.diff(at), strict=True))
        if stay + motion < best:
            best, chosen = stay + motion, list(nodes)
    found = cheapest(layers, at, most)
    if chosen is None:
        assert isinstance(found, int)
    else:
        assert not isinstance(found, int)
        assert found[0] == chosen
        assert found[1] == pytest.approx(best)


@pytest.mark.parametrize("name", ["kuka-kr5-arc", "abb-irb4600-40-255"])
def test_postures_are_those_of_the_model(name: str) -> None:
    model = load_robot(name)
    qs = np.random.default_rng(3).uniform(model.lower, model.upper, (200, 6))
    wanted = [4 * a + 2 * b + (q[4] >= 0) for q in qs for a, b in [model.wrist_behind(q)]]
    assert postures(model, qs).tolist() == wanted and len(set(wanted)) == 8


@pytest.mark.parametrize("weldment", [t_joint(), tube_on_plate()], ids=lambda it: it.name)
def test_weld_stands_on_its_seam_within_its_windows(kr5: WeldCell, weldment: Weldment) -> None:
    asked = bead(kr5, weldment)
    weld = search_seam(asked)
    assert isinstance(weld, SeamWeld), weld
    assert weld.position == "PB"
    made = inverse(asked.T_world_piece) @ kr5.robot.T_world_base @ kr5.robot.model.fk_batch(weld.robot) @ kr5.torch.T_flange_tcp
    np.testing.assert_allclose(made, weld.Ts_piece_tcp, atol=1e-8)
    closed = weld.seam.closed
    frames = seam_frames(weld.seam, 0.015, overlap=0.010 if closed else 0.0)
    if not closed:
        work, travel = angles(frames, made)
        np.testing.assert_allclose(made[:, :3, 3], frames.points, atol=1e-8)
        assert np.all((work >= -10 * DEG) & (work <= 10 * DEG)) and np.all((travel >= -15 * DEG) & (travel <= 0))
    else:
        p = made[:, :3, 3]
        np.testing.assert_allclose(np.hypot(p[:, 0], p[:, 1]), 0.04, atol=1e-8)
        np.testing.assert_allclose(p[:, 2], 0.006, atol=1e-8)
        turned = np.unwrap(np.arctan2(p[:, 1], p[:, 0]))
        assert turned[-1] - turned[0] == pytest.approx(2 * np.pi + 0.010 / 0.04, abs=1e-3)
    # The hose: the last axis within its twist. The arm: never through axis 5 stretched.
    assert np.all(np.abs(weld.robot[:, -1]) <= kr5.torch.twist) and np.min(np.abs(weld.robot[:, 4])) > 0.02


def test_joints_keep_their_speed_and_everything_its_distance(kr5: WeldCell) -> None:
    weldment = tube_on_plate()
    asked = bead(kr5, weldment)
    weld = search_seam(asked)
    assert isinstance(weld, SeamWeld)
    dense, _, _ = bead_poses(weld.seam, weld.Ts_piece_tcp)
    qs, count = follow(kr5, asked.T_world_piece @ dense, weld.robot[0])
    assert count == len(dense)
    way = np.linalg.norm(np.diff(dense[:, :3, 3], axis=0), axis=1)
    speed = np.abs(np.diff(qs, axis=0)) / (way / asked.procedure.speed)[:, None]
    assert np.all(speed <= kr5.robot.model.velocity)
    other = WeldScene(kr5, weldment).posed(near_seam=weld.seam.pieces)
    assert all(other.violation(q) is None for q in qs)


def test_clamp_in_the_way_gives_another_spin(kr5: WeldCell) -> None:
    weldment = t_joint(0.12, both=False)
    free = search_seam(bead(kr5, weldment))
    assert isinstance(free, SeamWeld)
    # A post where the torch's neck stands, behind the nozzle.
    at = inverse(kr5.T_world_workpiece()) @ kr5.robot.T_world_base @ kr5.robot.model.fk(free.robot[len(free.spin) // 2])
    post = Body("clamp", "fixture", np.eye(4), (box(at[:3, 3] - 0.03, at[:3, 3] + 0.03),))
    blocked = replace(kr5, fixtures=(post,))
    around = search_seam(bead(blocked, weldment))
    assert isinstance(around, SeamWeld), around
    assert np.max(np.abs(around.spin - free.spin)) > 10 * DEG or np.max(np.abs(around.robot[0] - free.robot[0])) > 0.2
    assert WeldScene(blocked, weldment).posed(near_seam=free.seam.pieces).violation(free.robot[len(free.spin) // 2]) is not None


def test_out_of_reach_says_where(kr5_far: WeldCell) -> None:
    found = search_seam(bead(kr5_far, t_joint(both=False)))
    assert isinstance(found, SeamRefusal) and found.code == "seam-reach"
    assert "0 mm from the start of its 200 mm" in found.message and "move or turn the part" in found.remedy


def test_seam_under_a_lid_names_the_lid(kr5: WeldCell) -> None:
    weldment = t_joint(0.1, both=False)
    lid = piece("lid", box((-0.1, -0.15, 0.03), (0.1, 0.1, 0.034)))
    found = search_seam(bead(kr5, replace(weldment, pieces=(*weldment.pieces, lid))))
    assert isinstance(found, SeamRefusal) and found.code == "seam-collision"
    assert found.bodies is not None and "lid" in found.bodies and "lid" in found.message


def test_too_narrow_window_is_said_as_such(kr5: WeldCell) -> None:
    # A wall of 40 mm, 53 mm before the web. At 47 deg to the floor the nozzle (10.7 mm at 38 mm and more from its end) passes (53 - 40 / tan 47) sin 47 = 11.5 mm from the
    # wall's edge, too near; at 49.2 deg, 4.2 from the bisector, 14.0 mm, which leaves the 3 mm it must keep.
    weldment = t_joint(0.1, both=False)
    wall = piece("wall", box((-0.1, -0.060, 0.006), (0.1, -0.056, 0.046)))
    procedure = next(one for one in kr5.procedures if one.name == "fillet-a4")
    narrow = replace(procedure, work=Window(-2 * DEG, 0.0, 2 * DEG))
    weld = replace(weldment, pieces=(*weldment.pieces, wall))
    found = search_seam(bead(kr5, weld, procedure=narrow))
    assert isinstance(found, SeamRefusal) and found.code == "seam-angle", found
    assert "beyond the procedure's -2..2" in found.message and "wall" in (found.bodies or ())


def test_too_fast_says_how_fast_it_may_be(kr5: WeldCell) -> None:
    weldment = tube_on_plate(0.04)
    procedure = next(one for one in kr5.procedures if one.name == "fillet-a4")
    found = search_seam(bead(kr5, weldment, procedure=replace(procedure, speed=1.5)))
    assert isinstance(found, SeamRefusal) and found.code == "seam-speed", found
    assert "of its speed" in found.message and "mm/s" in found.remedy
