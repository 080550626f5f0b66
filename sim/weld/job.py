"""A welding job: every bead searched, put in order, and joined by free moves into a plan."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from itertools import chain

import numpy as np

from cells.weld_model import WeldCell
from core.findings import Finding
from core.frames import Array
from core.progress import Progress, silent
from core.stages import Stages
from parts.weldment import Weldment
from sim.motion import MotionFailure
from sim.robot_path import path_is_free
from sim.scene import Scene
from sim.weld.approach import approach, stood_back
from sim.weld.groups import CLEANING, piece_group
from sim.weld.index import index_time
from sim.weld.options import WeldOptions
from sim.weld.order import Way, best_order
from sim.weld.path import T_base_flange, T_world_tcp, bead_poses, follow
from sim.weld.peripherals import CLEAN_TIME, TOUCH
from sim.weld.plan import SeamWeld, Touch, WeldPlan
from sim.weld.scene import WeldScene
from sim.weld.seam_search import SeamRefusal
from sim.weld.tasks import Task, weld_tasks
from sim.weld.timeline import WeldTimeline
from sim.weld.touch import BACK_SPEED, SEARCH_SPEED, NoTouch, plan_touches
from sim.weld.ways import FoundWay, SeamWays

APPROACH_SPEED, TOUCH_DOWN_SPEED = 0.25, 0.05
"""Tool speeds on the straight way to and from a seam, far from it and on its last stretch [m/s]."""
CLEAN_DEPTH_BACK = 0.080
"""How far the torch is driven straight out of the cleaner [m]."""


@dataclass(eq=False, slots=True)
class _Job:
    weldment: Weldment
    cell: WeldCell
    options: WeldOptions
    scene: WeldScene
    ways: SeamWays
    timeline: WeldTimeline
    welds: list[SeamWeld] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    burned: float = 0.0
    cleanings: int = 0
    refused: set[str] = field(default_factory=set)
    touches: list[Touch] = field(default_factory=list)

    def refuse(self, task: Task, why: SeamRefusal) -> None:
        """Writes down why a bead cannot be welded; later passes over it are not either."""
        self.refused.add(task.seam.name)
        data: dict[str, object] = {} if why.at is None else {"at_mm": round(1e3 * why.at, 1)}
        if why.bodies is not None:
            data["bodies"] = list(why.bodies)
        message = f"seam {task.seam.name} cannot be welded: {why.message}"
        self.findings.append(Finding("error", why.code, message, why.remedy, f"seam {task.of}", data))

    # Phases

    def weld_somehow(self, found: FoundWay, others: list[FoundWay]) -> str | None:
        """One bead, the way that suits the order best, or another one, or with the positioner elsewhere. Returns why there is none."""
        why = None
        for one in chain((found, *others), self.ways.elsewhere(found.task, [found, *others])):
            told = self.weld(one)
            if told is None:
                return None
            why = why or told
        return why

    def weld(self, found: FoundWay) -> str | None:
        """Travel, approach, weld, retract; a bead that cannot be reached leaves the timeline as it was. Returns why it cannot."""
        weld, task, line = found.weld, found.task, self.timeline
        # Passes have routines of their own: other seams may be welded between them.
        several = f" pass {weld.bead + 1}" if len(task.procedure.passes) > 1 and weld.seam.tacked is None else ""
        step, number = f"seam {weld.seam.name}{several}", len(self.welds)
        kept = (len(line.phases), line.time, line.robot, line.positioner)
        q_table = weld.positioner[0]
        why = self._turned(step, q_table)
        near = self.scene.posed(q_table, near_seam=weld.seam.pieces)
        T_world_piece = self.cell.T_world_workpiece(q_table)
        dense, _, marks = bead_poses(weld.seam, weld.Ts_piece_tcp)
        qs, _ = follow(self.cell, T_world_piece @ dense, weld.robot[0])
        way_in = approach(self.cell, near, T_world_piece @ dense[0], qs[0], self.options.clearance)
        way_out = approach(self.cell, near, T_world_piece @ dense[-1], qs[-1], self.options.clearance)
        if why is None and (way_in is None or way_out is None or len(qs) < len(dense)):
            why = "the torch has no straight way to it"
        if why is None:
            assert way_in is not None and way_out is not None
            why = self._travel(step, way_in[0][0], weld.seam.pieces)
        if why is not None:
            del line.phases[kept[0] :]
            line.time, line.robot, line.positioner = kept[1:]
            return why
        assert way_in is not None and way_out is not None
        procedure = task.procedure
        self._straight("approach", step, way_in, number)
        line.wait("weld", step, procedure.preflow + procedure.ignition, arc=True, weld=number)
        line.weld(step, qs, marks, procedure.speed, number)
        line.wait("weld", step, procedure.crater + procedure.postflow, weld=number)
        back, corners = way_out
        self._straight("retract", step, (back[::-1], tuple(len(back) - 1 - k for k in corners[::-1])), number)
        self.welds.append(weld)
        self.burned += weld.seam.length / procedure.speed
        return None

    def search(self, weld: SeamWeld) -> None:
        """Touches the part for the bead along a whole seam; what keeps it from being touched is a finding, and it is welded all the same."""
        line, name = self.timeline, weld.seam.name
        step = f"search {name}"
        if TOUCH not in self.cell.signals:
            self._not_searched(name, f"the cell has no line '{TOUCH}'", f"add `{TOUCH}: {{direction: in, address: ...}}` to `signals`")
            return
        kept = (len(line.phases), line.time, line.robot, line.positioner, len(self.touches))
        why = self._turned(step, weld.positioner[0])
        pieces = weld.seam.pieces
        touching = frozenset((part, piece_group(piece)) for part in ("wire", "nozzle") for piece in pieces)
        scene = self.scene.posed(weld.positioner[0], near_seam=pieces, allowed=touching)
        planned = plan_touches(self.cell, self.weldment, scene, weld, name)
        if isinstance(planned, NoTouch):
            why = why or planned.why
        else:
            why = why or self._touched(step, planned, scene, pieces)
        if why is not None:
            self._not_searched(name, why, "drop `search` for it, or make room")
            del line.phases[kept[0] :], self.touches[kept[4] :]
            line.time, line.robot, line.positioner = kept[1:4]

    def _touched(self, step: str, touches: list[Touch], scene: Scene, pieces: tuple[str, ...]) -> str | None:
        """To each touch and back, along the wire from where a free move may end. Returns why that cannot be."""
        for touch in touches:
            begin = T_world_tcp(self.cell, touch.robot[:1])[0]
            way = approach(self.cell, scene, begin, touch.robot[0], self.options.clearance)
            if way is None:
                return "the torch has no straight way to where it is touched"
            why = self._travel(step, way[0][0], pieces)
            if why is not None:
                return why
            self.timeline.linear("search", step, way[0], APPROACH_SPEED)
            self.timeline.linear("search", step, touch.robot, SEARCH_SPEED, touch=len(self.touches))
            self.timeline.linear("search", step, touch.robot[::-1], BACK_SPEED)
            self.timeline.linear("search", step, way[0][::-1], APPROACH_SPEED)
            self.touches.append(touch)
        return None

    def _not_searched(self, name: str, why: str, remedy: str) -> None:
        self.findings.append(
            Finding("warning", "not-searched", f"seam {name} is welded without being searched: {why}", remedy, f"seam {name}")
        )

    def _straight(self, name: str, step: str, way: tuple[Array, tuple[int, ...]], weld: int) -> None:
        """The straight way to a seam or from it, slow next to it."""
        qs, corners = way
        for k, (a, b) in enumerate(zip(corners[:-1], corners[1:], strict=True)):
            at_seam = k == len(corners) - 2 if name == "approach" else k == 0
            self.timeline.linear(name, step, qs[a : b + 1], TOUCH_DOWN_SPEED if at_seam else APPROACH_SPEED, weld)

    def _travel(self, step: str, goal: Array, pieces: tuple[str, ...]) -> str | None:
        """To a seam; where there is no way from the last one, by home. Returns why there is none."""
        why = self._free("travel", step, goal, near_pieces=pieces)
        if why is None or np.max(np.abs(self.timeline.robot - self.cell.robot.q_home)) < 1e-9:
            return why
        return self._free("travel", step, self.cell.robot.q_home) or self._free("travel", step, goal, near_pieces=pieces)

    def _free(self, name: str, step: str, goal: Array, near_pieces: tuple[str, ...] = ()) -> str | None:
        """A free move with the cell's margin; where its ends do not have that much room, with what holds while welding. Returns why there is none."""
        line = self.timeline
        failure: MotionFailure | None = None
        for scene in self._scenes(near_pieces):
            failure = line.free(name, step, scene, goal[None])
            if failure is None:
                return None
        assert failure is not None
        return f"no free way to it: {failure.message}"

    def _scenes(self, near_pieces: tuple[str, ...]) -> list[Scene]:
        wide = self.scene.posed(self.timeline.positioner)
        last = self.welds[-1].seam.pieces if self.welds else ()
        pieces = tuple(dict.fromkeys((*near_pieces, *last)))
        if not pieces:
            return [wide]
        # Between ribs there is no room for the whole margin. The wire may touch nothing all the same.
        return [wide, wide.posed(margins=self.scene.margins_near(pieces))]

    def _turned(self, step: str, q_table: Array) -> str | None:
        """Turns the positioner when the next bead wants it elsewhere; the robot waits at home. Returns why that cannot be."""
        line = self.timeline
        if len(q_table) == 0 or np.max(np.abs(q_table - line.positioner)) < 1e-9:
            return None
        why = self._free("travel", step, self.cell.robot.q_home)
        if why is not None:
            return why
        # Where the short way is blocked, the way by home is free: the position was chosen so.
        stops = [q_table] if self.ways.turns([line.positioner, q_table]) else [self.ways.home_table, q_table]
        assert self.cell.positioner is not None
        for stop in stops:
            if np.max(np.abs(stop - line.positioner)) > 1e-9:
                line.wait("index", step, index_time(self.cell.positioner, line.positioner, stop), positioner=stop)
        return None

    def clean_if_due(self) -> None:
        """To the torch cleaner when the arc has burned long enough."""
        cell, line = self.cell, self.timeline
        if cell.T_world_cleaner is None or self.burned < cell.clean_every:
            return
        step = f"clean {self.cleanings + 1}"
        scene = self.scene.posed(line.positioner, allowed=CLEANING)
        for turn in np.linspace(0.0, 2 * np.pi, 24, endpoint=False):
            T = cell.T_world_cleaner.copy()
            c, s = np.cos(turn), np.sin(turn)
            T[:3, :3] = T[:3, :3] @ np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]])
            for q in cell.robot.model.ik(T_base_flange(cell, stood_back(T, CLEAN_DEPTH_BACK)), near=float(line.robot[0])):
                shares = np.linspace(CLEAN_DEPTH_BACK, 0.0, 12)
                qs, count = follow(cell, np.array([stood_back(T, float(one)) for one in shares]), q)
                if count < len(shares) or not path_is_free(scene, qs) or self._free("clean", step, q) is not None:
                    continue
                line.linear("clean", step, qs, APPROACH_SPEED)
                line.wait("clean", step, CLEAN_TIME)
                line.linear("clean", step, qs[::-1], APPROACH_SPEED)
                self.burned, self.cleanings = 0.0, self.cleanings + 1
                return
        self.burned = -np.inf
        self.findings.append(
            Finding("warning", "no-cleaning", "the torch cleaner cannot be reached; the torch is not cleaned", "move the cleaner", step)
        )

    def go_home(self) -> None:
        """The last move."""
        why = self._free("home", "home", self.cell.robot.q_home)
        if why is not None:
            self.findings.append(Finding("error", "no-way-home", why.replace("to it", "home"), "choose another home position", "home"))


