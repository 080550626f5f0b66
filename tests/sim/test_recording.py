"""The recording is read back with a reader of the tests' own, and its node transforms compared with the plan."""

from __future__ import annotations

import io

import numpy as np
import pytest
import trimesh
from PIL import Image

from sim.plan import phase_state
from sim.recording import recording_glb
from sim.setup_sheet import setup_sheet
from sim.world_pictures import plan_pictures
from tests.sim.glb_player import GlbPlayer


@pytest.fixture(scope="module")
def glb(dimmer):
    return GlbPlayer(recording_glb(dimmer))


def test_every_node_stands_where_the_plan_says(dimmer, glb):
    robot, brake, part = dimmer.cell.robot, dimmer.cell.brake, dimmer.part
    for phase in dimmer.plan.phases:
        for time in np.linspace(phase.times[0], phase.times[-1], 4):
            state = phase_state(phase, float(time))
            T_flange = robot.T_world_base @ robot.model.fk(state.robot)
            assert glb.world("robot link_6", time) == pytest.approx((robot.T_world_base @ robot.model.mechanism.fk(state.robot))[robot.model.mechanism.link_index("link_6")], abs=1e-4)  # fmt: skip
            for name in ("ram", "finger_1", "finger_2"):
                T = (brake.T_world_brake @ brake.mechanism.fk(state.brake))[brake.mechanism.link_index(name)]
                assert glb.world(f"brake {name}", time) == pytest.approx(T, abs=1e-4)
            holder = T_flange @ dimmer.gripper.T_flange_tcp if state.part.held_by == "tcp" else np.eye(4)
            T_held = holder @ state.part.T_holder_flange
            assert glb.world(f"flange {state.part.flange + 1}", time) == pytest.approx(T_held, abs=1e-4)
            Ts = part.fold(state.fold)
            other = part.bends[0].child
            T_other = T_held @ np.linalg.inv(Ts[state.part.flange]) @ Ts[other]
            assert glb.world(f"flange {other + 1}", time) == pytest.approx(T_other, abs=1e-4)


def test_keys_rise_and_cover_the_plan(dimmer, glb):
    times, _ = next(iter(glb.tracks.values()))
    assert np.all(np.diff(times) > 0)
    assert times[0] == 0.0 and times[-1] == pytest.approx(dimmer.plan.duration, abs=1e-3)
    assert glb.json["asset"]["extras"]["phases"][0]["step"] == "pick"


def test_zone_strips_join_their_flanges(dimmer, glb):
    """The first strip of a bend lies on the parent's edge and the last on the child's, within the strip's chord."""
    end = dimmer.plan.duration
    bend = dimmer.part.bends[0]
    for strip, flange in ((1, bend.parent), (8, bend.child)):
        T = np.linalg.inv(glb.world(f"flange {flange + 1}", end)) @ glb.world(f"bend 1 strip {strip}", end)
        side = -1 if strip == 1 else 1
        edge = bend.T_sheet_bend @ np.array([0.0, side * bend.allowance / 2, 0.0, 1.0])
        assert np.linalg.norm((T @ edge - edge)[:3]) < bend.allowance / 16


def test_an_independent_loader_takes_the_file(dimmer):
    scene = trimesh.load(io.BytesIO(recording_glb(dimmer)), file_type="glb")
    assert len(scene.geometry) > 20
    # y up: the floor's top is at y = 0, the brake above it.
    assert scene.bounds[1][1] > 1.5


def test_the_sheet_is_visible_in_every_picture(dimmer):
    pictures = plan_pictures(dimmer)
    assert set(pictures) == {"cell.png", "bend_1.png", "stack.png"}
    for data in pictures.values():
        image = np.asarray(Image.open(io.BytesIO(data)).convert("RGB")).astype(int)
        blue = (image[:, :, 2] - image[:, :, 0] > 40) & (image[:, :, 1] - image[:, :, 0] > 12)
        assert blue.mean() > 2e-4
        assert len(np.unique(image.reshape(-1, 3), axis=0)) > 50


def test_setup_sheet_is_one_file_with_every_bend(dimmer):
    page = setup_sheet(dimmer, {"bend_1.png": b"\x89PNG"}, None)
    assert "http" not in page.replace("http://www.w3.org", "") and "<script" not in page
    for text in ("oxygen_dimmer_support_3mm", "20.30 mm", "verified", "clamp-60", "data:image/png;base64,", "station 1"):
        assert text in page
    assert page.count('<div class="bend">') == len(dimmer.plan.steps)
