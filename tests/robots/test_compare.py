"""Comparing programs: changes made by hand are named with their figures and places, and nothing else is."""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np
import pytest

from core.frames import from_xyz_rpy, rot_z, translation
from robots.catalogue import load_robot
from robots.programs.alignment import aligned
from robots.programs.compare import change_rows, change_table, compare
from robots.programs.events import ProgramTextError
from robots.programs.followed import rebuilt
from robots.programs.happenings import happenings
from robots.programs.program import (
    Call,
    Frame,
    HoldLoad,
    Load,
    MoveCircular,
    MoveJoint,
    MoveLinear,
    Pause,
    Posture,
    Remark,
    Routine,
    SetSignal,
    Tool,
    Trigger,
    Unknown,
    UseFrame,
    UseTool,
    WaitSignal,
    Weave,
    While,
)
from tests.robots.program_examples import FRAME, HOME, POSE, TOOL, bending, program, welding

KUKA = load_robot("kuka-kr120-r2500-pro")


def edited(original, routine, number, *instead):
    """The program with one instruction of a routine (counted from 1) replaced by others."""
    change = [
        replace(one, body=(*one.body[: number - 1], *instead, *one.body[number:])) if one.name == routine else one
        for one in original.routines
    ]
    return replace(original, routines=tuple(change))


def instruction(original, routine, number):
    return original.routine(routine).body[number - 1]


def changed(original, routine, number, **fields):
    return edited(original, routine, number, replace(instruction(original, routine, number), **fields))


def as_read(original):
    """As a reader gives it back: lines named by their addresses, straight targets without joints, lines of text."""
    count = 0

    def one(instruction_):
        nonlocal count
        count += 1
        fields = {"line": 10 * count}
        if hasattr(instruction_, "signal"):
            fields["signal"] = original.signals[instruction_.signal].address
        if isinstance(instruction_, MoveLinear | MoveCircular):
            fields["q"] = None
        return replace(instruction_, **fields)

    routines = tuple(replace(routine, body=rebuilt(routine.body, one), file="job.txt") for routine in original.routines)
    signals = {line.address: line for line in original.signals.values()}
    on_fault = tuple(replace(one, signal=original.signals[one.signal].address) for one in original.on_fault)
    return replace(original, routines=routines, signals=signals, on_fault=on_fault, postures=None)


def said(changes, kind=None):
    return [(one.kind, one.message) for one in changes if kind is None or one.kind == kind]


@pytest.mark.parametrize("make", [bending, welding])
def test_a_program_is_no_other_than_itself(make):
    assert compare(make("krl"), make("krl")) == []
    assert compare(make("krl"), as_read(make("krl"))) == []
    assert change_table([]) == "both programs do the same\n"


@pytest.mark.parametrize("make", [bending, welding])
def test_the_same_job_in_another_language_is_the_same(make):
    assert compare(as_read(make("krl")), as_read(make("rapid")), same_language=False) == []
    assert compare(as_read(make("krl")), make("fanuc"), same_language=False) == []


