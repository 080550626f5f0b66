"""The robot languages: what each can say, its writer and its reader."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from core.errors import UnknownNameError
from robots.programs import krl
from robots.programs.capabilities import Capabilities
from robots.programs.controller import Controller
from robots.programs.fanuc import CAPABILITIES as FANUC
from robots.programs.fanuc import write_fanuc
from robots.programs.fanuc_reader import read_fanuc
from robots.programs.krl_reader import read_krl
from robots.programs.inform import CAPABILITIES as INFORM
from robots.programs.inform import write_inform
from robots.programs.inform_reader import read_inform
from robots.programs.program import RobotProgram
from robots.programs.rapid import CAPABILITIES as RAPID
from robots.programs.rapid import write_rapid
from robots.programs.rapid_reader import read_rapid
from robots.programs.settings import ProgramSettings


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
    "fanuc": Language(FANUC, write_fanuc, read_fanuc),
    "rapid": Language(RAPID, write_rapid, read_rapid),
    "krl": Language(krl.CAPABILITIES, krl.write_krl, read_krl),
    "inform": Language(INFORM, write_inform, read_inform),
}
"""By name."""


def language(name: str) -> Language:
    """A language by name; raises `UnknownNameError`."""
    if name not in LANGUAGES:
        raise UnknownNameError("robot language", name, list(LANGUAGES))
    return LANGUAGES[name]
