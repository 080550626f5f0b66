"""The recording of a welding plan, read back: the wire's end lies on the seam while the arc burns, also with the positioner tilted."""

from __future__ import annotations

import dataclasses
import json
import struct

import numpy as np
import pytest
from scipy.spatial.transform import Rotation, Slerp

from cells.weld_load import load_weld_cell
from core.frames import rot_x
from sim.weld.recording import weld_recording_glb
from tests.sim.weld.weldments import made, tee

WELDMENT = tee()
WIDTHS = {"SCALAR": 1, "VEC3": 3, "VEC4": 4}


class Player:
    """Just enough of glTF 2.0 to play a file with straight and stepped channels."""

    def __init__(self, data):
        length = struct.unpack_from("<I", data, 12)[0]
        self.json, self.bin = json.loads(data[20 : 20 + length]), data[28 + length :]
        self.nodes = self.json["nodes"]
        self.parent = {child: i for i, node in enumerate(self.nodes) for child in node.get("children", [])}
        animation = self.json["animations"][0]
        self.tracks = {}
        for channel in animation["channels"]:
            sampler = animation["samplers"][channel["sampler"]]
            times, values = self.values(sampler["input"])[:, 0], self.values(sampler["output"])
            assert np.all(np.diff(times) > 0)
            self.tracks[channel["target"]["node"], channel["target"]["path"]] = times, values, sampler["interpolation"]

    def values(self, accessor):
        entry = self.json["accessors"][accessor]
        width, start = WIDTHS[entry["type"]], self.json["bufferViews"][entry["bufferView"]]["byteOffset"]
        return np.frombuffer(self.bin, "<f4", entry["count"] * width, start).reshape(-1, width)

    def local(self, node, time):
        T, entry = np.eye(4), self.nodes[node]
        shift, turn = np.array(entry.get("translation", (0, 0, 0))), np.array(entry.get("rotation", (0, 0, 0, 1)))
        if (node, "translation") in self.tracks:
            times, values, _ = self.tracks[node, "translation"]
            shift = np.array([np.interp(time, times, column) for column in values.T])
        if (node, "rotation") in self.tracks:
            times, values, _ = self.tracks[node, "rotation"]
            turn = Slerp(times, Rotation.from_quat(values))(np.clip(time, times[0], times[-1])).as_quat()
        T[:3, :3], T[:3, 3] = Rotation.from_quat(turn).as_matrix(), shift
        return T

    def world(self, name, time):
        node = next(i for i, entry in enumerate(self.nodes) if entry["name"] == name)
        T = self.local(node, time)
        while node in self.parent:
            node = self.parent[node]
            T = self.local(node, time) @ T
        return rot_x(np.pi / 2) @ T

    def scale(self, name, time):
        node = next(i for i, entry in enumerate(self.nodes) if entry["name"] == name)
        times, values, kind = self.tracks[node, "scale"]
        assert kind == "STEP"
        return values[max(0, np.searchsorted(times, time, side="right") - 1)].tolist()


@pytest.fixture(scope="module")
def played():
    """Welded on the table tilted by 20 deg, then the table turned by 40 deg with the robot standing."""
    cell = load_weld_cell("welding-track")
    plan = made(cell, WELDMENT, q_positioner=np.radians([20.0, 35.0]))
    last = plan.phases[-1]
    turn = dataclasses.replace(
        last, name="index", kind="wait", weld=None, times=last.times[-1] + np.array([0.0, 0.5, 1.0]), robot=np.repeat(last.robot[-1:], 3, axis=0),
        positioner=np.radians([[20.0, 35.0], [20.0, 55.0], [20.0, 75.0]]),
    )  # fmt: skip
    plan = dataclasses.replace(plan, phases=(*plan.phases, turn))
    return cell, plan, Player(weld_recording_glb(cell, WELDMENT, plan))


def test_the_wire_runs_along_the_seam_in_the_workpiece(played):
    cell, plan, player = played
    weld = plan.phases[1]
    for time in np.linspace(weld.times[0], weld.times[-1], 9):
        share = (time - weld.times[0]) / (weld.times[-1] - weld.times[0])
        seam = WELDMENT.seams[0]
        expected = seam.points[0] + share * (seam.points[1] - seam.points[0])
        there = np.linalg.inv(player.world("piece web", time)) @ player.world("arc", time)
        # Robot of six joints with keys within 0.2 mrad each, at up to 2 m.
        assert np.linalg.norm(there[:3, 3] - expected) < 1.5e-3
    assert player.world("workpiece", 0.0) == pytest.approx(cell.T_world_workpiece(np.radians([20.0, 35.0])), abs=1e-5)
    assert player.world("workpiece", plan.duration) == pytest.approx(cell.T_world_workpiece(np.radians([20.0, 75.0])), abs=1e-5)


def test_the_arc_is_seen_while_it_burns(played):
    _, plan, player = played
    for phase in plan.phases:
        middle = float(phase.times[0] + phase.times[-1]) / 2
        assert player.scale("arc", middle) == ([1.0] * 3 if phase.name == "weld" else [0.0] * 3)
    told = player.json["asset"]["extras"]["phases"]
    assert [(phase["name"], phase["arc"]) for phase in told] == [("approach", False), ("weld", True), ("retract", False), ("index", False)]
