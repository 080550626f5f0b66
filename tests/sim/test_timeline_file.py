"""Program lines and clearance along the plan's time: by hand, and on a planned job against its plan and its text."""

from __future__ import annotations

import numpy as np
import pytest

from robots.programs.events import Place
from sim.looking import SIGHT
from sim.plan import Phase
from sim.programs import export
from sim.replay import replay
from sim.timeline_file import timeline_dict
from sim.verify.lines import Spell, line_times, on_plan

A, B, C, WAIT = (Place("P.src", line) for line in (10, 11, 12, 20))


def phase(start: float, end: float, kind="free") -> Phase:
    none = np.zeros((2, 0))
    return Phase("p", "s", kind, None, np.array([start, end]), none, none, none, none, None, False)


def test_rounded_moves_in_one_spell_are_told_apart_by_their_ends():
    spells = [Spell(0.0, 1.0, False), Spell(1.0, 4.0, True), Spell(4.0, 4.5, False)]
    lines = line_times(spells, [(2.0, A), (3.5, B), (4.0, C)], [WAIT, C, WAIT], [0, 1, 2])
    assert [(line.start, line.end, line.at.line, line.moves) for line in lines] == [
        (0.0, 1.0, 20, False), (1.0, 2.0, 10, True), (2.0, 3.5, 11, True), (3.5, 4.0, 12, True), (4.0, 4.5, 20, False),
    ]  # fmt: skip


def test_a_move_cut_by_a_trigger_stays_one_stretch():
    """An output set on the way cuts what happened in two spells, not the line."""
    spells = [Spell(0.0, 0.7, True), Spell(0.7, 2.0, True)]
    lines = line_times(spells, [(1.0, A), (2.0, B)], [B, B], [0, 0])
    assert [(line.start, line.end, line.at.line) for line in lines] == [(0.0, 1.0, 10), (1.0, 2.0, 11)]


def test_moves_begin_and_end_with_their_phases():
    """The program takes 3 s where the plan takes 2, waits 1 s longer; by the plan's clock the lines fit its phases."""
    spells = [Spell(0.0, 3.0, True), Spell(3.0, 6.0, False), Spell(6.0, 8.0, True)]
    own = line_times(spells, [(1.5, A), (3.0, B), (8.0, C)], [B, WAIT, C], [0, 0, 2])
    lines = on_plan(own, [phase(0.0, 2.0), phase(2.0, 4.0, "wait"), phase(4.0, 5.0)])
    assert [(line.start, line.end, line.at.line) for line in lines] == [
        (0.0, 1.0, 10), (1.0, 2.0, 11), (2.0, 4.0, 20), (4.0, 5.0, 12),
    ]  # fmt: skip


@pytest.fixture(scope="module")
def timeline(dimmer):
    replayed, exported = replay(dimmer), export(dimmer)
    return replayed, exported, timeline_dict(dimmer, [one.course for one in replayed.clearances], exported)


def test_every_move_of_the_plan_has_a_line_that_says_so(dimmer, timeline):
    _, exported, data = timeline
    program = data["program"]
    texts = {name: content.decode("latin-1").splitlines() for name, content in exported.files.items()}
    lines = np.array([row[:2] for row in program["lines"]])
    assert lines[0, 0] == 0.0 and lines[-1, 1] == pytest.approx(dimmer.plan.duration, abs=2e-3)
    assert np.allclose(lines[1:, 0], lines[:-1, 1], atol=2e-3)
    for one in dimmer.plan.phases:
        if one.kind not in ("free", "linear"):
            continue
        middle = float(one.times[0] + one.times[-1]) / 2
        row = next(row for row in program["lines"] if row[0] <= middle <= row[1])
        text = texts[program["files"][row[2]]][row[3] - 1]
        assert ("MoveAbsJ" if one.kind == "free" else "MoveL") in text, (one.step, one.name, text)


def test_the_course_has_the_least_clearance_of_every_phase(dimmer, timeline):
    replayed, _, data = timeline
    assert data["margin_mm"] == pytest.approx(dimmer.cell.margin * 1e3)
    for one, seen, course in zip(dimmer.plan.phases, replayed.clearances, data["clearance"], strict=True):
        least = SIGHT if seen.distance is None else seen.distance
        assert min(course["distance_mm"]) == pytest.approx(least * 1e3, abs=0.006)
        assert course["times_s"][0] == pytest.approx(one.times[0], abs=1e-3) and course["times_s"][-1] == pytest.approx(
            one.times[-1], abs=1e-3
        )
        assert np.all(np.diff(course["times_s"]) >= 0)
