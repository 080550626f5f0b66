"""The engines of one run of the motion benchmark: those that run, and why others do not."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from bench.motion_queries import Situation
from bench.peers.process import Lacking, Peer, PeerError
from bench.peers.urdf import write
from core.frames import Array

PEERS = {
    "coal": "pinocchio + coal",
    "pybullet": "pybullet `performCollisionDetection`, `getClosestPoints`",
    "ompl-coal": "OMPL RRT-Connect over coal",
    "ompl-pybullet": "OMPL RRT-Connect over pybullet",
    "roboplan": "roboplan",
    "mplib": "mplib",
    "tesseract": "Tesseract",
    "opw": "py-opw-kinematics",
}
"""Engines of `bench.peers.serve` as the tables call them."""
CHECKERS = ("coal", "pybullet", "roboplan", "mplib", "tesseract")
PLANNERS = ("ompl-coal", "ompl-pybullet", "roboplan", "mplib", "tesseract")


@dataclass(eq=False, slots=True)
class Peers:
    """Engines by name.

    Attributes:
        running: Those that can be asked.
        left_out: Reasons of those that cannot, or no longer.
        margins: Whether each keeps the margins of the situation that was loaded last.
    """

    running: dict[str, Peer] = field(default_factory=dict)
    left_out: dict[str, str] = field(default_factory=dict)
    margins: dict[str, bool] = field(default_factory=dict)

    @classmethod
    def started(cls, pythons: Mapping[str, str]) -> Peers:
        """All of `PEERS`, each with the interpreter of its name, or of the first word of it (`ompl` for `ompl-coal`), or with this one."""
        peers = cls()
        for name in PEERS:
            try:
                peers.running[name] = Peer(name, pythons.get(name, pythons.get(name.split("-")[0], sys.executable)))
            except PeerError as error:
                peers.left_out[name] = str(error)
        return peers

    def load(self, situation: Situation, folder: Path, states: Mapping[str, Array]) -> None:
        """Gives a situation to all engines that look at scenes; `states` are those that are asked for by name."""
        folder.mkdir()
        situation.plain.save(folder)
        np.savez(folder / "states.npz", **states)  # type: ignore[arg-type]
        write(situation.plain, folder)
        self.margins = {}
        for name in dict.fromkeys((*CHECKERS, *PLANNERS)):
            answer = self.ask(name, "load", folder=str(folder))
            if answer is not None:
                self.margins[name] = bool(answer["margins"])

    def ask(self, name: str, question: str, **what: Any) -> dict[str, Any] | None:
        """None from an engine that does not run or has no such thing; one that fails is left out from then on, with its reason."""
        if name not in self.running:
            return None
        try:
            return self.running[name].ask(question, **what)
        except Lacking:
            return None
        except PeerError as error:
            self.left_out[name] = f"{question}: {error}"
            self.running.pop(name).close()
            return None

    def versions(self) -> dict[str, str]:
        """Of the packages of all engines that run."""
        return dict(sorted(pair for peer in self.running.values() for pair in peer.versions.items()))

    def close(self) -> None:
        """Ends all."""
        for peer in self.running.values():
            peer.close()
