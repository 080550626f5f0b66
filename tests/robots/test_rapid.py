"""RAPID: golden text, an independent syntax checker, what is written is what is read, planted damage, and programs that people wrote."""

from __future__ import annotations

import dataclasses
import itertools
import re
import time
import tracemalloc
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rapidchecker.check import check_format as rapid_syntax
from robodk import robomath

from core.errors import UnsupportedError
from core.frames import angle_between, from_quat_wxyz, from_xyz_rpy, translation
from robots.programs.controller import Controller, controller_of
from robots.programs.events import ArcChanged, Halted, LoadChanged, Messaged, Moved, Paused, ProgramTextError, SignalSet, Skipped, Waited
from robots.programs.execution import run
from robots.programs.expressions import Const
from robots.programs.languages import language
from robots.programs.program import (
    ArcOff,
    ArcOn,
    Assign,
    Call,
    Frame,
    HoldLoad,
    MoveCircular,
    MoveJoint,
    MoveLinear,
    Pause,
    Posture,
    Procedure,
    Routine,
    SearchLinear,
    SetSignal,
    Shift,
    SignalLine,
    Trigger,
    Unknown,
    UseFrame,
    UseTool,
    Weave,
)
from robots.programs.settings import ProgramSettings, RapidSettings
from robots.programs.surroundings import SignalsOnly
from tests.robots.program_examples import (
    HOME,
    POSE,
    TOOL,
    bending,
    differences,
    events,
    program,
    random_programs,
    welding,
)

GOLDEN = Path(__file__).parent / "golden" / "rapid"
SETTINGS = ProgramSettings()
EXAMPLES = {"bending": bending("rapid"), "welding": welding("rapid")}


def write(built, settings=SETTINGS):
    return language("rapid").write(built, settings)


def read(built, files, settings=SETTINGS):
    return language("rapid").read(files, controller_of(built, settings, "rapid"))


def module(files):
    return next(data for name, data in files.items() if name.endswith((".mod", ".modx"))).decode()


def returned(built, settings=SETTINGS):
    """Written and read back; the independent checker has nothing to say about the text."""
    files = write(built, settings)
    assert list(rapid_syntax(module(files).replace("\r\n", "\n"))) == []
    return read(built, files, settings)


def text_program(text, **controller):
    return language("rapid").read({"t.mod": text.encode()}, Controller(**controller))


def straight(*moves, **more):
    return program("rapid", (Routine("main", "main", (UseTool("gripper"), UseFrame("brake"), MoveJoint(HOME, 0.2), *moves)),), **more)


LINE = MoveLinear(POSE, HOME, 0.1)


# What we write


@pytest.mark.parametrize("name", EXAMPLES)
def test_text_is_the_golden_one(name):
    files = write(EXAMPLES[name])
    assert sorted(files) == sorted(path.name for path in GOLDEN.glob(f"{next(iter(files)).split('.')[0]}.*"))
    for file, data in files.items():
        assert data == (GOLDEN / file).read_bytes(), f"{file} differs; look at it, then replace the golden file"


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_independent_checker_takes_the_text(name):
    files = write(EXAMPLES[name])
    text = module(files)
    assert text.isascii() and "\r\n" in text and "\n" not in text.replace("\r\n", "")
    assert list(rapid_syntax(text.replace("\r\n", "\n"))) == []
    assert list(rapid_syntax(text.replace("\r\n", "\n").replace("    SingArea\\Wrist;\n", "    SingArea\\Wrist\n"))) != []
    listed = ElementTree.fromstring(next(data for file, data in files.items() if file.endswith(".pgf")))
    assert [one.text for one in listed] == [next(file for file in files if file.endswith(".mod"))]


@pytest.mark.parametrize("name", EXAMPLES)
def test_what_is_read_does_what_was_written(name):
    assert differences(EXAMPLES[name], returned(EXAMPLES[name])) == []


def test_a_signal_that_does_not_come_makes_safe_halts_retreats_and_ends():
    built = EXAMPLES["bending"]
    back = read(built, write(built))

    def late(address, value):
        return address != "diPartHeld"

    assert differences(built, back, late) == []
    happened = list(run(back, SignalsOnly(late)))
    at = next(i for i, event in enumerate(happened) if isinstance(event, Waited) and not event.came)
    kinds = [type(event) for event in happened[at:] if not isinstance(event, Messaged)]
    assert kinds == [Waited, SignalSet, Halted, Moved, Halted]
    assert [event.ends for event in happened if isinstance(event, Halted)] == [False, True]
    # The message names the line, and the wait says where it stands.
    assert any("part-held" in text and "diPartHeld" in text for text in fault_texts(back))
    lines = module(write(built)).split("\r\n")
    assert lines[happened[at].at.line - 1].strip().startswith("WaitDI diPartHeld,1\\MaxTime:=10")


def fault_texts(back):
    """What routine Fault is told."""
    return [
        one.arguments[0].value for routine in back.routines for one in routine.walk() if isinstance(one, Call) and one.routine == "Fault"
    ]


def test_a_signal_without_retreat_ends_at_once():
    built = EXAMPLES["bending"]
    assert differences(built, read(built, write(built)), lambda address, value: address != "giEcho") == []


def tracked():
    """The bending example with a track that is somewhere else at every move."""
    built, count = EXAMPLES["bending"], 0

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


def test_every_target_carries_the_track():
    built = tracked()
    back = returned(built)
    assert differences(built, back) == []
    tracks = [event.q[0] if event.q is not None else event.track for event in events(back) if isinstance(event, Moved)]
    wanted = [event.q[0] for event in events(built) if isinstance(event, Moved)]
    assert tracks == pytest.approx(wanted, abs=1e-7)
    # 20 % of 1.5 m/s for the sliding axis; without the track in the text of a target the controller would have none.
    assert "CONST speeddata vj20:=[1400,100,300,1000];" in module(write(built))
    assert "[-375,9E9,9E9,9E9,9E9,9E9]]" in module(write(built))


