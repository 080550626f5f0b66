"""FANUC TP: golden text, round trips, damage that must be found, programs that people wrote, and the axes' conventions by hand."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from robodk import robomath
from scipy.spatial.transform import Rotation

from core.errors import InputError, UnsupportedError
from core.frames import from_xyz_rpy, inverse, translation
from robots.catalogue import load_robot
from robots.configuration import fanuc_config
from robots.programs.controller import Controller, controller_of
from robots.programs.events import (
    ArcChanged,
    Halted,
    LoadChanged,
    Messaged,
    Moved,
    Paused,
    ProgramTextError,
    SignalSet,
    Skipped,
    Stuck,
    Waited,
)
from robots.programs.execution import run
from robots.programs.fanuc.reader import read_fanuc
from robots.programs.fanuc.text import linear_speed, remarks, termination, wpr_deg
from robots.programs.fanuc.writer import CAPABILITIES, write_fanuc
from robots.programs.program import (
    ArcOff,
    ArcOn,
    Assign,
    Call,
    Frame,
    HoldLoad,
    Load,
    MoveCircular,
    MoveJoint,
    MoveLinear,
    Pause,
    Posture,
    Procedure,
    Remark,
    Routine,
    SearchLinear,
    SetSignal,
    Shift,
    Tool,
    Trigger,
    Unknown,
    UseFrame,
    UseTool,
    WaitSignal,
    Weave,
)
from robots.programs.settings import FanucSettings, ProgramSettings
from robots.programs.surroundings import SignalsOnly
from robots.urdf import load_urdf
from tests.robots.program_examples import FRAME, HOME, POSE, TOOL, bending, differences, orientations, program, random_programs, welding

GOLDEN = Path(__file__).parent / "golden" / "fanuc"
SHARED = Path(__file__).resolve().parents[3] / "shared" / "robots"
CELL = ProgramSettings()


def back(built, cell=CELL):
    """Written and read again."""
    return read_fanuc(write_fanuc(built, cell), controller_of(built, cell, "fanuc"))


def one_routine(*instructions, **more):
    return program("fanuc", (Routine("main", "main", (UseTool("gripper"), UseFrame("brake"), *instructions)),), **more)


def main_text(built, cell=CELL):
    return next(iter(write_fanuc(built, cell).values())).decode()


# What we write


@pytest.mark.parametrize("example", [bending, welding])
def test_text_is_the_golden_one(example):
    files = write_fanuc(example("fanuc"), CELL)
    for name, data in files.items():
        assert data == (GOLDEN / name).read_bytes(), f"{name} differs; look at it, then replace the golden file"
        assert data.isascii() and data.count(b"\n") == data.count(b"\r\n")


def test_file_header_and_lines_are_as_the_controller_prints_them():
    text = main_text(bending("fanuc"))
    assert text.startswith("/PROG  WINKEL_3_TEILIG\r\n/ATTR\r\n") and text.endswith("};\r\n/END\r\n")
    body = text.split("/MN\r\n")[1].split("/POS")[0].splitlines()
    assert [int(line[:4]) for line in body] == list(range(1, len(body) + 1))
    assert f"LINE_COUNT\t= {len(body)};" in text
    assert all(re.fullmatch(r" *\d+:(?:[JLC] |  |   ;).*;|   *\d+:   ;", line) for line in body)
    for line in body:
        if "!" in line:
            assert len(line.split("!", 1)[1].removesuffix(" ;")) <= 32


@pytest.mark.parametrize("example", [bending, welding])
def test_what_is_read_does_what_was_written(example):
    built = example("fanuc")
    assert differences(built, back(built)) == []


@pytest.mark.parametrize("missing", ["DI[8]", "GI[1]", "DI[7]"])
def test_a_signal_that_does_not_come(missing):
    built = bending("fanuc")
    read = back(built)

    def inputs(address, value):
        return address != missing

    assert differences(built, read, inputs) == []
    happened = list(run(read, SignalsOnly(inputs)))
    if missing == "DI[7]":
        assert isinstance(happened[-1], Stuck)
        return
    at = next(i for i, one in enumerate(happened) if isinstance(one, Waited) and not one.came)
    kinds = [type(one) for one in happened[at + 1 :]]
    retreat = [Moved] if missing == "DI[8]" else []
    assert kinds == [SignalSet, Messaged, Halted, *retreat, Halted]
    assert (happened[at + 1].address, happened[at + 1].value) == ("DO[2]", False)
    assert happened[at + 2].text == {"DI[8]": "DI8 part-held not ON", "GI[1]": "GI1 bend-number-ec not 1"}[missing]
    assert not happened[at + 3].ends and happened[-1].ends
    if retreat:
        assert happened[-2].T_target[:3, 3] == pytest.approx((FRAME.T_robot_frame @ translation(0, 0, 0.1) @ POSE)[:3, 3], abs=1e-6)


def test_a_track_is_the_external_axis_of_group_1():
    q = np.r_[1.25, HOME]
    built = one_routine(
        MoveJoint(q, 0.2), MoveLinear(POSE, q + 0.1, 0.3),
        lower=np.r_[0.0, np.full(6, -6.2)], upper=np.r_[3.0, np.full(6, 6.2)], prismatic=np.arange(7) < 1,
    )  # fmt: skip
    text = main_text(built)
    assert "J6= -170.00000 deg,\r\n\tE1=  1250.0000  mm\r\n};" in text and text.count("E1=") == 2
    read = back(built)
    assert differences(built, read) == []
    assert [one.track for one in run(read) if isinstance(one, Moved)][1] == pytest.approx(1.35)
    with pytest.raises(ProgramTextError, match=r"the track at 3500\.000 mm; its limits are 0\.000 to 3000\.000 mm"):
        read_fanuc({"WINKEL_3_TEILIG.LS": text.replace("1250.0000", "3500.0000").encode()}, controller_of(built, CELL, "fanuc"))


def on_positioner(**more):
    turned = (float(np.radians(30.0)), 0.25)
    seam = Routine(
        "seam", "seam 1",
        (
            MoveLinear(POSE, HOME, 0.1, external=turned), MoveCircular(translation(0.1, 0, 0) @ POSE, translation(0.1, 0.1, 0) @ POSE, HOME, 0.1, external=turned),
        ),
    )  # fmt: skip
    main = Routine("main", "main", (UseTool("gripper"), UseFrame("brake"), MoveJoint(HOME, 0.2, external=turned), Call("seam")))
    return program("fanuc", (main, seam), frames={"brake": replace(FRAME, carried=True)}, positioner=(False, True), **more)


def test_a_positioner_is_group_2_and_its_frame_is_coordinated():
    built = on_positioner()
    files = write_fanuc(built, ProgramSettings(fanuc=FanucSettings(groups=7)))
    seam = files["WINKEL_3_TEILIG_SEAM.LS"].decode()
    assert "DEFAULT_GROUP\t= 1,1,*,*,*,*,*;" in seam
    assert "L P[1] 100mm/sec FINE COORD    ;" in seam and "    :  P[3] 100mm/sec FINE COORD    ;" in seam
    assert "   GP2:\r\n\tUF : 1, UT : 1,\t\r\n\tJ1=   30.00000 deg,\tJ2=   250.0000  mm\r\n};" in seam
    assert differences(built, back(built)) == []
    for old, new, message in (
        (" COORD", "", "COORD is missing: the positioner carries frame 1"),
        ("= 1,1,*", "= 1,*,*", "DEFAULT_GROUP names GP1"),
        ("J2=   250.0000  mm", "J2=   250.0000 deg", "'J2 = number mm' is expected"),
    ):
        damaged = files | {"WINKEL_3_TEILIG_SEAM.LS": seam.replace(old, new, 1).encode()}
        with pytest.raises(ProgramTextError, match=message):
            read_fanuc(damaged, controller_of(built, CELL, "fanuc"))


def test_arc_instructions_of_old_and_new_controllers():
    built = welding("fanuc")
    old = ProgramSettings(fanuc=FanucSettings(arc="arc"))
    text = write_fanuc(built, old)["FRAME_7_SEAM_1.LS"].decode()
    assert "  Arc Start[2] ;" in text and "  Arc End[2] ;" in text and "Weld" not in text
    assert differences(built, back(built, old)) == []
    given_values = replace(built, weaves={"narrow": Weave("circle", 2.0, 1.5e-3, 0.1, 0.05)})
    read = back(given_values)
    assert "Weave Circle[2.0Hz,1.5mm,0.100s,0.050s] ;" in write_fanuc(given_values, CELL)["FRAME_7_SEAM_1.LS"].decode()
    weave = next(one.weave for one in run(read) if isinstance(one, ArcChanged) and one.weave is not None)
    assert (weave.shape, weave.frequency, weave.amplitude, weave.dwell_left, weave.dwell_right) == ("circle", 2.0, 1.5e-3, 0.1, 0.05)
    welded = [one for one in run(read) if isinstance(one, Moved) and one.weld]
    assert [one.speed for one in welded] == [0.008, 0.008]


def test_seam_tracking_begins_and_ends_with_the_arc():
    down = from_xyz_rpy((0.4, 0.1, 0.02), np.radians([0.0, 90.0, 30.0]))
    built = one_routine(
        MoveLinear(down, HOME, 0.1), ArcOn("p", track="arc"), MoveLinear(translation(0.2, 0, 0) @ down, HOME, 0.012), ArcOff("p"),
        procedures={"p": Procedure(3, 0.008)},
    )  # fmt: skip
    text = main_text(built)
    # A speed other than the procedure's stands in the move: 12 mm/s, not WELD_SPEED.
    assert "  Weld Start[3,1] ;\r\n" in text and "  Track TAST[1] ;" in text and " 12mm/sec FINE" in text
    assert text.index("Weld End[3,1]") < text.index("Track End") and "Weave" not in text
    assert differences(built, back(built)) == []


def test_numbers_of_the_operators_sheet():
    cell = ProgramSettings(fanuc=FanucSettings(world_height_mm=525.0, tool_number=3, frame_number=5, payload_number=2))
    sheet = write_fanuc(bending("fanuc"), cell)["WINKEL_3_TEILIG_REGISTERS.TXT"].decode()
    # Frame 750 mm over the base link is 225 mm over the world origin; 6 kg at 12 cm and 1.6 kg at 20.1 cm balance at 13.71 cm.
    assert re.search(r"^ +5  brake +1750\.000 +0\.000 +225\.000 +0\.000 +0\.000 +-90\.000\r?$", sheet, re.MULTILINE)
    assert re.search(r"^ +3  gripper +0\.000 +0\.000 +200\.000 +0\.000 +0\.000 +90\.000\r?$", sheet, re.MULTILINE)
    assert re.search(r"^ +3  gripper with part +7\.600 +0\.21 +0\.00 +13\.71\r?$", sheet, re.MULTILINE)
    rows = [line for line in sheet.splitlines() if "kg" in line or "gripper with part" in line]
    assert len({len(line) for line in rows[-2:]}) == 1
    assert "525 mm above" in sheet
    built = bending("fanuc")
    assert differences(built, back(built, cell)) == []


def test_home_signal_and_user_alarm():
    cell = ProgramSettings(fanuc=FanucSettings(home_signal="UO[7]", user_alarm=12))
    read = back(bending("fanuc"), cell)
    away = [one for one in run(read, SignalsOnly()) if not isinstance(one, Messaged)]
    assert [type(one) for one in away] == [Halted] and away[0].ends

    class AtHome(SignalsOnly):
        def read(self, address):
            return address == "UO[7]" or super().read(address)

    happened = list(run(read, AtHome(lambda address, value: address != "DI[8]")))
    assert [one.text for one in happened if isinstance(one, Messaged)] == ["DI8 part-held not ON", "user alarm 12"]
    assert [one.ends for one in happened if isinstance(one, Halted)] == [False, True]


def shifted(instructions, routines, shift=()):
    """(kind, shift by search results) of every move, searches with their result; names of results in the order they are found."""
    out = []
    for one in instructions:
        if isinstance(one, Shift):
            shift = one.results
        elif isinstance(one, SearchLinear):
            out.append(("search", one.result, shift))
        elif isinstance(one, MoveLinear):
            out.append(("linear", shift))
        elif isinstance(one, Call):
            inner, shift = shifted(routines[one.routine], routines, shift)
            out += inner
    return out, shift


def test_searches_and_the_shift_they_make():
    def at(x):
        return translation(x, 0, 0) @ POSE

    main = Routine(
        "main", "main",
        (
            UseTool("gripper"), UseFrame("brake"), MoveLinear(POSE, HOME, 0.1), SearchLinear(at(0.03), at(0.02), HOME, 0.02, "part-held", True, "edge"),
            MoveLinear(POSE, HOME, 0.1), SearchLinear(at(0.05), None, HOME, 0.02, "opening-safe", False, "face"), Shift(("edge",)), MoveLinear(POSE, HOME, 0.1),
            Shift(("edge", "face")), MoveJoint(HOME, 0.1), Call("seam"), Shift(()), MoveLinear(POSE, HOME, 0.1),
        ),
    )  # fmt: skip
    seam = Routine("seam", "seam", (MoveLinear(at(0.1), HOME, 0.1), MoveLinear(at(0.2), HOME, 0.1)))
    built = program("fanuc", (main, seam))
    files = write_fanuc(built, CELL)
    text = files["WINKEL_3_TEILIG.LS"].decode()
    for line in (
        "  SKIP CONDITION DI[8]=ON    ;", "L P[2] 20mm/sec FINE Skip,LBL[901],PR[50]=LPOS    ;", "  PR[50]=PR[50]-P[3]    ;", "  PR[50,6]=0    ;",
        "  SKIP CONDITION DI[7]=OFF    ;", "L P[7] 100mm/sec FINE Offset,PR[50]    ;", "  PR[52]=PR[50]+PR[51]    ;", "J P[8] 10% FINE    ;", "MESSAGE[edge no touch] ;", "MESSAGE[face no touch] ;",
    ):  # fmt: skip
        assert line in text
    assert files["WINKEL_3_TEILIG_SEAM.LS"].decode().count("Offset,PR[52]") == 2
    assert "PR[52]  edge + face" in files["WINKEL_3_TEILIG_REGISTERS.TXT"].decode()
    read = back(built)
    assert differences(built, read) == []
    names = {"edge": "PR[50]", "face": "PR[51]"}

    def renamed(item):
        return tuple(tuple(names[n] for n in part) if isinstance(part, tuple) else names.get(part, part) for part in item)

    want = shifted(main.body, {"seam": seam.body})[0]
    assert len(want) == 8
    assert shifted(read.routines[0].body, {"WINKEL_3_TEILIG_SEAM": read.routines[1].body})[0] == [renamed(one) for one in want]
    # A register that something else writes to is not a search result any more.
    files["WINKEL_3_TEILIG.LS"] = text.replace("  PR[50,6]=0    ;", "  PR[50,6]=5    ;").encode()
    with pytest.raises(ProgramTextError, match="not understood: 'L P"):
        list(run(read_fanuc(files, controller_of(built, CELL, "fanuc"))))


def test_a_pose_target_keeps_its_posture_and_names_stay_short():
    posture = Posture("fanuc", ("FDB", 0, 1, -1))
    built = one_routine(MoveJoint(None, 0.25, None, None, POSE, posture), Call("a very long routine name"))
    built = replace(
        built, routines=(*built.routines, Routine("a very long routine name", "x", ()), Routine("a very long routine", "y", ()))
    )
    cell = ProgramSettings(fanuc=FanucSettings(longest_name=12))
    files = write_fanuc(built, cell)
    assert all(len(name.removesuffix(".LS")) <= 12 for name in files if name.endswith(".LS")) and len(files) == 4
    assert "CONFIG : 'F D B, 0, 1, -1'" in files["WINKEL_3_TEI.LS"].decode()
    read = read_fanuc(files, controller_of(built, cell, "fanuc"))
    event = next(one for one in run(read) if isinstance(one, Moved))
    assert event.posture == posture and event.T_target == pytest.approx(FRAME.T_robot_frame @ POSE, abs=1e-6)


def test_a_straight_target_with_uncertain_turns_is_a_joint_position():
    """J4 at -180 deg: CONFIG could mean two things, joint values only one. Read back, the pose comes from the arm's kinematics."""
    arm = load_robot("kuka-kr120-r2500-pro")
    q = np.radians([10.0, -70.0, 95.0, -180.0, -40.0, 20.0])
    T = inverse(FRAME.T_robot_frame) @ arm.fk(q) @ TOOL.T_flange_tcp
    main = Routine("main", "main", (UseTool("gripper"), UseFrame("brake"), MoveJoint(HOME, 0.5), MoveLinear(T, q, 0.2)))
    built = program("fanuc", (main,), flange=arm.fk, lower=arm.lower, upper=arm.upper)
    files = write_fanuc(built, ProgramSettings())
    text = files["WINKEL_3_TEILIG.LS"].decode()
    assert "CONFIG" not in text and "J4= -180.00000 deg" in re.sub(r"= +", "= ", text)
    read = read_fanuc(files, controller_of(built, ProgramSettings(), "fanuc"))
    event = [one for one in run(read) if isinstance(one, Moved)][-1]
    assert event.kind == "linear" and event.T_target == pytest.approx(FRAME.T_robot_frame @ T, abs=1e-6)
    blind = replace(controller_of(built, ProgramSettings(), "fanuc"), flange=None)
    assert any(isinstance(one, Unknown) for one in read_fanuc(files, blind).routines[0].body)


