"""The robot languages: what each can say, its writer and its reader."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from core.errors import UnknownNameError
from robots.programs.capabilities import FEATURES, Capabilities
from robots.programs.controller import Controller
from robots.programs.fanuc.reader import read_fanuc
from robots.programs.fanuc.writer import CAPABILITIES as FANUC
from robots.programs.fanuc.writer import write_fanuc
from robots.programs.inform.reader import read_inform
from robots.programs.inform.writer import CAPABILITIES as INFORM
from robots.programs.inform.writer import write_inform
from robots.programs.krl.reader import read_krl
from robots.programs.krl.writer import CAPABILITIES as KRL
from robots.programs.krl.writer import write_krl
from robots.programs.program import RobotProgram
from robots.programs.rapid.reader import read_rapid
from robots.programs.rapid.writer import CAPABILITIES as RAPID
from robots.programs.rapid.writer import write_rapid
from robots.programs.settings import ProgramSettings
from robots.programs.urscript.reader import read_urscript
from robots.programs.urscript.writer import CAPABILITIES as URSCRIPT
from robots.programs.urscript.writer import write_urscript


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
    "rapid": Language(RAPID, write_rapid, read_rapid),
    "krl": Language(KRL, write_krl, read_krl),
    "fanuc": Language(FANUC, write_fanuc, read_fanuc),
    "inform": Language(INFORM, write_inform, read_inform),
    "urscript": Language(URSCRIPT, write_urscript, read_urscript),
}
"""By name."""


def language(name: str) -> Language:
    """A language by name; raises `UnknownNameError`."""
    if name not in LANGUAGES:
        raise UnknownNameError("robot language", name, list(LANGUAGES))
    return LANGUAGES[name]


def capability_table() -> str:
    """What every language says, and what it lacks with the alternative, as the Markdown table of docs/programs.md."""
    names = list(LANGUAGES)
    head = ["what", *(LANGUAGES[name].capabilities.title for name in names)]
    rows = [head, ["---"] * len(head)]
    for feature, words in FEATURES.items():
        cells = []
        for name in names:
            it = LANGUAGES[name].capabilities
            text = it.says[feature] if feature in it.says else f"**no**; instead: {it.lacks[feature]}"
            cells.append(text.replace("|", "\\|"))
        rows.append([words, *cells])
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)
