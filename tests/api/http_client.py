"""What the HTTP tests share: a drawing, requests, waiting, and servers in a process of their own."""

from __future__ import annotations

import io
import json
import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import ezdxf
import httpx

from api.http import create_app
from api.server_settings import ServerSettings

ROOT = Path(__file__).resolve().parents[2]
OPTIONS = {"cell": "bending-irb4600", "material": "mild-steel", "thickness_mm": 3, "angle_deg": 90}
ENDED = ("done", "failed", "cancelled", "lost")


def drawing(width=112.0, depth=160.0):
    """A plate with one bend line across its middle."""
    document = ezdxf.new(units=ezdxf.units.MM)
    space = document.modelspace()
    document.layers.add("BEND")
    space.add_lwpolyline([(0, 0), (width, 0), (width, depth), (0, depth)], close=True)
    space.add_line((0, depth / 2), (width, depth / 2), dxfattribs={"layer": "BEND"})
    out = io.StringIO()
    document.write(out)
    return out.getvalue().encode()


def settings(data, **more):
    """Of a server that test clients may call."""
    return ServerSettings(**{"data": data, "workers": 1, "hosts": ("testserver", "127.0.0.1"), "posts_per_minute": 100_000} | more)


def app(data, **more):
    return create_app(settings(data, **more))


def sent(files):
    """Names and contents as a form's `files`."""
    return [("files", (name, data)) for name, data in files]


def problem(answer, status, code):
    """The problem that an answer is; nothing of the server's inside is in it."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert body["type"] == code and body["status"] == status and body["detail"]
    assert "/tmp" not in answer.text and "Traceback" not in answer.text and str(ROOT) not in answer.text
    return body


def finished(client, id, seconds=120.0):
    """The job once it has ended."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        job = client.get(f"/jobs/{id}").json()
        if job["state"] in ENDED:
            return job
        time.sleep(0.1)
    raise AssertionError(job)


def reaches(client, id, state, seconds=30.0):
    """Waits for a state."""
    end = time.monotonic() + seconds
    while client.get(f"/jobs/{id}").json()["state"] != state:
        assert time.monotonic() < end
        time.sleep(0.05)


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


@contextmanager
def served(data, *options, environment=None):
    """`pliant serve` in a process of its own: its process and a client."""
    port = free_port()
    command = [sys.executable, "-m", "api.cli", "serve", "--no-demo", "--data", str(data), "--port", str(port), *options]
    log = (Path(data).parent / "server.log").open("ab")
    process = subprocess.Popen(command, cwd=ROOT, env=os.environ | (environment or {}), stderr=log, stdout=log)
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=20) as client:
            end = time.monotonic() + 30
            while True:
                assert process.poll() is None and time.monotonic() < end, (Path(data).parent / "server.log").read_text()
                try:
                    if client.get("/healthz").status_code == 200:
                        break
                except httpx.TransportError:
                    time.sleep(0.1)
            yield process, client
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            process.wait(20)
        log.close()


def children(pid):
    """Process ids of a process's children that live, by /proc."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == pid and fields[0] != "Z":
            found.append(int(stat.parent.name))
    return found


def alive(pid):
    try:
        return (Path("/proc") / str(pid) / "stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def events(client, id, headers=None):
    """Number, name and data of all events until the stream ends."""
    out, row = [], {}
    with client.stream("GET", f"/jobs/{id}/events", headers=headers or {}) as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        for line in stream.iter_lines():
            key, _, value = line.partition(": ")
            if key:
                row[key] = value
            elif "id" in row:
                out.append((int(row["id"]), row["event"], json.loads(row["data"])))
                row = {}
    return out


def quick(client):
    """A job that is done as soon as its worker is: text that no controller takes is a finding."""
    form = {"kind": "verify", "options": '{"cell": "bending-kr120"}'}
    return client.post("/jobs", data=form, files=sent([("A.src", b"DEF A(\nnonsense")])).json()["id"]
