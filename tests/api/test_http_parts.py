"""Folded parts and weldments over HTTP: bent, unfolded, welded, their programs exported and verified; welding cells of ones own."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import trimesh
from fastapi.testclient import TestClient

pytest.importorskip("OCP", reason="the STEP kernel (extra `step`) is not installed")

from cells.load import SHIPPED
from parts.dxf import read_dxf
from tests.api.http_client import app, drawing, finished, sent
from tests.parts.step_family import chain, write_step

EXAMPLES = Path(__file__).resolve().parents[2] / "examples" / "weld"
T_JOINT = ("t_joint.step", (EXAMPLES / "t_joint.step").read_bytes())


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    with TestClient(app(tmp_path_factory.mktemp("http") / "data", workers=2), raise_server_exceptions=False) as it:
        yield it


@pytest.fixture(scope="module")
def bracket(tmp_path_factory):
    """A folded bracket of 3 mm: 112 mm wide, legs of 70 and 60 mm."""
    path = write_step(tmp_path_factory.mktemp("parts") / "bracket.step", [chain(3, 112, [70, 60], [(90, 3)]).shape])
    return ("Bracket 7.STEP", path.read_bytes())


def post(client, kind, options, files):
    return client.post("/jobs", data={"kind": kind, "options": json.dumps(options)}, files=sent(files))


def result(client, kind, options, files):
    answer = post(client, kind, options, files)
    assert answer.status_code == 202, answer.text
    return finished(client, answer.json()["id"])


def content(client, job, name):
    answer = client.get(f"/jobs/{job['id']}/files/{name}")
    assert answer.status_code == 200, answer.text
    return answer.content


@pytest.mark.slow
def test_a_folded_part_is_bent_and_exported(client, bracket):
    table = ("shop.csv", b"thickness_mm;radius_mm;angle_deg;allowance_mm\n3;3;90;6,8\n")
    job = result(client, "bend", {"cell": "bending-irb4600", "material": "mild-steel"}, [bracket, table])
    assert job["state"] == "done" and job["verified"], job
    assert job["title"] == "Bracket 7" and [bend["angle_deg"] for bend in job["summary"]["bends"]] == pytest.approx([90])
    assert {file["name"] for file in job["files"]} >= {"plan.json", "job/Bracket 7.step", "job/bend_table.csv", "timeline.json"}
    other = client.get(f"/jobs/{job['id']}/programs/krl")
    exported = finished(client, other.json()["id"])
    assert exported["verified"], exported


def test_a_folded_part_is_unfolded(client, bracket, tmp_path):
    job = result(client, "unfold", {"k_factor": 0.4, "convention": "inventor"}, [bracket])
    assert job["state"] == "done" and job["verified"] and job["title"] == "Bracket 7", job
    (tmp_path / "flat.dxf").write_bytes(content(client, job, "flat.dxf"))
    flat = read_dxf(tmp_path / "flat.dxf")
    x0, y0, x1, y1 = flat.outline.bounds
    # 70 + 60 + pi / 2 (3 + 0.4 x 3)
    assert sorted((x1 - x0, y1 - y0)) == pytest.approx([0.112, 0.1365973], abs=1e-6)
    assert content(client, job, "flat.png").startswith(b"\x89PNG")


@pytest.fixture(scope="module")
def welded(client):
    job = result(client, "weld", {"cell": "welding-kr5"}, [T_JOINT])
    assert job["state"] == "done" and job["verified"], job
    return job


def test_a_weldment_is_planned_with_all_its_files(client, welded):
    names = {file["name"] for file in welded["files"]}
    assert names >= {"plan.json", "timeline.json", "recording.glb", "setup.html", "robot/T_JOINT.src", "job/t_joint.step"}
    assert welded["title"] == "t_joint" and len(welded["summary"]["beads"]) == 2 and welded["summary"]["program"]["language"] == "krl"
    assert json.loads(content(client, welded, "timeline.json"))["program"]["language"] == "krl"


def test_welding_programs_are_exported_and_verified(client, welded):
    answer = client.get(f"/jobs/{welded['id']}/programs/rapid")
    assert answer.status_code == 202
    exported = finished(client, answer.json()["id"])
    assert exported["verified"] and exported["summary"]["run"]["beads"] == 2, exported
    source, data = content(client, welded, "robot/T_JOINT.src"), content(client, welded, "robot/T_JOINT.dat")
    lower = data.replace(b"Z 10.0000", b"Z -2.0000", 1)
    assert lower != data
    again = result(client, "verify", {"job": welded["id"]}, [("T_JOINT.src", source), ("T_JOINT.dat", lower)])
    assert again["state"] == "done" and again["verified"] is False
    assert {finding["code"] for finding in again["findings"]} >= {"contact"}


def test_what_cannot_be_a_job_is_refused_at_once(client, bracket):
    cases = [
        ("bend", {"cell": "bending-irb4600"}, [bracket], "a STEP file does not say everything: give material"),
        ("bend", {"cell": "bending-irb4600", "material": "mild-steel"}, [("a.dxf", drawing())], "a DXF does not say everything: give thickness_mm"),
        ("bend", {}, [bracket, ("a.dxf", drawing())], "sent were 2, 0 and 0"),
        ("bend", {"cell": "bending-irb4600", "material": "gold"}, [bracket], "gold"),
        ("unfold", {"material": "gold"}, [bracket], "gold"),
        ("unfold", {}, [], "sent were 0"),
        ("weld", {}, [T_JOINT], "does not say where it is welded"),
        ("weld", {"cell": "welding-kr5"}, [], "sent were 0 and 0"),
        ("weld", {"cell": "welding-kr5"}, [T_JOINT, ("b.stl", b"solid")], "a job file (.yaml) says which belong together"),
        ("weld", {"cell": "none"}, [T_JOINT], "welding-track"),
    ]  # fmt: skip
    for kind, options, files, told in cases:
        answer = post(client, kind, options, files)
        assert answer.status_code in (404, 422), (kind, answer.text)
        assert told in answer.text, (kind, answer.text)


def test_files_that_only_the_worker_can_judge_fail_with_their_name(client):
    job = result(client, "weld", {"cell": "bending-irb4600"}, [T_JOINT])
    assert job["state"] == "failed" and "welding" in job["problem"]["detail"], job
    job = result(client, "unfold", {}, [("cut.step", T_JOINT[1][:5000])])
    assert job["state"] == "failed" and job["problem"]["file"] == "cut.step" and "cut off" in job["problem"]["detail"]


@pytest.mark.slow
def test_a_welding_cell_of_ones_own(client):
    own = (SHIPPED / "welding-kr5.yaml").read_bytes()
    answer = client.post("/cells", files=sent([("weld-9.yaml", own)]))
    assert answer.status_code == 201, answer.text
    entry = answer.json()
    assert entry["kind"] == "welding" and entry["torch"] == "torch-35" and entry["brake"] is None and entry["procedures"], entry
    job = result(client, "weld", {"cell": "weld-9"}, [T_JOINT])
    assert job["state"] == "done" and job["verified"] and job["summary"]["cell"] == "weld-9", job
    exported = finished(client, client.get(f"/jobs/{job['id']}/programs/fanuc").json()["id"])
    assert exported["verified"], exported
    assert client.delete("/cells/weld-9").status_code == 204


def test_cells_and_schemas_of_both_kinds(client):
    kinds = {cell["name"]: cell["kind"] for cell in client.get("/cells").json()}
    assert kinds["bending-kr120"] == "bending" and kinds["welding-kr5"] == kinds["welding-track"] == "welding"
    assert client.get("/cells/welding-track").json()["positioner"]
    for name in ("cell", "job", "weld-cell", "weld"):
        assert client.get(f"/schema/{name}").json()["$schema"].endswith("2020-12/schema")
    assert client.get("/schema/robot").status_code == 422


@pytest.mark.slow
def test_a_weldment_as_glb_is_exported_too(client, tmp_path):
    """Its file has the ending of a recording, which is left behind."""
    base, web = trimesh.creation.box((0.2, 0.12, 0.01)), trimesh.creation.box((0.2, 0.008, 0.08))
    web.apply_translation((0, 0, 0.045))
    scene = trimesh.Scene({"base": base, "web": web})
    job = b"weldment: tee.glb\ncell: welding-kr5\nown_seams:\n  - {name: left, points_mm: [[-100, -4, 5], [100, -4, 5]]}\n"
    done = result(client, "weld", {}, [("job.yaml", job), ("tee.glb", scene.export(file_type="glb"))])
    assert done["state"] == "done" and done["verified"], done
    exported = finished(client, client.get(f"/jobs/{done['id']}/programs/rapid").json()["id"])
    assert exported["state"] == "done" and exported["verified"], exported
