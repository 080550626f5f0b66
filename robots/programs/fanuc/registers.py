"""The sheet that goes with a FANUC program: tools, frames and payloads are numbers in the text, their values are entered at the robot."""

from __future__ import annotations

import numpy as np

from core.errors import UnsupportedError
from core.frames import Array
from core.units import to_mm
from robots.programs.controller import number_of
from robots.programs.fanuc.flow import Flow
from robots.programs.fanuc.moves import Numbers
from robots.programs.fanuc.text import wpr_deg
from robots.programs.program import Load, RobotProgram, SearchLinear, Shift
from robots.programs.settings import FanucSettings
from robots.programs.text import ascii_text, crlf, number

LAST_TOOL = 29
LAST_FRAME = 61
LAST_PAYLOAD = 10


def numbered(program: RobotProgram, settings: FanucSettings, files: dict[str, str]) -> Numbers:
    """Numbers in order from those of the settings, unless tool or frame have their own.

    Raises:
        UnsupportedError: More than the controller has, or one number twice.
    """
    tools = {name: number_of(tool.number, settings.tool_number + i) for i, (name, tool) in enumerate(program.tools.items())}
    frames = {name: number_of(frame.number, settings.frame_number + i) for i, (name, frame) in enumerate(program.frames.items())}
    payloads: dict[str | None, int] = {None: settings.payload_number}
    payloads |= {name: settings.payload_number + 1 + i for i, name in enumerate(program.loads)}
    for kind, table, last in (("UTOOL", tools, LAST_TOOL), ("UFRAME", frames, LAST_FRAME), ("PAYLOAD", payloads, LAST_PAYLOAD)):
        numbers = list(table.values())
        if len(set(numbers)) != len(numbers) or any(one > last for one in numbers):
            raise UnsupportedError(
                f"FANUC: {kind} numbers {numbers}; each must be used once and not exceed {last}: change programs.fanuc or the cell"
            )
    everything = [one for routine in program.routines for one in routine.walk()]
    results: list[tuple[str, ...]] = [(one.result,) for one in everything if isinstance(one, SearchLinear)]
    results += [one.results for one in everything if isinstance(one, Shift) and len(one.results) > 1]
    shifts = {one: settings.search_register + i for i, one in enumerate(dict.fromkeys(results))}
    if shifts and max(shifts.values()) > settings.position_registers:
        raise UnsupportedError(
            f"FANUC: {len(shifts)} search results and their sums need PR[{settings.search_register}] to PR[{max(shifts.values())}]; the controller has {settings.position_registers}; "
            "instead: search fewer seams in one job, a lower programs.fanuc.search_register, or programs.fanuc.position_registers as the controller has them"
        )
    return Numbers(tools, frames, payloads, files, shifts)


def payload_values(program: RobotProgram, flow: Flow, numbers: Numbers) -> dict[int, tuple[str, Load]]:
    """Schedule -> (what it is, tool and load together in the flange frame).

    Raises:
        UnsupportedError: One load in two tools of different mass: a schedule has one value.
    """
    out = {}
    for name, index in numbers.payloads.items():
        tools = sorted(tool for tool in flow.held.get(name, set()) if tool is not None) or list(program.tools)[:1]
        loads = [program.tools[tool].load if name is None else program.tools[tool].load.plus(program.loads[name]) for tool in tools]
        first = loads[0]
        if any(abs(one.mass - first.mass) > 1e-9 or not np.allclose(one.com, first.com) for one in loads[1:]):
            raise UnsupportedError(
                f"FANUC: load '{name or 'none'}' hangs on tools {', '.join(tools)}, which differ; instead: a load of its own for each tool"
            )
        out[index] = (f"{tools[0]}{'' if name is None else f' with {name}'}", first)
    return out


