"""The interpreter of neutral programs, on programs whose behaviour is known by hand."""

from __future__ import annotations

import pytest

from robots.programs.events import Halted, LoadChanged, Messaged, Moved, Paused, ProgramTextError, SignalSet, Stuck, Waited
from robots.programs.execution import Interpreter, run
from robots.programs.expressions import Const, Operation, SignalState, TimerValue, Var
from robots.programs.program import (
    Assign,
    Call,
    Halt,
    If,
    Jump,
    Label,
    MoveJoint,
    Pause,
    Routine,
    SetSignal,
    SetTimer,
    Unknown,
    UseTool,
    WaitUntil,
    While,
)
from robots.programs.surroundings import SignalsOnly
from tests.robots.program_examples import HOME, bending, program, welding


def body(*instructions, **more):
    return program("krl", (Routine("main", "main", instructions), *more.pop("routines", ())), **more)


def paused(events):
    return [event.seconds for event in events if isinstance(event, Paused)]


class Clockwork(SignalsOnly):
    """`part-held` comes after two seconds, nothing else ever changes."""

    time = 0.0

    def read(self, address):
        return self.time >= 2.0 if address == "$IN[8]" else False

    def advance(self, seconds):
        self.time += seconds

    def next_change(self):
        return 2.0 - self.time if self.time < 2.0 else None

    def expect(self, signals):
        pass

    def why_not(self, signals):
        return "nothing moves"


def test_the_bending_example_does_what_it_says():
    events = list(run(bending("krl")))
    assert [type(event) for event in events[:4]] == [Moved, LoadChanged, Moved, Moved]
    assert sum(isinstance(event, Moved) for event in events) == 8
    assert [event.blend for event in events if isinstance(event, Moved)] == [None, 5e-3, None, None, None, 1e-3, None, None]
    loads = [event.load.mass for event in events if isinstance(event, LoadChanged)]
    assert loads == pytest.approx([6.0, 7.6, 6.0])


def test_a_signal_that_does_not_come_makes_safe_halts_retreats_and_ends():
    events = list(run(bending("krl"), SignalsOnly(lambda address, value: address != "$IN[8]")))
    at = next(i for i, event in enumerate(events) if isinstance(event, Waited) and not event.came)
    assert [type(event) for event in events[at:]] == [Waited, SignalSet, Messaged, Halted, Moved, Halted]
    assert events[at].seconds == pytest.approx(10.0) and events[at + 1].address == "$OUT[2]" and events[at + 1].value is False
    assert events[-2].T_target[2, 3] == pytest.approx(0.75 + 0.1505) and events[-1].ends


def test_welded_moves_name_their_procedure():
    moves = [event for event in run(welding("krl")) if isinstance(event, Moved)]
    assert [move.weld for move in moves] == [None] * 5 + ["fillet-a4"] * 2 + [None] * 2
    assert moves[6].kind == "circular"


def test_branches_loops_labels_and_calls():
    count = Assign("n", Operation("+", (Var("n"), Const(1))))
    less = Operation("<", (Var("n"), Const(3)))
    events = list(
        run(
            body(
                Assign("n", Const(0)),
                While(less, (count, Pause(0.1))),
                If(Operation("=", (Var("n"), Const(3))), (Pause(1.0),), (Pause(9.0),)),
                If(less, (Pause(9.0),), (Pause(2.0),)),
                Label("again"), count, If(Operation("<=", (Var("n"), Const(5))), (Jump("again"),)),
                Call("wait", (Var("n"),)),
                routines=(Routine("wait", "wait", (Pause(Var("seconds")),), ("seconds",)),),
            )
        )
    )  # fmt: skip
    assert paused(events) == [0.1, 0.1, 0.1, 1.0, 2.0, 6.0]


def test_a_wait_takes_as_long_as_the_signal_needs():
    (waited,) = run(body(WaitUntil(SignalState("part-held"), Const(5.0), "late")), Clockwork())
    assert waited.came and waited.seconds == pytest.approx(2.0)
    (waited,) = run(body(WaitUntil(SignalState("part-held"), Const(1.5), "late")), Clockwork())
    assert not waited.came and waited.seconds == pytest.approx(1.5)


