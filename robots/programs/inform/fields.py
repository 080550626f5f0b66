"""What stands behind the position of a move in INFORM, read: speed, position level, how it runs on."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from robots.programs.inform.conditions import Names, NotKnown, WordFault
from robots.programs.settings import InformSettings

_FIELD = re.compile(r"(VJ|VR|VE|V|PL|CR|ACC|DEC|T|DIS)=(\S+)")
_DECIMAL = re.compile(r"\d{1,6}(?:\.\d{1,4})?")
_UNTIL = re.compile(r"(IN#\(\d{1,4}\))=(ON|OFF)")


@dataclass(frozen=True, slots=True)
class Fields:
    """Of one move.

    Attributes:
        joint: Share 0..1, None: as SPEED said.
        linear: [m/s]
        turn: [rad/s]
        blend: [m], None: stops.
        on: `NWAIT`, `ENWAIT` or nothing: whether the following lines run before the move ends.
        distance, seconds: Of ENWAIT [m], [s].
        fixed: FPT: an arc ends and the next begins.
        until: (input, value) that ends the move.
    """

    joint: float | None = None
    linear: float | None = None
    turn: float | None = None
    blend: float | None = None
    on: str = ""
    distance: float = 0.0
    seconds: float = 0.0
    fixed: bool = False
    until: tuple[str, bool] | None = None


def decimal(text: str, name: str, least: float, most: float) -> float:
    """A number of a field; raises `WordFault` outside of its range, `NotKnown` for a variable."""
    if not _DECIMAL.fullmatch(text):
        if re.fullmatch(r"L?[BIDR]\d{3}", text):
            raise NotKnown(f"{name}={text}")
        raise WordFault(f"{name}={text} is no number like 12.5", f"{name}={text}")
    value = float(text)
    if not least <= value <= most:
        raise WordFault(f"{name}={text}; it goes from {least:g} to {most:g}", f"{name}={text}")
    return value


def fields_of(text: str, settings: InformSettings, names: Names) -> Fields:
    """The fields of a move.

    Raises:
        WordFault: A value outside of its range, a field that stands twice.
        NotKnown: A field that is not read.
    """
    out, seen = Fields(), set()
    words = text.split()
    at = 0
    while at < len(words):
        word = words[at]
        at += 1
        found = _FIELD.fullmatch(word)
        name = found[1] if found is not None else word
        if name in seen:
            raise WordFault(f"{name} stands twice", word)
        seen.add(name)
        if found is not None:
            out = _valued(out, name, found[2], settings)
        elif word in ("NWAIT", "ENWAIT"):
            out = replace(out, on=word)
        elif word == "FPT":
            out = replace(out, fixed=True)
        elif word == "UNTIL" and at < len(words) and (until := _UNTIL.fullmatch(words[at])):
            signal = names.signal(until[1])
            assert signal is not None
            out = replace(out, until=(signal.address, until[2] == "ON"))
            at += 1
        else:
            raise NotKnown(f"'{word}'")
    if len(seen & {"VJ", "V", "VR", "VE"}) > 1:
        raise WordFault("a move has one speed: VJ=, V= or VR=", words[0])
    if bool(out.distance or out.seconds) != (out.on == "ENWAIT"):
        raise WordFault(
            "T= or DIS= belong to ENWAIT, and ENWAIT has one of them", "T=" if out.seconds else "DIS=" if out.distance else "ENWAIT"
        )
    return out


def _valued(out: Fields, name: str, text: str, settings: InformSettings) -> Fields:
    if name == "VJ":
        return replace(out, joint=decimal(text, name, 0.01, 100.0) / 100.0)
    if name == "V":
        scale = 1e-3 if settings.speed_unit == "mm/s" else 1 / 6000
        most = settings.greatest_speed_mm_s * 1e-3 / scale
        return replace(out, linear=decimal(text, name, 0.1, most + 1e-6) * scale)
    if name == "VR":
        return replace(out, turn=decimal(text, name, 0.1, 180.0) * 0.017453292519943295)
    if name == "PL":
        if not re.fullmatch("[0-8]", text):
            raise WordFault(f"PL={text}; it goes from 0 to 8", f"PL={text}")
        levels = settings.position_levels_mm
        if int(text) > len(levels):
            raise WordFault(
                f"PL={text}: programs.inform.position_levels_mm gives {len(levels)} levels; add this one from the controller", f"PL={text}"
            )
        return replace(out, blend=levels[int(text) - 1] * 1e-3 if text != "0" else None)
    if name in ("ACC", "DEC"):
        # How hard it speeds up and brakes: the way is the same.
        decimal(text, name, 20.0, 100.0)
        return out
    if name == "T":
        return replace(out, seconds=decimal(text, name, 0.01, 655.35))
    if name == "DIS":
        return replace(out, distance=decimal(text, name, 0.1, 6553.5) * 1e-3)
    raise NotKnown(f"{name}=")
