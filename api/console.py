"""What all commands share: consoles, progress on stderr, result folders that are there whole or not at all."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bar

from core.errors import InputError
from core.files import result_path
from core.progress import Progress

out_console = Console()
err_console = Console(stderr=True)
STYLES = {"error": "bold red", "warning": "yellow", "info": ""}
STAGES = {
    "read": "reading", "unfold": "unfolding", "refold": "folding again", "grips": "choosing grips", "sequence": "finding the order", "motion": "planning moves", "replay": "replaying in pybullet",
    "torques": "joint torques", "run": "running the program", "export": "writing the robot program", "show": "drawing",
}  # fmt: skip
"""Stage names of `core.progress` for people."""


@contextmanager
def shown_progress() -> Iterator[Progress]:
    """Where the work is, on stderr: a bar at a terminal, else one line per stage."""
    if not err_console.is_terminal:
        told: list[str] = []

        def line(stage: str, done: float, message: str = "") -> None:
            del done, message
            if stage not in told[-1:]:
                told.append(stage)
                err_console.print(STAGES.get(stage, stage), highlight=False)

        yield line
        return
    with Bar(
        SpinnerColumn(),
        TextColumn("{task.description:<44}"),
        BarColumn(bar_width=16),
        TimeElapsedColumn(),
        console=err_console,
        transient=True,
    ) as bar:
        task = bar.add_task("reading", total=1.0)

        def update(stage: str, done: float, message: str = "") -> None:
            bar.update(task, completed=done, description=f"{STAGES.get(stage, stage)}: {message}"[:44])

        yield update


def write_folder(out: Path, files: dict[str, bytes]) -> None:
    """Everything into a temporary folder beside the target, then one rename: a half-written result never has the result's name."""
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        temporary = Path(tempfile.mkdtemp(prefix=f".{out.name}-", dir=out.parent))
    except OSError as error:
        raise InputError(f"the result folder cannot be made: {error.strerror}", file=out) from None
    try:
        for name, data in files.items():
            target = result_path(temporary, name)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data)
        temporary.chmod(0o755)
        if out.exists():
            old = Path(tempfile.mkdtemp(prefix=f".{out.name}-old-", dir=out.parent))
            out.rename(old / "old")
            temporary.rename(out)
            shutil.rmtree(old)
        else:
            temporary.rename(out)
    finally:
        if temporary.exists():
            shutil.rmtree(temporary)
