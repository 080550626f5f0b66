"""KRL: golden text, what is written comes back, damage is found, programs that people wrote are read."""

from __future__ import annotations

import dataclasses
import math
import time
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from robodk import robomath
from scipy.spatial.transform import Rotation

from core.errors import UnsupportedError
from core.frames import from_xyz_rpy, translation
from robots.programs.controller import Controller, controller_of
from robots.programs.events import ArcChanged, Halted, LoadChanged, Messaged, Moved, Paused, ProgramTextError, SignalSet, Skipped, Waited
from robots.programs.execution import run
from robots.programs.krl.motion_text import arc_length
from robots.programs.krl.reader import read_krl
from robots.programs.krl.text import abc_deg
from robots.programs.krl.writer import CAPABILITIES, write_krl
from robots.programs.languages import language
from robots.programs.program import (
    ArcOn,
    Assign,
    Call,
    Frame,
    Load,
    MoveCircular,
    MoveJoint,
    MoveLinear,
    Posture,
    Procedure,
    Routine,
    SearchLinear,
    SetBlend,
    SetSignal,
    SetSpeed,
    Shift,
    SignalLine,
    Tool,
    Trigger,
    UseFrame,
    UseTool,
    Weave,
)
from robots.programs.settings import KrlSettings, ProgramSettings
from robots.programs.surroundings import SignalsOnly
from tests.robots.program_examples import HOME, POSE, TOOL, bending, differences, program, random_programs, welding

GOLDEN = Path(__file__).parent / "golden" / "krl"
PLAIN = ProgramSettings()


def write(built, own=PLAIN):
    return write_krl(built, own)


def read(files, built, own=PLAIN):
    return read_krl(files, controller_of(built, own, "krl"))


def there_and_back(built, own=PLAIN):
    return read(write(built, own), built, own)


def body(*instructions, **more):
    head = (UseTool("gripper"), UseFrame("brake"), MoveJoint(HOME, 0.5))
    return program("krl", (Routine("main", "main", (*head, *instructions)), *more.pop("routines", ())), **more)


def src(built, own=PLAIN):
    return next(data for name, data in write(built, own).items() if name.endswith(".src")).decode().split("\r\n")


def dat(built, own=PLAIN):
    return next(data for name, data in write(built, own).items() if name.endswith(".dat")).decode().split("\r\n")


# Golden text


@pytest.mark.parametrize("example", [bending, welding])
def test_text_is_the_golden_one(example):
    for name, data in write(example("krl")).items():
        assert data == (GOLDEN / name).read_bytes(), f"{name} differs; read it as the person at the robot, then replace the golden file"


# There and back


def tracked():
    """The bending job with a track that stands somewhere else at every move."""
    built = bending("krl")
    count = 0

    def moved(one):
        nonlocal count
        if not isinstance(one, MoveJoint | MoveLinear):
            return one
        count += 1
        return dataclasses.replace(one, q=np.r_[0.125 * count - 0.5, one.q])

    routines = tuple(dataclasses.replace(routine, body=tuple(moved(one) for one in routine.body)) for routine in built.routines)
    slides = np.array([True] + [False] * 6)
    lower, upper = np.r_[-2.0, built.lower], np.r_[2.0, built.upper]
    return dataclasses.replace(built, routines=routines, lower=lower, upper=upper, prismatic=slides, track_speed=1.5)


def positioned():
    """The welding job on a table that tilts and turns, the seam in the table's frame."""
    built = welding("krl")
    angles = iter((math.radians(30 + 5 * i), math.radians(-90 + 10 * i)) for i in range(20))

    def moved(one):
        return dataclasses.replace(one, external=next(angles)) if isinstance(one, MoveJoint | MoveLinear | MoveCircular) else one

    routines = tuple(dataclasses.replace(routine, body=tuple(moved(one) for one in routine.body)) for routine in built.routines)
    frames = {"part": dataclasses.replace(built.frames["part"], carried=True)}
    return dataclasses.replace(built, routines=routines, frames=frames, positioner=(False, False))


@pytest.mark.parametrize("build", [lambda: bending("krl"), lambda: welding("krl"), tracked, positioned])
def test_what_is_written_comes_back(build):
    built = build()
    assert differences(built, there_and_back(built)) == []


@pytest.mark.parametrize("address", ["$IN[8]", "$IN[17..24]"])
@pytest.mark.parametrize("build", [lambda: bending("krl"), tracked])
def test_a_line_that_does_not_come_makes_safe_halts_retreats_and_ends(build, address):
    built = build()
    back = there_and_back(built)

    def inputs(name, value):
        return name != address

    assert differences(built, back, inputs) == []
    happened = list(run(back, SignalsOnly(inputs)))
    late = next(i for i, event in enumerate(happened) if isinstance(event, Waited) and not event.came)
    kinds = [type(event) for event in happened[late:]]
    retreat = [Moved] if address == "$IN[8]" else []
    assert kinds == [Waited, SignalSet, Messaged, Halted, *retreat, Halted] and happened[-1].ends
    assert happened[late + 1].address == "$OUT[2]" and happened[late + 1].value is False
    assert ("part-held is not TRUE after 10 s" if retreat else "bend-number-echo is not 1 after 5 s") == happened[late + 2].text


