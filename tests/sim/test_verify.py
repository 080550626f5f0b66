"""A program on the virtual cell: what the plan's own program does, and planted faults that must be found with their line."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from core.frames import translation
from robots.programs.events import Moved
from robots.programs.execution import run
from robots.programs.program import Call, MoveJoint, MoveLinear, Remark, SetSignal, Unknown, WaitSignal
from sim.bend_program import bend_program
from sim.verify.verify import verify

ERRORS = ("error",)


@pytest.fixture(scope="module")
def planned(dimmer):
    return bend_program(dimmer)


def numbered(program):
    """The program as if read from a text: every instruction has a line."""
    count = iter(range(1, 100_000))
    routines = tuple(
        replace(routine, file="job.txt", body=tuple(replace(one, line=next(count)) for one in routine.body)) for routine in program.routines
    )
    return replace(program, routines=routines)


def changed(program, routine, change):
    """The program with one routine's body changed."""
    routines = tuple(replace(one, body=tuple(change(list(one.body)))) if one.name == routine else one for one in program.routines)
    return replace(program, routines=routines)


def without(kind, **values):
    """Leaves out the first instruction of a kind with these values."""

    def change(body):
        k = next(
            i for i, one in enumerate(body) if isinstance(one, kind) and all(getattr(one, key) == value for key, value in values.items())
        )
        return [*body[:k], *body[k + 1 :]]

    return change


def not_following(body):
    """From the pinch point straight to the end of the bend."""
    first, last = (
        next(i for i, one in enumerate(body) if isinstance(one, WaitSignal) and one.signal == signal)
        for signal in ("pinch-reached", "bend-done")
    )
    return [*body[: first + 1], *body[last + 1 :]]


def result_of(dimmer, planned, program):
    return verify(numbered(program), dimmer.cell, dimmer.gripper, "rapid", dimmer, planned)


def codes(verified):
    return [finding.code for finding in verified.findings if finding.level in ERRORS]


@pytest.fixture(scope="module")
def clean(dimmer, planned):
    return result_of(dimmer, planned, planned.program)


def test_the_plans_own_program_runs_as_planned(dimmer, clean):
    assert codes(clean) == []
    # The text rounds corners less than the plan, which bends round them in joint space: it is a little slower, never faster.
    assert 0.97 * dimmer.plan.duration < clean.cycle_time < 1.2 * dimmer.plan.duration
    assert clean.largest_pull < 1e-3
    assert clean.clearance is not None and clean.clearance > 1e-3


def test_what_happens_is_a_gapless_plan(dimmer, clean):
    phases = clean.execution.plan.phases
    for a, b in zip(phases[:-1], phases[1:], strict=True):
        assert b.times[0] == pytest.approx(a.times[-1], abs=1e-9)
        assert b.robot[0] == pytest.approx(a.robot[-1], abs=1e-9)
        assert b.brake[0] == pytest.approx(a.brake[-1], abs=2e-3)
    last = phases[-1]
    assert last.fold[-1] == pytest.approx(dimmer.plan.phases[-1].fold[-1], abs=1e-9)
    assert not last.gripped and last.part.by == dimmer.plan.phases[-1].part.by
    # Joint speeds stay within the limits.
    for phase in phases:
        speed = np.diff(phase.robot, axis=0) / np.maximum(np.diff(phase.times), 1e-9)[:, None]
        assert np.all(np.abs(speed[np.diff(phase.times) > 1e-4]) < dimmer.cell.robot.model.velocity * 1.02)


def test_a_shifted_target_is_found_with_its_line(dimmer, planned):
    """The insertion 60 mm too low: the sheet runs into the die; by hand: its lower face is then 60 mm below the die's top."""
    program = planned.program
    routine = next(r for r in program.routines if r.name == "bend 1")
    at = next(i for i, one in enumerate(routine.body) if isinstance(one, MoveLinear))

    def lower(body):
        body[at] = replace(body[at], T_frame_tcp=translation(0, 0, -0.06) @ body[at].T_frame_tcp)
        return body

    wrong = numbered(changed(program, "bend 1", lower))
    line = next(r for r in wrong.routines if r.name == "bend 1").body[at].line
    found = verify(wrong, dimmer.cell, dimmer.gripper, "rapid", dimmer, planned)
    contacts = [finding for finding in found.findings if finding.code == "contact"]
    assert contacts and contacts[0].data["file"] == "job.txt"
    assert any(finding.data["line"] in (line, line + 1) for finding in contacts)
    assert f"line {contacts[0].data['line']}" in contacts[0].message