def positioned():
    """A welding job on a table that turns and tilts: one frame goes with it."""
    down = from_xyz_rpy((0.1, 0.0, 0.05), np.radians([180.0, 0.0, 0.0]))
    body = (
        UseTool("torch"), UseFrame("table"), MoveJoint(HOME, 0.3, external=(0.0, 0.0)), MoveLinear(down, HOME + 0.1, 0.25, external=(0.5, -0.25)),
        MoveLinear(translation(0.1, 0, 0) @ down, HOME + 0.15, 0.01, blend=2e-3, external=(0.6, -0.2)),
        MoveLinear(translation(0.2, 0, 0) @ down, HOME + 0.2, 0.01, external=(0.7, -0.15)), MoveJoint(HOME, 0.5, external=(0.0, 0.0)),
    )  # fmt: skip
    frames = {"table": Frame(from_xyz_rpy((0.0, 0.0, 0.1), (0.0, 0.0, 0.3)), carried=True)}
    tools = {"torch": EXAMPLES["welding"].tools["torch"]}
    return program("rapid", (Routine("main", "main", body),), tools=tools, frames=frames, positioner=(False, False))


def test_a_positioner_carries_the_frame_and_stands_in_every_target():
    built = positioned()
    back = returned(built)
    found = [event.external for event in events(back) if isinstance(event, Moved)]
    wanted = [event.external for event in events(built) if isinstance(event, Moved)]
    for a, b in zip(found, wanted, strict=True):
        assert a == pytest.approx(b, abs=1e-7)
    # Axes in degrees come back with rounding; for the rest of the comparison they are made alike.
    routines = tuple(dataclasses.replace(routine, body=tuple(_near(one, wanted) for one in routine.body)) for routine in back.routines)
    assert differences(built, dataclasses.replace(back, routines=routines)) == []
    assert 'PERS wobjdata w_table:=[FALSE,FALSE,"STN1",[[0,0,0],[1,0,0,0]],[[0,0,100],' in module(write(built))
    assert "ActUnit STN1;" in module(write(built))


def _near(one, wanted):
    external = getattr(one, "external", None)
    if external is None:
        return one
    return dataclasses.replace(one, external=next(axes for axes in wanted if np.allclose(axes, external, atol=1e-7)))


def everything():
    """What the two examples do not have: searches, shifts, triggers in all ways, pulses, a circular start of a seam, a second tool."""
    down = from_xyz_rpy((0.1, 0.0, 0.05), np.radians([180.0, 0.0, 0.0]))

    def at(x, y=0.0, z=0.0):
        return translation(x, y, z) @ down

    main = (
        UseTool("torch"), UseFrame("brake"), MoveJoint(HOME, 0.3), Call("search"), Shift(("edge", "end")), Call("weld"), Shift(()), Call("grip"),
        UseTool("torch"), MoveJoint(HOME, 0.5, duration=2.5),
    )  # fmt: skip
    search = (
        MoveLinear(at(0, 0, 0.02), HOME + 0.1, 0.1), SearchLinear(at(0, 0, -0.01), at(0, 0, 0), HOME + 0.1, 0.02, "part-held", True, "edge"),
        MoveLinear(at(0.1, 0, 0.02), HOME + 0.1, 0.1), Shift(("edge",)),
        SearchLinear(at(0.1, -0.02), at(0.1, -0.01), HOME + 0.1, 0.02, "opening-safe", False, "end"), Shift(()),
    )  # fmt: skip
    weld = (
        MoveLinear(at(0, 0, 0.05), HOME + 0.1, 0.2), MoveCircular(at(0.05, 0.02, 0.02), at(0.1), HOME + 0.2, 0.1), ArcOn("root", "wide", "arc", "seam 2"),
        SetSignal("bend-number", 7), MoveCircular(at(0.15, 0.05), at(0.2), HOME + 0.21, 0.01), ArcOff("root"),
        Trigger("vacuum-on", True, "start", 0.005), Trigger("bend-number", 3, "end", 0.01, -0.2), Trigger("bend-start", False, "end", 0.0, 0.15),
        MoveLinear(at(0.2, 0, 0.1), HOME + 0.2, 0.3, blend=4e-3), Trigger("vacuum-on", False, "end"), MoveCircular(at(0.25, 0, 0.15), at(0.3, 0, 0.1), HOME + 0.22, 0.2),
    )  # fmt: skip
    grip = (
        UseTool("gripper"), MoveJoint(HOME, 0.4),
        HoldLoad("part"), Pause(0.25), SetSignal("vacuum-on", True, 0.5), MoveLinear(POSE, HOME, 0.2, turn_speed=0.5), HoldLoad(None),
    )  # fmt: skip
    torch = EXAMPLES["welding"].tools["torch"]
    return program(
        "rapid", (Routine("main", "main", main), Routine("search", "search", search), Routine("weld", "weld", weld), Routine("grip", "grip", grip)),
        tools={"torch": torch, "gripper": TOOL}, procedures={"root": Procedure(1, 0.01, "sm_root", "wd_root", 4)},
        weaves={"wide": Weave("zigzag", 2.5, 2e-3, 0.1, 0.2)},
    )  # fmt: skip


@pytest.mark.parametrize("declared", [False, True])
def test_searches_shifts_triggers_and_arcs_come_back(declared):
    built = everything()
    settings = ProgramSettings(rapid=RapidSettings(declare_weld_data=declared, robotware="7"))
    files = write(built, settings)
    assert all(name.endswith((".modx", ".pgf")) for name in files)
    back = returned(built, settings)
    assert differences(built, back) == []
    wanted = [trigger for event in events(built) if isinstance(event, Moved) for trigger in event.triggers]
    found = [trigger for event in events(back) if isinstance(event, Moved) for trigger in event.triggers]
    assert [t.distance for t in found] == pytest.approx([t.distance for t in wanted])
    assert [t.seconds for t in found] == pytest.approx([t.seconds for t in wanted])
    text = module(files)
    # 200 ms earlier is a lag of +0.2 s, 150 ms later one of -0.15 s.
    assert "TriggEquip tr_point_2,10,0.2\\GOp:=goBend,3;" in text and "TriggEquip tr_point_3,0,-0.15\\DOp:=doBendStart,0;" in text
    # 10 mm/s at 2.5 Hz are 4 mm a cycle; 2 mm to either side are 4 mm wide; 0.1 s are 1 mm.
    assert "PERS weavedata wv_1:=[1,0,4,4,0,1,0,2,0,0,0,0,0,0,0];" in text
    assert ("TASK PERS welddata wd_root:=[10,0,[4,0,0,0,0,0,0,0,0]," in text) == declared
    (weave,) = [event.weave for event in events(back) if isinstance(event, ArcChanged) and event.weave is not None]
    assert (weave.shape, weave.frequency, weave.amplitude, weave.dwell_left, weave.dwell_right) == pytest.approx(
        ("zigzag", 2.5, 2e-3, 0.1, 0.2)
    )
    shifts = [one.results for routine in back.routines for one in routine.walk() if isinstance(one, Shift)]
    assert shifts == [("pe_edge", "pe_end"), (), ("pe_edge",), ()]


