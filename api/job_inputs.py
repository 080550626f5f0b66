"""What jobs over HTTP have in common: their files in the worker, what they need beside them, what a kind of job is."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from api.job_options import JobOptions
from cells.weld_load import all_cell_names
from core.errors import UnknownNameError
from core.progress import Progress

Results = tuple[dict[str, Any], dict[str, bytes]]
YAML_ENDINGS = (".yaml", ".yml")


@dataclass(frozen=True, slots=True)
class JobInputs:
    """The files of a job, in the worker.

    Attributes:
        folder: `files/` as sent, `job/` the result folder of an earlier job, `cell/` the user's own cell.
    """

    folder: Path

    @property
    def files(self) -> list[Path]:
        """What was sent, by name."""
        return sorted(path for path in (self.folder / "files").rglob("*") if path.is_file())

    @property
    def job(self) -> Path:
        """Result folder of the earlier job."""
        return self.folder / "job"

    def cell(self, name: str | None) -> str | None:
        """What readers of cells take for a cell's name; no path from a request gets here."""
        if name is None:
            return next((str(path) for path in (self.folder / "cell").glob("*.yaml")), None)
        own = [str(path) for path in (self.folder / "cell").glob("*.yaml") if path.stem == name]
        if own:
            return own[0]
        if name not in all_cell_names():
            raise UnknownNameError("cell", name[:80], all_cell_names())
        return name


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a job needs beside its files.

    Attributes:
        title: For lists.
        cell: Name of a cell; the queue lays the user's own beside the files.
        job: Id of an earlier job, whose results are laid there too.
    """

    title: str
    cell: str | None = None
    job: str | None = None


@dataclass(frozen=True, slots=True)
class JobKind:
    """A kind of job.

    Attributes:
        options: Its options.
        endings: Of files it takes; empty: it takes none.
        inner_folders: Whether its files may lie in folders.
        prepare: Options and folder of files -> what else is needed; raises `InputError` for what is plainly wrong.
        run: In the worker: options, inputs, progress -> summary and files.
    """

    options: type[JobOptions]
    endings: tuple[str, ...]
    inner_folders: bool
    prepare: Callable[[Any, Path], Wanted]
    run: Callable[[Any, JobInputs, Progress], Results]


def listed(summary: dict[str, Any], files: dict[str, bytes]) -> Results:
    """The files with the summary among them, and named in it."""
    summary = summary | {"files": ["summary.json", *sorted(files)]}
    return summary, files | {"summary.json": json.dumps(summary, indent=2).encode()}
