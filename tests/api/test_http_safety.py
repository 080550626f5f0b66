"""HTTP against bad input and bad intent: every answer is a problem, nothing is written outside, nobody gets in without the key."""

from __future__ import annotations

import io
import json
import stat
import time
import zipfile

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text

from api import http
from api.job_queue import JobQueue
from api.server_settings import ServerSettings, checked_for_host
from api.uploads import Upload, UploadLimits, bare_name, inner_path, unpacked
from core.errors import InputError, PliantError
from tests.api.http_client import OPTIONS, app, drawing, problem, sent

KEY = "a-key-for-tests-only"


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    with TestClient(app(tmp_path_factory.mktemp("safe") / "data", body_bytes=300_000), raise_server_exceptions=False) as it:
        yield it


def send(client, kind, options, files=()):
    options = options if isinstance(options, str) else json.dumps(options)
    # A form without a file part is still a multipart form.
    parts = [("kind", (None, kind)), ("options", (None, options)), *sent(files)]
    return client.post("/jobs", files=parts)


def archive(members):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as opened:
        for name, data in members:
            opened.writestr(name, data)
    return out.getvalue()


@pytest.mark.parametrize(
    ("changes", "code", "words"),
    [
        ({"cell": "nowhere"}, "unknown-name", "bending-kr120"),
        ({"cell": "../cells/shipped/bending-kr120.yaml"}, "unknown-name", "unknown cell"),
        ({"material": "cheese"}, "unknown-name", "mild-steel"),
        ({"thickness_mm": "thick"}, "invalid-request", "thickness_mm"),
        ({"thickness_mm": float("nan")}, "invalid-request", "thickness_mm"),
        ({"thickness_mm": -1}, "invalid-request", "thickness_mm"),
        ({"angle_deg": 400}, "invalid-request", "angle_deg"),
        ({"direction": "sideways"}, "invalid-request", "direction"),
        ({"cell": None}, "bad-input", "cell"),
        ({"colour": "red"}, "invalid-request", "colour"),
        ({"cell": "a\0b"}, "invalid-request", "cell"),
        ({"layers": {"L": "roof"}}, "invalid-request", "layers"),
    ],
)  # fmt: skip
def test_bad_options(client, changes, code, words):
    assert words in problem(send(client, "bend", OPTIONS | changes, [("a.dxf", drawing())]), 422, code)["detail"]


@pytest.mark.parametrize("options", ["{", "[]", '"text"', "[" * 100_000, '{"cell": "\\ud800"}', '{"seed": 1e400}', "\x00"])
def test_bad_json(client, options):
    problem(send(client, "bend", options, [("a.dxf", drawing())]), 422, "invalid-request")


@pytest.mark.parametrize(
    ("kind", "options", "files", "words"),
    [
        ("bend", OPTIONS, [], "one drawing"),
        ("bend", OPTIONS, [("a.exe", b"MZ")], "a.exe"),
        ("bend", OPTIONS, [("../../etc/passwd", b"x")], "NAME.ENDING"),
        ("bend", OPTIONS, [("a.dxf", b"x"), ("b/a.dxf", b"x")], "two files"),
        ("bend", {}, [("a.dxf", b"x"), ("j.yaml", b"a: &a [1,1]\nb: &b [*a,*a]\npart: x")], "unknown key"),
        ("bend", {}, [("a.dxf", b"x"), ("j.yaml", b"part: a.dxf\ncell: ../../../../etc/x.yaml\nmaterial: m\nthickness_mm: 1")], "unknown cell"),
        ("verify", {"cell": "bending-kr120"}, [], "no program"),
        ("verify", {}, [("a.src", b"DEF A()\nEND")], "cell or a job"),
        ("verify", {"job": "0" * 16}, [("A.LS", b"/PROG A"), ("A_REGISTERS.TXT", b"x")], "unknown job"),
        ("verify", {"job": "0" * 16}, [("a.src", b"DEF A()\nEND")], "unknown job"),
        ("export", {"job": "0" * 16, "language": "krl"}, [], "unknown job"),
        ("export", {"job": "0" * 16, "language": "krl"}, [("a.txt", b"x")], "no files"),
        ("check", {}, [], "either"),
        ("check", {"cell": "../x"}, [], "unknown cell"),
    ],
)  # fmt: skip
def test_bad_files(client, kind, options, files, words):
    answer = send(client, kind, options, files)
    code = "unknown-name" if words.startswith("unknown ") and words != "unknown key" else "bad-input"
    assert words in problem(answer, 422, code)["detail"]