def test_joint_moves_to_poses_keep_their_posture():
    pose = (
        MoveJoint(None, 0.4, T_frame_tcp=POSE, posture=Posture("abb", (0, -1, 1, 1))),
        MoveJoint(None, 0.4, 0.01, T_frame_tcp=POSE),
        LINE,
    )
    built = straight(*pose)
    moves = [event for event in events(returned(built)) if isinstance(event, Moved)]
    wanted = [event for event in events(built) if isinstance(event, Moved)]
    # Without a posture the controller may take the nearest one: ConfJ\\Off.
    assert [move.posture for move in moves[1:3]] == [Posture("abb", (0, -1, 1, 1)), None]
    assert "ConfJ\\Off;\r\n    MoveJ [[100,-250,50.5]" in module(write(built))
    for have, want in zip(moves[1:], wanted[1:], strict=True):
        assert have.kind == want.kind and have.T_target == pytest.approx(want.T_target, abs=1e-7)
        assert have.blend == pytest.approx(want.blend) and have.speed == pytest.approx(want.speed)


def test_names_of_the_controller_stand_for_tool_and_frame():
    built = EXAMPLES["bending"]
    settings = ProgramSettings(rapid=RapidSettings(tool="tGrip2", work_object="wobjBrake", name="JOB 12"))
    text = module(write(built, settings))
    assert "tooldata" not in text and "wobjdata" not in text and "tGrip2\\WObj:=wobjBrake;" in text and text.startswith("MODULE JOB_12\r\n")
    assert differences(built, returned(built, settings)) == []
    with pytest.raises(ProgramTextError, match=r"line 23, column .*tooldata 'tGrip2' is not declared; there are: tool0"):
        read(built, write(built, settings))
    with pytest.raises(UnsupportedError, match="has 2; leave it out"):
        write(everything(), settings)


@pytest.mark.parametrize(
    ("built", "words"),
    [
        (straight(Trigger("vacuum-on", True), MoveJoint(HOME, 0.5)), "put the trigger on a straight move"),
        (straight(Trigger("vacuum-on", True)), "a trigger has no move after it"),
        (straight(MoveLinear(POSE, HOME, None)), "names its own speed"),
        (straight(MoveLinear(POSE, HOME, 0.1, blend="set")), "names its own speed and zone"),
        (straight(MoveLinear(POSE, HOME, 1e-8)), "the slowest is 0.0001"),
        (straight(MoveLinear(POSE, HOME, 0.1, blend=1e-8)), "no corner of"),
        (straight(Assign("n", Const(1))), "Assign is not written"),
        (straight(ArcOn("p"), procedures={"p": Procedure(1, 0.01)}), "must follow the straight or circular move"),
        (straight(LINE, ArcOn("p"), LINE, procedures={"p": Procedure(1, 0.01)}), "not ended in the routine"),
        (straight(LINE, ArcOn("p"), MoveJoint(HOME, 0.1), procedures={"p": Procedure(1, 0.01)}), "a joint move while the arc burns"),
        (straight(LINE, ArcOn("p"), LINE, SetSignal("vacuum-on", True), ArcOff("p"), procedures={"p": Procedure(1, 0.01)}), "must follow the last welded"),
        (straight(LINE, ArcOn("p", "w"), LINE, ArcOff("p"), procedures={"p": Procedure(1, 0.01)}, weaves={"w": Weave("sine", 1.0, 1e-3)}), "no weaving shape 'sine'"),
        (straight(SetSignal("vacuum-on", False, 0.5)), "a pulse of 1 only"),
        (straight(Shift(("edge",))), "'edge' is used, and no search"),
        (straight(MoveJoint(None, 0.5, T_frame_tcp=POSE, posture=Posture("kuka", (2, 35)))), "in the words of 'kuka'"),
        (straight(LINE, positioner=(False,)), "names its 1 axes"),
        (straight(signals={"lamp": SignalLine("$OUT[1]", True)}), "'\\$OUT\\[1\\]' is no RAPID name"),
        (straight(signals={"lamp": SignalLine("MOD", True)}), "no reserved word"),
        (straight(LINE, lower=np.zeros(5), upper=np.ones(5), prismatic=np.zeros(5, dtype=bool)), "six turning axes"),
        (program("rapid", (Routine("main", "main", (LINE,)),)), "before tool and frame are chosen"),
    ],
)  # fmt: skip
def test_what_rapid_cannot_say_is_refused(built, words):
    with pytest.raises(UnsupportedError, match=words):
        write(built)


def test_zones_are_never_wider_than_the_blend():
    built = straight(*(MoveLinear(POSE, HOME, 0.1, blend=blend) for blend in (1e-3, 2e-3, 2.5e-3, 5e-3, 0.0123456)), LINE)
    text = module(write(built))
    # There is no z2: a zone of 2 mm is declared; the predefined ones are taken as they are.
    assert "CONST zonedata z2:=[FALSE,2,3,3,0.3,3,0.3];" in text and "zonedata z5:=" not in text and "zonedata z1:=" not in text
    blends = [event.blend for event in events(returned(built)) if isinstance(event, Moved)][1:-1]
    for have, want in zip(blends, (1e-3, 2e-3, 2.5e-3, 5e-3, 0.0123456), strict=True):
        assert want - 1e-7 <= have <= want + 1e-15


