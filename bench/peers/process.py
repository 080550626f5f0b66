"""The benchmark's end of an engine in a process of its own."""

from __future__ import annotations

import json
import os
import select
import subprocess
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 120.0
"""An engine that does not answer for so long is ended [s]."""
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS", "TBB_NUM_THREADS"), "1")


class PeerError(Exception):
    """An engine that cannot be asked, or not this; the message is the reason."""


class Lacking(PeerError):
    """An engine that has no such thing, and can be asked others."""


class Peer:
    """An engine that waits for questions, each answered before the next is asked, so that no two work at the same time.

    Args:
        engine: A name in `bench.peers.serve.ENGINES`, or `module:class`.
        python: Interpreter of its environment.

    Attributes:
        versions: Of the packages that count.

    Raises:
        PeerError: When it does not start there.
    """

    def __init__(self, engine: str, python: str) -> None:
        self.engine = engine
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 - as long as the process
        try:
            self._process = subprocess.Popen(
                [python, "-m", "bench.peers.serve", engine],
                cwd=ROOT,
                env=os.environ | ONE_THREAD | {"PYTHONPATH": str(ROOT)},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._log,
                text=True,
            )
        except OSError as error:
            raise PeerError(str(error)) from error
        try:
            self.versions: dict[str, str] = self._answer()["versions"]
        except PeerError:
            self.close()
            raise

    def ask(self, question: str, **what: Any) -> dict[str, Any]:
        """One question and its answer; see `bench.peers.serve.Server`.

        Raises:
            Lacking: The engine has no such thing.
            PeerError: It failed or ended.
        """
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps({"ask": question, **what}) + "\n")
            self._process.stdin.flush()
        except (BrokenPipeError, ValueError):
            raise PeerError(self._last_words()) from None
        return self._answer()

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        if not select.select([self._process.stdout], [], [], PATIENCE)[0]:
            self._process.kill()
            self._process.wait()
            raise PeerError(f"no answer in {PATIENCE:.0f} s")
        line = self._process.stdout.readline()
        if not line:
            raise PeerError(self._last_words())
        answer: dict[str, Any] = json.loads(line)
        if "missing" in answer:
            raise Lacking(answer["missing"])
        if "failed" in answer:
            raise PeerError(answer["failed"])
        return answer

    def _last_words(self) -> str:
        """Why the process closed its pipe, as far as it said."""
        try:
            code = self._process.wait(5.0)
        except subprocess.TimeoutExpired:
            self._process.kill()
            code = self._process.wait()
        self._log.seek(0)
        said = self._log.read().decode(errors="replace").strip().splitlines()
        return f"ended with {code}" + (f": {said[-1]}" if said else "")

    def close(self) -> None:
        """Ends the process."""
        if self._process.stdin is not None:
            # What it was not asked any more is lost with it.
            with suppress(BrokenPipeError):
                self._process.stdin.close()
        try:
            self._process.wait(5.0)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()
        self._log.close()