def plan_weld(weldment: Weldment, cell: WeldCell, options: WeldOptions | None = None, progress: Progress = silent) -> WeldPlan:
    """Plans a welding job.

    Args:
        weldment: With its seams.
        cell: Where.
        options: See `WeldOptions`.
        progress: Told where the work is.

    Raises:
        UnknownNameError: An option names what does not exist.
    """
    asked = options or WeldOptions()
    stages = Stages()
    home = np.zeros(0) if cell.positioner is None else np.asarray(cell.positioner.q_home, dtype=float)
    scene = WeldScene(cell, weldment)
    job = _Job(weldment, cell, asked, scene, SeamWays(cell, asked, scene), WeldTimeline(cell, cell.robot.q_home.copy(), home, asked.seed))
    with stages.measure("seams"):
        tasks, lacking = weld_tasks(weldment, cell, asked)
        job.findings += lacking
        found: list[FoundWay] = []
        for k, task in enumerate(tasks):
            progress("seams", k / len(tasks), f"seam {task.seam.name}")
            # Without its root pass no other is welded.
            if task.seam.name not in job.refused:
                answer = job.ways.of(task)
                if isinstance(answer, SeamRefusal):
                    job.refuse(task, answer)
                else:
                    found += answer
    with stages.measure("order"):
        order = _ordered(found, job)
    with stages.measure("moves"):
        # All before the first arc: the wire is as it was cut, and nothing has drawn yet.
        for one in order:
            if one.task.bead == 0 and one.task.seam.tacked is None and asked.searched(one.task.of):
                progress("motion", 0.0, f"search {one.weld.seam.name}")
                job.search(one.weld)
        late: list[FoundWay] = []
        for k, one in enumerate(order):
            progress("motion", k / len(order), f"seam {one.weld.seam.name}")
            # What is welded over a bead that was put off waits with it: tacks, passes.
            if any(one.task.of == other.task.of for other in late) or job.weld(one) is not None:
                # From where another bead ends there may be a way.
                late.append(one)
            job.clean_if_due()
        for one in late:
            if one.task.seam.name in job.refused:
                continue
            why = job.weld_somehow(one, [other for other in found if other.task is one.task and other is not one])
            if why is not None:
                job.refuse(
                    one.task, SeamRefusal("seam-collision", why, "move what is in the way, or give the seam another place in the order")
                )
            job.clean_if_due()
        if job.welds:
            job.go_home()
    phases = tuple(job.timeline.phases) if job.welds else ()
    return WeldPlan(
        cell.name,
        weldment.name,
        tuple(job.welds),
        phases,
        tuple(job.findings),
        asked.seed,
        dict(stages.seconds),
        tuple(job.touches) if job.welds else (),
    )


