"""HTTP: whole jobs over the wire, and what is there to choose from."""

from __future__ import annotations

import io
import json
import time
import zipfile
from datetime import datetime

import pytest
import yaml
from fastapi.testclient import TestClient

from api.http_models import JobModel
from api.job_task import Outcome
from cells.load import SHIPPED
from sim.program_export import SAID_DIFFERENTLY
from tests.api.http_client import OPTIONS, app, drawing, events, finished, problem, sent


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    # An unexpected error is a 500 to be seen, not an exception.
    with TestClient(app(tmp_path_factory.mktemp("http") / "data", workers=2), raise_server_exceptions=False) as it:
        yield it


@pytest.fixture(scope="module")
def done(client):
    answer = client.post("/jobs", data={"kind": "bend", "options": json.dumps(OPTIONS)}, files=sent([("my bracket.dxf", drawing())]))
    assert answer.status_code == 202, answer.text
    assert answer.headers["location"] == f"/jobs/{answer.json()['id']}"
    return finished(client, answer.json()["id"])


@pytest.mark.slow
def test_a_job_from_drawing_to_files(client, done):
    assert done["state"] == "done" and done["verified"], done
    assert done["title"] == "my bracket" and done["kind"] == "bend" and done["created"] <= done["started"] <= done["finished"]
    assert done["progress"] == {"stage": "done", "done": 1.0, "message": ""} and len(done["summary"]["bends"]) == 1
    assert done["findings"] == done["summary"]["findings"]
    for file in done["files"]:
        answer = client.get(file["url"])
        assert answer.status_code == 200 and len(answer.content) == file["bytes"] > 20, file
        assert answer.headers["content-type"].startswith(file["media_type"])
        assert answer.headers["x-content-type-options"] == "nosniff" and "sandbox" in answer.headers["content-security-policy"]
    names = {file["name"] for file in done["files"]}
    assert {"plan.json", "setup.html", "recording.glb", "pictures/cell.png", "brake.txt", "summary.json"} <= names
    assert client.get(f"/jobs/{done['id']}/files/recording.glb").content.startswith(b"glTF")


def test_programs_of_its_own_language_as_zip(client, done):
    answer = client.get(f"/jobs/{done['id']}/programs/rapid")
    assert answer.status_code == 200 and answer.headers["content-type"] == "application/zip"
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        (module,) = [name for name in archive.namelist() if name.endswith(".mod")]
        assert archive.read(module) == client.get(f"/jobs/{done['id']}/files/robot/{module}").content
    assert client.get(f"/jobs/{done['id']}/programs/rapid").content == answer.content


def test_events_go_on_where_they_were_left(client, done):
    told = events(client, done["id"])
    assert [number for number, _, _ in told] == list(range(1, len(told) + 1))
    states = [data["state"] for _, name, data in told if name == "state"]
    assert states == ["queued", "running", "done"] and told[-1][2]["verified"] is True
    stages = dict.fromkeys(data["stage"] for _, name, data in told if name == "progress")
    assert [stage for stage in stages if stage in ("read", "motion", "replay", "show")] == ["read", "motion", "replay", "show"]
    assert all(0 <= data["done"] <= 1 for _, name, data in told if name == "progress")
    middle = len(told) // 2
    assert events(client, done["id"], {"Last-Event-ID": str(middle)}) == told[middle:]
    assert events(client, done["id"], {"Last-Event-ID": "nonsense"}) == told
    assert client.get(f"/jobs/{done['id']}/events", headers={"Last-Event-ID": str(len(told))}).status_code == 204


@pytest.mark.parametrize(
    "name",
    [
        "../input/files/my bracket.dxf",
        "..%2F..%2F..%2Fjobs.sqlite",
        "%2Fetc%2Fpasswd",
        "robot",
        "nothing.txt",
        ".",
        "x" * 3000,
        "a%00b",
        "summary.json/",
    ],
)
def test_only_result_files_are_served(client, done, name):
    answer = client.get(f"/jobs/{done['id']}/files/{name}")
    assert answer.status_code == 404
    assert "SQLite" not in answer.text and "root:" not in answer.text


@pytest.mark.slow
def test_programs_of_another_language_are_exported_once(client, done):
    first = client.get(f"/jobs/{done['id']}/programs/urscript")
    again = client.get(f"/jobs/{done['id']}/programs/urscript")
    assert first.status_code == again.status_code == 202
    assert first.headers["location"] == again.headers["location"]
    export = finished(client, first.json()["id"])
    assert export["kind"] == "export" and export["state"] == "done", export
    answer = client.get(f"/jobs/{done['id']}/programs/urscript")
    assert export["verified"] and answer.status_code == 200 and b"def " in answer.content


