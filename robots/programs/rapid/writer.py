"""ABB RAPID (IRC5, OmniCore): one program module with its data and routines, and the list of modules.

Joint moves are `MoveAbsJ`, so no configuration can be misread; straight moves are `MoveL` with the planned confdata and `ConfL\\Off`, because the
posture is the one the move starts in. Targets at which the robot stands have names and can be taught again; those it passes stand in the move.
"""

from __future__ import annotations

import re

from core.errors import UnsupportedError
from robots.programs.capabilities import Capabilities
from robots.programs.program import RobotProgram, Routine
from robots.programs.rapid.active import Active, active_data
from robots.programs.rapid.names import ModuleData
from robots.programs.rapid.routine import RoutineWriter
from robots.programs.rapid.text import LONGEST_NAME, NO_TURN, RESERVED, TAKEN, load_text, pose_text
from robots.programs.settings import ProgramSettings, RapidSettings
from robots.programs.text import ascii_text, crlf, identifier, identifiers

CAPABILITIES = Capabilities(
    name="rapid",
    title="ABB RAPID",
    controllers="IRC5 (RobotWare 6), OmniCore (RobotWare 7)",
    files=("*.mod", "*.modx", "*.pgf"),
    longest_name=LONGEST_NAME,
    longest_word=LONGEST_NAME,
    says={
        "joint-move": "MoveAbsJ",
        "joint-pose": "MoveJ with confdata",
        "linear": "MoveL",
        "circular": "MoveC",
        "duration": "\\T",
        "blend": "zonedata",
        "track": "eax_a",
        "positioner": "eax_a or eax_b ..",
        "digital-out": "SetDO",
        "pulse": "PulseDO",
        "group-out": "SetGO",
        "wait": "WaitDI, WaitGI",
        "wait-timeout": "\\MaxTime, \\TimeFlag",
        "trigger": "TriggIO, TriggEquip, TriggL, TriggC",
        "payload": "GripLoad",
        "tool-data": "tooldata, wobjdata, loaddata",
        "call": "PROC",
        "arc": "ArcLStart .. ArcLEnd",
        "weave": "weavedata",
        "seam-track": "\\Track",
        "search": "SearchL",
        "shift": "PDispSet",
    },
    lacks={},
)
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,31}")


def write_rapid(program: RobotProgram, settings: ProgramSettings) -> dict[str, bytes]:
    """The module `NAME.mod` (`NAME.modx` for RobotWare 7) and `NAME.pgf`, the list of modules.

    Raises:
        UnsupportedError: Something that RAPID cannot say, or a name that it would not take.
    """
    return _Module(program, settings.rapid).files()