# What the language cannot say


@pytest.mark.parametrize(
    ("instructions", "message"),
    [
        ((MoveLinear(POSE, HOME + np.r_[3.2, np.zeros(5)], 0.1),), r"J1 183\.3 deg: beyond \+-179"),
        ((MoveLinear(POSE, HOME, 2.5),), "2500 mm/s; FANUC TP takes"),
        ((MoveLinear(POSE, HOME, 0.1, 40.0),), "40 s; FANUC TP takes"),
        ((MoveLinear(POSE, HOME, None),), "takes its speed from an instruction before"),
        ((MoveLinear(POSE, None, 0.1),), "without its posture"),
        ((MoveJoint(HOME, 0.1, "set"),), "takes its rounding from"),
        ((SetSignal("vacuum-on", True, 0.25),), "0.1 to 25.5 s in tenths"),
        ((SetSignal("vacuum-on", 2),), "cannot be 2"),
        ((Trigger("vacuum-on", True, "start"), MoveJoint(HOME, 0.1)), "count from its end"),
        ((Trigger("vacuum-on", True), Trigger("bend-start", True), MoveJoint(HOME, 0.1)), "take one"),
        ((Trigger("vacuum-on", True), Pause(1.0)), "not a move"),
        ((Pause(400.0),), "WAIT takes 0 to 327.67"),
        ((Assign("x", None),), "Assign is not written; instead"),
        ((Shift(("s1",)), MoveLinear(POSE, HOME, 0.1)), "a shift by s1, which no search finds"),
        ((Trigger("vacuum-on", True, distance=0.01), MoveJoint(HOME, 0.1)), "give the time instead"),
        ((MoveJoint(HOME, 0.1, external=(0.1,)), SearchLinear(POSE, None, HOME, 0.02, "part-held", True, "s1")), "name them in all"),
        ((MoveJoint(HOME, 0.1, external=(0.1,)), MoveJoint(HOME, 0.1)), "name them in all"),
        ((ArcOn("none"),), "welding procedure 'none' is not known"),
        ((SetSignal("horn", True),), "signal 'horn' does not exist; there are: bend-number"),
        ((UseTool("torch"),), "uses 'torch'; there are: gripper"),
        ((WaitSignal("part-held", True, 1.0, "away"),), "calls 'away', which does not exist"),
    ],
)  # fmt: skip
def test_what_cannot_be_said_is_refused_with_the_reason(instructions, message):
    with pytest.raises((UnsupportedError, InputError), match=message):
        write_fanuc(one_routine(*instructions), CELL)


