"""URScript: golden text, reading back, random programs, damaged text, and a program that a person wrote."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from robodk import robomath
from scipy.spatial.transform import Rotation

from core.errors import UnsupportedError
from core.frames import translation
from robots.programs.controller import Controller, controller_of
from robots.programs.events import Halted, LoadChanged, Messaged, Moved, Paused, ProgramTextError, SignalSet, Skipped, Stuck, Waited
from robots.programs.execution import run
from robots.programs.languages import language
from robots.programs.program import (
    ArcOn,
    Call,
    Frame,
    MoveCircular,
    MoveJoint,
    MoveLinear,
    Posture,
    Remark,
    Routine,
    SetSignal,
    SignalLine,
    Tool,
    Trigger,
    UseFrame,
    UseTool,
    WaitSignal,
)
from robots.programs.settings import ProgramSettings
from robots.programs.surroundings import SignalsOnly, all_come
from robots.programs.urscript.arc import arc_by_signals
from robots.programs.urscript.reader import read_urscript
from robots.programs.urscript.text import arc_length, turn
from robots.programs.urscript.values import transform
from robots.programs.urscript.writer import CAPABILITIES, write_urscript
from tests.robots.program_examples import HOME, POSE, TOOL, bending, differences, events, program, random_programs, signals, welding

GOLDEN = Path(__file__).parent / "golden" / "urscript"
SETTINGS = ProgramSettings()
LACKS = frozenset(CAPABILITIES.lacks)
WELD_LINES = {
    "arc-on": SignalLine("CO[0]", True),
    "arc-ok": SignalLine("CI[0]", False),
    "weld-procedure": SignalLine("GO[0..3]", True, True),
}


def lines_welding():
    """The welding example without its weaving, and with lines to the power source."""
    built = welding("urscript")
    routines = tuple(
        replace(routine, body=tuple(replace(one, weave=None) if isinstance(one, ArcOn) else one for one in routine.body))
        for routine in built.routines
    )
    return replace(built, routines=routines, signals=built.signals | WELD_LINES)


BUILT = {"bending": bending("urscript"), "welding": arc_by_signals(lines_welding(), CAPABILITIES, 5.0)}
"""What the text has to do: the arc of the welding job as lines."""
WRITTEN = {"bending": bending("urscript"), "welding": lines_welding()}


def text_of(job):
    (data,) = write_urscript(WRITTEN[job], SETTINGS).values()
    return data.decode().replace("\r\n", "\n")


def read(text, job="bending", **controller):
    return read_urscript({"job.script": text.encode()}, replace(controller_of(BUILT[job], SETTINGS, "urscript"), **controller))


def script(body, *, head="", **controller):
    """A small program read: `body` inside of a function, lines as they stand."""
    text = f"{head}def prog():\n  set_tcp(p[0,0,0.1,0,0,0])\n{body}\nend\nprog()\n"
    return read_urscript({"prog.script": text.encode()}, Controller(**controller))


def there_and_back(built):
    files = write_urscript(built, SETTINGS)
    return read_urscript(files, controller_of(built, SETTINGS, "urscript"))


# Writing


@pytest.mark.parametrize("job", WRITTEN)
def test_text_is_the_golden_one(job):
    for name, data in write_urscript(WRITTEN[job], SETTINGS).items():
        assert data == (GOLDEN / name).read_bytes(), f"{name} differs; look at it, then replace the golden file"


def test_names_are_legal_and_different_from_the_controllers_words():
    built = bending("urscript")
    renamed = {"pick": "force", "bend 1": "Halt", "retreat from pick": "sync"}
    routines = tuple(
        Routine(
            renamed.get(one.name, one.name), one.title,
            tuple(replace(i, routine=renamed[i.routine]) if isinstance(i, Call) else replace(i, retreat="sync") if isinstance(i, WaitSignal) and i.retreat else i for i in one.body),
        )
        for one in built.routines
    )  # fmt: skip
    built = replace(built, routines=routines, name="end")
    files = write_urscript(built, SETTINGS)
    assert list(files) == ["prog_end.script"]
    assert [line.split()[1] for line in files["prog_end.script"].decode().splitlines() if line.strip().startswith("def")] == [
        "prog_end():", "make_safe():", "sync_2():", "force_2():", "halt_2():",
    ]  # fmt: skip
    assert differences(built, there_and_back(built)) == []


@pytest.mark.parametrize(
    ("built", "word"),
    [
        (welding("urscript"), "arc-on, arc-ok, weld-procedure"),
        (replace(welding("urscript"), signals=signals("urscript") | WELD_LINES), "weaving"),
        (program("urscript", (Routine("main", "main", (UseTool("gripper"), Trigger("vacuum-on", True))),)), "output at a point"),
        (program("urscript", (Routine("main", "main", (SetSignal("vacuum-on", True, 0.5),)),)), "pulsed output"),
        (program("urscript", (Routine("main", "main", ()),), positioner=(False,)), "positioner"),
        (program("urscript", (Routine("main", "main", ()),), prismatic=np.array([True] + [False] * 6), lower=-np.ones(7), upper=np.ones(7)), "track"),
        (program("urscript", (Routine("main", "main", (UseTool("gripper"), MoveJoint(None, 0.5, None, None, POSE, Posture("abb", (0, 0, 0, 0)))),),)), "joint move to a pose"),
        (program("urscript", (Routine("main", "main", ()),), signals={"clamp": SignalLine("DO[8]", True)}), r"DO\[0..7\]"),
        (program("urscript", (Routine("main", "main", ()),), signals={"clamp": SignalLine("DI[3]", True)}), r"DO\[0..7\]"),
        (program("urscript", (Routine("main", "main", (SetSignal("bend-number", True),)),)), "whole number"),
        (program("urscript", (Routine("main", "main", (UseTool("gripper"), UseFrame("brake"), MoveJoint(HOME, 0.5), MoveCircular(POSE, POSE, HOME, 0.1, 2.0))),)), "straight move before it"),
    ],
)  # fmt: skip
def test_what_the_language_cannot_say_is_refused(built, word):
    with pytest.raises(UnsupportedError, match=word):
        write_urscript(built, SETTINGS)


def test_routines_that_are_called_in_two_frames_are_refused():
    main = Routine("main", "main", (UseTool("gripper"), UseFrame("brake"), Call("step"), UseFrame("table"), Call("step")))
    step = Routine("step", "step", (MoveLinear(POSE, HOME, 0.1),))
    built = program("urscript", (main, step))
    with pytest.raises(UnsupportedError, match="'step' is called with tool and frame"):
        write_urscript(replace(built, frames=built.frames | {"table": Frame(np.eye(4))}), SETTINGS)


def test_a_routine_may_choose_the_frame_for_its_caller():
    main = Routine(
        "main", "main", (UseTool("gripper"), UseFrame("brake"), MoveLinear(POSE, HOME, 0.1), Call("step"), MoveLinear(POSE, HOME, 0.1))
    )
    step = Routine("step", "step", (UseFrame("table"),))
    built = program("urscript", (main, step))
    built = replace(built, frames=built.frames | {"table": Frame(translation(0, 0, 1))})
    assert differences(built, there_and_back(built)) == []


def test_blends_are_shortened_until_they_do_not_overlap():
    def at(x):
        return translation(x, 0, 0)

    moves = (MoveLinear(at(0), HOME, 0.1, None, 0.05), MoveLinear(at(0.04), HOME, 0.1, None, 0.05), MoveLinear(at(0.5), HOME, 0.1, None, 0.01), MoveLinear(at(1.0), HOME, 0.1, None, 0.2))  # fmt: skip
    built = program("urscript", (Routine("main", "main", (UseTool("gripper"), UseFrame("brake"), *moves)),))
    moved = [one for one in events(there_and_back(built)) if isinstance(one, Moved)]
    radii = [one.blend or 0.0 for one in moved]
    # 40 mm between the first two: 18 mm each; nothing comes after the last one.
    assert radii == pytest.approx([0.018, 0.018, 0.01, 0.0])


def test_a_corner_is_not_rounded_before_a_signal():
    body = (UseTool("gripper"), UseFrame("brake"), MoveJoint(HOME, 0.5, 0.01), Remark("x"), SetSignal("bend-start", True), MoveJoint(HOME, 0.5, 0.01), Call("step"))  # fmt: skip
    built = program("urscript", (Routine("main", "main", body), Routine("step", "step", (MoveJoint(HOME + 0.1, 0.5),))))
    assert [one.blend for one in events(there_and_back(built)) if isinstance(one, Moved)] == [None, 0.01, None]


def test_circles_with_a_duration_get_the_speed_that_takes_so_long():
    start, via, end = np.eye(4), translation(0.1, 0.1, 0), translation(0.2, 0, 0)
    body = (UseTool("gripper"), UseFrame("brake"), MoveLinear(start, HOME, 0.1), MoveCircular(via, end, HOME, 0.3, 2.0))
    moved = list(run(there_and_back(program("urscript", (Routine("main", "main", body),)))))[-1]
    # Half a circle of radius 0.1 m in 2 s.
    assert moved.kind == "circular" and moved.speed == pytest.approx(np.pi * 0.1 / 2, abs=1e-5)
    assert arc_length(np.zeros(3), np.array([0.1, 0, 0]), np.array([0.3, 0, 0])) == pytest.approx(0.3)


def test_a_limited_turn_speed_becomes_the_time_of_the_turn():
    turned = np.eye(4)
    turned[:3, :3] = Rotation.from_rotvec([0, 0, 1.0]).as_matrix()
    turned[0, 3] = 0.01
    body = (UseTool("gripper"), UseFrame("brake"), MoveLinear(np.eye(4), HOME, 0.1), MoveLinear(turned, HOME, 0.1, turn_speed=0.5))
    moved = list(run(there_and_back(program("urscript", (Routine("main", "main", body),)))))[-1]
    assert moved.duration == pytest.approx(2.0)


def test_joint_speed_is_the_share_of_the_slowest_joint():
    speeds = np.array([2.0, 2.0, 3.0, 3.0, 3.0, 3.0])
    built = program(
        "urscript", (Routine("main", "main", (UseTool("gripper"), UseFrame("brake"), MoveJoint(HOME, 0.25))),), joint_speeds=speeds
    )
    (data,) = write_urscript(built, SETTINGS).values()
    assert b"v=0.5)" in data
    assert events(there_and_back(built))[-1].speed == pytest.approx(0.25)


def test_orientations_agree_with_scipy_and_robodk():
    rng = np.random.default_rng(5)
    for angle in (0.0, 1e-9, 1e-6, 0.3, 2.0, np.pi - 1e-6, np.pi - 1e-8, np.pi):
        for _ in range(20):
            axis = rng.normal(size=3)
            R = Rotation.from_rotvec(axis / np.linalg.norm(axis) * angle).as_matrix()
            vector = turn(R)
            assert Rotation.from_matrix(R).inv().__mul__(Rotation.from_rotvec(vector)).magnitude() < 1e-9
            mine = transform(0.1, 0.2, 0.3, *vector)
            theirs = np.array(robomath.UR_2_Pose([100.0, 200.0, 300.0, *vector]).Rows())
            assert mine[:3, :3] == pytest.approx(theirs[:3, :3], abs=1e-9) and mine[:3, 3] * 1e3 == pytest.approx(theirs[:3, 3])


# Back again


@pytest.mark.parametrize("job", BUILT)
@pytest.mark.parametrize("missing", [None, "DI[5]", "DI[7]", "IR[24]", "CI[0]"])
def test_the_text_does_what_the_program_says(job, missing):
    def inputs(address, value):
        del value
        return address != missing

    assert differences(BUILT[job], there_and_back(WRITTEN[job]), inputs) == []


def test_a_part_that_is_not_held_is_safe_halted_retreated_from_and_the_end():
    done = events(there_and_back(bending("urscript")), lambda address, value: address != "DI[5]")
    at = next(i for i, one in enumerate(done) if isinstance(one, Waited) and not one.came)
    assert [type(one) for one in done[at:]] == [Waited, SignalSet, Halted, Moved, Halted]
    assert (done[at].timeout, done[at].seconds) == (10.0, pytest.approx(10.0))
    assert (done[at + 1].address, done[at + 1].value) == ("DO[2]", False)
    assert not done[at + 2].ends and done[-1].ends and done[at].at.line > 0


def test_groups_of_outputs_and_inputs_come_back_as_numbers():
    lines = signals("urscript") | {
        "bend-number": SignalLine("GO[4..7]", True, True),
        "bend-number-echo": SignalLine("GI[0..3]", False, True),
    }
    built = replace(bending("urscript"), signals=lines)
    back = there_and_back(built)
    assert differences(built, back) == []
    assert {"GO[4..7]", "GI[0..3]"} < set(back.signals) and "DO[4]" in back.signals and "DI[0]" not in back.signals
    assert differences(built, back, lambda address, value: address != "GI[0..3]") == []


@pytest.mark.slow
def test_a_thousand_random_programs_come_back():
    @settings(max_examples=1000, deadline=None, database=None, derandomize=True)
    @given(random_programs("urscript", lacks=LACKS))
    def comes_back(built):
        assert differences(built, there_and_back(built)) == []

    comes_back()


# Damage


def swapped(text, old, new):
    assert text.count(old) >= 1, old
    return text.replace(old, new, 1)


MUTATIONS = {
    "closing bracket of a list dropped": ("bending", "-2.8670597], a", "-2.8670597, a"),
    "closing bracket of a call dropped": ("bending", "v=0.4)", "v=0.4"),
    "comma dropped": ("bending", "-0.2500000, 0.0505000", "-0.2500000 0.0505000"),
    "two angles swapped": ("bending", "-1.92687451, -0.51630447", "-0.51630447, -1.92687451"),
    "two joints swapped": ("bending", "[0.1000000, -1.4707963", "[-1.4707963, 0.1000000"),
    "a move removed": ("bending", "    movej([0.2000000, -1.3707963, 1.7707963, 0.2000000, 0.9853982, -2.7670597], a=1.3963, v=1.5708)\n", ""),
    "a joint too few": ("bending", "[0.1000000, -1.4707963", "[-1.4707963"),
    "a joint too many": ("bending", "[0.1000000, -1.4707963", "[0.0, 0.1000000, -1.4707963"),
    "a pose of 5 values": ("bending", "p[0.1000000, -0.2500000, 0.0505000,", "p[0.1000000, -0.2500000,"),
    "a pose without its p": ("bending", "set_tcp(tool_gripper)", "set_tcp([0.0, 0.0, 0.2, 0.0, 0.0, 0.0])"),
    "unknown frame": ("bending", "pose_trans(frame_brake", "pose_trans(frame_break"),
    "unknown tool": ("bending", "set_tcp(tool_gripper)", "set_tcp(tool_griper)"),
    "another tool": ("bending", "global tool_gripper = p[0.0000000, 0.0000000, 0.2", "global tool_gripper = p[0.0000000, 0.0000000, 0.3"),
    "another frame": ("bending", "global frame_brake = p[1.7500000", "global frame_brake = p[1.7510000"),
    "frame left out": ("bending", "pose_trans(frame_brake, p[0.1000000, -0.2500000, 0.0505000, -1.92687451, -1.92687451, -0.51630447])", "p[0.1000000, -0.2500000, 0.0505000, -1.92687451, -1.92687451, -0.51630447]"),
    "joint limit exceeded": ("bending", "[0.2000000, -1.3707963", "[6.5000000, -1.3707963"),
    "degrees for radians": ("bending", "[0.2000000, -1.3707963", "[11.459156, -78.540843"),
    "a wait's loop skipped": ("bending", "    while (not get_standard_digital_in(5)) and (waited < 10.0):\n      sleep(0.01)\n      waited = waited + 0.01\n    end\n", ""),
    "a wait for the other value": ("bending", "while (not get_standard_digital_in(5))", "while (get_standard_digital_in(5))"),
    "a wait for another line": ("bending", "get_standard_digital_in(5)", "get_standard_digital_in(7)"),
    "a line that is not wired": ("bending", "get_standard_digital_in(5)", "get_standard_digital_in(6)"),
    "a line that does not exist": ("bending", "get_standard_digital_in(5)", "get_standard_digital_in(8)"),
    "another timeout": ("bending", "waited < 10.0", "waited < 20.0"),
    "the counter set to another value": ("welding", "    waited = 0.0\n    while (get_configurable", "    waited = 3.0\n    while (get_configurable"),
    "the loop does not count": ("bending", "      waited = waited + 0.01\n", ""),
    "misspelt function": ("bending", "set_standard_digital_out(4, True)", "set_standard_digital_ot(4, True)"),
    "misspelt routine": ("bending", "  bend_1()\n", "  bend_l()\n"),
    "misspelt variable": ("bending", "waited = waited + 0.01", "waited = wated + 0.01"),
    "misspelt argument": ("bending", "a=1.2, v=0.4", "a=1.2, w=0.4"),
    "an argument twice": ("bending", "a=1.2, v=0.4", "a=1.2, v=0.4, v=0.5"),
    "two functions of one name": ("bending", "def bend_1():", "def pick():"),
    "an end missing": ("bending", "  def bend_1():", "  end\n  def bend_1():".replace("  end\n", "  if True:\n")),
    "an end too many": ("bending", "    sleep(1.5)\n", "    sleep(1.5)\n    end\n"),
    "the last end missing": ("bending", "end\n\nwinkel_3_teilig()", "\nwinkel_3_teilig()"),
    "END in capitals": ("bending", "    sleep(1.5)\n  end", "    sleep(1.5)\n  END"),
    "true in small letters": ("bending", "set_standard_digital_out(4, True)", "set_standard_digital_out(4, true)"),
    "missing head": ("bending", "def winkel_3_teilig():\n", ""),
    "head without colon": ("bending", "def winkel_3_teilig():", "def winkel_3_teilig()"),
    "while without colon": ("bending", "(waited < 10.0):", "(waited < 10.0)"),
    "the program is not called": ("bending", "\nwinkel_3_teilig()\n", "\n"),
    "another name is called": ("bending", "\nwinkel_3_teilig()\n", "\nwinkel_3_teile()\n"),
    "a number with a comma": ("bending", "v=0.4", "v=0,4"),
    "a number with two points": ("bending", "v=0.4", "v=0.4.1"),
    "speed 0": ("bending", "v=0.4", "v=0.0"),
    "straight speed too high": ("bending", "v=0.4", "v=400.0"),
    "joint speed too high": ("bending", "v=1.5708)", "v=15.708)"),
    "acceleration 0": ("bending", "a=1.2, v=0.4", "a=0.0, v=0.4"),
    "another time": ("bending", "t=0.4", "t=0.6"),
    "negative time": ("bending", "t=0.4", "t=-0.4"),
    "blends overlap": ("bending", "t=0.4, r=0.001", "t=0.4, r=0.03"),
    "blend at the last move": ("bending", "v=3.14159)", "v=3.14159, r=0.01)"),
    "a number for a bool": ("bending", "set_standard_digital_out(4, True)", "set_standard_digital_out(4, 1)"),
    "a bool for a number": ("bending", "write_output_integer_register(24, 1)", "write_output_integer_register(24, True)"),
    "another number": ("bending", "write_output_integer_register(24, 1)", "write_output_integer_register(24, 2)"),
    "another register": ("bending", "write_output_integer_register(24, 1)", "write_output_integer_register(25, 1)"),
    "bits of a group swapped": ("welding", "set_standard_digital_out(1, bits[1])", "set_standard_digital_out(1, bits[2])"),
    "a bit of a group missing": ("welding", "    set_standard_digital_out(3, bits[3])\n", ""),
    "centre of gravity in mm": ("bending", "[0.0021, 0.0000, 0.1371]", "[2.1, 0.0, 137.1]"),
    "centre of gravity with 2 figures": ("bending", "[0.0021, 0.0000, 0.1371]", "[0.0021, 0.1371]"),
    "another mass": ("bending", "set_target_payload(7.6", "set_target_payload(6.7"),
    "no safe outputs": ("bending", "      make_safe()\n", ""),
    "no halt after the retreat": ("bending", "      halt\n", ""),
    "no popup before the retreat": ("bending", ", blocking=True)", ")"),
    "string without its end": ("bending", 'title="Fault"', 'title="Fault'),
    "routine calls itself": ("bending", "    # pick: the sheet (1 mm)\n", "    pick()\n"),
    "arc left on": ("welding", "    # arc off, crater filled\n    set_configurable_digital_out(0, False)  # arc-on\n", ""),
    "via and end swapped": ("welding", "p[0.6500000, 0.1200000", "p[0.6700000, 0.1700000"),
    "fixed orientation on the circle": ("welding", "mode=0", "mode=1"),
    "assignment to a keyword": ("bending", "    sleep(1.5)\n", "    local end = 1.5\n"),
    "= for ==": ("bending", "(waited < 10.0)", "(waited = 10.0)"),
    "semicolon": ("bending", "    sleep(1.5)\n", "    sleep(1.5);\n"),
}  # fmt: skip


@pytest.mark.parametrize("kind", MUTATIONS)
def test_every_damage_is_noticed(kind):
    job, old, new = MUTATIONS[kind]
    text = swapped(text_of(job), old, new)
    try:
        back = read(text, job)
        found = [
            *differences(BUILT[job], back),
            *(differences(BUILT[job], back, lambda address, value: address not in ("DI[5]", "CI[0]"))),
        ]
    except ProgramTextError as fault:
        assert fault.file == "job.script" and fault.place is not None and fault.place.startswith("line "), str(fault)
    else:
        assert found != []


def test_errors_name_line_and_column():
    with pytest.raises(ProgramTextError, match=r"^prog.script: line 3, column 11: variable 'speed' does not exist; there are: y"):
        script("  y = 1 * speed")
    with pytest.raises(ProgramTextError, match=r"is 'move[jl]' meant"):
        script("  move_j([0,0,0,0,0,0])")
    with pytest.raises(ProgramTextError, match=r"line 3: function 'prog' stands twice; first in line 1"):
        script("  def prog():\n  end")


@pytest.mark.parametrize(
    "data",
    [
        b"", b"\x00\x01", b"def x():\n\xff\xfe\nend\nx()\n", b"def x():\n  sleep(" + b"(" * 5000, b"def x():\n" + b"  if True:\n" * 3000,
        b"def x():\n  movej([" + b"1" * 9000 + b"\n", b"def x():\n  y = " + b"1+" * 4000 + b"1\nend\nx()\n", b"a" * 2_000_000, b"(" * 9999,
        b"def x():\n  y = " + b"-" * 9000 + b"1\nend\nx()\n", b"def x():\n  y = " + b"not " * 2400 + b"True\nend\nx()\n",
        b"def x():\n  if True:\n" + b"  elif True:\n" * 5000 + b"  end\nend\nx()\n", b"def a():\n b()\nend\ndef b():\n a()\nend\na()\n",
        b"def x():\n  movej([" + b"1," * 4000 + b"\nend\nx()\n", b"def x():\n  a = " + b"x[" * 3000 + b"\nend\n", b"def x():\n  y = " + b"a." * 4000 + b"\nend\n",
        b"def x():\n  sleep(g3000)\nend\n" + b"".join(b"g%d = g%d + 1\n" % (i + 1, i) for i in reversed(range(3001))) + b"g0 = 1\nx()\n",
        b"if True:\n x = 1\n" * 100_000, b"rg_grip(1)\n" * 3000,
        b"".join(b"a%d = 1\na%d = 2\nif a%d == 1:\nend\n" % (i, i, i) for i in range(4_000)),
    ],
)  # fmt: skip
def test_bad_text_is_an_error_and_never_a_hang(data):
    start = time.process_time()
    try:
        list(run(read_urscript({"x.script": data}, Controller()), skip_unknown=True))
    except ProgramTextError as fault:
        assert fault.file == "x.script" and fault.place is not None
    assert time.process_time() - start < 2.0


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_garbled_text_never_crashes(data):
    text = bytearray(text_of(data.draw(st.sampled_from(["bending", "welding"]))).encode())
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(text) - 1))
        kind = data.draw(st.sampled_from(["cut", "drop", "put", "double"]))
        if kind == "cut":
            del text[at:]
        elif kind == "drop":
            del text[at : at + data.draw(st.integers(1, 40))]
        elif kind == "put":
            text[at:at] = data.draw(st.binary(min_size=1, max_size=6)) or b" "
        else:
            text[at:at] = text[at : at + 60]
        if not text:
            break
    try:
        list(run(read_urscript({"x.script": bytes(text)}, controller_of(BUILT["bending"], SETTINGS, "urscript")), skip_unknown=True))
    except ProgramTextError as fault:
        assert fault.place is not None


def test_only_one_script_is_a_program():
    for files in ({}, {"a.mod": b"x"}, {"a.script": b"x", "b.script": b"y"}):
        with pytest.raises(ProgramTextError, match=r"one \.script file"):
            read_urscript(files, Controller())


# What people write

BY_HAND = """\
# pallet of brackets, three rows; gripper on the tool's output
def Pallet():
  $ 1 "Robot Program"
  set_tcp(p[0, 0, 0.15, 0, 0, 0])
  set_payload(1.5, [0, 0, 0.05])
  global  home = [0, d2r(-90), d2r(90), d2r(-90), d2r(-90), 0]
  global above=p[0.4, 0.1, 0.3, 0, d2r(180), 0]
  global row = 0
  global fast = 0.5 * 2

  def grip( close ):
    if close:
      set_tool_digital_out(0, True)
    else:
      set_tool_digital_out(0, False)
    end
    sleep(0.3)
    return get_tool_digital_in(0)
  end

  def place(from_left):
    local drop = pose_add(above, p[0, 0.05, -0.1, 0, 0, 0])
    movel(drop, v=0.1)
    drop = pose_trans(drop, p[0, 0, 0.02, 0, 0, 0])
    movel(drop, a=0.5, v = 0.05)
    held = grip(False)
    if from_left and not held:
      write_output_integer_register(3, row * 10 + 1)
    elif row == 1:
      set_digital_out(9, True)
    else:
      textmsg("row ", "done")
    end
    movel(above, 1.2, fast)
  end

  movej(home, a=1.0, v=0.5)
  while row < 3:
    if get_digital_in(2) == False:
      row = row + 1
      continue
    end
    movej(get_inverse_kin(above, qnear=home))
    ok = grip(True)
    place(row != 1)
    rg_wiggle(4)
    force_mode(above, [0,0,1,0,0,0], [0,0,10,0,0,0], 2, [0.1,0.1,0.1,0.3,0.3,0.3])
    row = row + 1
    if row >= 2:
      break
    end
  end
  while not get_standard_digital_in(3):
    sync()
  end
  waited = 0
  while get_standard_digital_in(1) == False and waited < 300:
    waited = waited + 1
    sleep(0.01)
  end
  if waited >= 300:
    popup("no pallet", blocking=True)
  end
  movej(home)
  halt
