"""The benchmark's parts are what they say, and its figures are put together rightly."""

from __future__ import annotations

import pytest

from bench.bending import median, to_program
from bench.cases import cases
from bench.family import Member, family, write_dxf
from parts.dxf import read_dxf


@pytest.mark.parametrize("member", family(), ids=lambda member: member.name)
def test_drawings_are_read_back_as_drawn(member, tmp_path):
    flat = read_dxf(write_dxf(member, tmp_path))
    assert [finding for finding in flat.findings if finding.level == "error"] == []
    assert len(flat.bend_lines) == member.bends == int(member.name.rsplit("-", 1)[1])
    drawn = [direction for _, _, direction in member.bend_lines()]
    assert sorted(str(line.direction) for line in flat.bend_lines) == sorted(drawn)
    assert flat.outline.area == pytest.approx(member.outline().area * 1e-6, rel=1e-9)


def test_area_of_a_box_by_hand():
    """Base 100 x 80 less four corners of 5, two walls of 20 on 70 and two on 90."""
    member = Member("box", (100.0, 80.0), left=(20.0,), right=(20.0,), bottom=(20.0,), top=(20.0,), corner=5.0)
    assert member.outline().area == pytest.approx(100 * 80 - 4 * 25 + 2 * 20 * 70 + 2 * 20 * 90)
    assert ((5.0, 0.0), (95.0, 0.0), "up") in member.bend_lines()


def test_family_reaches_from_2_to_12_bends():
    counts = [member.bends for member in family()]
    assert counts == sorted(counts) and (counts[0], counts[-1]) == (2, 12)
    assert len({member.name for member in family()}) == len(family())


def test_only_what_is_asked_for_is_measured(tmp_path):
    chosen, _ = cases("box-8", tmp_path)
    assert [case.name for case in chosen] == ["box-8"]


def test_real_parts_that_are_absent_are_named(tmp_path, monkeypatch):
    monkeypatch.setattr("bench.cases.REAL_PARTS", tmp_path / "shared" / "parts" / "dxf")
    chosen, left_out = cases("oxygen_dimmer", tmp_path)
    assert chosen == [] and left_out[0].startswith("oxygen_dimmer_support_3mm:")


def test_medians_and_the_time_without_pictures():
    runs = [
        {"total_s": total, "import_s": 1.0, "peak_mib": 300.0, "stages_s": {"read": read, "show": 2.0}}
        for total, read in ((10.0, 3.0), (30.0, 1.0), (11.0, 2.0))
    ]
    merged = median(runs)
    assert merged["total_s"] == 11.0 and merged["stages_s"]["read"] == 2.0
    assert to_program(merged) == 9.0