@pytest.mark.parametrize(
    ("routine", "change", "code", "words"),
    [
        ("bend 1", without(SetSignal, signal="bend-start", value=True), "wait-timeout", "comes only after `bend-start`"),
        ("bend 1", without(SetSignal, signal="sheet-in-place", value=True), "bend-start", "`sheet-in-place` is off"),
        ("bend 1", without(SetSignal, signal="bend-number"), "wait-timeout", "the brake has 0 selected"),
        ("bend 1", without(SetSignal, signal="bend-start", value=False), "wait-timeout", "as long as `bend-start` is set"),
        ("bend 1", not_following, "bend-aborted", "before bend 1 is done"),
        ("bend 1", without(WaitSignal, signal="pinch-reached"), "follow-off", "pulls the sheet"),
        ("pick", without(WaitSignal, signal="part-held", value=True), "left-early", "before the gripper holds"),
        ("main", without(Call, routine="bend 1"), "bends-missing", "without bend 1"),
        ("main", without(Call, routine="stack"), "part-kept", "in the gripper"),
        ("pick", without(MoveLinear), "not-held", "it holds nothing"),
        ("main", lambda body: [*body, Unknown("SPLINE")], "program-text", "not understood"),
        ("main", lambda body: [*body, Call("nowhere")], "program-text", "does not exist"),
    ],
)
def test_planted_faults(dimmer, planned, routine, change, code, words):
    verified = result_of(dimmer, planned, changed(planned.program, routine, change))
    found = [finding for finding in verified.findings if finding.code == code]
    assert found, [str(finding) for finding in verified.findings]
    assert any(words in finding.message for finding in found), [finding.message for finding in found]
    assert all("line" in finding.message for finding in found if code != "program-text")


def test_a_deadlock_is_named(dimmer, planned):
    """Two waits exchanged their order with what they depend on, and none has a timeout: the program stands for ever."""

    def swapped(body):
        body = [replace(one, timeout=None) if isinstance(one, WaitSignal) else one for one in body]
        start = next(i for i, one in enumerate(body) if isinstance(one, SetSignal) and one.signal == "bend-start" and one.value)
        pinch = next(i for i, one in enumerate(body) if isinstance(one, WaitSignal) and one.signal == "pinch-reached")
        return [*body[:start], body[pinch], body[start], *body[start + 1 : pinch], *body[pinch + 1 :]]

    verified = result_of(dimmer, planned, changed(planned.program, "bend 1", swapped))
    found = [finding for finding in verified.findings if finding.code == "deadlock"]
    address = planned.program.signals["pinch-reached"].address
    assert len(found) == 1 and address in found[0].message and "bend-start" in found[0].message


def test_a_sheet_not_pushed_home_never_touches_the_fingers(dimmer, planned):
    """The last straight target before the fingers are waited for ends 4 mm short."""

    def short(body):
        wait = next(i for i, one in enumerate(body) if isinstance(one, WaitSignal) and one.signal == "finger-left")
        at = max(i for i in range(wait) if isinstance(body[i], MoveLinear))
        body[at] = replace(body[at], T_frame_tcp=translation(0, -0.004, 0) @ body[at].T_frame_tcp)
        return body

    verified = result_of(dimmer, planned, changed(planned.program, "bend 1", short))
    found = [finding for finding in verified.findings if finding.code == "wait-timeout"]
    assert found and "4.0 mm before the left finger" in found[0].message


@pytest.mark.parametrize(
    ("move", "code"),
    [
        (lambda q: MoveJoint(q + np.radians([0, 0, 0, 0, 0, 720.0]), 0.5), "joint-limit"),
        (lambda q: MoveLinear(translation(9, 0, 0), None, 0.5), "unreachable"),
    ],
)
def test_moves_the_robot_cannot_make(dimmer, planned, move, code):
    def first(body):
        at = next(i for i, one in enumerate(body) if isinstance(one, MoveJoint))
        return [*body[: at + 1], move(body[at].q), *body[at + 1 :]]

    verified = result_of(dimmer, planned, changed(planned.program, "main", first))
    assert code in codes(verified), [str(f) for f in verified.findings]


def test_a_line_set_on_the_fly_is_found(dimmer, planned):
    def rounded(body):
        at = next(i for i, one in enumerate(body[1:], 1) if isinstance(one, SetSignal) and isinstance(body[i - 1], MoveLinear))
        body[at - 1] = replace(body[at - 1], blend=5e-3)
        return body

    stripped = changed(planned.program, "pick", lambda body: rounded([one for one in body if not isinstance(one, Remark)]))
    assert "signal-while-rounding" in codes(result_of(dimmer, planned, stripped))


def test_without_a_job_the_robot_moves_in_the_empty_cell(dimmer, planned):
    verified = verify(numbered(planned.program), dimmer.cell, dimmer.gripper, "rapid")
    assert codes(verified) == [] and verified.moves == sum(isinstance(event, Moved) for event in run(planned.program))
    assert verified.execution.part is None
