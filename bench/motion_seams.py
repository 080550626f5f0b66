"""Seconds per seam of the search for postures along weld seams; the weldments are those of `bench.weld_family`."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from api.weld import as_placed
from api.weld_seams import load_weldment
from bench.weld_family import FAMILY, SETUPS, write_assembly
from cells.weld_load import load_weld_cell
from sim.weld.options import WeldOptions
from sim.weld.scene import WeldScene
from sim.weld.seam_search import SeamRefusal
from sim.weld.tasks import weld_tasks
from sim.weld.ways import SeamWays

WELDMENTS = ("t_joint", "lap", "corner", "butt", "box", "tube", "branch", "panel")


@dataclass(frozen=True, slots=True)
class SeamTime:
    """One seam.

    Attributes:
        weldment, seam: Names.
        length: [m]
        seconds: Of the search, in every direction and position of the positioner that is asked for.
        found: Whether there is a way.
    """

    weldment: str
    seam: str
    length: float
    seconds: float
    found: bool


@contextmanager
def _quiet() -> Iterator[None]:
    """The STEP kernel talks while it writes, past Python's own output."""
    sys.stdout.flush()
    kept, nowhere = os.dup(1), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    try:
        yield
    finally:
        os.dup2(kept, 1)
        os.close(kept)
        os.close(nowhere)


def seam_times(count: int, folder: Path) -> list[SeamTime]:
    """The first `count` seams of `WELDMENTS`; the first is searched once before the clock runs. Needs the STEP kernel."""
    times: list[SeamTime] = []
    for name in WELDMENTS:
        made = FAMILY[name]()
        with _quiet():
            write_assembly(folder / f"{name}.step", made.pieces)
        for k, setup in enumerate(SETUPS[name]):
            if len(times) == count:
                return times
            job = folder / f"{name}_{k}.yaml"
            job.write_text(json.dumps(setup.job(f"{name}.step")), encoding="utf-8")
            cell, weldment, _ = as_placed(load_weld_cell(setup.cell), load_weldment(job))
            options = WeldOptions()
            tasks, _ = weld_tasks(weldment, cell, options)
            ways = SeamWays(cell, options, WeldScene(cell, weldment))
            if not times:
                ways.of(tasks[0])
            for task in tasks[: count - len(times)]:
                begin = time.perf_counter()
                answer = ways.of(task)
                seconds = time.perf_counter() - begin
                times.append(SeamTime(name, task.seam.name, task.seam.length, seconds, not isinstance(answer, SeamRefusal)))
    return times
