"""The exported program of a real plan: run from its own text, compared with the plan, damaged, and starved of signals."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from cells.model import Signal
from core.frames import inverse
from robots.programs.trace import ProgramTextError, TracedHalt, TracedMove, TracedWait
from sim.bend_program import bend_program, missing_signals
from sim.program_check import check_program
from sim.programs import export, run_program, write_program


def in_krl(result):
    """The same cell with a KUKA controller: the text's language does not depend on the arm."""
    outs = [name for name, signal in result.cell.signals.items() if signal.direction == "out"]
    ins = [name for name, signal in result.cell.signals.items() if signal.direction == "in"]
    signals = {name: Signal(name, "out", "$OUT[33..40]" if name == "bend-number" else f"$OUT[{i + 1}]") for i, name in enumerate(outs)}
    signals |= {name: Signal(name, "in", "$IN[33..40]" if name == "bend-number-echo" else f"$IN[{i + 1}]") for i, name in enumerate(ins)}
    cell = dataclasses.replace(result.cell, robot=dataclasses.replace(result.cell.robot, language="krl"), signals=signals)
    return dataclasses.replace(result, cell=cell)


@pytest.fixture(scope="module", params=["krl", "rapid"])
def exported(request, dimmer):
    result = in_krl(dimmer) if request.param == "krl" else dimmer
    return result, export(result)


def test_the_text_does_what_was_planned(exported):
    _, out = exported
    assert out.findings == ()
    assert out.files and out.check.moves > 20
    assert out.check.way_error < 0.25e-3
    assert out.check.clearance > 1.5e-3


def test_same_plan_same_bytes(exported):
    result, out = exported
    assert export(result).files == out.files


def damaged(files, old, new, count=1):
    name = next(name for name, data in files.items() if old in data.decode())
    return {**files, name: files[name].decode().replace(old, new, count).encode()}


def check(result, language, files):
    bend = bend_program(result)
    try:
        return check_program(bend, run_program(language, files), result, "text").findings
    except ProgramTextError as error:
        return (error,)


def lines_of(files, start):
    return [line for data in files.values() for line in data.decode().splitlines() if line.strip().startswith(start)]


def test_every_lost_move_or_signal_is_found(exported):
    """One line less at a time, for every move, signal and wait."""
    result, out = exported
    starts = ("PTP", "LIN", "PL_", "WAIT") if out.language == "krl" else ("MoveAbsJ", "MoveL", "SetDO", "SetGO", "WaitDI", "GripLoad ld")
    skip = ("PL_TIMER", "PL_FAULT", "PL_END")
    missed = []
    for name, data in out.files.items():
        if name.endswith(".dat"):
            continue
        lines = data.decode().splitlines()
        main_end = next(i for i, line in enumerate(lines) if "RETREAT_FROM_PICK" in line and ("DEF " in line or "PROC " in line))
        for i, line in enumerate(lines[:main_end]):
            if line.strip().startswith(starts) and not line.strip().startswith(skip):
                less = {**out.files, name: "\r\n".join(lines[:i] + lines[i + 1 :]).encode()}
                if not check(result, out.language, less):
                    missed.append((i, line))
    assert missed == []


def test_a_moved_target_is_found(exported):
    """5 mm in one straight target, 1 deg in one joint target, A and C exchanged."""
    result, out = exported
    if out.language == "krl":
        line = lines_of(out.files, "LIN")[3]
        x = line.split("{X ")[1].split(",")[0]
        assert check(result, "krl", damaged(out.files, line, line.replace(f"X {x}", f"X {float(x) + 5:.4f}")))
        a, c = line.split("A ")[1].split(",")[0], line.split("C ")[1].split("}")[0]
        assert check(result, "krl", damaged(out.files, line, line.replace(f"A {a},", f"A {c},").replace(f"C {c}}}", f"C {a}}}")))
        line = lines_of(out.files, "PTP")[1]
        a1 = line.split("A1 ")[1].split(",")[0]
        assert check(result, "krl", damaged(out.files, line, line.replace(f"A1 {a1}", f"A1 {float(a1) + 1:.4f}")))
        line = lines_of(out.files, "$VEL.CP")[6]
        assert check(result, "krl", damaged(out.files, "DECL FRAME PL_BASE={X 1750", "DECL FRAME PL_BASE={X 1751"))
    else:
        line = lines_of(out.files, "MoveL")[3]
        x = line.split("[[")[1].split(",")[0]
        assert check(result, "rapid", damaged(out.files, line, line.replace(x, f"{float(x) + 5:.4f}", 1)))
        line = lines_of(out.files, "MoveAbsJ")[1]
        a1 = line.split("[[")[1].split(",")[0]
        assert check(result, "rapid", damaged(out.files, line, line.replace(a1, f"{float(a1) + 1:.4f}", 1)))
        assert check(result, "rapid", damaged(out.files, "[[1750.0000", "[[1751.0000"))
        timed = next(line for line in lines_of(out.files, "MoveL") if "\\T:=" in line)
        time = timed.split("\\T:=")[1].split(",")[0]
        assert check(result, "rapid", damaged(out.files, timed, timed.replace(f"\\T:={time}", f"\\T:={float(time) * 2:.4f}")))


def test_every_signal_that_stays_away_ends_in_a_halt_outside_the_brake(exported):
    """Each wait in turn never comes. The robot's last place is then outside the tools, or it has not moved since the fault."""
    result, out = exported
    model = result.cell.robot.model
    waits = [item for item in run_program(out.language, out.files) if isinstance(item, TracedWait)]
    places = {}
    for k in range(len(waits)):
        seen = 0

        def inputs(address, value, k=k):
            nonlocal seen
            seen += 1
            return seen - 1 != k

        trace = run_program(out.language, out.files, inputs)
        at = next(i for i, item in enumerate(trace) if isinstance(item, TracedWait) and not item.came)
        assert isinstance(trace[-1], TracedHalt)
        before = [item for item in trace[:at] if isinstance(item, TracedMove)][-1]
        after = [item for item in trace[at:] if isinstance(item, TracedMove)]
        name = next(key for key, line in bend_program(result).program.signals.items() if line.address == waits[k].address)
        places[name] = places.get(name, 0) + len(after)
        if name in ("finger-left", "finger-right", "pinch-reached", "bend-done", "opening-safe"):
            # Out of the brake: the tool ends nearer to the robot than at the fault, in a straight line it can drive.
            q = model.ik(after[-1].T_robot_base @ after[-1].T_base_tcp @ inverse(after[-1].T_flange_tcp))
            assert len(q) > 0
            there = before.T_base_tcp[1, 3] if before.T_base_tcp is not None else 0.0
            assert after[-1].T_base_tcp[1, 3] < there - 0.1
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
    spans = [origin for origin in bend.origins if origin.phase == phase_index]
    assert spans[0].first == 0 and spans[-1].last == len(phase.times) - 1
    assert len(spans) < len(phase.times) / 4
    for origin in spans:
        ends = model.fk_batch(phase.robot[[origin.first, origin.last]]) @ T_tool
        for k in range(origin.first, origin.last + 1):
            share = (phase.times[k] - phase.times[origin.first]) / (phase.times[origin.last] - phase.times[origin.first])
            place = (model.fk(phase.robot[k]) @ T_tool)[:3, 3]
            assert np.linalg.norm(ends[0][:3, 3] + share * (ends[1][:3, 3] - ends[0][:3, 3]) - place) < 0.2e-3 + 1e-9


def test_unknown_language_is_told(dimmer):
    program = bend_program(dimmer).program
    with pytest.raises(Exception, match="krl, rapid"):
        write_program("cobol", program, dimmer)
