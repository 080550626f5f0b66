"""The robot languages: what each can say, its writer and its reader."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from core.errors import UnknownNameError
from robots.programs import fanuc, inform, krl, rapid, urscript
from robots.programs.capabilities import Capabilities
from robots.programs.controller import Controller
from robots.programs.fanuc_reader import read_fanuc
from robots.programs.inform_reader import read_inform
from robots.programs.krl_reader import read_krl
from robots.programs.program import RobotProgram
from robots.programs.rapid_reader import read_rapid
from robots.programs.settings import ProgramSettings
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
    "rapid": Language(rapid.CAPABILITIES, rapid.write_rapid, read_rapid),
    "krl": Language(krl.CAPABILITIES, krl.write_krl, read_krl),
    "fanuc": Language(fanuc.CAPABILITIES, fanuc.write_fanuc, read_fanuc),
    "inform": Language(inform.CAPABILITIES, inform.write_inform, read_inform),
    "urscript": Language(urscript.CAPABILITIES, urscript.write_urscript, read_urscript),
}
"""By name."""


def language(name: str) -> Language:
    """A language by name; raises `UnknownNameError`."""
    if name not in LANGUAGES:
        raise UnknownNameError("robot language", name, list(LANGUAGES))
    return LANGUAGES[name]
