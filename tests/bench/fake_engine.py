"""An engine for which the world is a wall at q0 = 1; run in a process of its own by the tests of the protocol."""

from __future__ import annotations

import os
import time

import numpy as np

from bench.peers.engine import Engine


class Wall(Engine):
    """Free where the first joint is below 1."""

    packages = ("numpy",)

    def load(self, scene, folder):
        print("a line that is no answer")
        self.upper = scene.upper

    def free(self, q):
        return bool(q[0] < 1.0)

    def plan(self, start, goals, seed, seconds):
        if seed == 1:
            raise ValueError("seed 1 is not liked")
        if seed == 2:
            print("out of memory", flush=True)
            os._exit(3)
        if seed == 3:
            time.sleep(60)
        return np.array([start, goals[0]]) if self.free(goals[0]) else None
