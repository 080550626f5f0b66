"""Which stretch of the plan an event of a running program belongs to."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import SequenceMatcher

import numpy as np

from robots.programs.events import Event, LoadChanged, Messaged, Moved, Paused, Waited
from robots.programs.events import SignalSet as Set
from sim.bend_program import Origin


def origins_of(events: Sequence[Event], planned: Sequence[Event], origins: Sequence[Origin]) -> list[Origin | None]:
    """For every event the origin of the planned event that it carries out; None where the plan has nothing like it.

    Args:
        events: Of the program that runs.
        planned: Of the plan's own program, all signals coming.
        origins: One per planned event, messages left out.
    """
    wanted = [event for event in planned if not isinstance(event, Messaged)]
    keys = [_key(event) for event in events]
    targets = [_key(event) for event in wanted]
    out: list[Origin | None] = [None] * len(events)
    if [key[0] for key in keys] == [key[0] for key in targets]:
        return list(origins)
    for tag, i1, i2, j1, j2 in SequenceMatcher(None, keys, targets, autojunk=False).get_opcodes():
        if tag == "equal":
            out[i1:i2] = origins[j1:j2]
        elif tag == "replace":
            # What stands in the same place and is of the same kind is the same thing, changed.
            j = j1
            for i in range(i1, i2):
                same = next((k for k in range(j, j2) if targets[k][0] == keys[i][0]), None)
                if same is not None:
                    out[i], j = origins[same], same + 1
    return out


def _key(event: Event) -> tuple[str, str]:
    """Kind and content of an event, coarse enough that rounding in text plays no part."""
    if isinstance(event, Moved):
        if event.q is not None and event.kind == "joint":
            return "joint", " ".join(f"{v:.2f}" for v in event.q)
        assert event.T_target is not None
        return event.kind, " ".join(f"{v:.3f}" for v in np.round(event.T_target[:3, 3], 3))
    if isinstance(event, Set):
        return f"set {event.address}", str(event.value)
    if isinstance(event, Waited):
        return "wait", str(event.signals)
    if isinstance(event, LoadChanged):
        return "load", f"{event.load.mass:.2f}"
    if isinstance(event, Paused):
        return "pause", f"{event.seconds:.2f}"
    return type(event).__name__, ""
