"""What each language can say. Writers refuse what it cannot, with the alternative; the table in docs/programs.md is made from this."""

from __future__ import annotations

from dataclasses import dataclass

from core.errors import UnsupportedError

FEATURES = {
    "joint-move": "joint move to joint values",
    "joint-pose": "joint move to a pose with its posture",
    "linear": "straight move",
    "circular": "circular move",
    "duration": "move with a prescribed time",
    "blend": "rounded corner",
    "track": "robot on a track",
    "positioner": "positioner axes",
    "digital-out": "digital output",
    "pulse": "pulsed output",
    "group-out": "group output",
    "wait": "wait for an input",
    "wait-timeout": "wait with timeout and retreat",
    "trigger": "output at a point of a move",
    "payload": "change of load",
    "tool-data": "tool, frame and load in the text",
    "call": "routine with its own name",
    "arc": "arc on and off",
    "weave": "weaving",
    "seam-track": "seam tracking",
    "search": "touch search",
    "shift": "shift by search results",
}
"""Everything a program may need, with its words for people, in the order of the table."""


@dataclass(frozen=True, slots=True)
class Capabilities:
    """A language.

    Attributes:
        name: `krl`, `rapid`, ...
        title: Maker and language.
        controllers: On which it runs.
        files: Patterns of the file names.
        longest_name: Letters in a program's name.
        longest_word: Letters in names inside.
        says: Feature -> how the language says it.
        lacks: Feature -> what to do instead; together with `says` every feature.
    """

    name: str
    title: str
    controllers: str
    files: tuple[str, ...]
    longest_name: int
    longest_word: int
    says: dict[str, str]
    lacks: dict[str, str]

    def __post_init__(self) -> None:
        if set(self.says) | set(self.lacks) != set(FEATURES) or set(self.says) & set(self.lacks):
            raise ValueError(f"{self.name}: every feature must stand in exactly one of says and lacks")

    def refuse(self, feature: str, what: str = "") -> UnsupportedError:
        """The error for an instruction that the language cannot say."""
        return UnsupportedError(f"{self.title} has no {FEATURES[feature]}{f' ({what})' if what else ''}; instead: {self.lacks[feature]}")