B = bending("krl")
CHANGED = [
    ("target", changed(B, "bend 1", 3, T_frame_tcp=translation(0.0015, 0, 0.1) @ POSE), "target moved by (1.500, 0.000, 0.000) mm in its frame"),
    ("target", changed(B, "bend 1", 3, T_frame_tcp=translation(0, 0, 0.1) @ POSE @ rot_z(np.radians(0.25))), "target moved by (0.000, 0.000, 0.000) mm and turned by 0.2500 deg in its frame"),
    ("joints", changed(B, "pick", 2, q=HOME + 0.1 + np.radians([0, 0, 2.0, 0, 0, -0.5])), "target moved, joint 3 by +2.0000 deg, joint 6 by -0.5000 deg"),
    ("speed", changed(B, "bend 1", 3, speed=0.3), "speed 350 mm/s became 300 mm/s"),
    ("speed", changed(B, "main", 3, speed=0.25), "joint speed 20 % became 25 %"),
    ("duration", changed(B, "bend 1", 5, duration=0.6), "time of the move 0.4 s became 0.6 s"),
    ("duration", changed(B, "bend 1", 5, duration=None), "time of the move 0.4 s became by its speed"),
    ("blend", changed(B, "bend 1", 5, blend=None), "rounding 1 mm became an exact stop"),
    ("blend", changed(B, "pick", 2, blend=8e-3), "rounding 5 mm became 8 mm"),
    ("turn-speed", changed(B, "bend 1", 3, turn_speed=1.0), "turning speed no limit became 57.2958 deg/s"),
    ("signal", changed(B, "bend 1", 4, value=False), "$OUT[2] = on became $OUT[2] = off"),
    ("signal", changed(B, "bend 1", 4, signal="vacuum-on"), "$OUT[2] = on became $OUT[4] = on"),
    ("signal", changed(B, "bend 1", 1, value=2), "$OUT[17..24] = 1 became $OUT[17..24] = 2"),
    ("signal", changed(B, "pick", 5, pulse=0.5), "$OUT[4]: pulse of 0 s became 0.5 s"),
    ("signal", changed(B, "pick", 6, value=False), "wait for $IN[8] = on became wait for $IN[8] = off"),
    ("timeout", changed(B, "pick", 6, timeout=20.0), "wait for $IN[8] = on: 10 s became 20 s"),
    ("timeout", changed(B, "bend 1", 7, timeout=4.0), "wait for $IN[7] = on: for ever became 4 s"),
    ("pause", changed(B, "pick", 8, seconds=2.0), "pause of 1.5 s became 2 s"),
    ("load", replace(B, loads={"part": Load(2.6, np.array([0.01, 0.0, 0.201]))}), "load on the flange, 7.600 kg, became 8.600 kg, its centre moved by"),
    ("load", edited(B, "pick", 7), "load on the flange, 7.600 kg, became 6.000 kg"),
    ("tool", replace(B, tools={"gripper": Tool(translation(0, 0, 0.002) @ TOOL.T_flange_tcp, TOOL.load)}), "tool moved by (0.000, 0.000, 2.000) mm on the flange"),
    ("frame", replace(B, frames={"brake": Frame(translation(0.001, 0, 0) @ FRAME.T_robot_frame)}), "frame moved by (1.000, 0.000, 0.000) mm in the robot's base"),
    ("axes", changed(B, "main", 3, external=(0.5,)), "positioner axes none became (0.50000) rad or m"),
    ("trigger", edited(B, "bend 1", 4, SetSignal("bend-start", True), Trigger("vacuum-on", True, "end", 0.01)), "triggers none became $OUT[4] = True 10 mm and 0 s from the end"),
    ("added", edited(B, "bend 1", 4, Pause(0.5), SetSignal("bend-start", True)), "pause of 0.5 s added"),
    ("removed", edited(B, "bend 1", 2), "wait for $IN[17..24] = 1 removed"),
    ("removed", edited(B, "bend 1", 3), "linear move to (1500.0, -100.0, 900.5) mm removed"),
    ("added", edited(B, "bend 1", 3, MoveLinear(translation(0, 0.3, 0.1) @ POSE, None, 0.35), instruction(B, "bend 1", 3)), "linear move to (1800.0, -100.0, 900.5) mm added"),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "other", "words"), CHANGED, ids=[f"{i}-{one[0]}" for i, one in enumerate(CHANGED)])
def test_one_change_by_hand_is_one_change(kind, other, words):
    found = [one for one in compare(B, other) if one.kind != "time"]
    assert len(found) == 1, change_table(change_rows(found))
    assert found[0].kind == kind and words in found[0].message
    assert all(spot is None or spot.routine for spot in (found[0].a, found[0].b))
    # The other way round it is one change too.
    (back,) = [one for one in compare(other, B) if one.kind != "time"]
    assert back.kind == {"added": "removed", "removed": "added"}.get(kind, kind)


def test_other_changes_of_moves_and_arcs():
    W = welding("krl")
    down = instruction(W, "seam 1", 4).T_frame_tcp
    via = changed(W, "seam 1", 7, T_frame_via=translation(0.251, 0.02, 0) @ down)
    (found, *_) = compare(W, via)
    # One millimetre along the frame's x, which lies at 45 deg in the base.
    assert found.kind == "via" and found.data["shift_mm"] == pytest.approx([0.7071, 0.7071, 0.0], abs=1e-4)
    (found,) = compare(W, replace(W, weaves={"narrow": Weave("sine", 3.0, 1.5e-3, 0.1, 0.1, 1)}))
    assert found.kind == "arc" and "frequency=2.0" in found.message and "frequency=3.0" in found.message
    line = instruction(W, "seam 1", 7)
    (found, *_) = compare(W, edited(W, "seam 1", 7, MoveLinear(line.T_frame_tcp, None, line.speed)))
    assert said([found]) == [("move", "circular move became linear move")]
    assert said(compare(W, edited(edited(W, "seam 1", 8), "seam 1", 5))) == [("removed", "arc on or off removed")] * 2