def test_one_position_cannot_mean_two_tools():
    shared = Routine("park", "park", (MoveJoint(HOME, 0.1),))
    main = Routine(
        "main", "main", (UseTool("gripper"), UseFrame("brake"), Call("park"), UseTool("other"), Call("park"), UseTool("gripper"), HoldLoad(None))
    )  # fmt: skip
    built = program("fanuc", (main, shared), tools={"gripper": TOOL, "other": Tool(np.eye(4), Load(1.0, np.zeros(3)))})
    with pytest.raises(UnsupportedError, match="'park': is called with tool gripper and with other"):
        write_fanuc(built, CELL)
    both = Routine("main", "main", (UseTool("gripper"), HoldLoad(None), UseTool("other"), HoldLoad(None)))
    with pytest.raises(UnsupportedError, match="load 'none' hangs on tools gripper, other"):
        write_fanuc(replace(built, routines=(both,)), CELL)


def test_every_feature_is_said_or_refused():
    assert set(CAPABILITIES.lacks) == {"tool-data"}
    with pytest.raises(UnsupportedError, match=r"'DX\[1\]' is no FANUC output"):
        write_fanuc(
            program(
                "fanuc",
                bending("fanuc").routines,
                signals=bending("fanuc").signals | {"x": replace(bending("fanuc").signals["vacuum-on"], address="DX[1]")},
            ),
            CELL,
        )


