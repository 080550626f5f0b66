"""The position block of a job, read: every position with the tool, frame and posture that count for it."""

from __future__ import annotations

import re
from array import array
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from core.frames import Array
from robots.programs.controller import Controller
from robots.programs.inform.head import Head, Source
from robots.programs.program import Posture

_REAL = r"-?\d{1,7}\.\d{3}"
_ANGLE = r"-?\d{1,4}\.\d{2,4}"
_WHOLE = r"-?\d{1,10}"
_RECTAN = re.compile(rf"([CP])(\d{{5}})=({_REAL}),({_REAL}),({_REAL}),({_ANGLE}),({_ANGLE}),({_ANGLE})")
_PULSE = re.compile(rf"([CP])(\d{{5}})=({_WHOLE}),({_WHOLE}),({_WHOLE}),({_WHOLE}),({_WHOLE}),({_WHOLE})")
_AXES = re.compile(r"(BC|EC)(\d{5})=(-?[\d.]{1,12}(?:,-?[\d.]{1,12}){0,5})")
_OTHER = re.compile(r"(BP|EX)(\d{4,5})=(-?[\d.]{1,12}(?:,-?[\d.]{1,12}){0,5})")
_STATE = re.compile(r"///(TOOL|USER) +(\d{1,2})|///POSTYPE +(PULSE|BASE|ROBOT|TOOL|USER|MTOOL)|///(PULSE|RECTAN)|///RCONF +(\d+(?:,\d+)*)")
RCONF_FIELDS = (6, 8, 24)


@dataclass(frozen=True, slots=True)
class Held:
    """State lines that count for a position: numbers of tool and frame (None: base), posture (None: pulses)."""

    tool: int
    user: int | None
    posture: Posture | None


@dataclass(eq=False, slots=True)
class Block:
    """Positions of a job.

    Attributes:
        pulse: Its C positions are pulses.
        held: What counts for each C position.
        lines: Where each stands.
        Ts: Poses (k, 4, 4) of a RECTAN job.
        qs: Joints (k, 6) [rad] of a PULSE job.
        track: (k,) [m], empty: none.
        station: (k, m) [rad] or [m], empty: none.
        variables: P positions of RECTAN by number.
    """

    pulse: bool = False
    held: list[Held] = field(default_factory=list)
    lines: array[int] = field(default_factory=lambda: array("l"))
    Ts: Array = field(default_factory=lambda: np.zeros((0, 4, 4)))
    qs: Array = field(default_factory=lambda: np.zeros((0, 6)))
    track: Array = field(default_factory=lambda: np.zeros(0))
    station: Array = field(default_factory=lambda: np.zeros((0, 0)))
    variables: dict[int, tuple[Array, Held]] = field(default_factory=dict)


def poses(values: Array) -> Array:
    """Poses (k, 4, 4) of X,Y,Z [mm] and Rx,Ry,Rz [deg] (k, 6): R = Rz Ry Rx."""
    (sx, sy, sz), (cx, cy, cz) = np.sin(np.radians(values[:, 3:].T)), np.cos(np.radians(values[:, 3:].T))
    T = np.zeros((len(values), 4, 4))
    T[:, 0, 0], T[:, 0, 1], T[:, 0, 2] = cz * cy, cz * sy * sx - sz * cx, cz * sy * cx + sz * sx
    T[:, 1, 0], T[:, 1, 1], T[:, 1, 2] = sz * cy, sz * sy * sx + cz * cx, sz * sy * cx - cz * sx
    T[:, 2, 0], T[:, 2, 1], T[:, 2, 2] = -sy, cy * sx, cy * cx
    T[:, :3, 3] = values[:, :3] * 1e-3
    T[:, 3, 3] = 1.0
    return T