@pytest.mark.slow
def test_a_program_is_verified_against_its_job(client, done):
    name = next(file["name"] for file in done["files"] if file["name"].endswith(".mod"))
    text = client.get(f"/jobs/{done['id']}/files/{name}").content
    answer = client.post("/jobs", data={"kind": "verify", "options": json.dumps({"job": done["id"]})}, files=sent([("BRACKET.mod", text)]))
    assert answer.status_code == 202, answer.text
    job = finished(client, answer.json()["id"])
    assert job["state"] == "done" and job["verified"], job
    assert {change["kind"] for change in job["summary"]["changes"]} <= set(SAID_DIFFERENTLY) and job["summary"]["run"]["moves"] > 10
    assert {file["name"] for file in job["files"]} >= {"recording.glb", "verification.json"}


@pytest.mark.slow
def test_a_job_file_with_its_drawing_and_a_cell_check(client):
    job = json.dumps(
        {
            "part": "a.dxf",
            "cell": "bending-irb4600",
            "material": "cheese",
            "thickness_mm": 3,
            "bends": {"default": {"angle_deg": 90, "direction": "up"}},
        }
    )
    answer = client.post("/jobs", data={"kind": "bend"}, files=sent([("a.dxf", drawing()), ("job.yaml", job.encode())]))
    assert answer.status_code == 202, answer.text
    check = client.post("/jobs", data={"kind": "check", "options": '{"cell": "bending-irb4600"}'})
    assert check.status_code == 202, check.text
    # What only the worker sees fails the job, with code, file and line as on the command line.
    failed = finished(client, answer.json()["id"])
    assert failed["state"] == "failed" and failed["problem"]["type"] == "unknown-name", failed
    assert (
        failed["problem"]["file"] == "job.yaml"
        and failed["problem"]["place"].startswith("line")
        and "mild-steel" in failed["problem"]["detail"]
    )
    looked = finished(client, check.json()["id"])
    assert looked["verified"] and {file["name"] for file in looked["files"]} >= {"plan.png", "check.json"}
    problem(client.get(f"/jobs/{looked['id']}/programs/krl"), 409, "not-ready")
    assert client.delete(f"/jobs/{looked['id']}").status_code == 204
    problem(client.get(f"/jobs/{looked['id']}"), 404, "unknown-name")