# Numbers


def test_blends_are_rounded_down():
    assert [termination(blend, 100.0) for blend in (None, 0.0, 0.0009, 0.005, 0.0299, 0.5)] == [
        "FINE",
        "CNT0",
        "CNT0",
        "CNT5",
        "CNT29",
        "CNT100",
    ]
    assert termination(0.005, 20.0) == "CNT25"


def test_speeds_are_whole_numbers_of_the_nearer_unit():
    assert [linear_speed(v) for v in (0.4, 0.0085, 0.008, 0.0005, 2.0)] == ["400mm/sec", "51cm/min", "8mm/sec", "3cm/min", "2000mm/sec"]


@given(st.text(max_size=120), st.integers(16, 32))
def test_remarks_keep_their_words_and_their_length(text, longest):
    lines = remarks(text, longest)
    assert lines and all(len(line) <= longest and ";" not in line and line.isascii() for line in lines)


@settings(deadline=None, max_examples=200)
@given(orientations())
def test_orientations_agree_with_robodk_and_scipy(R):
    w, p, r = wpr_deg(R)
    theirs = np.array(robomath.Fanuc_2_Pose([0, 0, 0, w, p, r]).Rows())[:3, :3]
    assert theirs == pytest.approx(R, abs=1e-9)
    assert Rotation.from_euler("xyz", [w, p, r], degrees=True).as_matrix() == pytest.approx(R, abs=1e-9)


@pytest.mark.parametrize("tilt", [90.0, -90.0, 90.0 - 1e-6, 89.99])
def test_torch_level_where_euler_angles_are_singular(tilt):
    R = Rotation.from_euler("ZYX", [33.0, tilt, 20.0], degrees=True).as_matrix()
    w, p, r = (round(value, 5) for value in wpr_deg(R))
    assert abs(tilt) != 90.0 or w == 0.0
    turn = Rotation.from_matrix(R.T @ Rotation.from_euler("xyz", [w, p, r], degrees=True).as_matrix()).magnitude()
    assert np.degrees(turn) < 2e-5


def test_config_of_joints():
    q = np.array([10.0, 0, 0, 0, -90.0, 0])
    assert fanuc_config(q, wrist_behind_axis_1=False, elbow_down=False) == ("NUT", 0, 0, 0)
    assert fanuc_config(q * [1, 1, 1, 1, -1, 1], wrist_behind_axis_1=True, elbow_down=True) == ("FDB", 0, 0, 0)
    assert fanuc_config(np.array([179.0, 0, 0, 190.0, 5.0, -365.0]), wrist_behind_axis_1=False, elbow_down=False) == ("FUT", 0, 1, -1)


@pytest.mark.parametrize("j2", [-40.0, 0.0, 35.0])
@pytest.mark.parametrize("forearm", [0.0, 25.0, -60.0])
def test_j3_is_the_forearm_against_the_horizontal(j2, forearm):
    """By hand: joint 2 of the URDF leans forward about +y, joint 3 lifts about -y, so the forearm stands at joint 3 - joint 2 over the horizontal."""
    if not (SHARED / "m20ia.urdf").exists():
        pytest.skip("the folder of real robots (../shared/robots) is not on this machine")
    mechanism = load_urdf(SHARED / "m20ia.urdf")
    q = np.radians([20.0, j2, j2 + forearm, 0.0, -90.0, 0.0])
    elbow, wrist = (mechanism.fk(q)[mechanism.link_index(name)][:3, 3] for name in ("link_4", "link_5"))
    way = wrist - elbow
    assert np.degrees(np.arctan2(way[2], np.hypot(way[0], way[1]))) == pytest.approx(forearm, abs=1e-9)
    built = one_routine(MoveJoint(q, 0.2), lower=mechanism.lower, upper=mechanism.upper)
    text = main_text(built)
    assert float(re.search(r"J2= *(\S+) deg", text)[1]) == pytest.approx(j2, abs=1e-5)
    assert float(re.search(r"J3= *(\S+) deg", text)[1]) == pytest.approx(forearm, abs=1e-5)
    read = next(one for one in run(back(built)) if isinstance(one, Moved))
    assert read.q == pytest.approx(q, abs=1e-6)
    uncoupled = ProgramSettings(fanuc=FanucSettings(j3_follows_j2=False))
    assert float(re.search(r"J3= *(\S+) deg", main_text(built, uncoupled))[1]) == pytest.approx(j2 + forearm, abs=1e-5)
    assert next(one for one in run(back(built, uncoupled)) if isinstance(one, Moved)).q == pytest.approx(q, abs=1e-6)


# Round trips of random programs


@pytest.mark.slow
@settings(deadline=None, max_examples=1000)
@given(random_programs("fanuc", lacks=frozenset(CAPABILITIES.lacks)), st.booleans())
def test_random_programs_come_back(built, held):
    assert differences(built, back(built), lambda address, value: held or address != "DI[8]") == []


# Damage

PICK, BEND, MAIN, RETREAT = (f"WINKEL_3_TEILIG{tail}.LS" for tail in ("_PICK", "_BEND_1", "", "_RETREAT_FROM_PICK"))
SEAM, WELD_MAIN = "FRAME_7_SEAM_1.LS", "FRAME_7.LS"


def renumbered(text, line):
    """Without a program line, and with numbers and count as a person leaves them who deletes it at the robot."""
    head, rest = text.split("/MN\r\n")
    body, tail = rest.split("/POS")
    lines = [one for one in body.splitlines() if line not in one]
    count = 0
    for i, one in enumerate(lines):
        if one[:4].strip():
            count += 1
            lines[i] = f"{count:4d}{one[4:]}"
    head = re.sub(r"LINE_COUNT\t= \d+", f"LINE_COUNT\t= {count}", head)
    return head + "/MN\r\n" + "\r\n".join(lines) + "\r\n/POS" + tail


def sub(old, new, count=1):
    def damage(text):
        assert old in text, f"{old!r} is not in the text"
        return text.replace(old, new, count)

    return damage


def delete(line):
    def damage(text):
        assert line in text
        return renumbered(text, line)

    return damage


