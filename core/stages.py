"""Where the time of a job goes: wall clock per named stage, for benchmarks and summaries, never for decisions."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass(eq=False, slots=True)
class Stages:
    """Adds up seconds by name; a stage entered several times counts as one.

    Attributes:
        seconds: Wall clock per stage [s], in the order in which the stages were first left.
    """

    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def measure(self, name: str) -> Iterator[None]:
        """Counts the body of a `with` to a stage, also when it raises. Stages must not be nested, or the sum counts time twice."""
        start = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - start
