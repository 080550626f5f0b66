"""A FANUC ASCII file cut into its header, its statements and its positions; says where something stands."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from robots.programs.events import ProgramTextError

LONGEST_LINE = 1000
LONGEST_NAME = 36
ATTRIBUTES = (
    "OWNER", "COMMENT", "PROG_SIZE", "CREATE", "MODIFIED", "FILE_NAME", "VERSION", "LINE_COUNT", "MEMORY_SIZE", "PROTECT", "STORAGE",
    "TCD", "DEFAULT_GROUP", "CONTROL_CODE", "LOCAL_REGISTERS", "INVISIBLE_STAT",
)  # fmt: skip
ORDER = ("PROG", "ATTR", "APPL", "MN", "POS", "END")
_CONTROL = re.compile(r"[^\t\n\x20-\x7e]")
_SECTION = re.compile(r"/([A-Za-z]+)\b")
_PROG = re.compile(r"/PROG\s+([A-Za-z]\w*)(?:\s+(?:Macro|Cond|Process))?\s*", re.IGNORECASE)
_NUMBERED = re.compile(r"\s*(\d*)\s*:(.*)", re.DOTALL)
_GROUPS = re.compile(r"[1*](?:\s*,\s*[1*]){4,7}")


@dataclass(frozen=True, slots=True)
class Statement:
    """One instruction: text without number and `;`, where it begins."""

    text: str
    line: int
    column: int


@dataclass(frozen=True, eq=False, slots=True)
class Source:
    """One file.

    Attributes:
        file: Its name.
        name: Of the program.
        lines: All of it.
        groups: Numbers of the motion groups it uses.
        comment: Of the header.
        body: First line index and the one after the last of /MN.
        positions: The same of /POS.
    """

    file: str
    name: str
    lines: list[str]
    groups: tuple[int, ...]
    comment: str
    body: tuple[int, int]
    positions: tuple[int, int]

    def error(self, message: str, line: int, column: int = 1) -> ProgramTextError:
        """An error at a line (from 1) and column."""
        return misplaced(message, self.file, line, column)

    def statements(self) -> Iterator[Statement]:
        """Every instruction in order; raises where numbers, `;` or brackets are wrong."""
        first, last = self.body
        expected, open_text, start, column = 1, "", 0, 1
        for index in range(first, last):
            text = self.lines[index]
            match = _NUMBERED.fullmatch(text)
            if match is None:
                if text.strip():
                    raise self.error("a program line begins with its number and ':', one that goes on with ':' alone", index + 1)
                continue
            if match[1]:
                if open_text:
                    raise self.error("';' is missing at the end of the instruction", start, len(self.lines[start - 1]) + 1)
                if int(match[1]) != expected:
                    raise self.error(f"line number {match[1]} where {expected} is next", index + 1)
                expected += 1
                start, column = index + 1, match.start(2) + 1
            elif not open_text:
                raise self.error("a line that goes on, but the one before it is complete", index + 1)
            part = match[2].rstrip()
            end = part.find(";")
            if end >= 0 and end != len(part) - 1:
                raise self.error("nothing may follow ';'", index + 1, match.start(2) + end + 2)
            open_text = f"{open_text} {part}" if open_text else part or " "
            if end < 0:
                continue
            text = open_text[:-1]
            body = text.lstrip()
            yield Statement(body.rstrip(), start, column + len(text) - len(body))
            open_text = ""
        if open_text:
            raise self.error("';' is missing at the end of the instruction", start, len(self.lines[start - 1]) + 1)


def misplaced(message: str, file: str, line: int, column: int = 1) -> ProgramTextError:
    """An error at a line and column of a file."""
    return ProgramTextError(message, file=file, place=f"line {line}, column {column}")


def read_source(file: str, data: bytes) -> Source:
    """Checks encoding, sections and header of a file.

    Raises:
        ProgramTextError: It is no ASCII program file, or its header is wrong.
    """
    lines = _lines(file, data)
    marks: list[tuple[str, int]] = []
    for index, text in enumerate(lines):
        if text.startswith("/"):
            found = _SECTION.match(text)
            word = found[1].upper() if found else ""
            if word not in ORDER:
                raise misplaced(f"'{text[:20]}' is no section; valid: {', '.join('/' + one for one in ORDER)}", file, index + 1)
            if word != "PROG" and text.strip().upper() != f"/{word}":
                raise misplaced(f"nothing may follow /{word}", file, index + 1, len(word) + 2)
            marks.append((word, index))
    _check_order(file, lines, marks)
    at = dict(reversed(marks))
    for index in [*range(at["PROG"]), *range(at["END"] + 1, len(lines))]:
        if lines[index].strip():
            raise misplaced("nothing may stand before /PROG or after /END", file, index + 1)
    head = _PROG.fullmatch(lines[at["PROG"]])
    if head is None or len(head[1]) > LONGEST_NAME:
        raise misplaced(f"/PROG is followed by a name: a letter, then letters, digits and _, at most {LONGEST_NAME}", file, at["PROG"] + 1)
    base = re.sub(r"^.*[/\\]", "", file)
    if base.upper() != f"{head[1].upper()}.LS":
        raise misplaced(f"the program is called {head[1]}, so its file must be {head[1]}.LS", file, at["PROG"] + 1, 8)
    after = at.get("APPL", at["MN"])
    attributes = _attributes(file, lines, at["ATTR"] + 1, after)
    body = (at["MN"] + 1, at["POS"])
    count = sum(1 for index in range(*body) if lines[index].lstrip()[:1].isdigit())
    if "LINE_COUNT" in attributes:
        value, line = attributes["LINE_COUNT"]
        if value != str(count):
            raise misplaced(f"LINE_COUNT is {value}, there are {count} program lines", file, line)
    groups = _groups(file, attributes, at["ATTR"] + 1)
    return Source(file, head[1].upper(), lines, groups, attributes.get("COMMENT", ("", 0))[0].strip('"'), body, (at["POS"] + 1, at["END"]))


def _lines(file: str, data: bytes) -> list[str]:
    if data.startswith((b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")):
        raise misplaced("the file begins with a byte order mark; save it as ASCII", file, 1)
    text = data.decode("latin-1").replace("\r\n", "\n")
    bad = _CONTROL.search(text)
    if bad is not None:
        line = text.count("\n", 0, bad.start()) + 1
        column = bad.start() - text.rfind("\n", 0, bad.start())
        raise misplaced(f"character {ord(bad[0]):#04x}; FANUC programs are ASCII text", file, line, column)
    lines = text.split("\n")
    for index, one in enumerate(lines):
        if len(one) > LONGEST_LINE:
            raise misplaced(f"a line of {len(one)} characters; at most {LONGEST_LINE}", file, index + 1, LONGEST_LINE)
    return lines


def _check_order(file: str, lines: list[str], marks: list[tuple[str, int]]) -> None:
    place = -1
    for word, index in marks:
        at = ORDER.index(word)
        if at < place or (at == place and word != "APPL"):
            raise misplaced(f"/{word} stands after /{ORDER[place]}; the order is {', '.join('/' + one for one in ORDER)}", file, index + 1)
        missing = [one for one in ORDER[place + 1 : at] if one != "APPL"]
        if missing:
            raise misplaced(f"/{missing[0]} is missing before /{word}", file, index + 1)
        place = at
    if place != len(ORDER) - 1:
        raise misplaced(f"/{ORDER[place + 1]} is missing: the file is cut off", file, len(lines))


def _attributes(file: str, lines: list[str], first: int, last: int) -> dict[str, tuple[str, int]]:
    """Key -> (value, line)."""
    out: dict[str, tuple[str, int]] = {}
    text, start = "", first
    for index in range(first, last):
        part = lines[index].strip()
        if not part:
            continue
        if not text:
            start = index
        text = f"{text} {part}".strip()
        if not part.endswith(";"):
            if not part.endswith(","):
                raise misplaced("';' is missing at the end of the attribute", file, index + 1, len(lines[index]) + 1)
            continue
        match = re.match(r"([A-Z_]+)\s*([=:])\s*", text)
        if match is None or match[1] not in ATTRIBUTES or (match[2] == ":") != (match[1] == "TCD"):
            raise misplaced(f"'{text[:24]}' is no attribute; valid: {', '.join(ATTRIBUTES)}", file, start + 1)
        if match[1] in out:
            raise misplaced(f"{match[1]} stands twice", file, start + 1)
        out[match[1]] = (text[match.end() : -1].strip(), start + 1)
        text = ""
    if text:
        raise misplaced("';' is missing at the end of the attribute", file, start + 1)
    return out


def _groups(file: str, attributes: dict[str, tuple[str, int]], line: int) -> tuple[int, ...]:
    if "DEFAULT_GROUP" not in attributes:
        raise misplaced("DEFAULT_GROUP is missing: which motion groups the program uses", file, line)
    value, line = attributes["DEFAULT_GROUP"]
    if not _GROUPS.fullmatch(value):
        raise misplaced(f"DEFAULT_GROUP = {value}; it has 5 to 8 fields, each 1 or *", file, line)
    return tuple(i + 1 for i, field in enumerate(value.split(",")) if field.strip() == "1")
