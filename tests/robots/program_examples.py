"""A small program that uses every instruction once."""

from __future__ import annotations

import numpy as np

from core.frames import from_xyz_rpy, translation
from robots.programs.program import (
    Call,
    HoldLoad,
    Load,
    MoveJoint,
    MoveLinear,
    Pause,
    Remark,
    RobotProgram,
    Routine,
    SetSignal,
    SignalLine,
    WaitSignal,
)

KRL_SIGNALS = {
    "bend-start": SignalLine("$OUT[2]", True),
    "vacuum-on": SignalLine("$OUT[4]", True),
    "bend-number": SignalLine("$OUT[17..24]", True, True),
    "part-held": SignalLine("$IN[8]", False),
    "opening-safe": SignalLine("$IN[7]", False),
    "bend-number-echo": SignalLine("$IN[17..24]", False, True),
}
RAPID_SIGNALS = {
    "bend-start": SignalLine("doBendStart", True),
    "vacuum-on": SignalLine("doVacuum", True),
    "bend-number": SignalLine("goBend", True, True),
    "part-held": SignalLine("diPartHeld", False),
    "opening-safe": SignalLine("diOpen", False),
    "bend-number-echo": SignalLine("giEcho", False, True),
}
HOME = np.radians([0.0, -90.0, 90.0, 0.0, 45.0, -180.0])
POSE = from_xyz_rpy((0.1, -0.25, 0.0505), np.radians([180.0, -30.0, 90.0]))


def example(signals) -> RobotProgram:
    main = Routine("main", "main", (MoveJoint(HOME, 0.2), HoldLoad(None), Call("pick"), Call("bend 1"), MoveJoint(HOME, 1.0)))
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
    return RobotProgram(
        "Winkel 3-teilig", "Winkel: 1 bend", "robot", np.full(6, -3.5), np.full(6, 3.5), from_xyz_rpy((0.0, 0.0, 0.2), (0.0, 0.0, np.pi / 2)),
        from_xyz_rpy((1.75, 0.0, 0.75), (0.0, 0.0, -np.pi / 2)), Load(6.0, np.array([0.0, 0.0, 0.12])), {"part": Load(1.6, np.array([0.01, 0.0, 0.201]))},
        signals, (main, pick, bend, retreat), ("first run: single step",),
    )  # fmt: skip


def confdata(q):
    return (int(np.floor(q[0] / (np.pi / 2))), int(np.floor(q[3] / (np.pi / 2))), int(np.floor(q[5] / (np.pi / 2))), int(q[4] < 0))