end

Pallet()
"""


def test_a_program_that_a_person_wrote_runs():
    back = read_urscript({"Pallet.script": BY_HAND.encode()}, Controller())
    assert [routine.name for routine in back.routines] == ["Pallet", "grip", "place"]
    with pytest.raises(ProgramTextError, match=r"line 46: not understood: 'rg_wiggle\(4\)'"):
        list(run(back, _Shown({"DI[2]": True, "DI[3]": True, "DI[1]": True})))
    done = list(run(back, _Shown({"DI[2]": True, "DI[3]": True, "DI[1]": True}), skip_unknown=True))
    moves = [one for one in done if isinstance(one, Moved)]
    # Home, twice (pose, drop, lower, up), home.
    assert [one.kind for one in moves] == ["joint", *["joint", "linear", "linear", "linear"] * 2, "joint"]
    assert moves[0].q == pytest.approx(np.radians([0, -90, 90, -90, -90, 0])) and moves[0].speed == pytest.approx(0.5 / np.pi)
    assert moves[1].posture == Posture("near", tuple(np.radians([0.0, -90, 90, -90, -90, 0]))) and moves[1].speed == pytest.approx(
        1.05 / np.pi
    )
    assert moves[2].T_target[:3, 3] == pytest.approx([0.4, 0.15, 0.2]) and moves[2].speed == 0.1
    # The tool points down: 20 mm along it are 20 mm lower.
    assert moves[3].T_target[:3, 3] == pytest.approx([0.4, 0.15, 0.18]) and moves[4].speed == 1.0
    assert moves[4].T_flange_tcp[2, 3] == 0.15
    sets = [(one.address, one.value) for one in done if isinstance(one, SignalSet)]
    assert sets == [("TO[0]", True), ("TO[0]", False), ("OR[3]", 1), ("TO[0]", True), ("TO[0]", False), ("TO[1]", True)]
    assert [one.text.split("(")[0] for one in done if isinstance(one, Skipped)] == ["rg_wiggle", "force_mode"] * 2
    assert [one.load.mass for one in done if isinstance(one, LoadChanged)] == [1.5]
    assert sum(one.seconds for one in done if isinstance(one, Paused)) == pytest.approx(4 * 0.3)
    waits = [one for one in done if isinstance(one, Waited)]
    assert [(one.signals, one.timeout, one.came) for one in waits] == [((("DI[3]", True),), None, True), ((("DI[1]", True),), 3.0, True)]
    assert isinstance(done[-1], Halted) and done[-1].ends


def test_waits_of_a_person_run_out_of_time():
    back = read_urscript({"Pallet.script": BY_HAND.encode()}, Controller())
    done = list(run(back, _Shown({"DI[2]": False, "DI[3]": True, "DI[1]": False})))
    assert [type(one) for one in done if isinstance(one, Moved | Waited | Halted)] == [Moved, Waited, Waited, Halted, Moved, Halted]
    assert not [one for one in done if isinstance(one, Waited)][-1].came
    stuck = list(run(back, _Shown({"DI[2]": False, "DI[3]": False, "DI[1]": True})))[-1]
    assert isinstance(stuck, Stuck) and stuck.signals == (("DI[3]", True),) and stuck.at.line == 53


class _Shown(SignalsOnly):
    """Inputs that never change."""

    def __init__(self, shown):
        super().__init__(all_come)
        self.fixed = shown

    def read(self, address):
        return self.fixed.get(address, self.shown.get(address, False))

    def expect(self, signals):
        pass


def test_statements_of_the_file_itself_are_the_program():
    text = b"global lift = 0.1\ndef up():\n  movel(p[0.4, 0, 0.2 + lift, 0, 3.14, 0])\nend\nset_tcp(p[0,0,0,0,0,0])\nup()\nup()\n"
    moves = [one for one in run(read_urscript({"node.script": text}, Controller())) if isinstance(one, Moved)]
    assert [one.T_target[2, 3] for one in moves] == pytest.approx([0.3, 0.3])


def test_values_that_only_the_program_knows_are_kept_as_text():
    back = script(
        "  here = get_actual_tcp_pose()\n  movel(pose_trans(here, p[0,0,0.1,0,0,0]))\n  thread watch():\n    sync()\n  end\n  run watch()"
    )
    assert [one.text for one in run(back, skip_unknown=True) if isinstance(one, Skipped)] == [
        "here = get_actual_tcp_pose()", "movel(pose_trans(here, p[0,0,0.1,0,0,0]))", "run watch()",
    ]  # fmt: skip


def test_a_pose_that_a_loop_changes_is_not_taken_for_the_first_one():
    back = script(
        "  pos = p[0.4,0,0.2,0,0,0]\n  n = 0\n  while n < 2:\n    movel(pos)\n    pos = pose_add(pos, p[0,0,0.1,0,0,0])\n    n = n + 1\n  end"
    )
    kinds = [type(one).__name__ for one in run(back, skip_unknown=True)]
    assert "Moved" not in kinds and kinds.count("Skipped") == 4


def test_a_pose_that_gets_two_values_is_not_known_inside_of_a_function():
    back = script(
        "  pos = p[0.4,0,0.2,0,0,0]\n  def go():\n    movel(pos)\n  end\n  movel(pos)\n  pos = p[0.5,0,0.2,0,0,0]\n  go()\n  movel(pos)"
    )
    done = list(run(back, skip_unknown=True))
    assert [one.T_target[0, 3] if isinstance(one, Moved) else one.text for one in done] == [0.4, "movel(pos)", 0.5]


def test_a_pose_that_gets_one_value_is_known_everywhere():
    back = script(
        "  def go():\n    movel(pose_trans(pos, p[0,0,0.1,0,0,0]))\n  end\n  local n\n  n = 2\n  global pos = p[0.4,0,n*0.1,0,0,0]\n  go()"
    )
    (text,) = [one.text for one in run(back, skip_unknown=True) if isinstance(one, Skipped) and "movel" in one.text]
    assert text.startswith("movel")
    back = script("  def go():\n    movel(pose_trans(pos, p[0,0,0.1,0,0,0]))\n  end\n  n = 2\n  global pos = p[0.4,0,n*0.1,0,0,0]\n  go()")
    assert [one.T_target[2, 3] for one in run(back)] == pytest.approx([0.3])


def test_asking_the_operator_changes_nothing_else():
    back = script('  if force() > 50:\n    popup("look", blocking=True)\n  end\n  if force() > 50:\n    halt\n  end')
    done = list(run(back, skip_unknown=True))
    assert [type(one) for one in done] == [Messaged, Skipped] and done[1].text == "if force() > 50: .. end"


def test_limits_and_axes_of_the_controller_count():
    with pytest.raises(ProgramTextError, match=r"line 3: joint 2 at 1.6 rad is outside of -1.5000..1.5000 rad"):
        script("  movej([0, 1.6, 0, 0, 0, 0])", lower=np.full(6, -1.5), upper=np.full(6, 1.5))
    with pytest.raises(ProgramTextError, match="external axes"):
        script("  halt", track=True)
    with pytest.raises(ProgramTextError, match=r"line 3: speed v=3.2 must be greater than 0 and at most 3 rad/s"):
        script("  movej([0, 1, 0, 0, 0, 0], v=3.2)", joint_speeds=np.array([2.0, 2, 3, 3, 3, 3]))


def test_functions_in_conditions_are_called_at_every_turn():
    back = script(
        "  n = 0\n  def more():\n    n = n + 1\n    return n < 3\n  end\n  while more():\n    sleep(1)\n  end\n  if not more():\n    sleep(5)\n  end"
    )
    assert [one.seconds for one in run(back) if isinstance(one, Paused)] == [1.0, 1.0, 5.0]


def test_functions_return_what_functions_return():
    back = script(
        "  def half(x):\n    return x / 2\n  end\n  def quarter(x):\n    return half(x) / 2\n  end\n  y = quarter(8) + 1\n  sleep(y)"
    )
    assert [one.seconds for one in run(back) if isinstance(one, Paused)] == [3.0]


def test_the_installation_holds_the_tcp_that_the_text_does_not_set():
    text = b"movel(p[0.4,0,0.2,0,0,0])\n"
    with pytest.raises(ProgramTextError, match="line 1: a move to a pose, but no set_tcp"):
        read_urscript({"a.script": text}, Controller())
    (moved,) = run(read_urscript({"a.script": text}, Controller(tools={1: Tool(translation(0, 0, 0.3), TOOL.load)})))
    assert moved.T_flange_tcp[2, 3] == 0.3


def test_the_language_is_registered_with_every_feature():
    assert language("urscript").write is write_urscript and language("urscript").read is read_urscript


def test_ten_megabytes_are_read_in_time():
    rng = np.random.default_rng(3)
    lines = [
        "  movel(pose_trans(f, p[" + ", ".join(f"{v:.7f}" for v in row) + "]), a=1.2, v=0.4)" for row in rng.uniform(-1, 1, (20_000, 6))
    ]
    text = "\r\n".join(["def big():", "  global f = p[0.1, 0.2, 0.3, 0.1, 0.2, 0.3]", "  set_tcp(f)", *lines, "end", "big()", ""]).encode()
    start = time.process_time()
    back = read_urscript({"big.script": text}, Controller())
    took = time.process_time() - start
    assert sum(isinstance(one, MoveLinear) for one in back.routines[0].body) == 20_000
    assert took * 10e6 / len(text) < 10.0, f"{took:.2f} s for {len(text) / 1e6:.1f} MB"
