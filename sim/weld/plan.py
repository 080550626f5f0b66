"""A welding plan as a value: per seam the torch's way, and timed phases of robot, positioner and arc."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from core.findings import Finding
from core.frames import Array
from parts.seam import Seam


@dataclass(frozen=True, eq=False, slots=True)
class SeamWeld:
    """One bead along one seam, as it is welded.

    Attributes:
        seam: In welding direction.
        bead: Number of the pass, from 0.
        procedure: Name.
        Ts_piece_tcp: Torch poses in the weldment's frame (k, 4, 4): Z along the wire into the seam, X along the travel.
        work, travel: Angles there (k,) [rad], see `WeldProcedure`.
        spin: Turn about the wire from the pose with X along the travel (k,) [rad].
        robot: Joints (k, n).
        positioner: Joints (k, m); m = 0 without one.
        position: ISO 6947 working position: `PA`, `PB`, ...
        cost: What the search minimised.
    """

    seam: Seam
    bead: int
    procedure: str
    Ts_piece_tcp: Array
    work: Array
    travel: Array
    spin: Array
    robot: Array
    positioner: Array
    position: str
    cost: float


@dataclass(frozen=True, eq=False, slots=True)
class Touch:
    """One touch of the wire's end on a face, before a seam is welded.

    Attributes:
        name: Of the search result.
        seam: Whose shift it tells.
        where: The bead's targets it is for: `all`, or those at its `start` or `end`.
        T_piece_tcp: Where the planned weldment is touched, in its frame (4, 4).
        direction: Towards the face, in that frame (3,).
        robot: Joints on the way there, the last touches (k, n).
        latest: Joints where the search ends when nothing was touched (n,).
        positioner: Joints (m,).
    """

    name: str
    seam: str
    where: Literal["all", "start", "end"]
    T_piece_tcp: Array
    direction: Array
    robot: Array
    latest: Array
    positioner: Array


@dataclass(frozen=True, eq=False, slots=True)
class WeldPhase:
    """A stretch of time.

    Attributes:
        name: `approach`, `weld`, `retract`, `travel`, `index`, `search`, `clean`, `home`.
        step: `seam 3`, `clean 1`, `home`.
        kind: free (joint space), linear (straight tool line), weld (along the seam), wait (robot still; the positioner may turn).
        times: (k,) [s] from the start.
        robot: (k, n)
        positioner: (k, m)
        arc: The arc burns.
        weld: Index into `WeldPlan.welds`, or None.
        touch: Index into `WeldPlan.touches` while the wire moves onto a face, or None.
        waypoints: Samples that are programmed targets.
        corners, blends: Of free moves, see `sim.plan.Phase`.
        clearance: Smallest distance [m]; None: nothing came near.
        closest: The two bodies.
    """

    name: str
    step: str
    kind: Literal["free", "linear", "weld", "wait"]
    times: Array
    robot: Array
    positioner: Array
    arc: bool
    weld: int | None = None
    waypoints: tuple[int, ...] = ()
    corners: Array | None = None
    blends: Array | None = None
    clearance: float | None = None
    closest: tuple[str, str] | None = None
    touch: int | None = None


@dataclass(frozen=True, eq=False, slots=True)
class WeldPlan:
    """The answer.

    Attributes:
        cell, weldment: Names.
        welds: In the order made.
        phases: Gapless.
        findings: Of planning; a seam that cannot be welded has a finding of level error with `step` `seam NAME` and is left out of `welds`.
        seed: Of the random generator.
        stage_times: Wall clock per stage [s].
        touches: In the order made.
    """

    cell: str
    weldment: str
    welds: tuple[SeamWeld, ...]
    phases: tuple[WeldPhase, ...]
    findings: tuple[Finding, ...]
    seed: int
    stage_times: dict[str, float] = field(default_factory=dict)
    touches: tuple[Touch, ...] = ()

    @property
    def duration(self) -> float:
        """Cycle time [s]."""
        return float(self.phases[-1].times[-1]) if self.phases else 0.0

    def touches_of(self, weld: SeamWeld) -> list[int]:
        """Which touches were made for a bead.

        The seam may have been searched the other way round than it is welded; a tack lies on a stretch of its own name.
        """
        tacked = weld.seam.tacked
        name = weld.seam.name if tacked is None else tacked
        return [
            k for k, touch in enumerate(self.touches) if touch.seam == name or (tacked is not None and touch.seam.startswith(f"{name}."))
        ]


def joints_at(phase: WeldPhase, time: float) -> tuple[Array, Array]:
    """Joints of robot (n,) and positioner (m,) at a moment [s] of one phase, by linear interpolation; clamps to the phase's ends."""
    robot, positioner = (
        np.array([np.interp(time, phase.times, column) for column in values.T]) if values.shape[1] else np.zeros(0)
        for values in (phase.robot, phase.positioner)
    )
    return robot, positioner
