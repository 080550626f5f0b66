"""The jobs of a server: taken, given to an executor, ended, found again after a restart.

Everything that a job leaves is written beside its place and renamed into it, so that a folder with a job's name is whole.

    DATA/jobs/ID/input/    files/ as sent, job/ and cell/ where needed
    DATA/jobs/ID/result/   appears when the job is done
    DATA/jobs/ID/work-*    while it runs
    DATA/cells/NAME/       the users' own cells
"""

from __future__ import annotations

import contextlib
import fcntl
import logging
import re
import secrets
import shutil
import threading
import time
from collections.abc import Callable
from concurrent.futures import CancelledError, Future
from pathlib import Path
from typing import TextIO

from sqlalchemy.exc import SQLAlchemyError

from api.job_dask import DaskExecutor
from api.job_kinds import KINDS
from api.job_local import JobExecutor, LocalExecutor
from api.job_options import JobOptions
from api.job_store import JobRow, JobStore
from api.job_task import ENDED, JobTask, Outcome, failed
from api.own_cells import OwnCells
from api.refusals import BusyError, NotReadyError
from api.server_settings import ServerSettings
from api.uploads import write_files
from core.errors import InputError, PliantError, UnknownNameError

PATIENCE = 30
"""How often a move is tried again, a second apart."""
log = logging.getLogger("pliant.jobs")
OURS = re.compile(r"\.(new|gone)-.*|[0-9a-f]{16}")
"""Folders that the queue makes."""
PLANNING = ("bend", "weld")
"""Kinds whose results hold a plan that programs are written from."""


