"""How fast the server answers while it works: `python -m bench.http` sends jobs and polls them with many clients at once.

Server, workers and clients share the machine, as on a laptop in a meeting. Prints the time of `GET /jobs/{id}` and what became of the jobs.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from api.job_task import ENDED

PARTS = Path(__file__).resolve().parent.parent / "examples" / "parts"
PAUSE_S = 0.5
"""Between two questions of one client [s]."""


@dataclass(slots=True)
class Measured:
    """What the clients saw.

    Attributes:
        seconds: Of every `GET /jobs/{id}` [s].
        faults: Answers that were none, by what they were.
    """

    seconds: list[float] = field(default_factory=list)
    faults: Counter[str] = field(default_factory=Counter)


async def poll(base: str, ids: list[str], number: int, out: Measured, over: asyncio.Event) -> None:
    """One client: asks for one job after the other until all have ended."""
    async with httpx.AsyncClient(base_url=base, timeout=30) as client:
        await asyncio.sleep(PAUSE_S * number / 50)
        turn = number
        while not over.is_set():
            start = time.perf_counter()
            try:
                answer = await client.get(f"/jobs/{ids[turn % len(ids)]}")
                if answer.status_code != 200:
                    out.faults[str(answer.status_code)] += 1
            except httpx.HTTPError as error:
                out.faults[type(error).__name__] += 1
            out.seconds.append(time.perf_counter() - start)
            turn += 1
            await asyncio.sleep(PAUSE_S)


async def measure(base: str, jobs: int, clients: int) -> tuple[Measured, Counter[str], float]:
    """Times of all answers, ends of all jobs, and how long it took [s]."""
    files = [("files", (path.name, path.read_bytes())) for path in (PARTS / "bracket.yaml", PARTS / "bracket.dxf")]
    out, over = Measured(), asyncio.Event()
    async with httpx.AsyncClient(base_url=base, timeout=30) as client:
        start = time.perf_counter()
        ids = [(await client.post("/jobs", data={"kind": "bend"}, files=files)).raise_for_status().json()["id"] for _ in range(jobs)]
        polling = [asyncio.create_task(poll(base, ids, number, out, over)) for number in range(clients)]
        while True:
            try:
                listed = (await client.get("/jobs", params={"limit": 200})).raise_for_status().json()["jobs"]
            except httpx.HTTPError as error:
                out.faults[f"list: {type(error).__name__}"] += 1
                await asyncio.sleep(1)
                continue
            states = Counter(job["state"] for job in listed if job["id"] in ids)
            if sum(states[state] for state in ENDED) == jobs:
                break
            await asyncio.sleep(1)
        took = time.perf_counter() - start
        over.set()
        await asyncio.gather(*polling)
    return out, states, took


def main() -> None:
    """Starts a server, measures, prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=8)
    parser.add_argument("--clients", type=int, default=50)
    given = parser.parse_args()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with tempfile.TemporaryDirectory() as data:
        command = [sys.executable, "-m", "api.cli", "serve", "--no-demo", "--port", str(port), "--data", data]
        server = subprocess.Popen(command)
        try:
            base = f"http://127.0.0.1:{port}"
            _wait(base)
            out, states, took = asyncio.run(measure(base, given.jobs, given.clients))
        finally:
            server.terminate()
            server.wait()
    cuts = statistics.quantiles(out.seconds, n=100)
    print(
        f"{given.jobs} jobs, {given.clients} clients, {os.cpu_count()} cores: {took:.0f} s; jobs {dict(states)}; faults {dict(out.faults) or 'none'}"
    )
    print(
        f"GET /jobs/ID: {len(out.seconds)} answers, p50 {cuts[49] * 1e3:.0f} ms, p95 {cuts[94] * 1e3:.0f} ms, p99 {cuts[98] * 1e3:.0f} ms, longest {max(out.seconds) * 1e3:.0f} ms"
    )


def _wait(base: str) -> None:
    end = time.monotonic() + 60
    while time.monotonic() < end:
        try:
            # The first answer about cells is read from their files.
            if httpx.get(f"{base}/cells", timeout=30).status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.2)
    raise SystemExit("the server does not answer")


if __name__ == "__main__":
    main()