def test_names_are_the_module_s_own():
    """Texts that become the same name, or one that the controller has, get different ones."""
    body = (UseTool("tool0"), UseFrame("brake"), MoveJoint(HOME, 0.2), Call("MoveL"), Call("movel "), Call("Fault"), LINE)
    step = (MoveLinear(POSE, HOME, 0.1),)
    routines = (Routine("main", "main", body), *(Routine(name, name, step) for name in ("MoveL", "movel ", "Fault")))
    built = program("rapid", routines, tools={"tool0": TOOL})
    assert differences(built, returned(built)) == []


def test_quaternions_agree_with_robodk():
    data = module(write(EXAMPLES["bending"]))
    q = [float(v) for v in data.split("MoveL [[", 1)[1].split("],[", 2)[1].split(",")]
    theirs = np.array(robomath.quaternion_2_pose(q).Rows())[:3, :3]
    assert from_quat_wxyz(q)[:3, :3] == pytest.approx(theirs, abs=1e-7)


@pytest.mark.slow
@settings(deadline=None, max_examples=1000, suppress_health_check=list(HealthCheck))
@given(random_programs("rapid"), st.booleans())
def test_a_thousand_random_programs_come_back(built, came):
    back = read(built, write(built))
    assert differences(built, back) == []
    if not came:
        assert differences(built, back, lambda address, value: address != "diPartHeld") == []


# Damage