class JobQueue:
    """All jobs of a server; see the module for its folders.

    Args:
        settings: Of the server.

    Raises:
        InputError: A data folder that another server uses; a store or an executor that cannot be used.
    """

    def __init__(self, settings: ServerSettings) -> None:
        self.settings = settings
        self.root = settings.data.resolve() / "jobs"
        try:
            self.root.mkdir(parents=True, exist_ok=True)
            self._lock_file = _locked(settings.data / "lock")
            server = _server_id(settings.data / "server-id")
        except OSError as error:
            raise InputError(f"the data folder cannot be used: {error.strerror}", file=settings.data) from None
        self.cells = OwnCells(settings.data.resolve() / "cells", settings.limits)
        self.store = JobStore(settings.store_url, server)
        address = settings.dask
        self._executor: JobExecutor = LocalExecutor(settings.workers) if address is None else DaskExecutor(address)
        self._futures: dict[str, Future[Outcome]] = {}
        self._lock = threading.Lock()
        self.closing = False
        self._recover()

    def close(self) -> None:
        """Stops the workers; jobs that ran wait again, for the next start."""
        self.closing = True
        self._executor.shutdown()
        for row in self.store.in_state("running"):
            self.store.requeue(row.id)
        self.store.close()
        self._lock_file.close()

    def get(self, id: str) -> JobRow:
        """A job by id; raises `UnknownNameError`."""
        row = self.store.get(id) if len(id) == 16 and id.isascii() and id.isalnum() else None
        if row is None:
            raise UnknownNameError("job", id[:40], ["the ids that POST /jobs answered and that are still kept"])
        return row

    def submit(self, kind: str, options: JobOptions, files: dict[str, bytes], tag: str = "") -> JobRow:
        """Takes a job.

        Args:
            kind: Name in `KINDS`.
            options: Of that kind.
            files: By checked names.
            tag: For the server's own use.

        Raises:
            InputError: What is plainly wrong with files and options.
            BusyError: When too many jobs wait.
        """
        if self.store.count("queued") >= self.settings.waiting:
            raise BusyError(f"{self.settings.waiting} jobs are waiting already; ask again later")
        it = KINDS[kind]
        for name in files:
            if not name.lower().endswith(it.endings):
                raise InputError(
                    f"{'an' if kind[0] in 'aeiou' else 'a'} {kind} job takes {' '.join(it.endings) or 'no files'}, not '{name}'", file=name
                )
        id = secrets.token_hex(8)
        building = self.root / f".new-{id}"
        try:
            write_files(building / "input" / "files", files)
            wanted = it.prepare(options, building / "input" / "files")
            title = wanted.title
            cell = self.cells.folder(wanted.cell) if wanted.cell is not None else None
            if wanted.job is not None:
                earlier = self._planned(wanted.job)
                title = f"{earlier.title}, {title}" if kind == "export" else title
                results = self.root / earlier.id / "result"
                shutil.copytree(
                    results,
                    building / "input" / "job",
                    ignore=lambda folder, names: (
                        {"pictures", "recording.glb", "setup.html"} & set(names) if Path(folder) == results else set()
                    ),
                )
                own = self.root / earlier.id / "input" / "cell"
                cell = cell or (own if own.is_dir() else None)
            if cell is not None:
                shutil.copytree(cell, building / "input" / "cell")
            building.rename(self.root / id)
        except PliantError as error:
            raise _without_folder(error, building) from None
        finally:
            shutil.rmtree(building, ignore_errors=True)
        row = self.store.add(id, kind, title, options.model_dump(mode="json", exclude_none=True), tag)
        self._give(row)
        self._forget_old()
        return row

    def cancel(self, id: str) -> JobRow:
        """Stops a job and waits until nothing of it runs; one that has ended is left as it is."""
        self.get(id)
        self.store.end(id, Outcome("cancelled"))
        self._executor.cancel(id)
        deadline = time.monotonic() + 5
        while id in self._futures and time.monotonic() < deadline:
            time.sleep(0.02)
        return self.get(id)

    def delete(self, id: str) -> None:
        """Forgets a job that has ended, with its files."""
        if self.store.delete(id):
            self._remove(id)

    def file(self, row: JobRow, name: str) -> Path:
        """A result file; only names that the job itself wrote are known."""
        names = row.files or {}
        if name not in names:
            raise UnknownNameError("result file", name[:80], list(names))
        path = self.root / row.id / "result" / name
        if not path.is_file():
            raise UnknownNameError("result file", name[:80], [])
        return path

    def exported(self, row: JobRow, language: str) -> JobRow:
        """The job that holds the program of a planned job in a language: itself, an earlier export, or one that is started now.

        Raises:
            NotReadyError: The job is not done, or nothing may be exported from it.
        """
        if row.state != "done":
            raise NotReadyError(f"the job is {row.state}; programs are there when it is done")
        summary = row.summary or {}
        program = summary.get("program") or {}
        if row.kind == "export" or program.get("language") == language:
            if (row.options.get("language") or program.get("language")) != language:
                raise UnknownNameError("robot language", language, [str(row.options.get("language"))])
            return row
        if row.kind not in PLANNING or not row.verified:
            raise NotReadyError("programs are written from bending and welding jobs that are verified; this one is not, see its findings")
        tag = f"export:{row.id}:{language}"
        with self._lock:
            known = self.store.in_state("queued", "running", "done", "failed", tag=tag)
            if known:
                return self.get(known[-1].id)
            kind = KINDS["export"]
            return self.submit("export", kind.options.model_validate({"job": row.id, "language": language}), {}, tag)

    def _planned(self, id: str) -> JobRow:
        row = self.get(id)
        if row.kind not in PLANNING or row.state != "done" or "plan.json" not in (row.files or {}):
            raise NotReadyError(f"job {id} is no bending or welding job with a plan: it is {row.kind}, {row.state}")
        return row

    def _give(self, row: JobRow) -> None:
        folder = self.root / row.id
        task = JobTask(
            row.id, row.kind, row.options, str(folder / "input"), str(folder / f"work-{secrets.token_hex(4)}"), self.settings.limits
        )

        def started() -> None:
            _stored(lambda: self.store.start(row.id))

        def progress(stage: str, done: float, message: str = "") -> None:
            # What cannot be told now is told next time; the work goes on.
            with contextlib.suppress(SQLAlchemyError):
                self.store.progress(row.id, stage, done, message)

        future = self._executor.submit(task, started, progress)
        self._futures[row.id] = future
        future.add_done_callback(lambda ended: self._ended(task, ended))

    def _ended(self, task: JobTask, future: Future[Outcome]) -> None:
        try:
            outcome = future.result()
        except CancelledError:
            outcome = Outcome("cancelled")
        except Exception:
            log.exception("job %s", task.id)
            outcome = failed("internal-error", "the server met an error of its own; its log says more")
        try:
            self._keep(task, outcome)
        except Exception:
            log.exception("job %s cannot be kept", task.id)
        finally:
            self._futures.pop(task.id, None)

    def _keep(self, task: JobTask, outcome: Outcome) -> None:
        """Result and state: first the folder by its name, then the state that makes it known."""
        folder, work = self.root / task.id, Path(task.output)
        if not (self.closing and outcome.state == "cancelled"):
            if outcome.state == "done":
                try:
                    work.rename(folder / "result")
                except OSError as error:
                    log.error("job %s: %s", task.id, error)
                    outcome = failed("internal-error", "the result could not be stored")
            if not _stored(lambda: self.store.end(task.id, outcome)) and outcome.state == "done":
                shutil.rmtree(folder / "result", ignore_errors=True)
        shutil.rmtree(work, ignore_errors=True)

    def _recover(self) -> None:
        """After a restart: what ran is lost and says so, what waited waits on, what was left half-made is removed.

        Other folders than ours are left alone; results that an empty store does not know are, too: it may be the wrong store.
        """
        reason = {"type": "server-stopped", "detail": "the server was stopped while the job ran; send it again"}
        for row in self.store.in_state("running"):
            self.store.end(row.id, Outcome("lost", problem=reason))
        known = {row.id for row in self.store.in_state(*ENDED, "queued")}
        done = {row.id for row in self.store.in_state("done")}
        ours = [folder for folder in self.root.iterdir() if OURS.fullmatch(folder.name)]
        strangers = [folder for folder in ours if not folder.name.startswith(".") and folder.name not in known]
        if strangers and not known:
            log.warning("the job store knows none of the %d jobs in %s; they are left there", len(strangers), self.root)
        for folder in ours:
            if folder.name.startswith(".") or (known and folder.name not in known):
                shutil.rmtree(folder, ignore_errors=True)
            if folder.name not in known:
                continue
            for left in folder.glob("work-*" if folder.name in done else "[rw]*"):
                shutil.rmtree(left, ignore_errors=True)
        for row in self.store.in_state("queued"):
            self._give(row)

    def _forget_old(self) -> None:
        if self.store.count(*ENDED) <= self.settings.kept:
            return
        ended = [row for row in self.store.in_state(*ENDED) if not row.tag.startswith("demo")]
        for row in ended[: max(len(ended) - self.settings.kept, 0)]:
            self.delete(row.id)

    def _remove(self, id: str) -> None:
        """First out of sight by a rename, then away."""
        gone = self.root / f".gone-{id}"
        try:
            (self.root / id).rename(gone)
        except OSError:
            return
        shutil.rmtree(gone, ignore_errors=True)


def _stored(move: Callable[[], bool]) -> bool:
    """A job's start and end are worth waiting for a database that is away for a while."""
    for _ in range(PATIENCE):
        try:
            return move()
        except SQLAlchemyError as error:
            log.warning("the job store does not answer: %s", str(error).splitlines()[0])
            time.sleep(1)
    return move()


def _locked(path: Path) -> TextIO:
    file = path.open("a")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.close()
        raise InputError("another server uses this data folder; give --data another one", file=path.parent) from None
    return file


def _server_id(path: Path) -> str:
    if not path.exists():
        fresh = path.with_suffix(".new")
        fresh.write_text(secrets.token_hex(16))
        fresh.rename(path)
    return path.read_text().strip()[:32]


def _without_folder(error: PliantError, folder: Path) -> PliantError:
    """The error without the path of a folder that the sender does not know."""
    hide = f"{folder}/input/files/"
    other = type(error).__new__(type(error))
    file = None if error.file is None else error.file.replace(hide, "")
    PliantError.__init__(other, error.message.replace(hide, ""), file=file, place=error.place)
    return other
