"""Programs that use every instruction: a bending job, a welding job, and random ones; and what `the same` means for two of them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from core.frames import angle_between, from_xyz_rpy, rot_x, rot_y, rot_z, translation
from robots.configuration import abb_confdata, kuka_status_turn
from robots.programs.events import ArcChanged, Halted, LoadChanged, Messaged, Moved, Paused, SignalSet, Waited
from robots.programs.execution import run
from robots.programs.program import (
    ArcOff,
    ArcOn,
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
    RobotProgram,
    Routine,
    SetSignal,
    SignalLine,
    Tool,
    Trigger,
    UseFrame,
    UseTool,
    WaitSignal,
    Weave,
)
from robots.programs.surroundings import SignalsOnly, all_come

NAMES = {
    "bend-start": (True, False),
    "vacuum-on": (True, False),
    "bend-number": (True, True),
    "part-held": (False, False),
    "opening-safe": (False, False),
    "bend-number-echo": (False, True),
}
"""Neutral name -> (output, group)."""
ADDRESSES = {
    "krl": ("$OUT[2]", "$OUT[4]", "$OUT[17..24]", "$IN[8]", "$IN[7]", "$IN[17..24]"),
    "rapid": ("doBendStart", "doVacuum", "goBend", "diPartHeld", "diOpen", "giEcho"),
    "fanuc": ("DO[2]", "DO[4]", "GO[1]", "DI[8]", "DI[7]", "GI[1]"),
    "inform": ("OT#(2)", "OT#(4)", "OG#(3)", "IN#(8)", "IN#(7)", "IG#(3)"),
    "urscript": ("DO[2]", "DO[4]", "OR[24]", "DI[5]", "DI[7]", "IR[24]"),
}
"""In the order of `NAMES`."""
HOME = np.radians([0.0, -90.0, 90.0, 0.0, 45.0, -170.0])
POSE = from_xyz_rpy((0.1, -0.25, 0.0505), np.radians([180.0, -30.0, 90.0]))
TOOL = Tool(from_xyz_rpy((0.0, 0.0, 0.2), (0.0, 0.0, np.pi / 2)), Load(6.0, np.array([0.0, 0.0, 0.12])))
FRAME = Frame(from_xyz_rpy((1.75, 0.0, 0.75), (0.0, 0.0, -np.pi / 2)))


def signals(language: str) -> dict[str, SignalLine]:
    return {
        name: SignalLine(address, output, number)
        for (name, (output, number)), address in zip(NAMES.items(), ADDRESSES[language], strict=True)
    }


def postures(maker: str, q: Any) -> Posture:
    """Of an arm whose wrist is in front and whose elbow is up."""
    q = np.degrees(q[-6:])
    if maker == "abb":
        return Posture(maker, abb_confdata(q, wrist_behind_axis_1=False, wrist_behind_lower_arm=False))
    if maker == "kuka":
        return Posture(maker, kuka_status_turn(q, wrist_behind_axis_1=False, a3_offset_deg=0.0))
    flip = q[4] < 0
    if maker == "fanuc":
        return Posture(maker, ("NUT" if flip else "FUT", *(int(np.round(q[i] / 360.0)) for i in (0, 3, 5))))
    return Posture(maker, (int(not flip), 0, 0, int(abs(q[3]) >= 180), int(abs(q[5]) >= 180), int(abs(q[0]) >= 180)))


def flange(q: Any) -> Any:
    """T_robot_flange of a simple arm: turn about z, two links of 0.6 and 0.7 m, a wrist of three axes; on a track along y when there are seven joints."""
    slide, (q1, q2, q3, q4, q5, q6) = (q[0] if len(q) == 7 else 0.0), q[-6:]
    shoulder = translation(0.0, slide, 0.4) @ rot_z(q1) @ rot_y(q2)
    return (
        shoulder @ translation(0.6, 0, 0) @ rot_y(q3) @ translation(0.7, 0, 0) @ rot_x(q4) @ rot_y(q5) @ rot_x(q6) @ translation(0.1, 0, 0)
    )


def program(language: str, routines: tuple[Routine, ...], **more: Any) -> RobotProgram:
    """A program with the frames and lines of the examples."""
    values: dict[str, Any] = {
        "name": "Winkel 3-teilig", "title": "Winkel: 1 bend", "robot": "robot", "lower": np.full(6, -6.2), "upper": np.full(6, 6.2),
        "tools": {"gripper": TOOL}, "frames": {"brake": FRAME}, "loads": {"part": Load(1.6, np.array([0.01, 0.0, 0.201]))},
        "signals": signals(language), "routines": routines, "notes": ("first run: single step",), "postures": postures, "flange": flange,
        "on_fault": (SetSignal("bend-start", False),),
    }  # fmt: skip
    return RobotProgram(**(values | more))


def bending(language: str) -> RobotProgram:
    """A bending job in small: pick, one bend with a followed stretch, a retreat."""
    main = Routine(
        "main", "main",
        (UseTool("gripper"), UseFrame("brake"), MoveJoint(HOME, 0.2), HoldLoad(None), Call("pick"), Call("bend 1"), MoveJoint(HOME, 1.0)),
    )  # fmt: skip
    pick = Routine(
        "pick", "pick: the sheet (1 mm)",
        (
            Remark("approach"), MoveJoint(HOME + 0.1, 0.5, 5e-3), MoveJoint(HOME + 0.2, 0.5),
            MoveLinear(POSE, HOME + 0.21, 0.4), SetSignal("vacuum-on", True), WaitSignal("part-held", True, 10.0, "retreat from pick"),
            HoldLoad("part"), Pause(1.5),
        ),
    )  # fmt: skip
    bend = Routine(
        "bend 1", "bend 1: 90 deg",
        (
            SetSignal("bend-number", 1), WaitSignal("bend-number-echo", 1, 5.0), MoveLinear(translation(0, 0, 0.1) @ POSE, HOME + 0.22, 0.35),
            SetSignal("bend-start", True),
            MoveLinear(translation(0, 0.01, 0.12) @ POSE, HOME + 0.23, 0.05, 0.4, 1e-3), MoveLinear(translation(0, 0.02, 0.13) @ POSE, HOME + 0.24, 0.05, 0.5),
            WaitSignal("opening-safe", True, None), SetSignal("bend-start", False), HoldLoad(None),
        ),
    )  # fmt: skip
    retreat = Routine("retreat from pick", "retreat from pick", (MoveLinear(translation(0, 0, 0.1) @ POSE, HOME + 0.2, 0.1),))
    return program(language, (main, pick, bend, retreat))


def welding(language: str) -> RobotProgram:
    """A welding job in small: a straight seam with weaving that goes on in an arc, torch at 90 deg where Euler angles are singular."""
    down = from_xyz_rpy((0.4, 0.1, 0.02), np.radians([0.0, 90.0, 30.0]))
    main = Routine("main", "main", (UseTool("torch"), UseFrame("part"), MoveJoint(HOME, 0.3), Call("seam 1"), MoveJoint(HOME, 0.5)))
    seam = Routine(
        "seam 1", "seam 1: fillet a4, 320 mm, PB",
        (
            MoveJoint(HOME + 0.1, 0.5, 5e-3), MoveJoint(HOME + 0.15, 0.5), MoveLinear(translation(0, 0, 0.05) @ down, HOME + 0.16, 0.25),
            MoveLinear(down, HOME + 0.17, 0.1), ArcOn("fillet-a4", "narrow", seam="seam 1"),
            MoveLinear(translation(0.2, 0, 0) @ down, HOME + 0.18, 0.008, None, 1e-3),
            MoveCircular(translation(0.25, 0.02, 0) @ down, translation(0.27, 0.07, 0) @ down, HOME + 0.2, 0.008),
            ArcOff("fillet-a4"), MoveLinear(translation(0.27, 0.07, 0.06) @ down, HOME + 0.19, 0.25),
        ),
    )  # fmt: skip
    return program(
        language, (main, seam), name="Frame 7", title="Frame 7: 1 seam",
        tools={"torch": Tool(from_xyz_rpy((0.05, 0.0, 0.35), np.radians([0.0, 35.0, 0.0])), Load(3.2, np.array([0.02, 0.0, 0.1])))},
        frames={"part": Frame(from_xyz_rpy((1.2, -0.4, 0.6), (0.0, 0.0, np.pi / 4)))}, loads={}, on_fault=(),
        procedures={"fillet-a4": Procedure(2, 0.008, "sm2", "wd2", 16, "220 A, 24 V, wire 8 m/min")},
        weaves={"narrow": Weave("sine", 2.0, 1.5e-3, 0.1, 0.1, 1)},
    )  # fmt: skip


_SMALL = st.floats(-0.9, 0.9)
_AXIS = st.tuples(*[st.floats(-1, 1)] * 3).filter(lambda v: np.linalg.norm(v) > 0.1)


@st.composite
def orientations(draw: Any) -> Any:
    """Rotation matrices; one in four has its tool axis exactly where Euler angles are singular."""
    if draw(st.integers(0, 3)) == 0:
        a, c = draw(st.floats(-180, 180)), draw(st.sampled_from([0.0, 90.0, -30.0]))
        return Rotation.from_euler("ZYX", [a, draw(st.sampled_from([90.0, -90.0])), c], degrees=True).as_matrix()
    axis = np.array(draw(_AXIS))
    return Rotation.from_rotvec(axis / np.linalg.norm(axis) * draw(st.floats(0, np.pi))).as_matrix()


@st.composite
def poses(draw: Any) -> Any:
    T = np.eye(4)
    T[:3, :3] = draw(orientations())
    T[:3, 3] = [draw(_SMALL) for _ in range(3)]
    return T


@st.composite
def random_programs(draw: Any, language: str, *, lacks: frozenset[str] = frozenset()) -> RobotProgram:
    """Random programs without what a language lacks (names of `capabilities.FEATURES`)."""

    def joints() -> Any:
        return np.radians([draw(st.floats(-170, 170)) for _ in range(6)])

    def instruction() -> Any:
        kinds = ["joint", "joint", "linear", "linear", "set", "wait", "number", "pause", "remark", "load", "circular", "trigger", "pulse"]
        kind = draw(st.sampled_from(kinds))
        if kind == "joint" or (kind == "circular" and "circular" in lacks) or (kind == "trigger" and "trigger" in lacks):
            return [MoveJoint(joints(), draw(st.integers(1, 100)) / 100)]
        if kind == "linear":
            return [MoveLinear(draw(poses()), joints(), draw(st.integers(5, 1500)) / 1000)]
        if kind == "circular":
            # A circle needs a start that the program knows: a straight move before it.
            a, b, c = draw(poses()), draw(poses()), draw(poses())
            b[:3, 3] = a[:3, 3] + [0.1, 0.05, 0.0]
            c[:3, 3] = a[:3, 3] + [0.2, 0.0, draw(st.floats(-0.05, 0.05))]
            return [MoveLinear(a, joints(), 0.2), MoveCircular(b, c, joints(), 0.1)]
        if kind == "set" or (kind == "pulse" and "pulse" in lacks):
            return [SetSignal(draw(st.sampled_from(["bend-start", "vacuum-on"])), draw(st.booleans()))]
        if kind == "wait":
            return [WaitSignal(draw(st.sampled_from(["part-held", "opening-safe"])), draw(st.booleans()), draw(st.sampled_from([None, 0.5, 10.0])), draw(st.sampled_from([None, "retreat"])))]  # fmt: skip
        if kind == "number":
            number = draw(st.integers(0, 200))
            return [SetSignal("bend-number", number), WaitSignal("bend-number-echo", number, 5.0)]
        if kind == "pause":
            return [Pause(draw(st.integers(0, 500)) / 100)]
        if kind == "remark":
            return [Remark(draw(st.text(st.characters(codec="ascii", categories=["L", "N", "P"]), max_size=30)))]
        if kind == "load":
            return [HoldLoad(draw(st.sampled_from([None, "part"])))]
        if kind == "pulse":
            return [SetSignal("vacuum-on", True, draw(st.integers(1, 20)) / 10)]
        return [Trigger("vacuum-on", draw(st.booleans()), "end"), MoveLinear(draw(poses()), joints(), 0.3)]

    body = [one for _ in range(draw(st.integers(1, 12))) for one in instruction()]
    cut = draw(st.integers(0, len(body)))
    # A trigger belongs to the move after it.
    while 0 < cut <= len(body) and isinstance(body[cut - 1], Trigger):
        cut -= 1
    head = (UseTool("gripper"), UseFrame("brake"), MoveJoint(joints(), 0.5), HoldLoad(None))
    retreat = Routine("retreat", "retreat", (MoveLinear(draw(poses()), joints(), 0.1),))
    step = Routine("step", "step", tuple(body[:cut]))
    main = Routine("main", "main", (*head, Call("step"), *body[cut:]))
    tool = Tool(draw(poses()), Load(draw(st.integers(1, 100)) / 10, np.array([0.01, 0.02, 0.1])))
    return program(language, (main, step, retreat), tools={"gripper": tool}, frames={"brake": Frame(draw(poses()))})


def events(program: RobotProgram, inputs: Any = all_come, *, loads_at_moves: bool = False) -> list[Any]:
    """What a program does, messages, pauses of no time and the empty load at its head left out (languages differ there).

    An output set at the very end of a move that stops is an output set after it. `loads_at_moves`: languages without an instruction for the load
    name it at every position; it then counts from the next move on, and only where it changes.
    """
    out: list[Any] = []
    load: Any = None
    for event in run(program, SignalsOnly(inputs)):
        if isinstance(event, Messaged) or (isinstance(event, Paused) and event.seconds < 5e-3):
            continue
        if loads_at_moves and isinstance(event, LoadChanged):
            load = event
            continue
        if isinstance(event, Moved):
            before = next((one for one in reversed(out) if isinstance(one, LoadChanged)), None)
            known = [before] if before is not None else [LoadChanged(tool.load) for tool in program.tools.values()]
            if load is not None and not any(_same_load(one, load) for one in known):
                out.append(load)
            at_end = [t for t in event.triggers if event.blend is None and t.at == "end" and not t.distance and not t.seconds]
            out.append(replace(event, triggers=tuple(t for t in event.triggers if t not in at_end)))
            out += [SignalSet(t.address, t.value, at=event.at) for t in at_end]
            continue
        out.append(event)
    while len(out) > 1 and isinstance(out[0], LoadChanged):
        out.pop(0)
    return out


def differences(built: RobotProgram, read: RobotProgram, inputs: Any = all_come, *, loads_at_moves: bool = False) -> list[str]:
    """Where the behaviour of a program read from text differs from that of the program it was written from; empty: nowhere.

    Poses agree to 1e-3 mm and 1e-4 deg, joints to 1e-4 deg. Where the text gives a joint move by pose and posture, those of the built joints agree.
    """
    want, have = (events(one, inputs, loads_at_moves=loads_at_moves) for one in (built, read))
    out = [
        f"{type(b).__name__} where {type(a).__name__} was written ({b.at})"
        for a, b in zip(want, have, strict=False)
        if type(a) is not type(b)
    ]
    if out or len(want) != len(have):
        return [*out[:3], f"{len(have)} events, {len(want)} were written"]
    for a, b in zip(want, have, strict=True):
        out += [f"{b.at}: {text}" for text in _different(a, b, built)]
    return out


def _same_load(a: Any, b: Any) -> bool:
    return abs(a.load.mass - b.load.mass) < 1e-3 and bool(np.allclose(a.load.com, b.load.com, atol=2e-4))


def _different(a: Any, b: Any, built: RobotProgram) -> list[str]:
    if isinstance(a, Moved):
        return _different_moves(a, b, built)
    if isinstance(a, SignalSet):
        same = (a.address, a.value, a.pulse) == (b.address, b.value, b.pulse) and type(a.value) is type(b.value)
        return [] if same else [f"{a} became {b}"]
    if isinstance(a, Waited):
        same = (a.signals, a.came) == (b.signals, b.came) and (b.timeout is None or b.timeout == a.timeout)
        return [] if same else [f"{a} became {b}"]
    if isinstance(a, LoadChanged):
        return [] if _same_load(a, b) else [f"{a} became {b}"]
    if isinstance(a, Paused):
        return [] if abs(a.seconds - b.seconds) < 5e-3 else [f"{a} became {b}"]
    if isinstance(a, ArcChanged):
        return [] if (a.procedure is None) == (b.procedure is None) and (a.weave is None) == (b.weave is None) else [f"{a} became {b}"]
    return [] if not isinstance(a, Halted) or a.ends == b.ends else [f"{a} became {b}"]


def _different_moves(a: Moved, b: Moved, built: RobotProgram) -> list[str]:
    out = []
    if a.kind != b.kind:
        return [f"{a.kind} became {b.kind}"]
    if a.kind == "joint":
        if b.q is None and b.T_target is not None:
            out += _different_joint_pose(a, b, built)
        elif b.q is None or np.max(np.abs(np.degrees(a.q) - np.degrees(b.q))) > 1e-4:
            out.append(f"joints {a.q} became {b.q}")
        if abs(a.speed - b.speed) > 0.006:
            out.append(f"joint speed {a.speed} became {b.speed}")
    else:
        for name in ("T_target", "T_via"):
            out += _different_poses(name, getattr(a, name), getattr(b, name), turned=name == "T_target")
        if a.duration is None and a.weld is None and abs(a.speed - b.speed) > max(1e-3 * a.speed, 1e-4):
            out.append(f"speed {a.speed} became {b.speed}")
    out += _different_poses("tool", a.T_flange_tcp, b.T_flange_tcp, turned=True)
    if (a.blend is None) != (b.blend is None):
        out.append(f"blend {a.blend} became {b.blend}")
    if b.duration is not None and (a.duration is None or abs(a.duration - b.duration) > 1e-3):
        out.append(f"duration {a.duration} became {b.duration}")
    if not _same_axes(a.external, b.external) or (a.weld is None) != (b.weld is None):
        out.append(f"external or weld: {a.external}, {a.weld} became {b.external}, {b.weld}")
    if [(t.address, t.value, t.at) for t in a.triggers] != [(t.address, t.value, t.at) for t in b.triggers]:
        out.append(f"triggers {a.triggers} became {b.triggers}")
    return out


def _different_joint_pose(a: Moved, b: Moved, built: RobotProgram) -> list[str]:
    """A joint move by pose against one to joints (or to a pose): where the tool comes to, with which posture, the track where."""
    T, posture, track = a.T_target, a.posture, a.track
    if a.q is not None:
        assert built.flange is not None and built.postures is not None and b.posture is not None
        T, posture = built.flange(a.q) @ a.T_flange_tcp, built.postures(b.posture.maker, a.q)
        track = float(a.q[0]) if len(a.q) == 7 else None
    out = _different_poses("joint target", T, b.T_target, turned=True)
    if posture != b.posture:
        out.append(f"posture {posture} became {b.posture}")
    if (track is None) != (b.track is None) or (track is not None and abs(track - b.track) > 1e-6):
        out.append(f"track {track} became {b.track}")
    return out


def _same_axes(a: Any, b: Any) -> bool:
    """Axes beside the arm agree to 1e-6 m and 1e-4 deg."""
    return a is b or (a is not None and b is not None and len(a) == len(b) and bool(np.allclose(a, b, rtol=0, atol=1e-6)))


def _different_poses(name: str, a: Any, b: Any, *, turned: bool) -> list[str]:
    if a is None or b is None:
        return [] if a is b else [f"{name} {a} became {b}"]
    shift = np.linalg.norm(a[:3, 3] - b[:3, 3])
    turn = np.degrees(angle_between(a, b)) if turned else 0.0
    return [] if shift < 1e-6 and turn < 1e-4 else [f"{name} differs by {shift * 1e3:.5f} mm, {turn:.6f} deg"]
