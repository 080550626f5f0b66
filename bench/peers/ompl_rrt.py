"""OMPL's RRT-Connect with its own simplification, over the state checks of coal and of pybullet."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from ompl import base, geometric, util

from bench.peers.bullet import Contacts
from bench.peers.engine import JOINT_STEP, Engine
from bench.peers.pinocchio_coal import Coal
from bench.peers.plain import Array, PlainScene

RANGE = 0.5
"""Longest edge of the tree [rad, Euclidean]; with 1 it takes as long, and over pybullet finds fewer ways."""
SIMPLIFY = 1.0
"""Longest time for the simplification [s]."""


class _Ompl(Engine):
    """What both have in common."""

    under: Engine

    def load(self, scene: PlainScene, folder: Path) -> None:
        util.setLogLevel(util.LOG_NONE)
        self.under.load(scene, folder)
        self.margins = self.under.margins
        self.lower, self.upper = scene.lower, scene.upper

    def free(self, q: Array) -> bool:
        return self.under.free(q)

    def plan(self, start: Array, goals: Array, seed: int, seconds: float) -> Array | None:
        util.RNG.setSeed(seed + 1)
        n = len(start)
        space = base.RealVectorStateSpace(n)
        bounds = base.RealVectorBounds(n)
        for i in range(n):
            bounds.setLow(i, float(self.lower[i]))
            bounds.setHigh(i, float(self.upper[i]))
        space.setBounds(bounds)
        setup = geometric.SimpleSetup(space)
        setup.setStateValidityChecker(lambda state: self.under.free(np.array([state[i] for i in range(n)])))
        information = setup.getSpaceInformation()
        information.setStateValidityCheckingResolution(JOINT_STEP / space.getMaximumExtent())
        setup.setStartState(_state(space, start))
        states = base.GoalStates(information)
        for goal in goals:
            states.addState(_state(space, goal))
        setup.setGoal(states)
        planner = geometric.RRTConnect(information)
        planner.setRange(RANGE)
        setup.setPlanner(planner)
        if not setup.solve(seconds) or not setup.haveExactSolutionPath():
            return None
        setup.simplifySolution(SIMPLIFY)
        return np.array([[state[i] for i in range(n)] for state in setup.getSolutionPath().getStates()])


def _state(space: Any, q: Array) -> Any:
    state = space.allocState()
    for i, value in enumerate(q):
        state[i] = float(value)
    return state


class OverCoal(_Ompl):
    """States checked by coal."""

    packages = ("ompl", *Coal.packages)

    def __init__(self) -> None:
        self.under = Coal()


class OverBullet(_Ompl):
    """States checked by pybullet's `performCollisionDetection`."""

    packages = ("ompl", *Contacts.packages)

    def __init__(self) -> None:
        self.under = Contacts()
