"""Free moves of all engines on the same queries: time, success, contact on a closer look, length and time driven."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from bench.markdown import Table
from bench.motion_peers import PEERS, PLANNERS, Peers
from bench.motion_queries import FREE, GAP, Query, Situation
from bench.motion_referee import CLOSE, Referee
from core.frames import Array
from sim.motion import FreePath, JointLimits, plan_free
from sim.timing import blend_corners, time_path

OURS = ("Pliant", "Pliant, all branches and turns")
GOAL_SETS = {"ompl-coal": "OMPL RRT-Connect over coal, all branches and turns"}
"""Peers that are asked once more with the whole set of goals."""
ENGINES = (*OURS, *(title for name in PLANNERS for title in (PEERS[name], *([GOAL_SETS[name]] if name in GOAL_SETS else []))))
"""In the order of the tables."""
HEADS = ("planned, shortened, checked once more", "found", "ms, median", "ms, 95 %", f"touch at {CLOSE} rad", "length rad", "driven s")


@dataclass(frozen=True, slots=True)
class Move:
    """One engine's answer to one query.

    Attributes:
        query: Its number.
        kind, situation, engine: Names.
        seconds: Planned, shortened and checked once more.
        found: Whether there is a path.
        touches: Whether it touches when it is looked at closely.
        length: [rad, Euclidean over the joints]; 0 without a path.
        duration: Driven with rounded corners within the robot's limits [s]; 0 without a path.
        verified: Seconds to check the finished path once; ours only.
    """

    query: int
    kind: str
    situation: str
    engine: str
    seconds: float
    found: bool
    touches: bool = False
    length: float = 0.0
    duration: float = 0.0
    verified: float = 0.0


@dataclass(frozen=True, eq=False, slots=True)
class Answer:
    """A path (k, n), None for none, with the seconds it took and those of its last check."""

    path: Array | None
    seconds: float
    verified: float = 0.0


def moves(asked: Sequence[Query], limits: JointLimits, peers: Peers, limit: float, folder: Path) -> list[Move]:
    """Every engine on every query, one at a time, beginning with another one each time; a peer stops after `limit` [s]. Queries of one situation stand together."""
    out: list[Move] = []
    loaded: Situation | None = None
    for k, query in enumerate(asked):
        if query.situation is not loaded:
            loaded = query.situation
            peers.load(loaded, folder / f"moves-{k}", {})
            referee = Referee(loaded.plain)
            # What a scene remembers is no part of a move.
            loaded.scene.edge_free(query.start, query.start)
        ways = _ways(query, limits, peers, limit)
        shift = k % len(ways)
        for engine, margins, way in ways[shift:] + ways[:shift]:
            answer = way()
            if answer is None:
                continue
            move = partial(Move, k, query.kind, loaded.name, engine, answer.seconds)
            if answer.path is None:
                out.append(move(False))
                continue
            length = float(np.sum(np.linalg.norm(np.diff(answer.path, axis=0), axis=1)))
            duration = float(time_path(blend_corners(answer.path)[0], limits).times[-1])
            out.append(move(True, referee.touches(answer.path, margins=margins), length, duration, answer.verified))
        print(f"move {k + 1} of {len(asked)}", end="\r", file=sys.stderr)
    return out


def _ways(query: Query, limits: JointLimits, peers: Peers, limit: float) -> list[tuple[str, bool, Callable[[], Answer | None]]]:
    """Title, whether margins are kept, and work of every engine that runs."""
    goal_sets = dict(zip(OURS, (query.goal[None], query.goals), strict=True))
    ways: list[tuple[str, bool, Callable[[], Answer | None]]] = [
        (engine, True, partial(_own, query, goals, limits)) for engine, goals in goal_sets.items()
    ]
    for name in PLANNERS:
        if name in peers.running:
            margins = peers.margins[name]
            ways.append((PEERS[name], margins, partial(_peer, peers, name, query, query.goal[None], limit)))
            if name in GOAL_SETS:
                ways.append((GOAL_SETS[name], margins, partial(_peer, peers, name, query, query.goals, limit)))
    return ways


def _own(query: Query, goals: Array, limits: JointLimits) -> Answer:
    scene = query.situation.scene
    begin = time.perf_counter()
    found = plan_free(scene, query.start, goals, limits, seed=query.seed)
    if not isinstance(found, FreePath):
        return Answer(None, time.perf_counter() - begin)
    check = time.perf_counter()
    sound = all(scene.edge_free(a, b) for a, b in zip(found.qs[:-1], found.qs[1:], strict=True))
    end = time.perf_counter()
    return Answer(found.qs if sound else None, end - begin, end - check)


def _peer(peers: Peers, name: str, query: Query, goals: Array, limit: float) -> Answer | None:
    got = peers.ask(name, "move", start=query.start.tolist(), goals=goals.tolist(), seed=query.seed, limit=limit)
    return None if got is None else Answer(None if got["path"] is None else np.array(got["path"]), got["seconds"])


def move_tables(done: Sequence[Move], limit: float) -> list[Table]:
    """One table per kind of move, and planning over the time of one check; a move that was not found counts with the time it took."""
    tables = []
    for kind in (FREE, GAP):
        mine = [move for move in done if move.kind == kind]
        by_engine = {engine: [move for move in mine if move.engine == engine] for engine in ENGINES}
        by_engine = {engine: own for engine, own in by_engine.items() if own}
        common = set.intersection(*({move.query for move in own if move.found} for own in by_engine.values())) if by_engine else set()
        rows = []
        for engine, own in by_engine.items():
            found = [move for move in own if move.found]
            alike = [move for move in found if move.query in common]
            ms = 1e3 * np.array([move.seconds for move in own])
            rows.append(
                (
                    engine, f"{len(found)} of {len(own)}", f"{np.median(ms):.1f}", f"{np.percentile(ms, 95):.0f}",
                    f"{sum(move.touches for move in found)} of {len(found)}", _median([move.length for move in alike]), _median([move.duration for move in alike]),
                )
            )  # fmt: skip
        count = len({move.query for move in mine})
        title = f"Free moves, {kind}: {count} queries, a peer stops after {limit:g} s; lengths and driven times are medians over the {len(common)} that all solved"
        tables.append(Table(title, HEADS, rows))
    shares = []
    for kind in (FREE, GAP):
        for engine in OURS:
            ratios = [move.seconds / move.verified for move in done if (move.kind, move.engine) == (kind, engine) and move.verified > 0]
            if ratios:
                shares.append((f"{engine}, {kind}", f"{np.median(ratios):.1f}", f"{np.percentile(ratios, 95):.0f}"))
    tables.append(
        Table("Planned, shortened and checked once more, over the check of the finished path alone", ("", "median", "95 %"), shares)
    )
    return tables


def _median(values: Sequence[float]) -> str:
    return f"{np.median(values):.2f}" if values else "-"
