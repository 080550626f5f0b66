"""The page before the real server: a drawing that nobody on this project drew comes in, is planned, played, and asked for in another language."""

from __future__ import annotations

import json

import pytest

from api.http import create_app
from api.server_settings import ServerSettings
from bench.page_server import serving
from tests.web.conftest import Watch


@pytest.mark.slow
def test_from_a_real_drawing_to_a_playing_cell(browser, real_dxf, tmp_path):
    with serving(create_app(ServerSettings(data=tmp_path / "data", workers=1, demo=False))) as url:
        page = browser.new_page(viewport={"width": 1280, "height": 720})
        watch = Watch()
        watch.on(page)
        page.goto(url + "#lang=en")
        page.wait_for_selector("#cell option[value=bending-irb4600]", state="attached")
        page.locator("#drawing").set_input_files(real_dxf / "oxygen_dimmer_support_3mm.dxf")
        page.locator("#cell").select_option("bending-irb4600")
        page.locator("#thickness").fill("3")
        page.get_by_role("button", name="Plan the job").click()
        seen = set()
        for _ in range(1200):
            seen.add(page.locator(".jobs progress").first.evaluate("(it) => it.value"))
            if page.locator("[data-action=open]").count():
                break
            page.wait_for_timeout(150)
        assert len(seen) > 5 and sorted(seen)[-1] <= 1
        page.locator("[data-action=open]").click()
        page.wait_for_selector("#page[data-ready] .job canvas")
        page.wait_for_timeout(600)
        assert page.evaluate("pliant.clock().time.value") > 0
        assert page.locator(".badge").inner_text().endswith("Verified")
        page.locator("[data-part=language]").select_option("krl")
        page.wait_for_selector(".text li >> text=DEF OXYGEN", timeout=120_000)
        page.locator("[data-tab=bends]").click()
        with page.context.expect_page() as waiting:
            page.locator(".files a").first.click()
        assert "setup.html" in waiting.value.url
        page.close()
        assert watch.complaints == []
        assert [one for one in watch.requests if not one.startswith((url, "data:", "blob:"))] == []
    assert json.loads(next((tmp_path / "data").rglob("timeline.json")).read_text())["program"]["language"] == "rapid"