def test_lists_by_cursor(client, done):
    everything = client.get("/jobs", params={"limit": 200}).json()
    assert everything["next"] is None and done["id"] in [job["id"] for job in everything["jobs"]]
    ids, cursor = [], None
    while True:
        page = client.get("/jobs", params={"limit": 1} | ({} if cursor is None else {"cursor": cursor})).json()
        ids += [job["id"] for job in page["jobs"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert ids == [job["id"] for job in everything["jobs"]]


def test_what_there_is_to_choose_from(client):
    cells = {cell["name"]: cell for cell in client.get("/cells").json()}
    assert cells["bending-kr120"]["brake"] == "brake-100t-3100" and "centring" in cells["bending-kr120"]["stations"]
    assert client.get("/cells/bending-kr120").json() == cells["bending-kr120"]
    robots = {robot["name"]: robot for robot in client.get("/robots").json()}
    assert robots["kuka-kr120-r2500-pro"]["payload_kg"] == 120
    tools = client.get("/tools").json()
    assert next(it for it in tools["dies"] if it["name"] == "D-v6-84")["opening_mm"] == 6
    assert next(it for it in tools["punches"] if it["name"] == "P-straight-80-r0.8")["radius_mm"] == 0.8
    assert next(it for it in tools["materials"] if it["name"] == "mild-steel")["density_kg_m3"] == 7850
    assert client.get("/schema/job").json()["properties"]["thickness_mm"]["description"].startswith("of the sheet [mm]")
    problem(client.get(f"/jobs/{'0' * 16}/programs/cobol"), 422, "invalid-request")
    problem(client.get("/schema/other"), 422, "invalid-request")
    problem(client.get("/cells/nowhere"), 404, "unknown-name")
    assert client.get("/healthz").json() == {"status": "ok"}


def own_cell():
    text = (SHIPPED / "bending-irb4600.yaml").read_text()
    return [("shop-7.yaml", text.encode())]


@pytest.mark.slow
def test_a_cell_whose_description_is_a_bomb_of_entities(client):
    entities = "".join(f'<!ENTITY e{i} "{f"&e{i - 1};" * 10 if i else "x"}">' for i in range(12))
    urdf = f"<!DOCTYPE robot [{entities}]><robot name='r'><link name='&e11;'/></robot>".encode()
    cell = yaml.safe_load(own_cell()[0][1])
    cell["grippers"] = [
        {
            "name": "g",
            "kind": "vacuum",
            "urdf": "g.urdf",
            "tcp": {},
            "mass_kg": 5,
            "com_mm": [0, 0, 50],
            "cup_radius_mm": 20,
            "cups_mm": [[0, 0]],
        }
    ]
    start = time.monotonic()
    files = [("bomb.yaml", yaml.safe_dump(cell).encode()), ("g.urdf", urdf)]
    body = problem(client.post("/cells", files=sent(files)), 422, "bad-input")
    assert body["file"] == "g.urdf" and ("entities" in body["detail"] or "entity" in body["detail"]), body
    assert time.monotonic() - start < 30
    assert "bomb" not in [it["name"] for it in client.get("/cells").json()]


@pytest.mark.slow
def test_own_cells(client):
    answer = client.post("/cells", files=sent(own_cell()))
    assert answer.status_code == 201, answer.text
    assert answer.headers["location"] == "/cells/shop-7" and answer.json()["own"]
    assert client.get("/cells/shop-7").json() == answer.json()
    assert client.get("/cells").json()[-1]["name"] == "shop-7"
    taken = client.post("/cells", files=sent([("bending-irb4600.yaml", own_cell()[0][1])]))
    problem(taken, 409, "name-taken")
    broken = own_cell()[0][1].replace(b"robot:", b"robto:", 1)
    body = problem(client.post("/cells", files=sent([("bad.yaml", broken)])), 422, "bad-input")
    assert "robto" in body["detail"] and body["file"] == "bad.yaml" and body["place"].startswith("line")
    xacro = problem(client.post("/cells", files=sent([*own_cell(), ("robot.xacro", b"<robot/>")])), 422, "bad-input")
    assert "robot.xacro" in xacro["detail"]
    assert client.delete("/cells/shop-7").status_code == 204
    problem(client.get("/cells/shop-7"), 404, "unknown-name")
    problem(client.delete("/cells/bending-kr120"), 422, "bad-input")


def test_description_says_unit_or_meaning_of_every_field(client):
    api = client.get("/openapi.json").json()
    schemas = api["components"]["schemas"]
    for name, schema in schemas.items():
        for key, field in schema.get("properties", {}).items():
            assert field.get("description"), f"{name}.{key}"
            unit = {"_mm": "[mm]", "_deg": "[deg]", "_kg": "[kg]", "reach_m": "[m]", "_kn_m": "[kN/m]", "bytes": "[bytes]"}
            for ending, words in unit.items():
                if key.endswith(ending):
                    assert words in field["description"], f"{name}.{key}"
    for path, operations in api["paths"].items():
        for method, operation in operations.items():
            assert operation["description"], (method, path)
            for parameter in operation.get("parameters", []):
                assert parameter["in"] == "path" or parameter.get("description"), (path, parameter["name"])
    assert "application/problem+json" in api["paths"]["/jobs"]["post"]["responses"]["422"]["content"]


def test_the_description_for_people_asks_no_other_host(client):
    page = client.get("/docs")
    assert page.status_code == 200 and "https://" not in page.text and "http://" not in page.text
    assert "default-src 'self'" in page.headers["content-security-policy"]
    assert client.get("/").status_code == 200


def test_a_job_is_what_the_description_says(client, done):
    """`GET /jobs/{id}` is written without the model; it fits it all the same, and the list says the same."""
    job = JobModel.model_validate(done)
    assert set(done) == set(JobModel.model_fields) and job.model_dump(mode="json")["files"] == done["files"]
    listed = next(it for it in client.get("/jobs", params={"limit": 200}).json()["jobs"] if it["id"] == done["id"])
    assert {key: datetime.fromisoformat(listed[key]) for key in ("created", "started", "finished")} == {
        key: datetime.fromisoformat(done[key]) for key in ("created", "started", "finished")
    }
    rest = set(listed) - {"created", "started", "finished", "summary"}
    assert listed["summary"]["cycle_time_s"] == done["summary"]["cycle_time_s"] and "bends" not in listed["summary"]
    assert {key: listed[key] for key in rest} == {key: done[key] for key in rest}


def test_an_export_that_failed_is_not_tried_for_ever(client, done):
    jobs = client.app.state.jobs
    row = jobs.store.add("c" * 16, "export", "x", {"job": done["id"], "language": "inform"}, f"export:{done['id']}:inform")
    jobs.store.end(row.id, Outcome("failed", problem={"type": "unsupported", "detail": "not that"}))
    assert problem(client.get(f"/jobs/{done['id']}/programs/inform"), 409, "unsupported")["detail"] == "not that"
    client.delete(f"/jobs/{row.id}")