def test_numbered_tools_and_bases_of_the_controller():
    own = ProgramSettings(krl=KrlSettings(tool_number=3, base_number=7))
    built = bending("krl")
    text = src(built, own)
    assert "$TOOL=TOOL_DATA[3]" in text and "$BASE=BASE_DATA[7]" in text and "$LOAD=LOAD_DATA[3]" in text
    assert not any(line.startswith("DECL FRAME") for line in dat(built, own))
    assert differences(built, there_and_back(built, own)) == []
    files = {name: data.replace(b"TOOL_DATA[3]", b"TOOL_DATA[4]") for name, data in write(built, own).items()}
    with pytest.raises(ProgramTextError, match="tool 4 is not set up on this controller; there are: 3"):
        read(files, built, own)
    # A tool that exists but is another one is legal text.
    two = dataclasses.replace(controller_of(built, own, "krl"), tools={3: TOOL, 4: Tool(translation(0, 0, 0.3), TOOL.load)})
    assert any("tool differs by 100.0" in text for text in differences(built, read_krl(files, two)))


def test_joint_moves_to_poses_triggers_pulses_and_modal_values():
    built = body(
        MoveJoint(None, 0.4, None, None, POSE, Posture("kuka", (2, 35))),
        SetSpeed(joint=0.25, linear=0.2, turn=1.0),
        SetBlend(joint=4e-3, linear=2e-3),
        MoveJoint(HOME + 0.1, None, "set"),
        MoveJoint(HOME + 0.2, None),
        MoveLinear(POSE, None, None, None, "set"),
        Trigger("vacuum-on", True, "end", 0.02, 0.0),
        Trigger("bend-number", 5, "start", 0.0, 0.05),
        MoveLinear(translation(0, 0, 0.1) @ POSE, None, 0.3),
        SetSignal("vacuum-on", False, 0.7),
    )
    moves = [event for event in run(there_and_back(built)) if isinstance(event, Moved)]
    want = [event for event in run(built) if isinstance(event, Moved)]
    assert all(a.T_target == pytest.approx(b.T_target, abs=1e-7) for a, b in zip(moves, want, strict=True) if a.T_target is not None)
    assert [move.speed for move in moves] == pytest.approx([0.5, 0.4, 0.25, 0.25, 0.2, 0.3])
    assert moves[1].posture == Posture("kuka", (2, 35)) and moves[1].T_target is not None
    assert [move.blend for move in moves] == [None, None, pytest.approx(4e-3), None, pytest.approx(2e-3), None]
    assert moves[4].turn_speed == pytest.approx(1.0, abs=1e-5)
    assert [(t.address, t.value, t.at, t.distance, t.seconds) for t in moves[5].triggers] == [
        ("$OUT[4]", True, "end", 0.02, 0.0),
        ("$OUT[17..24]", 5, "start", 0.0, 0.05),
    ]


def test_a_prescribed_time_becomes_the_speeds_that_give_it():
    turned = translation(0.0, 0.03, 0.04) @ POSE @ from_xyz_rpy((0, 0, 0), (0, 0, math.radians(36.0)))
    via, end = translation(0.05, 0.05, 0) @ POSE, translation(0.1, 0, 0) @ POSE
    text = src(
        body(
            MoveLinear(POSE, None, 0.1),
            MoveLinear(turned, None, 0.1, 0.5),
            MoveLinear(POSE, None, 0.1),
            MoveCircular(via, end, None, 0.1, 2.0),
        )
    )
    # 50 mm (3-4-5) and 36 deg in 0.5 s; a half circle of 50 mm radius in 2 s.
    assert "$VEL.CP=0.100000" in text and "$VEL.ORI1=72.0000" in text and "$VEL.ORI2=72.0000" in text
    assert f"$VEL.CP={math.pi * 0.05 / 2:.6f}" in text


def test_arcs_beyond_a_half_circle_are_as_long_as_they_are():
    def at(degrees):
        return 0.2 * np.array([math.cos(math.radians(degrees)), math.sin(math.radians(degrees)), 0.0])

    for via, end in ((30, 60), (90, 180), (45, 270), (200, 300)):
        assert arc_length(at(0), at(via), at(end)) == pytest.approx(0.2 * math.radians(end))
    with pytest.raises(UnsupportedError, match="on a line"):
        arc_length(np.zeros(3), np.array([0.1, 0, 0]), np.array([0.2, 0, 0]))


def test_rounding_is_rounded_down_and_the_axes_stand_as_the_controller_wants_them():
    assert "$APO.CDIS=1.234" in src(body(MoveLinear(POSE, None, 0.1, None, 1.2349e-3)))
    lines = dat(tracked())
    assert "DECL E6AXIS START_POS={A1 0.00000,A2 -90.00000,A3 90.00000,A4 0.00000,A5 45.00000,A6 -170.00000,E1 -375.00000}" in lines
    assert any(
        line.startswith("DECL E6POS PICK_3={X 100.0000,Y -250.0000,Z 50.5000,") and line.endswith(",E1 125.00000}") for line in lines
    )
    text = src(positioned())
    assert "$BASE=EK(MACHINE_DEF[2].ROOT,MACHINE_DEF[2].MECH_TYPE,B_PART)" in text
    assert any(line.endswith(",E1 30.00000,E2 -90.00000}") for line in dat(positioned()))


@pytest.mark.slow
@settings(deadline=None, max_examples=1000)
@given(st.data())
def test_random_programs_come_back(data):
    built = data.draw(random_programs("krl", lacks=frozenset(CAPABILITIES.lacks)))
    assert differences(built, there_and_back(built)) == []


# What cannot be said