def test_postures_are_compared_within_one_maker():
    def posed(*values, maker="kuka"):
        return program("krl", (Routine("main", "", (UseTool("gripper"), UseFrame("brake"), MoveJoint(None, 0.5, T_frame_tcp=POSE, posture=Posture(maker, values)))),))  # fmt: skip

    assert said(compare(posed(2, 10), posed(6, 10))) == [("posture", "posture 2 10 became 6 10")]
    assert compare(posed(2, 10), posed(0, 0, 0, 0, maker="abb"), same_language=False) == []


def test_places_are_those_of_the_text():
    read = as_read(B)
    other = as_read(changed(B, "bend 1", 3, T_frame_tcp=translation(0.0015, 0, 0.1) @ POSE))
    (found,) = compare(read, other)
    assert found.a.file == "job.txt" and found.a.line == found.b.line == instruction(read, "bend 1", 3).line > 0
    assert (
        change_table(change_rows([found])).splitlines()[1].startswith(f"job.txt line {found.a.line}  job.txt line {found.b.line}  target: ")
    )


def test_an_edit_in_another_language_is_found():
    other = changed(bending("rapid"), "bend 1", 3, T_frame_tcp=translation(0, -0.002, 0.1) @ POSE)
    assert said(compare(as_read(B), as_read(other), same_language=False)) == [
        ("target", "target moved by (0.000, -2.000, 0.000) mm in its frame")
    ]
    swapped = changed(bending("rapid"), "bend 1", 8, signal="vacuum-on")
    (found,) = compare(as_read(B), as_read(swapped), same_language=False)
    assert found.kind == "signal"
    without = edited(bending("rapid"), "bend 1", 4)
    assert said(compare(as_read(B), as_read(without), same_language=False)) == [("removed", "$OUT[2] = on removed")]


def test_a_prescribed_time_and_the_speed_that_gives_it_are_the_same():
    def job(**more):
        body = (
            UseTool("gripper"),
            UseFrame("brake"),
            MoveJoint(HOME, 0.2),
            MoveLinear(POSE, None, 0.3),
            MoveLinear(translation(0, 0.2, 0) @ POSE, None, **more),
        )
        return program("krl", (Routine("main", "", body),))

    # 200 mm in half a second, at 400 and at 380 mm/s.
    assert compare(job(speed=0.1, duration=0.5), job(speed=0.4), same_language=False) == []
    (found,) = [one for one in compare(job(speed=0.1, duration=0.5), job(speed=0.38), same_language=False) if one.kind != "time"]
    assert said([found]) == [("duration", "the move takes 0.500 s, it became 0.526 s")]


def test_neutral_names_keep_lines_apart_that_are_used_alike():
    # Every vacuum-on became bend-start: without names that is a line by another name.
    other = bending("rapid")
    other = replace(other, signals={**other.signals, "vacuum-on": other.signals["bend-start"], "bend-start": other.signals["vacuum-on"]})
    names = [{line.address: name for name, line in bending(language).signals.items()} for language in ("krl", "rapid")]
    assert compare(as_read(B), as_read(other), same_language=False) == []
    found = compare(as_read(B), as_read(other), same_language=False, names_a=names[0], names_b=names[1])
    assert {one.kind for one in found} == {"signal"}


