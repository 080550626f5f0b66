"""Reads INFORM jobs back into a neutral program: strict where a controller is, line by line.

Written from the language's facts. A move without PL is read as one that stops; what a controller keeps in variables from before is not known.
"""

from __future__ import annotations

import re
from pathlib import PurePath

import numpy as np

from core.errors import InputError
from robots.programs.controller import Controller
from robots.programs.events import ProgramTextError
from robots.programs.inform.block import Block, block_of
from robots.programs.inform.conditions import Names
from robots.programs.inform.head import Head, Source, head_of, lines_of
from robots.programs.inform.statements import Body, Spot
from robots.programs.program import Frame, RobotProgram, Routine

_CALL = re.compile(r"CALL\s+JOB:([A-Za-z0-9_\-]+)")
_WRITES_P = re.compile(r"(?!MOV|SMOV|IMOV|').*\bL?P\d{3}\b")
_DEEPEST = 40
"""Jobs whose positions are followed from call to call; deeper ones are read without."""


def read_inform(files: dict[str, bytes], controller: Controller) -> RobotProgram:
    """The program of one or more jobs; the main one is the first that no other calls.

    Args:
        files: By name; `.JBI` are read, `.TXT` are lists for people and left out.
        controller: What the controller knows.

    Raises:
        ProgramTextError: Text that a controller would not take, with file, line and column.
        InputError: There is no job.
    """
    for name in files:
        if PurePath(name).suffix.upper() not in (".JBI", ".TXT"):
            raise InputError(f"'{name}' is no INFORM job; jobs are *.JBI", file=name)
    jobs = [name for name in files if PurePath(name).suffix.upper() == ".JBI"]
    if not jobs:
        raise InputError(f"no INFORM job among {', '.join(files) or 'no files'}; jobs are *.JBI")
    return _Reader({name: files[name] for name in jobs}, controller).read()


class _Reader:
    def __init__(self, files: dict[str, bytes], controller: Controller) -> None:
        self.controller = controller
        self.sources: dict[str, tuple[Source, Head, Block]] = {}
        self.names = Names(controller.signals)
        self.routines: dict[str, Routine] = {}
        self.ends: dict[str, Spot | None] = {}
        self.open: list[str] = []
        for file, data in files.items():
            source = lines_of(file, data)
            head = head_of(source)
            if head.name in self.sources:
                raise ProgramTextError(f"the job '{head.name}' exists twice", file=file, place="line 2, column 8")
            self.sources[head.name] = (source, head, block_of(source, head, controller))
        texts = {name: source.lines[head.first :] for name, (source, head, _) in self.sources.items()}
        self.calls: dict[str, int] = {}
        for lines in texts.values():
            for line in lines:
                if line.startswith("CALL") and (found := _CALL.match(line)) is not None:
                    self.calls[found[1]] = self.calls.get(found[1], 0) + 1
        self.steady = not any(_WRITES_P.match(line) for lines in texts.values() for line in lines)

    def read(self) -> RobotProgram:
        main = next((name for name in self.sources if name not in self.calls), next(iter(self.sources)))
        for name in (main, *self.sources):
            self.job(name, None)
        others = [self.routines[name] for name in self.sources if name != main]
        frames = {f"UF#({number})": frame for number, frame in self.controller.frames.items()}
        loads = {f"TOOL#({number})": load for number, load in self.controller.loads.items() if load is not None}
        return RobotProgram(
            name=main,
            title=self.sources[main][1].comment,
            robot=self.controller.robot,
            lower=self.controller.lower,
            upper=self.controller.upper,
            tools={f"TOOL#({number})": tool for number, tool in self.controller.tools.items()},
            frames=frames | {"BASE": Frame(np.eye(4))},
            loads=loads,
            signals=self.names.signals,
            routines=(self.routines[main], *others),
            prismatic=self.controller.prismatic,
            procedures={f"ASF#({number})": one for number, one in self.controller.procedures.items()},
            weaves={f"WEV#({number})": one for number, one in self.controller.weaves.items()},
            positioner=self.controller.positioner,
            variables=dict(self.names.variables),
            flange=self.controller.flange,
        )

    def job(self, name: str, start: Spot | None) -> Spot | None:
        """Reads a job entered at a place, if it is known; returns where it ends, if that is known."""
        if name in self.routines:
            return self.ends[name]
        if name in self.open or len(self.open) >= _DEEPEST:
            return None
        self.open.append(name)
        source, head, block = self.sources[name]
        start = start if self.calls.get(name) == 1 else None
        body = Body(self, source, head, block, self.controller, start)
        self.routines[name], self.ends[name] = body.read()
        self.open.pop()
        return self.ends[name]

    def exists(self, name: str) -> bool:
        """Whether there is a job of this name."""
        return name in self.sources

    def known(self) -> list[str]:
        """Names of all jobs."""
        return sorted(self.sources)