@pytest.mark.parametrize(
    ("instructions", "words"),
    [
        ((SearchLinear(POSE, None, None, 0.01, "part-held", True, "s1"),), "no touch search; instead: a routine"),
        ((Shift(("s1",)),), "no shift by search results; instead: let the user's"),
        ((MoveJoint(HOME, 0.5, None, 2.0),), "joint move with a prescribed time"),
        ((MoveJoint(None, 0.5, None, None, POSE),), "without Status and Turn"),
        ((MoveLinear(POSE, None, 4.0),), "4 m/s on a straight move; .VEL.CP takes"),
        ((MoveLinear(POSE, None, 0.1, 1.0),), "needs a straight move before it"),
        ((MoveLinear(POSE, None, 0.1), MoveLinear(POSE, None, 0.1, 1.0)), "too short a way"),
        ((MoveLinear(POSE, None, None),), "names no speed"),
        ((MoveLinear(POSE, None, 0.1, None, 1e-8),), "APO.CDIS takes 0.001 mm"),
        ((Trigger("vacuum-on", True, "start", 0.1), MoveLinear(POSE, None, 0.1)), "counts back from the end"),
        ((Trigger("vacuum-on", True),), "without a move after it"),
        ((Call("sub", (), "x"),), "called with values"),
        ((Assign("n", None),), "Assign in main is not written in KRL"),
        ((ArcOn("p", "w"),), "weaving 'w' has no number"),
    ],
)  # fmt: skip
def test_what_krl_cannot_say_is_refused(instructions, words):
    more = {"procedures": {"p": Procedure(1, 0.01)}, "weaves": {"w": Weave("sine", 1.0, 1e-3)}, "postures": None}
    with pytest.raises(UnsupportedError, match=words):
        write(body(*instructions, routines=(Routine("sub", "sub", ()),), **more))


def test_programs_begin_with_a_joint_move_and_addresses_are_krl_ones():
    start = program("krl", (Routine("main", "main", (UseTool("gripper"), UseFrame("brake"), MoveLinear(POSE, None, 0.1))),))
    with pytest.raises(UnsupportedError, match="must be a joint move"):
        write(start)
    for line, words in ((SignalLine("DO[1]", True), "write it like"), (SignalLine("$OUT[9..1]", True, True), "must ascend")):
        with pytest.raises(UnsupportedError, match=words):
            write(dataclasses.replace(bending("krl"), signals={**bending("krl").signals, "bend-start": line}))


def test_names_are_different_legal_and_short():
    long = "a very long name of a routine with more than 24 letters"
    routines = tuple(Routine(f"{long} {i}", "x", (MoveLinear(POSE, None, 0.1),)) for i in range(12))
    built = body(*(Call(routine.name) for routine in routines), routines=(*routines, Routine("lin", "a word of the language", ())))
    files = write(dataclasses.replace(built, name="123 - DEF"))
    assert set(files) == {"P_123_DEF.src", "P_123_DEF.dat"}
    assert differences(built, read(files, built)) == []


# Orientations


@settings(deadline=None, max_examples=200)
@given(st.tuples(*[st.floats(-1, 1)] * 4).filter(lambda q: np.linalg.norm(q) > 0.1))
def test_orientations_agree_with_robodk(q):
    R = Rotation.from_quat(np.array(q) / np.linalg.norm(q)).as_matrix()
    theirs = np.array(robomath.KUKA_2_Pose([0, 0, 0, *abc_deg(R)]).Rows())[:3, :3]
    assert theirs == pytest.approx(R, abs=1e-6)


@settings(deadline=None, max_examples=100)
@given(*[st.floats(-180, 180)] * 3)
def test_frames_are_read_as_robodk_reads_them(a, b, c):
    text = f"DEF M ( )\n$TOOL={{X 1.5,Y -2.0,Z 3.0,A {a:.5f},B {b:.5f},C {c:.5f}}}\nEND\n"
    T = next(iter(read_krl({"M.src": text.encode()}, Controller()).tools.values())).T_flange_tcp
    theirs = np.array(robomath.KUKA_2_Pose([1.5, -2.0, 3.0, *(float(f"{v:.5f}") for v in (a, b, c))]).Rows())
    theirs[:3, 3] /= 1000
    assert pytest.approx(theirs, abs=1e-12) == T


@pytest.mark.parametrize("b", [90.0, -90.0])
@pytest.mark.parametrize("a", [0.0, 33.0, -120.0])
def test_angles_where_they_are_singular(a, b):
    R = Rotation.from_euler("ZYX", [a, b, 20.0], degrees=True).as_matrix()
    A, B, C = abc_deg(R)
    assert C == 0.0
    assert Rotation.from_euler("ZYX", [A, B, C], degrees=True).as_matrix() == pytest.approx(R, abs=1e-9)


# Damage: kind -> (file, old, new), each replaced once