def test_a_tool_or_frame_is_named_once_and_speeds_in_a_row_are_one_change():
    moved = replace(B, frames={"brake": Frame(from_xyz_rpy((1.75, 0.0, 0.75), (0.0, 0.0, -np.pi / 2 + np.radians(0.1))))})
    (found,) = compare(B, moved)
    assert found.kind == "frame" and "turned by 0.1000 deg" in found.message and found.count == 4
    slow = replace(B, routines=tuple(replace(one, body=rebuilt(one.body, lambda x: replace(x, speed=0.04) if isinstance(x, MoveLinear) and x.speed == 0.05 else x)) for one in B.routines))  # fmt: skip
    # Both moves of the bend have a prescribed time: their speed does not count.
    assert compare(B, slow) == []
    lines = [MoveLinear(translation(0, 0.01 * k, 0.1) @ POSE, None, 0.3) for k in range(6)]
    slower = [replace(one, speed=0.2) if k in (1, 2, 4) else one for k, one in enumerate(lines)]
    head = (UseTool("gripper"), UseFrame("brake"), MoveJoint(HOME, 0.2))
    a, b = (program("krl", (Routine("main", "", (*head, *body)),)) for body in (lines, slower))
    assert [(one.kind, one.count) for one in compare(a, b) if one.kind != "time"] == [("speed", 2), ("speed", 1)]


def test_a_routine_that_is_called_often_is_changed_once():
    def often(shift):
        step = Routine("step", "", (MoveLinear(translation(shift, 0, 0.1) @ POSE, None, 0.3), MoveLinear(POSE, None, 0.3)))
        return program(
            "krl", (Routine("main", "", (UseTool("gripper"), UseFrame("brake"), MoveJoint(HOME, 0.2), *[Call("step")] * 5)), step)
        )

    (found,) = [one for one in compare(often(0.0), often(0.001)) if one.kind == "target"]
    assert found.count == 5
    forever = [replace(often(x), routines=(replace(often(x).routines[0], body=(*often(x).routines[0].body, While(None, (Call("step"),)))), often(x).routines[1])) for x in (0.0, 0.001)]  # fmt: skip
    (found,) = [one for one in compare(*forever) if one.kind == "target"]
    # A program without end is followed as long as it brings something new: what it repeats is not counted.
    assert found.count == 2


def test_times_by_hand():
    head = (UseTool("gripper"), UseFrame("brake"), MoveJoint(HOME, 0.2))

    def job(*body):
        return program("krl", (Routine("main", "", (*head, MoveLinear(POSE, None, 0.3), *body)),))

    # 300 mm at 300 and at 100 mm/s, and half a second of pause more.
    a = job(MoveLinear(translation(0, 0.3, 0) @ POSE, None, 0.3), Pause(1.0))
    b = job(MoveLinear(translation(0, 0.3, 0) @ POSE, None, 0.1), Pause(1.5))
    last = compare(a, b)[-1]
    assert last.kind == "time" and last.data == {"a_s": 2.0, "b_s": 4.5, "not_counted": 2}
    assert "takes +2.50 s: 2.00 s became 4.50 s" in last.message and "2 moves are not counted" in last.message


def test_a_robot_model_gives_joint_moves_a_time_and_a_way():
    q = np.radians([0.0, -90.0, 90.0, 0.0, 45.0, 0.0])
    far = q + np.radians([60.0, 0, 0, 0, 0, 0])

    def job(target, speed):
        return program("krl", (Routine("main", "", (UseTool("gripper"), UseFrame("brake"), MoveJoint(q, 0.5), MoveJoint(target, speed))),), tools={"gripper": Tool(np.eye(4), TOOL.load)})  # fmt: skip

    seconds = np.radians(60.0) / KUKA.velocity[0]
    last = compare(job(far, 1.0), job(far, 0.25), KUKA)[-1]
    assert (
        last.kind == "time"
        and last.data["a_s"] == pytest.approx(seconds, abs=1e-3)
        and last.data["b_s"] == pytest.approx(4 * seconds, abs=1e-3)
    )
    (found,) = compare(job(far, 1.0), job(far + np.radians([0.1, 0, 0, 0, 0, 0]), 1.0), KUKA)
    # 0.1 deg about axis 1 at the flange's distance from it.
    assert np.linalg.norm(found.data["shift_mm"]) == pytest.approx(np.radians(0.1) * np.linalg.norm(KUKA.fk(far)[:2, 3]) * 1e3, rel=1e-3)
    # The same target as joints and as a pose.
    pose = program("krl", (Routine("main", "", (UseTool("gripper"), UseFrame("brake"), MoveJoint(q, 0.5), MoveJoint(None, 1.0, T_frame_tcp=KUKA.fk(far)))),), tools={"gripper": Tool(np.eye(4), TOOL.load)}, frames={"brake": Frame(np.eye(4))})  # fmt: skip
    assert compare(job(far, 1.0), pose, KUKA) == []
    assert "only a robot model tells" in compare(job(far, 1.0), pose)[0].message


