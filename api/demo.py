"""Demo jobs: the example parts, planned once in the background, so that the first click shows something moving."""

from __future__ import annotations

import logging
from pathlib import Path

from api.job_kinds import KINDS
from api.job_queue import JobQueue

FOLDER = Path(__file__).resolve().parent.parent / "examples" / "parts"
PARTS = ("bracket", "tray")
log = logging.getLogger("pliant.jobs")


def add_demo(queue: JobQueue) -> None:
    """Sends the example parts that are not planned yet."""
    for name in PARTS:
        files = [FOLDER / f"{name}.yaml", FOLDER / f"{name}.dxf"]
        if queue.store.in_state("queued", "running", "done", tag=f"demo:{name}"):
            continue
        if not all(path.exists() for path in files):
            log.warning("the example '%s' is not installed; it is left out of the demo", name)
            continue
        options = KINDS["bend"].options.model_validate({})
        queue.submit("bend", options, {path.name: path.read_bytes() for path in files}, f"demo:{name}")
