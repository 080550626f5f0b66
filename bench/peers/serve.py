"""One engine behind a pipe: `python -m bench.peers.serve ENGINE` reads a question per line and answers with a line of JSON. Needs numpy and the engine only."""

from __future__ import annotations

import importlib
import importlib.util
import json
import os
import sys
import time
import traceback
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from bench.peers.engine import Engine, Missing
from bench.peers.plain import PlainScene

ENGINES = {
    "coal": "bench.peers.pinocchio_coal:Coal",
    "pybullet": "bench.peers.bullet:Contacts",
    "ompl-coal": "bench.peers.ompl_rrt:OverCoal",
    "ompl-pybullet": "bench.peers.ompl_rrt:OverBullet",
    "roboplan": "bench.peers.roboplan_rrt:Roboplan",
    "mplib": "bench.peers.mplib_rrt:Mplib",
    "tesseract": "bench.peers.tesseract_ompl:Tesseract",
    "opw": "bench.peers.opw:Opw",
}
"""Where each engine is; a module of one is imported in its own environment only."""
LIBRARIES = {"tesseract": "tesseract_robotics"}
"""Packages that may bring a C++ library newer than the system's, which they need."""


class Server:
    """Answers questions about the scene that was loaded last."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.states: dict[str, Any] = {}

    def answer(self, question: dict[str, Any]) -> dict[str, Any]:
        """`ask` names the question; see the methods."""
        asked: dict[str, Callable[..., dict[str, Any]]] = {
            "load": self._load, "free": self._free, "distance": self._distance, "edges": self._edges, "move": self._move, "solve": self._solve,
        }  # fmt: skip
        return asked[question.pop("ask")](**question)

    def _load(self, folder: str) -> dict[str, Any]:
        """A folder with `scene.npz`, `states.npz` and the files of `bench.peers.urdf`."""
        self.engine.load(PlainScene.load(Path(folder)), Path(folder))
        with np.load(Path(folder) / "states.npz") as data:
            self.states = {name: data[name] for name in data.files}
        return {"margins": self.engine.margins}

    def _free(self, which: str, count: int) -> dict[str, Any]:
        return self._each("free", self.engine.free, which, count)

    def _distance(self, which: str, count: int) -> dict[str, Any]:
        return self._each("distance", self.engine.distance, which, count)

    def _each(self, name: str, one: Callable[[Any], Any], which: str, count: int) -> dict[str, Any]:
        qs = list(self.states[which][:count])
        begin = time.perf_counter()
        answers = [one(q) for q in qs]
        return {"seconds": time.perf_counter() - begin, name: answers}

    def _edges(self, count: int) -> dict[str, Any]:
        pairs = list(zip(self.states["from"][:count], self.states["to"][:count]))
        begin = time.perf_counter()
        answers = [self.engine.edge_free(a, b) for a, b in pairs]
        return {"seconds": time.perf_counter() - begin, "free": answers}

    def _move(self, start: list[float], goals: list[list[float]], seed: int, limit: float) -> dict[str, Any]:
        """Planned, shortened and looked at once more, on one clock."""
        begin = time.perf_counter()
        path = self.engine.plan(np.array(start), np.array(goals), seed, limit)
        sound = path is not None and all(self.engine.edge_free(a, b) for a, b in zip(path[:-1], path[1:]))
        return {"seconds": time.perf_counter() - begin, "path": None if path is None else np.asarray(path).tolist(), "sound": sound}

    def _solve(self, lengths: list[float], limits: list[list[float]], count: int) -> dict[str, Any]:
        return {"rows": self.engine.solve(np.array(lengths), np.array(limits), count)}


def engine_of(name: str) -> Engine:
    """An engine by name, or by `module:class`."""
    module, _, kind = ENGINES.get(name, name).partition(":")
    return getattr(importlib.import_module(module), kind)()  # type: ignore[no-any-return]


def start_with_library(package: str) -> None:
    """Starts this process again with the C++ library that lies in a package, if one does: a search path counts from the start of a process only."""
    found = importlib.util.find_spec(package)
    if found is None or found.origin is None:
        return
    folder = Path(found.origin).parent
    paths = [path for path in os.environ.get("LD_LIBRARY_PATH", "").split(os.pathsep) if path]
    if (folder / "libstdc++.so.6").exists() and str(folder) not in paths:
        os.execve(sys.executable, sys.orig_argv, os.environ | {"LD_LIBRARY_PATH": os.pathsep.join([str(folder), *paths])})


def main() -> None:
    """Serves until the pipe closes; the first line says whether the engine could be imported."""
    if sys.argv[1] in LIBRARIES:
        start_with_library(LIBRARIES[sys.argv[1]])
    # Libraries print: only our answers go to the pipe.
    pipe = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)

    def say(answer: dict[str, Any]) -> None:
        pipe.write(json.dumps(answer) + "\n")
        pipe.flush()

    try:
        server = Server(engine_of(sys.argv[1]))
    except Exception as error:
        say({"failed": f"{type(error).__name__}: {error}"})
        return
    say({"versions": {name: version(name) for name in server.engine.packages}})
    for line in sys.stdin:
        try:
            say(server.answer(json.loads(line)))
        except Missing as lack:
            say({"missing": str(lack)})
        except Exception as error:
            traceback.print_exc()
            say({"failed": f"{type(error).__name__}: {error}"})
    # Some engines end noisily, or not at all, when Python takes them down.
    os._exit(0)


if __name__ == "__main__":
    main()
