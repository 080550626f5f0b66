"""Power source and torch cleaner as a program meets them over lines: what they answer, after what time, and why they do not."""

from __future__ import annotations

from dataclasses import dataclass

from cells.weld_model import WeldCell

ARC_ON, ARC_OK, CLEAN_START, CLEAN_DONE = "arc-on", "arc-ok", "clean-start", "clean-done"
PROCEDURE_LINE = "weld-procedure"
"""Group of lines that carries the procedure's number, for controllers without an arc instruction."""
TOUCH = "touch"
"""Input that shows that the wire touches the part."""
TOUCH_ON = "touch-on"
"""Output that puts the sensing voltage on the wire, where the cell has it: on while seams are searched, off before an arc."""
CLEAN_TIME = 5.0
"""What a torch cleaner takes [s]."""
ASKED_BY = {ARC_OK: ARC_ON, CLEAN_DONE: CLEAN_START}
"""Input of the robot -> the output that it answers."""


@dataclass(slots=True)
class _Answer:
    """What an input shows until a moment, and from then on."""

    now: bool = False
    then: bool = False
    at: float = 0.0

    def shown(self, clock: float) -> bool:
        return self.then if clock >= self.at - 1e-9 else self.now


class Peripherals:
    """The machines beside the robot.

    The arc burns a preflow and an ignition after its output is set, and is out a crater fill and a postflow after it is cleared; the torch is
    cleaned `CLEAN_TIME` after the cleaner was started.

    Args:
        cell: Their cell.
    """

    def __init__(self, cell: WeldCell) -> None:
        self._procedures = {one.number: one for one in cell.procedures}
        self._answers = {name: _Answer() for name in ASKED_BY if name in cell.signals}
        self._number = 0

    def set(self, output: str, value: bool | int, clock: float) -> None:
        """An output of the robot is set at a time [s]; those that are nobody's are left alone."""
        if output == PROCEDURE_LINE:
            self._number = int(value)
            return
        for name, answer in self._answers.items():
            if ASKED_BY[name] != output or answer.then == bool(value):
                continue
            answer.now, answer.then = answer.shown(clock), bool(value)
            answer.at = clock + (self._arc_time(bool(value)) if name == ARC_OK else CLEAN_TIME if value else 0.0)

    def _arc_time(self, begins: bool) -> float:
        procedure = self._procedures.get(self._number)
        if procedure is None:
            return 0.0
        return procedure.preflow + procedure.ignition if begins else procedure.crater + procedure.postflow

    def shown(self, name: str, clock: float) -> bool | None:
        """What an input shows at a time [s]; None: it is not theirs."""
        answer = self._answers.get(name)
        return None if answer is None else answer.shown(clock)

    def next_change(self, clock: float) -> float | None:
        """Seconds until an input changes by itself; None: never."""
        ahead = [answer.at - clock for answer in self._answers.values() if answer.at > clock + 1e-9 and answer.now != answer.then]
        return min(ahead, default=None)

    def why_not(self, name: str) -> str:
        """Why an input of theirs does not become what is waited for."""
        asked = ASKED_BY[name]
        return f"{name} follows the output {asked}, which is {'on' if self._answers[name].then else 'off'}"
