"""What changed between two programs, from their files: the body of `pliant diff`."""

from __future__ import annotations

from robots.model import RobotModel
from robots.programs.compare import compare
from robots.programs.controller import Controller
from robots.programs.differences import Change
from robots.programs.languages import language
from robots.programs.settings import ProgramSettings


def diff_programs(
    files_a: dict[str, bytes],
    files_b: dict[str, bytes],
    language_a: str,
    language_b: str,
    controller: Controller,
    model: RobotModel | None = None,
) -> list[Change]:
    """Reads both programs and compares what they do.

    Args:
        files_a, files_b: File name -> content, of the first and of the second program.
        language_a, language_b: Of the languages that `robots.programs.languages` knows.
        controller: What both programs run on; its settings name the lines of both languages.
        model: Of the robot, for ways and times of joint moves.

    Raises:
        UnknownNameError: No such language.
        ProgramTextError: A controller would not take one of the texts, or it comes to an instruction that cannot be carried out.
    """
    program_a = language(language_a).read(files_a, controller)
    program_b = language(language_b).read(files_b, controller)
    names_a, names_b = (_names(controller.settings, name) for name in (language_a, language_b))
    return compare(program_a, program_b, model, same_language=language_a == language_b, names_a=names_a, names_b=names_b)


def _names(settings: ProgramSettings, name: str) -> dict[str, str]:
    """Address -> neutral name, as the cell has them for a language."""
    return {address: neutral for neutral, address in getattr(settings, name).signals.items()}
