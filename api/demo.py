"""Demo jobs: the examples of the page, planned in the background where that is not done yet, so that the first click shows something moving."""

from __future__ import annotations

import importlib.util
import json
import logging
from pathlib import Path

from api.job_kinds import KINDS
from api.job_queue import JobQueue
from api.page import BUNDLE
from core.errors import PliantError
from parts.step_process import is_step

EXAMPLES = "examples.json"
"""In the bundle's folder of examples: what the page offers, and what is planned here."""
log = logging.getLogger("pliant.jobs")


def add_demo(queue: JobQueue, folder: Path = BUNDLE / "examples") -> None:
    """Sends the examples that are not planned yet.

    Args:
        queue: Of the server.
        folder: `examples.json` with the files that it names.
    """
    if not (folder / EXAMPLES).is_file():
        log.warning("the page is not built (make web): there are no examples for the demo")
        return
    for one in json.loads((folder / EXAMPLES).read_text()):
        files = [folder / name for name in one["files"]]
        if any(is_step(path) for path in files) and importlib.util.find_spec("OCP") is None:
            log.warning("the example '%s' needs the extra `step`; it is left out of the demo", one["name"])
            continue
        tag = f"demo:{one['name']}"
        if not queue.store.in_state("queued", "running", "done", tag=tag):
            options = KINDS[one["kind"]].options.model_validate(one["options"])
            try:
                queue.submit(one["kind"], options, {path.name: path.read_bytes() for path in files}, tag)
            except PliantError as error:
                log.warning("the example '%s' is not planned now: %s", one["name"], error.message)