class _Module:
    def __init__(self, program: RobotProgram, settings: RapidSettings) -> None:
        self.program, self.settings = program, settings
        self.track = program.on_track("RAPID")
        if int(self.track) + len(program.positioner) > 6:
            raise UnsupportedError(f"RAPID targets have six external axes; there are {int(self.track) + len(program.positioner)}")
        addresses = self._addresses()
        self.name = identifier(settings.name or program.name, settings.longest_name or LONGEST_NAME)
        first, *others = [routine.name for routine in program.routines]
        taken = (*TAKEN, *addresses, "main", "Fault", self.name)
        self.routines = {first: "main", **identifiers(others, LONGEST_NAME, taken=taken)}
        self.data = ModuleData(
            [*addresses, *self.routines.values(), "Fault", self.name, "late"], program.track_speed * 1e3 if self.track else 0.0
        )
        self.tools = self._names("tool", "t", list(program.tools), settings.tool)
        self.frames = self._names("frame", "w", list(program.frames), settings.work_object)

    def _addresses(self) -> list[str]:
        for name, line in self.program.signals.items():
            if not _NAME.fullmatch(line.address) or line.address.upper() in RESERVED:
                raise UnsupportedError(
                    f"signal '{name}': '{line.address}' is no RAPID name (letter first, at most 32 of letters, digits, _; no reserved word)"
                )
        return [line.address for line in self.program.signals.values()]

    def _names(self, kind: str, prefix: str, names: list[str], given: str | None) -> dict[str, str]:
        if given is None:
            return {name: self.data.fresh(f"{prefix} {name}") for name in names}
        if len(names) != 1:
            raise UnsupportedError(
                f"programs.rapid names one {kind} of the controller ('{given}'), the program has {len(names)}; leave it out"
            )
        return {names[0]: given}

    def files(self) -> dict[str, bytes]:
        program, out = self.program, [f"MODULE {self.name}"]
        active = active_data(program)
        writer = RoutineWriter(program, self.settings, self.data, self.tools, self.frames, self.routines)
        bodies = [self._routine(writer, routine, active[routine.name]) for routine in program.routines]
        out += [f"  ! {ascii_text(line)}" for line in (program.title, *program.notes)]
        out.append("  ! units: mm, deg, s, mm/s, deg/s, kg")
        out += self._data(writer)
        for body in bodies:
            out += ["", *body]
        if writer.faults:
            out += ["", *self._fault(writer)]
        out.append("ENDMODULE")
        extension = "mod" if self.settings.robotware == "6" else "modx"
        listed = ['<?xml version="1.0" encoding="ISO-8859-1" ?>', "<Program>", f"\t<Module>{self.name}.{extension}</Module>", "</Program>"]
        return {f"{self.name}.{extension}": crlf(out), f"{self.name}.pgf": crlf(listed)}

    def _data(self, writer: RoutineWriter) -> list[str]:
        program, out = self.program, []
        if self.settings.tool is None or self.settings.work_object is None:
            out.append("  ! as planned: put the measured values here when they differ")
        if self.settings.tool is None:
            for name, tool in program.tools.items():
                out.append(f"  PERS tooldata {self.tools[name]}:=[TRUE,{pose_text(tool.T_flange_tcp)},{load_text(tool.load)}];")
        if self.settings.work_object is None:
            for name, frame in program.frames.items():
                place, nowhere = pose_text(frame.T_robot_frame), f"[[0,0,0],{NO_TURN}]"
                value = f'FALSE,"{self.settings.mechanical_unit}",{nowhere},{place}' if frame.carried else f'TRUE,"",{place},{nowhere}'
                out.append(f"  PERS wobjdata {self.frames[name]}:=[FALSE,{value}];")
        out += [f"  PERS loaddata {name}:={value};" for name, value in writer.loads.values()]
        if writer.weld.declared:
            out.append("  ! welding data: times and figures are left to the power source's schedules")
            out += [f"  {line}" for line in writer.weld.declared.values()]
        out += [f"  {line}" for line in (*self.data.speeds, *self.data.zones)]
        out += [f"  {line}" for line in self.data.targets]
        if writer.faults:
            out.append("  VAR bool late:=FALSE;")
        out += [f"  VAR triggdata {name};" for name in writer.triggers]
        if writer.found is not None:
            out.append(f"  VAR robtarget {writer.found};")
        out += [f"  VAR pose {name}:=[[0,0,0],{NO_TURN}];" for name in writer.shifts.values()]
        return out

    def _routine(self, writer: RoutineWriter, routine: Routine, active: list[Active]) -> list[str]:
        main = routine is self.program.routines[0]
        out = [f"  PROC {self.routines[routine.name]}()", f"    ! {ascii_text(routine.title)}"]
        if main:
            out += ["    ! safe start: the way to the first target must be free"]
            out += ["    ConfJ\\On;", "    ConfL\\Off;", "    SingArea\\Wrist;"]
            if self.program.positioner:
                out.append(f"    ActUnit {self.settings.mechanical_unit};")
        body = writer.body(routine, active)
        if not main and all(line.startswith("!") for line in body):
            body.append("RETURN;")
        return [*out, *(f"    {line}" for line in body), "  ENDPROC"]

    def _fault(self, writer: RoutineWriter) -> list[str]:
        return [
            "  PROC Fault(string what)",
            "    ! a signal did not come: outputs safe, then the operator decides",
            *(f"    {line}" for one in self.program.on_fault for line in writer.set_signal(one)),
            '    TPWrite what+" did not come";',
            '    TPWrite "START runs the retreat, if there is one, and ends";',
            "    Stop;",
            "  ENDPROC",
        ]
