"""The one file that is mailed to the customer: small, whole, and silent."""

from __future__ import annotations

import pytest

from bench.page_server import job_entry
from sim.plan import phase_state
from sim.stage import build_stage
from tests.web.conftest import Watch


@pytest.fixture
def offline_page(job_page, browser, tmp_path):
    with job_page.expect_download() as waiting:
        job_page.locator("[data-action=offline]").click()
    assert waiting.value.suggested_filename == "bracket.html"
    file = tmp_path / "for the customer.html"
    waiting.value.save_as(file)
    context = browser.new_context(viewport={"width": 1280, "height": 720}, offline=True, locale="de-DE")
    page = context.new_page()
    watch = Watch()
    watch.on(page)
    page.goto(file.as_uri())
    page.wait_for_selector("#page[data-ready] canvas")
    yield file, page
    context.close()
    assert watch.complaints == []
    assert [one for one in watch.requests if not one.startswith(("file:", "data:", "blob:"))] == []


def test_it_is_small_and_plays_without_network(offline_page, result):
    file, page = offline_page
    assert file.stat().st_size < 3e6
    # In the reader's own language.
    page.get_by_role("button", name="Abspielen").click()
    page.wait_for_timeout(500)
    page.get_by_role("button", name="Pause").click()
    assert page.evaluate("pliant.clock().time.value") > 0.1
    stage = build_stage(result.cell, result.setup, result.part, result.gripper)
    phase = next(phase for phase in result.plan.phases if phase.kind == "follow")
    time = float(phase.times[0] + phase.times[-1]) / 2
    expected = stage.world(phase_state(phase, time))
    for index, node in enumerate(stage.nodes):
        if node.moves:
            assert page.evaluate("([name, time]) => pliant.pose(name, time).map((row) => row[3])", [node.name, time]) == pytest.approx(
                expected[index][:, 3], abs=1e-4
            )


def test_it_has_program_findings_and_can_be_saved_again(offline_page, tmp_path):
    _, page = offline_page
    assert page.locator(".text li").count() > 50
    # Other languages need the server.
    assert page.locator("[data-part=language] option").count() == 1
    page.locator("[data-tab=findings]").click()
    page.locator("[data-code=nearest] button").click()
    assert page.evaluate("pliant.clock().time.value") > 0
    with page.expect_download() as waiting:
        page.locator("[data-action=offline]").click()
    again = tmp_path / "again.html"
    waiting.value.save_as(again)
    page.goto(again.as_uri())
    page.wait_for_selector("#page[data-ready] canvas")
    assert page.evaluate("pliant.nodes().length") > 20


def test_text_of_a_plan_cannot_become_markup(open_page, stub, folder, browser, tmp_path):
    """Names and messages come from a stranger's drawing: shown as they are, on the page and in the file."""
    evil = """</script><img src=x onerror="window.caught = 1"><!-- <script>window.caught = 2</script>"""
    job = job_entry("evil", folder)
    job["title"] = job["summary"]["part"] = evil
    job["summary"]["findings"][0]["message"] = evil
    stub.jobs["evil"], stub.folders["evil"] = job, folder
    page = open_page("#job=evil&lang=en&tab=findings")
    assert page.locator("h1").inner_text() == evil and page.locator(".findings img").count() == 0
    file = tmp_path / "evil.html"
    file.write_text(page.evaluate("pliant.offline()"))
    other = browser.new_page()
    other.goto(file.as_uri() + "#lang=en&tab=findings")
    other.wait_for_selector("#page[data-ready] canvas")
    assert other.locator("h1").inner_text() == evil and other.locator(".findings img").count() == 0
    assert page.evaluate("window.caught") is None and other.evaluate("window.caught") is None
    other.close()
    del stub.jobs["evil"]