DAMAGE = {
    "missing semicolon": (PICK, sub("DO[4]=ON ;", "DO[4]=ON")),
    "second semicolon": (PICK, sub("DO[4]=ON ;", "DO[4]=ON ; DO[2]=ON ;")),
    "missing bracket": (PICK, sub("DO[4]=ON", "DO[4=ON")),
    "missing round bracket": (PICK, sub("1.50(sec)", "1.50(sec")),
    "missing brace": (PICK, sub("};\r\n", "")),
    "missing comma": (PICK, sub("deg,\tJ2", "deg\tJ2")),
    "swapped angles": (PICK, lambda text: text.replace("W =  180.00000 deg,\tP =  -30.00000", "W =  -30.00000 deg,\tP =  180.00000")),
    "swapped fields": (PICK, sub("\tX = ", "\tY = ")),
    "position removed": (PICK, lambda text: re.sub(r"P\[2\]\{.*?\};\r\n", "", text, flags=re.DOTALL)),
    "position twice": (PICK, sub("P[2]{", "P[3]{")),
    "position of another move": (PICK, sub("J P[2] ", "J P[1] ")),
    "joint missing": (PICK, lambda text: re.sub(r",\tJ6= *\S+ deg", "", text, count=1)),
    "joint too many": (PICK, lambda text: re.sub(r"(J6= *\S+ deg)", r"\1,\tJ7= 0.0 deg", text, count=1)),
    "joint beyond its limit": (PICK, lambda text: re.sub(r"J1= *\S+ deg", "J1= 400.00000 deg", text, count=1)),
    "coupled joint beyond its limit": (MAIN, sub("J3=  180.00000", "J3=  450.00000")),
    "unit of an angle": (PICK, sub("J4=    5.72958 deg", "J4=    5.72958  mm")),
    "number format": (PICK, sub("-250.0000  mm", "-2.5E2  mm")),
    "decimal comma": (PICK, sub("-250.0000  mm", "-250,0000  mm")),
    "not taught": (PICK, sub("-250.0000  mm", "********  mm")),
    "wrong CONFIG letter": (PICK, sub("'F U T, 0, 0, 0'", "'F X T, 0, 0, 0'")),
    "CONFIG without turns": (PICK, sub("'F U T, 0, 0, 0'", "'F U T'")),
    "CONFIG missing": (PICK, sub("\tCONFIG : 'F U T, 0, 0, 0',", "")),
    "LINE_COUNT": (PICK, sub("LINE_COUNT\t= 22", "LINE_COUNT\t= 21")),
    "line number": (PICK, sub("   7:L", "   8:L")),
    "line number missing": (PICK, sub("   7:L", "     L")),
    "DEFAULT_GROUP with group 2": (PICK, sub("= 1,*,*", "= 1,1,*")),
    "DEFAULT_GROUP too short": (PICK, sub("= 1,*,*,*,*;", "= 1,*,*;")),
    "DEFAULT_GROUP missing": (PICK, sub("DEFAULT_GROUP\t= 1,*,*,*,*;\r\n", "")),
    "group missing": (PICK, sub("   GP1:\r\n", "")),
    "wrong group": (PICK, sub("GP1:", "GP2:")),
    "attribute misspelt": (PICK, sub("LINE_COUNT", "LINECOUNT")),
    "no /ATTR": (PICK, sub("/ATTR\r\n", "")),
    "no /MN": (PICK, sub("/MN\r\n", "")),
    "no /POS": (PICK, sub("/POS\r\n", "")),
    "no /END": (PICK, sub("/END", "")),
    "sections swapped": (PICK, lambda text: text.replace("/MN", "/X").replace("/POS", "/MN").replace("/X", "/POS")),
    "text after /END": (PICK, sub("/END", "/END\r\nP[9]{")),
    "program name": (PICK, sub("/PROG  WINKEL_3_TEILIG_PICK", "/PROG  WINKEL_3_TEILIG_PIK")),
    "call of a missing program": (MAIN, sub("CALL WINKEL_3_TEILIG_PICK", "CALL WINKEL_3_TEILIG_PIK")),
    "call left out": (MAIN, delete("CALL WINKEL_3_TEILIG_BEND_1")),
    "tool unknown": (PICK, sub("UTOOL_NUM=1", "UTOOL_NUM=2")),
    "frame unknown": (PICK, sub("UFRAME_NUM=1", "UFRAME_NUM=7")),
    "tool of a position": (PICK, sub("UF : 1, UT : 1", "UF : 1, UT : 2")),
    "frame of a position": (PICK, lambda text: text.replace("UF : 1, UT : 1,\t\tCONFIG", "UF : 2, UT : 1,\t\tCONFIG")),
    "no tool before the first move": (MAIN, delete("UTOOL_NUM")),
    "payload unknown": (PICK, sub("PAYLOAD[2]", "PAYLOAD[9]")),
    "payload of the wrong part": (PICK, sub("PAYLOAD[2]", "PAYLOAD[1]")),
    "output not wired": (PICK, sub("DO[4]=ON", "DO[44]=ON")),
    "wrong output": (PICK, sub("DO[4]=ON", "DO[2]=ON")),
    "input set": (PICK, sub("DO[4]=ON", "DI[8]=ON")),
    "output with a number": (PICK, sub("DO[4]=ON", "DO[4]=2")),
    "group with ON": (BEND, sub("GO[1]=1", "GO[1]=ON")),
    "ON instead of OFF": (BEND, lambda text: text.replace("DO[2]=OFF ;\r\n  13", "DO[2]=ON ;\r\n  13")),
    "wait skipped": (PICK, delete("WAIT DI[8]=ON")),
    "wait for the wrong line": (PICK, sub("WAIT DI[8]=ON", "WAIT DI[7]=ON")),
    "timeout without label": (PICK, sub("TIMEOUT,LBL[901]", "TIMEOUT,")),
    "label missing": (PICK, sub("  LBL[901] ;", "  LBL[902] ;")),
    "label twice": (PICK, lambda text: text.replace("   ;\r\n", "  LBL[901] ;\r\n", 1)),
    "timeout changed": (PICK, sub("$WAITTMOUT=1000", "$WAITTMOUT=100")),
    "safe output left out": (PICK, delete("DO[2]=OFF")),
    "halt left out": (PICK, delete("PAUSE ;")),
    "retreat left out": (PICK, delete("CALL WINKEL_3_TEILIG_RETREAT")),
    "ABORT left out": (PICK, delete("ABORT ;")),
    "END left out": (PICK, delete("  END ;")),
    "move left out": (BEND, delete("L P[2] 400msec")),
    "keyword misspelt": (PICK, sub("WAIT DI[8]", "WIAT DI[8]")),
    "motion misspelt": (PICK, sub("J P[2] 50% FINE", "J P[2] 50% FIN")),
    "no FINE": (PICK, sub("J P[2] 50% FINE", "J P[2] 50%")),
    "CNT too great": (PICK, sub("CNT5", "CNT500")),
    "CNT instead of FINE": (PICK, sub("50% FINE", "50% CNT20")),
    "no speed": (PICK, sub("J P[2] 50% FINE", "J P[2] FINE")),
    "speed 0": (PICK, sub("400mm/sec", "0mm/sec")),
    "speed too high": (PICK, sub("400mm/sec", "4000mm/sec")),
    "joint speed above 100 %": (PICK, sub("50% FINE", "150% FINE")),
    "speed unit": (PICK, sub("400mm/sec", "400%")),
    "speed in another unit": (PICK, sub("400mm/sec", "400cm/min")),
    "duration changed": (BEND, sub("400msec", "800msec")),
    "linear became joint": (PICK, sub("L P[3] 400mm/sec", "J P[3] 40%")),
    "circle with one point": (SEAM, sub("C P[6]\r\n    :  P[7] ", "C P[7] ")),
    "line that goes on nowhere": (SEAM, sub("    :  P[7]", "  14:  P[7]")),
    "procedure unknown": (SEAM, sub("Weld Start[2,16]", "Weld Start[3,16]")),
    "schedule unknown": (SEAM, sub("Weld Start[2,16]", "Weld Start[2,1]")),
    "arc end left out": (SEAM, delete("Weld End")),
    "weave unknown": (SEAM, sub("Weave Sine[1]", "Weave Sine[4]")),
    "weave left out": (SEAM, delete("Weave Sine")),
    "WELD_SPEED without arc": (SEAM, sub("L P[8] 250mm/sec", "L P[8] WELD_SPEED")),
    "tab in a name": (MAIN, sub("/PROG  WINKEL_3_TEILIG", "/PROG  WINKEL 3")),
    "wrong encoding": (MAIN, sub("Winkel", "W\u00efnkel")),
}  # fmt: skip


