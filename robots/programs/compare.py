"""What changed between two programs, in what they do: metres, degrees, signals and seconds instead of text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from robots.model import RobotModel
from robots.programs.alignment import Pair, aligned
from robots.programs.differences import Change, pair_changes
from robots.programs.events import Moved
from robots.programs.followed import Spot
from robots.programs.happenings import Happening, happenings, words
from robots.programs.program import RobotProgram

TOTAL = 0.05
"""Programs whose times differ by less take the same time [s]."""
_IN_A_ROW = ("target", "shift", "speed", "turn-speed", "blend", "load")
_EVERYWHERE = ("tool", "frame")


def compare(
    a: RobotProgram,
    b: RobotProgram,
    model: RobotModel | None = None,
    *,
    same_language: bool = True,
    names_a: Mapping[str, str] | None = None,
    names_b: Mapping[str, str] | None = None,
) -> list[Change]:
    """What changed from program a to program b, in the order in which they run; see docs/programs_preflight.md.

    Args:
        a, b: Built or read.
        model: Of the robot; without it joint moves have no length and no time.
        same_language: Both come from one language; else figures that languages round or say differently are not held against each other.
        names_a, names_b: Address -> neutral name of the lines, where languages differ; lines without a name are matched by how they are used.

    Raises:
        ProgramTextError: One of them comes to an instruction that cannot be carried out.
    """
    lines_a, lines_b = ({}, {}) if same_language else (_names(a, names_a), _names(b, names_b))
    one, other = happenings(a, model, lines_a, unknown=same_language), happenings(b, model, lines_b, unknown=same_language)
    pairs = aligned(one, other, same_language=same_language)
    if not same_language:
        # The lines that are used alike are the same: with their names known what was put in or taken out stands out.
        lines = _same_lines(one, other, pairs, common=set(lines_a.values()) & set(lines_b.values()))
        other = [replace(h, signals=tuple((lines.get(name, name), value) for name, value in h.signals)) for h in other]
        pairs = aligned(one, other, same_language=True)
    other = _same_results(one, other, pairs)
    changes: list[tuple[int, Change]] = []
    moves = 0
    for i, j in pairs:
        if i is not None and j is not None:
            moves += isinstance(one[i].event, Moved)
            changes += [(moves, change) for change in pair_changes(one[i], other[j], same_language=same_language)]
        elif i is not None:
            changes.append((moves, Change("removed", f"{words(one[i])} removed", one[i].spot, None)))
        elif j is not None:
            changes.append((moves, Change("added", f"{words(other[j])} added", None, other[j].spot)))
    return _gathered(changes) + _time(one, other, pairs)


def _names(program: RobotProgram, given: Mapping[str, str] | None) -> dict[str, str]:
    own = {line.address: name for name, line in program.signals.items() if name != line.address}
    return own | dict(given or {})


def _same_results(one: Sequence[Happening], other: Sequence[Happening], pairs: Sequence[Pair]) -> list[Happening]:
    """The happenings of `other` with its search results named as in `one`: what the same search found is the same, whatever a language calls it."""
    named: dict[str, str] = {}
    for i, j in pairs:
        if i is None or j is None:
            continue
        a, b = one[i].event, other[j].event
        if isinstance(a, Moved) and isinstance(b, Moved) and a.result is not None and b.result is not None:
            named[b.result] = a.result
    return [
        replace(h, event=replace(h.event, shifted=tuple(named.get(name, name) for name in h.event.shifted)))
        if isinstance(h.event, Moved) and h.event.shifted
        else h
        for h in other
    ]


def _same_lines(a: Sequence[Happening], b: Sequence[Happening], pairs: Iterable[Pair], common: set[str]) -> dict[str, str]:
    """Name in b -> name in a of lines that meet each other most often, each at most once; those that both name in common stay."""
    met: Counter[tuple[str, str]] = Counter()
    for i, j in pairs:
        if i is not None and j is not None and len(a[i].signals) == len(b[j].signals):
            met.update((theirs, ours) for (ours, _), (theirs, _) in zip(a[i].signals, b[j].signals, strict=True))
    lines: dict[str, str] = {}
    for (theirs, ours), _ in met.most_common():
        if theirs not in lines and ours not in lines.values() and theirs not in common and ours not in common:
            lines[theirs] = ours
    return lines


def _gathered(changes: list[tuple[int, Change]]) -> list[Change]:
    """One change for a place that is passed again, for a tool or frame that changed everywhere, and for moves in a row that changed alike.

    Args:
        changes: With the number of the move they belong to.
    """
    out: list[Change] = []
    places: dict[tuple[object, ...], int] = {}
    rows: dict[tuple[str, str], tuple[int, int]] = {}
    for move, change in changes:
        said = (change.kind, change.message)
        key: tuple[object, ...] = said if change.kind in _EVERYWHERE else (*said, _place(change.a), _place(change.b))
        at = places.get(key)
        if at is None and change.kind in _IN_A_ROW:
            last, row = rows.get(said, (-1, -1))
            at = row if move == last + 1 else None
        if at is None:
            places[key] = at = len(out)
            out.append(change)
        else:
            out[at] = replace(out[at], count=out[at].count + 1)
        rows[said] = (move, at)
    return out


def _place(spot: Spot | None) -> tuple[object, ...] | None:
    return None if spot is None else (spot.file, spot.line, spot.routine, spot.number)


def _time(a: Sequence[Happening], b: Sequence[Happening], pairs: Iterable[Pair]) -> list[Change]:
    """The difference of both programs' times over everything whose time is known on both sides."""
    total_a = total_b = 0.0
    unknown = 0
    for i, j in pairs:
        times = [0.0 if k is None else side[k].seconds for side, k in ((a, i), (b, j))]
        if times[0] is None or times[1] is None:
            unknown += 1
        else:
            total_a, total_b = total_a + times[0], total_b + times[1]
    if abs(total_b - total_a) < TOTAL:
        return []
    missing = f"; {unknown} moves are not counted, their way is not known" if unknown else ""
    message = f"takes {total_b - total_a:+.2f} s: {total_a:.2f} s became {total_b:.2f} s at programmed speeds, without waits{missing}"
    return [Change("time", message, None, None, {"a_s": round(total_a, 4), "b_s": round(total_b, 4), "not_counted": unknown})]


def change_rows(changes: Sequence[Change]) -> list[dict[str, Any]]:
    """Changes as data: what, how often, and where in both programs (empty: it stands only in the other)."""
    return [
        {
            "kind": change.kind,
            "change": change.message,
            "times": change.count,
            "before": "" if change.a is None else str(change.a),
            "after": "" if change.b is None else str(change.b),
            "data": change.data,
        }
        for change in changes
    ]


def change_table(rows: Sequence[Mapping[str, Any]]) -> str:
    """Rows of `change_rows` as lines of text in columns: where in the first, where in the second, what. Empty: they do the same."""
    if not rows:
        return "both programs do the same\n"
    cells = [("first", "second", "change")]
    for row in rows:
        times = f" ({row['times']} times)" if row["times"] > 1 else ""
        cells.append((row["before"] or "-", row["after"] or "-", f"{row['kind']}: {row['change']}{times}"))
    widths = [max(len(line[k]) for line in cells) for k in (0, 1)]
    return "".join(f"{line[0]:<{widths[0]}}  {line[1]:<{widths[1]}}  {line[2]}\n" for line in cells)
