"""What people do with a finished job: play, seek, follow the program, look closer, compare, share, take it along."""

from __future__ import annotations

import json

import numpy as np
import pytest

from bench.page import FRAMES
from sim.plan import phase_state
from sim.stage import build_stage

TIME = "pliant.clock().time.value"


def seconds(page) -> float:
    return float(page.evaluate(TIME))


def lit_line(page) -> str:
    return page.locator(".text li.running").inner_text()


def test_every_node_stands_where_forward_kinematics_says(job_page, result):
    """The picture against the plan and the machines' own kinematics, at random moments of every phase."""
    stage = build_stage(result.cell, result.setup, result.part, result.gripper)
    names = [node.name for node in stage.nodes]
    assert set(names) <= set(job_page.evaluate("pliant.nodes()"))
    rng = np.random.default_rng(5)
    worst = 0.0
    for phase in result.plan.phases:
        if phase.times[-1] - phase.times[0] < 1e-6:
            continue
        for time in rng.uniform(phase.times[0], phase.times[-1], 2):
            expected = stage.world(phase_state(phase, float(time)))
            shown = np.array(job_page.evaluate("([names, time]) => names.map((name) => pliant.pose(name, time))", [names, float(time)]))
            worst = max(worst, float(np.max(np.linalg.norm(shown[:, :3, 3] - expected[:, :3, 3], axis=1))))
            assert shown[:, :3, :3] == pytest.approx(expected[:, :3, :3], abs=2e-4)
    assert worst < 1e-4


def test_playing_moves_the_time_and_the_picture(job_page):
    before = job_page.evaluate("pliant.viewer().picture()")
    job_page.get_by_role("button", name="Play").click()
    job_page.wait_for_timeout(700)
    job_page.get_by_role("button", name="Pause").click()
    at = seconds(job_page)
    assert 0.2 < at < 2.5
    assert job_page.evaluate("pliant.viewer().picture()") != before
    job_page.wait_for_timeout(300)
    assert seconds(job_page) == at


def test_nothing_is_drawn_while_nothing_changes(job_page):
    job_page.wait_for_timeout(500)
    before = job_page.evaluate("pliant.viewer().drawn")
    job_page.wait_for_timeout(500)
    assert job_page.evaluate("pliant.viewer().drawn") == before


def test_the_gantt_seeks(job_page, result):
    job_page.locator(".step[data-step='bend 1']").click()
    start = next(float(phase.times[0]) for phase in result.plan.phases if phase.step == "bend 1")
    assert seconds(job_page) == pytest.approx(start, abs=1e-6)
    follow = next(phase for phase in result.plan.phases if phase.name == "close")
    bar = job_page.locator(f".gantt rect[data-lane=robot][data-start='{follow.times[0]:.3f}']").bounding_box()
    job_page.mouse.click(bar["x"] + bar["width"] / 2, bar["y"] + bar["height"] / 2)
    assert seconds(job_page) == pytest.approx(float(follow.times[0] + follow.times[-1]) / 2, abs=0.1)
    assert "close" in job_page.locator(".now").inner_text()


def test_the_gantt_shows_when_the_ram_moves(job_page, result):
    ram = result.cell.brake.mechanism.joint_names.index("ram")
    moved = sum(float(np.diff(phase.times)[np.abs(np.diff(phase.brake[:, ram])) > 1e-7].sum()) for phase in result.plan.phases)
    whole = job_page.locator(".gantt .track").first.bounding_box()["width"]
    shown = sum(bar["width"] for bar in (it.bounding_box() for it in job_page.locator(".gantt rect[data-lane=ram]").all()))
    assert shown / whole * result.plan.duration == pytest.approx(moved, rel=0.05)


