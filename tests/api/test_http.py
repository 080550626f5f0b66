"""HTTP: a whole job over the wire, and every kind of bad input answered as a problem, never as a server error."""

from __future__ import annotations

import io
import json
import time

import ezdxf
import pytest
from fastapi.testclient import TestClient

from api import http, job_store
from api.http import create_app
from api.job_store import JobStore, safe_name
from core.errors import InputError

OPTIONS = {"cell": "bending-irb4600", "material": "mild-steel", "thickness_mm": 3, "angle_deg": 90, "file_name": "bracket.dxf"}


def drawing(width=112.0, depth=160.0):
    """A plate with one bend line across its middle."""
    document = ezdxf.new(units=ezdxf.units.MM)
    space = document.modelspace()
    document.layers.add("BEND")
    space.add_lwpolyline([(0, 0), (width, 0), (width, depth), (0, depth)], close=True)
    space.add_line((0, depth / 2), (width, depth / 2), dxfattribs={"layer": "BEND"})
    out = io.StringIO()
    document.write(out)
    return out.getvalue()


@pytest.fixture(scope="module")
def client():
    # An unexpected error is a 500 to be seen, not an exception.
    with TestClient(create_app(), raise_server_exceptions=False) as it:
        yield it


def finished(client, answer):
    assert answer.status_code == 202, answer.text
    for _ in range(600):
        state = client.get(answer.json()["url"]).json()
        if state["state"] in ("done", "failed"):
            return state
        time.sleep(0.1)
    raise AssertionError(state)


@pytest.fixture(scope="module")
def done(client):
    return finished(client, client.post("/bend", params=OPTIONS, content=drawing(), headers={"content-type": "application/dxf"}))


def problem(answer, status, code):
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert body["type"] == code and body["status"] == status and body["detail"]
    assert "/tmp" not in answer.text and "Traceback" not in answer.text
    return body


def test_cells_and_robots(client):
    cells = {cell["name"]: cell for cell in client.get("/cells").json()}
    assert cells["bending-kr120"]["brake"] == "brake-100t-3100" and "centring" in cells["bending-kr120"]["stations"]
    robots = {robot["name"]: robot for robot in client.get("/robots").json()}
    assert robots["kuka-kr120-r2500-pro"]["payload_kg"] == 120


@pytest.mark.slow
def test_a_job_from_drawing_to_files(client, done):
    assert done["state"] == "done", done
    summary = done["summary"]
    assert summary["part"] == "bracket" and len(summary["bends"]) == 1
    assert done["progress"] == {"stage": "done", "done": 1.0, "message": ""}
    url = f"/jobs/{done['id']}/files/"
    assert client.get(url + "summary.json").json() == summary
    for name in summary["files"]:
        answer = client.get(url + name)
        assert answer.status_code == 200 and len(answer.content) > 20
        assert answer.headers["x-content-type-options"] == "nosniff"
    assert client.get(url + "pictures/cell.png").content.startswith(b"\x89PNG")
    assert "bracket.dxf" not in summary["files"]


def test_the_robot_program_is_among_the_files(client, done):
    assert done["summary"]["verified"], done["summary"]["findings"]
    (module,) = [name for name in done["summary"]["files"] if name.startswith("robot/") and name.endswith(".mod")]
    answer = client.get(f"/jobs/{done['id']}/files/{module}", params={"download": True})
    assert "MODULE" in answer.text and "attachment" in answer.headers["content-disposition"]


@pytest.mark.slow
def test_the_same_job_as_json(client, done):
    job = {key: OPTIONS[key] for key in ("cell", "material", "thickness_mm")}
    job |= {"part": "../../bracket.dxf", "bends": {"by_number": {"1": {"angle_deg": 90, "direction": "up"}}}}
    state = finished(client, client.post("/bend", json={"job": job, "drawing": drawing()}))
    same = ("part", "bends", "cycle_time_s", "gripper")
    assert {key: state["summary"][key] for key in same} == {key: done["summary"][key] for key in same}


@pytest.mark.parametrize(
    ("changes", "code", "words"),
    [
        ({"cell": "nowhere"}, "unknown-name", "bending-kr120"),
        ({"cell": "../cells/shipped/bending-kr120.yaml"}, "unknown-name", "unknown cell"),
        ({"material": "cheese"}, "unknown-name", "mild-steel"),
        ({"thickness_mm": "thick"}, "invalid-request", "thickness_mm"),
        ({"thickness_mm": "nan"}, "invalid-request", "thickness_mm"),
        ({"thickness_mm": -1}, "invalid-request", "thickness_mm"),
        ({"angle_deg": 400}, "invalid-request", "angle_deg"),
        ({"angle_deg": None}, "bad-input", "bend 1"),
        ({"direction": "sideways"}, "invalid-request", "direction"),
        ({"cell": None}, "invalid-request", "cell"),
        ({"colour": "red"}, "invalid-request", "colour"),
        ({"file_name": "bracket.exe"}, "bad-input", ".dxf"),
        ({"file_name": "../../etc/passwd"}, "bad-input", ".dxf"),
        ({"file_name": "x" * 400}, "invalid-request", "file_name"),
    ],
)  # fmt: skip
def test_bad_options(client, changes, code, words):
    params = {key: value for key, value in (OPTIONS | changes).items() if value is not None}
    assert words in problem(client.post("/bend", params=params, content=drawing()), 422, code)["detail"]


