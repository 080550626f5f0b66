"""HTTP while jobs run: cancelled at once, killed in the middle, watched, found again."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from api import job_child, job_kinds
from api.job_task import JobLimits
from core.errors import InputError
from tests.api.http_client import OPTIONS, ROOT, alive, app, children, drawing, events, finished, problem, quick, reaches, sent, served

TRAY = [(name, (ROOT / "examples" / "parts" / name).read_bytes()) for name in ("tray.yaml", "tray.dxf")]


def send(client, files=TRAY, options=None):
    answer = client.post("/jobs", data={"kind": "bend", "options": json.dumps(options or {})}, files=sent(files))
    assert answer.status_code == 202, answer.text
    return answer.json()["id"]


def bracket(client):
    return send(client, [("a.dxf", drawing())], OPTIONS)


@pytest.mark.slow
def test_cancelled_in_two_seconds_with_everything_it_started(tmp_path):
    data = tmp_path / "data"
    with served(data, "--workers", "1") as (server, client):
        running, waiting = send(client), send(client)
        reaches(client, running, "running")
        (worker,) = children(server.pid)
        time.sleep(2)
        start = time.monotonic()
        assert client.delete(f"/jobs/{waiting}").json()["state"] == "cancelled"
        assert client.delete(f"/jobs/{running}").json()["state"] == "cancelled"
        assert time.monotonic() - start < 2 and not alive(worker)
        for id in (running, waiting):
            assert sorted(path.name for path in (data / "jobs" / id).iterdir()) == ["input"]
            job = client.get(f"/jobs/{id}").json()
            assert job["state"] == "cancelled" and job["files"] == [] and job["summary"] is None
            assert client.delete(f"/jobs/{id}").status_code == 204
            assert not (data / "jobs" / id).exists()


@pytest.mark.slow
def test_a_server_that_is_killed_loses_nothing_that_was_done(tmp_path):
    data = tmp_path / "data"
    with served(data, "--workers", "1") as (server, client):
        done = finished(client, quick(client))
        assert done["state"] == "done" and done["files"], done
        content = {file["name"]: client.get(file["url"]).content for file in done["files"]}
        running, waiting = send(client), quick(client)
        reaches(client, running, "running")
        (worker,) = children(server.pid)
        server.send_signal(signal.SIGKILL)
        server.wait()
        end = time.monotonic() + 5
        while alive(worker):
            assert time.monotonic() < end, "the worker outlived its server"
            time.sleep(0.05)
    # What a job left half-written when the power went.
    (data / "jobs" / running / "result").mkdir(exist_ok=True)
    (data / "jobs" / running / "result" / "plan.json").write_text("{")
    (data / "jobs" / ".new-1").mkdir()
    with served(data, "--workers", "1") as (server, client):
        again = client.get(f"/jobs/{done['id']}").json()
        assert again == done
        assert {file["name"]: client.get(file["url"]).content for file in again["files"]} == content
        lost = client.get(f"/jobs/{running}").json()
        assert lost["state"] == "lost" and lost["problem"]["type"] == "server-stopped" and lost["files"] == []
        problem(client.get(f"/jobs/{running}/files/plan.json"), 404, "unknown-name")
        assert not (data / "jobs" / running / "result").exists() and not (data / "jobs" / ".new-1").exists()
        assert events(client, running)[-1][2]["state"] == "lost"
        assert finished(client, waiting)["state"] == "done"


@pytest.mark.slow
def test_a_server_that_is_stopped_goes_on_with_its_jobs_later(tmp_path):
    data = tmp_path / "data"
    key = {"PLIANT_API_KEY": "a-key-for-tests-only"}
    with served(data, "--workers", "1", environment=key) as (server, client):
        problem(client.get("/jobs"), 401, "unauthorized")
        client.headers["X-API-Key"] = key["PLIANT_API_KEY"]
        id = quick(client)
        reaches(client, id, "running")
        server.send_signal(signal.SIGTERM)
        assert server.wait(20) in (0, -signal.SIGTERM) and children(server.pid) == []
    with served(data, "--workers", "1") as (server, client):
        job = finished(client, id)
        assert job["state"] == "done" and job["attempts"] == 2, job


@pytest.mark.slow
def test_limits_of_a_job_are_the_kernels(tmp_path):
    for name, limits, code in (("memory", JobLimits(700, 100, 100), ("memory-limit", "worker-died")), ("cpu", JobLimits(6000, 1, 100), ("time-limit",)), ("wall", JobLimits(6000, 100, 1), ("time-limit",))):  # fmt: skip
        with TestClient(app(tmp_path / name, limits=limits)) as client:
            job = finished(client, bracket(client))
            assert job["state"] == "failed" and job["problem"]["type"] in code, (name, job)
            assert sorted(path.name for path in (tmp_path / name / "jobs" / job["id"]).iterdir()) == ["input"]


def test_an_error_of_a_library_that_was_refused_memory_is_the_memory_limits(tmp_path, monkeypatch):
    """The same error is an internal one where there was memory."""

    def fails(*_):
        raise ImportError("failed to map segment from shared object")

    monkeypatch.setitem(job_kinds.KINDS, "check", replace(job_kinds.KINDS["check"], run=fails))
    monkeypatch.setattr(job_child, "_peak", lambda: 950_000_000)
    task = {
        "kind": "check",
        "options": {"cell": "bending-kr120"},
        "input": str(tmp_path),
        "output": str(tmp_path),
        "limits": {"memory_mb": 1000},
    }
    for limit, code in ((1_000_000_000, "memory-limit"), (2_000_000_000, "internal-error"), (resource.RLIM_INFINITY, "internal-error")):
        monkeypatch.setattr(resource, "getrlimit", lambda kind, limit=limit: (limit, limit))
        assert job_child._done(task, lambda *_: None)["problem"]["type"] == code
    monkeypatch.undo()
    assert 10e6 < job_child._peak() < 1e12


def test_a_data_folder_has_one_server(tmp_path):
    with TestClient(app(tmp_path / "data")), pytest.raises(InputError, match="another server"):
        app(tmp_path / "data")


def test_a_job_whose_worker_is_killed_says_so(tmp_path):
    with TestClient(app(tmp_path / "data")) as client:
        id = send(client)
        reaches(client, id, "running")
        end = time.monotonic() + 10
        while not (workers := [pid for pid in children(os.getpid()) if b"api.job_child" in Path(f"/proc/{pid}/cmdline").read_bytes()]):
            assert time.monotonic() < end
            time.sleep(0.02)
        os.kill(workers[0], signal.SIGKILL)
        job = finished(client, id)
        assert job["state"] == "failed" and job["problem"]["type"] == "worker-died" and "SIGKILL" in job["problem"]["detail"]


def test_old_jobs_are_forgotten_with_their_files(tmp_path):
    with TestClient(app(tmp_path / "data", kept=1, workers=1)) as client:
        ids = []
        for _ in range(3):
            ids.append(send(client))
            client.delete(f"/jobs/{ids[-1]}")
        kept = {job["id"] for job in client.get("/jobs").json()["jobs"]}
        assert ids[0] not in kept and ids[2] in kept
        assert not (tmp_path / "data" / "jobs" / ids[0]).exists()


def test_the_server_refuses_unsafe_starts(tmp_path):
    command = [sys.executable, "-m", "api.cli", "serve", "--no-demo", "--data", str(tmp_path / "data")]
    ended = subprocess.run([*command, "--host", "0.0.0.0"], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert ended.returncode == 2 and "error (bad-input)" in ended.stderr and "Traceback" not in ended.stderr
    assert not (tmp_path / "data").exists()
