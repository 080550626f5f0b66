"""URScript text as lines without comments, and errors that name line and column."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from robots.programs.events import ProgramTextError

LONGEST_LINE = 10_000
"""A longer line is no program that a person or a post-processor wrote [characters]."""

_BINARY = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class Source:
    """A file's name and text."""

    file: str
    text: str

    def error(self, line: int, column: int, message: str) -> ProgramTextError:
        """Column 0: the whole line."""
        place = f"line {line}, column {column}" if column else f"line {line}"
        return ProgramTextError(message, file=self.file, place=place)

    def lines(self) -> Iterator[tuple[int, str]]:
        """Number and text of every line that is not empty, without its comment and its end; a list of all would double the memory."""
        text, start, line = self.text, 0, 0
        while start < len(text):
            end = text.find("\n", start)
            end = len(text) if end < 0 else end
            line += 1
            if end - start > LONGEST_LINE:
                raise self.error(line, 0, f"the line has {end - start} characters; at most {LONGEST_LINE} are read")
            one = text[start:end].rstrip()
            start = end + 1
            if "#" in one:
                one = self.without_comment(line, one)
            if one:
                yield line, one

    def without_comment(self, line: int, text: str) -> str:
        """A line up to its `#`; a `#` inside of a string is none."""
        if '"' not in text and "'" not in text:
            return text[: text.index("#")].rstrip()
        quote = ""
        for i, letter in enumerate(text):
            if quote:
                quote = "" if letter == quote else quote
            elif letter in "\"'":
                quote = letter
            elif letter == "#":
                return text[:i].rstrip()
        if quote:
            raise self.error(line, text.index(quote) + 1, "the string does not end on its line")
        return text


def source(files: dict[str, bytes]) -> Source:
    """The one `.script` file of a program as text.

    Raises:
        ProgramTextError: None or several, binary content, another encoding than ASCII or UTF-8.
    """
    names = [name for name in files if name.lower().endswith(".script")]
    if len(names) != 1:
        raise ProgramTextError(f"a URScript program is one .script file; given: {', '.join(sorted(files)) or 'none'}")
    (file,) = names
    data = files[file].removeprefix(b"\xef\xbb\xbf")
    binary = _BINARY.search(data)
    if binary is not None:
        raise ProgramTextError(
            f"byte 0x{data[binary.start()]:02x} is no text", file=file, place=f"line {data.count(10, 0, binary.start()) + 1}"
        )
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as fault:
        raise ProgramTextError(
            f"byte 0x{data[fault.start]:02x} is neither ASCII nor UTF-8", file=file, place=f"line {data.count(10, 0, fault.start) + 1}"
        ) from None
    return Source(file, text)