@pytest.mark.parametrize("kind", DAMAGE)
def test_damage_is_found(kind):
    """By the reader, which names file and line, or in what the program then does."""
    name, damage = DAMAGE[kind]
    built = (welding if name in (SEAM, WELD_MAIN) else bending)("fanuc")
    files = write_fanuc(built, CELL)
    before = files[name].decode()
    after = damage(before)
    assert after != before
    files[name] = after.encode()
    try:
        read = read_fanuc(files, controller_of(built, CELL, "fanuc"))
        found = differences(built, read) + differences(built, read, lambda address, value: address != "DI[8]")
    except ProgramTextError as error:
        assert error.file in files and re.match(r"line \d+", error.place)
        return
    assert found


def test_two_files_of_one_program_and_foreign_files():
    built = bending("fanuc")
    files, controller = write_fanuc(built, CELL), controller_of(built, CELL, "fanuc")
    with pytest.raises(ProgramTextError, match="stands in two files"):
        read_fanuc(files | {"sub/WINKEL_3_TEILIG.LS": files[MAIN]}, controller)
    with pytest.raises(ProgramTextError, match=r"a FANUC program is a file NAME\.LS"):
        read_fanuc(files | {"notes.doc": b""}, controller)
    with pytest.raises(ProgramTextError, match=r"there is no \.LS file"):
        read_fanuc({}, controller)


@settings(deadline=None, max_examples=300)
@given(st.data())
def test_cut_or_garbled_text_never_crashes(data):
    built = data.draw(st.sampled_from([bending, welding]))("fanuc")
    files = write_fanuc(built, CELL)
    name = data.draw(st.sampled_from(sorted(files)))
    raw = bytearray(files[name])
    place = data.draw(st.integers(0, len(raw) - 1))
    kind = data.draw(st.sampled_from(["byte", "cut", "drop", "insert"]))
    if kind == "byte":
        raw[place] = data.draw(st.integers(0, 255))
    elif kind == "cut":
        del raw[place:]
    elif kind == "drop":
        del raw[place : place + data.draw(st.integers(1, 80))]
    else:
        raw[place:place] = data.draw(st.binary(max_size=20))
    files[name] = bytes(raw)
    try:
        read = read_fanuc(files, controller_of(built, CELL, "fanuc"))
        list(run(read, skip_unknown=True))
    except ProgramTextError:
        return


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "/PROG is missing"),
        (b"\0\1\2" * 100, "line 1, column 1: character 0x00"),
        ("/PROG".encode("utf-16"), "byte order mark"),
        (b"/PROG  X\r\n/ATTR\r\n! \xe4\r\n", "line 3, column 3: character 0xe4"),
        (b"/PROG  X\n" + b"x" * 10_000_000, "line 2, column 1000: a line of 10000000 characters"),
        (
            b"/PROG  X\n/ATTR\nDEFAULT_GROUP = 1,*,*,*,*;\n/MN\n   1:  IF " + b"(" * 900 + b" ;\n/POS\n/END\n",
            "line 5, column 31: more than 20 brackets",
        ),
    ],
)
def test_what_is_no_program_is_an_error_with_its_line(data, message):
    with pytest.raises(ProgramTextError, match=re.escape(message)):
        read_fanuc({"X.LS": data}, Controller())


# Programs that people wrote


def source(name, body, positions=""):
    """A file from statements, numbered."""
    lines = [line.strip() for line in body.strip().splitlines()]
    numbered = [f"{i + 1:4d}:{'' if re.match('[JLC] P', line) else '  '}{line} ;" for i, line in enumerate(lines)]
    head = f'/PROG  {name}\n/ATTR\nOWNER = MNEDITOR;\nCOMMENT = "by hand";\nDEFAULT_GROUP = 1,*,*,*,*,*,*;\n/APPL\n/MN\n'
    return (head + "\n".join(numbered) + f"\n/POS\n{positions}/END\n").encode()


PLACES = """P[1:"home"]{
   GP1:
 UF : 0, UT : 1,
 J1= 10.0 deg, J2= 20.0 deg, J3= -5.0 deg,
 J4= 0 deg, J5= -90.000 deg, J6= .5 deg
};
P[2]{
   GP1:
\tUF : 1, UT : 1,\t\tCONFIG : 'N U T, 0, 0, -1',
\tX = 100.0 mm, Y = -.5 mm, Z = 50 mm,
\tW = 180.0 deg, P = 0.0 deg, R = 90.0 deg
};
"""
HAND = Controller(
    tools={1: TOOL}, frames={0: Frame(np.eye(4)), 1: FRAME}, loads={1: None, 3: Load(2.0, np.array([0.0, 0.0, 0.2]))},
    procedures={1: Procedure(1, 0.01)}, weaves={2: Weave("sine", 1.0, 2e-3)},
)  # fmt: skip


def behaviour(files, inputs=lambda address, value: True, **more):
    """(what, value) of every event in short."""
    out = []
    for one in run(read_fanuc(files, HAND), SignalsOnly(inputs), **more):
        if isinstance(one, SignalSet):
            out.append((one.address, one.value) if one.pulse is None else (one.address, one.pulse))
        elif isinstance(one, Moved):
            out.append((one.kind, one.speed))
        elif isinstance(one, Paused):
            out.append(("pause", one.seconds))
        elif isinstance(one, Waited):
            out.append(("wait", dict(one.signals), one.came))
        elif isinstance(one, Messaged | Skipped):
            out.append((type(one).__name__, one.text))
        elif isinstance(one, LoadChanged):
            out.append(("load", one.load.mass))
        else:
            out.append((type(one).__name__, getattr(one, "ends", None)))
    return out


