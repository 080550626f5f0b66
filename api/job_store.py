"""Jobs in a database: SQLite beside the files by default, any other that SQLAlchemy speaks.

A job's state only moves forward, and every move is one transaction together with the event that tells it. So whoever comes second, say a result
after a cancellation, changes nothing; and a server that is killed leaves either the old state or the new one.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Float,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    create_engine,
    delete,
    event,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.engine import Connection, Engine, RowMapping
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError

from api.job_task import ENDED, Outcome, State
from core.errors import InputError

LARGEST_NUMBER = 10**15
_META = MetaData()
JOBS = Table(
    "jobs",
    _META,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("id", String(16), nullable=False, unique=True),
    Column("server", String(32), nullable=False, index=True),
    Column("kind", String(20), nullable=False),
    Column("title", String(200), nullable=False),
    Column("tag", String(40), nullable=False, default="", index=True),
    Column("options", JSON, nullable=False),
    Column("state", String(12), nullable=False, index=True),
    Column("created", Float, nullable=False),
    Column("started", Float),
    Column("finished", Float),
    Column("attempts", Integer, nullable=False, default=0),
    Column("stage", String(40), nullable=False, default="queued"),
    Column("done", Float, nullable=False, default=0.0),
    Column("message", String(200), nullable=False, default=""),
    Column("verified", Boolean),
    Column("summary", JSON),
    Column("problem", JSON),
    Column("files", JSON, nullable=False, default=dict),
    Column("events", Integer, nullable=False, default=0),
)
EVENTS = Table(
    "job_events",
    _META,
    Column("job", String(16), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("name", String(12), nullable=False),
    Column("data", JSON, nullable=False),
)
Index("jobs_of_server", JOBS.c.server, JOBS.c.number)
_SHORT = [column for column in JOBS.c if column.name != "files"]


@dataclass(frozen=True, slots=True)
class JobRow:
    """A job as the database holds it; times are seconds since 1970, `files` maps names to bytes. Lists leave out `files`."""

    number: int
    id: str
    kind: str
    title: str
    tag: str
    options: dict[str, Any]
    state: State
    created: float
    started: float | None
    finished: float | None
    attempts: int
    stage: str
    done: float
    message: str
    verified: bool | None
    problem: dict[str, str] | None
    summary: dict[str, Any] | None = None
    files: dict[str, int] | None = None


def _row(found: RowMapping) -> JobRow:
    return JobRow(**{key: value for key, value in found.items() if key not in ("server", "events")})


class JobStore:
    """The jobs of one server; several may share a database.

    Args:
        url: SQLAlchemy URL.
        server: Name of the server, the same after a restart.

    Raises:
        InputError: A URL that cannot be used.
    """

    def __init__(self, url: str, server: str) -> None:
        self.server = server
        try:
            self._engine = create_engine(url, pool_pre_ping=not url.startswith("sqlite"))
            if self._engine.dialect.name == "sqlite":
                event.listen(self._engine, "connect", _for_sqlite)
            _META.create_all(self._engine)
        except (ArgumentError, NoSuchModuleError, ImportError, SQLAlchemyError, ValueError) as error:
            # The URL may hold a password.
            raise InputError(
                f"the job store cannot be opened: {str(error).splitlines()[0][:200]}; valid: a SQLAlchemy URL such as sqlite:////folder/jobs.sqlite or postgresql+psycopg://user@host/name"
            ) from None

    @property
    def engine(self) -> Engine:
        """The database's engine."""
        return self._engine

    def close(self) -> None:
        """Lets all connections go."""
        self._engine.dispose()

    def add(self, id: str, kind: str, title: str, options: Mapping[str, Any], tag: str = "") -> JobRow:
        """A new job, queued."""
        values = {
            "id": id,
            "server": self.server,
            "kind": kind,
            "title": title[:200],
            "options": dict(options),
            "state": "queued",
            "created": time.time(),
            "tag": tag,
        }
        with self._engine.begin() as connection:
            connection.execute(insert(JOBS).values(values))
            self._tell(connection, id, "state", {"state": "queued"})
        found = self.get(id)
        assert found is not None
        return found

    def get(self, id: str) -> JobRow | None:
        """A job with all it has."""
        with self._engine.connect() as connection:
            found = connection.execute(select(JOBS).where(JOBS.c.id == id, JOBS.c.server == self.server)).mappings().first()
        return None if found is None else _row(found)

    def page(self, before: int | None, limit: int) -> list[JobRow]:
        """Jobs with a number below `before`, newest first, without files."""
        asked = select(*_SHORT).where(JOBS.c.server == self.server).order_by(JOBS.c.number.desc()).limit(limit)
        if before is not None:
            asked = asked.where(JOBS.c.number < before)
        with self._engine.connect() as connection:
            return [_row(found) for found in connection.execute(asked).mappings()]

    def in_state(self, *states: State, tag: str | None = None) -> list[JobRow]:
        """Jobs in one of these states, oldest first, without files."""
        asked = select(*_SHORT).where(JOBS.c.server == self.server, JOBS.c.state.in_(states)).order_by(JOBS.c.number)
        if tag is not None:
            asked = asked.where(JOBS.c.tag == tag)
        with self._engine.connect() as connection:
            return [_row(found) for found in connection.execute(asked).mappings()]

    def count(self, *states: State) -> int:
        """How many jobs are in one of these states."""
        with self._engine.connect() as connection:
            return int(connection.execute(select(func.count()).where(JOBS.c.server == self.server, JOBS.c.state.in_(states))).scalar_one())

    def start(self, id: str) -> bool:
        """The job runs, perhaps for a second time; False when it has ended."""
        values = {"state": "running", "started": time.time(), "attempts": JOBS.c.attempts + 1, "stage": "start", "done": 0.0, "message": ""}
        return self._move(id, ("queued", "running"), values, "state", {"state": "running"})

    def progress(self, id: str, stage: str, done: float, message: str) -> bool:
        """Where the running job is."""
        values = {"stage": stage[:40], "done": done, "message": message[:200].replace("\0", "")}
        return self._move(id, ("running",), values, "progress", values)

    def end(self, id: str, outcome: Outcome) -> bool:
        """The job's end; False when it had ended before."""
        verified = None if outcome.summary is None else bool(outcome.summary.get("verified"))
        values: dict[str, Any] = {
            "state": outcome.state, "finished": time.time(), "verified": verified, "summary": outcome.summary, "problem": outcome.problem, "files": outcome.files,
        }  # fmt: skip
        if outcome.state == "done":
            values |= {"stage": "done", "done": 1.0, "message": ""}
        return self._move(
            id, ("queued", "running"), values, "state", {"state": outcome.state, "verified": verified, "problem": outcome.problem}
        )

    def requeue(self, id: str) -> bool:
        """A running job waits again, because its server stops in good order."""
        return self._move(id, ("running",), {"state": "queued", "stage": "queued", "done": 0.0}, "state", {"state": "queued"})

    def events(self, id: str, after: int, limit: int = 500) -> list[tuple[int, str, dict[str, Any]]]:
        """Number, name and data of a job's events after a number."""
        asked = select(EVENTS).where(EVENTS.c.job == id, EVENTS.c.number > after).order_by(EVENTS.c.number).limit(limit)
        with self._engine.connect() as connection:
            return [(row.number, row.name, row.data) for row in connection.execute(asked)]

    def delete(self, id: str) -> bool:
        """Forgets a job that has ended."""
        with self._engine.begin() as connection:
            gone = connection.execute(delete(JOBS).where(JOBS.c.id == id, JOBS.c.server == self.server, JOBS.c.state.in_(ENDED))).rowcount
            if gone:
                connection.execute(delete(EVENTS).where(EVENTS.c.job == id))
        return bool(gone)

    def _move(self, id: str, from_states: tuple[State, ...], values: dict[str, Any], name: str, data: dict[str, Any]) -> bool:
        with self._engine.begin() as connection:
            moved = connection.execute(
                update(JOBS).where(JOBS.c.id == id, JOBS.c.server == self.server, JOBS.c.state.in_(from_states)).values(values)
            ).rowcount
            if moved:
                self._tell(connection, id, name, data)
        return bool(moved)

    def _tell(self, connection: Connection, id: str, name: str, data: dict[str, Any]) -> None:
        connection.execute(update(JOBS).where(JOBS.c.id == id).values(events=JOBS.c.events + 1))
        number = connection.execute(select(JOBS.c.events).where(JOBS.c.id == id)).scalar_one()
        connection.execute(insert(EVENTS).values(job=id, number=number, name=name, data=data))


def _for_sqlite(connection: Any, record: object) -> None:
    """Readers do not wait for writers, and writers wait for each other."""
    del record
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "busy_timeout=10000"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()
