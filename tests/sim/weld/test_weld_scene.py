"""The clearance scene of a welding cell: figures by hand, and agreement with pybullet, which has its own geometry and kinematics."""

from __future__ import annotations

import numpy as np
import pytest

from cells.weld_load import load_weld_cell, weld_cell_names
from core.frames import inverse
from sim.looking import SIGHT, SKIN
from sim.weld.groups import NOZZLE_MARGIN
from sim.weld.scene import WeldScene
from sim.weld.world import WeldWorld
from tests.sim.weld.weldments import tee, torch_pose

PRISM = 1 / np.cos(np.pi / 16) - 1
"""The planner's cylinders are 16-sided prisms around them: so much of the radius they stand out."""
CELLS = {name: load_weld_cell(name) for name in weld_cell_names()}


def solutions(cell, T_piece_tcp, q_positioner=None):
    T = cell.T_world_workpiece(q_positioner) @ T_piece_tcp
    near = float(cell.robot.q_home[0]) if cell.robot.model.slides else None
    return cell.robot.model.ik(inverse(cell.robot.T_world_base) @ T @ inverse(cell.torch.T_flange_tcp), near=near)


@pytest.mark.parametrize("name", CELLS)
def test_scene_agrees_with_pybullet_on_random_states(name):
    """Never more than the robot's skin in pybullet above it, never further below than the prisms stand out: nothing with the robot of meshes, 2 % of
    400 mm at the rim of the positioner's table."""
    cell = CELLS[name]
    weldment, robot = tee(), cell.robot.model
    scenes = WeldScene(cell, weldment)
    lowest = -1e-4 if cell.positioner is None else -PRISM * 0.4
    rng = np.random.default_rng(0)
    apart = touching = 0
    with WeldWorld(cell, weldment) as world:
        for _ in range(200):
            q = rng.uniform(robot.lower, robot.upper)
            turn = None
            if cell.positioner is not None:
                turn = rng.uniform(cell.positioner.mechanism.lower, cell.positioner.mechanism.upper)
            world.set_joints(q, turn)
            closest = min(world.near(SIGHT), key=lambda contact: contact.distance, default=None)
            scene = scenes.posed(turn)
            ours = min(scene.distance(q, SIGHT).distance, scene.static_distance(SIGHT).distance)
            if turn is not None:
                both = scenes.together().distance(np.r_[q, turn], SIGHT).distance
                assert both == pytest.approx(ours, abs=1e-9) or (both <= 0 and ours <= 0)
            if closest is None:
                assert ours > SIGHT + lowest
                continue
            skin = SKIN * sum(world.is_machine_link(index) for index in (closest.a, closest.b))
            if closest.distance > 0:
                assert closest.distance + lowest <= ours <= closest.distance + skin + 1e-4
                apart += closest.distance < SIGHT
            elif closest.distance < -skin:
                assert ours <= 0
                touching += 1
    assert apart > 40 and touching > 20


@pytest.mark.parametrize("name", CELLS)
def test_nozzle_over_a_fillet_by_hand(name):
    """Nozzle of 18 mm, its end 13 mm from the root, in the bisector: (13 - 9) sin 45 mm from both plates, less the 2 % of the prism's corners."""
    cell, weldment = CELLS[name], tee()
    seam = weldment.seams[0]
    scenes = WeldScene(cell, weldment)
    near, free = scenes.posed(near_seam=seam.pieces), scenes.posed()
    seen = 0
    for spin in np.linspace(0, 2 * np.pi, 8, endpoint=False):
        for q in solutions(cell, torch_pose(seam, seam.points.mean(axis=0), float(spin)))[:4]:
            if not near.free(q[None])[0]:
                continue
            closest = near.distance(q, 0.02)
            assert {closest.group_a, closest.group_b} & {"piece-base", "piece-web"} and "nozzle" in (closest.group_a, closest.group_b)
            assert (4e-3 - 9e-3 * PRISM) * np.sin(np.pi / 4) - 1e-9 <= closest.distance <= 4e-3 * np.sin(np.pi / 4) + 1e-9
            # In a free move the wire's end would touch.
            assert not free.free(q[None])[0] and free.distance(q).distance < 1e-6
            seen += 1
    assert seen > 10


def test_what_may_be_near_a_seam_is_only_its_own_pieces():
    """The nozzle is 2.8 mm from the web: inside the welding margin of 3 mm, so the pose is not free when the web is none of the seam's pieces."""
    cell = CELLS["welding-kr5"]
    weldment = tee()
    seam = weldment.seams[0]
    T = torch_pose(seam, seam.points.mean(axis=0))
    q = next(q for q in solutions(cell, T) if WeldScene(cell, weldment).posed(near_seam=seam.pieces).free(q[None])[0])
    scene = WeldScene(cell, weldment).posed(near_seam=("base",))
    broken = scene.violation(q)
    assert broken is not None and {broken.group_a, broken.group_b} == {"nozzle", "piece-web"}
    assert broken.distance > NOZZLE_MARGIN


def test_edges_with_the_positioner_moving_along_are_certified():
    """The table turned by 90 deg under a standing robot: free where the torch stands high, not where it stands in the weldment's way."""
    cell, weldment = CELLS["welding-track"], tee()
    both = WeldScene(cell, weldment).together()
    home, quarter = cell.positioner.q_home, np.add(cell.positioner.q_home, (0.0, np.pi / 2))
    assert both.edge_free(np.r_[cell.robot.q_home, home], np.r_[cell.robot.q_home, quarter])
    # 20 mm over the base, 60 mm beside the web: free while nothing turns, but the web comes round.
    T = torch_pose(weldment.seams[0], np.array([0.08, 0.06, 0.03]))
    q = next(q for q in solutions(cell, T) if WeldScene(cell, weldment).posed().free(q[None])[0])
    assert both.free(np.r_[q, home][None])[0]
    assert not both.edge_free(np.r_[q, home], np.r_[q, quarter])
