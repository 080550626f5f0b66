"""The sheet is parsed again: every figure in it is that of brake.json and summary.json; drawings against hand calculations."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest
from shapely import LineString, box

from api.jobs import BendRequest, run_bend
from core.frames import rot_x, translation
from core.progress import silent
from sim.bend_view import beam_spans, gauge_on_flat
from sim.plan import phase_state
from sim.setup_sheet import SheetTable, grip_place, setup_sheet
from sim.stack_drawing import stack_pattern
from sim.time_drawing import seconds_by_step
from sim.tool_drawing import plates_section, section_drawing, sheet_section


class Keyed(HTMLParser):
    """Texts of elements with `data-key`, in rows by the class of their table row."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.rows: dict[str, list[dict[str, str]]] = {"row": [], "station": []}
        self.facts: dict[str, str] = {}
        self._key, self._row = None, None
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        if tag == "tr":
            self._row = None
            if attrs.get("class") in self.rows:
                self._row = {}
                self.rows[attrs["class"]].append(self._row)
        self._key = attrs.get("data-key")

    def handle_endtag(self, tag):
        self._key = None
        if tag == "tr":
            self._row = None

    def handle_data(self, data):
        if self._key:
            place = self.facts if self._row is None else self._row
            place[self._key] = place.get(self._key, "") + data


@pytest.fixture(scope="module")
def folder(real_dxf):
    request = BendRequest(real_dxf / "oxygen_dimmer_support_3mm.dxf", "bending-irb4600", "mild-steel", 3.0, 90.0)
    return run_bend(request, silent)[1]


def test_sheet_says_what_brake_json_says(folder):
    sheet, brake = Keyed(folder["setup.html"].decode()), json.loads(folder["brake.json"])
    assert len(sheet.rows["row"]) == len(brake["bends"]) > 0
    for row, bend in zip(sheet.rows["row"], brake["bends"], strict=True):
        compared = set(row) & set(bend)
        assert {"gauge_x_mm", "gauge_r_mm", "gauge_z1_mm", "gauge_z2_mm", "force_kn", "bending_speed_mm_s", "tip_below_die_mm"} <= compared
        for key in compared:
            if isinstance(bend[key], float):
                assert float(row[key]) == pytest.approx(bend[key], abs=1e-9)
            elif isinstance(bend[key], list):
                assert row[key].split("+") == [str(line) for line in bend[key]]
            else:
                assert row[key] == str(bend[key])
    for row, station in zip(sheet.rows["station"], brake["stations"], strict=True):
        assert (row["punch"], row["die"], float(row["x_start_mm"])) == (station["punch"], station["die"], station["x_start_mm"])
        assert [float(s) for s in row["punch_segments_mm"].split(" + ")] == station["punch_segments_mm"]


def test_sheet_says_what_summary_json_says(folder):
    facts, summary = Keyed(folder["setup.html"].decode()).facts, json.loads(folder["summary.json"])
    assert (facts["part"], facts["cell"], facts["material"]) == (summary["part"], summary["cell"], summary["material"])
    assert (facts["verified"] == "verified") is summary["verified"]
    assert float(facts["cycle_time_s"].split()[0]) == pytest.approx(summary["cycle_time_s"], abs=0.051)
    assert float(facts["clearance_mm"].split()[0]) == pytest.approx(summary["clearance_mm"], abs=0.051)
    assert facts["clearance_mm"].endswith(" to ".join(summary["clearance_between"]))
    assert facts["regrips"] == f"{summary['regrips']}, {summary['flips']}"
    page = folder["setup.html"].decode()
    assert all(sum_ in page and len(sum_) == 64 for sum_ in summary["program"]["sha256"].values())


def test_same_plan_same_bytes_and_tables_are_printed(dimmer):
    table = SheetTable("Torques", ("axis", "Nm"), (("A1", "123.4"),))
    page = setup_sheet(dimmer, {}, None, [table])
    assert page == setup_sheet(dimmer, {}, None, [table])
    assert "<h2>Torques</h2>" in page and "<td>123.4</td>" in page


def test_fingers_are_drawn_on_the_outline(dimmer):
    """Brake figures and flat pattern meet: each finger's stop face lies on the sheet's edge, beside the sheet."""
    outline = dimmer.part.flat.outline
    for step in dimmer.plan.steps:
        assert step.gauge_contact == "edge"
        for a, b in gauge_on_flat(dimmer, step):
            assert np.linalg.norm(b - a) == pytest.approx(dimmer.cell.brake.finger_width)
            face = LineString([a, b])
            assert outline.boundary.intersection(face.buffer(2e-4)).length > 2e-3
            assert outline.buffer(-2e-4).disjoint(face)