HELD = "    WaitDI diPartHeld,1\\MaxTime:=10\\TimeFlag:=late;\r\n"
REFUSED = {
    "missing semicolon": ("bending", "SetDO doVacuum,1;", "SetDO doVacuum,1"),
    "missing semicolon of a move": ("bending", "MoveL p_pick_20,v400,fine,t_gripper\\WObj:=w_brake;", "MoveL p_pick_20,v400,fine,t_gripper\\WObj:=w_brake"),
    "missing semicolon of data": ("bending", "late:=FALSE;", "late:=FALSE"),
    "missing bracket": ("bending", "[100,-240,170.5],", "[100,-240,170.5,"),
    "bracket too many": ("bending", "[100,-240,170.5],", "[100,-240,170.5]],"),
    "joint left out": ("bending", "[[0,-90,90,0,45,-170],", "[[0,-90,90,0,45],"),
    "joint too many": ("bending", "[[0,-90,90,0,45,-170],", "[[0,-90,90,0,45,-170,0],"),
    "coordinate left out": ("bending", "[[100,-240,170.5],", "[[100,-240],"),
    "external axis left out": ("bending", "9E9,9E9]],v50\\T:=0.4", "9E9]],v50\\T:=0.4"),
    "external axis 0 instead of none": ("bending", "[9E9,9E9,9E9,9E9,9E9,9E9]],v50\\T:=0.4", "[0,9E9,9E9,9E9,9E9,9E9]],v50\\T:=0.4"),
    "cfx left out": ("bending", "[0,0,-2,0],[9E9", "[0,0,-2],[9E9"),
    "cfx that does not exist": ("bending", "[0,0,-2,0],[9E9", "[0,0,-2,9],[9E9"),
    "fraction in confdata": ("bending", "[0,0,-2,0],[9E9", "[0,0,-2.5,0],[9E9"),
    "quaternion of wrong length": ("bending", "[0.1830127,", "[0.2830127,"),
    "number with a comma": ("bending", "170.5],", "170,5],"),
    "word instead of a number": ("bending", "170.5],", "nan],"),
    "joint limit": ("bending", "[[0,-90,90,0,45,-170],", "[[0,-390,90,0,45,-170],"),
    "speed 0": ("bending", "vj20:=[1400,", "vj20:=[0,"),
    "speed too high": ("bending", "vj20:=[1400,", "vj20:=[14000,"),
    "negative speed": ("bending", "v350:=[350,", "v350:=[-350,"),
    "speed field left out": ("bending", "v350:=[350,500,5000,1000]", "v350:=[350,500,5000]"),
    "time 0": ("bending", "\\T:=0.4,", "\\T:=0,"),
    "zone that does not exist": ("bending", ",z1,", ",z2,"),
    "speed that does not exist": ("bending", ",v100,", ",v101,"),
    "unknown tool": ("bending", "v100,fine,t_gripper", "v100,fine,t_griper"),
    "unknown work object": ("bending", "v100,fine,t_gripper\\WObj:=w_brake", "v100,fine,t_gripper\\WObj:=w_brke"),
    "work object as tool": ("bending", "v100,fine,t_gripper", "v100,fine,w_brake"),
    "unknown target": ("bending", "MoveL p_pick_20", "MoveL p_pick_30"),
    "joint target for a straight move": ("bending", "MoveL p_pick_20", "MoveL j_pick_10"),
    "target declared twice": ("bending", "CONST robtarget p_bend_1_10", "CONST robtarget p_pick_20"),
    "argument left out": ("bending", "MoveL p_pick_20,v400,fine,", "MoveL p_pick_20,v400,"),
    "argument too many": ("bending", "MoveL p_pick_20,v400,", "MoveL p_pick_20,v400,v400,"),
    "misspelt signal": ("bending", "SetDO doVacuum", "SetDO doVacum"),
    "input as output": ("bending", "SetDO doVacuum", "SetDO diPartHeld"),
    "value that a line cannot have": ("bending", "SetDO doVacuum,1", "SetDO doVacuum,2"),
    "group with a fraction": ("bending", "SetGO goBend,1;", "SetGO goBend,1.5;"),
    "unknown flag": ("bending", "TimeFlag:=late", "TimeFlag:=lat"),
    "time flag without time": ("bending", "\\MaxTime:=10", ""),
    "unknown load": ("bending", "GripLoad ld_part", "GripLoad ld_prt"),
    "load of 0 kg": ("bending", "[1.6,[0,-10,1]", "[0,[0,-10,1]"),
    "load without centre": ("bending", "[1.6,[0,-10,1]", "[1.6,[0,0,0]"),
    "tool that stands still": ("bending", "t_gripper:=[TRUE", "t_gripper:=[FALSE"),
    "ENDIF left out": ("bending", "    ENDIF\r\n", ""),
    "ENDPROC left out": ("bending", "  ENDPROC\r\n", ""),
    "ENDMODULE left out": ("bending", "ENDMODULE\r\n", ""),
    "wrong end": ("bending", "    ENDIF\r\n", "    ENDWHILE\r\n"),
    "THEN left out": ("bending", "IF late THEN", "IF late"),
    "MODULE left out": ("bending", "MODULE WINKEL_3_TEILIG\r\n", ""),
    "name longer than 32": ("bending", "MODULE WINKEL_3_TEILIG", "MODULE WINKEL_3_TEILIG_WINKEL_3_TEILIG_2"),
    "reserved word as a name": ("bending", "VAR bool late:=FALSE;", "VAR bool late:=FALSE;\r\n  VAR num step:=1;"),
    "routine twice": ("bending", "PROC BEND_1()", "PROC PICK()"),
    "no main": ("bending", "PROC main()", "PROC man()"),
    "call with a value": ("bending", "    PICK;", "    PICK 1;"),
    "call without its value": ("bending", 'Fault "part-held=1 (diPartHeld) after 10 s";', "Fault;"),
    "text not closed": ("bending", 'after 10 s";', "after 10 s;"),
    "data after a routine": ("bending", "  PROC BEND_1()", "  VAR num n:=1;\r\n  PROC BEND_1()"),
    "no data type": ("bending", "CONST jointtarget j_home", "CONST j_home"),
    "constant as variable": ("bending", "VAR bool late", "CONST bool late"),
    "seam that is not known": ("welding", ",sm2,wd2\\Weave:=wv1,fine,t_torch\\WObj:=w_part;\r\n    ArcL", ",sm3,wd2\\Weave:=wv1,fine,t_torch\\WObj:=w_part;\r\n    ArcL"),
    "weave that is not known": ("welding", "\\Weave:=wv1,z1", "\\Weave:=wv7,z1"),
    "arc not ended": ("welding", "ArcCEnd", "ArcC"),
    "arc not ignited": ("welding", "ArcLStart", "ArcL"),
    "arc ended in a zone": ("welding", "\\Weave:=wv1,fine,t_torch\\WObj:=w_part;\r\n    MoveL", "\\Weave:=wv1,z1,t_torch\\WObj:=w_part;\r\n    MoveL"),
    "via point left out": ("welding", "ArcCEnd [[650,120,20],[0.6830127,-0.1830127,0.6830127,0.1830127],[0,0,-2,0],[9E9,9E9,9E9,9E9,9E9,9E9]],", "ArcCEnd "),
    "mechanical unit that is not there": ("welding", '[FALSE,TRUE,"",[[1200', '[FALSE,FALSE,"STN2",[[1200'),
}  # fmt: skip
LEGAL = {
    "two angles swapped": ("bending", "[[0,-90,90,0,45,-170],", "[[0,90,-90,0,45,-170],"),
    "quaternion swapped": ("bending", "[0.1830127,-0.6830127,-0.6830127,-0.1830127],[0,0,-2,0],[9E9,9E9,9E9,9E9,9E9,9E9]],v50\\T:=0.4", "[-0.6830127,0.1830127,-0.6830127,-0.1830127],[0,0,-2,0],[9E9,9E9,9E9,9E9,9E9,9E9]],v50\\T:=0.4"),
    "move left out": ("bending", "    MoveL p_pick_20,v400,fine,t_gripper\\WObj:=w_brake;\r\n", ""),
    "wait left out": ("bending", HELD, ""),
    "wait for the other value": ("bending", "WaitDI diPartHeld,1", "WaitDI diPartHeld,0"),
    "wait for another line": ("bending", "WaitDI diPartHeld,1", "WaitDI diOpen,1"),
    "other timeout": ("bending", "\\MaxTime:=10", "\\MaxTime:=1"),
    "wait for ever": ("bending", "\\MaxTime:=10\\TimeFlag:=late", ""),
    "other load": ("bending", "GripLoad ld_part;", "GripLoad load0;"),
    "load moved": ("bending", "[1.6,[0,-10,1]", "[1.6,[0,-10,2]"),
    "other tool": ("bending", "t_gripper:=[TRUE,[[0,0,200]", "t_gripper:=[TRUE,[[0,0,201]"),
    "other frame": ("bending", "v400,fine,t_gripper\\WObj:=w_brake", "v400,fine,t_gripper\\WObj:=wobj0"),
    "other speed": ("bending", "MoveL p_pick_20,v400", "MoveL p_pick_20,v500"),
    "corner instead of a stop": ("bending", "p_pick_20,v400,fine", "p_pick_20,v400,z10"),
    "time changed": ("bending", "\\T:=0.4", "\\T:=0.5"),
    "group as line": ("bending", "SetGO goBend,1", "SetDO goBend,1"),
    "output the other way": ("bending", "SetDO doVacuum,1", "SetDO doVacuum,0"),
    "statement in a comment": ("bending", "SetDO doVacuum,1", "!SetDO doVacuum,1"),
    "misspelt routine": ("bending", "    PICK;", "    PIK;"),
    "retreat left out": ("bending", "      RETREAT_FROM_PICK;\r\n", ""),
    "end left out after a fault": ("bending", "      EXIT;\r\n", ""),
    "outputs not made safe": ("bending", "    SetDO doBendStart,0;\r\n    TPWrite", "    TPWrite"),
    "no halt after a fault": ("bending", "    Stop;\r\n", ""),
    "straight instead of circular": ("welding", "ArcCEnd [[650,120,20],[0.6830127,-0.1830127,0.6830127,0.1830127],[0,0,-2,0],[9E9,9E9,9E9,9E9,9E9,9E9]],", "ArcLEnd "),
    "via point moved": ("welding", "[[650,120,20]", "[[650,121,20]"),
    "weaving left out": ("welding", "ArcLStart p_seam_1_30,v100,sm2,wd2\\Weave:=wv1", "ArcLStart p_seam_1_30,v100,sm2,wd2"),
}  # fmt: skip


