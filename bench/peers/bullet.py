"""pybullet: the arm with all it carries as one body from its URDF, the rest as fixed bodies; contacts without margins, filtered by the scene's pairs."""

from __future__ import annotations

from pathlib import Path

import pybullet

from bench.peers.engine import Engine
from bench.peers.plain import ARM, Array, PlainScene

FAR = 0.3
"""Distances are asked up to here [m]."""


class Contacts(Engine):
    """`performCollisionDetection` for states, `getClosestPoints` of every pair for distances."""

    packages = ("pybullet",)

    def __init__(self) -> None:
        self.client = -1

    def load(self, scene: PlainScene, folder: Path) -> None:
        if self.client >= 0:
            pybullet.disconnect(self.client)
        self.client = client = pybullet.connect(pybullet.DIRECT)
        flags = pybullet.URDF_USE_SELF_COLLISION | pybullet.URDF_USE_SELF_COLLISION_INCLUDE_PARENT
        self.arm = pybullet.loadURDF(str(folder / f"{ARM}.urdf"), useFixedBase=True, flags=flags, physicsClientId=client)
        at: dict[int, tuple[int, int]] = {}
        joints: dict[str, int] = {}
        for k in range(pybullet.getNumJoints(self.arm, physicsClientId=client)):
            info = pybullet.getJointInfo(self.arm, k, physicsClientId=client)
            joints[info[1].decode()] = k
            link = info[12].decode()
            if link.startswith("body_"):
                at[int(link[5:])] = (self.arm, k)
        self.joints = [joints[name] for name in scene.joint_names]
        for i, (joint, hull) in enumerate(scene.carried()):
            if joint < 0:
                shape = pybullet.createCollisionShape(pybullet.GEOM_MESH, vertices=hull.tolist(), physicsClientId=client)
                at[i] = (pybullet.createMultiBody(0.0, shape, physicsClientId=client), -1)
        wanted = {(int(a), int(b)) for a, b in scene.pairs} | {(int(b), int(a)) for a, b in scene.pairs}
        for a, (body_a, link_a) in at.items():
            for b, (body_b, link_b) in at.items():
                if a < b and self.arm in (body_a, body_b):
                    pybullet.setCollisionFilterPair(body_a, body_b, link_a, link_b, int((a, b) in wanted), physicsClientId=client)
        self.pairs = [(*at[int(a)], *at[int(b)]) for a, b in scene.pairs]

    def _put(self, q: Array) -> None:
        pybullet.resetJointStatesMultiDof(self.arm, self.joints, [[v] for v in q.tolist()], physicsClientId=self.client)

    def free(self, q: Array) -> bool:
        self._put(q)
        pybullet.performCollisionDetection(physicsClientId=self.client)
        return all(contact[8] > 0 for contact in pybullet.getContactPoints(physicsClientId=self.client))

    def distance(self, q: Array) -> float:
        self._put(q)
        best = FAR
        for body_a, link_a, body_b, link_b in self.pairs:
            for point in pybullet.getClosestPoints(body_a, body_b, best, link_a, link_b, physicsClientId=self.client):
                best = min(best, point[8])
        return best