def test_a_program_that_a_person_wrote():
    main = source("STACK", """
        !stack parts on the pallet
        uframe_num = 0
        UTOOL_NUM=1
        OVERRIDE=50%

        R[1:count]=0
        R[2]=(3-1)*2
        PAYLOAD[3]
        TIMER[1]=RESET
        TIMER[1]=START
        J P[1:home] 100% FINE ACC80
        UFRAME_NUM=1
        LBL[1:next part]
        R[1:count]=R[1:count]+1
        FOR R[3]=1 TO 2
        L P[2] 50cm/min CNT50
        DO[3:blow off]=PULSE,0.5sec
        ENDFOR
        IF (R[1]>=R[2]/2 AND !DI[9:empty]) THEN
        GO[2]=R[1]
        DO[7]=ON
        ELSE
        WAIT .50(sec)
        ENDIF
        //DO[9]=ON
        IF R[1]<2,JMP LBL[1]
        VISION RUN_FIND 'TOP'
        CALL GRIP(R[1],5)
        SELECT R[1]=1,JMP LBL[99]
        =2,CALL DONE
        ELSE,JMP LBL[99]
        $WAITTMOUT=250
        WAIT DI[4]=ON TIMEOUT,LBL[99]
        TIMER[1]=STOP
        L P[2] 2.0sec FINE TB .20sec,DO[3]=OFF
        END
        LBL[99]
        MESSAGE[DI[4] IS MISSING]
        PAUSE
        ABORT
    """, PLACES)  # fmt: skip
    grip = source("GRIP", """
        IF (AR[1]=2 OR F[1]) THEN
        GO[2]=AR[2]
        ENDIF
        WAIT AR[2](sec)
    """.replace("WAIT AR[2](sec)", "WAIT R[2](sec)"))  # fmt: skip
    done = source("DONE", "DO[8]=(R[1]=2)\nEND\nDO[8]=OFF")
    files = {"GRIP.LS": grip, "STACK.LS": main.replace(b"\n", b"\r\n"), "done.ls": done}
    with pytest.raises(ProgramTextError, match=r"STACK\.LS: line 34: not understood: 'VISION RUN_FIND 'TOP''"):
        behaviour(files)
    linear = ("linear", pytest.approx(0.5 / 60))
    loop = [linear, ("DO[3]", 0.5)] * 2
    start = [
        ("load", 8.0),
        ("joint", 1.0),
        *loop,
        ("pause", 0.5),
        *loop,
        ("GO[2]", 2),
        ("DO[7]", True),
        ("Skipped", "VISION RUN_FIND 'TOP'"),
    ]
    then = [("GO[2]", 5), ("pause", 4.0), ("DO[8]", True)]
    assert behaviour(files, skip_unknown=True) == [*start, *then, ("wait", {"DI[4]": True}, True), ("linear", 2.0)]
    late = behaviour(files, lambda address, value: address != "DI[4]", skip_unknown=True)
    assert late == [*start, *then, ("wait", {"DI[4]": True}, False), ("Messaged", "DI[4] IS MISSING"), ("Halted", False), ("Halted", True)]

    read = read_fanuc(files, HAND)
    assert [routine.name for routine in read.routines] == ["STACK", "GRIP", "DONE"]
    moves = [one for one in run(read, skip_unknown=True) if isinstance(one, Moved)]
    # J3 shown is -5 deg with the upper arm at 20 deg: the model's joint 3 stands at 15 deg.
    assert np.degrees(moves[0].q) == pytest.approx([10, 20, 15, 0, -90, 0.5])
    assert moves[1].blend == pytest.approx(0.05) and moves[1].posture == Posture("fanuc", ("NUT", 0, 0, -1))
    # Frame at x 1.75 m, z 0.75 m, turned by -90 deg about z: its x is the robot's -y, its y the robot's x.
    assert moves[1].T_target[:3, 3] == pytest.approx([1.75 - 0.0005, -0.1, 0.8])
    assert moves[-1].duration == 2.0 and [(t.address, t.value, t.seconds) for t in moves[-1].triggers] == [("DO[3]", False, -0.2)]
    assert moves[-1].at.line == 42 and moves[-1].at.file == "STACK.LS"


def test_jumps_that_ask_an_input_wait_for_it():
    first = source("A", "LBL[1]\nIF DI[1]=OFF,JMP LBL[1]\nDO[1]=ON")
    assert behaviour({"A.LS": first}) == [("wait", {"DI[1]": True}, True), ("DO[1]", True)]
    second = source("A", "LBL[1]\nIF DI[1]=ON AND DI[2]=OFF,JMP LBL[2]\nJMP LBL[1]\nLBL[2]\nDO[1]=ON")
    assert behaviour({"A.LS": second}) == [("wait", {"DI[1]": True, "DI[2]": False}, True), ("DO[1]", True)]


def test_weld_instructions_on_the_line_of_the_move():
    text = source("W", """
        UFRAME_NUM=1
        UTOOL_NUM=1
        L P[2] 50mm/sec FINE Weld Start[1,1]
        Weave Circle[1.0Hz,3.0mm,0.050s,0.050s]
        L P[2] WELD_SPEED CNT100
        L P[2] 20deg/sec FINE Weld End[1,1]
        Weave End
    """, PLACES)  # fmt: skip
    read = read_fanuc({"W.LS": text}, HAND)
    happened = list(run(read))
    assert [type(one) for one in happened] == [Moved, ArcChanged, Moved, Moved, ArcChanged]
    assert (happened[1].weave.shape, happened[1].weave.amplitude) == ("circle", 3e-3)
    assert happened[2].speed == 0.01 and happened[3].turn_speed == pytest.approx(np.radians(20.0)) and happened[3].weld


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("JMP LBL[7]", r"line 8: LBL\[7\] does not exist|line 8, column 1: LBL\[7\] does not exist"),
        ("IF (DI[1]) THEN\nDO[1]=ON", "IF has no ENDIF"),
        ("FOR R[1]=1 TO 3\nIF (DI[1]) THEN\nENDFOR", "ENDFOR without FOR; the IF of line 9 is still open"),
        ("ELSE", "ELSE without IF"),
        ("WAIT DI[1]=ON AND DI[2]=ON OR DI[3]=ON", "AND and OR cannot be mixed"),
        ("IF DI[1]=ON", "',' and an action, or 'THEN', is expected"),
        ("IF R[1]=1,JMP", r"line 8, column 18: 'JMP LBL\[number\]' is expected"),
        ("R[1]=R[2]+", "a value is missing"),
        ("R[1]=(R[2]+1", r"'\)' is missing"),
        ("DI[1]=ON", r"DI\[1\] is an input"),
        ("GO[1]=1.5", "takes a whole number"),
        ("OVERRIDE=200%", "OVERRIDE=200%; it goes from 1 to 100"),
        ("CALL NOWHERE", "program NOWHERE does not exist; there are: X"),
        ("SOME MACRO(1", r"'\(' and '\)' do not match"),
        ("IF (PR[1,3]>5) THEN\nCALL NOWHERE\nENDIF", "program NOWHERE does not exist"),
        ("L PR[3] 100mm/sec FINE Skip,LBL[5]", r"LBL\[5\] does not exist"),
        ("L P[2] 100mm/sec FINE", "UFRAME_NUM is not set before this motion"),
        ("UFRAME_NUM=0\nUTOOL_NUM=1\nL P[2] 100mm/sec FINE", "UFRAME_NUM is 0 here, the position was taught with 1"),
        ("UTOOL_NUM=1\nUFRAME_NUM=1\nL P[2] 100mm/sec FINE COORD", "COORD stands here, but no positioner carries frame 1"),
        ("PAUSE NOW", "nothing may follow PAUSE"),
    ],
)  # fmt: skip
def test_errors_of_hand_written_text_name_the_place(body, message):
    with pytest.raises(ProgramTextError, match=message) as caught:
        read_fanuc({"X.LS": source("X", body, PLACES)}, HAND)
    assert caught.value.file == "X.LS" and caught.value.place.startswith("line ")


