"""State checks, smallest distances and edges in one situation, ours and those of all engines in turn."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from bench.markdown import Table
from bench.motion_peers import CHECKERS, PEERS, Peers
from bench.motion_queries import Situation, free_states, random_states
from bench.motion_referee import Referee
from bench.peers.engine import JOINT_STEP

OURS = "Pliant"
RUNS = 3
FEW = 100
"""Distances and edges."""
EDGE = 0.3
"""Length of the edges [rad, largest joint]."""
HEADS = (
    "us", "state, all", "state, free ones", "smallest distance", f"edge of {EDGE} rad", f"per {JOINT_STEP} rad of an edge", "margins", "states unlike coal's",
)  # fmt: skip


def state_table(situation: Situation, peers: Peers, count: int, folder: Path) -> Table:
    """The quickest of `RUNS` rounds, since other work on the machine only adds, over `count` random states; a state that differs from coal's answer, with margins or without as the engine can, is counted."""
    scene = situation.scene
    qs = random_states(scene, count, 1)
    open_ = free_states(scene, max(FEW, count // 2), 2)
    ends = np.clip(open_ + EDGE * np.random.default_rng(7).uniform(-1, 1, open_.shape), scene.lower, scene.upper)
    peers.load(situation, folder, {"all": qs, "free": open_, "from": open_, "to": ends})
    referee = Referee(situation.plain)
    truth = {margins: referee.free(qs, margins=margins) for margins in (True, False)}
    edges = list(zip(open_[:FEW], ends[:FEW], strict=True))
    # Compiled loops and what a scene remembers are no part of a check.
    scene.free(qs[:2])
    scene.edge_free(*edges[0])
    own = {
        "all": lambda: scene.free(qs),
        "free": lambda: scene.free(open_),
        "distance": lambda: scene.distances(open_[:FEW]),
        "edge": lambda: [scene.edge_free(a, b) for a, b in edges],
    }
    clocks: dict[tuple[str, str], list[float]] = {}
    answers: dict[str, Sequence[Any]] = {}
    for turn in range(RUNS):
        for what, work in own.items():
            seconds, answer = _timed(work)
            clocks.setdefault((OURS, what), []).append(seconds / len(answer))
            if what == "all":
                answers[OURS] = answer
        for name in CHECKERS:
            for what, asked in _questions(count, len(open_)).items():
                # Distances are slow and steady: once.
                got = peers.ask(name, **asked) if what != "distance" or turn == 0 else None
                if got is None:
                    continue
                answer = got["distance" if what == "distance" else "free"]
                clocks.setdefault((name, what), []).append(got["seconds"] / len(answer))
                if what == "all":
                    answers[name] = answer
    states = float(np.mean([max(1, int(np.ceil(np.max(np.abs(b - a)) / JOINT_STEP))) + 1 for a, b in edges]))

    def us(name: str, what: str, per: float = 1.0) -> str:
        return f"{1e6 * min(clocks[name, what]) / per:.1f}" if (name, what) in clocks else "-"

    rows = []
    for name, answer in answers.items():
        keeping = peers.margins.get(name, True)
        wrong = int(np.sum(np.array(answer) != truth[keeping]))
        title = PEERS.get(name, f"{name}: states in batches, distance to 0.3 m, edges certified in between")
        figures = [us(name, what) for what in own]
        rows.append((title, *figures, us(name, "edge", states), "kept" if keeping else "none", f"{wrong} of {count}"))
    size = f"{len(situation.plain.hulls)} hulls, {len(situation.plain.pairs)} pairs"
    return Table(f"State checks, {situation.name}: {size}; {float(np.mean(truth[True])):.0%} of the states are free", HEADS, rows)


def _questions(count: int, free: int) -> dict[str, dict[str, Any]]:
    return {
        "all": {"question": "free", "which": "all", "count": count},
        "free": {"question": "free", "which": "free", "count": free},
        "distance": {"question": "distance", "which": "free", "count": FEW},
        "edge": {"question": "edges", "count": FEW},
    }


def _timed(work: Callable[[], Any]) -> tuple[float, Sequence[Any]]:
    begin = time.perf_counter()
    answer = work()
    return time.perf_counter() - begin, answer
