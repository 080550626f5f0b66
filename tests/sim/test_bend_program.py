"""The exported programs of a real plan in all five languages: read back, run on the virtual cell, damaged line by line, and starved of signals."""

from __future__ import annotations

import dataclasses
import re

import numpy as np
import pytest

from cells.model import AT_HOME
from core.errors import UnknownNameError
from core.findings import has_errors
from robots.programs.compare import compare
from robots.programs.events import Halted, Moved, ProgramTextError, Waited
from robots.programs.execution import run
from robots.programs.languages import LANGUAGES, language
from robots.programs.surroundings import SignalsOnly
from sim.bend_program import bend_program, missing_signals
from sim.program_export import SAID_DIFFERENTLY
from sim.programs import export
from sim.verify.wiring import controller

MOTION = {
    "rapid": r"(MoveAbsJ|MoveL|SetDO|SetGO|WaitDI|WaitGI|GripLoad ld_part_pick)",
    "krl": r"(PTP|LIN|WAIT FOR|WAIT SEC|PL_\w+\s*=)",
    "fanuc": r"\d*:\s*(J |L |DO\[|GO\[|WAIT|PAYLOAD\[2\])",
    "inform": r"(MOVJ|MOVL|DOUT|WAIT|TIMER)",
    "urscript": r"(movej|movel|set_\w*digital_out|write_output_integer_register|sleep)",
}
"""Lines that move the robot, set or wait for a line, or say that it holds the part (bent it weighs the same, within rounding at the same place)."""


@pytest.fixture(scope="module", params=LANGUAGES)
def exported(request, dimmer):
    return request.param, export(dimmer, request.param)


def read(dimmer, name, files):
    bend = bend_program(dimmer, name)
    return language(name).read(files, controller(bend.program, dimmer.cell, name))


def test_the_text_does_what_was_planned(exported):
    """No finding of error level: the text differs in nothing from the plan, touches nothing, follows the sheet."""
    _, out = exported
    assert not has_errors(out.findings), [str(finding) for finding in out.findings]
    assert out.files and out.verification.moves > 20
    assert out.verification.largest_pull < 0.6e-3
    assert out.verification.clearance > 1.5e-3


def test_same_plan_same_bytes(exported, dimmer):
    name, out = exported
    assert language(name).write(bend_program(dimmer, name).program, dimmer.cell.programs) == out.files


def found(dimmer, name, files):
    """What comes to light about a text: refused, or different from the plan."""
    bend = bend_program(dimmer, name)
    try:
        changes = compare(bend.program, read(dimmer, name, files))
    except ProgramTextError as error:
        return [str(error)]
    return [change.message for change in changes if change.kind not in SAID_DIFFERENTLY or rounds_more(change, name)]


def rounds_more(change, name):
    """A language may round less than the plan, not more. Levels of INFORM begin to round further from the corner than they cut it (docs/programs_inform.md)."""
    return change.kind == "blend" and change.data["b_mm"] > change.data["a_mm"] and name != "inform"


def test_every_lost_move_or_signal_is_found(exported, dimmer):
    """One line less at a time, for every move, signal and wait that a good run comes to."""
    name, out = exported
    ran = {event.at for event in run(read(dimmer, name, out.files))}
    missed, tried = [], 0
    for place in sorted(ran, key=str):
        lines = out.files[place.file].decode().split("\r\n") if place.line else []
        if not lines or not re.match(r"\s*" + MOTION[name], lines[place.line - 1]):
            continue
        tried += 1
        less = {**out.files, place.file: "\r\n".join(lines[: place.line - 1] + lines[place.line :]).encode()}
        if not found(dimmer, name, less):
            missed.append((place, lines[place.line - 1]))
    assert missed == [] and tried > 40


def test_a_moved_target_is_found(exported, dimmer):
    """Every number with decimals in the text, one at a time, larger by 5: nothing that moves the robot can change without being seen."""
    name, out = exported
    rng = np.random.default_rng(7)
    places = [
        (file, match)
        for file, data in out.files.items()
        if not file.endswith(("TXT", "pgf"))
        for match in re.finditer(r"(?<![\w.])-?\d+\.\d{3,}", data.decode())
    ]
    missed = []
    for index in rng.choice(len(places), 40, replace=False):
        file, match = places[index]
        text = out.files[file].decode()
        step = 0.005 if name == "urscript" else 5.0
        changed = text[: match.start()] + f"{float(match[0]) + step:.4f}" + text[match.end() :]
        line = text[: match.start()].count("\n") + 1
        if not found(dimmer, name, {**out.files, file: changed.encode()}):
            missed.append((file, line, text.splitlines()[line - 1]))
    # Retreats run only when a signal stays away; what a time or speed does is seen when the text is run.
    for file, _, line in missed:
        assert "RETREAT" in file.upper() or re.search(r"RETREAT|retreat|VEL|V=|v=|a=|\\T:=|msec|home|point_dist|zonedata", line), line


