"""The second engine: agrees with the planner, and finds every fault planted in a good plan."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from cells.model import Body
from core.frames import translation
from sim.cell_scene import build_cell_scene
from sim.looking import LITTLE, RESOLUTION, SIGHT, SKIN, is_own
from sim.plan import phase_state
from sim.replay import _looks, replay
from sim.world import World


@pytest.fixture(scope="module")
def replayed(dimmer):
    return replay(dimmer)


def with_phase(result, name, change):
    """The plan with the first phase of a name changed."""
    index = next(i for i, phase in enumerate(result.plan.phases) if phase.name == name)
    phases = [*result.plan.phases]
    phases[index] = change(phases[index])
    return dataclasses.replace(result, plan=dataclasses.replace(result.plan, phases=(phases[index],)))


def joint(result, name):
    return result.cell.brake.mechanism.joint_names.index(name)


def test_a_good_plan_is_clean(dimmer, replayed):
    assert replayed.findings == ()
    assert len(replayed.clearances) == len(dimmer.plan.phases)


def test_samples_are_only_skipped_where_next_to_nothing_moves(dimmer):
    skipped = 0
    for phase in dimmer.plan.phases:
        looks = set(_looks(phase).tolist())
        assert float(phase.times[0]) in looks and float(phase.times[-1]) in looks
        values = np.c_[phase.robot, phase.gripper, phase.brake, phase.fold]
        last = values[0]
        for time, value in zip(phase.times, values, strict=True):
            if float(time) in looks:
                last = value
            else:
                skipped += 1
                assert np.max(np.abs(value - last)) <= LITTLE
    assert skipped > 0


def test_no_skipped_sample_comes_nearer_than_the_replay_says(dimmer, replayed):
    """Brute force: every sample of every phase that moves, in the same engine."""
    with World(dimmer.cell, dimmer.setup, dimmer.part, dimmer.gripper) as world:
        for phase, told in zip(dimmer.plan.phases, replayed.clearances, strict=True):
            if phase.kind == "wait":
                continue
            allowed = frozenset(pair for pair, _ in phase.contacts)
            if phase.gripped and phase.part is not None:
                allowed |= {(f"flange-{phase.part.flange}", "gripper")}
            nearest = SIGHT
            for time in np.unique(phase.times):
                world.set_state(phase_state(phase, float(time)))
                for contact in world.near(SIGHT, allowed):
                    if not is_own(world, contact.a, contact.b):
                        nearest = min(nearest, contact.distance)
            assert nearest > (SIGHT if told.distance is None else told.distance) - RESOLUTION, (phase.step, phase.name)


def test_free_moves_keep_their_clearance_in_pybullet(dimmer, replayed):
    """Links of one arm may pass at 1 mm; all else keeps the cell's margin, less the certificate's 0.4 mm."""
    for phase, seen in zip(dimmer.plan.phases, replayed.clearances, strict=True):
        if phase.kind == "free" and seen.distance is not None:
            own = all(name.startswith("link_") for name in seen.bodies)
            held = phase.part is not None and any(name.startswith("flange") for name in seen.bodies)
            assert seen.distance > (0.5e-3 if own else 1.5e-3 if held else dimmer.cell.margin - 0.5e-3)


def test_distances_agree_with_the_planner(dimmer):
    scene = build_cell_scene(dimmer.cell, dimmer.setup, dimmer.gripper, dimmer.part)
    compared = 0
    with World(dimmer.cell, dimmer.setup, dimmer.part, dimmer.gripper) as world:
        for phase in dimmer.plan.phases:
            allowed = frozenset(pair for pair, _ in phase.contacts)
            if phase.gripped:
                allowed |= {(f"flange-{phase.part.flange}", "gripper")}
            for time in np.linspace(phase.times[0], phase.times[-1], 5):
                state = phase_state(phase, float(time))
                world.set_state(state)
                near = world.near(SIGHT, allowed)
                closest = min(near, key=lambda c: c.distance, default=None)
                theirs = SIGHT if closest is None else closest.distance
                skin = 0.0 if closest is None else SKIN * sum(world.is_machine_link(i) for i in (closest.a, closest.b))
                posed = scene.posed(brake=state.brake, gripper=state.gripper, placement=state.part, fold=state.fold, allowed=allowed)
                ours = posed.distance(state.robot, SIGHT).distance
                # The planner's cylinders are prisms around the circle: 0.3 mm at most here.
                assert theirs - 3e-4 <= ours <= theirs + skin + 1e-4, (phase.step, phase.name)
                compared += theirs < SIGHT
    assert compared > 40


def test_pybullet_kinematics_equals_ours(dimmer):
    robot, brake = dimmer.cell.robot, dimmer.cell.brake
    rng = np.random.default_rng(0)
    with World(dimmer.cell, dimmer.setup, dimmer.part, dimmer.gripper) as world:
        state = phase_state(dimmer.plan.phases[0], 0.0)
        for q in rng.uniform(robot.model.lower, robot.model.upper, (10, 6)):
            b = rng.uniform(brake.mechanism.lower, brake.mechanism.upper)
            world.set_state(dataclasses.replace(state, robot=q, brake=b))
            theirs = world.link_poses(world.robot, robot.model.mechanism)
            for link, T in zip(robot.model.mechanism.links, robot.T_world_base @ robot.model.mechanism.fk(q), strict=True):
                assert theirs[link.name] == pytest.approx(T, abs=1e-6)
            theirs = world.link_poses(world.brake, brake.mechanism)
            for link, T in zip(brake.mechanism.links, brake.T_world_brake @ brake.mechanism.fk(b), strict=True):
                assert theirs[link.name] == pytest.approx(T, abs=1e-6)


def test_a_post_in_the_way_is_found(dimmer):
    travel = next(phase for phase in dimmer.plan.phases if phase.name == "travel")
    q = travel.robot[len(travel.robot) // 2]
    x, y, z = (dimmer.cell.robot.T_world_base @ dimmer.cell.robot.model.fk(q))[:3, 3]
    hull = np.array([[a, b, c] for a in (x - 0.02, x + 0.02) for b in (y - 0.02, y + 0.02) for c in (z - 0.1, z + 0.1)])
    post = Body("planted post", "obstacle", np.eye(4), (hull,))
    blocked = dataclasses.replace(dimmer, cell=dataclasses.replace(dimmer.cell, bodies=(*dimmer.cell.bodies, post)))
    found = replay(blocked).findings
    assert any("planted post" in finding.message and finding.step == "bend 1" for finding in found)


def test_a_thin_wire_between_two_samples_is_found(dimmer):
    """A wire of 2 mm across the way of the fastest sample step: between samples the gripper moves much further than that."""
    phase = next(phase for phase in dimmer.plan.phases if phase.name == "travel")
    model = dimmer.cell.robot.model
    places = (dimmer.cell.robot.T_world_base @ model.fk_batch(phase.robot))[:, :3, 3]
    k = int(np.argmax(np.linalg.norm(np.diff(places, axis=0), axis=1)))
    before, after = places[k], places[k + 1]
    assert np.linalg.norm(after - before) > 0.02
    middle = (before + after) / 2
    hull = np.array([[middle[0] + a, middle[1] + b, middle[2] + c] for a in (-1e-3, 1e-3) for b in (-1e-3, 1e-3) for c in (-1e-3, 1e-3)])
    wire = Body("wire", "obstacle", np.eye(4), (hull,))
    # Only the step around the wire is replayed, so only states between the samples can meet it head-on.
    step = dataclasses.replace(
        phase, times=phase.times[k : k + 2], robot=phase.robot[k : k + 2], gripper=phase.gripper[k : k + 2],
        brake=phase.brake[k : k + 2], fold=phase.fold[k : k + 2], waypoints=(0, 1),
    )  # fmt: skip
    plan = dataclasses.replace(dimmer.plan, phases=(step,))
    found = replay(dataclasses.replace(dimmer, plan=plan, cell=dataclasses.replace(dimmer.cell, bodies=(*dimmer.cell.bodies, wire))))
    assert any("wire" in finding.message for finding in found.findings)
    assert found.states > 4


def test_a_ram_driven_into_the_held_part_is_found(dimmer):
    """Ram at its lowest while the robot moves the part between the tools."""

    def lowered(phase):
        brake = phase.brake.copy()
        brake[:, joint(dimmer, "ram")] = dimmer.cell.brake.mechanism.upper[joint(dimmer, "ram")]
        return dataclasses.replace(phase, brake=brake)

    for name in ("insert", "withdraw"):
        found = replay(with_phase(dimmer, name, lowered)).findings
        assert len(found) == 1 and "inside punch" in found[0].message


def placed(dimmer, T_world_sheet):
    """The first wait phase with the flat part standing still somewhere in the world and the robot at home."""

    def change(phase):
        part = dataclasses.replace(phase.part, held_by="world", T_holder_flange=T_world_sheet, by="fault", flange=0)
        k = len(phase.times)
        return dataclasses.replace(
            phase, part=part, gripped=False, contacts=(), fold=np.zeros_like(phase.fold), part_poses=None,
            robot=np.repeat(dimmer.cell.robot.q_home[None], k, axis=0),
        )  # fmt: skip

    return with_phase(dimmer, "close", change)


@pytest.mark.parametrize("link", ["ram", "frame", "finger_1", "gauge_beam"])
def test_every_body_of_the_brake_is_met(dimmer, link):
    """The part is put into the middle of one body of the brake; pybullet names that body."""
    mechanism = dimmer.cell.brake.mechanism
    index = next(i for i, one in enumerate(mechanism.links) if one.name == link)
    phase = next(phase for phase in dimmer.plan.phases if phase.name == "close")
    T = dimmer.cell.brake.T_world_brake @ mechanism.fk(phase.brake[0])[index]
    hull = mechanism.links[index].hulls[0]
    middle = T[:3, :3] @ ((hull.min(axis=0) + hull.max(axis=0)) / 2) + T[:3, 3]
    centre = np.mean(dimmer.part.flange_hulls(0)[0], axis=0)
    found = replay(placed(dimmer, translation(*(middle - centre)))).findings
    assert len(found) == 1
    with World(dimmer.cell, dimmer.setup, dimmer.part, dimmer.gripper) as world:
        world.set_state(phase_state(placed(dimmer, translation(*(middle - centre))).plan.phases[0], float(phase.times[0])))
        met = {world.bodies[contact.b].name for contact in world.near(0.0) if world.bodies[contact.a].name == "flange 0"}
    assert f"brake {link}" in met