def test_a_bomb_of_aliases_is_refused_before_it_grows(client):
    rows = ["a0: &a0 [x,x,x,x,x,x,x,x,x,x]"] + [f"a{i}: &a{i} [{','.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 12)]
    start = time.monotonic()
    body = problem(send(client, "bend", {}, [("a.dxf", b"x"), ("j.yaml", "\n".join(rows).encode())]), 422, "bad-input")
    assert "20000 values" in body["detail"] and time.monotonic() - start < 5


def test_forms_that_are_none(client):
    problem(client.post("/jobs", json={"kind": "bend"}), 415, "wrong-content-type")
    problem(client.post("/cells", content=b"x", headers={"content-type": "text/plain"}), 415, "wrong-content-type")
    problem(client.post("/jobs", content=b"no boundary", headers={"content-type": "multipart/form-data"}), 400, "bad-request")
    problem(
        client.post("/jobs", content=b"--x\r\nbroken", headers={"content-type": "multipart/form-data; boundary=x"}), 422, "invalid-request"
    )
    problem(client.post("/jobs", files=[("kind", (None, "dance")), ("options", (None, "{}"))]), 422, "invalid-request")


def test_uploads_are_limited(client):
    big = [("a.dxf", b"x" * 400_000)]
    assert "300000 bytes" in problem(send(client, "bend", OPTIONS, big), 413, "upload-too-large")["detail"]

    def pieces():
        # No length is announced.
        yield b'--x\r\nContent-Disposition: form-data; name="files"; filename="a.dxf"\r\n\r\n'
        yield from (b"x" * 30_000 for _ in range(20))

    answer = client.post("/jobs", content=pieces(), headers={"content-type": "multipart/form-data; boundary=x"})
    problem(answer, 413, "upload-too-large")


def test_unknown_paths_methods_and_files_are_problems(client):
    problem(client.get("/nothing"), 404, "not-found")
    problem(client.put("/jobs"), 405, "method-not-allowed")
    for id in ("0", "f" * 16, "%2e%2e", "a%00b", "x" * 3000, "\u00e9" * 16):
        problem(client.get(f"/jobs/{id}"), 404, "unknown-name")
        problem(client.get(f"/jobs/{id}/files/summary.json"), 404, "unknown-name")
        problem(client.delete(f"/jobs/{id}"), 404, "unknown-name")
        problem(client.get(f"/jobs/{id}/events"), 404, "unknown-name")
    problem(client.get("/jobs", params={"cursor": "9" * 30}), 422, "invalid-request")
    problem(client.get("/jobs", params={"limit": 0}), 422, "invalid-request")


def test_other_sites_and_other_names_are_not_answered(client):
    problem(client.get("/jobs", headers={"origin": "https://elsewhere.example"}), 403, "forbidden")
    problem(client.get("/jobs", headers={"host": "rebound.example"}), 403, "forbidden")
    own = client.get("/jobs", headers={"origin": "http://testserver"})
    assert own.status_code == 200 and "access-control-allow-origin" not in own.headers


def test_the_key_is_wanted_for_everything_but_health_and_page(tmp_path):
    with TestClient(app(tmp_path / "data", api_key=KEY), raise_server_exceptions=False) as client:
        for path in (
            "/jobs",
            "/jobs/0",
            "/cells",
            "/cells/x",
            "/robots",
            "/tools",
            "/schema/cell",
            "/openapi.json",
            "/jobs/0/files/a",
            "/jobs/0/events",
        ):
            problem(client.get(path), 401, "unauthorized")
            problem(client.get(path, headers={"x-api-key": KEY + "x"}), 401, "unauthorized")
            problem(client.get(path, headers={"authorization": f"Basic {KEY}"}), 401, "unauthorized")
        assert problem(client.post("/jobs"), 401, "unauthorized")["detail"]
        for path in ("/healthz", "/", "/docs"):
            assert client.get(path).status_code == 200
        for headers in ({"x-api-key": KEY}, {"authorization": f"Bearer {KEY}"}):
            assert client.get("/jobs", headers=headers).status_code == 200


def test_hosts_that_others_reach_need_a_key(tmp_path):
    for host in ("0.0.0.0", "::", "192.0.2.1", "workshop"):
        with pytest.raises(InputError, match="--api-key"):
            checked_for_host(ServerSettings(tmp_path), host)
        checked_for_host(ServerSettings(tmp_path, api_key=KEY), host)
    with pytest.raises(InputError, match="at least 12"):
        checked_for_host(ServerSettings(tmp_path, api_key="short"), "127.0.0.1")
    checked_for_host(ServerSettings(tmp_path), "127.0.0.1")


def test_too_often_and_too_many(tmp_path):
    with TestClient(app(tmp_path / "a", posts_per_minute=2), raise_server_exceptions=False) as client:
        assert [send(client, "bend", "{", []).status_code for _ in range(2)] == [422, 422]
        answer = send(client, "bend", "{", [])
        problem(answer, 429, "too-many-requests")
        assert int(answer.headers["retry-after"]) > 0
    with TestClient(app(tmp_path / "b", waiting=0), raise_server_exceptions=False) as client:
        answer = send(client, "bend", OPTIONS, [("a.dxf", drawing())])
        problem(answer, 429, "too-many-jobs")
        assert int(answer.headers["retry-after"]) > 0


def test_the_page_lies_beside_the_routes(tmp_path, monkeypatch):
    page = tmp_path / "dist"
    page.mkdir()
    (page / "index.html").write_text("<title>the page</title>")
    (tmp_path / "secret.txt").write_text("secret")
    monkeypatch.setattr(http, "PAGE", page)
    with TestClient(app(tmp_path / "data", api_key=KEY), raise_server_exceptions=False) as client:
        assert "the page" in client.get("/").text and client.get("/index.html").status_code == 200
        for path in ("/secret.txt", "/..%2fsecret.txt", "/%2e%2e/secret.txt", "/nothing"):
            problem(client.get(path), 404, "not-found")
        problem(client.get("/jobs"), 401, "unauthorized")


def test_a_store_that_does_not_answer(tmp_path):
    application = app(tmp_path / "data")
    with TestClient(application, raise_server_exceptions=False) as client:
        with application.state.jobs.store.engine.begin() as connection:
            connection.execute(text("ALTER TABLE jobs RENAME TO away"))
        answer = client.get("/jobs")
        assert "away" not in problem(answer, 503, "unavailable")["detail"] and int(answer.headers["retry-after"]) > 0
        with application.state.jobs.store.engine.begin() as connection:
            connection.execute(text("ALTER TABLE away RENAME TO jobs"))
        assert client.get("/jobs").status_code == 200


@pytest.mark.parametrize(
    ("executor", "words"), [("ray://h:1", "dask://HOST:PORT"), ("dask://nohost", "dask://HOST:PORT"), ("dask://h:p", "dask://HOST:PORT")]
)
def test_unknown_executors(tmp_path, executor, words):
    with pytest.raises(InputError, match=words):
        app(tmp_path, executor=executor)


@pytest.mark.parametrize("url", ["nonsense", "cobol://x", "sqlite:////proc/nowhere/x.sqlite"])
def test_stores_that_cannot_be_used(tmp_path, url):
    with pytest.raises(InputError, match="job store"):
        app(tmp_path, store=url)


def test_zip_bombs_and_ways_out():
    limits = UploadLimits(bytes=1_000_000, files=10, ratio=100)

    def refused(data, words):
        with pytest.raises(PliantError, match=words):
            unpacked([Upload("a.zip", data)], limits, inner_path)

    refused(archive([("a.txt", b"0" * 900_000)]), "unpacked it has more than")
    refused(archive([(f"{i}.txt", bytes(range(256)) * 1000) for i in range(5)]), "more than")
    refused(archive([(f"{i}.txt", b"x") for i in range(11)]), "more than 10 files")
    for name in ("../a.txt", "/etc/a.txt", "a/../../b.txt", "a\\..\\b.txt", "C:/a.txt", ".hidden", "a//b.txt", "a/b/c/d/e/f/g.txt"):
        refused(archive([(name, b"x")]), "path")
    refused(b"PK\x03\x04 but no archive", "cannot be read")
    refused(archive([("a.txt", b"x" * 5000)])[:-30], "cannot be read")
    link = zipfile.ZipInfo("a.txt")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    refused(archive([(link, b"/etc/passwd")]), "links")
    # An archive that lies about the size of its member: the bytes are counted as they come out.
    lying = archive([("a.txt", b"0" * 500_000)])
    refused(lying.replace((500_000).to_bytes(4, "little"), (10).to_bytes(4, "little")), "cannot be read|more than")
    fine = archive([("cell.yaml", b"title: x"), ("meshes/a.stl", b"solid")])
    assert unpacked([Upload("a.zip", fine)], limits, inner_path) == {"cell.yaml": b"title: x", "meshes/a.stl": b"solid"}


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("a.dxf", "a.dxf"),
        ("..\\..\\b c.DXF", "b c.dxf"),
        ("/etc/x.dxf", "x.dxf"),
        ("Gehäuse 3.dxf", "Gehäuse 3.dxf"),
        ("a;rm -rf.dxf", "a_rm -rf.dxf"),
        ("a\n<b>.dxf", "a__b_.dxf"),
        ("MAIN.LS", "MAIN.LS"),
        (".dxf", None),
        ("..", None),
        ("", None),
        ("\x00.dxf", None),
    ],
)
def test_file_names(name, safe):
    if safe is None:
        with pytest.raises(InputError):
            bare_name(name)
    else:
        assert bare_name(name) == safe