def registers_text(program: RobotProgram, settings: FanucSettings, numbers: Numbers, flow: Flow) -> bytes:
    """The sheet."""
    main = numbers.files[program.routines[0].name]
    height = settings.world_height_mm
    origin = (
        f"UFRAME values are measured in the controller's WORLD, whose origin is {height:g} mm above the robot's base link."
        if height is not None
        else "ATTENTION: UFRAME values are measured from the robot's base link. FANUC's WORLD has its origin at the height of axis 2: subtract that height from Z."
    )
    out = [
        f"{main}: values to enter at the robot before the program runs",
        ascii_text(program.title),
        "Units: mm, deg, kg, cm. W P R: rotation about fixed X, then Y, then Z.",
        ascii_text(origin),
        "",
        *_table("MENU SETUP FRAMES, USER FRAME", "UFRAME", [
            (numbers.frames[name], name, _pose(frame.T_robot_frame, 0.0 if frame.carried else height or 0.0), "in the positioner's table (coordinated)" if frame.carried else "")
            for name, frame in program.frames.items()
        ]),
        *_table("MENU SETUP FRAMES, TOOL FRAME", "UTOOL", [(numbers.tools[name], name, _pose(tool.T_flange_tcp, 0.0), "") for name, tool in program.tools.items()]),
        "MENU SYSTEM MOTION, PAYLOAD SCHEDULES (centre of mass in the flange frame)",
        f"{'PAYLOAD':>8}  {'name':<24}{'kg':>10}{'X cm':>10}{'Y cm':>10}{'Z cm':>10}",
    ]  # fmt: skip
    for index, (name, load) in payload_values(program, flow, numbers).items():
        x, y, z = (number(to_mm(value) / 10, 2) for value in load.com)
        out.append(f"{index:>8}  {ascii_text(name)[:24]:<24}{number(load.mass, 3):>10}{x:>10}{y:>10}{z:>10}")
    out += [
        "",
        "SIGNALS",
        *(f"{line.address:>8}  {ascii_text(name):<24}{'output' if line.output else 'input'}" for name, line in program.signals.items()),
    ]
    if numbers.shifts:
        out += [
            "",
            "POSITION REGISTERS (overwritten by the program)",
            *(f"{f'PR[{one}]':>8}  {ascii_text(' + '.join(names))}" for names, one in numbers.shifts.items()),
        ]
    if program.procedures:
        out += ["", "WELDING", f"{'proc.':>8}{'sched.':>8}{'mm/sec':>10}  name"]
        for name, one in program.procedures.items():
            out.append(f"{one.number:>8}{one.schedule:>8}{number(to_mm(one.speed), 2):>10}  {ascii_text(one.note or name)}")
    weaves = {name: weave for name, weave in program.weaves.items() if weave.number is not None}
    if weaves:
        out += ["", "WEAVE SCHEDULES", f"{'number':>8}{'Hz':>8}{'mm':>8}{'left s':>8}{'right s':>8}  name"]
        for name, weave in weaves.items():
            values = (
                number(weave.frequency, 2),
                number(to_mm(weave.amplitude), 2),
                number(weave.dwell_left, 3),
                number(weave.dwell_right, 3),
            )
            out.append(f"{weave.number:>8}" + "".join(f"{value:>8}" for value in values) + f"  {ascii_text(name)}, {weave.shape}")
    return crlf(out)


def _pose(T: Array, height_mm: float) -> tuple[float, ...]:
    x, y, z = (to_mm(float(value)) for value in T[:3, 3])
    return (x, y, z - height_mm, *wpr_deg(T))


def _table(title: str, kind: str, rows: list[tuple[int, str, tuple[float, ...], str]]) -> list[str]:
    head = f"{kind:>8}  {'name':<24}" + "".join(f"{name:>12}" for name in ("X mm", "Y mm", "Z mm", "W deg", "P deg", "R deg"))
    lines = [
        f"{index:>8}  {ascii_text(name)[:24]:<24}" + "".join(f"{number(value, 3):>12}" for value in values) + (f"  {note}" if note else "")
        for index, name, values, note in rows
    ]
    return [title, head, *lines, ""]