DAMAGE = {
    "closing brace dropped": ("dat", "C 180.00000,S 2,T 34}", "C 180.00000,S 2,T 34"),
    "closing bracket dropped": ("src", "BAS (#VEL_PTP,50 )", "BAS (#VEL_PTP,50"),
    "comma dropped": ("dat", ",A2 -84.27042", " A2 -84.27042"),
    "two angles swapped": ("dat", "A 90.00000,B -30.00000,C 180.00000", "A -30.00000,B 90.00000,C 180.00000"),
    "a position removed": ("dat", "DECL POS PICK_3={X 100.0000,Y -250.0000,Z 50.5000,A 90.00000,B -30.00000,C 180.00000,S 2,T 34}\r\n", ""),
    "an axis removed": ("dat", "A3 95.72958,", ""),
    "an axis too many": ("dat", "A6 -164.27042", "A6 -164.27042,A7 0.0"),
    "a field twice": ("dat", "Y -250.0000", "X -250.0000"),
    "T without S": ("dat", "S 2,T 34", "T 34"),
    "axes in a frame": ("dat", "DECL AXIS PICK_2={A1", "DECL POS PICK_2={A1"),
    "unknown tool": ("src", "$TOOL=T_GRIPPER", "$TOOL=T_GRIPER"),
    "frame used as tool": ("src", "$TOOL=T_GRIPPER", "$TOOL=B_BRAKE"),
    "unknown base": ("src", "$BASE=B_BRAKE", "$BASE=B_BRK"),
    "unknown load": ("src", "$LOAD=L_PART", "$LOAD=L_PRT"),
    "joint beyond its limit": ("dat", "A1 5.72958", "A1 372.9"),
    "a wait skipped": ("src", "WAIT FOR OPENING_SAFE\r\n", ""),
    "a move removed": ("src", "LIN BEND_1_2 C_DIS\r\n", ""),
    "rounding removed": ("src", "LIN BEND_1_2 C_DIS", "LIN BEND_1_2"),
    "routine misspelt": ("src", "DEF PICK ( )", "DEF PIK ( )"),
    "routine misspelt where nothing runs": ("src", "  RETREAT_FROM_PICK ( )", "  RETREAT ( )"),
    "signal misspelt": ("src", "BEND_START=TRUE", "BEND_STRT=TRUE"),
    "keyword misspelt": ("src", "LIN PICK_3", "LNI PICK_3"),
    "routine twice": ("src", "DEF BEND_1 ( )", "DEF PICK ( )"),
    "point twice": ("dat", "DECL POS BEND_1_2=", "DECL POS BEND_1_1="),
    "name too long": ("dat", "DECL AXIS PICK_1=", "DECL AXIS PICK_1_BUT_WITH_A_LONG_NAME="),
    "wrong block end": ("src", "ENDIF", "ENDLOOP"),
    "block not closed": ("src", "ENDIF\r\n", ""),
    "THEN missing": ("src", "IF NOT PART_HELD THEN", "IF NOT PART_HELD"),
    "END missing": ("src", "LIN RETREAT_FROM_PICK_1\r\nEND\r\n", "LIN RETREAT_FROM_PICK_1\r\n"),
    "ENDDAT missing": ("dat", "ENDDAT", ""),
    "DEFDAT missing": ("dat", "DEFDAT WINKEL_3_TEILIG PUBLIC\r\n", ""),
    "data list of another module": ("dat", "DEFDAT WINKEL_3_TEILIG", "DEFDAT WINKEL_4_TEILIG"),
    "module unlike its file": ("src", "DEF WINKEL_3_TEILIG", "DEF WINKEL_2_TEILIG"),
    "head line in the middle": ("src", "DEF PICK ( )", "&REL 2\r\nDEF PICK ( )"),
    "unknown head line": ("src", "&REL 1", "&REAL 1"),
    "number with two points": ("src", "$VEL.CP=0.400000", "$VEL.CP=0.400.000"),
    "number with a comma": ("src", "$VEL.CP=0.400000", "$VEL.CP=0,400000"),
    "no number": ("dat", "Z 150.5000", "Z nan"),
    "speed 0": ("src", "$VEL.CP=0.400000", "$VEL.CP=0.000000"),
    "speed in mm/s": ("src", "$VEL.CP=0.400000", "$VEL.CP=400.0"),
    "joint speed above 100": ("src", "BAS (#VEL_PTP,50 )", "BAS (#VEL_PTP,500 )"),
    "another speed": ("src", "$VEL.CP=0.400000", "$VEL.CP=0.300000"),
    "group descends": ("dat", "$OUT[17] TO $OUT[24]", "$OUT[24] TO $OUT[17]"),
    "group too wide": ("dat", "$OUT[17] TO $OUT[24]", "$OUT[17] TO $OUT[124]"),
    "group of inputs and outputs": ("dat", "$OUT[17] TO $OUT[24]", "$OUT[17] TO $IN[24]"),
    "line that is not wired": ("dat", "$IN[8]", "$IN[9]"),
    "TRUE on a group": ("src", "BEND_NUMBER=1", "BEND_NUMBER=TRUE"),
    "number too great for its lines": ("src", "BEND_NUMBER=1", "BEND_NUMBER=256"),
    "number on one output": ("src", "VACUUM_ON=TRUE", "VACUUM_ON=1"),
    "an input set": ("src", "VACUUM_ON=TRUE", "PART_HELD=TRUE"),
    "another level waited for": ("src", "WAIT FOR OPENING_SAFE", "WAIT FOR NOT OPENING_SAFE"),
    "comparison without parentheses": ("src", "WAIT FOR (BEND_NUMBER_ECHO==1) OR", "WAIT FOR BEND_NUMBER_ECHO==1 OR"),
    "declaration after statements": ("src", "DECL INT MS\r\n", "$ADVANCE=3\r\nDECL INT MS\r\n"),
    "parameter not declared": ("src", "DECL INT MS\r\n", ""),
    "value missing in a call": ("src", "TIME_LIMIT (10000 )", "TIME_LIMIT ( )"),
    "value given in a .src": ("src", "DECL INT MS", "DECL INT MS=5"),
    "negative mass": ("dat", "{M 7.600,", "{M -7.6,"),
    "load without inertia": ("dat", ",J {X 0.0,Y 0.0,Z 0.0}}", "}"),
    "another load": ("dat", "{M 7.600,", "{M 7.700,"),
    "two statements on a line": ("src", "PTP PICK_2\r\n", "PTP PICK_2 HALT "),
    "text not closed": ("src", 'after 10 s")', "after 10 s)"),
    "outside of every routine": ("src", "END\r\n\r\nDEF PICK", "END\r\nHALT\r\nDEF PICK"),
    "first move straight": ("src", "PTP START_POS", "LIN PICK_3"),
    "letter of another alphabet": ("src", "LIN PICK_3", "LIN PICK_\xb3"),
}  # fmt: skip


def damaged(built, kind, files=None):
    files = write(built) if files is None else files
    suffix, old, new = DAMAGE[kind]
    name = next(name for name in files if name.endswith(suffix))
    text = files[name].decode()
    assert old in text, f"'{old}' is not in {name}"
    return {**files, name: text.replace(old, new, 1).encode("latin-1")}