def test_folders_of_others_in_the_data_folder_are_left_alone(tmp_path):
    """`--data .` in a project with folders of these names."""
    (tmp_path / "jobs" / "customer-a").mkdir(parents=True)
    (tmp_path / "jobs" / "customer-a" / "x.dxf").write_text("x")
    (tmp_path / "jobs" / ".gone-0").mkdir()
    (tmp_path / "cells" / ".git").mkdir(parents=True)
    (tmp_path / "cells" / "mine").mkdir()
    result = tmp_path / "jobs" / ("a" * 16) / "result"
    result.mkdir(parents=True)
    queue = JobQueue(ServerSettings(data=tmp_path))
    try:
        assert (tmp_path / "jobs" / "customer-a" / "x.dxf").exists() and (tmp_path / "cells" / ".git").exists()
        assert not (tmp_path / "jobs" / ".gone-0").exists() and queue.cells.names() == []
        # An empty store may be the wrong one.
        assert result.exists()
    finally:
        queue.close()


def test_names_are_counted_in_bytes_and_a_file_is_no_folder(client):
    assert len(bare_name("\u90e8" * 100 + ".step").encode()) <= 125
    with pytest.raises(InputError, match="a folder of another"):
        unpacked([Upload("m.stl", b"x"), Upload("m.stl/a.stl", b"x")], UploadLimits(), inner_path)
    answer = client.post("/cells", files=[("files", ("a.yaml", b"x"))], headers={"origin": "http://["})
    problem(answer, 403, "forbidden")
