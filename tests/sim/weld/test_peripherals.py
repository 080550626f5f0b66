"""Power source, torch cleaner and home signal as a welding program meets them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from cells.weld_load import load_weld_cell
from robots.programs.program import Routine, SetSignal, WaitSignal
from sim.verify.wiring import home_check
from sim.weld.peripherals import CLEAN_TIME, Peripherals
from sim.weld.program import bare_weld_program
from sim.weld.verify import verify_weld
from sim.weld.virtual import VirtualWeldCell


@pytest.fixture(scope="module")
def cell():
    return load_weld_cell("welding-kr5")


def ran(cell, *body):
    """What running a program of one routine gives."""
    program = replace(bare_weld_program(cell, "krl"), routines=(Routine("main", "main", tuple(body)),))
    names = {line.address: name for name, line in program.signals.items()}
    return verify_weld(program, cell, None, None, names)


def test_arc_ok_follows_arc_on_after_preflow_and_ignition(cell):
    procedure = cell.procedures[0]
    source = Peripherals(cell)
    source.set("weld-procedure", procedure.number, 0.0)
    source.set("arc-on", True, 10.0)
    lead = procedure.preflow + procedure.ignition
    assert lead > 0 and source.next_change(10.0) == pytest.approx(lead)
    assert source.shown("arc-ok", 10.0 + lead - 1e-3) is False and source.shown("arc-ok", 10.0 + lead) is True
    source.set("arc-on", False, 20.0)
    tail = procedure.crater + procedure.postflow
    assert source.shown("arc-ok", 20.0 + tail - 1e-3) is True and source.shown("arc-ok", 20.0 + tail) is False
    assert source.shown("part-clamped", 0.0) is None


def test_a_cleaner_that_was_started_is_done_and_one_that_was_not_says_why(cell):
    wait = WaitSignal("clean-done", True, 30.0)
    started = ran(cell, SetSignal("clean-start", True), wait, SetSignal("clean-start", False))
    assert started.findings == () and started.cycle_time == pytest.approx(CLEAN_TIME)
    finding = ran(cell, wait).findings[0]
    assert (
        finding.level == "error"
        and finding.code == "wait-timeout"
        and "clean-done follows the output clean-start, which is off" in finding.message
    )


def test_a_robot_away_from_home_is_not_started(cell):
    assert ran(cell, *home_check(cell)).findings == ()
    q = cell.robot.q_home.copy()
    q[1] -= np.radians(7.0)

    program = bare_weld_program(cell, "krl")
    address = program.signals["at-home"].address
    virtual = VirtualWeldCell(cell, {line.address: name for name, line in program.signals.items()})
    assert virtual.read(address) is True
    virtual.q = q
    assert virtual.read(address) is False
    assert virtual.why_not({address: True}) == f"joint {cell.robot.model.mechanism.joint_names[1]} stands 7.0 deg from home"


def test_a_cell_without_the_line_asks_nothing(cell):
    bare = replace(cell, signals={name: line for name, line in cell.signals.items() if name != "at-home"})
    assert home_check(bare) == []
