"""The users' own cells on a server: checked in a worker process before they get their name."""

from __future__ import annotations

import json
import secrets
import shutil
import threading
from pathlib import Path
from typing import Any

from api.job_kinds import CELL_ENDINGS, cell_file
from api.job_process import run_child
from api.job_task import JobLimits, JobTask
from api.refusals import BusyError, NameTakenError
from api.uploads import write_files
from cells.weld_load import all_cell_names
from core.errors import InputError, UnknownNameError
from core.progress import silent

MOST = 100
"""Own cells on a server."""
CHECK_S = 120
"""Time for reading a cell [s]."""
WAIT_S = 60
"""Before another cell is read [s]."""


class CellError(InputError):
    """A cell that the worker refuses; carries the worker's code."""

    def __init__(self, problem: dict[str, str]) -> None:
        self.code = problem["type"]
        super().__init__(problem["detail"], file=problem.get("file"), place=problem.get("place"))


class OwnCells:
    """Cells by name in a folder.

    Args:
        root: `DATA/cells`; made when missing.
        limits: Of the process that reads a cell.
    """

    def __init__(self, root: Path, limits: JobLimits) -> None:
        self.root = root
        root.mkdir(parents=True, exist_ok=True)
        for left in (*root.glob(".new-*"), *root.glob(".gone-*")):
            shutil.rmtree(left, ignore_errors=True)
        self._limits = JobLimits(limits.memory_mb, min(limits.cpu_s, CHECK_S), min(limits.wall_s, CHECK_S))
        self._lock = threading.Lock()

    def names(self) -> list[str]:
        """Names of the own cells."""
        return sorted(path.name for path in self.root.iterdir() if not path.name.startswith(".") and (path / "entry.json").is_file())

    def folder(self, name: str) -> Path | None:
        """Folder of an own cell; None for a shipped one.

        Raises:
            UnknownNameError: When there is no such cell.
        """
        if name in self.names():
            return self.root / name
        if name in all_cell_names():
            return None
        raise UnknownNameError("cell", name[:80], [*all_cell_names(), *self.names()])

    def entry(self, name: str) -> dict[str, Any]:
        """What the list of cells says about an own cell."""
        return json.loads((self.root / name / "entry.json").read_text())  # type: ignore[no-any-return]

    def add(self, files: dict[str, bytes]) -> dict[str, Any]:
        """Checks a cell and keeps it; one of the same name is replaced. Answers its entry.

        Raises:
            InputError: A cell that cannot be read, with file, line and what is valid.
            NameTakenError: The name of a shipped cell, or of a folder that is none of ours.
            BusyError: Too many cells are kept, or being read.
        """
        for name in files:
            if not name.lower().endswith(CELL_ENDINGS):
                raise InputError(f"a cell takes {' '.join(CELL_ENDINGS)}, not '{name}'", file=name)
        if not self._lock.acquire(timeout=WAIT_S):
            raise BusyError("another cell is being read; ask again later")
        building = self.root / f".new-{secrets.token_hex(8)}"
        try:
            write_files(building / "files", files)
            name = cell_file(building / "files").stem
            if name in all_cell_names():
                raise NameTakenError(f"'{name}' is a shipped cell; call the file otherwise", file=f"{name}.yaml")
            if (self.root / name).exists() and name not in self.names():
                raise NameTakenError(
                    f"a folder '{name}' that is no cell of this server stands in its data folder; call the file otherwise",
                    file=f"{name}.yaml",
                )
            if len(self.names()) >= MOST and name not in self.names():
                raise BusyError(f"{MOST} own cells are kept already; delete one")
            entry = self._checked(building)
            (building / "files" / "entry.json").write_text(json.dumps(entry))
            yaml = cell_file(building / "files")
            yaml.rename(yaml.with_suffix(".yaml"))
            self.remove(name)
            (building / "files").rename(self.root / name)
            return entry
        finally:
            shutil.rmtree(building, ignore_errors=True)
            self._lock.release()

    def remove(self, name: str) -> None:
        """Forgets an own cell, if there is one; jobs keep their copies."""
        if name in self.names():
            gone = self.root / f".gone-{secrets.token_hex(8)}"
            (self.root / name).rename(gone)
            shutil.rmtree(gone, ignore_errors=True)

    def _checked(self, building: Path) -> dict[str, Any]:
        task = JobTask("cell", "cell", {}, str(building), str(building / "result"), self._limits)
        outcome = run_child(task, silent, lambda: False)
        if outcome.summary is None:
            raise CellError(outcome.problem or {"type": "worker-died", "detail": "the cell could not be read"})
        return outcome.summary
