"""Preflight finds planted faults, at their place and with their figures, and nothing in clean programs."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.frames import from_xyz_rpy, inverse, translation
from robots.catalogue import load_robot
from robots.postures import posture_rule
from robots.programs.capabilities import FEATURES, Capabilities
from robots.programs.expressions import Const, Operation, SignalState, TimerValue, Var
from robots.programs.followed import follow
from robots.programs.preflight.late import late_runs
from robots.programs.preflight.preflight import preflight
from robots.programs.program import (
    ArcOn,
    Assign,
    Call,
    Frame,
    Halt,
    HoldLoad,
    If,
    Jump,
    Label,
    Load,
    Message,
    MoveCircular,
    MoveJoint,
    MoveLinear,
    Pause,
    Posture,
    Procedure,
    Routine,
    SearchLinear,
    SetBlend,
    SetSignal,
    SetSpeed,
    SetTimer,
    Shift,
    Tool,
    Trigger,
    Unknown,
    UseFrame,
    UseTool,
    WaitSignal,
    WaitUntil,
    While,
)
from tests.robots.program_examples import HOME, POSE, TOOL, bending, program, welding

PAGE = Path(__file__).resolve().parents[2] / "docs" / "programs_preflight.md"
KUKA = load_robot("kuka-kr120-r2500-pro")
HEAD = (UseTool("gripper"), UseFrame("brake"), MoveJoint(HOME, 0.2))
PLAIN = Capabilities("krl", "KRL", "any", ("*.src",), 12, 12, {k: "so" for k in FEATURES if k not in ("trigger", "weave")}, {"trigger": "stop there", "weave": "a straight seam"})  # fmt: skip


def up(dz, dy=0.0):
    return translation(0.0, dy, dz) @ POSE


def line(dz, dy=0.0, **more):
    return MoveLinear(up(dz, dy), None, 0.3, **more)


def made(*body, routines=(), **more):
    return program("krl", (Routine("main", "main", (*HEAD, *body)), *routines), **more)


def codes(found, *levels):
    return [one.code for one in found if not levels or one.level in levels]


PLANTED = [
    ("joint-limits", made(MoveJoint(HOME + 9 * np.eye(6)[2], 0.5)), "joint 3 at 605.662 deg is 250.428 deg outside of -355.234 .. 355.234 deg"),
    ("joint-limits", made(MoveJoint(HOME * [np.nan, 1, 1, 1, 1, 1], 0.5)), "joint 1 at nan deg"),
    ("joint-count", made(MoveJoint(HOME[:5], 0.5)), "5 joint values, the robot has 6"),
    ("joint-count", made(MoveJoint(HOME, 0.5, external=(0.1,))), "1 positioner axes, the program has 0"),
    ("speed-out-of-range", made(MoveJoint(HOME, 1.2)), "joint speed 120 %; more than 0 and at most 100"),
    ("speed-out-of-range", made(MoveJoint(HOME, 0.0)), "joint speed 0 %"),
    ("speed-out-of-range", made(MoveLinear(POSE, None, 9.0)), "speed 9000 mm/s; more than 0 and at most 7000"),
    ("speed-out-of-range", made(SetSpeed(linear=-0.1)), "speed -100 mm/s"),
    ("speed-out-of-range", made(MoveLinear(POSE, None, 0.2, turn_speed=20.0)), "turning speed 1145.92 deg/s; more than 0 and at most 1000"),
    ("speed-out-of-range", made(MoveLinear(POSE, None, 0.2, duration=0.0)), "a move of 0 s"),
    ("speed-out-of-range", made(procedures={"a": Procedure(1, 0.0)}), "procedure 'a' welds at 0 mm/s"),
    ("not-a-pose", made(MoveLinear(np.diag([1.0, 1.0, 1.1, 1.0]), None, 0.2)), "orientation is no rotation (off by 0.21)"),
    ("not-a-pose", made(MoveLinear(np.diag([1.0, 1.0, -1.0, 1.0]), None, 0.2)), "orientation is no rotation"),
    ("time-out-of-range", made(Pause(-1.0)), "a pause of -1 s"),
    ("time-out-of-range", made(WaitSignal("part-held", False, -5.0)), "a timeout of -5 s"),
    ("signal-direction", made(SetSignal("part-held", True)), "'part-held' ($IN[8]) is an input and cannot be set"),
    ("signal-kind", made(SetSignal("vacuum-on", 3)), "3 for 'vacuum-on' ($OUT[4]), which is a single line"),
    ("signal-kind", made(SetSignal("bend-number", True)), "which is a group"),
    ("missing-payload", made(tools={"gripper": Tool(np.eye(4), Load(0.0, np.zeros(3)))}), "moves with tool 'gripper', which has a mass of 0 kg"),
    ("missing-payload", made(WaitSignal("part-held", True, 5.0), line(0.1)), "the part is held from here on, but the next move"),
    ("missing-payload", made(loads={"part": Load(0.0, np.zeros(3))}), "load 'part' has a mass of 0 kg"),
    ("payload-stays", made(HoldLoad("part"), WaitSignal("part-held", False, 5.0), line(0.1)), "still runs with the load 'part'"),
    ("wait-without-timeout", made(WaitSignal("part-held", False, None)), "waits for 'part-held' off without a timeout"),
    ("wait-without-timeout", made(WaitUntil(Operation("and", (SignalState("part-held"), SignalState("opening-safe"))))), "waits for 'part-held' and 'opening-safe'"),
    ("wait-without-timeout", made(While(Operation("not", (SignalState("part-held"),)), (Pause(0.1),))), "waits for 'part-held'"),
    ("unknown-instruction", made(Unknown("SPLINE XP1")), "not understood and left out of every check: 'SPLINE XP1'"),
    ("blending-across-handshake", made(line(0.1), line(0.3, blend=1e-3), SetSignal("bend-start", True)), "rounded by 1 mm, and then $OUT[2] is set to True"),
    ("blending-across-handshake", made(line(0.1), line(0.3, blend=1e-3), Message("on"), Pause(0.5), line(0.1)), "the robot pauses 0.5 s"),
    ("blending-across-handshake", made(line(0.1), line(0.3, blend=1e-3), HoldLoad("part"), line(0.1)), "the load changes to 7.6 kg"),
    ("blending-across-handshake", made(line(0.1), SetBlend(linear=2e-3), line(0.3, blend="set"), WaitSignal("part-held", False, 1.0), line(0.1)), "rounded by 2 mm, and then $IN[8] is waited for"),
    ("blending-across-handshake", made(line(0.1), line(0.3, blend=1e-3), ArcOn("a"), line(0.1), procedures={"a": Procedure(1, 0.01)}), "the arc is ignited"),
    ("blend-at-end", made(line(0.1), line(0.3, blend=1e-3)), "no other follows"),
    ("blend-too-long", made(line(0.1), line(0.3), line(0.31, blend=6e-3), line(0.5)), "rounded by 6 mm, the way to this target is 10.000 mm long: at most half of it, 5.000 mm"),
    ("blend-too-long", made(line(0.1), line(0.3, blend=6e-3), line(0.31), line(0.5)), "the way on from this target"),
    ("trigger-beyond-move", made(line(0.1), Trigger("vacuum-on", True, "end", 0.3), line(0.3)), "set 300 mm from the end of a way of 200.0 mm"),
    ("no-routine", program("krl", ()), "has no routine"),
    ("routine-twice", made(routines=(Routine("main", "main", ()),)), "routine 'main' stands twice"),
    ("unknown-routine", made(Call("nowhere")), "routine 'nowhere' does not exist; there are: main"),
    ("unknown-routine", made(WaitSignal("part-held", False, 1.0, "nowhere")), "routine 'nowhere'"),
    ("unknown-tool", made(UseTool("torch")), "tool 'torch' does not exist; there are: gripper"),
    ("unknown-frame", made(UseFrame("table")), "frame 'table' does not exist; there are: brake"),
    ("unknown-signal", made(SetSignal("lamp", True)), "signal 'lamp' does not exist"),
    ("unknown-signal", made(SearchLinear(POSE, None, None, 0.1, "lamp", True, "x")), "signal 'lamp' does not exist"),
    ("unknown-signal", made(If(SignalState("lamp"), ())), "signal 'lamp' does not exist"),
    ("unknown-load", made(HoldLoad("sheet")), "load 'sheet' does not exist; there are: part"),
    ("unknown-label", made(Label("a"), Jump("b")), "label b does not exist in 'main'; there are: a"),
    ("unknown-procedure", made(ArcOn("fillet")), "procedure 'fillet' does not exist"),
    ("unknown-weave", made(ArcOn("a", "wide"), procedures={"a": Procedure(1, 0.01)}), "weave 'wide' does not exist"),
    ("unknown-search", made(Shift(("x",))), "search result 'x' does not exist"),
    ("unknown-variable", made(Pause(Var("t"))), "variable 't' does not exist"),
    ("wrong-arguments", made(Call("two"), routines=(Routine("two", "", (), ("a", "b")),)), "'two' takes 2 values, it is given 0"),
    ("label-twice", made(Label("a"), Label("a")), "label a stands twice"),
    ("recursion", made(Call("a"), routines=(Routine("a", "", (Call("b"),)), Routine("b", "", (If(Const(False), (Call("a"),)),)))), "in a circle: a -> b -> a"),
    ("never-called", made(routines=(Routine("spare", "", ()),)), "routine 'spare' is never called"),
    ("first-move", program("krl", (Routine("main", "", (*HEAD[:2], line(0.1))),)), "the first move is linear"),
    ("retreat-blends", made(WaitSignal("part-held", False, 1.0, "back"), routines=(Routine("back", "", (Call("b2"),)), Routine("b2", "", (line(0.1, blend=2e-3),)))), "rounded by 2 mm in a retreat"),
    ("not-runnable", made(MoveJoint(HOME, None)), "before any speed is set"),
    ("not-followed", made(WaitUntil(Operation(">", (Const(1), Const(2))))), "what follows is not checked"),
]  # fmt: skip


@pytest.mark.parametrize(("code", "faulty", "words"), PLANTED, ids=[f"{i}-{one[0]}" for i, one in enumerate(PLANTED)])
def test_planted_faults_are_found_with_their_figures(code, faulty, words):
    found = [one for one in preflight(faulty) if one.code == code]
    assert len(found) == 1 and words in found[0].message and found[0].remedy
    assert not any(one.level == "error" and one.code != code for one in preflight(faulty))


@pytest.mark.parametrize("make", [bending, welding])
@pytest.mark.parametrize("language", ["krl", "rapid", "fanuc", "inform", "urscript"])
def test_clean_programs_have_no_errors(make, language):
    assert codes(preflight(make(language)), "error") == []


def test_the_clean_bending_program_only_says_that_a_wait_is_endless():
    (only,) = preflight(bending("krl"), model=KUKA)
    assert only.code == "wait-without-timeout" and only.data == {"routine": "bend 1", "instruction": 7}


def test_a_program_read_from_text_is_placed_by_file_and_line():
    move = MoveLinear(up(0.3), None, 0.3, blend=1e-3, line=12)
    pick = Routine("pick", "", (line(0.1), move), file="pick.src", line=3)
    faulty = made(Call("pick"), SetSignal("bend-start", True, line=7), routines=(pick,))
    (found,) = [one for one in preflight(faulty) if one.level == "error"]
    assert found.code == "blending-across-handshake"
    assert found.message.startswith("pick.src line 12: rounded by 1 mm") and "(line 7)" in found.message
    assert (found.data["file"], found.data["line"]) == ("pick.src", 12)


def test_what_a_retreat_does_is_followed_too():
    back = Routine("back", "", (line(0.2, blend=1e-3), SetSignal("vacuum-on", False), line(0.3)))
    faulty = made(line(0.1), WaitSignal("part-held", False, 1.0, "back"), routines=(back,))
    assert codes(preflight(faulty), "error") == ["blending-across-handshake"]
    # The wait stands 0.1 above the pose: 4 mm of rounding do not fit into a retreat of 6 mm.
    short = Routine("back", "", (line(0.106, blend=4e-3), line(0.3)))
    assert codes(preflight(made(line(0.1), WaitSignal("part-held", False, 1.0, "back"), routines=(short,))), "error") == ["blend-too-long"]


def test_waits_of_a_text_that_run_out_are_followed_where_they_lead():
    # As readers give a wait with timeout: wait, ask whether it was late, make safe, halt, retreat, end.
    def text(*late, wait=None):
        waited = wait or WaitUntil(SignalState("$IN[8]"), Const(5.0), "late", line=20)
        body = (line(0.1), waited, If(Var("late"), (SetSignal("$OUT[2]", False), Halt(), *late, Halt(ends=True))), line(0.3))
        lines = {one.address: one for one in bending("krl").signals.values()}
        return program(
            "krl", (Routine("main", "", (*HEAD, HoldLoad(None), HoldLoad("part"), *body), file="a.src"),), signals=lines, on_fault=()
        )

    assert codes(preflight(text(line(0.2)))) == []
    assert codes(preflight(text(line(0.2, blend=1e-3), Pause(0.1))), "error") == ["blending-across-handshake"]
    assert codes(preflight(text(line(0.105), line(0.2, blend=9e-3), line(0.21)))) == ["blend-too-long"]
    (found,) = preflight(text(MoveLinear(POSE, None, None)))
    assert found.code == "not-runnable" and "when the wait (a.src line 20) runs out: a move before any speed is set" in found.message
    # A timer in the condition ends the wait too.
    over = Operation("or", (SignalState("$IN[8]"), Operation(">=", (TimerValue("t"), Const(0.0)))))
    timed = made(SetTimer("t", Const(-5.0), True), WaitUntil(over), If(Operation("not", (SignalState("part-held"),)), ()), line(0.1))
    timed = replace(timed, signals={**timed.signals, "$IN[8]": timed.signals["part-held"]})
    assert codes(preflight(timed), "error") == ["missing-payload"]
    (late,) = late_runs(timed, follow(timed))
    assert late.followed.fault is None and len(late.followed.events) == 1


def test_the_line_that_tells_the_part_is_held_goes_by_its_key():
    lines = {one.address: one for one in bending("krl").signals.values()}
    read = program(
        "krl",
        (Routine("main", "", (*HEAD, WaitUntil(SignalState("$IN[8]"), Const(5.0), "late"), line(0.1)), file="a.src"),),
        signals=lines,
        on_fault=(),
    )
    assert codes(preflight(read)) == []
    assert codes(preflight(read, held="$IN[8]")) == ["missing-payload"]


def test_a_late_run_ends_where_it_does_the_usual_again():
    # The program goes on after the timeout: what follows is judged once, in the usual run.
    body = made(
        line(0.1), WaitUntil(SignalState("opening-safe"), Const(5.0), "late"), line(0.2), *[line(0.3 + 0.01 * k) for k in range(50)]
    )
    (late,) = late_runs(body, follow(body))
    assert len(late.followed.events) == 1 and late.wait.number == 5


def test_waits_with_a_way_out_are_no_findings():
    over = Operation(">", (TimerValue("t"), Const(5.0)))
    ways_out = made(
        Assign("n", Const(0)),
        WaitUntil(Operation("or", (SignalState("part-held"), over))),
        WaitUntil(SignalState("part-held"), Const(3.0), "late"),
        While(Operation("and", (Operation("not", (SignalState("opening-safe"),)), Operation("<", (Var("n"), Const(9))))), ()),
    )
    assert codes(preflight(ways_out)) == []


def test_an_endless_production_loop_is_followed_once_around():
    round_and_round = made(While(None, (line(0.1), line(0.3, blend=1e-3), Pause(0.1))))
    followed = follow(round_and_round)
    # Home, one round and the first move of the next.
    assert followed.endless and len(followed.events) == 5
    assert codes(preflight(round_and_round), "error") == ["blending-across-handshake"]


def test_the_length_of_an_arc_counts():
    # A quarter circle of radius 20 mm is 31.4 mm long, its chord 28.3 mm.
    via = translation(0.0, 0.02 * np.sin(np.pi / 4), 0.02 * (1 - np.cos(np.pi / 4))) @ up(0.1)
    arc = MoveCircular(via, up(0.12, 0.02), None, 0.1, blend=15e-3)
    assert codes(preflight(made(line(0.1), arc, line(0.5)))) == []
    (found,) = preflight(made(line(0.1), replace(arc, blend=16e-3), line(0.5)))
    assert "31.416 mm long" in found.message


def test_a_text_that_names_its_load_before_it_moves_needs_no_mass_of_the_tool():
    bare = {"gripper": Tool(TOOL.T_flange_tcp, Load(0.0, np.zeros(3)))}
    main = Routine("main", "", (UseTool("gripper"), HoldLoad("part"), MoveJoint(HOME, 0.2)))
    assert codes(preflight(program("krl", (main,), tools=bare))) == []


def test_names_against_a_language():
    long, other = "bend of the upper left flange", "bend of the upper right flange"
    body = (Call(long), Call(other), Call("1st"), Call("Kante ü"), Call("%%"))
    routines = tuple(Routine(name, "", ()) for name in (long, other, "1st", "Kante ü", "%%"))
    found = preflight(made(*body, routines=routines), PLAIN)
    assert codes(found) == [
        "name-too-long",
        "name-too-long",
        "name-too-long",
        "name-collision",
        "name-illegal",
        "name-illegal",
        "name-illegal",
    ]
    assert found[0].data == {"routine": "main", "instruction": 0, "name": "Winkel 3-teilig", "written": "WINKEL_3_TEI", "longest": 12}
    assert "both become BEND_OF_THE" in found[3].message
    assert "no letter or digit" in found[6].message and found[6].level == "error"


def test_what_a_language_lacks_is_named_before_it_is_written():
    (found,) = preflight(
        made(line(0.1), Trigger("vacuum-on", True), line(0.3), Trigger("vacuum-on", False), line(0.1)), replace_name(PLAIN)
    )
    assert found.code == "not-expressible" and "KRL has no output at a point of a move; instead: stop there" in found.message


def replace_name(capabilities):
    return replace(capabilities, longest_name=24, longest_word=24)


def test_speeds_are_held_against_the_language():
    assert codes(preflight(made(MoveLinear(POSE, None, 3.5)))) == []
    (found,) = preflight(made(MoveLinear(POSE, None, 3.5)), replace_name(PLAIN))
    assert "speed 3500 mm/s; more than 0 and at most 3000" in found.message


# With the robot's kinematics


IDENTITY = {"tools": {"gripper": Tool(np.eye(4), TOOL.load)}, "frames": {"brake": Frame(np.eye(4))}}


def flange(*body, start=(0.0, -90.0, 90.0, 0.0, 45.0, 0.0)):
    q = np.radians(start)
    return program("krl", (Routine("main", "", (*HEAD[:2], MoveJoint(q, 0.2), *body)),), lower=KUKA.lower, upper=KUKA.upper, **IDENTITY)


def at(*q_deg):
    return KUKA.fk(np.radians(q_deg))


def test_targets_out_of_reach():
    far = from_xyz_rpy((3.5, 0.0, 1.0), (0.0, np.pi / 2, 0.0))
    for move in (MoveLinear(far, None, 0.3), MoveJoint(None, 0.3, T_frame_tcp=far)):
        (found,) = preflight(flange(move), model=KUKA)
        assert found.code == "unreachable-target" and "3500.0 0.0 1000.0 mm" in found.message


def test_a_posture_that_does_not_exist_at_the_target():
    T = at(20, -80, 90, 10, 45, 0)
    right = posture_rule(KUKA)("kuka", np.radians([20, -80, 90, 10, 45, 0]))
    assert preflight(flange(MoveJoint(None, 0.3, T_frame_tcp=T, posture=right)), model=KUKA) == []
    wrong = Posture("kuka", (3, right.values[1]))
    (found,) = preflight(flange(MoveJoint(None, 0.3, T_frame_tcp=T, posture=wrong)), model=KUKA)
    assert found.code == "posture-missing" and found.level == "error" and "kuka 3 " in found.message
    (found,) = preflight(flange(MoveLinear(T, None, 0.3, posture=wrong)), model=KUKA)
    assert found.code == "posture-missing" and found.level == "warning"


def test_a_straight_move_that_would_have_to_change_its_posture():
    # Reached overhead (wrist behind axis 1): turned round by axis 1 the flange would stand where the joint limits do not let it.
    q = (0, -140, 20, 0, 45, 0)
    behind = preflight(flange(MoveLinear(at(*q), None, 0.3)), model=KUKA)
    assert codes(behind, "error") == ["posture-change"]
    assert preflight(flange(MoveJoint(np.radians(q), 0.3)), model=KUKA) == []


def test_a_straight_move_through_the_inside_of_the_arm():
    # Both ends are reached, the middle lies in the robot's column.
    a, b = (80, -90, 110, 0, 60, 0), (-80, -90, 110, 0, 60, 0)
    found = preflight(flange(MoveLinear(at(*b), None, 0.3), start=a), model=KUKA)
    assert {"unreachable-way", "posture-change", "near-singular"} & set(codes(found))


def test_a_straight_move_near_a_singularity():
    # Axis 5 stays within 2 deg of 0 while the flange goes 5 mm up.
    start = (0, -90, 90, 0, 1, 0)
    (found,) = preflight(flange(MoveLinear(translation(0.0, 0.0, 0.005) @ at(*start), None, 0.3), start=start), model=KUKA)
    assert found.code == "near-singular" and found.level == "info" and "axis 5 at" in found.message
    # Straight through 0 axes 4 and 6 stay where they are: the arm can do it.
    through = preflight(flange(MoveLinear(at(0, -90, 90, 0, -5, 0), None, 0.3), start=(0, -90, 90, 0, 5, 0)), model=KUKA)
    assert codes(through, "error") == []
    # Beside it axis 4 would have to turn over.
    beside = preflight(flange(MoveLinear(at(3, -90, 90, 0, -40, 0), None, 0.3), start=(0, -90, 90, 0, 40, 0)), model=KUKA)
    assert codes(beside, "error") == ["posture-change"] and "180 deg" in beside[-1].message
    assert preflight(flange(MoveLinear(translation(0.0, 0.0, 0.1) @ at(0, -90, 90, 0, 45, 0), None, 0.3)), model=KUKA) == []


def test_a_time_too_short_for_the_joints():
    q = np.radians([30.0, -90.0, 90.0, 0.0, 45.0, 0.0])
    # 30 deg of axis 1 at its greatest speed.
    least = np.radians(30.0) / KUKA.velocity[0]
    (found,) = preflight(flange(MoveJoint(q, 1.0, duration=0.95 * least)), model=KUKA)
    assert found.code == "duration-too-short" and found.data["limit_s"] == pytest.approx(least, abs=1e-4) and found.data["joint"] == 1
    assert preflight(flange(MoveJoint(q, 1.0, duration=1.05 * least)), model=KUKA) == []


def test_roundings_of_joint_moves_are_held_against_the_way_of_the_tool():
    # 1 deg of axis 1 takes the flange 1 deg around that axis.
    start, end = np.radians([0.0, -90.0, 90.0, 0.0, 45.0, 0.0]), np.radians([1.0, -90.0, 90.0, 0.0, 45.0, 0.0])
    arc = np.radians(1.0) * np.linalg.norm(KUKA.fk(start)[:2, 3])
    far = MoveJoint(np.radians([40.0, -90.0, 90.0, 0.0, 45.0, 0.0]), 0.5)
    assert preflight(flange(MoveJoint(end, 0.5, 0.49 * arc), far), model=KUKA) == []
    (found,) = preflight(flange(MoveJoint(end, 0.5, 0.51 * arc), far), model=KUKA)
    assert found.code == "blend-too-long" and found.data["limit_mm"] == pytest.approx(arc / 2 * 1e3, abs=1e-2)


def test_a_tool_on_the_flange_counts():
    T = at(10, -85, 95, 0, 40, 0)
    with_tool = replace(flange(MoveLinear(T @ TOOL.T_flange_tcp, None, 0.3)), tools={"gripper": TOOL})
    assert preflight(with_tool, model=KUKA) == []
    assert inverse(TOOL.T_flange_tcp) @ TOOL.T_flange_tcp == pytest.approx(np.eye(4))


def test_every_code_stands_in_the_manual_and_is_planted_here():
    written = set(re.findall(r"^\| `([a-z-]+)`", PAGE.read_text(), re.M))
    here = Path(__file__).read_text()
    source = "".join(path.read_text() for path in (PAGE.parents[1] / "robots" / "programs" / "preflight").glob("*.py"))
    said = set(re.findall(r'finding_at\(\s*(?:"\w+"|level|"warning" if spot.file else "error"),\s*"([a-z-]+)"', source)) | {"no-routine"}
    named = {f"unknown-{kind}" for kind in ("tool", "frame", "signal", "load", "routine", "procedure", "weave", "search", "variable")}
    assert said | named == written
    assert [code for code in sorted(written) if f'"{code}"' not in here] == []


def test_many_moves_take_little_time():
    body = tuple(line(0.1 + 0.0001 * (k % 1000), 0.0001 * (k // 1000)) for k in range(5000))
    assert codes(preflight(made(*body))) == []