@pytest.mark.parametrize(
    "line",
    [
        "L P[2] R[1]mm/sec FINE", "J PR[1] 100% FINE", "L P[1] 100mm/sec FINE", "L P[2] 100mm/sec FINE Offset,PR[1]", "A P[2] 100mm/sec FINE", "J P[1] 10% FINE Offset,PR[1]", "PR[1,2]=5",
        "R[R[1]]=2", "DO[R[1]]=ON", "R[1]=R[2] DIV 3", "UTOOL_NUM=R[1]", "OVERRIDE=R[1]%", "RUN OTHER", "SKIP CONDITION DI[1]=ON OR DI[2]=ON", "WAIT DI[1]=ON+", "DO[1]=PULSE",
        "SR[1]='a'", "MONITOR X", "SOFTFLOAT[1]", "L P[2] 100mm/sec FINE Search[-Z]", "TIMER[1]=R[1]", "IF (PR[1,1]=3),DO[1]=ON", "Weave L[1]", "Weave End Extra",
    ],
)  # fmt: skip
def test_lines_that_are_not_known_are_kept(line):
    text = source("X", f"UFRAME_NUM={int('P[1]' not in line)}\nUTOOL_NUM=1\n{line}\nDO[1]=ON", PLACES)
    if line == "Weave End Extra":
        with pytest.raises(ProgramTextError):
            read_fanuc({"X.LS": text}, HAND)
        return
    with pytest.raises(ProgramTextError, match="line 10: not understood: "):
        behaviour({"X.LS": text})
    assert behaviour({"X.LS": text}, skip_unknown=True) == [("Skipped", line), ("DO[1]", True)]


def test_a_frame_from_a_register_may_be_any():
    text = source("X", "UFRAME_NUM=0\nUTOOL_NUM=1\nUFRAME_NUM=R[4]\nL P[2] 100mm/sec FINE", PLACES)
    assert behaviour({"X.LS": text}, skip_unknown=True) == [("Skipped", "UFRAME_NUM=R[4]"), ("linear", 0.1)]


def test_programs_that_call_each_other_without_end_are_found():
    files = {"A.LS": source("A", "CALL B"), "B.LS": source("B", "CALL A")}
    with pytest.raises(ProgramTextError, match="call each other without end"):
        behaviour(files)


def test_settings_of_called_programs_count_for_their_caller():
    frames = source("FRAMES", "UFRAME_NUM=1\nUTOOL_NUM=1")
    move = "L P[2] 100mm/sec FINE"
    assert behaviour({"M.LS": source("M", f"CALL FRAMES\n{move}", PLACES), "FRAMES.LS": frames}) == [("linear", 0.1)]
    with pytest.raises(ProgramTextError, match="UFRAME_NUM is 0 here, the position was taught with 1"):
        files = {
            "M.LS": source("M", f"CALL FRAMES\nUFRAME_NUM=0\nCALL S\n{move}", PLACES),
            "FRAMES.LS": frames,
            "S.LS": source("S", move, PLACES),
        }
        read_fanuc(files, HAND)


@pytest.mark.slow
def test_ten_megabytes_are_read_in_time():
    import time

    count = 37_000
    body = "\r\n".join(f"{i + 1:4d}:L P[{i}] 100mm/sec CNT10    ;" for i in range(2, count))
    places = "".join(
        f"P[{i}]{{\r\n   GP1:\r\n\tUF : 1, UT : 1,\t\tCONFIG : 'N U T, 0, 0, 0',\r\n\tX = {i * 0.01:10.4f}  mm,\tY =    10.0000  mm,\tZ =    20.0000  mm,\r\n"
        "\tW =   10.00000 deg,\tP =   20.00000 deg,\tR =   30.00000 deg\r\n};\r\n"
        for i in range(2, count)
    )
    head = "/PROG  BIG\r\n/ATTR\r\nDEFAULT_GROUP\t= 1,*,*,*,*;\r\n/MN\r\n   1:  UFRAME_NUM=1 ;\r\n   2:  UTOOL_NUM=1 ;\r\n"
    data = f"{head}{body}\r\n/POS\r\n{places}/END\r\n".encode()
    assert len(data) > 8_000_000
    began = time.perf_counter()
    read = read_fanuc({"BIG.LS": data}, HAND)
    assert time.perf_counter() - began < 10.0
    assert len(read.routines[0].body) == count
    assert read.routines[0].body[-1].T_frame_tcp[0, 3] == pytest.approx((count - 1) * 1e-5)


@given(st.lists(st.sampled_from(["a", "b"]), max_size=3))
def test_remarks_name_the_point_after_them(words):
    built = one_routine(Remark(" ".join(["over", *words])), MoveJoint(HOME, 0.1))
    assert f"J P[1:{' '.join(['over', *words])}] 10% FINE" in main_text(built)
    assert differences(built, back(built)) == []


def test_durations_keep_their_milliseconds():
    built = one_routine(MoveLinear(POSE, HOME, 0.1, 0.437), MoveJoint(HOME, 1.0, None, 1.25))
    assert "L P[1] 437msec FINE" in main_text(built) and "J P[2] 1250msec FINE" in main_text(built)
    assert differences(built, back(built)) == []


def test_triggers_by_time_and_distance():
    def moved(trigger):
        built = one_routine(trigger, MoveLinear(POSE, HOME, 0.1))
        event = next(one for one in run(back(built)) if isinstance(one, Moved))
        return main_text(built), event.triggers[0]

    for trigger, text, distance, seconds in (
        (Trigger("vacuum-on", True), "TB 0.00sec,DO[4]=ON", 0.0, 0.0),
        (Trigger("vacuum-on", True, seconds=-0.25), "TB 0.25sec,DO[4]=ON", 0.0, -0.25),
        (Trigger("vacuum-on", False, seconds=0.1), "TA 0.10sec,DO[4]=OFF", 0.0, 0.1),
        (Trigger("bend-number", 7, distance=0.0125), "DB 12.5mm,GO[1]=7", 0.0125, 0.0),
    ):
        written, read = moved(trigger)
        assert f"FINE {text}    ;" in written
        assert (read.value, read.at) == (trigger.value, "end")
        assert (read.distance, read.seconds) == pytest.approx((distance, seconds))


def test_more_search_results_than_the_controller_has_registers():
    """Register 50 on: the 52nd result would be PR[101]."""
    near, far = translation(0.02, 0, 0) @ POSE, translation(0.03, 0, 0) @ POSE
    steps = [SearchLinear(far, near, HOME, 0.02, "part-held", True, f"find {k}") for k in range(52)]
    built = program("fanuc", (Routine("main", "main", (UseTool("gripper"), UseFrame("brake"), MoveLinear(POSE, HOME, 0.1), *steps)),))
    with pytest.raises(UnsupportedError, match=r"52 search results .* PR\[50\] to PR\[101\]; the controller has 100"):
        write_fanuc(built, CELL)
    assert write_fanuc(built, ProgramSettings(fanuc=FanucSettings(position_registers=200)))
