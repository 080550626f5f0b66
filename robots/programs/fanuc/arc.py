"""ArcTool instructions: the arc, weaving and seam tracking, which the neutral program says in one instruction."""

from __future__ import annotations

import re
from dataclasses import replace

from core.units import MM
from robots.programs.fanuc.expressions import NotKnown, Wrong
from robots.programs.fanuc.tables import Tables
from robots.programs.program import ArcOff, ArcOn, Instruction, Remark, SetSpeed, Unknown, Weave

_N = r"(?:\d+\.?\d*|\.\d+)"
_ARC = re.compile(r"(Weld|Arc)\s+(Start|End)\s*\[\s*(\d+)\s*(?:,\s*(\d+)\s*)?\]", re.IGNORECASE)
_WEAVE = re.compile(
    rf"Weave\s+(Sine|Circle|Figure 8)\s*\[\s*(?:(\d+)|({_N})\s*Hz\s*,\s*({_N})\s*mm\s*,\s*({_N})\s*s\s*,\s*({_N})\s*s)\s*\]", re.IGNORECASE
)
_TRACK = re.compile(r"Track\s+TAST\s*\[\s*(\d+)\s*\]", re.IGNORECASE)
_END = re.compile(r"(?:Weave|Track)\s+End", re.IGNORECASE)
_OTHER = re.compile(
    r"(?:Weave\s+(?:L|Sine 2)|Track\s+(?!TAST)\w+|(?:Arc|Weld)\s+(?:Start|End)\s*\[.*(?:R\[|Volts|Amps|,.*,))", re.IGNORECASE
)
_SHAPES = {"SINE": "sine", "CIRCLE": "circle", "FIGURE 8": "figure-8"}


class ArcReader:
    """Follows the arc through the text of one program.

    Weave and Track stand next to Weld Start, on either side of it; they are gathered into it. Where they stand elsewhere they stay unknown lines.
    """

    def __init__(self, tables: Tables) -> None:
        self.tables = tables
        self.speed: float | None = None
        self.over = False
        self.on = False

    def read(self, text: str, body: list[Instruction], line: int) -> None:
        """Puts an instruction behind those of `body`, or changes the last of them."""
        if (match := _ARC.fullmatch(text)) is not None:
            if match[1].upper() == "WELD" and match[4] is None and match[2].upper() == "START" and self.tables.settings.arc == "weld":
                raise Wrong("'Weld Start[procedure,schedule]' is expected", match.end(3))
            name, procedure = self.tables.procedure(int(match[3]), None if match[4] is None else int(match[4]))
            if match[2].upper() == "START":
                self._start(name, body, line)
                self.speed, self.over, self.on = procedure.speed, False, True
                body.append(SetSpeed(linear=procedure.speed, line=line))
            else:
                while body and isinstance(body[-1], Unknown) and _END.fullmatch(body[-1].text):
                    body.pop()
                body.append(ArcOff(name, line=line))
                self.speed, self.over, self.on = None, True, False
        elif _WEAVE.fullmatch(text) is not None or _TRACK.fullmatch(text) is not None:
            place = self._started(body)
            if place is None:
                # It may belong to a Weld Start that follows.
                body.append(Unknown(text, line=line))
            else:
                started = body[place]
                assert isinstance(started, ArcOn)
                body[place] = self._with(started, text)
        elif _END.fullmatch(text) is not None:
            if self.on:
                # Right only if the arc ends with it; `Weld End` takes it back then.
                body.append(Unknown(text, line=line))
        elif _OTHER.match(text) is not None:
            raise NotKnown
        else:
            raise Wrong("'Weld Start[p,s]', 'Arc Start[n]', 'Weave Sine[n]', 'Track TAST[n]' or their End is expected", 0)

    def _start(self, name: str, body: list[Instruction], line: int) -> None:
        arc = ArcOn(name, line=line)
        while body and isinstance(body[-1], Unknown) and (_WEAVE.fullmatch(body[-1].text) or _TRACK.fullmatch(body[-1].text)):
            before = body.pop()
            assert isinstance(before, Unknown)
            arc = self._with(arc, before.text)
        body.append(arc)

    def _started(self, body: list[Instruction]) -> int | None:
        """Index of the Weld Start that the next line belongs to."""
        for place in range(len(body) - 1, -1, -1):
            if isinstance(body[place], ArcOn):
                return place
            if not isinstance(body[place], Remark | SetSpeed):
                return None
        return None

    def _with(self, arc: ArcOn, text: str) -> ArcOn:
        match = _WEAVE.fullmatch(text)
        if match is None:
            return replace(arc, track="arc")
        shape = _SHAPES[match[1].upper()]
        if match[2] is not None:
            return replace(arc, weave=self.tables.weave(replace(self.tables.weave_schedule(int(match[2])), shape=shape)))
        frequency, amplitude, left, right = (float(match[i]) for i in (3, 4, 5, 6))
        return replace(arc, weave=self.tables.weave(Weave(shape, frequency, amplitude * MM, left, right)))