class _Reader:
    def __init__(self, source: Source, head: Head, controller: Controller) -> None:
        self.source, self.head, self.controller = source, head, controller
        self.block = Block()
        self.tool: int | None = None
        self.user: int | None = None
        self.kind = ""
        self.form = ""
        self.posture: Posture | None = None
        self.held: Held | None = None
        self.values = array("d")
        self.axes: dict[str, list[tuple[int, tuple[float, ...]]]] = {"BC": [], "EC": []}
        self.other = {"P": 0, "BP": 0, "EX": 0}
        self.variables: list[tuple[int, tuple[float, ...], Held]] = []

    def read(self) -> Block:
        first, last = self.head.block
        lines = self.source.lines
        held, values, places = self.block.held, self.values, self.block.lines
        for at in range(first, last + 1):
            text = lines[at - 1]
            found = _RECTAN.fullmatch(text) if self.form == "RECTAN" else _PULSE.fullmatch(text) if self.form == "PULSE" else None
            if found is not None:
                kind, number, *fields = found.groups()
                now = self.held or self._hold(at)
                if kind == "P":
                    self._variable(at, int(number), tuple(map(float, fields)), now)
                    continue
                if int(number) != len(held):
                    raise self.source.fail(
                        at, f"position C{number} where C{len(held):05d} follows; positions are numbered from 0 without gaps"
                    )
                held.append(now)
                places.append(at)
                values.extend(map(float, fields))
            elif text:
                self._line(at, text)
        return self._finish(first - 1)

    def _line(self, at: int, text: str) -> None:
        state = _STATE.fullmatch(text)
        if state is not None:
            self._state(at, state)
            return
        axes = _AXES.fullmatch(text)
        if axes is not None:
            self._axis(at, axes)
            return
        other = _OTHER.fullmatch(text)
        if other is not None:
            self.other[other[1]] += 1
            return
        if re.match(r"B?C\d|EC\d|B?P\d|EX\d", text):
            if not self.form:
                raise self.source.fail(at, f"'{text[:40]}' before ///PULSE or ///RECTAN")
            form = "six whole numbers" if self.form == "PULSE" else "X,Y,Z with three decimals and Rx,Ry,Rz with two to four"
            raise self.source.fail(at, f"'{text[:60]}' is no {self.form} position C00000= with {form}")
        raise self.source.fail(
            at,
            f"'{text[:40]}' is no line of positions; valid: ///USER n, ///TOOL n, ///POSTYPE, ///PULSE, ///RECTAN, ///RCONF, C, BC, EC, P, BP, EX",
        )

    def _state(self, at: int, found: re.Match[str]) -> None:
        word, number, kind, form, rconf = found.groups()
        self.held = None
        if word == "TOOL":
            self.tool = int(number)
            if self.tool not in self.controller.tools:
                raise self.source.fail(at, f"tool file {number} is not known; there are: {_list(self.controller.tools)}", number)
        elif word == "USER":
            self.user = int(number)
            if self.user not in self.controller.frames:
                raise self.source.fail(at, f"user frame {number} is not known; there are: {_list(self.controller.frames)}", number)
        elif kind:
            if kind in ("TOOL", "MTOOL"):
                raise self.source.fail(at, f"positions in {kind} coordinates are not read; valid: PULSE, BASE, ROBOT, USER", kind)
            if kind == "ROBOT" and self.controller.track:
                raise self.source.fail(at, "positions in coordinates of a robot that stands on a track; valid: BASE, USER, PULSE", kind)
            self.kind, self.form = kind, ""
        elif form:
            if (form == "PULSE") != (self.kind == "PULSE") or not self.kind:
                raise self.source.fail(
                    at, f"///{form} after ///POSTYPE {self.kind or '(none)'}; pulses belong to PULSE, RECTAN to BASE, ROBOT and USER", form
                )
            self.form = form
        else:
            self._rconf(at, rconf)

    def _rconf(self, at: int, text: str) -> None:
        fields = text.split(",")
        if self.form != "RECTAN":
            raise self.source.fail(at, "///RCONF without ///RECTAN before it")
        if len(fields) not in RCONF_FIELDS:
            raise self.source.fail(at, f"///RCONF has {len(fields)} fields; valid: {', '.join(map(str, RCONF_FIELDS))}", text)
        if any(one not in ("0", "1") for one in fields[:6]) or any(one != "0" for one in fields[8:]):
            raise self.source.fail(at, "the first six fields of ///RCONF are 0 or 1, those from the ninth on 0", text)
        self.posture = Posture("yaskawa", tuple(int(one) for one in fields[:6]))

    def _hold(self, at: int) -> Held:
        """What counts for positions from here on."""
        if self.tool is None:
            raise self.source.fail(at, "a position before ///TOOL")
        if self.form == "RECTAN" and self.posture is None:
            raise self.source.fail(at, "a RECTAN position before ///RCONF")
        if self.kind == "USER" and self.user is None:
            raise self.source.fail(at, "a position of type USER before ///USER")
        pulse = self.form == "PULSE"
        self.held = Held(self.tool, self.user if self.kind == "USER" else None, None if pulse else self.posture)
        return self.held

    def _variable(self, at: int, number: int, values: tuple[float, ...], held: Held) -> None:
        self.other["P"] += 1
        if held.posture is not None:
            if number in self.block.variables or any(number == one for one, _, _ in self.variables):
                raise self.source.fail(at, f"position P{number:05d} stands twice")
            self.variables.append((number, values, held))

    def _axis(self, at: int, found: re.Match[str]) -> None:
        name, number, text = found.groups()
        if not self.form:
            raise self.source.fail(at, f"'{text[:40]}' before ///PULSE or ///RECTAN")
        pattern = _WHOLE if self.form == "PULSE" else rf"{_REAL}|{_ANGLE}"
        fields = text.split(",")
        if not all(re.fullmatch(pattern, one) for one in fields):
            raise self.source.fail(at, f"'{text}' are no {self.form} values", text)
        if int(number) != len(self.axes[name]):
            raise self.source.fail(
                at, f"position {name}{number} where {name}{len(self.axes[name]):05d} follows; positions are numbered from 0 without gaps"
            )
        count = 1 if name == "BC" else len(self.controller.positioner)
        if len(fields) != count:
            raise self.source.fail(at, f"{name}{number} has {len(fields)} values; there are {count} axes", text)
        self.axes[name].append((at, tuple(map(float, fields))))

    # Checks of the whole

    def _finish(self, npos: int) -> Block:
        block, head = self.block, self.head
        found = (len(block.held), len(self.axes["BC"]), len(self.axes["EC"]), self.other["P"], self.other["BP"], self.other["EX"])
        for name, said, there in zip(("C", "BC", "EC", "P", "BP", "EX"), head.counts, found, strict=True):
            if said != there:
                raise self.source.fail(npos, f"///NPOS says {said} {name} positions, there are {there}")
        wanted = (head.counts[0] if head.track else 0, head.counts[0] if head.station else 0)
        for name, count, want, group in zip(("BC", "EC"), head.counts[1:3], wanted, ("///GROUP1 with BS1", "///GROUP2 ST1"), strict=True):
            if count != want:
                raise self.source.fail(
                    npos, f"{count} {name} positions beside {head.counts[0]} C positions; with {group} there are as many, without none"
                )
        if not block.held and not self.variables:
            return block
        if head.counts[0] and not head.moves:
            raise self.source.fail(npos, "a job with C positions has ///GROUP1")
        self._groups(npos)
        kinds = {one.posture is None for one in block.held}
        if len(kinds) > 1:
            at = next(i for i, one in enumerate(block.held) if (one.posture is None) != (block.held[0].posture is None))
            raise self.source.fail(block.lines[at], "PULSE and RECTAN positions in one job; a job has one kind")
        block.pulse = kinds == {True}
        if block.held and not block.pulse:
            self._relative()
        values = np.array(self.values).reshape(-1, 6)
        own = self.controller.settings.inform
        if block.pulse:
            if own.pulses_per_deg is None:
                raise self.source.fail(
                    block.lines[0], "pulses are read with the robot's own ratios only; give programs.inform.pulses_per_deg from ALL.PRM"
                )
            block.qs = np.radians(values / np.array(own.pulses_per_deg))
            self._limits(block.qs, int(self.controller.track), "axis {}", block.lines)
        else:
            block.Ts = poses(values)
        self._external()
        names = [number for number, _, _ in self.variables]
        if names:
            Ts = poses(np.array([fields for _, fields, _ in self.variables]))
            block.variables = {number: (Ts[i], held) for i, (number, _, held) in enumerate(self.variables)}
        return block

    def _groups(self, npos: int) -> None:
        if self.head.track != self.controller.track and self.head.moves:
            raise self.source.fail(
                npos,
                "the job moves a base axis BS1, the robot stands on no track"
                if self.head.track
                else "the robot stands on a track; ///GROUP1 RB1,BS1 is wanted",
            )
        if self.head.station and not self.controller.positioner:
            raise self.source.fail(npos, "the job moves a station ST1, the cell has no positioner")

    def _relative(self) -> None:
        """RECTAN positions need a relative job, in its frame."""
        if not self.head.relative:
            raise self.source.fail(self.block.lines[0], "RECTAN positions C need a relative job: RJ in ///ATTR and ////FRAME")
        for at, one in zip(self.block.lines, self.block.held, strict=True):
            if one.user != self.head.user:
                raise self.source.fail(at, f"a position in {_frame(one.user)} in a job relative to {_frame(self.head.user)}")

    def _external(self) -> None:
        own, slides = self.controller.settings.inform, self.controller.positioner
        pulse = self.block.pulse
        if self.axes["BC"]:
            ratio = own.track_pulses_per_mm if pulse else 1.0
            if ratio is None:
                raise self.source.fail(
                    self.axes["BC"][0][0], "pulses of the track are read with its own ratio only; give programs.inform.track_pulses_per_mm"
                )
            self.block.track = np.array([values[0] for _, values in self.axes["BC"]]) / ratio * 1e-3
            self._limits(self.block.track[:, None], 0, "track", [at for at, _ in self.axes["BC"]])
        if self.axes["EC"]:
            ratios = own.positioner_pulses if pulse else (1.0,) * len(slides)
            if ratios is None or len(ratios) != len(slides):
                raise self.source.fail(
                    self.axes["EC"][0][0], "pulses of the station are read with its own ratios only; give programs.inform.positioner_pulses"
                )
            scale = np.where(np.array(slides), 1e-3, np.pi / 180) / np.array(ratios)
            self.block.station = np.array([values for _, values in self.axes["EC"]]) * scale

    def _limits(self, values: Array, first: int, name: str, lines: array[int] | list[int]) -> None:
        lower, upper = self.controller.lower[first:][: values.shape[1]], self.controller.upper[first:][: values.shape[1]]
        bad = np.argwhere((values < lower - 1e-6) | (values > upper + 1e-6))
        if len(bad):
            i, j = (int(one) for one in bad[0])
            slides = name == "track"
            unit, scale = ("mm", 1e3) if slides else ("deg", 180 / np.pi)
            raise self.source.fail(
                lines[i],
                f"{name.format(j + 1)} stands at {values[i, j] * scale:.3f} {unit}; it goes from {lower[j] * scale:.3f} to {upper[j] * scale:.3f}",
            )


def _frame(user: int | None) -> str:
    return "the base" if user is None else f"user frame {user}"


def _list(known: Mapping[int, object]) -> str:
    return ", ".join(str(one) for one in sorted(known)) or "none"


def block_of(source: Source, head: Head, controller: Controller) -> Block:
    """Reads the position block.

    Raises:
        ProgramTextError: A line that is none of it, a wrong count, number, tool, frame, posture, or a joint outside of its limits.
    """
    return _Reader(source, head, controller).read()
