"""Yaskawa INFORM (NX100, DX100, DX200, YRC1000): a `.JBI` per routine and a list of what belongs into the controller's files.

Jobs are relative jobs (RECTAN positions in a user frame) or, with the pulses per degree of the very robot, pulse jobs. The load lives in the tool file
and there is no instruction for it: a tool that holds something is another tool file, named at every position. So a routine that is run with
different loads becomes a job for each of them.
"""

from __future__ import annotations

import numpy as np

from core.errors import UnknownNameError, UnsupportedError
from core.frames import Array
from core.units import to_mm
from robots.programs.controller import number_of, tool_files
from robots.programs.inform.capabilities import CAPABILITIES as CAPABILITIES
from robots.programs.inform.job import Job
from robots.programs.inform.targets import At, State
from robots.programs.inform.text import pose_fields
from robots.programs.program import Call, RobotProgram, WaitSignal
from robots.programs.settings import ProgramSettings
from robots.programs.text import ascii_text, crlf, identifier, number


def write_inform(program: RobotProgram, settings: ProgramSettings) -> dict[str, bytes]:
    """The jobs of a program, the main one first, and `NAME_REGISTERS.TXT`.

    Raises:
        UnsupportedError: What INFORM cannot say, an address that is not INFORM's, an arm that has not six axes, pulse jobs without ratios.
    """
    return _Writer(program, settings).files()


class _Writer:
    """Writes the jobs in the order in which they are called, so that each begins with the tool, load and position its caller leaves."""

    def __init__(self, program: RobotProgram, settings: ProgramSettings) -> None:
        self.program, self.settings = program, settings.inform
        self.track = program.on_track("INFORM")
        self.tools = tool_files(program, self.settings.tool_number)
        self.frames = {
            name: number_of(frame.number, self.settings.frame_number + i) for i, (name, frame) in enumerate(program.frames.items())
        }
        self.longest = min(self.settings.longest_name or CAPABILITIES.longest_name, CAPABILITIES.longest_name)
        self.name = identifier(self.settings.name or program.name, self.longest)
        self.names: dict[tuple[str, State], str] = {}
        self.left: dict[tuple[str, State], At] = {}
        self.text: dict[str, bytes] = {}
        called = [
            one.routine if isinstance(one, Call) else one.retreat
            for routine in program.routines
            for one in routine.walk()
            if isinstance(one, Call | WaitSignal)
        ]
        self.once = {name for name in called if name is not None and called.count(name) == 1}
        if len(set(self.frames.values())) < len(self.frames):
            raise UnsupportedError(f"user frames of {program.name} need numbers of their own, they are given {self.frames}")
        if self.settings.job_kind == "pulse":
            self._check_ratios()

    def _check_ratios(self) -> None:
        own = self.settings
        missing = [
            name
            for name, absent in (
                ("pulses_per_deg", own.pulses_per_deg is None),
                ("track_pulses_per_mm", self.track and own.track_pulses_per_mm is None),
                ("positioner_pulses", len(own.positioner_pulses or ()) != len(self.program.positioner)),
            )
            if absent
        ]
        if missing:
            raise UnsupportedError(
                f"Yaskawa INFORM pulse jobs need the pulses of this very robot's axes: give programs.inform.{', '.join(missing)} from the controller's ALL.PRM, or write relative jobs (job_kind: rectan)"
            )

    def files(self) -> dict[str, bytes]:
        self.job(self.program.routines[0].name, At(State(None, None, None), None))
        return {f"{name}.JBI": text for name, text in self.text.items()} | {f"{self.name}_REGISTERS.TXT": crlf(self._registers())}

    def job(self, routine: str, at: At) -> tuple[str, At]:
        """The job of a routine that is entered so, and how it is left; written when it is called so for the first time."""
        if routine not in {one.name for one in self.program.routines}:
            raise UnknownNameError("routine", routine, [one.name for one in self.program.routines])
        key = (routine, at.state)
        if key not in self.names:
            self.names[key] = self._name(routine)
            self.text[self.names[key]] = b""
            start = at.position if routine in self.once else None
            job = Job(self, self.program.routine(routine), self.names[key], At(at.state, start))
            self.left[key] = job.write()
            self.text[job.name] = crlf(job.text())
        elif key not in self.left:
            raise UnsupportedError(f"routine '{routine}' calls itself; Yaskawa INFORM writes jobs without recursion")
        return self.names[key], self.left[key]

    def _name(self, routine: str) -> str:
        """All jobs of a controller stand in one list: the names of sub jobs begin with the main job's, so that two programs do not overwrite each other's."""
        if not self.names:
            return self.name
        base = f"{self.name[: self.longest // 2]}_{identifier(routine, self.longest)}"
        name, count = base[: self.longest].rstrip("_"), 2
        while name in self.text:
            name = f"{base[: self.longest - len(str(count)) - 1].rstrip('_')}_{count}"
            count += 1
        return name

    # Controller's files

    def _registers(self) -> list[str]:
        program, own = self.program, self.settings
        out = [
            f"{self.name}: what the controller must know before the first run",
            *(ascii_text(line) for line in (program.title, *program.notes)),
            "",
        ]
        out += ["TOOL FILES (X Y Z mm, Rx Ry Rz deg; load and its centre from the flange)"]
        for (tool, load), file_number in self.tools.items():
            both = program.tools[tool].load if load is None else program.tools[tool].load.plus(program.loads[load])
            com = " ".join(number(to_mm(value), 1) for value in both.com)
            what = tool if load is None else f"{tool} with {load}"
            out += [
                f"TOOL {file_number}: {ascii_text(what)}: {_words(program.tools[tool].T_flange_tcp)}; {number(both.mass, 3)} kg at {com} mm"
            ]
        out += ["", "USER FRAMES (X Y Z mm, Rx Ry Rz deg, in the robot's base; of a station's frame in its table)"]
        for name, frame in program.frames.items():
            carried = ", carried by the station" if frame.carried else ""
            out += [f"UF#({self.frames[name]}): {ascii_text(name)}{carried}: {_words(frame.T_robot_frame)}"]
        out += ["", "SIGNALS", *(f"{line.address}: {ascii_text(name)}" for name, line in program.signals.items())]
        out += ["", f"V= is in {own.speed_unit}; a controller that is set to another unit drives at another speed"]
        if own.job_kind == "rectan":
            out += ["The jobs are relative jobs: the controller needs the relative job function"]
        else:
            out += [f"PULSES PER DEG S L U R B T: {' '.join(f'{value:g}' for value in own.pulses_per_deg or ())}"]
        out += ["POSITION LEVELS: " + ", ".join(f"PL={i} {z:g} mm" for i, z in enumerate(own.position_levels_mm, 1))]
        for procedure in program.procedures.values():
            out += [
                f"ASF#({procedure.number}), AEF#({procedure.number}): {ascii_text(procedure.note or 'welding procedure')}, {number(to_mm(procedure.speed), 1)} mm/s"
            ]
        for weave in program.weaves.values():
            if weave.number is not None:
                out += [
                    f"WEV#({weave.number}): {weave.shape}, {number(weave.frequency, 2)} Hz, {number(to_mm(weave.amplitude), 2)} mm to either side, "
                    f"stops {number(weave.dwell_left, 2)} s left, {number(weave.dwell_right, 2)} s right"
                ]
        return out


def _words(T: Array) -> str:
    return " ".join(pose_fields(np.asarray(T)).split(","))
