"""The robot languages: what each can say, its writer and its reader."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from core.errors import UnknownNameError
from robots.programs.capabilities import Capabilities
from robots.programs.controller import Controller
from robots.programs.program import RobotProgram
from robots.programs.settings import ProgramSettings
from robots.programs.urscript import CAPABILITIES as URSCRIPT
from robots.programs.urscript import write_urscript
from robots.programs.urscript_reader import read_urscript


@dataclass(frozen=True, slots=True)
class Language:
    """One language.

    Attributes:
        capabilities: What it can say.
        write: Program and settings -> file name and content; raises `UnsupportedError` for what the language cannot say.
        read: Files and controller -> program; raises `ProgramTextError` for what the controller would not take.
    """

    capabilities: Capabilities
    write: Callable[[RobotProgram, ProgramSettings], dict[str, bytes]]
    read: Callable[[dict[str, bytes], Controller], RobotProgram]


LANGUAGES: dict[str, Language] = {
    "urscript": Language(URSCRIPT, write_urscript, read_urscript),
}
"""By name."""


def language(name: str) -> Language:
    """A language by name; raises `UnknownNameError`."""
    if name not in LANGUAGES:
        raise UnknownNameError("robot language", name, list(LANGUAGES))
    return LANGUAGES[name]