def test_the_program_follows_the_time_and_seeks(job_page, folder):
    rows = json.loads((folder / "timeline.json").read_text())["program"]["lines"]
    text = next((folder / "robot").glob("*.mod")).read_text().splitlines()
    for start, end, _, line in (rows[0], rows[len(rows) // 2], rows[-1]):
        job_page.evaluate(f"pliant.clock().seek({(start + end) / 2})")
        assert lit_line(job_page).strip() == text[line - 1].strip()
    # A line that runs once: a click leads to its moment.
    once = next(row for row in rows[10:] if sum(other[3] == row[3] for other in rows) == 1)
    job_page.locator(f".text li[data-line='{once[3]}']").click()
    assert seconds(job_page) == pytest.approx(once[0], abs=2e-3)
    assert lit_line(job_page).strip() == text[once[3] - 1].strip()


def test_the_running_line_is_in_sight(job_page):
    for time in (3, 9, 1):
        job_page.evaluate(f"pliant.clock().seek({time})")
        box, room = job_page.locator(".text li.running").bounding_box(), job_page.locator(".text").bounding_box()
        assert room["y"] <= box["y"] and box["y"] + box["height"] <= room["y"] + room["height"]


def test_other_languages_come_from_the_server(job_page):
    job_page.locator("[data-part=language]").select_option("krl")
    job_page.wait_for_selector(".text li >> text=text in krl")
    assert "own language" in job_page.locator(".note").inner_text()
    with job_page.expect_download() as waiting:
        job_page.get_by_role("button", name="Download").click()
    assert waiting.value.suggested_filename == "ONE.krl"
    assert waiting.value.path().read_text() == "text in krl\nsecond line"


def test_a_finding_leads_to_its_moment_and_lights_its_bodies(job_page, folder):
    summary = json.loads((folder / "summary.json").read_text())
    course = json.loads((folder / "timeline.json").read_text())
    job_page.locator("[data-tab=findings]").click()
    assert job_page.locator(".findings li").count() == len(summary["findings"]) + 1
    job_page.locator("[data-code=nearest] button").click()
    plan = json.loads((folder / "plan.json").read_text())
    index = min(
        (k for k, phase in enumerate(plan["phases"]) if phase["kind"] == "free" and phase["clearance_mm"]),
        key=lambda k: plan["phases"][k]["clearance_mm"],
    )
    least = course["clearance"][index]
    assert seconds(job_page) == pytest.approx(least["times_s"][int(np.argmin(least["distance_mm"]))], abs=1e-6)
    assert job_page.evaluate("pliant.viewer().highlight.bodies") == plan["phases"][index]["closest"]
    lit = job_page.evaluate("[...pliant.viewer().highlight.before.keys()].map((mesh) => mesh.userData.name || mesh.parent.userData.name)")
    for body in plan["phases"][index]["closest"]:
        assert any(body in name for name in lit), (body, lit)


def test_a_finding_with_a_time_of_its_own(job_page, folder):
    found = [one for one in json.loads((folder / "summary.json").read_text())["findings"] if "time_s" in one["data"]]
    assert found, "the bracket passes near a singular position"
    job_page.locator("[data-tab=findings]").click()
    job_page.locator(f"[data-code={found[0]['code']}] button").first.click()
    assert seconds(job_page) == pytest.approx(found[0]["data"]["time_s"], abs=1e-6)


def test_keys(job_page):
    page = job_page
    page.keyboard.press("ArrowRight")
    assert seconds(page) == pytest.approx(0.1)
    page.keyboard.press("Shift+ArrowRight")
    assert seconds(page) == pytest.approx(1.1)
    page.keyboard.press("End")
    assert seconds(page) == pytest.approx(page.evaluate("pliant.clock().duration"))
    page.keyboard.press("Home")
    assert seconds(page) == 0
    page.keyboard.press("Space")
    page.wait_for_timeout(300)
    page.keyboard.press("Space")
    assert 0 < seconds(page) < 2
    views = []
    for key in "12345":
        page.keyboard.press(key)
        page.wait_for_timeout(600)
        views.append(tuple(page.evaluate("pliant.viewer().cameras.view()")))
    assert len(set(views)) == 5


def test_everything_can_be_reached_with_tab(job_page):
    seen = set()
    for _ in range(60):
        job_page.keyboard.press("Tab")
        seen.add(
            job_page.evaluate(
                "(() => { const at = document.activeElement; return at.dataset.action || at.dataset.view || at.dataset.tool || at.dataset.tab || at.dataset.part || at.dataset.step || at.getAttribute('class') || at.tagName })()"
            )
        )
    assert {"offline", "share", "overview", "section", "measure", "play", "scrub", "program", "language", "text", "bend 1"} <= seen


def test_following_keeps_the_gripper_where_it_was_in_the_picture(job_page):
    job_page.keyboard.press("5")
    job_page.wait_for_timeout(700)
    seen = "(() => { const v = pliant.viewer(); v.draw(1); const g = v.cameras.gripper; const p = g.position.clone(); g.getWorldPosition(p); p.project(v.cameras.camera); return [p.x, p.y] })()"
    before = job_page.evaluate(seen)
    job_page.evaluate("pliant.clock().seek(6)")
    assert job_page.evaluate(seen) == pytest.approx(before, abs=0.02)


def test_section_cuts_and_measuring_measures(job_page):
    whole = job_page.evaluate("pliant.viewer().picture()")
    job_page.locator("[data-tool=section]").click()
    assert job_page.evaluate("pliant.viewer().picture()") != whole
    job_page.locator("[data-tool=section]").click()
    job_page.locator("[data-tool=measure]").click()
    box = job_page.locator(".viewer canvas").bounding_box()
    # Two corners of the brake's ram, known from its node and its mesh.
    points = job_page.evaluate("""() => {
        const v = pliant.viewer(), mesh = v.stage.meshes.find((one) => (one.userData.name || one.parent.userData.name) === 'brake ram');
        mesh.geometry.computeBoundingBox();
        const { min, max } = mesh.geometry.boundingBox, out = [];
        for (const x of [min.x + 0.2, max.x - 0.2]) {
            const p = mesh.localToWorld(mesh.position.clone().set(x, min.y, (min.z + max.z) / 2));
            out.push({ world: p.toArray(), screen: p.clone().project(v.cameras.camera).toArray() });
        }
        return out;
    }""")
    for point in points:
        x, y = (point["screen"][0] + 1) / 2 * box["width"], (1 - point["screen"][1]) / 2 * box["height"]
        job_page.mouse.click(box["x"] + x, box["y"] + y)
    words = job_page.locator(".measured").inner_text()
    expected = np.linalg.norm(np.subtract(points[0]["world"], points[1]["world"])) * 1e3
    # A pixel is some 5 mm out there.
    assert float(words.split(" mm")[0]) == pytest.approx(expected, abs=25)
    assert words.count("brake ram") == 2


def test_a_shared_link_brings_back_moment_view_and_language(job_page, open_page, url):
    job_page.evaluate("pliant.clock().seek(4.25)")
    job_page.keyboard.press("2")
    job_page.wait_for_timeout(600)
    job_page.locator("[data-tab=bends]").click()
    job_page.locator("[data-action=share]").click()
    link = job_page.evaluate("location.href")
    view = job_page.evaluate("pliant.viewer().cameras.view()")
    other = open_page(link.removeprefix(url))
    assert seconds(other) == pytest.approx(4.25)
    assert other.evaluate("pliant.viewer().cameras.view()") == view
    assert other.locator("[data-tab=bends]").get_attribute("aria-selected") == "true"


def test_two_jobs_side_by_side(job_page):
    job_page.locator("[data-action=compare]").click()
    job_page.locator("dialog [data-job=again]").click()
    job_page.wait_for_selector(".compare .viewer canvas")
    assert job_page.locator(".compare .viewer canvas").count() == 2
    rows = job_page.locator(".change tbody tr").all_inner_texts()
    assert any("Cycle time" in row and row.rstrip().endswith("0") for row in rows)
    job_page.locator(".step[data-step='bend 1']").first.click()
    assert seconds(job_page) > 0


def test_figures_come_from_the_plan(job_page, result):
    assert job_page.locator("[data-figure=cycle] dd").inner_text() == f"{result.plan.duration:.1f} s"
    assert job_page.locator("[data-figure=perHour] dd").inner_text() == f"{3600 / round(result.plan.duration, 2):.0f}"
    assert result.cell.title in job_page.locator(".cell-title").inner_text()


def test_paper_has_picture_bends_and_findings(job_page):
    job_page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    job_page.emulate_media(media="print")
    assert job_page.locator(".paper img").get_attribute("src").startswith("data:image/png")
    assert job_page.locator(".paper table tbody tr").count() == 1
    assert job_page.locator(".paper .findings li").count() > 1
    assert not job_page.locator(".top").is_visible()
    assert len(job_page.pdf()) > 20_000


def test_a_frame_is_quick_without_a_graphics_card(job_page):
    """The median, of finished frames; the machine may be busy with something else, so a slow tail is not judged here (bench/page.py)."""
    times = job_page.evaluate(FRAMES, 2.0)
    assert len(times) > 8 and float(np.median(times)) < 100