@pytest.mark.parametrize(
    "data", [b"", b"no drawing", b"\x00\xff" * 5000, b"  0\nSECTION\n  2\nENTITIES\n", drawing()[:3000].encode(), b"PK\x03\x04zip"]
)
def test_bad_drawings(client, data):
    problem(client.post("/bend", params=OPTIONS, content=data), 422, "bad-input")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b"[]",
        b'"text"',
        b'{"job": {}}',
        b"[" * 100_000,
        b'{"job": 1, "drawing": "\\ud800"}',
        json.dumps(
            {"job": {"part": "a.dxf", "cell": "bending-kr120", "material": "mild-steel", "thickness_mm": 1e400}, "drawing": ""}
        ).encode(),
    ],
)
def test_bad_json(client, data):
    problem(client.post("/bend", content=data, headers={"content-type": "application/json"}), 422, "invalid-request")


def test_uploads_are_limited(client, monkeypatch):
    monkeypatch.setattr(http, "LARGEST", 1000)
    assert "1000 bytes" in problem(client.post("/bend", params=OPTIONS, content=b"x" * 1001), 413, "upload-too-large")["detail"]

    def pieces():
        # No length is announced.
        yield from (b"x" * 300 for _ in range(10))

    problem(client.post("/bend", params=OPTIONS, content=pieces()), 413, "upload-too-large")


@pytest.mark.parametrize(
    "name", ["job.yaml", "../job.yaml", "..%2Fjob.yaml", "%2Fetc%2Fpasswd", "nothing.txt", "robot", "x" * 3000, "a%00b"]
)
def test_only_result_files_are_served(client, done, name):
    answer = client.get(f"/jobs/{done['id']}/files/{name}")
    assert answer.status_code == 404
    assert "thickness_mm" not in answer.text and "root:" not in answer.text


@pytest.mark.parametrize("number", ["0", "../x", "%2e%2e", "f" * 16])
def test_unknown_jobs(client, number):
    assert client.get(f"/jobs/{number}").status_code == 404
    assert client.get(f"/jobs/{number}/files/summary.json").status_code == 404


def test_unknown_paths_and_methods_are_problems_too(client):
    problem(client.get("/nothing"), 404, "not-found")
    problem(client.delete("/bend"), 405, "method-not-allowed")


def test_a_job_that_fails_says_so(client, monkeypatch):
    """A gripper that the cell has not is found while planning; an error of the server's own shows nothing of its inside."""
    answer = client.post("/bend", params=OPTIONS | {"gripper": "hand"}, content=drawing())
    state = finished(client, answer)
    assert state["state"] == "failed" and state["problem"]["type"] == "unknown-name" and "clamp-60" in state["problem"]["detail"]

    def breaks(*_):
        raise RuntimeError("secret")

    monkeypatch.setattr(job_store, "run_bend", breaks)
    state = finished(client, client.post("/bend", params=OPTIONS, content=drawing()))
    assert state["problem"]["type"] == "internal-error" and "secret" not in json.dumps(state)


def test_too_many_jobs(client, monkeypatch):
    monkeypatch.setattr(job_store, "WAITING", 0)
    problem(client.post("/bend", params=OPTIONS, content=drawing()), 429, "too-many-jobs")


def test_old_jobs_are_forgotten_with_their_files(monkeypatch):
    monkeypatch.setattr(job_store, "KEPT", 1)
    monkeypatch.setattr(job_store, "run_bend", lambda *_: ({"files": ["a"]}, {"a": b"a"}))
    store = JobStore()
    options = {key: value for key, value in OPTIONS.items() if value is not None}
    jobs = []
    for _ in range(3):
        jobs.append(store.submit(http.BendOptions.model_validate(options).job(), drawing().encode()))
        while jobs[-1].state != "done":
            time.sleep(0.01)
    assert not jobs[0].folder.exists() and jobs[2].folder.exists()
    store.close()
    assert not store.root.exists()


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("a.dxf", "a.dxf"),
        ("..\\..\\b c.DXF", "b_c.dxf"),
        ("/etc/x.dxf", "x.dxf"),
        ("ä\n.dxf", None),
        (".dxf", None),
        ("a.dxf\x00.sh", None),
    ],
)
def test_file_names(name, safe):
    if safe is None:
        with pytest.raises(InputError):
            safe_name(name)
    else:
        assert safe_name(name) == safe
