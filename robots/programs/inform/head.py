"""Jobs of INFORM as text: lines, head and sections, in the order that the controller wants."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import PurePath

from robots.programs.events import ProgramTextError

LONGEST_LINE = 512
"""A line of a job is shorter; longer ones are no job [characters]."""

_CONTROL = re.compile(r"[^\x20-\x7e\t\r\n]")
_NAME = re.compile(r"//NAME +([A-Za-z0-9_\-]{1,32})")
_NPOS = re.compile(r"///NPOS +(\d+),(\d+),(\d+),(\d+),(\d+),(\d+)")
_DATE = re.compile(r"///DATE +\d{4}/\d{2}/\d{2} \d{2}:\d{2}")
_COMM = re.compile(r"///COMM(?: (.{0,32}))?")
_ATTR = re.compile(r"///ATTR +([A-Z]{2}(?:,[A-Z]{2})*)")
_FRAME = re.compile(r"////FRAME +(?:USER +(\d+)|BASE|ROBOT)")
_GROUP1 = re.compile(r"///GROUP1 +RB1(,BS1)?")
_GROUP2 = re.compile(r"///GROUP2 +ST1")
_LVARS = re.compile(r"///LVARS +(\d+(?:,\d+){7})")


@dataclass(frozen=True, slots=True)
class Source:
    """A file as lines without their ends, blanks at both sides taken off."""

    file: str
    lines: list[str]

    def fail(self, line: int, message: str, token: str = "") -> ProgramTextError:
        """The error at a line (from 1), at the column where `token` stands in it."""
        text = self.lines[line - 1] if 0 < line <= len(self.lines) else ""
        column = max(text.find(token), 0) + 1
        return ProgramTextError(message, file=self.file, place=f"line {line}, column {column}")


@dataclass(frozen=True, slots=True)
class Head:
    """What stands around positions and instructions.

    Attributes:
        name: Of the job.
        comment: Of the job.
        counts: C, BC, EC, P, BP, EX.
        relative: The job may be moved with its frame (RJ).
        user: Number of the frame of a relative job; None: base or robot, or no relative job.
        moves: It has a control group; without one it cannot move.
        track: The group has the base axis.
        station: The job has the station.
        local: Number of local variables B, I, D, R.
        block: First and last line of the position block.
        first: Line of NOP.
    """

    name: str
    comment: str
    counts: tuple[int, ...]
    relative: bool
    user: int | None
    moves: bool
    track: bool
    station: bool
    local: tuple[int, ...]
    block: tuple[int, int]
    first: int


def lines_of(file: str, data: bytes) -> Source:
    """A file as lines; raises `ProgramTextError` for what is no text of a controller."""
    try:
        text = data.decode("ascii")
    except UnicodeDecodeError as fault:
        start = data.rfind(b"\n", 0, fault.start) + 1
        raise ProgramTextError(
            f"byte 0x{data[fault.start]:02x} is no ASCII; jobs are ASCII text",
            file=file,
            place=f"line {data.count(bytes([10]), 0, fault.start) + 1}, column {fault.start - start + 1}",
        ) from None
    odd = _CONTROL.search(text)
    if odd is not None:
        start = text.rfind("\n", 0, odd.start()) + 1
        raise ProgramTextError(
            f"character {odd.group()!r} is no text",
            file=file,
            place=f"line {text.count(chr(10), 0, odd.start()) + 1}, column {odd.start() - start + 1}",
        )
    lines = [line.strip() for line in text.split("\n")]
    for i, line in enumerate(lines, 1):
        if len(line) > LONGEST_LINE:
            raise ProgramTextError(
                f"a line of {len(line)} characters; lines of a job have up to {LONGEST_LINE}",
                file=file,
                place=f"line {i}, column {LONGEST_LINE + 1}",
            )
    while lines and not lines[-1]:
        lines.pop()
    return Source(file, lines)


class _Cursor:
    """The lines one after the other, empty ones left out."""

    def __init__(self, source: Source) -> None:
        self.source, self.at, self.stays = source, 0, False

    def take(self, pattern: re.Pattern[str] | str, what: str) -> re.Match[str]:
        """The next line, which must be this."""
        found = self.may(pattern, what)
        if found is None:
            if self.at > len(self.source.lines):
                raise self.source.fail(len(self.source.lines), f"the file ends where '{what}' is expected")
            raise self.source.fail(self.at, f"'{self.source.lines[self.at - 1][:40]}' where '{what}' is expected")
        return found

    def may(self, pattern: re.Pattern[str] | str, what: str) -> re.Match[str] | None:
        """The next line if it begins as this does; it must then be it to its end."""
        self._next()
        text = self.source.lines[self.at - 1] if self.at <= len(self.source.lines) else ""
        found = re.compile(pattern).fullmatch(text)
        if found is None and text.split(" ")[0] == what.split(" ")[0]:
            raise self.source.fail(self.at, f"'{text[:40]}' has not the form '{what}'")
        if found is None:
            self.stays = True
        return found

    def _next(self) -> None:
        # A line that was not what might have stood there is still to be read.
        if self.stays:
            self.stays = False
            return
        self.at += 1
        while self.at <= len(self.source.lines) and not self.source.lines[self.at - 1]:
            self.at += 1


def head_of(source: Source) -> Head:
    """Checks order and form of a job's head and finds its sections.

    Raises:
        ProgramTextError: A line that is missing, in the wrong place or of the wrong form.
    """
    at = _Cursor(source)
    at.take("/JOB", "/JOB")
    name = at.take(_NAME, "//NAME JOBNAME")[1]
    if name != PurePath(source.file).stem:
        raise source.fail(at.at, f"the job '{name}' lies in the file '{source.file}'; a controller wants '{name}.JBI'", name)
    at.take("//POS", "//POS")
    counts = tuple(int(value) for value in at.take(_NPOS, "///NPOS 0,0,0,0,0,0").groups())
    begin = at.at + 1
    end = next((i for i in range(begin, len(source.lines) + 1) if source.lines[i - 1].startswith("//INST")), None)
    if end is None:
        raise source.fail(len(source.lines), "the file ends where '//INST' is expected")
    at.at = end - 1
    at.take("//INST", "//INST")
    at.take(_DATE, "///DATE 2026/01/31 12:00")
    comment = at.may(_COMM, "///COMM text of up to 32 characters")
    attributes = at.take(_ATTR, "///ATTR SC,RW")[1].split(",")
    if not {"SC", "RW"} <= set(attributes) or len(set(attributes)) < len(attributes) or not set(attributes) <= {"SC", "RW", "RO", "RJ"}:
        raise source.fail(at.at, f"attributes {','.join(attributes)}; valid: SC,RW and SC,RW,RJ", attributes[0])
    frame = at.may(_FRAME, "////FRAME USER 1")
    if (frame is not None) != ("RJ" in attributes):
        raise source.fail(at.at, "a relative job has both RJ in ///ATTR and ////FRAME, another job neither")
    group1 = at.may(_GROUP1, "///GROUP1 RB1[,BS1]")
    group2 = at.may(_GROUP2, "///GROUP2 ST1") if group1 is not None else None
    local = at.may(_LVARS, "///LVARS 0,0,0,0,0,0,0,0")
    at.take("NOP", "NOP")
    return Head(
        name,
        (comment[1] or "") if comment is not None else "",
        counts,
        frame is not None,
        int(frame[1]) if frame is not None and frame[1] else None,
        group1 is not None,
        group1 is not None and group1[1] is not None,
        group2 is not None,
        tuple(int(value) for value in local[1].split(","))[:4] if local is not None else (0, 0, 0, 0),
        (begin, end - 1),
        at.at,
    )
