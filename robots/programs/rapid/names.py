"""The data section of a RAPID module: what is declared, each under a name of its own."""

from __future__ import annotations

import math

from core.errors import UnsupportedError
from core.units import to_deg, to_mm
from robots.programs.rapid.text import LONGEST_NAME, TAKEN, TURN_SPEED, plain, predefined_speed, predefined_zone
from robots.programs.text import identifier


class ModuleData:
    """Declarations, collected while the routines are written.

    Args:
        taken: Names that stand for something else already: signals and routines.
        slide_mm_s: Greatest speed of the track.
    """

    def __init__(self, taken: list[str], slide_mm_s: float) -> None:
        self.used = {name.upper() for name in (*TAKEN, *taken)}
        self.slide = slide_mm_s
        self.targets: list[str] = []
        self.speeds: list[str] = []
        self.zones: list[str] = []
        self.named: dict[tuple[str, str], str] = {}

    def fresh(self, wanted: str) -> str:
        """A name that nothing else has."""
        name, count = identifier(wanted, LONGEST_NAME).lower(), 2
        while name.upper() in self.used:
            tail = f"_{count}"
            name, count = identifier(wanted, LONGEST_NAME - len(tail)).lower() + tail, count + 1
        self.used.add(name.upper())
        return name

    def target(self, routine: str, kind: str, value: str, wanted: str) -> str:
        """A named target; the same place in the same routine is one target, so that it is taught once."""
        key = (routine, value)
        if key not in self.named:
            self.named[key] = self.fresh(wanted)
            self.targets.append(f"CONST {kind} {self.named[key]}:={value};")
        return self.named[key]

    def _declared(self, where: list[str], kind: str, value: str, wanted: str) -> str:
        key = (kind, value)
        if key not in self.named:
            self.named[key] = self.fresh(wanted)
            where.append(f"CONST {kind} {self.named[key]}:={value};")
        return self.named[key]

    def joint_speed(self, share: float, full_mm_s: float) -> str:
        """Speed of a joint move: RAPID knows no share of the axis speeds, so tool and turning speed stand for it (see docs/programs_rapid.md)."""
        slide = max(share * self.slide, 1.0) if self.slide else 5000.0
        value = f"[{_speed(share * full_mm_s)},{_speed(share * TURN_SPEED)},{plain(slide, 1)},1000]"
        return self._declared(self.speeds, "speeddata", value, f"vj{plain(100 * share, 1)}")

    def linear_speed(self, speed: float, turn: float | None) -> str:
        """Speed of the tool [m/s] and how fast it may turn [rad/s]."""
        mm_s, deg_s = round(to_mm(speed), 4), TURN_SPEED if turn is None else to_deg(turn)
        name = predefined_speed(mm_s)
        if name is not None and turn is None and not self.slide:
            return name
        value = f"[{_speed(mm_s)},{_speed(deg_s)},{plain(self.slide or 5000.0, 1)},1000]"
        return self._declared(self.speeds, "speeddata", value, f"v{plain(mm_s, 2)}" + ("" if turn is None else f"_t{plain(deg_s, 1)}"))

    def zone(self, blend: float | None) -> str:
        """A zone for a corner.

        Inside the zone the way is a parabola in the triangle of entry, target and exit, so it keeps at most half the zone's radius from the
        corner; the radius itself is written, rounded down to 0.1 um, because turning axes and the joint moves of some arms use more of it.
        """
        if blend is None:
            return "fine"
        mm = math.floor(to_mm(blend) * 1e4 + 1e-6) / 1e4
        name = predefined_zone(mm)
        if name is not None:
            return name
        if mm <= 0:
            raise UnsupportedError(
                f"RAPID has no corner of {to_mm(blend):g} mm; the smallest zone is 0.0001 mm, or the robot stops (no blend)"
            )
        turns = (1.5 * mm, 0.15 * mm)
        value = "[FALSE," + ",".join(plain(max(v, 1e-4), 4) for v in (mm, turns[0], turns[0], turns[1], turns[0], turns[1])) + "]"
        return self._declared(self.zones, "zonedata", value, f"z{plain(mm, 2)}")


def _speed(value: float) -> str:
    if round(value, 4) <= 0:
        raise UnsupportedError(f"a move at {value:g} mm/s or deg/s cannot be written in RAPID; the slowest is 0.0001")
    return plain(value, 4)
