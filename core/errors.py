"""One root for every error that a user may meet.

An exception is for misuse and bad input. What a *plan* cannot do is a `core.findings.Finding`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Self


class PliantError(Exception):
    """An error with a kebab-case code that the command line prints and HTTP uses as problem type.

    Args:
        message: One or two sentences that name the thing, the value, the limit and the valid choices.
        file: The file the trouble lies in, if any.
        place: Where in the file: `line 12`, `entity 2F`, `cell.brake.stroke_mm`, `(12.0, 4.5) mm`.
    """

    code = "pliant-error"

    def __init__(self, message: str, *, file: str | Path | None = None, place: str | None = None) -> None:
        self.message = message
        self.file = None if file is None else str(file)
        self.place = place
        where = ": ".join(part for part in (self.file, place) if part)
        super().__init__(f"{where}: {message}" if where else message)

    def placed(self, *, file: str | Path | None = None, place: str | None = None) -> Self:
        """The same error with its file and place, unless it already names a file."""
        if self.file is not None:
            return self
        other = type(self).__new__(type(self))
        PliantError.__init__(other, self.message, file=file, place=self.place or place)
        return other


class InputError(PliantError):
    """A file or value from the user that cannot be used."""

    code = "bad-input"


class UnknownNameError(InputError):
    """A name that is not among the valid ones."""

    code = "unknown-name"

    def __init__(self, kind: str, name: str, valid: list[str], *, file: str | Path | None = None, place: str | None = None) -> None:
        choices = ", ".join(sorted(valid)) or "none"
        super().__init__(f"unknown {kind} '{name}'; valid: {choices}", file=file, place=place)


class UnsupportedError(PliantError):
    """Something that the chosen language or machine cannot express; names the alternative."""

    code = "unsupported"
