"""A job's own inputs in its result folder: what `api.results` makes the part of again, on any machine."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

import yaml

from cells.load import cell_names
from cells.model import Cell
from parts.job import JobSpec

JOB_FILE = "job/job.yaml"


def job_files(job: JobSpec, drawing: Path, cell: Cell) -> dict[str, bytes]:
    """The job file with every option as it was used, and the drawing beside it, by their names in the result folder.

    Paths of this machine are left out: the drawing has its bare name, a cell that is not shipped that of its file.
    """
    # The part is named after its drawing; the ending says what the file is, and keeps it apart from the job file.
    name = f"{drawing.stem}.dxf"
    written = job.model_dump(mode="json", exclude_none=True) | {
        "part": name,
        "cell": cell.name if cell.name in cell_names() else cell.path.name,
    }
    text = yaml.safe_dump(written, sort_keys=False, allow_unicode=True)
    return {JOB_FILE: f"# The job as it was planned, options included.\n{text}".encode(), f"job/{name}": drawing.read_bytes()}


def checksums(files: Mapping[str, bytes]) -> dict[str, str]:
    """SHA-256 of contents by name."""
    return {name: hashlib.sha256(data).hexdigest() for name, data in files.items()}
