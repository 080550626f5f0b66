"""Bending from Python: load a cell, load a part, plan, verify, export."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

from api.jobs import BendRequest, drawn_part, job_spec
from api.results import load_result
from cells.load import load_cell
from cells.model import Cell
from core.errors import InputError
from core.findings import has_errors
from core.progress import Progress, silent
from parts.sheet import SheetPart
from sim.bending import BendingOptions, BendingResult, plan_bending
from sim.outputs import brake_program, brake_table, plan_dict
from sim.program_export import Exported
from sim.programs import export as export_program
from sim.replay import replay, with_replay
from sim.torques import check_torques
from sim.verify.verify import Verification


def load_part(
    source: str | Path,
    *,
    material: str | None = None,
    thickness_mm: float | None = None,
    angle_deg: float | None = None,
    direction: str | None = None,
    radius_mm: float | None = None,
    units: str | None = None,
) -> SheetPart:
    """A part from a job file (.yaml) or a flat DXF; the options are those of `pliant bend`.

    Raises:
        InputError: What is missing or wrong, with file and place; findings of error level on the drawing too.
    """
    path = Path(source)
    # Any cell will do: a part does not depend on it.
    request = BendRequest(path, "-", material, thickness_mm, angle_deg, direction, radius_mm, units)
    flat, part = drawn_part(job_spec(request))
    if part is None:
        raise InputError("; ".join(finding.message for finding in flat.findings if finding.level == "error"), file=path)
    return part


def plan(part: SheetPart, cell: Cell, options: BendingOptions | None = None, progress: Progress = silent) -> BendingResult:
    """The plan of a job, with findings; it has no phases when the job cannot be done."""
    return plan_bending(part, cell, options, progress)


def verify(result: BendingResult, progress: Progress = silent) -> BendingResult:
    """The result with what the second engine finds: clearances of every phase, contacts, joint torques."""
    if not result.plan.phases:
        return result
    checked = with_replay(result, replay(result, progress))
    findings = (*checked.plan.findings, *check_torques(checked).findings)
    return replace(checked, plan=replace(checked.plan, findings=findings))


def export(result: BendingResult, folder: str | Path) -> Exported[Verification]:
    """Writes `plan.json`, the brake program and the robot program, which is read back first.

    A plan or program with a finding of error level writes nothing but `plan.json`; the answer's findings say why.
    """
    target = Path(folder)
    target.mkdir(parents=True, exist_ok=True)
    (target / "plan.json").write_text(json.dumps(plan_dict(result)))
    language = result.cell.robot.language
    if not result.plan.phases or has_errors(result.plan.findings):
        return Exported(language, {}, None, tuple(finding for finding in result.plan.findings if finding.level == "error"))
    exported = export_program(result)
    if not has_errors(exported.findings):
        (target / "brake.json").write_text(json.dumps(brake_program(result), indent=2))
        (target / "brake.txt").write_text(brake_table(result))
        for name, data in exported.files.items():
            (target / "robot").mkdir(exist_ok=True)
            (target / "robot" / name).write_bytes(data)
    return exported


__all__ = ["BendingOptions", "export", "load_cell", "load_part", "load_result", "plan", "verify"]