@pytest.mark.parametrize("kind", DAMAGE)
def test_damage_is_found(kind):
    built = bending("krl")
    try:
        back = read(damaged(built, kind), built)
    except ProgramTextError as fault:
        assert fault.file in ("WINKEL_3_TEILIG.src", "WINKEL_3_TEILIG.dat") and "line " in fault.place and "column" in fault.place
        return
    assert differences(built, back) != []


def test_a_time_limit_that_is_not_started_is_found():
    built = bending("krl")
    files = {name: data.replace(b"TIME_LIMIT (10000 )\r\n", b"") for name, data in write(built).items()}
    late = [
        next(
            event.seconds
            for event in run(one, SignalsOnly(lambda address, value: address != "$IN[8]"))
            if isinstance(event, Waited) and not event.came
        )
        for one in (built, read(files, built))
    ]
    assert late == [10.0, 0.0]


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (",E1 -250.00000}", "}", "E1 is missing"),
        (",E1 -250.00000}", ",E2 -250.00000}", "E2 is -250"),
        (",E1 0.00000}", ",E1 far}", "no field with a number"),
        (",E1 0.00000}", ",E1 0.0,E1 0.0}", "stands twice"),
        (",E1 0.00000}", ",E1 2500.0}", "E1 is 2500 mm; the track's limits are -2000.0..2000.0 mm"),
    ],
)
def test_damaged_external_axes_are_refused(old, new, words):
    built = tracked()
    files = write(built)
    name = next(name for name in files if name.endswith(".dat"))
    assert old in files[name].decode()
    files[name] = files[name].decode().replace(old, new, 1).encode()
    with pytest.raises(ProgramTextError, match=words) as caught:
        read(files, built)
    assert "line" in str(caught.value)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("WELD_ON (2,1,0 )", "WELD_ON (3,1,0 )", "procedure 3 does not exist; there are: 2"),
        ("WELD_ON (2,1,0 )", "WELD_ON (2,5,0 )", "weave data 5 do not exist; there are: 1"),
        ("WELD_ON (2,1,0 )", "WELD_ON (2,1 )", "',' is wanted"),
        ("WELD_OFF (2 )", "WELD_OFF (2,1 )", r"'\)' is wanted"),
        ("CIRC SEAM_1_6,SEAM_1_7", "CIRC SEAM_1_6", "',' is wanted"),
        ("CIRC SEAM_1_6,SEAM_1_7", "CIRC SEAM_1_6,SEAM_1_1", "not to axis values"),
    ],
)
def test_damaged_welding_is_refused(old, new, words):
    built = welding("krl")
    files = write(built)
    name = next(name for name in files if name.endswith(".src"))
    assert old in files[name].decode()
    files[name] = files[name].decode().replace(old, new, 1).encode()
    with pytest.raises(ProgramTextError, match=words):
        read(files, built)


@settings(deadline=None, max_examples=200)
@given(st.data())
def test_cut_or_garbled_text_never_crashes(data):
    built = data.draw(st.sampled_from([bending, welding]))("krl")
    files = write(built)
    name = data.draw(st.sampled_from(sorted(files)))
    raw = bytearray(files[name])
    place = data.draw(st.integers(0, len(raw) - 1))
    if data.draw(st.booleans()):
        raw[place] = data.draw(st.integers(0, 255))
    else:
        del raw[place:]
    try:
        back = read({**files, name: bytes(raw)}, built)
        list(run(back, skip_unknown=True))
    except ProgramTextError as fault:
        assert fault.file is not None


BAD = {
    "a line of 10 MB": (b"DEF M ( )\n" + b"LIN {X 1," * 1_100_000 + b"\nEND\n", "a line has at most 1000"),
    "binary": (b"DEF M ( )\n\x00\x01\x02\nEND\n", "byte 0x00 is no text"),
    "UTF-16": ("DEF M ( )\nEND\n".encode("utf-16"), "is no text"),
    "byte order mark": ("\ufeffDEF M ( )\nEND\n".encode(), "stands outside"),
    "nothing": (b"", "DEF M is missing"),
    "brackets without end": (b"DEF M ( )\nDECL INT I\nI=" + b"(" * 900 + b"\nEND\n", "brackets inside of each other"),
    "braces without end": (b"DEF M ( )\n$LOAD=" + b"{M " * 300 + b"\nEND\n", "brackets inside of each other"),
    "blocks without end": (b"DEF M ( )\n" + b"LOOP\n" * 2000 + b"END\n", "blocks inside of each other"),
    "a number without end": (b"DEF M ( )\n$ADVANCE=" + b"9" * 900 + b"\nEND\n", "too great a number"),
    "an endless number": (b"DEF M ( )\nPTP {A1 1e999,A2 0,A3 0,A4 0,A5 0,A6 0}\nEND\n", "A1 is beyond"),
    "minus without end": (b"DEF M ( )\nDECL INT I\nI=" + b"-" * 990 + b"1\nEND\n", "brackets inside of each other"),
}  # fmt: skip


@pytest.mark.parametrize("kind", BAD)
def test_bad_input_is_an_error_with_its_line(kind):
    data, words = BAD[kind]
    began = time.perf_counter()
    with pytest.raises(ProgramTextError, match=words) as caught:
        read_krl({"M.src": data}, Controller())
    assert "line" in caught.value.place and time.perf_counter() - began < 3.0


def test_routines_that_call_each_other_end_with_an_error():
    text = b"DEF M ( )\nN ( )\nEND\nDEF N ( )\nM ( )\nEND\n"
    with pytest.raises(ProgramTextError, match="without end"):
        list(run(read_krl({"M.src": text}, Controller())))