def damaged(name, old, new):
    files = write(EXAMPLES[name])
    file = next(file for file in files if file.endswith(".mod"))
    text = files[file].decode()
    assert old in text
    files[file] = text.replace(old, new, 1).encode()
    return files


@pytest.mark.parametrize("kind", REFUSED)
def test_text_that_the_controller_would_not_take_is_refused_with_its_line(kind):
    name, old, new = REFUSED[kind]
    with pytest.raises(ProgramTextError) as caught:
        read(EXAMPLES[name], damaged(name, old, new))
    assert caught.value.file is not None and caught.value.file.endswith(".mod") and caught.value.place.startswith("line ")


@pytest.mark.parametrize("kind", LEGAL)
def test_text_that_means_something_else_is_told_from_what_was_written(kind):
    name, old, new = LEGAL[kind]
    built = EXAMPLES[name]
    back = read(built, damaged(name, old, new))
    try:
        found = differences(built, back) or differences(built, back, lambda address, value: address != "diPartHeld")
    except ProgramTextError as error:
        assert error.file is not None and error.place.startswith("line ")
        return
    assert found


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({"a.txt": b""}, "at least one module"),
        ({"a.mod": b""}, "'MODULE' is missing"),
        ({"a.mod": b"MODULE a\r\nENDMODULE"}, "PROC main is missing"),
        ({"a.mod": b"MODULE a\r\nPROC main()\r\nENDPROC\r\nENDMODULE\r\nx"}, "line 5, column 1: 'x' stands after ENDMODULE"),
        ({"a.mod": b"MODULE a\n\x00"}, "line 2: byte 0x0 cannot stand"),
        ({"a.modx": b"MODULE a\n\n\xe9"}, "line 3: byte 0xe9 is not UTF-8"),
        ({"a.mod": b"MODULE a\nPROC main()\n  x:=" + b"1+" * 5_000_000 + b"1;"}, "line 3: the line has 10000"),
        ({"a.mod": b"MODULE a\nVAR num x;\nPROC main()\n x:=" + b"(" * 9000}, "line 4, column .*brackets inside"),
        ({"a.mod": b"MODULE a\nVAR num x;\nPROC main()\n x:=" + b"-" * 9000}, "a value is missing"),
        ({"a.mod": b"MODULE a\nVAR num x;\nPROC main()\n x:=x" + b"+x" * 9000}, "operations in one statement"),
        ({"a.mod": b"MODULE a\nPROC main()\n" + b"IF TRUE THEN\n" * 500}, "blocks inside each other"),
        ({"a.mod": b"MODULE a\nVAR num x;\nPROC main()\nIF x=1 THEN\n" + b"ELSEIF x=2 THEN\n" * 500}, "blocks inside each other"),
        ({"a.mod": b"MODULE a\nPROC main()\nENDPROC\nENDMODULE\n", "a.pgf": b"<Program><Module>b.mod</Module></Program>"}, "a.pgf: line 1: module 'b.mod' is listed but missing"),
        ({"a.mod": b"MODULE a\nPROC main()\nENDPROC\nENDMODULE\n", "a.pgf": b"<Program>"}, "a.pgf: line 1: a list of modules"),
        ({"a.mod": b"MODULE a\nPROC main()\nGOTO b;\nENDPROC\nENDMODULE\n"}, "line 3, column 1: label 'b' does not exist"),
        ({"a.mod": b"MODULE a\nPROC main()\nFoo a\nBar b;\nENDPROC\nENDMODULE\n"}, "';' is missing after 'a'|';' is missing after 'Bar'"),
    ],
)  # fmt: skip
def test_files_that_are_no_program(files, words):
    with pytest.raises(ProgramTextError, match=words):
        language("rapid").read(files, Controller())


def test_recursion_is_named_and_does_not_hang():
    back = text_program("MODULE a\nPROC main()\nsub;\nENDPROC\nPROC sub()\nmain;\nENDPROC\nENDMODULE\n")
    with pytest.raises(ProgramTextError, match=r"line [36]: '(main|sub)' is called 60 calls deep"):
        list(run(back))


@settings(deadline=None, max_examples=200)
@given(st.data())
def test_garbled_and_cut_text_never_crashes(data):
    files = write(EXAMPLES[data.draw(st.sampled_from(sorted(EXAMPLES)))])
    name = data.draw(st.sampled_from(sorted(files)))
    raw = bytearray(files[name])
    place = data.draw(st.integers(0, len(raw) - 1))
    if data.draw(st.booleans()):
        raw[place] = data.draw(st.integers(0, 255))
    else:
        del raw[place:]
    files[name] = bytes(raw)
    try:
        list(run(read(EXAMPLES["bending"], files), skip_unknown=True))
    except ProgramTextError as error:
        assert error.file is not None or "a list" in str(error)


@settings(deadline=None, max_examples=150)
@given(st.data())
def test_shuffled_words_never_crash(data):
    """Words of programs left out, doubled, swapped, and replaced by ones that are hard to digest."""
    text = data.draw(st.sampled_from([PALLET, module(write(everything()))]))
    words = re.findall(r"\w+|\s+|[^\w\s]", text)
    hard = ["1e999", "-", "{", "}", "9E9", "NOT", "\\", '"', ";", ".", "ENDIF", "IF", "FOR", "9" * 400]
    for _ in range(data.draw(st.integers(1, 4))):
        i, j = (data.draw(st.integers(0, len(words) - 1)) for _ in range(2))
        kind = data.draw(st.integers(0, 3))
        if kind == 0:
            words[i], words[j] = words[j], words[i]
        elif kind == 1:
            words[i] = data.draw(st.sampled_from(hard))
        elif kind == 2:
            words[j:j] = words[i : i + 20]
        else:
            words[i] = ""
    try:
        list(itertools.islice(run(text_program("".join(words)), skip_unknown=True), 2000))
    except ProgramTextError as error:
        assert error.file == "t.mod" and error.place is not None


# Programs of people

