"""The job store, on SQLite and on a real PostgreSQL: moves happen once, events are numbered, servers do not see each other's jobs."""

from __future__ import annotations

import os
import threading
import uuid

import pytest
from sqlalchemy import create_engine, text

from api.job_store import JobStore
from api.job_task import Outcome

URL = "PLIANT_TEST_POSTGRES_URL"
DONE = Outcome("done", {"verified": True, "bends": [1.5], "text": "ä \u2192 \U0001f916"}, None, {"a/b.txt": 3})


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request, tmp_path):
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'jobs.sqlite'}"
        return
    base = os.environ.get(URL)
    if not base:
        pytest.skip(f"no PostgreSQL: {URL} is not set (`.ci/run` installs one and sets it)")
    # A database of its own for every test.
    name = f"pliant_{uuid.uuid4().hex[:12]}"
    admin = create_engine(base, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    yield base.rsplit("/", 1)[0] + f"/{name}"
    with admin.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    admin.dispose()


def test_a_job_from_queued_to_done(url):
    store = JobStore(url, "one")
    row = store.add("a" * 16, "bend", "tray", {"seed": 3, "cell": "x"}, "tag")
    assert (row.state, row.options, row.tag, row.files, row.summary) == ("queued", {"seed": 3, "cell": "x"}, "tag", {}, None)
    assert not store.progress(row.id, "read", 0.5, "too early")
    assert store.start(row.id) and store.progress(row.id, "read", 0.5, "drawing\0 with a zero") and store.start(row.id)
    assert store.end(row.id, DONE)
    found = store.get(row.id)
    assert (found.state, found.summary, found.files, found.verified, found.attempts, found.done) == (
        "done",
        DONE.summary,
        DONE.files,
        True,
        2,
        1.0,
    )
    assert found.created <= found.started <= found.finished
    # An end is an end.
    assert not store.end(row.id, Outcome("cancelled")) and not store.start(row.id) and not store.requeue(row.id)
    assert store.get(row.id) == found
    told = store.events(row.id, 0)
    assert [(number, name) for number, name, _ in told] == [(1, "state"), (2, "state"), (3, "progress"), (4, "state"), (5, "state")]
    assert store.events(row.id, 3) == told[3:] and told[2][2] == {"stage": "read", "done": 0.5, "message": "drawing with a zero"}
    store.close()
    # What another process finds.
    again = JobStore(url, "one")
    assert again.get(row.id) == found and again.events(row.id, 0) == told
    assert again.delete(row.id) and again.get(row.id) is None and again.events(row.id, 0) == []
    again.close()


def test_cancelled_wins_over_a_result_that_comes_later(url):
    store = JobStore(url, "one")
    store.add("b" * 16, "bend", "x", {})
    store.start("b" * 16)
    ends = [Outcome("cancelled"), *(DONE for _ in range(7))]
    moved, barrier = [], threading.Barrier(8)

    def end(outcome):
        barrier.wait()
        moved.append((store.end("b" * 16, outcome), outcome.state))

    threads = [threading.Thread(target=end, args=(one,)) for one in ends]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (winner,) = [state for won, state in moved if won]
    assert store.get("b" * 16).state == winner and len(store.events("b" * 16, 0)) == 3
    assert not store.delete("c" * 16)
    store.close()


def test_events_told_at_once_from_many_threads_have_all_numbers(url):
    store = JobStore(url, "one")
    for id in ("d" * 16, "e" * 16):
        store.add(id, "bend", "x", {})
        store.start(id)

    def tell(id):
        for i in range(20):
            assert store.progress(id, "motion", i / 20, "")

    threads = [threading.Thread(target=tell, args=(id,)) for id in ("d" * 16, "e" * 16) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for id in ("d" * 16, "e" * 16):
        assert [number for number, _, _ in store.events(id, 0)] == list(range(1, 63))
    store.close()


def test_pages_and_servers(url):
    one, other = JobStore(url, "one"), JobStore(url, "other")
    for i in range(5):
        one.add(f"{i:016x}", "bend", f"job {i}", {})
    other.add("f" * 16, "bend", "of another server", {})
    assert [row.title for row in one.page(None, 3)] == ["job 4", "job 3", "job 2"]
    assert [row.title for row in one.page(one.page(None, 3)[-1].number, 3)] == ["job 1", "job 0"]
    assert one.get("f" * 16) is None and not one.start("f" * 16) and not one.delete("f" * 16)
    assert one.count("queued") == 5 and other.count("queued") == 1
    assert [row.title for row in one.in_state("queued")] == [f"job {i}" for i in range(5)]
    one.close()
    other.close()