@pytest.mark.parametrize(
    "files",
    [{}, {"M.src": b"DEF M ( )\nEND\n", "N.src": b""}, {"M.dat": b""}, {"M.src": b"DEF M ( )\nEND\n", "X.dat": b""}, {"1 M.src": b"DEF M ( )\nEND\n"}],
)  # fmt: skip
def test_files_that_are_no_krl_program(files):
    with pytest.raises(ProgramTextError):
        read_krl(files, Controller())


# Programs that people wrote

PEOPLE_SRC = """&ACCESS RVO
&COMMENT palletises plates
def stack_plates()
   decl int row, tries
   REAL pause_s

   ;FOLD INI;%{PE}
   interrupt decl 3 when $stopmess==true do ir_stopm ( )
   interrupt on 3
   bas(#initmov,0)
   ;ENDFOLD
   $TOOL = TOOL_DATA[1]
   $BASE = BASE_DATA[2]
   $LOAD = LOAD_DATA[1]
   $APO.CDIS = 10
   $VEL.CP = 0.8   ; m/s
   FOR I=1 TO 6
     $VEL_AXIS[I] = 30
   ENDFOR
   PTP xHomePos
   tries = 0
   FOR row=1 TO 3
      pick (row, tries)
      IF (row==2) AND NOT $IN[12] THEN
         WAIT SEC 0.25
      ELSE
         pause_s = 0.1*row
         WAIT SEC pause_s
      ENDIF
   ENDFOR
   SWITCH tries
   CASE 1,2
      WAIT SEC 7
   CASE 3
      WAIT SEC 3
   DEFAULT
      WAIT SEC 9
   ENDSWITCH
   REPEAT
      tries = tries-1
   UNTIL tries<=1
   WAIT SEC tries
   IF tries==1 THEN
      GOTO finish
   ENDIF
   HALT
finish:
   ANOUT ON VOLT=1.0*$VEL_ACT
   SLIN xTop WITH $VEL.CP=0.05 C_SPL
   TRIGGER WHEN PATH=-15 DELAY=20 DO $OUT[5]=TRUE
   LIN {X 400,Y 0,Z 250,A 0,B 90,C 0} C_DIS
   PTP xHomePos
END

GLOBAL DEF pick(which:IN, count:OUT)
   DECL INT which, count
   count = count+1
   LIN xTop
   LOOP
      IF which>=2 THEN
         EXIT
      ENDIF
      PULSE($OUT[6],TRUE,0.5)
      RETURN
   ENDLOOP
   gripper = which==3
   CONTINUE
END
"""
PEOPLE_DAT = """&ACCESS RVO
defdat STACK_PLATES
;FOLD EXTERNAL DECLARATIONS;%{PE}%MKUKATPBASIS,%CEXT,%VCOMMON,%P
EXT BAS (BAS_COMMAND :IN,REAL :IN )
;ENDFOLD
SIGNAL gripper $OUT[4]
DECL INT I
DECL E6AXIS xHomePos={E6AXIS: A1 0,A2 -90.0,A3 90.0,A4 0,A5 45,A6 0,E1 0.0,E2 0.0,E3 0.0,E4 0.0,E5 0.0,E6 0.0}
DECL E6POS xTop={X 400.0,Y 0.0,Z 300.0,A 0.0,B 90.0,C 0.0,S 'B010',T 2,E1 0.0,E2 0.0,E3 0.0,E4 0.0,E5 0.0,E6 0.0}
DECL BASIS_SUGG_T LAST_BASIS={POINT1[] "P1                      ",CONT[] "                        ",VEL_PTP[] "100"}
DECL LDAT LCPDAT1={VEL 2.0,ACC 100.0,APO_DIST 100.0,APO_FAC 50.0,ORI_TYP #VAR}
enddat
"""
CELL = Controller(
    tools={1: Tool(translation(0, 0, 0.2), Load(5.0, np.array([0.0, 0.0, 0.1])))},
    frames={2: Frame(translation(1.0, 0.0, 0.5))},
    signals=None,
)


def people(source=PEOPLE_SRC, data=PEOPLE_DAT, cell=CELL):
    return read_krl({"Stack_Plates.src": source.encode(), "stack_plates.dat": data.encode()}, cell)


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_a_program_that_a_person_wrote(ending):
    back = people(PEOPLE_SRC.replace("\n", ending), PEOPLE_DAT.replace("\n", ending))
    with pytest.raises(ProgramTextError, match=r"Stack_Plates.src: line 48: not understood: 'ANOUT ON VOLT=1.0\*\$VEL_ACT'"):
        list(run(back))
    happened = list(run(back, skip_unknown=True))
    kinds = [type(event).__name__ for event in happened]
    # Row 1: pulse; row 2 and 3: the output; tries is 3 then, counted down to 1.
    assert kinds == [
        "LoadChanged", "Moved", "Moved", "SignalSet", "Paused", "Moved", "SignalSet", "Paused", "Moved", "SignalSet", "Paused",
        "Paused", "Paused", "Skipped", "Moved", "Moved", "Moved",
    ]  # fmt: skip
    assert [event.seconds for event in happened if isinstance(event, Paused)] == pytest.approx([0.1, 0.25, 0.3, 3.0, 1.0])
    assert [(event.address, event.value, event.pulse) for event in happened if isinstance(event, SignalSet)] == [
        ("$OUT[6]", True, 0.5), ("$OUT[4]", False, None), ("$OUT[4]", True, None),
    ]  # fmt: skip
    moves = [event for event in happened if isinstance(event, Moved)]
    assert [move.kind for move in moves] == ["joint", *["linear"] * 5, "joint"]
    assert moves[0].speed == 0.3 and np.degrees(moves[0].q) == pytest.approx([0, -90, 90, 0, 45, 0])
    # Base (1, 0, 0.5) m and 400, 0, 300 mm in it.
    assert moves[1].T_target[:3, 3] == pytest.approx([1.4, 0.0, 0.8]) and moves[1].speed == 0.8
    assert moves[1].T_target[:3, 2] == pytest.approx([1, 0, 0]) and moves[1].posture == Posture("kuka", (2, 2))
    assert (moves[4].speed, moves[4].blend) == (0.05, pytest.approx(0.01)) and moves[5].speed == 0.8
    assert [(t.address, t.value, t.at, t.distance, t.seconds) for t in moves[5].triggers] == [("$OUT[5]", True, "end", 0.015, 0.02)]
    assert next(event for event in happened if isinstance(event, LoadChanged)).load.mass == 5.0
    assert moves[4].at.line == 49 and next(event for event in happened if isinstance(event, Skipped)).at.line == 48