PALLET = r"""%%%
  VERSION:1
  LANGUAGE:ENGLISH
%%%
module Pallet(sysmodule)
  ! three boxes in a row, then home
  PERS tooldata tSuck:=[TRUE,[[0,0,150],[1,0,0,0]],[2.5,[0,0,60],[1,0,0,0],0,0,0]];
  TASK PERS wobjdata wPallet := [FALSE, TRUE, "", [[800,-200,0],[1,0,0,0]],
    [[0,0,10],[1,0,0,0]]];
  PERS loaddata ldBox:=[4,[0,0,100],[1,0,0,0],0,0,0];
  CONST jointtarget jHome:=[[0,0,0,0,90,0],[9E+09,9E+09,9E9,9E9,9E9,9E9]];
  CONST robtarget pFirst:=[[100,50,20],[0,1,0,0],[0,-1,0,1],[9E9,9E9,9E9,9E9,9E9,9E9]];
  CONST num pitch:=120.5;
  const speeddata vSlow:=[40,100,5000,1000];
  PERS num nBoxes:=3;
  VAR bool ready;
  VAR clock timer;
  VAR num mask{4}:=[1,2,4,8];

  PROC main()
    ConfL\Off;
    MoveAbsJ jHome\NoEOffs,v1000,fine,tSuck;
    IF nBoxes>2 AND NOT nBoxes=5 THEN
      pick 2*0.25, "row " + "one";
    ELSEIF nBoxes=2 THEN
      Stop;
    ELSE
      EXIT;
    ENDIF
    FOR i FROM 1 TO nBoxes DO
      count i;
    ENDFOR
    FOR i FROM 3 TO 1 STEP -2 DO
      WaitTime i/10;
    ENDFOR
    TEST nBoxes
    CASE 1, 2:
      WaitTime 9;
    CASE 3:
      again:
      Incr nBoxes;
      IF nBoxes<6 GOTO again;
    DEFAULT:
      WaitTime 8;
    ENDTEST
    PathAccLim TRUE\AccMax:=4,TRUE;
    nBoxes:=double(nBoxes)-0;
    nBoxes:=double(nBoxes);
    WaitTime nBoxes/10;
  ERROR
    IF ERRNO=ERR_WAIT_MAXTIME THEN
      RETRY;
    ENDIF
  ENDPROC
  LOCAL PROC pick(num dwell, string what)
    VAR num up:=30;
    WaitDI diBox, 1\MaxTime:=5 \TimeFlag:=ready;
    IF ready=TRUE RETURN;
    MoveJ Offs(pFirst,0,0,2*pitch),v500,z10,tSuck\WObj:=wPallet;
    MoveL RelTool(pFirst,0,0,-pitch/2\Rz:=90),
          vSlow\V:=25, z0, tSuck \WObj:=wPallet;
    MoveL pFirst,[100,50,5000,1000],fine,tSuck\WObj:=wPallet;
    Set doSuck;
    GripLoad ldBox;
    WaitTime dwell;
    WaitUntil DInput(diHeld)=1 AND giLayer<>2;
    PulseDO\PLength:=0.4,doLamp;
    PDispOff;
    TPWrite what;
  ENDPROC
  PROC count(num n)
    IF n=2 THEN
      RETURN;
    ENDIF
    WaitTime n;
  ENDPROC
  FUNC num double(num n)
    RETURN 2*n;
  ENDFUNC
ENDMODULE
"""


def test_a_program_that_a_person_wrote():
    back = text_program(PALLET)
    unknown = [one for routine in back.routines for one in routine.walk() if isinstance(one, Unknown)]
    assert [(one.text.split()[0], one.line) for one in unknown] == [("PathAccLim", 46), ("nBoxes:=double(nBoxes)-0", 47), ("ERROR", 50)]
    with pytest.raises(ProgramTextError, match="line 46: not understood: 'PathAccLim TRUE"):
        list(run(back))
    happened = list(run(back, skip_unknown=True))
    moves = [event for event in happened if isinstance(event, Moved)]
    assert [move.kind for move in moves] == ["joint", "joint", "linear", "linear"]
    # v1000 is one seventh of 7000 mm/s; axis 5 stands at 90 deg.
    assert moves[0].speed == pytest.approx(1 / 7) and moves[0].q == pytest.approx([0, 0, 0, 0, np.pi / 2, 0]) and moves[0].blend is None
    # The work object is at (800, -200, 10) mm; the point above it 241 mm higher.
    assert moves[1].T_target[:3, 3] == pytest.approx([0.9, -0.15, 0.271]) and moves[1].blend == pytest.approx(0.010)
    assert moves[1].posture == Posture("abb", (0, -1, 0, 1))
    # The tool looks down: 60.25 mm back along its axis is up, and it is turned by 90 deg about it.
    assert moves[2].T_target[:3, 3] == pytest.approx([0.9, -0.15, 0.09025])
    assert angle_between(moves[2].T_target, moves[3].T_target) == pytest.approx(np.pi / 2)
    assert moves[2].T_target[:3, 0] == pytest.approx([0, -1, 0], abs=1e-9) and moves[2].T_target[:3, 2] == pytest.approx(
        [0, 0, -1], abs=1e-9
    )
    assert (moves[2].speed, moves[2].blend) == pytest.approx((0.025, 0.0003))
    assert (moves[3].speed, moves[3].turn_speed) == pytest.approx((0.1, np.radians(50)))
    # Two seconds are left out by the RETURN; nBoxes is 3, 4, 5, 6 and at last 12.
    assert [event.seconds for event in happened if isinstance(event, Paused)] == pytest.approx([0.5, 1, 3, 0.3, 0.1, 1.2])
    assert [event.signals for event in happened if isinstance(event, Waited)] == [(("diBox", True),), (("diHeld", True),)]
    sets = [(event.address, event.value, event.pulse) for event in happened if isinstance(event, SignalSet)]
    assert sets == [("doSuck", True, None), ("doLamp", True, 0.4)]
    (load,) = [event.load for event in happened if isinstance(event, LoadChanged)]
    # 2.5 kg at 60 mm and 4 kg at 100 mm before the tool's end at 150 mm.
    assert load.mass == pytest.approx(6.5) and load.com[2] == pytest.approx((2.5 * 0.06 + 4 * 0.25) / 6.5)
    assert [event.text for event in happened if isinstance(event, Messaged)] == ["{what}"]
    assert [event.text.split()[0] for event in happened if isinstance(event, Skipped)] == ["PathAccLim", "nBoxes:=double(nBoxes)-0"]
    assert back.signals["giLayer"] == SignalLine("giLayer", False, True) and back.signals["doSuck"] == SignalLine("doSuck", True)


