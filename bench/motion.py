"""State checks, inverse kinematics and free moves beside other engines, one process, one run: `python -m bench.motion [--states 2000] [--moves 40]`.

The cell is a shipped one with the sheet of a planned job in the gripper, flat and bent; every engine gets the same hulls, pairs and margins. Coal and pinocchio come with `dev`; OMPL is left out, and named, where it is not installed.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from api.bending import load_cell, load_part, plan
from bench.motion_peers import Bullet, PinCoal, bodies_of, eaik_of, ompl_installed, ompl_path
from core.frames import Array
from robots.model import RobotModel
from sim.bending import BendingResult
from sim.cell_scene import build_cell_scene
from sim.motion import FreePath, JointLimits, plan_free
from sim.scene import Scene

JOB = Path(__file__).resolve().parent.parent / "examples" / "parts" / "tray.yaml"
CELL = "bending-kr120"
RUNS = 3
RECHECK = 0.001
"""Paths are looked at again in states this far apart, a twentieth of what peers look at [rad]."""
LONGEST = 10.0
"""A peer's planner gets so long for one move [s]."""


@dataclass(frozen=True, slots=True)
class Row:
    """One engine's figures of one question."""

    engine: str
    figures: tuple[str, ...]


def scenes(result: BendingResult) -> dict[str, Scene]:
    """The cell as it is in the middle of two free moves: with the flat sheet, and with the part bent as far as it gets in the gripper; the second is `in the gap`."""
    whole = build_cell_scene(result.cell, result.setup, result.gripper, result.part)
    free = [phase for phase in result.plan.phases if phase.kind == "free" and phase.part is not None and phase.gripped]
    bent = max(free, key=lambda phase: float(np.sum(np.abs(phase.fold[0]))))
    out = {}
    for name, phase in (("flat sheet held", free[0]), ("bent part held", bent)):
        out[name] = whole.posed(
            brake=phase.brake[-1],
            gripper=phase.gripper[-1],
            placement=phase.part,
            fold=phase.fold[-1],
            allowed=frozenset(pair for pair, _ in phase.contacts),
        )
    return out


def random_states(scene: Scene, count: int, seed: int) -> Array:
    """Uniform between the joint limits (count, n)."""
    return np.random.default_rng(seed).uniform(scene.lower, scene.upper, (count, len(scene.lower)))


def per_call(work: Callable[[], object], calls: int) -> float:
    """Median seconds of a call over `RUNS` runs."""
    times = []
    for _ in range(RUNS):
        begin = time.perf_counter()
        work()
        times.append((time.perf_counter() - begin) / calls)
    return float(np.median(times))