def test_a_timer_ends_a_wait():
    over = Operation(">=", (TimerValue("1"), Const(0.0)))
    for limit, came in ((-5.0, True), (-1.5, False)):
        waited, *_ = run(body(SetTimer("1", Const(limit), True), WaitUntil(Operation("or", (SignalState("part-held"), over)))), Clockwork())
        assert (waited.came, waited.timeout) == (came, -limit) and waited.seconds == pytest.approx(min(2.0, -limit))


def test_what_stands_behind_a_wait_that_a_timer_ended_runs():
    over = Operation(">=", (TimerValue("1"), Const(0.0)))
    waits = WaitUntil(Operation("or", (SignalState("opening-safe"), over)))
    events = list(run(body(SetTimer("1", Const(-1.5), True), waits, Pause(1.0)), Clockwork()))
    assert [type(event).__name__ for event in events] == ["Waited", "Paused"] and not events[0].came


def test_a_polling_loop_is_a_wait():
    poll = While(Operation("not", (SignalState("part-held"),)), (Pause(0.01),))
    events = list(run(body(poll), Clockwork()))
    assert (
        isinstance(events[-1], Waited) and events[-1].signals == (("$IN[8]", True),) and events[-1].seconds == pytest.approx(2.0, abs=0.011)
    )


def test_a_wait_that_cannot_end_is_named():
    (stuck,) = run(body(WaitUntil(SignalState("opening-safe"))), Clockwork())
    assert isinstance(stuck, Stuck) and stuck.signals == (("$IN[7]", True),) and stuck.reason == "nothing moves"


@pytest.mark.parametrize(
    ("instructions", "words"),
    [
        ((Call("nowhere"),), "routine 'nowhere' does not exist"),
        ((Call("main"),), "without end"),
        ((Jump("nowhere"),), "label nowhere does not exist"),
        ((Label("a"), Label("a")), "stands twice"),
        ((While(None, ()),), "does not end"),
        ((Pause(Var("x")),), "variable 'x' does not exist"),
        ((MoveJoint(HOME, 0.5),), "before any tool"),
        ((UseTool("gripper"), MoveJoint(HOME, None)), "before any speed"),
        ((UseTool("torch"),), "tool 'torch' is not known; there are: gripper"),
        ((SetSignal("lamp", True),), "signal 'lamp' does not exist"),
        ((Pause(Operation("/", (Const(1), Const(0)))),), "division by zero"),
        ((Unknown("SPLINE", line=7),), "not understood: 'SPLINE'"),
    ],
)
def test_what_cannot_be_carried_out_is_refused(instructions, words):
    with pytest.raises(ProgramTextError, match=words):
        list(run(body(*instructions)))


def test_unknown_lines_are_skipped_on_request_and_halts_end():
    events = list(run(body(Unknown("SPLINE"), Halt(ends=True), Pause(1.0)), skip_unknown=True))
    assert [type(event).__name__ for event in events] == ["Skipped", "Halted"]


def test_a_program_goes_on_a_second_time_from_where_it_waits():
    class Branching(SignalsOnly):
        def expect(self, signals):
            self.branch = interpreter.before_this(SignalsOnly(lambda address, value: False))
            super().expect(signals)

    count = Assign("n", Operation("+", (Var("n"), Const(1))))
    late = If(Var("late"), (count, Pause(Var("n"))), (Pause(9.0),))
    cell = Branching()
    interpreter = Interpreter(
        body(Assign("n", Const(1)), count, WaitUntil(SignalState("part-held"), Const(5.0), "late"), late, Pause(Var("n"))), cell, False
    )
    assert paused(interpreter.run(None)) == [9.0, 2.0]
    # The branch begins with the wait, has the values of then, and leaves the first run alone.
    waited, *rest = cell.branch.go_on()
    assert not waited.came and waited.seconds == pytest.approx(5.0) and paused(rest) == [3.0, 3.0]
    assert interpreter.values["n"] == 2