def test_every_signal_that_stays_away_ends_in_a_halt_outside_the_brake(exported, dimmer):
    """Each wait in turn never comes. The robot's last place is then outside the tools, or it has not moved since the fault."""
    name, out = exported
    program = read(dimmer, name, out.files)
    model = dimmer.cell.robot.model
    waits = [event for event in run(program) if isinstance(event, Waited)]
    neutral = {line.address: key for key, line in bend_program(dimmer, name).program.signals.items()}
    places: dict[str, int] = {}
    for k in range(len(waits)):
        address, value = waits[k].signals[0]
        passed = sum(w.signals[0] == (address, value) for w in waits[:k])
        state = {"came": 0, "halted": False}

        def inputs(a, v, wanted=(address, value), passed=passed, state=state):
            return (a, v) != wanted or state["came"] < passed or state["halted"]

        events = []
        for event in run(program, SignalsOnly(inputs)):
            events.append(event)
            state["came"] += isinstance(event, Waited) and event.came and event.signals[0] == (address, value)
            # The operator has seen to it and presses START.
            state["halted"] = state["halted"] or isinstance(event, Halted)
        at = next(i for i, event in enumerate(events) if isinstance(event, Waited) and not event.came)
        assert isinstance(events[-1], Halted), (name, waits[k])
        after = [event for event in events[at:] if isinstance(event, Moved)]
        key = neutral[address]
        if key == AT_HOME:
            assert not after and not any(isinstance(event, Moved) for event in events)
            continue
        last = [event for event in events[:at] if isinstance(event, Moved)][-1]
        places[key] = places.get(key, 0) + len(after)
        if key in ("finger-left", "finger-right", "pinch-reached", "bend-done", "opening-safe"):
            # Out of the brake: nearer to the robot than at the fault, which stands before the brake on the side of -y.
            end = after[-1].T_target
            assert len(model.ik(end @ np.linalg.inv(after[-1].T_flange_tcp))) > 0
            assert np.linalg.norm(end[:3, 3] - last.T_target[:3, 3]) > 0.1
    assert places["brake-ready"] == 0 and places["part-held"] > 0
    assert set(places) == {"brake-ready", "gauge-in-position", "finger-left", "finger-right", "pinch-reached", "bend-done", "opening-safe", "part-held", "bend-number-echo"}  # fmt: skip


def test_a_cell_without_a_line_is_told_which(dimmer):
    signals = {name: signal for name, signal in dimmer.cell.signals.items() if name != "pinch-reached"}
    cell = dataclasses.replace(dimmer.cell, signals=signals)
    found = missing_signals(cell, dimmer.gripper.kind)
    assert len(found) == 1 and "pinch-reached" in found[0].message
    out = export(dataclasses.replace(dimmer, cell=cell))
    assert out.files == {} and out.findings[0].code == "signal-missing"


def test_followed_segments_keep_the_error_they_promise(dimmer):
    """At any moment of a followed bend the programmed segment is within 0.2 mm and 0.1 deg of the plan, checked in tool coordinates."""
    bend = bend_program(dimmer)
    phase_index = next(i for i, phase in enumerate(dimmer.plan.phases) if phase.name == "follow")
    phase = dimmer.plan.phases[phase_index]
    model, T_tool = dimmer.cell.robot.model, dimmer.gripper.T_flange_tcp
    spans = [origin for origin in bend.origins if origin.phase == phase_index and origin.last > origin.first]
    assert spans[0].first == 0 and spans[-1].last == len(phase.times) - 1
    assert len(spans) < len(phase.times) / 4
    for origin in spans:
        ends = model.fk_batch(phase.robot[[origin.first, origin.last]]) @ T_tool
        for k in range(origin.first, origin.last + 1):
            share = (phase.times[k] - phase.times[origin.first]) / (phase.times[origin.last] - phase.times[origin.first])
            place = (model.fk(phase.robot[k]) @ T_tool)[:3, 3]
            assert np.linalg.norm(ends[0][:3, 3] + share * (ends[1][:3, 3] - ends[0][:3, 3]) - place) < 0.2e-3 + 1e-9


def test_unknown_language_is_told(dimmer):
    with pytest.raises(UnknownNameError, match="fanuc, inform, krl, rapid, urscript"):
        export(dimmer, "cobol")


def test_another_makers_language_is_warned_about(dimmer):
    codes = [finding.code for finding in export(dimmer, "krl").findings]
    assert codes.count("foreign-language") == 1 and codes.count("signals-numbered") == 1
