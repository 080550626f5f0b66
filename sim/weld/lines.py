"""When which line of a welding program runs, and which phase of the plan it carries out."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from sim.verify.lines import SHORT, LineTime, Spell, line_times
from sim.weld.plan import WeldPhase, WeldPlan
from sim.weld.virtual import VirtualWeldCell


def weld_lines(virtual: VirtualWeldCell, plan: WeldPlan) -> tuple[LineTime, ...]:
    """When which line of a program ran, with the plan's phase that it carries out where both did the same kinds of moves in the same order."""
    spells = [Spell(float(phase.times[0]), float(phase.times[-1]), phase.kind != "wait") for phase in virtual.phases]
    return line_times(spells, virtual.ends, virtual.places, matched(virtual.phases, plan.phases))


def matched(ran: Sequence[WeldPhase], planned: Sequence[WeldPhase]) -> list[int | None]:
    """For each stretch of a run the phase of the plan that it is; None where that cannot be told.

    Moves are compared in runs of one kind: a text may part a way where the plan has one move, and the other way round.
    """
    out: list[int | None] = [None] * len(ran)
    own, theirs = _runs(ran), _runs(planned)
    if [kind for kind, _ in own] == [kind for kind, _ in theirs]:
        pairs = list(zip(own, theirs, strict=True))
    else:
        # A text that was changed: its beads are still those of the plan, in their order.
        pairs = list(zip((run for run in own if run[0] == "weld"), (run for run in theirs if run[0] == "weld"), strict=False))
    for (_, here), (_, there) in pairs:
        if len(here) == len(there):
            for i, k in zip(here, there, strict=True):
                out[i] = k
        elif len(there) == 1:
            for i in here:
                out[i] = there[0]
    return out


def _runs(phases: Sequence[WeldPhase]) -> list[tuple[str, list[int]]]:
    """Kinds of moves with the phases that follow each other in it; phases without time, and standing still, are left out."""
    moving = [i for i, phase in enumerate(phases) if phase.kind != "wait" and phase.times[-1] - phase.times[0] > SHORT]
    return [(kind, list(group)) for kind, group in groupby(moving, key=lambda i: phases[i].kind)]


__all__ = ["matched", "weld_lines"]