def test_what_does_not_come_in_that_program_returns_early():
    happened = list(run(text_program(PALLET), SignalsOnly(lambda address, value: address != "diBox"), skip_unknown=True))
    assert [type(event).__name__ for event in happened[:4]] == ["Moved", "Waited", "Paused", "Paused"] and not happened[1].came


HEAD = """MODULE m
CONST robtarget p:=[[100,0,0],[1,0,0,0],[0,0,0,0],[9E9,9E9,9E9,9E9,9E9,9E9]];
VAR robtarget q;
VAR num n:=2;
VAR pose shift;
VAR triggdata t;
PROC main()
MoveL p,v100,fine,tool0;
"""


@pytest.mark.parametrize(
    ("statement", "kept"),
    [
        ("q:=p;", True),
        ("MoveL q,v100,fine,tool0;", True),
        ("MoveL Offs(p,0,0,n),v100,fine,tool0;", True),
        ("MoveL\\Conc,p,v100,fine,tool0;", True),
        ("q:=CRobT(\\Tool:=tool0\\WObj:=wobj0);", True),
        ("CONNECT i WITH iTouched;", True),
        ("PDispSet shift;", True),
        ("n:=n DIV 2;", True),
        ("n:=7 DIV 2;", False),
        ("MoveL p,v100\\T:=2,fine,tool0;", False),
        ("n:=p.trans.x;", False),
        ("reg1:=reg1+1;", False),
    ],
)
def test_legal_statements_are_read_or_kept(statement, kept):
    back = text_program(f"{HEAD}{statement}\nENDPROC\nENDMODULE\n")
    last = back.routines[0].body[-1]
    assert last.line == 9 and isinstance(last, Unknown) == kept
    if kept:
        assert last.text == statement[:-1]


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("n:=TRUE;", "num is wanted"),
        ("n:=1/0;", "division by zero"),
        ("n:=1E39;", "out of range"),
        ('n:="a"-"b";', "does not work with string and string"),
        ("IF n AND TRUE THEN ENDIF", "does not work with num and bool"),
        ("n:=1E38*1E38;", "does not work with num and num"),
        ("n:=m;", "num 'm' is not declared"),
        ("p:=q;", "'p' is a constant"),
        ("n:=p.trans.w;", "pos has no component 'w'; there are: x, y, z"),
        ("IF n=TRUE THEN ENDIF", "does not work with num and bool"),
        ("MoveL Offs(p,1,2),v100,fine,tool0;", "Offs takes 4 values"),
        ("TriggL p,v100,t,fine,tool0;", "'t' is not set up"),
        ("TriggIO t,-5\\DOp:=do1,1;", "0 or more"),
        ("TriggIO t,5,1;", "sets one output"),
        ("WaitTime -1;", "a pause of -1 s"),
        ("SearchL\\Stop,di1,p,p,v20,tool0;", "no robtarget variable"),
        ("ConfL;", "takes"),
        ("VAR num late;", "data stands after statements"),
        ("p;", "is data, not an instruction"),
        ("WaitDO do1,1; WaitDI do1,1;", "is an output elsewhere, here an input"),
    ],
)
def test_statements_that_are_wrong_are_refused_with_line_and_column(statement, words):
    with pytest.raises(ProgramTextError, match=rf"t\.mod: line 9, column \d+: .*{words}"):
        text_program(f"{HEAD}{statement}\nENDPROC\nENDMODULE\n")


def test_modules_share_names_and_keep_their_own():
    one = b"MODULE one\nPROC main()\nMoveAbsJ jHome,v100,fine,tool0;\nsub;\nWaitTime n;\nENDPROC\nVAR num n:=1;\nENDMODULE\n".replace(
        b"VAR num n:=1;\n", b""
    )
    one = one.replace(b"MODULE one\n", b"MODULE one\nLOCAL VAR num n:=1;\n")
    two = (
        b"MODULE two\nLOCAL VAR num n:=2;\nCONST jointtarget jHome:=[[0,0,0,0,0,0],[9E9,9E9,9E9,9E9,9E9,9E9]];\n"
        b"PROC sub()\nn:=n+3;\nWaitTime n;\nENDPROC\nENDMODULE\n"
    )
    listed = b"<Program><Module>two.mod</Module><Module>one.mod</Module></Program>"
    back = language("rapid").read({"one.mod": one, "two.mod": two, "x.pgf": listed}, Controller())
    assert [event.seconds for event in run(back) if isinstance(event, Paused)] == [5.0, 1.0]
    assert {routine.name: (routine.file, routine.line) for routine in back.routines} == {"main": ("one.mod", 3), "sub": ("two.mod", 4)}


def test_a_long_program_is_read_in_time_and_little_memory():
    """20,000 points of 1.5 MB; the limit is four times what it takes here."""
    rng = np.random.default_rng(2)
    lines = [
        f"MoveL [[{x:.4f},{y:.4f},{z:.4f}],[0.5,0.5,0.5,0.5],[0,-1,0,1],[9E9,9E9,9E9,9E9,9E9,9E9]],v50,z1,tool0;" for x, y, z in rng.uniform(-900, 900, (20_000, 3))
    ]  # fmt: skip
    text = "MODULE m\r\nPROC main()\r\n" + "\r\n".join(lines) + "\r\nENDPROC\r\nENDMODULE\r\n"
    begin = time.process_time()
    back = text_program(text)
    assert time.process_time() - begin < 20_000 * 150e-6
    assert sum(isinstance(one, MoveLinear) for one in back.routines[0].body) == 20_000
    del back
    tracemalloc.start()
    back = text_program(text)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 10 * len(text) and back.routines[0].body[-1].line == 20_002