def one(*lines, head=(), data="", cell=CELL):
    """Events of a program with these statements."""
    start = ["$TOOL=$NULLFRAME", "$BASE=$NULLFRAME", "BAS(#INITMOV,0)"]
    text = "\n".join(["DEF M()", *head, *start, *lines, "END", ""])
    files = {"M.src": text.encode()}
    if data:
        files["M.dat"] = f"DEFDAT M\n{data}\nENDDAT\n".encode()
    return list(run(read_krl(files, cell)))


def test_inline_forms_give_tool_base_rounding_and_speed():
    data = """DECL E6AXIS XP1={A1 0,A2 -90,A3 90,A4 0,A5 45,A6 0,E1 0,E2 0,E3 0,E4 0,E5 0,E6 0}
DECL FDAT FP1={TOOL_NO 1,BASE_NO 2,IPO_FRAME #BASE,POINT2[] " "}
DECL PDAT PPDAT1={VEL 100.0,ACC 100.0,APO_DIST 50.0,APO_MODE #CDIS,GEAR_JERK 50.0}
DECL E6POS XP2={X 0,Y 0,Z 100,A 0,B 0,C 0,S 2,T 2,E1 0,E2 0,E3 0,E4 0,E5 0,E6 0}
DECL FDAT FP2={TOOL_NO 1,BASE_NO 0,IPO_FRAME #BASE,POINT2[] " "}
DECL LDAT LCPDAT1={VEL 2.0,ACC 100.0,APO_DIST 20.0,APO_FAC 50.0,ORI_TYP #VAR}"""
    lines = [
        ";FOLD PTP P1 CONT Vel=40 % PDAT1 Tool[1] Base[2];%{PE}", "$BWDSTART=FALSE", "PDAT_ACT=PPDAT1", "FDAT_ACT=FP1", "BAS(#PTP_PARAMS,40)", "PTP XP1 C_DIS",
        ";ENDFOLD", "$BWDSTART=FALSE", "LDAT_ACT=LCPDAT1", "FDAT_ACT=FP2", "BAS(#CP_PARAMS,0.5)", "LIN XP2 C_DIS",
    ]  # fmt: skip
    moves = [event for event in one(*lines, data=data) if isinstance(event, Moved)]
    assert [(move.speed, move.blend) for move in moves] == [(0.4, pytest.approx(0.05)), (0.5, pytest.approx(0.02))]
    assert moves[0].T_flange_tcp[2, 3] == 0.2 and moves[1].T_target[:3, 3] == pytest.approx([0, 0, 0.1])


def test_rounding_by_percent_stands_for_what_the_settings_say():
    move = "PTP {A1 0,A2 -90,A3 90,A4 0,A5 0,A6 0}"
    (moved,) = [event for event in one("$APO.CPTP=20", f"{move} C_PTP") if isinstance(event, Moved)]
    assert moved.blend == pytest.approx(0.1)
    both = [event.blend for event in one("$APO.CPTP=1", "$APO.CDIS=30", f"{move} C_PTP", f"{move} C_DIS") if isinstance(event, Moved)]
    assert both == pytest.approx([0.03, 0.03])


def test_timers_constants_arrays_and_functions():
    data = "DECL INT N=4\nDECL REAL V=0.25\nDECL BOOL READY=TRUE\nDECL INT A[2]\nA[1]=3\nDECL INT X"
    source = """DEF M()
$TIMER[2]=-1500
$TIMER_STOP[2]=FALSE
WAIT FOR $IN[3] OR $TIMER_FLAG[2]
IF READY AND (N==4) THEN
WAIT SEC V*2
ENDIF
X=TWICE(A[1])
WAIT SEC X
WHILE X>4
X=X-1
ENDWHILE
WAIT SEC X
END
DEFFCT INT TWICE(Y:IN)
DECL INT Y
RETURN(2*Y)
ENDFCT
"""
    files = {"M.src": source.encode(), "M.dat": f"DEFDAT M\n{data}\nENDDAT\n".encode()}
    waited, *paused = run(read_krl(files, CELL), SignalsOnly(lambda address, value: False))
    assert (waited.signals, waited.timeout, waited.came) == ((("$IN[3]", True),), 1.5, False)
    assert [event.seconds for event in paused] == [0.5, 6, 4]


def test_welding_calls_become_the_arc():
    cell = dataclasses.replace(CELL, procedures={2: Procedure(2, 0.01)}, weaves={1: Weave("sine", 2.0, 1e-3, number=1)})
    on, off = one("weld_on(2,1,1)", "WELD_OFF(2)", cell=cell)
    assert isinstance(on, ArcChanged) and (on.procedure, on.weave.frequency, off.procedure) == ("2", 2.0, None)


def test_a_loop_of_nothing_but_halt_is_the_end():
    (halted,) = one("LOOP", "HALT ; over", "ENDLOOP")
    assert halted.ends


