"""Universal Robots URScript (e-Series): one `.script` file, an outer function with one function per routine inside.

Joint moves have joint values, straight and circular ones poses in a named frame (`pose_trans(frame, pose)`), so the frame can be corrected at
one place. Frame and tool of a routine are those at its calls. The payload of `set_target_payload` counts from the tool flange: it is tool and
held part together, and it is set where the program says `HoldLoad`, and with a tool that the next line does not load.

Speed of joint moves: URScript names the speed of the axis with the longest way. A share of the greatest joint speeds is written as this share of
the slowest joint's greatest speed, so no joint ever exceeds its share.

Blends: UR rounds a corner inside of a sphere of radius `r` about the target, which is what `Blend` allows; the radii of neighbours are shortened
until they leave a rest of the way between them, because the controller skips a move whose blends overlap.
"""

from __future__ import annotations

from robots.programs.program import RobotProgram
from robots.programs.settings import ProgramSettings
from robots.programs.text import ascii_text, crlf
from robots.programs.urscript.arc import arc_by_signals
from robots.programs.urscript.body import Body, slowest_joint
from robots.programs.urscript.features import CAPABILITIES
from robots.programs.urscript.text import pose, short
from robots.programs.urscript.walk import callees_first, standings
from robots.programs.urscript.words import Words

__all__ = ["CAPABILITIES", "write_urscript"]


def write_urscript(program: RobotProgram, settings: ProgramSettings) -> dict[str, bytes]:
    """The file of a program: `name.script`.

    Raises:
        UnsupportedError: What URScript cannot say, or a signal address that the controller does not have.
    """
    own = settings.urscript
    if [bool(one) for one in program.prismatic] == [True] + [False] * 6:
        raise CAPABILITIES.refuse("track", program.robot)
    program.on_track(CAPABILITIES.title)
    if program.positioner or any(frame.carried for frame in program.frames.values()):
        raise CAPABILITIES.refuse("positioner")
    program = arc_by_signals(program, CAPABILITIES, own.arc_timeout_s)
    words, (entry, end), out = Words(program, own), standings(program), list[str]()
    out.append(f"def {words.name}():")
    out += [f"  # {ascii_text(line)}".rstrip() for line in (program.title, *program.notes)]
    out += [
        "  # units: m, rad, s, kg; p[x, y, z, rx, ry, rz] with a rotation vector",
        f"  # joint moves: 100 % is v={short(slowest_joint(program), 5)}",
        "",
        "  # tools: TCP from the tool flange",
        *(f"  global {words.tools[name]} = {pose(tool.T_flange_tcp)}" for name, tool in program.tools.items()),
        "  # frames in the robot's base: put measured values here when they differ",
        *(f"  global {words.frames[name]} = {pose(frame.T_robot_frame)}" for name, frame in program.frames.items()),
        "",
        "  # signals",
        *(f"  # {line.address}: {ascii_text(name)}" for name, line in program.signals.items()),
        "",
    ]
    for name in words.groups:
        out += _group(program, words, name)
    if program.on_fault:
        out.append("  def make_safe():")
        for one in program.on_fault:
            out.append(f"    {words.set(one)}")
        out += ["  end", ""]
    for routine in callees_first(program):
        out += [f"  def {words.routines[routine.name]}():", f"    # {ascii_text(routine.title)}"]
        out += Body(program, words, own, entry[routine.name], end, routine, "    ").write()
        out += ["  end", ""]
    out.append(f"  # {ascii_text(program.routines[0].title)}")
    out += Body(program, words, own, entry[program.routines[0].name], end, program.routines[0], "  ").write()
    out.append("end")
    if own.call:
        out += ["", f"{words.name}()"]
    return {f"{words.name}.script": crlf(out)}


def _group(program: RobotProgram, words: Words, name: str) -> list[str]:
    """The function that shows a number on a row of outputs."""
    wire = words.wires[name]
    return [
        f"  # {program.signals[name].address}: {ascii_text(name)}, lowest bit first",
        f"  def {words.groups[name]}(value):",
        "    local bits = integer_to_binary_list(value)",
        *(f"    {wire.set(f'bits[{i}]', bit)}" for i, bit in enumerate(wire.bits)),
        "  end",
        "",
    ]
