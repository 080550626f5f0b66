"""RAPID text as tokens with their places."""

from __future__ import annotations

import re
from typing import NamedTuple

from robots.programs.events import ProgramTextError

LONGEST_LINE = 20_000
"""Characters; a longer line was not written by a person or a programming system."""
_TOKEN = re.compile(
    r"[ \t\f]+|(?P<comment>!.*)|(?P<name>[A-Za-z]\w*)|(?P<number>(?:\d+\.?\d*|\.\d+)(?:[Ee][-+]?\d+)?)"
    r'|(?P<string>"(?:[^"]|"")*")|(?P<sign>:=|<>|<=|>=|[-+*/=<>()\[\]{},;:.\\?%#|])',
    re.ASCII,
)
_new = tuple.__new__
_BINARY = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f]")
_HEADER = re.compile(r"\s*%%%[^%]{0,200}%%%")


_RESERVED = frozenset(
    (
        "alias", "and", "backward", "case", "connect", "const", "default", "div", "do", "else", "elseif", "endfor", "endfunc", "endif", "endmodule", "endproc",
        "endrecord", "endtest", "endtrap", "endwhile", "error", "exit", "false", "for", "from", "func", "goto", "if", "inout", "local", "mod", "module", "nostepin",
        "not", "noview", "or", "pers", "proc", "raise", "readonly", "record", "retry", "return", "step", "sysmodule", "task", "test", "then", "to", "trap", "true",
        "trynext", "undo", "var", "viewonly", "while", "with", "xor",
    )
)  # fmt: skip


class Token(NamedTuple):
    """A word of the text.

    Attributes:
        kind: `name`, `number`, `string`, `sign`; `end` after the last.
        text: As it stands; names in lower case are in `low`.
        low: Lower case.
        line, column: From 1.
    """

    kind: str
    text: str
    low: str
    line: int
    column: int

    def __str__(self) -> str:
        return "the end of the file" if self.kind == "end" else f"'{self.text}'"


class TokenStream:
    """Tokens of one file, a line at a time; what has been read since `mark` can be read again.

    Args:
        file: Its name.
        data: Its bytes.
        utf8: RobotWare 7 writes UTF-8, 6 writes ISO 8859-1.

    Raises:
        ProgramTextError: Bytes that are no text, or a line of more than `LONGEST_LINE` characters.
    """

    def __init__(self, file: str, data: bytes, *, utf8: bool) -> None:
        self.file = file
        try:
            text = data.decode("utf-8-sig" if utf8 else "latin-1")
        except UnicodeDecodeError as error:
            line = data.count(b"\n", 0, error.start) + 1
            raise ProgramTextError(f"byte {data[error.start]:#x} is not UTF-8", file=file, place=f"line {line}") from None
        binary = _BINARY.search(text)
        if binary is not None:
            line = text.count("\n", 0, binary.start()) + 1
            raise ProgramTextError(f"byte {ord(binary[0]):#x} cannot stand in a program text", file=file, place=f"line {line}")
        header = _HEADER.match(text)
        if header is not None:
            # Old systems write version and language before the module.
            text = "\n" * text.count("\n", 0, header.end()) + text[header.end() :]
        self.lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
        for number, line_text in enumerate(self.lines, 1):
            if len(line_text) > LONGEST_LINE:
                message = f"the line has {len(line_text)} characters; at most {LONGEST_LINE} are read"
                raise ProgramTextError(message, file=file, place=f"line {number}")
        self.next_line = 0
        self.buffer: list[Token] = []
        self.at = 0

    def part(self, line: int) -> TokenStream:
        """The same text once more, from a line on (counted from 0)."""
        other = object.__new__(TokenStream)
        other.file, other.lines, other.next_line, other.buffer, other.at = self.file, self.lines, line, [], 0
        return other

    def error(self, token: Token, message: str) -> ProgramTextError:
        """An error at a token."""
        return ProgramTextError(message, file=self.file, place=f"line {token.line}, column {token.column}")

    def _fill(self) -> bool:
        if self.next_line >= len(self.lines):
            return False
        text, number = self.lines[self.next_line], self.next_line + 1
        self.next_line += 1
        place = 0
        put = self.buffer.append
        for match in _TOKEN.finditer(text):
            if match.start() != place:
                break
            place = match.end()
            kind = match.lastgroup
            if kind is not None and kind != "comment":
                word = match[0]
                put(_new(Token, (kind, word, word.lower() if kind == "name" else word, number, match.start() + 1)))
        if place != len(text):
            what = "a string is not closed" if text[place] == '"' else f"'{text[place]}' cannot stand here"
            raise ProgramTextError(what, file=self.file, place=f"line {number}, column {place + 1}")
        return True

    def peek(self, ahead: int = 0) -> Token:
        """A token that comes, without taking it."""
        while True:
            try:
                return self.buffer[self.at + ahead]
            except IndexError:
                if not self._fill():
                    return Token("end", "", "", len(self.lines), 1)

    def take(self) -> Token:
        """The next token."""
        token = self.peek()
        if token.kind != "end":
            self.at += 1
        return token

    def accept(self, low: str) -> Token | None:
        """Takes the next token if it is this one."""
        token = self.peek()
        if token.low == low and token.kind != "string":
            self.at += 1
            return token
        return None

    def expect(self, low: str, why: str = "") -> Token:
        """Takes the next token, which must be this one."""
        token = self.accept(low)
        if token is not None:
            return token
        found = self.peek()
        if low == ";" and self.at:
            # A missing end is missed where the statement stops, not where the next one begins.
            last = self.buffer[self.at - 1]
            raise self.error(last, f"';' is missing after {last}; {found} follows")
        raise self.error(found, f"'{low.upper()}' is missing{why}; here stands {found}")

    def expect_name(self, what: str) -> Token:
        """Takes a name."""
        token = self.take()
        if token.kind != "name":
            raise self.error(token, f"{what} is missing; here stands {token}")
        if token.low in _RESERVED:
            raise self.error(token, f"{what} is missing; '{token.text}' is a reserved word")
        return token

    def mark(self) -> None:
        """Forgets what was read: the next token is the first that can be read again."""
        if self.at:
            del self.buffer[: self.at]
            self.at = 0

    def fresh_line(self) -> str | None:
        """The next line, when nothing before it is left."""
        if self.at < len(self.buffer) or self.next_line >= len(self.lines):
            return None
        return self.lines[self.next_line]

    def skip_line(self) -> int:
        """Leaves out the line that `fresh_line` gave; returns its number."""
        self.next_line += 1
        return self.next_line

    def source(self, first: Token, last: Token) -> str:
        """The text from one token to another, in one line."""
        if first.line == last.line:
            return self.lines[first.line - 1][first.column - 1 : last.column - 1 + len(last.text)]
        middle = self.lines[first.line : last.line - 1]
        parts = [self.lines[first.line - 1][first.column - 1 :], *middle, self.lines[last.line - 1][: last.column - 1 + len(last.text)]]
        return " ".join(part.strip() for part in parts if part.strip() and not part.strip().startswith("!"))
