"""Findings that repeat are told once, with nothing lost that a person needs."""

from __future__ import annotations

from core.finding_groups import grouped
from core.findings import Finding


def slowed(step, speed):
    return Finding("info", "ram-slowed", f"the ram bends at {speed} mm/s instead of 10.0", "a wider V", step)


def test_equal_wording_becomes_one_with_range_and_bends():
    found = grouped([slowed("bend 1", 2.6), Finding("warning", "x", "else"), slowed("bend 4", 2.4), slowed("bend 2", 2.5)])
    assert [one.code for one in found] == ["ram-slowed", "x"]
    assert found[0].message == "the ram bends at 2.4 to 2.6 mm/s instead of 10.0"
    assert found[0].step == "bends 1, 4, 2"


def test_whole_numbers_are_listed():
    found = grouped([Finding("error", "e", f"line {n}: too slow (bend {b})", "", "export") for n, b in ((646, 3), (834, 4))])
    assert [str(one) for one in found] == ["error: export: line 646/834: too slow (bend 3/4)"]


def test_other_level_remedy_or_words_stay_apart():
    a = Finding("info", "c", "arm 1 hits ram", "turn", "bend 1")
    others = [
        Finding("error", "c", "arm 1 hits ram", "turn", "bend 1"),
        Finding("info", "c", "arm 1 hits ram", "move", "bend 1"),
        Finding("info", "c", "arm 1 hits die", "turn", "bend 1"),
    ]
    assert grouped([a, *others]) == [a, *others]
