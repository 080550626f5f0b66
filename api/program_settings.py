"""Where a robot program is run: a bending or a welding cell, empty or with the job that the program belongs to. The commands on programs do not ask which."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from api.jobs import program_summary
from api.results import load_result
from api.weld import weld_run_summary
from api.weld_results import WeldResult, is_weld_result, load_weld_result
from cells.model import Cell, Gripper
from cells.weld_load import load_any_cell
from cells.weld_model import WeldCell
from core.errors import InputError, UnknownNameError
from core.findings import Finding
from core.progress import Progress
from robots.model import RobotModel
from robots.programs.controller import Controller
from robots.programs.program import RobotProgram
from sim.bend_program import BendProgram, bend_program
from sim.bending import BendingResult
from sim.programs import export
from sim.recording import recording_glb
from sim.verify.verify import verify
from sim.verify.wiring import bare_program, controller
from sim.weld.export import export_weld
from sim.weld.program import bare_weld_program, weld_controller, weld_program
from sim.weld.recording import weld_recording_glb
from sim.weld.verify import verify_weld


@dataclass(frozen=True, eq=False, slots=True)
class Ran:
    """What running a program gave.

    Attributes:
        summary: Moves, times and clearance as plain data.
        findings: With their lines.
        recording: glTF; None: nothing moved.
    """

    summary: dict[str, Any]
    findings: tuple[Finding, ...]
    recording: bytes | None


@dataclass(frozen=True, eq=False, slots=True)
class Written:
    """A program in a language, and what running it gave; without files something keeps it from being written."""

    files: dict[str, bytes]
    run: dict[str, Any] | None
    findings: tuple[Finding, ...]


@dataclass(frozen=True, eq=False, slots=True)
class BendSetting:
    """A bending cell for programs of one language.

    Attributes:
        language: See `robots.programs.languages`.
        cell, gripper: Where, and what is mounted.
        job: That the program belongs to; None: the robot moves in the empty cell.
        own: The job's own program.
    """

    language: str
    cell: Cell
    gripper: Gripper
    job: BendingResult | None
    own: BendProgram | None

    @property
    def model(self) -> RobotModel:
        """The cell's robot."""
        return self.cell.robot.model

    @property
    def planned(self) -> RobotProgram | None:
        """The job's own program."""
        return None if self.own is None else self.own.program

    @property
    def base(self) -> RobotProgram:
        """What the controller has loaded: the job's own program, or one without routines."""
        return bare_program(self.cell, self.gripper, self.language) if self.own is None else self.own.program

    def controller(self) -> Controller:
        """What it knows when a program is read."""
        return controller(self.base, self.cell, self.language)

    def run(self, program: RobotProgram, skip_unknown: bool, progress: Progress) -> Ran:
        """Runs a program that was read from text."""
        done = verify(program, self.cell, self.gripper, self.language, self.job, self.own, skip_unknown=skip_unknown, progress=progress)
        recording = recording_glb(done.execution) if done.execution.plan.phases else None
        return Ran(program_summary(self.language, done), done.findings, recording)


@dataclass(frozen=True, eq=False, slots=True)
class WeldSetting:
    """A welding cell for programs of one language.

    Attributes:
        language: See `robots.programs.languages`.
        cell: Where; with a job, the workpiece's frame where the job puts it.
        job: That the program belongs to; None: the robot moves in the empty cell.
        planned: The job's own program.
    """

    language: str
    cell: WeldCell
    job: WeldResult | None
    planned: RobotProgram | None

    @property
    def model(self) -> RobotModel:
        """The cell's robot."""
        return self.cell.robot.model

    @property
    def base(self) -> RobotProgram:
        """What the controller has loaded: the job's own program, or one without routines."""
        return bare_weld_program(self.cell, self.language) if self.planned is None else self.planned

    def controller(self) -> Controller:
        """What it knows when a program is read."""
        return weld_controller(self.base, self.cell, self.language)

    def run(self, program: RobotProgram, skip_unknown: bool, progress: Progress) -> Ran:
        """Runs a program that was read from text."""
        names = {line.address: neutral for neutral, line in self.base.signals.items()}
        weldment, plan = (None, None) if self.job is None else (self.job.weldment, self.job.plan)
        done = verify_weld(program, self.cell, weldment, plan, names, progress, skip_unknown=skip_unknown)
        recording = weld_recording_glb(self.cell, weldment, done.plan) if done.plan.phases else None
        return Ran(weld_run_summary(self.language, done), done.findings, recording)


ProgramSetting = BendSetting | WeldSetting


def setting_of(language: str, cell: str | None, job: Path | None, gripper: str | None = None) -> ProgramSetting:
    """The setting that a user asks for.

    Args:
        language: Of the program.
        cell: Cell name or file; None: the job's.
        job: Result folder of the job; None: the robot moves in the empty cell.
        gripper: Mounted in a bending cell; None: the job's, else the cell's first.

    Raises:
        InputError: Neither cell nor job, or one that cannot be used.
    """
    if job is not None:
        return _weld_job(language, cell, job, gripper) if is_weld_result(job) else _bend_job(language, cell, job, gripper)
    if cell is None:
        raise InputError("a cell or a job is needed to run a program on; give --cell (see `pliant cells`) or --job RESULT_FOLDER")
    loaded = load_any_cell(cell)
    if isinstance(loaded, WeldCell):
        _no_gripper(loaded, gripper)
        return WeldSetting(language, loaded, None, None)
    return BendSetting(language, loaded, loaded.grippers[0] if gripper is None else _gripper(loaded, gripper), None, None)


def _bend_job(language: str, cell: str | None, folder: Path, gripper: str | None) -> BendSetting:
    job = load_result(folder, cell)
    mounted = job.gripper if gripper is None else _gripper(job.cell, gripper)
    if not job.plan.phases:
        raise _refused(folder)
    return BendSetting(language, job.cell, mounted, job, bend_program(job, language))


def _weld_job(language: str, cell: str | None, folder: Path, gripper: str | None) -> WeldSetting:
    job = load_weld_result(folder, cell)
    _no_gripper(job.cell, gripper)
    if not job.plan.phases:
        raise _refused(folder)
    return WeldSetting(language, job.cell, job, weld_program(job.plan, job.cell, language))


def _refused(folder: Path) -> InputError:
    return InputError("the job has no plan: it was refused; see its summary.json", file=folder)


def _gripper(cell: Cell, name: str) -> Gripper:
    for gripper in cell.grippers:
        if gripper.name == name:
            return gripper
    raise UnknownNameError("gripper", name, [gripper.name for gripper in cell.grippers])


def _no_gripper(cell: WeldCell, gripper: str | None) -> None:
    if gripper is not None:
        raise InputError(f"'{gripper[:80]}': {cell.name} is a welding cell and has no grippers; leave --gripper out")


def written(folder: Path, cell: str | None, language: str, progress: Progress) -> tuple[str, Written]:
    """The name of the cell, and the program of a planned job in a language, checked.

    Raises:
        InputError: A folder without a plan.
    """
    if is_weld_result(folder):
        job = load_weld_result(folder, cell)
        if not job.plan.phases:
            raise _refused(folder)
        weld = export_weld(job.plan, job.cell, job.weldment, language, progress)
        return job.cell.name, Written(
            weld.files, None if weld.verification is None else weld_run_summary(language, weld.verification), weld.findings
        )
    result = load_result(folder, cell)
    if not result.plan.phases:
        raise _refused(folder)
    bend = export(result, language, progress)
    return result.cell.name, Written(
        bend.files, None if bend.verification is None else program_summary(language, bend.verification), bend.findings
    )
