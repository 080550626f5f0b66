"""From the first page to a plan: a drawing comes in, progress is seen, jobs are opened, cancelled; keys, languages, a phone, contrast."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from api.weld import weld_summary
from bench.page_server import job_entry, serving
from cells.weld_load import load_weld_cell
from parts.materials import materials
from sim.weld.job import plan_weld
from sim.weld.outputs import time_row, weld_plan_dict
from sim.weld.recording import weld_recording_glb
from tests.sim.weld.weld_cases import t_joint
from tests.web.stub import STAGES, Stub

WEB = Path(__file__).resolve().parents[2] / "api" / "web" / "src"
LOW_CONTRAST = """() => {
  const number = (text) => (text.match(/[\\d.]+/g) || []).map(Number);
  const part = (value) => { const c = value / 255; return c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4; };
  const light = ([r, g, b]) => 0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b);
  const behind = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const [r, g, b, a = 1] = number(getComputedStyle(at).backgroundColor);
      if (r !== undefined && a > 0.9) return [r, g, b];
    }
    return [255, 255, 255];
  };
  const out = [];
  for (const element of document.querySelectorAll('body *')) {
    const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim());
    if (!own || !element.getClientRects().length || element.closest(':disabled, .paper, dialog:not([open])')) continue;
    const style = getComputedStyle(element), svg = element.namespaceURI.includes('svg');
    if (element.tagName === 'title' || element.tagName === 'OPTION') continue;
    const a = light(number(svg ? style.fill : style.color)), b = light(behind(element));
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) out.push([element.textContent.trim().slice(0, 40), ratio]);
  }
  return out;
}"""


def sent(page, stub, button):
    """What a click sends to the server: kind, options, file names. Jobs of earlier tests may still run beside it."""
    before = len(stub.received)
    with page.expect_response(lambda answer: answer.request.method == "POST"):
        button.click()
    assert len(stub.received) == before + 1
    return stub.received[-1]


def test_a_drawing_is_dropped_planned_and_opened(open_page, stub, real_dxf):
    page = open_page("#lang=en")
    drawing = sorted(real_dxf.glob("*.dxf"))[0]
    page.locator("#drawing").set_input_files(drawing)
    page.locator("#cell").select_option("bending-irb4600")
    page.locator("#material").select_option("stainless-304")
    page.locator("#thickness").fill("1.5")
    kind, options, files = sent(page, stub, page.get_by_role("button", name="Plan the job"))
    page.wait_for_selector(f"[data-job=new{len(stub.received)}] .stage-name:text-matches('{'|'.join(STAGES[2:])}')")
    assert kind == "bend" and files == [drawing.name]
    assert options == {"cell": "bending-irb4600", "material": "stainless-304", "thickness_mm": 1.5, "angle_deg": 90, "direction": "up"}
    page.locator(f"[data-job=new{len(stub.received)}] [data-action=open]").click()
    page.wait_for_selector(".job .viewer canvas")
    # The first click shows something moving.
    page.wait_for_timeout(500)
    assert page.evaluate("pliant.clock().time.value") > 0


def test_an_example_needs_one_click(open_page, stub):
    page = open_page("#lang=en")
    _, options, files = sent(page, stub, page.locator("[data-example=tray]"))
    page.wait_for_selector(f"[data-job=new{len(stub.received)}] .stage-name:text-matches('{'|'.join(STAGES)}')")
    assert files == ["tray.dxf"] and options["cell"] == "bending-kr120"
    assert float(page.locator(f"[data-job=new{len(stub.received)}] progress").get_attribute("max")) == 1


def test_a_weldment_is_sent_to_a_welding_cell(open_page, stub):
    """What a weldment says itself cannot be filled in; back in a bending cell a STEP part is bent; a flat leaves the welding cell."""
    page = open_page("#lang=en")
    page.wait_for_selector("#cell option[value=welding-track]", state="attached")
    step = {"name": "frame.step", "mimeType": "model/step", "buffer": b"ISO-10303-21;"}
    page.locator("#drawing").set_input_files(step)
    page.locator("#cell").select_option("welding-track")
    assert [page.locator(f"#{name}").is_disabled() for name in ("material", "thickness", "angle")] == [True, True, True]
    assert sent(page, stub, page.get_by_role("button", name="Plan the job")) == ("weld", {"cell": "welding-track"}, ["frame.step"])
    page.locator("#cell").select_option("bending-irb4600")
    assert [page.locator(f"#{name}").is_disabled() for name in ("material", "thickness", "angle")] == [False, True, True]
    page.locator("#cell").select_option("welding-kr5")
    page.locator("#drawing").set_input_files({"name": "flat.dxf", "mimeType": "image/vnd.dxf", "buffer": b"0"})
    assert page.locator("#cell").input_value().startswith("bending-") and not page.locator("#thickness").is_disabled()


def test_the_welding_example_needs_one_click(open_page, stub):
    page = open_page("#lang=de")
    assert sent(page, stub, page.locator("[data-example=t_joint]")) == ("weld", {"cell": "welding-kr5"}, ["t_joint.step"])


def test_a_running_job_is_cancelled(open_page, stub, monkeypatch):
    monkeypatch.setattr(stub, "step", 2.0)
    page = open_page("#lang=en")
    sent(page, stub, page.locator("[data-example=bracket]"))
    number = f"new{len(stub.received)}"
    page.locator(f"[data-job={number}] [data-action=cancel]").click()
    page.wait_for_selector(f"[data-job={number}] .state:text('cancelled')")
    assert stub.jobs[number]["state"] == "cancelled"


def test_a_server_with_a_key_asks_for_it(browser, folder):
    with serving(Stub({"bracket": folder}, key="open sesame").app()) as url:
        page = browser.new_page()
        page.goto(url + "#lang=en")
        page.locator("#api-key").fill("open sesame")
        page.get_by_role("button", name="Use").click()
        page.wait_for_selector("[data-job=bracket]")
        page.close()


def test_a_program_that_was_run_without_a_plan_plays(open_page, stub, folder):
    """A job of the kind `verify` has a recording and findings, nothing else."""
    job = job_entry("run", folder)
    job |= {"kind": "verify", "summary": {"verified": True, "cell": "bending-irb4600", "findings": []}, "findings": []}
    job["files"] = [it for it in job["files"] if it["name"] == "recording.glb"]
    stub.jobs["run"], stub.folders["run"] = job, folder
    page = open_page("#job=run&lang=en")
    page.get_by_role("button", name="Play").click()
    page.wait_for_timeout(500)
    assert page.evaluate("pliant.clock().time.value") > 0.1 and page.evaluate("pliant.clock().duration") > 5
    assert "pick" in page.locator(".now").inner_text()
    del stub.jobs["run"]


def test_a_welding_job_shows_arc_and_seams(open_page, stub, tmp_path):
    cell, weldment = load_weld_cell("welding-kr5"), t_joint()
    plan = plan_weld(weldment, cell)
    (tmp_path / "plan.json").write_text(json.dumps(weld_plan_dict(plan, cell)))
    (tmp_path / "recording.glb").write_bytes(weld_recording_glb(cell, weldment, plan))
    summary = weld_summary(plan, cell, weldment, None, ()) | {"part": "tee"}
    (tmp_path / "summary.json").write_text(json.dumps(summary))
    stub.jobs["weld"], stub.folders["weld"] = job_entry("weld", tmp_path) | {"kind": "weld"}, tmp_path
    page = open_page("#job=weld&lang=en&tab=bends")
    assert float(page.locator("[data-figure=arcOn] dd").inner_text().removesuffix(" s")) == pytest.approx(
        time_row(plan, cell)["arc_on_s"], abs=0.06
    )
    bead = summary["beads"][-1]
    page.get_by_role("button", name=bead["seam"], exact=True).last.click()
    assert page.evaluate("pliant.clock().time.value") == pytest.approx(bead["starts_at_s"])
    whole = page.locator(".gantt .track").first.bounding_box()["width"]
    arc = sum(it.bounding_box()["width"] for it in page.locator(".gantt rect[data-lane=arc]").all())
    assert arc / whole * plan.duration == pytest.approx(sum(float(it.times[-1] - it.times[0]) for it in plan.phases if it.arc), rel=0.03)
    del stub.jobs["weld"]


def test_the_way_back_is_the_browsers(open_page):
    page = open_page("#lang=en")
    page.locator("[data-job=bracket] [data-action=open]").click()
    page.wait_for_selector("#page[data-ready] .job canvas")
    page.go_back()
    page.wait_for_selector("#page[data-ready] .start [data-job=bracket]")
    page.go_forward()
    page.wait_for_selector("#page[data-ready] .job canvas")


def test_a_job_that_is_not_there_is_said(browser, url):
    page = browser.new_page()
    page.goto(url + "#job=nothing&lang=en")
    page.wait_for_selector("[role=alert]")
    assert "did not work" in page.locator("[role=alert]").inner_text()
    page.close()


@pytest.mark.parametrize(("code", "words"), [("en", "Cycle time"), ("fr", "Temps de cycle"), ("de", "Taktzeit")])
def test_languages(open_page, code, words):
    page = open_page(f"#job=bracket&lang={code}")
    assert page.locator("[data-figure=cycle] dt").inner_text() == words
    assert page.locator("html").get_attribute("lang") == code
    assert "undefined" not in page.locator("body").inner_text()


def test_the_language_changes_in_place(open_page):
    page = open_page("#job=bracket&lang=en")
    page.evaluate("pliant.clock().seek(3)")
    page.locator("[data-part=interface]").select_option("de")
    page.wait_for_selector("[data-figure=cycle] dt:text('Taktzeit')")
    page.wait_for_selector("#page[data-ready]")
    assert page.evaluate("pliant.clock().time.value") == pytest.approx(3)


def test_every_word_of_the_code_is_in_the_table_in_three_languages():
    table = (WEB / "strings.js").read_text().split("const TABLE = {")[1].split("\n};")[0]
    rows = dict(re.findall(r"^  (\w+): \[(.*)\],$", table, re.M))
    assert all(len(re.findall(r'"[^"]+"', row)) == 3 for row in rows.values())
    used = {key for path in WEB.glob("*.js") for key in re.findall(r'\bt\("(\w+)"\)', path.read_text())}
    assert used and used <= set(rows)


def test_the_materials_are_those_of_the_planner():
    listed = re.search(r"MATERIALS = \[(.*?)\]", (WEB / "start.js").read_text(), re.S)
    assert re.findall(r'"([^"]+)"', listed[1]) == list(materials())


@pytest.mark.parametrize("end", ["#lang=de", "#job=bracket&lang=de", "#job=bracket&lang=fr&tab=findings", "#job=bracket&lang=en&tab=bends"])
def test_a_phone_shows_everything_without_scrolling_sideways(open_page, end):
    page = open_page(end, 390, 844, has_touch=True)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    outside = "[...document.querySelectorAll('button, select, input')].filter((one) => one.getClientRects().length && one.getBoundingClientRect().right > 391 && !one.closest('.scroll')).map((one) => one.outerHTML.slice(0, 80))"
    assert page.evaluate(outside) == []
    if "job" in end:
        assert page.locator(".viewer canvas").bounding_box()["height"] >= 250
        small = "[...document.querySelectorAll('.transport button, .tabs button')].filter((one) => one.getBoundingClientRect().height < 36).length"
        assert page.evaluate(small) == 0


@pytest.mark.parametrize("end", ["#lang=en", "#job=bracket&lang=en", "#job=bracket&lang=en&tab=findings", "#job=bracket&lang=en&tab=bends"])
def test_words_can_be_read(open_page, end):
    """WCAG 2.2 AA: 4.5 to 1 for all words that are shown."""
    assert open_page(end).evaluate(LOW_CONTRAST) == []


def test_the_page_may_load_only_its_own(open_page, url):
    page = open_page()
    policy = page.request.get(url).headers["content-security-policy"]
    assert "default-src 'none'" in policy and "script-src 'self';" in policy and "http" not in policy
