"""KRL text as lines, and a line as tokens with their columns."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal, NoReturn

from robots.programs.events import ProgramTextError

LONGEST_LINE = 1000
"""Letters; no KRL line is longer."""
LONGEST_NAME = 24
GREATEST = 1e12
"""No number in a program is greater."""
DEEPEST = 40
"""Brackets or blocks inside of each other."""

NUMBER = r"(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?"
NAME = r"[A-Za-z_$][\w$]*"
_FOREIGN = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_TOKEN = re.compile(
    rf"[ \t]*(?:(?P<number>{NUMBER})(?![\w.])|(?P<bits>'[BbHh][0-9A-Fa-f]+')|(?P<name>{NAME})|(?P<enum>#[A-Za-z_]\w*)|(?P<text>\"[^\"]*\")|(?P<sign>==|<>|<=|>=|[-<>=+*/()\[\]{{}},:.&?]))",
    re.ASCII,
)

Kind = Literal["number", "bits", "name", "enum", "text", "sign", "end"]


@dataclass(frozen=True, slots=True)
class Token:
    """One word; `column` counts from 1. Names and enumerations are in capitals, because KRL does not tell cases apart."""

    kind: Kind
    text: str
    column: int


class NotSaid(Exception):
    """KRL that is right as far as it is understood, but that neutral programs cannot say: the line is kept as it stands."""


def lines_of(data: bytes, file: str) -> list[str]:
    """Text as lines; comments may hold letters of any 8-bit alphabet.

    Raises:
        ProgramTextError: Binary content, or a line that is too long.
    """
    foreign = _FOREIGN.search(data)
    if foreign is not None:
        line = data.count(b"\n", 0, foreign.start()) + 1
        column = foreign.start() - data.rfind(b"\n", 0, foreign.start())
        raise ProgramTextError(f"byte {data[foreign.start()]:#04x} is no text", file=file, place=f"line {line}, column {column}")
    lines = data.decode("latin-1").replace("\r\n", "\n").replace("\r", "\n").split("\n")
    for number, text in enumerate(lines, 1):
        if len(text) > LONGEST_LINE:
            raise ProgramTextError(
                f"{len(text)} characters; a line has at most {LONGEST_LINE}", file=file, place=f"line {number}, column {LONGEST_LINE + 1}"
            )
    return lines


class Cursor:
    """Goes through the tokens of one line.

    Args:
        text: The line.
        file, line: Where it stands.
        start: Characters already read.
    """

    __slots__ = ("at", "depth", "file", "line", "raw", "tokens")

    def __init__(self, text: str, file: str, line: int, start: int = 0) -> None:
        self.raw, self.file, self.line = text, file, line
        self.tokens = self._tokens(text, start)
        self.at = 0
        self.depth = 0

    def _tokens(self, text: str, at: int) -> list[Token]:
        out = []
        end = len(text)
        while True:
            match = _TOKEN.match(text, at)
            if match is None:
                while at < end and text[at] in " \t":
                    at += 1
                if at < end and text[at] != ";":
                    what = "a text without its closing quotation mark" if text[at] == '"' else f"'{text[at : at + 12]}' is not understood"
                    raise ProgramTextError(what, file=self.file, place=f"line {self.line}, column {at + 1}")
                out.append(Token("end", "end of line", at + 1))
                return out
            kind = match.lastgroup
            assert kind is not None
            word = match[kind]
            out.append(Token(kind, word.upper() if kind in ("name", "enum", "bits") else word, match.start(kind) + 1))  # type: ignore[arg-type]
            at = match.end()

    @property
    def next(self) -> Token:
        """The token that comes."""
        return self.tokens[self.at]

    def error(self, message: str, token: Token | None = None) -> ProgramTextError:
        """At a token; by default the one that comes."""
        return ProgramTextError(message, file=self.file, place=f"line {self.line}, column {(token or self.next).column}")

    def fail(self, message: str) -> NoReturn:
        raise self.error(message)

    def take(self) -> Token:
        """The token that comes; goes on to the next."""
        token = self.tokens[self.at]
        if token.kind != "end":
            self.at += 1
        return token

    def accept(self, *texts: str) -> bool:
        """Takes these tokens if they are what comes."""
        if all(
            self.at + i < len(self.tokens)
            and self.tokens[self.at + i].text == text
            and self.tokens[self.at + i].kind in ("name", "sign", "enum")
            for i, text in enumerate(texts)
        ):
            self.at += len(texts)
            return True
        return False

    def expect(self, *texts: str) -> None:
        """Takes these tokens; raises `ProgramTextError` when something else comes."""
        for text in texts:
            if not self.accept(text):
                self.fail(f"'{text}' is wanted, here stands '{self.next.text}'")

    def word(self, what: str) -> Token:
        """A name of at most 24 letters."""
        token = self.next
        if token.kind != "name":
            self.fail(f"{what} is wanted, here stands '{token.text}'")
        if len(token.text) > LONGEST_NAME and not token.text.startswith("$"):
            self.fail(f"'{token.text}' has {len(token.text)} letters; a KRL name has at most {LONGEST_NAME}")
        return self.take()

    def number(self, what: str) -> float:
        """A number with its sign."""
        negative = self.accept("-")
        if not negative:
            self.accept("+")
        token = self.next
        if token.kind == "bits":
            self.take()
            return float(self.bits(token))
        if token.kind != "number":
            self.fail(f"{what} is wanted, here stands '{token.text}'")
        self.take()
        return -self.size(token) if negative else self.size(token)

    def size(self, token: Token) -> float:
        """A number's value, which must be one that a controller can hold."""
        value = float(token.text)
        if value > GREATEST:
            raise self.error(f"{token.text[:20]} is too great a number", token)
        return value

    def bits(self, token: Token) -> int:
        """The value of `'B010'` or `'H1F'`."""
        try:
            return bits(token.text)
        except ValueError:
            raise self.error(f"{token.text[:20]} is no number of bits", token) from None

    def whole(self, what: str, least: int, most: int) -> int:
        """A whole number within bounds."""
        token = self.next
        value = self.number(what)
        if value != int(value) or not least <= value <= most:
            raise self.error(f"{what} is {value:g}; it must be whole and in {least}..{most}", token)
        return int(value)

    def done(self) -> None:
        """The line ends here."""
        if self.next.kind != "end":
            self.fail(f"nothing is wanted any more, here stands '{self.next.text}'")

    def deeper(self) -> None:
        """Into a bracket; raises when they are too deep."""
        self.depth += 1
        if self.depth > DEEPEST:
            self.fail(f"more than {DEEPEST} brackets inside of each other")


def bits(text: str) -> int:
    """`'B010'` and `'H1F'` as a number; raises ValueError."""
    if len(text) > 3 + 32:
        raise ValueError(f"{text} has more than 32 places")
    return int(text[2:-1], 2 if text[1] in "Bb" else 16)
