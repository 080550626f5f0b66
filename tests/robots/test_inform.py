"""INFORM: golden text, what is written is what is read, what a person writes, and damaged text."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from robodk import robomath
from scipy.spatial.transform import Rotation

from core.errors import InputError, UnsupportedError
from core.frames import angle_between, from_xyz_rpy, translation
from robots.configuration import yaskawa_rconf
from robots.programs.controller import controller_of, tool_files
from robots.programs.events import Halted, Moved, ProgramTextError, Waited
from robots.programs.execution import run
from robots.programs.inform.block import poses
from robots.programs.inform.reader import read_inform
from robots.programs.inform.text import Corner, arc_length, corner_level, corner_of, pose_fields
from robots.programs.inform.writer import CAPABILITIES, write_inform
from robots.programs.languages import language
from robots.programs.program import (
    ArcOn,
    Call,
    Frame,
    HoldLoad,
    MoveCircular,
    MoveJoint,
    MoveLinear,
    Posture,
    Remark,
    Routine,
    SetSignal,
    Shift,
    Trigger,
    UseFrame,
    UseTool,
    WaitSignal,
    Weave,
)
from robots.programs.settings import InformSettings, ProgramSettings
from robots.programs.surroundings import SignalsOnly
from tests.robots.program_examples import HOME, POSE, bending, differences, flange, program, random_programs, welding

GOLDEN = Path(__file__).parent / "golden" / "inform"
LEVELS = (0.5, 1.0, 2.0, 5.0, 10.0, 25.0, 50.0, 100.0)
SETTINGS = ProgramSettings(inform=InformSettings(position_levels_mm=LEVELS))
HEAD = (UseTool("gripper"), UseFrame("brake"))


def written(built, settings=SETTINGS):
    return write_inform(built, settings)


def back(built, settings=SETTINGS, files=None):
    return read_inform(written(built, settings) if files is None else files, controller_of(built, settings, "inform"))


def changes(built, settings=SETTINGS, inputs=None):
    more = {} if inputs is None else {"inputs": inputs}
    return differences(built, back(built, settings), loads_at_moves=True, **more)


def one_routine(*instructions, **more):
    return program("inform", (Routine("main", "main", (*HEAD, *instructions)), *more.pop("routines", ())), **more)


def main_text(built, settings=SETTINGS):
    return next(iter(written(built, settings).values())).decode()


# Text


@pytest.mark.parametrize("make", [bending, welding])
def test_golden_text(make):
    files = written(make("inform"))
    folder = {path.name: path.read_bytes() for path in GOLDEN.iterdir() if path.name in files}
    assert folder == files


def test_registered():
    assert language("inform").capabilities is CAPABILITIES


def test_every_file_is_crlf_ascii_and_named_like_its_job():
    for name, data in (written(bending("inform")) | written(welding("inform"))).items():
        assert data.count(b"\n") == data.count(b"\r\n") and data.decode("ascii").endswith("\r\n")
        if name.endswith(".JBI"):
            assert data.decode().splitlines()[1] == f"//NAME {name.removesuffix('.JBI')}" and len(name) <= 36


def test_names_shortened_for_old_controllers_stay_different():
    short = ProgramSettings(inform=InformSettings(position_levels_mm=LEVELS, longest_name=8))
    files = [name for name in written(bending("inform"), short) if name.endswith(".JBI")]
    assert len(files) == 4 and all(len(name) <= 12 for name in files)
    assert changes(bending("inform"), short) == []


def test_a_number_of_rconf_fields_for_old_controllers():
    old = ProgramSettings(inform=InformSettings(rconf_fields=6, position_levels_mm=LEVELS))
    assert "///RCONF 1,0,0,0,0,0\r\n" in main_text(bending("inform"), old) and changes(bending("inform"), old) == []


def test_speed_in_cm_per_min():
    slow = ProgramSettings(inform=InformSettings(speed_unit="cm/min"))
    built = one_routine(MoveJoint(HOME, 0.2), MoveLinear(POSE, HOME, 0.008))
    # 8 mm/s are 48 cm/min.
    assert "MOVL C00001 V=48.0 PL=0" in main_text(built, slow) and "V= in cm/min" in main_text(built, slow)
    assert changes(built, slow) == []


# There and back


@pytest.mark.parametrize("make", [bending, welding])
def test_written_and_read_back_does_the_same(make):
    assert changes(make("inform")) == []


@pytest.mark.parametrize("missing", ["IN#(8)", "IG#(3)"])
def test_an_input_that_does_not_come(missing):
    def inputs(address, value):
        return address != missing

    assert changes(bending("inform"), inputs=inputs) == []
    after = list(run(back(bending("inform")), SignalsOnly(inputs)))
    at = next(i for i, event in enumerate(after) if isinstance(event, Waited) and not event.came)
    assert (after[at + 1].address, after[at + 1].value) == ("OT#(2)", False)
    assert isinstance(after[-1], Halted) and after[-1].ends
    assert [event.ends for event in after[at:] if isinstance(event, Halted)] == [False, True]


def test_on_a_track():
    q = np.concatenate(([1.25], HOME))
    built = one_routine(
        MoveJoint(q, 0.2), MoveLinear(POSE, q + 0.1, 0.4), MoveCircular(translation(0.1, 0.05, 0) @ POSE, translation(0.2, 0, 0) @ POSE, q + 0.2, 0.1),
        prismatic=np.array([True] + [False] * 6), lower=np.array([-1.0] + [-6.2] * 6), upper=np.array([4.0] + [6.2] * 6), track_speed=1.0,
    )  # fmt: skip
    text = main_text(built)
    assert (
        "///GROUP1 RB1,BS1" in text
        and "///NPOS 5,5,0,0,0,0" in text
        and "BC00000=1250.000" in text
        and "MOVJ C00000 BC00000 VJ=20.00 PL=0" in text
    )
    assert changes(built) == []
    moves = [event for event in run(back(built)) if isinstance(event, Moved)]
    assert [move.track for move in moves] == pytest.approx([1.25, 1.35, 1.45])


def with_positioner(carried):
    frame = Frame(from_xyz_rpy((0.1, 0.2, 0.3), (0.1, 0.2, 0.3)), carried=carried)
    posture = Posture("yaskawa", (1, 0, 0, 0, 0, 0))
    turned = (np.radians(30.0), np.radians(-45.5))
    return one_routine(
        MoveJoint(None, 0.2, T_frame_tcp=POSE, posture=posture, external=turned),
        MoveLinear(translation(0, 0, 0.1) @ POSE, None, 0.2, external=turned),
        MoveLinear(translation(0, 0, 0.2) @ POSE, None, 0.2, external=(np.radians(50.0), 0.0)),
        positioner=(False, False), frames={"brake": frame},
    )  # fmt: skip


@pytest.mark.parametrize("carried", [False, True])
def test_with_a_positioner(carried):
    built = with_positioner(carried)
    text = main_text(built)
    assert "///GROUP2 ST1" in text and "EC00000=30.0000,-45.5000" in text and "MOVJ C00000 VJ=20.00 PL=0 +MOVJ EC00000 VJ=20.00" in text
    assert ("SMOVL C00001 V=200.0 PL=0 +MOVJ EC00001" in text) == carried
    assert changes(built) == []


def test_joint_values_beside_a_carried_frame_are_refused():
    built = with_positioner(True)
    main = replace(built.routines[0], body=(*built.routines[0].body, MoveJoint(HOME, 0.2, external=(0.0, 0.0))))
    with pytest.raises(UnsupportedError, match="a frame that stands still"):
        written(replace(built, routines=(main,)))


PULSE = ProgramSettings(
    inform=InformSettings(
        job_kind="pulse", pulses_per_deg=(21000.0, -30000.0, 25000.0, 20000.0, 20000.0, -22000.0), position_levels_mm=LEVELS
    )
)


def reached(built):
    """The same program with every pose where its joints bring the tool, as pulses say it."""
    T_frame_robot = np.linalg.inv(built.frames["brake"].T_robot_frame)

    def moved(one):
        tool = built.tools["gripper"].T_flange_tcp
        return replace(one, T_frame_tcp=T_frame_robot @ flange(one.q) @ tool) if isinstance(one, MoveLinear) else one

    return replace(built, routines=tuple(replace(routine, body=tuple(moved(one) for one in routine.body)) for routine in built.routines))


def test_pulse_jobs_with_the_robots_ratios():
    built = reached(bending("inform"))
    text = main_text(built, PULSE)
    # HOME is 0, -90, 90, 0, 45, -170 deg.
    assert (
        "C00000=0,2700000,2250000,0,900000,3740000" in text
        and "///ATTR SC,RW\r\n" in text
        and "RCONF" not in text
        and "////FRAME" not in text
    )
    assert changes(built, PULSE) == []


def test_pulse_jobs_with_track_and_positioner():
    ratios = ProgramSettings(
        inform=PULSE.inform.model_copy(update={"track_pulses_per_mm": -2000.0, "positioner_pulses": (20000.0, 1000.0)})
    )
    q = np.concatenate(([1.25], HOME))
    built = one_routine(
        MoveJoint(q, 0.2, external=(np.radians(30.0), 0.1)), MoveJoint(q + 0.1, 0.2, external=(0.0, 0.2)),
        prismatic=np.array([True] + [False] * 6), lower=np.array([-1.0] + [-6.2] * 6), upper=np.array([4.0] + [6.2] * 6), positioner=(False, True),
    )  # fmt: skip
    assert "BC00000=-2500000\r\n" in main_text(built, ratios) and "EC00000=600000,100000\r\n" in main_text(built, ratios)
    assert changes(built, ratios) == []
    with pytest.raises(UnsupportedError, match="track_pulses_per_mm, positioner_pulses"):
        written(built, PULSE)


def test_pulse_jobs_without_ratios_are_refused():
    with pytest.raises(UnsupportedError, match=r"pulses_per_deg.*ALL\.PRM"):
        written(bending("inform"), ProgramSettings(inform=InformSettings(job_kind="pulse")))
    files = written(reached(bending("inform")), PULSE)
    with pytest.raises(ProgramTextError, match=r"pulses_per_deg from ALL\.PRM"):
        back(bending("inform"), SETTINGS, files)


@pytest.mark.slow
@settings(max_examples=1000, deadline=None, suppress_health_check=list(HealthCheck))
@given(random_programs("inform"))
def test_random_programs_come_back(built):
    read = back(built)
    assert differences(built, read, loads_at_moves=True) == []
    assert differences(built, read, lambda address, value: False, loads_at_moves=True) == []


# What the figures are made from


def test_orientations_agree_with_robodk():
    rng = np.random.default_rng(3)
    for i in range(300):
        middle = (90.0, -90.0, rng.uniform(-90, 90), 90 - 10 ** rng.uniform(-8, 0))[i % 4]
        T = np.eye(4)
        T[:3, :3] = Rotation.from_euler("ZYX", [rng.uniform(-180, 180), middle, rng.uniform(-180, 180)], degrees=True).as_matrix()
        T[:3, 3] = rng.uniform(-2, 2, 3)
        fields = [float(value) for value in pose_fields(T).split(",")]
        other = np.array(robomath.Motoman_2_Pose(fields).rows)
        other[:3, 3] /= 1e3
        assert np.degrees(angle_between(T, other)) < 1e-4 and np.linalg.norm(T[:3, 3] - other[:3, 3]) < 1e-6
        np.testing.assert_allclose(poses(np.array([fields]))[0][:3, :3], other[:3, :3], atol=1e-9)


def test_torch_at_90_deg_has_rx_0():
    T = from_xyz_rpy((0.1, 0.2, 0.3), np.radians([20.0, 90.0, 50.0]))
    # Rz(50) Ry(90) Rx(20) is Rz(30) Ry(90).
    assert pose_fields(T) == "100.000,200.000,300.000,0.0000,90.0000,30.0000"


def test_rconf():
    q = np.array([-185.0, 0.0, 0.0, 179.0, -10.0, 180.0])
    assert yaskawa_rconf(q, wrist_behind_axis_1=True, elbow_down=False) == (0, 0, 1, 0, 1, 1)
    assert yaskawa_rconf(-q / 2, wrist_behind_axis_1=False, elbow_down=True) == (1, 1, 0, 0, 0, 0)


def test_a_level_stays_within_the_blend():
    own = InformSettings()
    # 12.5, 25, 50, 100 mm. Not known: the zone itself counts.
    assert [corner_level(blend, None, own) for blend in (0.0124, 0.0125, 0.03, 0.2)] == [0, 1, 2, 4]
    # A right angle passes the corner at z sin 45: 17.7 mm for z = 25.
    assert [corner_level(blend, Corner(np.pi / 2, 1.0, 1.0), own) for blend in (0.0176, 0.0178)] == [1, 2]
    # Of several that fit, the widest that begins in the second half of the ways; where none is so small, the smallest.
    assert corner_level(0.0283, Corner(np.pi / 2, 0.08, 0.08), own) == 2 and corner_level(0.0283, Corner(np.pi / 2, 0.02, 0.02), own) == 1
    assert corner_of(np.zeros(3), np.array([0.3, 0, 0]), np.array([0.3, 0.2, 0])) == Corner(
        pytest.approx(np.pi / 2), pytest.approx(0.3), pytest.approx(0.2)
    )


def test_no_level_fits_the_robot_stops():
    coarse = ProgramSettings(inform=InformSettings())
    assert "PL=1" not in "".join(data.decode() for name, data in written(bending("inform"), coarse).items() if name.endswith(".JBI"))


def test_a_rounded_corner_before_a_signal_becomes_a_stop():
    built = one_routine(
        MoveJoint(HOME, 0.2),
        MoveLinear(POSE, HOME, 0.2, blend=0.05),
        SetSignal("vacuum-on", True),
        MoveLinear(translation(0, 0, 0.3) @ POSE, HOME, 0.2),
    )
    assert "MOVL C00001 V=200.0 PL=0\r\nDOUT OT#(4) ON" in main_text(built)


def test_time_becomes_speed():
    up = translation(0, 0.03, 0.04) @ POSE
    turned = up @ from_xyz_rpy((0, 0, 0), (0, 0, np.radians(20.0)))
    built = one_routine(
        MoveJoint(HOME, 0.2),
        MoveLinear(POSE, HOME, 0.2),
        MoveLinear(up, HOME, None, 0.4),
        MoveLinear(turned, HOME, None, 2.0),
        MoveLinear(turned, HOME, None, 1.5),
    )
    # 50 mm in 0.4 s; 20 deg in 2 s; standing still for 1.5 s.
    assert "MOVL C00002 V=125.0 PL=0\r\nMOVL C00003 VR=10.0 PL=0\r\nMOVL C00004 PL=0\r\nTIMER T=1.50\r\n" in main_text(built)


def test_arc_length():
    assert arc_length(*np.array([[1.0, 0, 0], [0, 1.0, 0], [-1.0, 0, 0]])) == pytest.approx(np.pi)
    assert arc_length(*np.array([[1.0, 0, 0], [-1.0, 0, 0], [0, -1.0, 0]])) == pytest.approx(1.5 * np.pi)
    assert arc_length(*np.array([[0.0, 0, 0], [1.0, 0, 0], [2.0, 0, 0]])) == pytest.approx(2.0)


def test_outputs_on_the_way():
    far = translation(0, 0, 0.3) @ POSE
    built = one_routine(
        MoveJoint(HOME, 0.2), Trigger("vacuum-on", True, "start"), Trigger("bend-start", True, "start", seconds=0.4), MoveLinear(POSE, HOME, 0.2),
        Trigger("vacuum-on", False, "end", seconds=-0.25), MoveLinear(far, HOME, 0.2), Trigger("vacuum-on", True, "end", distance=0.02), MoveLinear(POSE, HOME, 0.2),
    )  # fmt: skip
    text = main_text(built)
    assert (
        "PL=0 NWAIT\r\nDOUT OT#(4) ON\r\nTIMER T=0.40\r\nDOUT OT#(2) ON\r\nCWAIT" in text
        and "ENWAIT T=0.25\r\nDOUT OT#(4) OFF\r\nCWAIT" in text
    )
    assert changes(built) == []
    moves = [event for event in run(back(built)) if isinstance(event, Moved)]
    assert [(t.at, t.distance, t.seconds) for move in moves for t in move.triggers] == [
        ("start", 0, 0),
        ("start", 0, 0.4),
        ("end", 0, -0.25),
        ("end", 0.02, 0),
    ]


def test_arcs_that_follow_each_other_share_a_point():
    a, b = translation(0.1, 0.05, 0) @ POSE, translation(0.2, 0, 0) @ POSE
    c, d = translation(0.3, -0.05, 0) @ POSE, translation(0.4, 0, 0) @ POSE
    built = one_routine(MoveJoint(HOME, 0.2), MoveLinear(POSE, HOME, 0.2), MoveCircular(a, b, HOME, 0.1), MoveCircular(c, d, HOME, 0.1))
    assert main_text(built).count("MOVC") == 5 and "MOVC C00004 V=100.0 PL=0 FPT" in main_text(built)
    assert changes(built) == []


def test_arcs_with_a_wait_between_share_a_point_too():
    a, b = translation(0.1, 0.05, 0) @ POSE, translation(0.2, 0, 0) @ POSE
    c, d = translation(0.3, -0.05, 0) @ POSE, translation(0.4, 0, 0) @ POSE
    wait = (Remark("look"), SetSignal("vacuum-on", True), WaitSignal("part-held", True, 5.0, "back"))
    away = Routine("back", "back", (MoveLinear(translation(0, 0, 0.2) @ POSE, HOME, 0.2),))
    start = (MoveJoint(HOME, 0.2), MoveLinear(POSE, HOME, 0.2), MoveCircular(a, b, HOME, 0.1))
    built = one_routine(*start, *wait, MoveCircular(c, d, HOME, 0.1), routines=(away,))
    assert main_text(built).count("MOVC") == 5 and changes(built) == []
    # A routine between them may move: the start stands again.
    nod = Routine("nod", "nod", (SetSignal("vacuum-on", True),))
    built = one_routine(
        MoveJoint(HOME, 0.2),
        MoveLinear(POSE, HOME, 0.2),
        MoveCircular(a, b, HOME, 0.1),
        Call("nod"),
        MoveCircular(c, d, HOME, 0.1),
        routines=(nod,),
    )
    assert main_text(built).count("MOVC") == 6 and changes(built) == []


def test_a_routine_run_with_and_without_the_part_becomes_two_jobs():
    away = Routine("away", "away", (MoveLinear(translation(0, 0, 0.2) @ POSE, HOME, 0.2),))
    built = one_routine(
        MoveJoint(HOME, 0.2), HoldLoad(None), Call("away"), HoldLoad("part"), Call("away"), HoldLoad(None), Call("away"), routines=(away,)
    )
    files = written(built)
    assert [name for name in files if "AWAY" in name] == ["WINKEL_3_TEILIG_AWAY.JBI", "WINKEL_3_TEILIG_AWAY_2.JBI"]
    assert b"///TOOL 1\r\n" in files["WINKEL_3_TEILIG_AWAY_2.JBI"] and changes(built) == []


def test_tool_files_of_two_tools_do_not_collide():
    built = replace(bending("inform"), tools=bending("inform").tools | {"other": bending("inform").tools["gripper"]})
    assert tool_files(built, 3) == {("gripper", None): 3, ("gripper", "part"): 4, ("other", None): 5, ("other", "part"): 6}
    clash = replace(built, tools={name: replace(tool, number=7 + i) for i, (name, tool) in enumerate(built.tools.items())})
    with pytest.raises(InputError, match="numbers of their own"):
        written(clash)


def test_registers_tell_the_operator_what_to_enter():
    text = written(bending("inform"))["WINKEL_3_TEILIG_REGISTERS.TXT"].decode()
    # 6 kg at z = 120 mm and 1.6 kg at (10, 0, 201) mm: 7.6 kg at (2.1, 0, 137.1) mm.
    assert "TOOL 1: gripper with part: 0.000 0.000 200.000 0.0000 0.0000 90.0000; 7.600 kg at 2.1 0.0 137.1 mm" in text
    assert "UF#(1): brake: 1750.000 0.000 750.000 0.0000 0.0000 -90.0000" in text and "IN#(8): part-held" in text


# What INFORM cannot say


@pytest.mark.parametrize(
    ("instructions", "message"),
    [
        ((Shift(("s",)),), "user frame"),
        ((ArcOn("p", track="arc"),), "arc start file"),
        ((ArcOn("p", "w"),), r"WEV#\(n\): give it one"),
        ((MoveJoint(HOME, 0.2, duration=1.0),), "no time for joint moves"),
        ((MoveLinear(POSE, HOME, 5.0),), "greatest_speed_mm_s"),
        ((MoveLinear(POSE, HOME, 0.2, 1.0),), "put a move before it"),
        ((MoveCircular(POSE, POSE, HOME, 0.2),), "put a straight or joint move before it"),
        ((WaitSignal("part-held", True, 700.0),), "655.35"),
        ((MoveLinear(POSE, HOME, 0.2), UseFrame("other"), MoveLinear(POSE, HOME, 0.2)), "a routine of its own"),
        ((MoveJoint(HOME, 0.2), Trigger("vacuum-on", True, "end", seconds=0.3), MoveLinear(POSE, HOME, 0.2)), "divide the move"),
        ((Call("main"),), "calls itself"),
    ],
)  # fmt: skip
def test_what_it_cannot_say_is_refused_with_the_alternative(instructions, message):
    from robots.programs.program import Procedure

    built = one_routine(
        *instructions,
        procedures={"p": Procedure(1, 0.01)},
        weaves={"w": Weave("sine", 2.0, 1e-3)},
        frames={"brake": Frame(np.eye(4)), "other": Frame(np.eye(4))},
    )
    with pytest.raises(UnsupportedError, match=message):
        written(built)


def test_joint_moves_need_kinematics_and_posture():
    with pytest.raises(UnsupportedError, match="forward kinematics"):
        written(replace(bending("inform"), flange=None))
    with pytest.raises(UnsupportedError, match="posture rule"):
        written(replace(bending("inform"), postures=None))


def test_an_address_of_another_make_is_refused():
    built = bending("inform")
    wrong = built.signals | {"vacuum-on": replace(built.signals["vacuum-on"], address="DO[4]")}
    with pytest.raises(UnsupportedError, match=r"OT#\(5\)"):
        written(replace(built, signals=wrong))