def _ordered(found: list[FoundWay], job: _Job) -> list[FoundWay]:
    """One way of every task, in the order to weld."""
    tasks = list({id(one.task): one.task for one in found}.values())
    number = {id(task): k for k, task in enumerate(tasks)}
    given = {name: k for k, name in enumerate(job.options.order)}
    ways = []
    for one in found:
        T = job.cell.T_world_workpiece(one.weld.positioner[0])
        middle = one.weld.Ts_piece_tcp[len(one.weld.spin) // 2]
        # The seams that the user put in order come first, each as its own rank.
        rank = one.task.rank * (len(given) + 1) + given.get(one.task.of, len(given))
        ends = [_off(job.cell, T @ one.weld.Ts_piece_tcp[k], one.weld.robot[k], job.options.clearance) for k in (0, -1)]
        ways.append(
            Way(
                number[id(one.task)],
                rank,
                ends[0],
                ends[1],
                middle[:3, 3],
                -middle[:3, 2],
                one.weld.seam.pieces,
                one.weld.positioner[0],
                one.weld.cost,
            )
        )
    robot, positioner = job.cell.robot, job.cell.positioner
    if positioner is None:
        order = best_order(ways, robot.q_home, robot.model.velocity)
    else:
        order = best_order(ways, robot.q_home, robot.model.velocity, job.ways.home_table, partial(index_time, positioner))
    return [found[k] for k in order]


def _off(cell: WeldCell, T_world_seam: Array, q: Array, clearance: float) -> Array:
    """Joints a little back along the wire."""
    qs, _ = follow(cell, np.array([stood_back(T_world_seam, share * clearance) for share in (0.0, 0.5, 1.0)]), q)
    return np.asarray(qs[-1])
