"""FANUC TP (R-30iA, R-30iB, R-30iB Plus): one ASCII file per routine, and a sheet with what the operator enters.

Joint moves carry joint positions, straight moves Cartesian ones, so that no turn number can be misread. What the controller shows as J3 is the forearm
against the horizontal, not against the upper arm (`settings.fanuc.j3_follows_j2`). A track is E1 of group 1, a positioner is group 2.
"""

from __future__ import annotations

import re

from core.errors import UnsupportedError
from robots.programs.capabilities import Capabilities
from robots.programs.fanuc.flow import flow
from robots.programs.fanuc.registers import numbered, payload_values, registers_text
from robots.programs.fanuc.routine import RoutineWriter
from robots.programs.program import RobotProgram
from robots.programs.settings import ProgramSettings
from robots.programs.text import ascii_text, crlf, identifier, identifiers

LONGEST_NAME = 36
CAPABILITIES = Capabilities(
    name="fanuc",
    title="FANUC TP",
    controllers="R-30iA, R-30iB, R-30iB Plus",
    files=("*.LS", "*_REGISTERS.TXT"),
    longest_name=LONGEST_NAME,
    longest_word=16,
    says={
        "joint-move": "J P[n] with joints",
        "joint-pose": "J P[n] with CONFIG",
        "linear": "L P[n]",
        "circular": "C P[n] P[m]",
        "duration": "msec",
        "blend": "CNTn",
        "track": "E1 of group 1",
        "positioner": "group 2, COORD",
        "digital-out": "DO, RO, F",
        "pulse": "PULSE, tenths of a second",
        "group-out": "GO",
        "wait": "WAIT",
        "wait-timeout": "$WAITTMOUT, TIMEOUT,LBL",
        "trigger": "TB, TA, DB: one per move, from its end",
        "payload": "PAYLOAD[n]",
        "call": "CALL, one file per routine",
        "arc": "Weld Start or Arc Start",
        "weave": "Weave Sine, Circle, Figure 8",
        "seam-track": "Track TAST",
        "search": "SKIP CONDITION, Skip,LBL,PR=LPOS",
        "shift": "Offset,PR[n]",
    },
    lacks={
        "tool-data": "numbers in the text; the values stand in NAME_REGISTERS.TXT and are entered at the robot",
    },
)

_ADDRESS = re.compile(r"(?:(?P<out>DO|RO|GO|UO|SO|AO|F)|DI|RI|GI|UI|SI|AI)\[\d{1,5}\]")
_DATE = "DATE 24-01-01  TIME 00:00:00"
"""The same program is the same text, whenever it is written."""


def write_fanuc(program: RobotProgram, settings: ProgramSettings) -> dict[str, bytes]:
    """`NAME.LS` for the main routine, one file for each other routine, and `NAME_REGISTERS.TXT`.

    Raises:
        UnsupportedError: What TP cannot say; the message names the alternative.
    """
    own = settings.fanuc
    for name, line in program.signals.items():
        match = _ADDRESS.fullmatch(line.address)
        if match is None or (match["out"] is not None) != line.output or (line.address[:2] in ("GO", "GI", "AO", "AI")) != line.number:
            raise UnsupportedError(
                f"signal '{name}': '{line.address}' is no FANUC {'output' if line.output else 'input'}; valid: DO[n] DI[n] RO[n] RI[n] F[n], groups GO[n] GI[n]"
            )
    files = file_names(program, own.name, own.longest_name or LONGEST_NAME)
    numbers = numbered(program, own, files)
    states = flow(program)
    payload_values(program, states, numbers)
    out = {}
    for routine in program.routines:
        writer = RoutineWriter(program, routine, states.entries[routine.name], numbers, own)
        head = [routine.title]
        if routine is program.routines[0]:
            start = "Start only from the home position" if own.home_signal is None else f"Starts only with {own.home_signal} on"
            head = [program.title, *program.notes, "mm, deg, mm/sec", f"Values: {files[routine.name]}_REGISTERS.TXT", start]
        writer.write(head)
        title = program.title if routine is program.routines[0] else routine.title
        out[f"{files[routine.name]}.LS"] = _file(files[routine.name], title, writer, own.groups)
    out[f"{files[program.routines[0].name]}_REGISTERS.TXT"] = registers_text(program, own, numbers, states)
    return out


def file_names(program: RobotProgram, name: str | None, longest: int) -> dict[str, str]:
    """Routine -> program name. All programs of a controller share one list, so every routine begins with the main program's name."""
    main = identifier(name or program.name, longest)
    prefix = main[: max(longest - 16, longest // 2)]
    others = [routine.name for routine in program.routines[1:]]
    return {program.routines[0].name: main, **identifiers(others, longest, prefix=f"{prefix} ", taken=(main,))}


def _file(name: str, title: str, writer: RoutineWriter, groups: int) -> bytes:
    mask = ["1", "1" if writer.second_group else "*", *["*"] * (groups - 2)]
    lines, count = [], 0
    for text in writer.lines:
        if text.startswith("    :"):
            lines.append(text)
        else:
            count += 1
            lines.append(f"{count:4d}:{text}")
    comment = re.sub(r'[";]', "", ascii_text(title))[:16].strip()
    return crlf([
        f"/PROG  {name}",
        "/ATTR",
        "OWNER\t\t= PLIANT;",
        f'COMMENT\t\t= "{comment}";',
        "PROG_SIZE\t= 0;",
        f"CREATE\t\t= {_DATE};",
        f"MODIFIED\t= {_DATE};",
        "FILE_NAME\t= ;",
        "VERSION\t\t= 0;",
        f"LINE_COUNT\t= {count};",
        "MEMORY_SIZE\t= 0;",
        "PROTECT\t\t= READ_WRITE;",
        "TCD:  STACK_SIZE\t= 0,",
        "      TASK_PRIORITY\t= 50,",
        "      TIME_SLICE\t= 0,",
        "      BUSY_LAMP_OFF\t= 0,",
        "      ABORT_REQUEST\t= 0,",
        "      PAUSE_REQUEST\t= 0;",
        f"DEFAULT_GROUP\t= {','.join(mask)};",
        "CONTROL_CODE\t= 00000000 00000000;",
        "/APPL",
        "/MN",
        *lines,
        "/POS",
        *(line for i, point in enumerate(writer.points) for line in point.lines(i + 1)),
        "/END",
    ])  # fmt: skip