def test_unknown_lines_are_compared_as_text_and_remarks_are_not():
    a = edited(B, "bend 1", 4, Unknown("FOLD ON"), Remark("a"), SetSignal("bend-start", True))
    b = edited(B, "bend 1", 4, Unknown("FOLD OFF"), SetSignal("bend-start", True))
    assert said(compare(a, b)) == [("text", "'FOLD ON' became 'FOLD OFF' (not understood)")]


def test_a_program_that_cannot_run_is_an_error_with_its_place():
    with pytest.raises(ProgramTextError, match=r"routine 'main', instruction 8: tool 'torch' is not known"):
        compare(B, edited(B, "main", 7, MoveJoint(HOME, 1.0), UseTool("torch")))


def many(count, seed=3):
    rng = np.random.default_rng(seed)
    body = [UseTool("gripper"), UseFrame("brake"), MoveJoint(HOME, 0.2), HoldLoad(None)]
    for k in range(count):
        T = translation(*rng.uniform(-0.4, 0.4, 3)) @ POSE
        body.append(
            [
                MoveLinear(T, None, 0.3),
                MoveLinear(T, None, 0.2),
                SetSignal("vacuum-on", bool(k % 2)),
                WaitSignal("part-held", bool(k % 2), 5.0),
            ][k % 4]
        )
    return body


def test_thousands_of_events_with_scattered_edits():
    body = many(5000)
    other = list(body)
    # From the end, so that earlier places stay what they are.
    del other[4500]
    other.insert(3000, MoveLinear(translation(0.5, 0.5, 0.5) @ POSE, None, 0.3))
    other[2000] = replace(other[2000], T_frame_tcp=translation(0.003, 0, 0) @ other[2000].T_frame_tcp)
    other.insert(10, Pause(2.0))
    a, b = (program("krl", (Routine("main", "", tuple(x)),)) for x in (body, other))
    began = time.perf_counter()
    found = [one for one in compare(a, b) if one.kind != "time"]
    took = time.perf_counter() - began
    assert [one.kind for one in found] == ["added", "target", "added", "removed"]
    assert (found[0].b.number, found[1].a.number, found[2].b.number, found[3].a.number) == (11, 2001, 3003 - 1, 4501)
    assert took < 10.0


def test_everything_shifted_stays_in_pairs():
    body = many(1500)
    shifted = [replace(one, T_frame_tcp=translation(0.01, 0, 0) @ one.T_frame_tcp) if isinstance(one, MoveLinear) else one for one in body]
    found = compare(*(program("krl", (Routine("main", "", tuple(x)),)) for x in (body, shifted)))
    # Two moves of four events, all shifted by as much.
    assert [(one.kind, one.count) for one in found if one.kind != "time"] == [("target", 750)]


def test_a_table_too_large_is_cut_at_what_both_have(monkeypatch):
    body = many(400)
    other = [*body[:30], Pause(2.0), *body[30:200], *body[203:]]
    a, b = (happenings(program("krl", (Routine("main", "", tuple(x)),)), None, {}, unknown=True) for x in (body, other))
    whole = aligned(a, b)
    monkeypatch.setattr("robots.programs.alignment.SMALL", 200)
    monkeypatch.setattr("robots.programs.alignment.MOST_CELLS", 200)
    cut = aligned(a, b)
    assert [pair for pair in cut if None in pair] == [pair for pair in whole if None in pair] and len(cut) == len(whole)
    # Nothing in common: even blocks, every event still stands once.
    c = happenings(program("krl", (Routine("main", "", tuple(many(300, seed=9)[4:]) and (UseTool("gripper"), UseFrame("brake"), *many(300, seed=9)[4:])),)), None, {}, unknown=True)  # fmt: skip
    pairs = aligned(a, c)
    assert sorted(i for i, _ in pairs if i is not None) == list(range(len(a))) and sorted(j for _, j in pairs if j is not None) == list(
        range(len(c))
    )
