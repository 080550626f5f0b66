"""What differs between two events that belong together, in millimetres, degrees and seconds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from core.frames import Array, inverse
from core.units import to_deg, to_mm
from robots.programs.events import ArcChanged, Halted, Moved, Paused, SignalSet, Skipped, Stuck, Waited
from robots.programs.followed import Spot
from robots.programs.happenings import Happening, same_load, words
from robots.programs.positions import pose_change
from robots.programs.program import Load

LENGTH, TURN = 2e-6, np.radians(2e-4)
"""Targets that differ by less are the same: rounding of text [m, rad]."""
SPEED_SHARE, SPEED = 5e-3, 1.5e-4
"""Speeds that differ by less, as a share or in m/s, are the same."""
JOINT_SPEED, TIME, TIME_SHARE = 1e-2, 5e-3, 0.02


@dataclass(frozen=True, eq=False, slots=True)
class Change:
    """One thing that changed.

    Attributes:
        kind: `target`, `shift`, `via`, `joints`, `move`, `tool`, `frame`, `speed`, `turn-speed`, `duration`, `blend`, `posture`, `axes`, `signal`, `timeout`,
            `pause`, `load`, `arc`, `trigger`, `halt`, `text`, `added`, `removed`, `time`.
        message: In words, with both figures.
        a: Where in the first program; None when it has no such place.
        b: Where in the second.
        data: Figures with their unit in the key.
        count: How many events it holds for: moves in a row, or passes of one place.
    """

    kind: str
    message: str
    a: Spot | None
    b: Spot | None
    data: dict[str, Any] = field(default_factory=dict)
    count: int = 1


def pair_changes(a: Happening, b: Happening, *, same_language: bool) -> list[Change]:
    """What changed from one event to the other of the same kind."""
    return [Change(kind, message, a.spot, b.spot, data) for kind, message, data in _found(a, b, same_language)]


_Found = Iterator[tuple[str, str, dict[str, Any]]]


def _found(a: Happening, b: Happening, same_language: bool) -> _Found:
    one, other = a.event, b.event
    if isinstance(one, Moved) and isinstance(other, Moved):
        yield from _targets(a, b, one, other)
        yield from _manner(one, other, same_language)
        if not same_language and (one.duration is None) != (other.duration is None):
            yield from _times(a.seconds, b.seconds)
        yield from _loads(a.load, b.load, same_language)
    elif isinstance(one, SignalSet | Waited | Stuck) and isinstance(other, SignalSet | Waited | Stuck):
        yield from _signals(a, b, same_language)
    elif isinstance(one, Paused) and isinstance(other, Paused) and abs(one.seconds - other.seconds) > TIME:
        yield "pause", f"pause of {one.seconds:g} s became {other.seconds:g} s", {"a_s": one.seconds, "b_s": other.seconds}
    elif isinstance(one, ArcChanged) and isinstance(other, ArcChanged):
        if (one.procedure is None) != (other.procedure is None):
            yield "arc", f"arc {'off' if one.procedure is None else 'on'} became {'off' if other.procedure is None else 'on'}", {}
        elif same_language and one.procedure != other.procedure:
            yield "arc", f"procedure {one.procedure} became {other.procedure}", {"a": one.procedure, "b": other.procedure}
        elif one.weave != other.weave and (same_language or None in (one.weave, other.weave)):
            yield "arc", f"weaving {one.weave} became {other.weave}", {}
    elif isinstance(one, Halted) and isinstance(other, Halted) and one.ends != other.ends:
        yield "halt", "a halt became the end of the program" if other.ends else "the end of the program became a halt", {}
    elif isinstance(one, Skipped) and isinstance(other, Skipped) and one.text != other.text:
        yield "text", f"'{one.text}' became '{other.text}' (not understood)", {}


# Moves


def _targets(a: Happening, b: Happening, one: Moved, other: Moved) -> _Found:
    if one.kind != other.kind:
        yield "move", f"{one.kind} move became {other.kind} move", {"a": one.kind, "b": other.kind}
    if one.carried != other.carried:
        yield "frame", f"the frame {'moves' if other.carried else 'no longer moves'} with the positioner", {}
    shift, turn = pose_change(one.T_flange_tcp, other.T_flange_tcp)
    if _differs(shift, turn):
        yield "tool", f"tool moved by {_pose_words(shift, turn)} on the flange", _pose_data(shift, turn)
    if set(one.shifted) != set(other.shifted):
        yield "shift", f"target {_shift_words(one)} became {_shift_words(other)}", {"a": list(one.shifted), "b": list(other.shifted)}
    if one.T_target is None and other.T_target is None:
        yield from _joints(a, b, one, other)
    elif one.T_target is not None and other.T_target is not None:
        yield from _poses(a, b, one.T_target, other.T_target)
    elif a.at.T_flange is not None and b.at.T_flange is not None:
        # Joints in one program and a pose in the other: where the tool stands tells.
        shift, turn = pose_change(a.at.T_flange @ one.T_flange_tcp, b.at.T_flange @ other.T_flange_tcp)
        if _differs(shift, turn):
            yield "target", f"target moved by {_pose_words(shift, turn)} in the robot's base", _pose_data(shift, turn)
    else:
        yield "target", "a target in joints and a target as a pose: only a robot model tells whether they are the same", {}
    if one.T_via is not None and other.T_via is not None:
        shift, _ = pose_change(one.T_via, other.T_via)
        if _differs(shift, 0.0):
            yield (
                "via",
                f"point on the arc moved by {_vector(_millimetres(shift))} mm in the robot's base",
                {"shift_mm": _millimetres(shift)},
            )


def _shift_words(one: Moved) -> str:
    return f"shifted by {' + '.join(one.shifted)}" if one.shifted else "not shifted"


def _poses(a: Happening, b: Happening, T_a: Array, T_b: Array) -> _Found:
    shift, turn = pose_change(T_a, T_b)
    if not _differs(shift, turn):
        return
    in_a, in_b = _in_frame(a), _in_frame(b)
    if in_a is None or in_b is None:
        yield "target", f"target moved by {_pose_words(shift, turn)} in the robot's base", _pose_data(shift, turn)
        return
    frame_shift, frame_turn = pose_change(T_a @ inverse(in_a), T_b @ inverse(in_b))
    own_shift, own_turn = pose_change(in_a, in_b)
    if not _differs(frame_shift, frame_turn):
        yield (
            "target",
            f"target moved by {_pose_words(own_shift, own_turn)} in its frame",
            {**_pose_data(own_shift, own_turn), "base_shift_mm": _millimetres(shift)},
        )
    elif not _differs(own_shift, own_turn):
        yield "frame", f"frame moved by {_pose_words(frame_shift, frame_turn)} in the robot's base", _pose_data(frame_shift, frame_turn)
    else:
        yield "target", f"target moved by {_pose_words(shift, turn)} in the robot's base, its frame is another", _pose_data(shift, turn)


def _in_frame(one: Happening) -> Array | None:
    """The target as it is written in its frame."""
    T = getattr(one.spot.instruction, "T_frame_expected", None)
    return getattr(one.spot.instruction, "T_frame_tcp", None) if T is None else T


def _joints(a: Happening, b: Happening, one: Moved, other: Moved) -> _Found:
    if one.q is None or other.q is None or len(one.q) != len(other.q):
        if (one.q is None) != (other.q is None) or (one.q is not None and other.q is not None):
            yield "joints", f"{0 if one.q is None else len(one.q)} joint values became {0 if other.q is None else len(other.q)}", {}
        return
    change = other.q - one.q
    slides = np.zeros(len(change), dtype=bool) if len(change) != 7 else np.arange(7) == 0
    moved = np.flatnonzero(np.abs(change) > np.where(slides, LENGTH, TURN))
    if not len(moved):
        return
    parts = [
        f"joint {k + 1} by {to_mm(change[k]):+.3f} mm" if slides[k] else f"joint {k + 1} by {to_deg(change[k]):+.4f} deg" for k in moved
    ]
    data: dict[str, Any] = {
        f"joint_{k + 1}_{'mm' if slides[k] else 'deg'}": round(float((to_mm if slides[k] else to_deg)(change[k])), 5) for k in moved
    }
    where = ""
    if a.at.T_flange is not None and b.at.T_flange is not None:
        shift, turn = pose_change(a.at.T_flange @ one.T_flange_tcp, b.at.T_flange @ other.T_flange_tcp)
        where = f": the tool by {_pose_words(shift, turn)} in the robot's base"
        data |= _pose_data(shift, turn)
    yield "joints", f"target moved, {', '.join(parts)}{where}", data


def _manner(one: Moved, other: Moved, same_language: bool) -> _Found:
    """How a move is made: speeds, time, rounding, posture, axes, triggers."""
    if one.duration is None and other.duration is None:
        if one.kind == other.kind == "joint":
            if abs(one.speed - other.speed) > JOINT_SPEED * (0.5 if same_language else 1.0):
                yield (
                    "speed",
                    f"joint speed {100 * one.speed:g} % became {100 * other.speed:g} %",
                    {"a_percent": 100 * one.speed, "b_percent": 100 * other.speed},
                )
        elif one.kind != "joint" and other.kind != "joint" and _speeds_differ(one.speed, other.speed):
            yield (
                "speed",
                f"speed {to_mm(one.speed):g} mm/s became {to_mm(other.speed):g} mm/s",
                {"a_mm_s": to_mm(one.speed), "b_mm_s": to_mm(other.speed)},
            )
    elif one.duration is not None and other.duration is not None:
        if abs(one.duration - other.duration) > TIME:
            yield (
                "duration",
                f"time of the move {one.duration:g} s became {other.duration:g} s",
                {"a_s": one.duration, "b_s": other.duration},
            )
    elif same_language:
        yield "duration", f"time of the move {_seconds(one.duration)} became {_seconds(other.duration)}", {}
    if same_language and one.turn_speed != other.turn_speed and _speeds_differ(one.turn_speed or 0.0, other.turn_speed or 0.0):
        figures = [f"{to_deg(x):g} deg/s" if x is not None else "no limit" for x in (one.turn_speed, other.turn_speed)]
        yield "turn-speed", f"turning speed {figures[0]} became {figures[1]}", {}
    if (one.blend is None) != (other.blend is None) or (
        same_language and one.blend is not None and other.blend is not None and abs(one.blend - other.blend) > max(1e-5, 1e-3 * one.blend)
    ):
        figures = ["an exact stop" if x is None else f"{to_mm(x):g} mm" for x in (one.blend, other.blend)]
        yield "blend", f"rounding {figures[0]} became {figures[1]}", {"a_mm": to_mm(one.blend or 0.0), "b_mm": to_mm(other.blend or 0.0)}
    if one.posture is not None and other.posture is not None and one.posture.maker == other.posture.maker and one.posture != other.posture:
        yield "posture", f"posture {' '.join(map(str, one.posture.values))} became {' '.join(map(str, other.posture.values))}", {}
    track = [x for x in (one.track, other.track) if x is not None]
    if len(track) == 2 and abs(track[0] - track[1]) > LENGTH:
        yield (
            "axes",
            f"track at {to_mm(track[0]):.3f} mm became {to_mm(track[1]):.3f} mm",
            {"a_mm": to_mm(track[0]), "b_mm": to_mm(track[1])},
        )
    if _axes_differ(one.external, other.external):
        yield "axes", f"positioner axes {_axes(one.external)} became {_axes(other.external)}", {}
    before, after = (
        [(t.value, t.at, round(to_mm(t.distance), 2), round(t.seconds, 3), t.address if same_language else "") for t in x.triggers]
        for x in (one, other)
    )
    if before != after:
        yield "trigger", f"triggers {_triggers(one)} became {_triggers(other)}", {}


def _times(a: float | None, b: float | None) -> _Found:
    """A time prescribed in one language and a speed that gives it in the other."""
    if a is not None and b is not None and abs(a - b) > max(TIME_SHARE * a, 2 * TIME):
        yield "duration", f"the move takes {a:.3f} s, it became {b:.3f} s", {"a_s": a, "b_s": b}


def _loads(a: Load | None, b: Load | None, same_language: bool) -> _Found:
    if a is None or b is None:
        if a is not b and same_language:
            named = [f"{one.mass:.3f} kg" if one is not None else "none" for one in (a, b)]
            yield "load", f"load on the flange, {named[0]}, became {named[1]}", {}
    elif not same_load(a, b):
        shift = _millimetres(b.com - a.com)
        data = {"a_kg": a.mass, "b_kg": b.mass, "centre_shift_mm": shift}
        yield "load", f"load on the flange, {a.mass:.3f} kg, became {b.mass:.3f} kg, its centre moved by {_vector(shift)} mm", data


def _speeds_differ(a: float, b: float) -> bool:
    return abs(a - b) > max(SPEED, SPEED_SHARE * abs(a))


def _axes_differ(a: tuple[float, ...] | None, b: tuple[float, ...] | None) -> bool:
    if a is None or b is None:
        return a is not b
    return len(a) != len(b) or any(abs(x - y) > LENGTH for x, y in zip(a, b, strict=True))


def _axes(axes: tuple[float, ...] | None) -> str:
    # A positioner's axes turn or slide; the program knows which, an event does not.
    return "none" if axes is None else "(" + ", ".join(f"{x:.5f}" for x in axes) + ") rad or m"


def _triggers(move: Moved) -> str:
    one = [f"{t.address} = {t.value} {to_mm(t.distance):g} mm and {t.seconds:g} s from the {t.at}" for t in move.triggers]
    return "; ".join(one) or "none"


def _seconds(duration: float | None) -> str:
    return "by its speed" if duration is None else f"{duration:g} s"


# Signals


def _signals(a: Happening, b: Happening, same_language: bool) -> _Found:
    if sorted(a.signals) != sorted(b.signals):
        yield "signal", f"{words(a)} became {words(b)}", {"a": [list(one) for one in a.signals], "b": [list(one) for one in b.signals]}
    one, other = a.event, b.event
    if isinstance(one, SignalSet) and isinstance(other, SignalSet) and abs((one.pulse or 0.0) - (other.pulse or 0.0)) > TIME:
        yield (
            "signal",
            f"{one.address}: pulse of {one.pulse or 0:g} s became {other.pulse or 0:g} s",
            {"a_s": one.pulse, "b_s": other.pulse},
        )
    if isinstance(one, Waited) and isinstance(other, Waited):
        times = (one.timeout, other.timeout)
        unknown = None in times and not same_language
        if times[0] != times[1] and not unknown and (None in times or abs((times[0] or 0.0) - (times[1] or 0.0)) > TIME):
            figures = ["for ever" if x is None else f"{x:g} s" for x in times]
            yield "timeout", f"{words(a)}: {figures[0]} became {figures[1]}", {"a_s": times[0], "b_s": times[1]}


# Words


def _differs(shift: Array, turn: float) -> bool:
    return float(np.linalg.norm(shift)) > LENGTH or turn > TURN


def _millimetres(shift: Array) -> list[float]:
    return [round(float(to_mm(x)), 4) + 0.0 for x in shift]


def _vector(values: list[float]) -> str:
    return "(" + ", ".join(f"{x:.3f}" for x in values) + ")"


def _pose_words(shift: Array, turn: float) -> str:
    turned = f" and turned by {to_deg(turn):.4f} deg" if turn > TURN else ""
    return f"{_vector(_millimetres(shift))} mm{turned}"


def _pose_data(shift: Array, turn: float) -> dict[str, Any]:
    return {"shift_mm": _millimetres(shift), "turn_deg": round(to_deg(turn), 5)}
