"""Jobs on a real Dask cluster: results come back, a worker that is killed in mid-job costs a second try, a cluster that goes is told."""

from __future__ import annotations

import json
import os
import signal
import time

import pytest
from fastapi.testclient import TestClient

from core.errors import InputError
from tests.api.http_client import app, children, finished, quick, reaches

distributed = pytest.importorskip("distributed", reason="the extra `dask` is not installed")
pytestmark = pytest.mark.slow


@pytest.fixture
def cluster():
    with distributed.LocalCluster(
        n_workers=1, threads_per_worker=1, processes=True, dashboard_address=None, host="127.0.0.1", memory_limit=0
    ) as it:
        yield it


def address(cluster):
    return "dask://" + cluster.scheduler_address.removeprefix("tcp://")


def worker_pid(cluster):
    return next(iter(cluster.workers.values())).pid


def test_a_worker_killed_in_mid_job(cluster, tmp_path):
    with TestClient(app(tmp_path / "data", executor=address(cluster))) as client:
        id = quick(client)
        reaches(client, id, "running")
        pid = worker_pid(cluster)
        end = time.monotonic() + 10
        while not children(pid):
            assert time.monotonic() < end
            time.sleep(0.02)
        os.kill(pid, signal.SIGKILL)
        job = finished(client, id, 90)
        # The scheduler gave it to the worker that came in its place.
        assert job["state"] == "done" and job["attempts"] == 2, job
        assert client.get(job["files"][0]["url"]).status_code == 200
        states = [data["state"] for _, name, data in client.app.state.jobs.store.events(id, 0) if name == "state"]
        assert states == ["queued", "running", "running", "done"]

        # Cancelled: the process on the cluster is stopped, and the next job gets the place.
        id = quick(client)
        reaches(client, id, "running")
        pid = worker_pid(cluster)
        while not (doing := children(pid)):
            time.sleep(0.02)
        start = time.monotonic()
        assert client.delete(f"/jobs/{id}").json()["state"] == "cancelled"
        while children(pid) and set(children(pid)) & set(doing):
            assert time.monotonic() - start < 2
            time.sleep(0.02)

        # The cluster goes away while a job runs: told, not forgotten.
        id = quick(client)
        reaches(client, id, "running")
        cluster.close()
        job = finished(client, id, 60)
        assert job["state"] in ("lost", "failed") and job["problem"]["type"] in ("cluster-lost", "worker-died"), job
        assert json.dumps(job).count("Traceback") == 0


def test_no_scheduler(tmp_path):
    with pytest.raises(InputError, match="no Dask scheduler"):
        app(tmp_path / "data", executor="dask://127.0.0.1:9")
