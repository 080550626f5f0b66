"""Tesseract: Bullet's discrete contact manager on convex hulls with margins, and its OMPL planner with simplification."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from tesseract_robotics import tesseract_collision as collision
from tesseract_robotics import tesseract_command_language as language
from tesseract_robotics import tesseract_common as common
from tesseract_robotics.tesseract_environment import Environment
from tesseract_robotics.tesseract_motion_planners import PlannerRequest
from tesseract_robotics.tesseract_motion_planners_ompl import (
    OMPLMotionPlanner,
    OMPLRealVectorMoveProfile,
    OMPLSolverConfig,
    RRTConnectConfigurator,
)

from bench.peers.engine import JOINT_STEP, Engine
from bench.peers.plain import CELL, Array, PlainScene

RANGE = 1.0
"""Longest edge of the tree [rad, Euclidean]; 0.5 takes as long."""
FAR = 0.3
"""Distances are asked up to here [m]."""
NAMESPACE = "OMPLMotionPlannerTask"
PLUGINS = '<contact_managers_plugin_config filename="package://tesseract/support/urdf/contact_manager_plugins.yaml"/>'
MANAGER = "BulletDiscreteSimpleManager"
"""The faster of Bullet's two, here."""


class Tesseract(Engine):
    """The whole cell is one URDF."""

    packages = ("tesseract-robotics-nanobind",)
    margins = True

    def load(self, scene: PlainScene, folder: Path) -> None:
        urdf = (folder / f"{CELL}.urdf").read_text(encoding="utf-8").replace('"meshes/', f'"file://{folder}/meshes/')
        chain = f'<group name="arm"><chain base_link="base" tip_link="link{len(scene.lower) - 1}"/></group>'
        disabled = [line for line in (folder / f"{CELL}.srdf").read_text(encoding="utf-8").splitlines() if "disable" in line]
        srdf = "\n".join(['<robot name="cell">', chain, *disabled, PLUGINS, "</robot>"])
        self.locator = common.GeneralResourceLocator()
        self.environment = Environment()
        if not self.environment.initFromUrdfSrdf(urdf, srdf, self.locator):
            raise RuntimeError("the environment cannot be made from the URDF")
        self.environment.setActiveDiscreteContactManager(MANAGER)
        self.group = self.environment.getJointGroup("arm")
        self.names = scene.joint_names
        self.pairs = [(f"body_{a}", f"body_{b}") for a, b in scene.pairs.tolist()]
        self.keep = scene.margins.tolist()
        self.active = [name for name in self.environment.getActiveLinkNames() if name.startswith("body_")]
        self.near, self.far = self._manager(self.keep), self._manager([FAR] * len(self.pairs))
        self.first = collision.ContactRequest(collision.ContactTestType_FIRST)
        self.closest = collision.ContactRequest(collision.ContactTestType_CLOSEST)

    def _manager(self, margins: list[float]) -> collision.DiscreteContactManager:
        manager = self.environment.getDiscreteContactManager()
        manager.setActiveCollisionObjects(self.active)
        manager.setDefaultCollisionMargin(0.0)
        for pair, margin in zip(self.pairs, margins):
            manager.setCollisionMarginPair(*pair, margin)
        return manager

    def _contacts(
        self, manager: collision.DiscreteContactManager, q: Array, request: collision.ContactRequest
    ) -> collision.ContactResultMap:
        transforms = self.group.calcFwdKin(q)
        manager.setCollisionObjectsTransform(self.active, [transforms[name] for name in self.active])
        results = collision.ContactResultMap()
        manager.contactTest(results, request)
        return results

    def free(self, q: Array) -> bool:
        return bool(self._contacts(self.near, q, self.first).empty())

    def distance(self, q: Array) -> float:
        found = collision.ContactResultVector()
        self._contacts(self.far, q, self.closest).flattenMoveResults(found)
        return min((float(found[k].distance) for k in range(len(found))), default=FAR)

    def plan(self, start: Array, goals: Array, seed: int, seconds: float) -> Array | None:
        pairs = common.CollisionMarginPairData()
        for pair, margin in zip(self.pairs, self.keep):
            pairs.setCollisionMargin(*pair, margin)
        profile = OMPLRealVectorMoveProfile()
        contacts = collision.ContactManagerConfig(0.0)
        contacts.pair_margin_override_type = common.CollisionMarginPairOverrideType.REPLACE
        contacts.pair_margin_data = pairs
        profile.contact_manager_config = contacts
        checks = collision.CollisionCheckConfig()
        checks.type = collision.CollisionEvaluatorType.DISCRETE
        checks.longest_valid_segment_length = JOINT_STEP
        profile.collision_check_config = checks
        solver = OMPLSolverConfig()
        solver.planning_time, solver.max_solutions, solver.simplify, solver.optimize = seconds, 1, True, False
        connect = RRTConnectConfigurator()
        connect.range = RANGE
        solver.clearPlanners()
        solver.addPlanner(connect)
        profile.solver_config = solver
        profiles = language.ProfileDictionary()
        profiles.addProfile(NAMESPACE, "DEFAULT", profile)
        self.environment.setState(self.names, start)
        request = PlannerRequest()
        request.instructions, request.env, request.profiles = self._program(start, goals[0]), self.environment, profiles
        response = OMPLMotionPlanner(NAMESPACE).solve(request)
        if not response.successful:
            return None
        moves = (language.InstructionPoly_as_MoveInstructionPoly(one) for one in response.results.getInstructions())
        return np.array([_position(move.getWaypoint()) for move in moves])

    def _program(self, start: Array, goal: Array) -> language.CompositeInstruction:
        manipulator = common.ManipulatorInfo()
        manipulator.manipulator, manipulator.working_frame = "arm", "base"
        manipulator.tcp_frame = f"link{len(self.names) - 1}"
        program = language.CompositeInstruction("DEFAULT")
        program.setManipulatorInfo(manipulator)
        for q in (start, goal):
            waypoint = language.JointWaypointPoly_wrap_JointWaypoint(language.JointWaypoint(self.names, q))
            move = language.MoveInstruction(waypoint, language.MoveInstructionType_FREESPACE, "DEFAULT")
            program.appendMoveInstruction(language.MoveInstructionPoly_wrap_MoveInstruction(move))
        return program


def _position(waypoint: language.WaypointPoly) -> Array:
    as_one = language.WaypointPoly_as_StateWaypointPoly if waypoint.isStateWaypoint() else language.WaypointPoly_as_JointWaypointPoly
    return np.asarray(as_one(waypoint).getPosition()).ravel()
