"""The position block of a job: `//POS`, counts, state lines and positions."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from core.errors import UnsupportedError
from core.frames import Array
from core.units import to_deg, to_mm
from robots.programs.inform.text import pose_fields
from robots.programs.program import Posture
from robots.programs.settings import InformSettings
from robots.programs.text import number

LAST_POSITION = 99_999
"""Numbers of positions have five digits."""


@dataclass(frozen=True, eq=False, slots=True)
class Point:
    """A target with everything a position says.

    Attributes:
        T_frame_tcp: In the job's frame (4, 4); None where a pulse job does not know it.
        q: Six joints of the arm [rad]; None where a relative job does not know them.
        posture: For a relative job.
        track: [m], None: there is none.
        external: Positioner axes [rad] or [m].
    """

    T_frame_tcp: Array | None
    q: Array | None
    posture: Posture | None
    track: float | None
    external: tuple[float, ...]


@dataclass(eq=False, slots=True)
class Points:
    """Positions of one job in the order of its moves.

    Attributes:
        settings: Of the language.
        frame: Number of the user frame; None: the base.
        slides: For each positioner axis whether it slides.
    """

    settings: InformSettings
    frame: int | None
    slides: tuple[bool, ...]
    robot: list[str] = field(default_factory=list)
    base: list[str] = field(default_factory=list)
    station: list[str] = field(default_factory=list)
    count: int = 0
    tool: int | None = None
    rconf: str = ""

    def add(self, point: Point, tool: int) -> int:
        """Adds a position; returns its number."""
        if tool != self.tool:
            self.robot.append(f"///TOOL {tool}")
        if self.tool is None:
            self.robot += self._kind()
        self.tool = tool
        if self.settings.job_kind == "rectan":
            assert point.T_frame_tcp is not None
            self._posture(point.posture)
            values = pose_fields(point.T_frame_tcp)
        else:
            assert point.q is not None and self.settings.pulses_per_deg is not None
            values = _pulses(np.degrees(point.q).tolist(), self.settings.pulses_per_deg)
        if self.count > LAST_POSITION:
            raise UnsupportedError(
                f"a job of more than {LAST_POSITION + 1} positions; Yaskawa INFORM counts C00000 to C{LAST_POSITION}: split the routine"
            )
        self.robot.append(f"C{self.count:05d}={values}")
        if point.track is not None:
            self.base.append(f"BC{self.count:05d}={self._track(point.track)}")
        if self.slides:
            self.station.append(f"EC{self.count:05d}={self._station(point.external)}")
        self.count += 1
        return self.count - 1

    def _kind(self) -> list[str]:
        if self.settings.job_kind == "pulse":
            return ["///POSTYPE PULSE", "///PULSE"]
        return ["///POSTYPE BASE" if self.frame is None else "///POSTYPE USER", "///RECTAN"]

    def _posture(self, posture: Posture | None) -> None:
        """`///RCONF` where it changes; a straight move whose posture is not known keeps the one before."""
        if posture is None:
            if not self.rconf:
                raise UnsupportedError(
                    "Yaskawa INFORM relative jobs name the posture at every position; give the program a posture rule, or begin the routine with a joint move"
                )
            return
        if posture.maker != "yaskawa" or len(posture.values) != 6:
            raise UnsupportedError(
                f"a posture in the words of {posture.maker}: {posture.values}; Yaskawa INFORM takes the six fields of RCONF"
            )
        fields = [str(int(value)) for value in posture.values] + ["0"] * (self.settings.rconf_fields - 6)
        line = f"///RCONF {','.join(fields)}"
        if line != self.rconf:
            self.robot.append(line)
            self.rconf = line

    def _track(self, track: float) -> str:
        if self.settings.job_kind == "rectan":
            return number(to_mm(track), 3)
        assert self.settings.track_pulses_per_mm is not None
        return _pulses([to_mm(track)], (self.settings.track_pulses_per_mm,))

    def _station(self, external: tuple[float, ...]) -> str:
        values = [to_mm(value) if slides else to_deg(value) for value, slides in zip(external, self.slides, strict=True)]
        if self.settings.job_kind == "rectan":
            return ",".join(number(value, 3 if slides else 4) for value, slides in zip(values, self.slides, strict=True))
        return _pulses(values, self.settings.positioner_pulses or ())

    def text(self) -> list[str]:
        """`//POS` and what follows, until `//INST`."""
        head = ["//POS", f"///NPOS {self.count},{len(self.base)},{len(self.station)},0,0,0"]
        if self.settings.job_kind == "rectan" and self.frame is not None and self.count:
            head.append(f"///USER {self.frame}")
        return head + self.robot + self.base + self.station


def _pulses(values: list[float], ratios: tuple[float, ...]) -> str:
    return ",".join(str(round(value * ratio)) for value, ratio in zip(values, ratios, strict=True))
