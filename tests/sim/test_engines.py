"""Planner and pybullet find the same bodies touching in random states of every shipped cell, and a fault in one of them is found."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from bench.engines import STATES, agreement, at_contact, bending_settings, compare, welding_settings
from cells.kinds import shipped_cells
from cells.load import load_cell
from cells.weld_load import load_weld_cell
from core.frames import from_rotation_vector, translation
from core.hull_distance import hull_distance
from sim.world_engine import Engine
from tests.conftest import strip
from tests.sim.weld.weld_cases import t_joint


@pytest.mark.slow
@pytest.mark.parametrize("name", [*shipped_cells("bending"), *shipped_cells("welding")])
def test_both_engines_agree_in_random_states_of_every_shipped_cell(name):
    if name in shipped_cells("welding"):
        pytest.importorskip("OCP", reason="the STEP kernel (extra `step`) is not installed")
    found = agreement(name)
    assert found.states == STATES and 0.2 < found.colliding / found.states < 0.5
    assert found.compared > found.colliding
    assert found.outside == [] and found.one_sided == {}


@pytest.mark.slow
@pytest.mark.parametrize("name", ["bending-irb4600", "bending-kr120", "welding-kr5", "welding-track"])
def test_both_engines_agree_beside_contacts(name):
    """Where all is decided by how the shapes differ; random states are seldom there."""
    if name in shipped_cells("welding"):
        pytest.importorskip("OCP", reason="the STEP kernel (extra `step`) is not installed")
    found = agreement(name, 800, at_contact)
    assert found.states > 400 and 0.4 < found.colliding / found.states < 0.6
    assert len(found.inside) > 50 and found.outside == []


def moved(bodies, name, T):
    """The bodies with one of them moved in the world by T; None: taken away."""
    kept = [body for body in bodies if body.name != name]
    assert len(kept) < len(bodies)
    return tuple(kept if T is None else [replace(b, T_world_body=T @ b.T_world_body) if b.name == name else b for b in bodies])


@pytest.mark.parametrize("shift", [None, translation(0.0, 0.0, 0.02)], ids=["missing", "20 mm away"])
@pytest.mark.parametrize("name", ["robot plinth", "power source"])
def test_a_body_that_one_engine_has_elsewhere_is_found(name, shift):
    cell, weldment = load_weld_cell("welding-kr5"), t_joint()
    (planted,) = welding_settings(replace(cell, bodies=moved(cell.bodies, name, shift)), weldment)
    for setting in welding_settings(cell, weldment):
        found = compare([replace(setting, scene=planted.scene)], 4000, np.random.default_rng(3))
        assert (found.one_sided != {}) == (shift is None)
        assert found.outside and all(name in one.bodies for one in found.outside)


def test_a_tool_that_one_engine_has_turned_is_found():
    """The sheet hangs a quarter turn about the gripper's axis further in one engine."""
    part, cell = strip([0.1, 0.25], 0.35, 0.1), load_cell("bending-irb4600")
    gripper = replace(cell.grippers[0], T_flange_tcp=cell.grippers[0].T_flange_tcp @ from_rotation_vector((0.0, 0.0, np.pi / 2)))
    planted = bending_settings(replace(cell, grippers=(gripper, *cell.grippers[1:])), part, np.random.default_rng(1), poses=2)
    true = bending_settings(cell, part, np.random.default_rng(1), poses=2)
    settings = (replace(setting, scene=other.scene) for setting, other in zip(true, planted, strict=True))
    found = compare(settings, 200, np.random.default_rng(3))
    assert any(one.apart > 0.01 and any(body.startswith(("flange", "bend")) for body in one.bodies) for one in found.outside)


class Two(Engine):
    """A box and a thin plate."""

    def __init__(self, box, plate):
        super().__init__()
        self._hull("box", "box", box)
        self._hull("plate", "plate", plate)
        self.poses = np.repeat(np.eye(4)[None], 2, axis=0)

    def _make_pairs(self):
        return [(0, 1)]

    def place(self, T):
        self._pose((1,), T)


def corners(x, y, z):
    return np.array([[i * x, j * y, k * z] for i in (-1, 1) for j in (-1, 1) for k in (-1, 1)])


@pytest.mark.parametrize(
    ("turn", "place"),
    [
        ((-1.832, 2.874, 0.593), (0.119, 0.472, -0.368)),
        ((1.321, -2.112, -0.224), (0.142, -0.296, -0.387)),
        ((1.366, -2.948, -2.949), (-0.043, 0.547, 0.082)),
    ],
)
def test_pybullet_sees_overlaps_that_it_misses_without_a_margin(turn, place):
    box, plate = corners(0.06, 0.4475, 0.3), corners(0.24, 0.12, 0.0005)
    T = from_rotation_vector(turn)
    T[:3, 3] = place
    both = np.concatenate((box, plate @ T[:3, :3].T + T[:3, 3]))
    assert hull_distance(both, 0, 8, 8, 16, np.inf, -np.inf, np.zeros((2, 3))) == 0.0
    with Two(box, plate) as world:
        world.place(T)
        (contact,) = world.near(0.05)
        assert contact.distance < -1e-3


def test_the_planner_names_every_pair_within_a_distance():
    cell = load_weld_cell("welding-kr5")
    for setting in welding_settings(cell, t_joint()):
        rng = np.random.default_rng(2)
        for q in rng.uniform(setting.scene.lower, setting.scene.upper, (50, len(setting.scene.lower))):
            every = setting.scene.near(q, np.inf)
            near = setting.scene.near(q, 0.1)
            assert sorted(one.distance for one in every if one.distance <= 0.1) == pytest.approx(sorted(one.distance for one in near))
            moving = setting.scene.distance(q, 0.1)
            still = setting.scene.static_distance(0.1)
            assert min(moving.distance, still.distance) == pytest.approx(min((one.distance for one in near), default=0.1))
