"""Just enough of glTF 2.0 to play a recording: a reader of the tests' own."""

from __future__ import annotations

import json
import struct

import numpy as np
from scipy.spatial.transform import Rotation, Slerp

from core.frames import rot_x

WIDTHS = {"SCALAR": 1, "VEC3": 3, "VEC4": 4}
TYPES = {5126: "<f4", 5123: "<u2", 5125: "<u4"}


class GlbPlayer:
    """A file whose parts move and turn on straight lines and show and hide in steps.

    Attributes:
        tracks: (node, path) to times (k,) and values (k, width).
    """

    def __init__(self, data):
        magic, version, total = struct.unpack_from("<4sII", data)
        assert magic == b"glTF" and version == 2 and total == len(data)
        length, kind = struct.unpack_from("<I4s", data, 12)
        assert kind == b"JSON" and length % 4 == 0
        self.json = json.loads(data[20 : 20 + length])
        size, kind = struct.unpack_from("<I4s", data, 20 + length)
        assert kind == b"BIN\0" and 28 + length + size == total
        self.bin = data[28 + length :]
        self.nodes = self.json["nodes"]
        self.parent = {child: i for i, node in enumerate(self.nodes) for child in node.get("children", [])}
        self.tracks = {}
        animation = self.json["animations"][0]
        for channel in animation["channels"]:
            sampler = animation["samplers"][channel["sampler"]]
            key = channel["target"]["node"], channel["target"]["path"]
            times = self.values(sampler["input"])[:, 0]
            assert key not in self.tracks and np.all(np.diff(times) > 0)
            assert sampler["interpolation"] == ("STEP" if key[1] == "scale" else "LINEAR")
            self.tracks[key] = times, self.values(sampler["output"])

    def values(self, accessor):
        entry = self.json["accessors"][accessor]
        view = self.json["bufferViews"][entry["bufferView"]]
        width = WIDTHS[entry["type"]]
        return np.frombuffer(self.bin, TYPES[entry["componentType"]], entry["count"] * width, view["byteOffset"]).reshape(-1, width)

    def node(self, name):
        return next(i for i, entry in enumerate(self.nodes) if entry["name"] == name)

    def local(self, node, time):
        T = np.eye(4)
        entry = self.nodes[node]
        shift, turn = np.array(entry.get("translation", (0, 0, 0))), np.array(entry.get("rotation", (0, 0, 0, 1)))
        if (node, "translation") in self.tracks:
            t, v = self.tracks[node, "translation"]
            shift = np.array([np.interp(time, t, column) for column in v.T])
        if (node, "rotation") in self.tracks:
            t, v = self.tracks[node, "rotation"]
            turn = Slerp(t, Rotation.from_quat(v))(np.clip(time, t[0], t[-1])).as_quat()
        T[:3, :3], T[:3, 3] = Rotation.from_quat(turn).as_matrix(), shift
        return T

    def world(self, name, time):
        node = self.node(name)
        T = self.local(node, time)
        while node in self.parent:
            node = self.parent[node]
            T = self.local(node, time) @ T
        # Back from glTF's y up.
        return rot_x(np.pi / 2) @ T

    def scale(self, name, time):
        times, values = self.tracks[self.node(name), "scale"]
        return values[max(0, np.searchsorted(times, time, side="right") - 1)].tolist()
