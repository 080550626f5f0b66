"""How long work tells where it is. The core never prints; `api/` shows a bar or an event stream."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Receives progress; may raise to cancel the work."""

    def __call__(self, stage: str, done: float, message: str = "") -> None:
        """Stage name, fraction done of the stage (0..1), and what is being done now."""


def silent(stage: str, done: float, message: str = "") -> None:
    """A progress receiver that ignores everything."""
