"""Welding data in a RAPID module: names of the controller's records, or the records themselves."""

from __future__ import annotations

from core.errors import UnsupportedError
from core.units import to_mm
from robots.programs.program import ArcOn, Procedure, RobotProgram, Weave
from robots.programs.rapid.text import plain
from robots.programs.settings import RapidSettings

SHAPES = {"zigzag": 1, "triangle": 3, "circle": 4}
"""weave_shape; 2 is the V, which the neutral program does not have."""


class WeldData:
    """What the arc instructions of one program name."""

    def __init__(self, program: RobotProgram, settings: RapidSettings) -> None:
        self.program, self.settings = program, settings
        self.declared: dict[str, str] = {}

    def arguments(self, arc: ArcOn) -> tuple[str, str]:
        """(seam, weld and weave data, the optional tracking data) of an arc instruction."""
        procedure = self.program.procedures[arc.procedure]
        if self.settings.declare_weld_data:
            self._declare("seamdata", procedure.seam, seam_text(procedure))
            self._declare("welddata", procedure.weld, weld_text(procedure))
        text = f"{procedure.seam},{procedure.weld}"
        if arc.weave is not None:
            text += f"\\Weave:={self._weave(self.program.weaves[arc.weave], procedure)}"
        return text, "" if arc.track is None else f"\\Track:={self.settings.track_data}"

    def _weave(self, weave: Weave, procedure: Procedure) -> str:
        name = f"wv{weave.number}" if weave.number is not None else f"wv_{list(self.program.weaves.values()).index(weave) + 1}"
        if weave.number is None or self.settings.declare_weld_data:
            self._declare("weavedata", name, weave_text(weave, procedure.speed))
        return name

    def _declare(self, kind: str, name: str, value: str) -> None:
        line = f"TASK PERS {kind} {name}:={value};"
        if self.declared.setdefault(name, line) != line:
            raise UnsupportedError(
                f"{kind} '{name}' would have two values: weaving depends on the welding speed; give each procedure its own data"
            )


def _arc_text(schedule: int) -> str:
    return f"[{schedule},0,0,0,0,0,0,0,0]"


def seam_text(procedure: Procedure) -> str:
    """`seamdata`: times are left to the power source's schedule."""
    arc = _arc_text(procedure.schedule)
    return f"[0,0,{arc},0,0,0,0,0,{arc},0,0,{arc},0,0,{arc},0]"


def weld_text(procedure: Procedure) -> str:
    """`welddata`: speed [mm/s] and schedule."""
    speed, arc = plain(to_mm(procedure.speed), 3), _arc_text(procedure.schedule)
    return f"[{speed},0,{arc},{_arc_text(0)}]"


def weave_text(weave: Weave, speed: float) -> str:
    """`weavedata`: lengths and dwells count along the seam [mm], so they depend on the welding speed [m/s]; raises `UnsupportedError` for other shapes."""
    if weave.shape not in SHAPES:
        raise UnsupportedError(
            f"ABB RAPID has no weaving shape '{weave.shape}'; valid: {', '.join(SHAPES)}, or weavedata of the controller (weave number)"
        )
    length, width = plain(to_mm(speed / weave.frequency), 3), plain(to_mm(2 * weave.amplitude), 3)
    left, right = (plain(to_mm(speed * dwell), 3) for dwell in (weave.dwell_left, weave.dwell_right))
    return f"[{SHAPES[weave.shape]},0,{length},{width},0,{left},0,{right},0,0,0,0,0,0,0]"