@pytest.mark.parametrize(
    "line",
    ["PTP_REL {A1 5}", "LIN P1:P2", "WAIT FOR $FOO==1", "X=ABS(-3.5)", "$FOO=1", "BRAKE F", "INTERRUPT DECL 5 WHEN $IN[4] DO M()", "LIN P1 C_ORI",
     "$ORI_TYPE=#CONSTANT", "P1.Z=5", "CIRC P1,P2,CA 90", "I=7/N", "GRIP(3)", "CWRITE(H,S,M,\"x\")", "PTP XHOME", "TRIGGER WHEN PATH=5 DELAY=0 DO $OUT[1]=TRUE",
     "IF $FOO==1 THEN\nWAIT SEC 1\nENDIF", "WHILE $FOO\nWAIT SEC 1\nENDWHILE", "REPEAT\nUNTIL $FOO", "SWITCH $MODE_OP\nCASE #T1\nWAIT SEC 1\nENDSWITCH", "SWITCH N\n;why\nCASE #T1\nENDSWITCH"],
)  # fmt: skip
def test_right_krl_that_is_not_understood_is_kept(line):
    data = "DECL FRAME P1={X 0,Y 0,Z 0,A 0,B 0,C 0}\nDECL FRAME P2={X 0,Y 0,Z 9,A 0,B 0,C 0}\nDECL REAL X\nDECL INT I\nDECL INT N=2\nEXT GRIP (INT :IN )"
    head = "PTP {A1 0,A2 -90,A3 90,A4 0,A5 0,A6 0}"
    if line.startswith("I="):
        data = data.replace("N=2", "N")
    with pytest.raises(ProgramTextError, match="not understood"):
        one(head, *line.split("\n"), data=data)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("FROBNICATE", "is no statement of KRL"), ("PTP {A1 0}", "A2, A3, A4, A5, A6 missing"), ("WAIT FOR X", "'X' is not declared"), ("EXIT", "outside of every loop"),
        ("WAIT SEC -1", "pause of -1"), ("$OUT[0]=TRUE", "not in 1..8192"), ("$TIMER[65]=0", "not in 1..64"), ("GOTO 5", "a label is wanted"), ("ENDIF", "ENDIF without IF"),
        ("FOR X=1 TO 3", "'X' is not declared"), ("$TOOL=TOOL_DATA[9]", "tool 9 is not set up on this controller; there are: 1"), ("$ADVANCE=6", "at most 5"),
        ("$BASE=EK(MACHINE_DEF[2].ROOT,MACHINE_DEF[2].MECH_TYPE,BASE_DATA[2])", "not the positioner of this cell"), ("PULSE($OUT[3],TRUE,0)", "a pulse of 0"),
        ("WAIT FOR 1", "a condition is wanted"), ("INTERRUPT 5", "DECL, ON or OFF"), ("RETURN 5", "returns nothing"), ("WAIT SEC 1/0", "division by zero"), ("X=", "not declared"),
        ("TRIGGER WHEN DISTANCE=2 DELAY=0 DO $OUT[1]=TRUE", "it is 0"), ("TRIGGER WHEN DISTANCE=1 DELAY=0 DO $IN[1]=TRUE", "is no|no signal|understood|not"), ("BRAKE (", "is not closed"),
        ("PTP {A1 0,A2 -90,A3 90,A4 0,A5 0,A6 400}", "A6 is 400 deg; its limits"), ("PTP {X 0,Y 0,Z 0,A 0,B 0,C 0}", "first move must be a PTP to axis values"),
        ("FOO (1)", "routine 'FOO' does not exist"), ("IF TRUE THEN", "IF of line 5 is not closed"), ("ELSE", "ELSE without IF"), ("SWITCH 1\nHALT\nENDSWITCH", "CASE is wanted"), ("SWITCH 1\nDEFAULT\nCASE 1\nENDSWITCH", "CASE without SWITCH"), ("WAIT FOR $IN[1] $IN[2]", "nothing is wanted any more"),
    ],
)  # fmt: skip
def test_broken_krl_is_refused_with_line_and_column(line, words):
    with pytest.raises(ProgramTextError, match=words) as caught:
        one(line)
    assert "line" in caught.value.place and caught.value.file == "M.src"


def test_lower_case_reads_the_same():
    built = bending("krl")
    files = {name: data.lower() for name, data in write(built).items()}
    assert differences(built, read(files, built)) == []


def test_the_language_is_registered():
    assert language("krl").read is read_krl and language("krl").capabilities.longest_name == 24


# Size


def long_program(lines):
    rng = np.random.default_rng(1)
    out = [
        "DEF M ( )",
        "$TOOL=$NULLFRAME",
        "$BASE=$NULLFRAME",
        "BAS (#INITMOV,0 )",
        "PTP {A1 0,A2 -90,A3 90,A4 0,A5 0,A6 0}",
        "$VEL.CP=0.1",
    ]
    values = rng.uniform(-179, 179, (lines, 6))
    out += ["LIN {{X {:.4f},Y {:.4f},Z {:.4f},A {:.5f},B {:.5f},C {:.5f}}} C_DIS".format(*row) for row in values.tolist()]
    return "\r\n".join([*out, "END", ""]).encode()


def test_long_programs_are_read_fast_and_small():
    data = long_program(12_000)
    began = time.process_time()
    read_krl({"M.src": data}, Controller())
    # 10 MB in 10 s, with room for a busy machine.
    assert time.process_time() - began < len(data) / 1e6 * 1.0
    tracemalloc.start()
    back = read_krl({"M.src": data}, Controller())
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(back.routines[0].body) > 12_000 and peak < 10 * len(data)