def test_lines_on_the_beam_have_their_length_and_place(dimmer):
    for step in dimmer.plan.steps:
        spans = beam_spans(dimmer, step)
        lengths = [float(np.linalg.norm(dimmer.part.bends[b].end - dimmer.part.bends[b].start)) for b in step.bends]
        assert [b - a for a, b in spans] == pytest.approx(lengths, abs=1e-9)
        assert (min(a for a, _ in spans) + max(b for _, b in spans)) / 2 == pytest.approx(step.x, abs=1e-6)


def test_section_of_the_bent_sheet_opens_by_the_bend_angle(dimmer):
    """The two legs of the cut stand at 90 degrees when the stroke is done, and their length is the flat's."""
    phase = next(p for p in dimmer.plan.phases if p.fold[-1] == pytest.approx(dimmer.part.target_angles))
    state = phase_state(phase, float(phase.times[-1]))
    step = dimmer.plan.steps[0]
    a, b = beam_spans(dimmer, step)[0]
    pieces = sheet_section(dimmer, state, dimmer.cell.brake.T_world_brake[0, 3] + (a + b) / 2, bent=True)
    longest = max(pieces, key=lambda piece: float(np.linalg.norm(piece[1] - piece[0])))
    main = (longest[-1] - longest[0]) / np.linalg.norm(longest[-1] - longest[0])
    others = [(p[-1] - p[0]) / np.linalg.norm(p[-1] - p[0]) for p in pieces if np.linalg.norm(p[-1] - p[0]) > 5e-3 and p is not longest]
    assert any(abs(float(main @ other)) < 0.02 for other in others)


def test_slots_do_not_overlap_and_stay_on_the_pallet(dimmer):
    pattern = stack_pattern(dimmer)
    station = dimmer.cell.station("outfeed")
    assert len(pattern.slots) > 1
    assert np.all(np.abs(pattern.slots) + np.array(pattern.size[:2]) / 2 <= np.array(station.size) / 2 + 1e-9)
    gaps = np.abs(pattern.slots[:, None] - pattern.slots[None]) - np.array(pattern.size[:2])
    apart = np.max(gaps, axis=2)[~np.eye(len(pattern.slots), dtype=bool)]
    assert apart.min() == pytest.approx(station.gap, abs=1e-9)


def test_seconds_add_up_to_the_cycle(dimmer):
    table = seconds_by_step(dimmer.plan)
    assert sum(sum(row.values()) for _, row in table) == pytest.approx(dimmer.plan.duration)
    assert table[0][0] == "pick" and table[-1][0] == "home"


def test_a_grip_is_told_from_the_sheet_s_corner(dimmer):
    """However far from the origin the drawing lies, the setter measures from the corner: the clamp stands on the sheet's right end."""
    low_x, low_y, high_x, high_y = dimmer.part.flat.outline.bounds
    x, y, _ = grip_place(dimmer, dimmer.grips[0])
    assert x == pytest.approx(1e3 * (high_x - low_x), abs=0.1)
    assert 0 < y < 1e3 * (high_y - low_y)


def test_a_region_far_from_the_origin_is_cut():
    """A sheet of 0.4 x 0.2 m drawn 20 m away, brought back and turned by 30 degrees about x: the cut is 0.2 m long at 30 degrees."""
    T = rot_x(np.pi / 6) @ translation(-20.0, -11.0, 0.0)
    (piece,) = plates_section([(T, box(20.0, 11.0, 20.4, 11.2))], 0.1)
    assert piece[np.argsort(piece[:, 0])] == pytest.approx(np.array([[0.0, 0.0], [0.2 * np.cos(np.pi / 6), 0.1]]), abs=1e-9)


def test_the_gauge_figure_is_inside_the_section(dimmer):
    """Also where the gauge stands far outside what is drawn."""
    step = dimmer.plan.steps[0]
    for gauge in (step.gauge_x, 0.4):
        svg = section_drawing(dimmer, replace(step, gauge_x=gauge))
        left, _, width, _ = (float(v) for v in re.search(r'viewBox="([^"]+)"', svg)[1].split())
        x, anchor = re.search(r'<text x="([-\d.]+)"[^>]*text-anchor="(\w+)"[^>]*>X ', svg).groups()
        assert left < float(x) <= left + width - (0 if anchor == "end" else 0.2 * width)
        assert f"X {gauge * 1e3:.2f}" in svg