def state_checks(scene: Scene, qs: Array) -> list[Row]:
    """Microseconds per state, of all states and of the free ones, and how many differ from coal."""
    peer = PinCoal(scene)
    truth = np.array([peer.free(q) for q in qs])
    valid = qs[truth]
    ours = np.asarray(scene.free(qs), dtype=bool)
    rows = [
        Row(
            "Pliant, batch",
            (
                us(per_call(lambda: scene.free(qs), len(qs))),
                us(per_call(lambda: scene.free(valid), len(valid))),
                str(int(np.sum(ours != truth))),
            ),
        ),
        Row(
            "pinocchio + coal",
            (
                us(per_call(lambda: [peer.free(q) for q in qs], len(qs))),
                us(per_call(lambda: [peer.free(q) for q in valid], len(valid))),
                "-",
            ),
        ),
    ]
    bullet = Bullet(scene)
    few = qs[: max(50, len(qs) // 10)]
    bare = np.array([scene.distance(q).distance > 0 for q in few])
    wrong = int(np.sum(np.array([bullet.free(q) for q in few]) != bare))
    valid_few = valid[: len(few)]
    rows.append(
        Row(
            "pybullet performCollisionDetection",
            (
                us(per_call(lambda: [bullet.free(q) for q in few], len(few))),
                us(per_call(lambda: [bullet.free(q) for q in valid_few], len(valid_few))),
                f"{wrong} of {len(few)}, without margin",
            ),
        )
    )
    bullet.close()
    return rows


def distances(scene: Scene, qs: Array) -> list[Row]:
    """Microseconds per smallest distance, and the largest difference to coal where both are apart."""
    peer, bullet = PinCoal(scene), Bullet(scene)
    few = qs[:40]
    own = scene.distances(few)
    theirs = np.array([peer.distance(q) for q in few])
    radii = float(np.max(bodies_of(scene).margins - scene._structure.pairs.margins))
    apart = (own > 1e-6) & (own < 0.29)
    off = float(np.max(np.abs(own - theirs)[apart], initial=0.0))
    return [
        Row(
            "Pliant, to 0.3 m",
            (us(per_call(lambda: scene.distances(qs), len(qs))), f"{1e3 * off:.3f} mm (hulls stand out by up to {1e3 * radii:.1f})"),
        ),
        Row("pinocchio + coal, all pairs", (us(per_call(lambda: [peer.distance(q) for q in few], len(few))), "-")),
        Row("pybullet getClosestPoints, to 0.3 m", (us(per_call(lambda: [bullet.distance(q) for q in few], len(few))), "-")),
    ]


def edges(scene: Scene, qs: Array) -> list[Row]:
    """Microseconds per edge between free states 0.3 rad apart; ours is certified all along, coal looks every 0.02 rad."""
    peer = PinCoal(scene)
    free = qs[np.asarray(scene.free(qs), dtype=bool)]
    rng = np.random.default_rng(7)
    ends = np.clip(free + 0.3 * rng.uniform(-1, 1, free.shape), scene.lower, scene.upper)
    pairs = list(zip(free, ends, strict=True))[:400]
    own, theirs = [scene.edge_free(a, b) for a, b in pairs], [peer.edge_free(a, b) for a, b in pairs]
    missed = sum(t and not o for o, t in zip(own, theirs, strict=True))
    states = float(np.mean([max(1, int(np.ceil(np.max(np.abs(b - a)) / 0.02))) + 1 for a, b in pairs]))
    ours, coals = (
        per_call(lambda: [scene.edge_free(a, b) for a, b in pairs], len(pairs)),
        per_call(lambda: [peer.edge_free(a, b) for a, b in pairs], len(pairs)),
    )
    return [
        Row("Pliant, certified", (us(ours), us(ours / states), f"{missed} of {len(pairs)} refused that coal's states pass")),
        Row(
            "pinocchio + coal, every 0.02 rad",
            (us(coals), us(coals / states), f"{sum(o and not t for o, t in zip(own, theirs, strict=True))} passed that coal refuses"),
        ),
    ]


def inverse_kinematics(model: RobotModel, count: int) -> list[Row]:
    """Microseconds per pose with all solutions, and how many solutions."""
    arm = model.arm or model
    rng = np.random.default_rng(3)
    qs = rng.uniform(arm.lower, arm.upper, (count, len(arm.lower)))
    Ts = arm.fk_batch(qs)
    rows = [
        Row(
            "Pliant, branches and turns within limits, all poses at once",
            (us(per_call(lambda: arm.ik_many(Ts), count)), f"{len(arm.ik_many(Ts)[0]) / count:.2f}"),
        ),
        Row("Pliant, one by one", (us(per_call(lambda: [arm.ik(T) for T in Ts], count)), "the same")),
    ]
    solve, turned = eaik_of(arm, Ts)
    rows.append(Row("EAIK", (us(per_call(lambda: [solve(T) for T in turned], count)), "8 branches, limits not looked at")))
    if importlib.util.find_spec("roboticstoolbox") is not None:
        rtb = importlib.import_module("roboticstoolbox")
        robot = rtb.models.Puma560().ets()
        poses = [robot.fkine(q).A for q in rng.uniform(-1.5, 1.5, (min(count, 500), 6))]
        rows.append(
            Row(
                "roboticstoolbox ik_LM (its Puma 560), one solution",
                (us(per_call(lambda: [robot.ik_LM(T) for T in poses], len(poses))), "1"),
            )
        )
    return rows


def moves(scene: Scene, model: RobotModel, limits_of: BendingResult, count: int) -> list[Row]:
    """Free moves between random free states: milliseconds, success, length, and paths that touch when looked at twenty times closer."""
    qs = random_states(scene, 40 * count, 11)
    free = qs[np.asarray(scene.free(qs), dtype=bool)]
    queries = list(zip(free[0 : 2 * count : 2], free[1 : 2 * count : 2], strict=True))
    limits = JointLimits.of(limits_of.cell.robot.model)
    peer = PinCoal(scene)
    rows = []
    times, lengths, found, touching = [], [], 0, 0
    for k, (a, b) in enumerate(queries):
        begin = time.perf_counter()
        answer = plan_free(scene, a, b[None], limits, seed=k)
        times.append(time.perf_counter() - begin)
        if isinstance(answer, FreePath):
            found += 1
            lengths.append(_length(answer.qs))
            touching += _touches(peer, answer.qs)
    rows.append(_moves_row("Pliant", times, lengths, found, touching, len(queries)))
    if ompl_installed():
        times, lengths, found, touching = [], [], 0, 0
        for a, b in queries:
            took, path = ompl_path(peer, a, b, scene.lower, scene.upper, LONGEST)
            times.append(took)
            if path is not None:
                found += 1
                lengths.append(_length(path))
                touching += _touches(peer, path)
        rows.append(_moves_row("OMPL RRTConnect over coal", times, lengths, found, touching, len(queries)))
    return rows


def _touches(peer: PinCoal, path: Array) -> bool:
    """Whether a path comes nearer than its margins (less what ours is certified to) when it is looked at closely."""
    margins = [request.security_margin for request in peer.geometry_data.collisionRequests]
    for k, margin in enumerate(margins):
        peer.geometry_data.collisionRequests[k].security_margin = margin - 0.25e-3
    bad = any(not peer.edge_free(a, b, RECHECK) for a, b in zip(path[:-1], path[1:], strict=True))
    for k, margin in enumerate(margins):
        peer.geometry_data.collisionRequests[k].security_margin = margin
    return bad


def _length(path: Array) -> float:
    return float(np.sum(np.linalg.norm(np.diff(path, axis=0), axis=1)))


def _moves_row(name: str, times: Sequence[float], lengths: Sequence[float], found: int, touching: int, count: int) -> Row:
    ms = 1e3 * np.array(times)
    length = f"{np.median(lengths):.2f}" if lengths else "-"
    return Row(name, (f"{np.median(ms):.1f}", f"{np.percentile(ms, 95):.0f}", f"{found} of {count}", length, f"{touching} of {found}"))


def us(seconds: float) -> str:
    """Microseconds."""
    return f"{1e6 * seconds:.1f}"


def table(title: str, heads: Sequence[str], rows: Sequence[Row]) -> None:
    """Prints a Markdown table."""
    print(f"\n{title}\n\n| engine | {' | '.join(heads)} |\n|---|{'--:|' * len(heads)}")
    for row in rows:
        print(f"| {row.engine} | {' | '.join(row.figures)} |")


def main() -> None:
    """Prints all tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--states", type=int, default=2000)
    parser.add_argument("--moves", type=int, default=40)
    asked = parser.parse_args()
    result = plan(load_part(JOB), load_cell(CELL))
    model = result.cell.robot.model
    for name, scene in scenes(result).items():
        bodies = bodies_of(scene)
        qs = random_states(scene, asked.states, 1)
        scene.free(qs[:2])
        scene.edge_free(qs[0], qs[1])
        print(f"\n## {CELL}, {name}: {len(bodies.hulls)} hulls, {len(bodies.pairs)} pairs")
        table("State checks with margins", ("us, all states", "us, free states", "differ from coal"), state_checks(scene, qs))
        table("Smallest distance", ("us", "difference to coal"), distances(scene, qs[:400]))
        table("Edges of 0.3 rad", ("us", "us per state of 0.02 rad", "remarks"), edges(scene, qs))
        table(
            "Free moves between random free states",
            ("ms, median", "ms, 95 %", "found", "length rad", "touch at 0.001 rad"),
            moves(scene, model, result, asked.moves),
        )
    table("Inverse kinematics, all solutions", ("us per pose", "solutions"), inverse_kinematics(model, 3000))
    if not ompl_installed():
        print("\nOMPL is not installed: pip install ompl")


if __name__ == "__main__":
    main()
