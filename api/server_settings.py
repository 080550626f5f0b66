"""What `pliant serve` is told, and what is refused as unsafe."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

from api.job_task import JobLimits
from api.uploads import UploadLimits
from core.errors import InputError

LOOPBACK = ("127.0.0.1", "localhost", "::1")
SHORTEST_KEY = 12


@dataclass(frozen=True, slots=True)
class ServerSettings:
    """Settings of a server.

    Attributes:
        data: Folder of jobs and own cells; one server at a time uses it.
        store: SQLAlchemy URL; None: SQLite in `data`.
        workers: Jobs at a time.
        executor: `dask://host:port`, or None for processes of this machine.
        api_key: Wanted from every caller; None: only callers of this machine are answered.
        hosts: Names that the server answers to when there is no key, so that no web page can reach it by a name of its own.
        demo: Plans the example parts at the first start.
        upload: Of one request.
        body_bytes: Largest body of a request [bytes].
        waiting: So many jobs may wait.
        kept: So many jobs that have ended are kept; the oldest goes first.
        posts_per_minute: From one address.
        streams: Event streams at a time.
        limits: Of a job.
    """

    data: Path
    store: str | None = None
    workers: int = field(default_factory=lambda: os.cpu_count() or 1)
    executor: str | None = None
    api_key: str | None = None
    hosts: tuple[str, ...] = LOOPBACK
    demo: bool = False
    upload: UploadLimits = field(default_factory=UploadLimits)
    body_bytes: int = 64_000_000
    waiting: int = 100
    kept: int = 500
    posts_per_minute: int = 120
    streams: int = 200
    limits: JobLimits = field(default_factory=JobLimits)

    @property
    def store_url(self) -> str:
        """Where the jobs are listed."""
        return self.store or f"sqlite:///{(self.data / 'jobs.sqlite').resolve()}"

    @property
    def dask(self) -> str | None:
        """`host:port` of the Dask scheduler.

        Raises:
            InputError: For an executor of another kind.
        """
        if self.executor is None:
            return None
        scheme, _, address = self.executor.partition("://")
        host, _, port = address.rpartition(":")
        if scheme != "dask" or not host or not port.isdecimal():
            raise InputError(f"unknown executor '{self.executor[:80]}'; valid: dask://HOST:PORT, or none for processes of this machine")
        return address


def checked_for_host(settings: ServerSettings, host: str) -> ServerSettings:
    """The settings, if they are safe at this address.

    Raises:
        InputError: An address that others reach, without a key; a key that can be guessed.
    """
    if settings.api_key is not None and len(settings.api_key) < SHORTEST_KEY:
        raise InputError(f"the API key has {len(settings.api_key)} characters; at least {SHORTEST_KEY} are needed")
    if settings.api_key is None and host not in LOOPBACK:
        raise InputError(f"at '{host}' others can reach the server: give --api-key or PLIANT_API_KEY, or stay at 127.0.0.1")
    return settings
