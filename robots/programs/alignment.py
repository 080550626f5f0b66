"""Lays what two programs do side by side so that what was put in or taken out stands alone and everything else meets its like.

Needleman and Wunsch (1970): the pairing of least cost, a gap costing 1 on either side and a pair from 0 (the same) to just under 2 (hardly alike).
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.frames import Array, quat_wxyz
from robots.programs.events import ArcChanged, Halted, Moved, Paused, SignalSet, Skipped
from robots.programs.happenings import Happening

SMALL, MOST_CELLS = 100_000, 30_000_000
"""Cells of a table (5,000 by 6,000 events are the most). What is not small is first cut at events that occur exactly once on both sides; what has none
and is too large, into even blocks."""
SAME = 1e-3
"""A pair that costs less is taken at the ends of both lists without looking for a better one."""
_APART = 3.0
_LENGTH, _TURN = 0.05, 0.5
"""Distance [m] and turn [rad] at which two targets are half alike."""

Pair = tuple[int | None, int | None]


def aligned(a: Sequence[Happening], b: Sequence[Happening], *, same_language: bool = True) -> list[Pair]:
    """Pairs of places in a and b in order; None where the other side has nothing.

    Args:
        a, b: Of both programs.
        same_language: Else signals of unlike names may be the same line.
    """
    names: dict[object, int] = {}
    one, other = _Rows(a, names), _Rows(b, names)
    strange = 1.7 if same_language else 0.3
    pairs: list[Pair] = []
    _pair(one, other, 0, len(a), 0, len(b), strange, pairs)
    return pairs


class _Rows:
    """Events as arrays, so that one is compared with many at once."""

    def __init__(self, all_: Sequence[Happening], names: dict[object, int]) -> None:
        def number(key: object) -> int:
            return names.setdefault(key, len(names))

        n = len(all_)
        width = max((len(one.event.q) for one in all_ if isinstance(one.event, Moved) and one.event.q is not None), default=6)
        self.kind, self.what, self.value = np.zeros(n, int), np.zeros(n, int), np.zeros(n)
        self.p, self.quat, self.q = np.full((n, 3), np.nan), np.full((n, 4), np.nan), np.full((n, max(width, 8)), np.nan)
        self.detail = np.zeros((n, 2))
        self.key: list[object] = []
        for i, one in enumerate(all_):
            event = one.event
            self.kind[i] = number(type(event).__name__)
            key: object = ()
            if isinstance(event, Moved):
                T = event.T_target
                if T is None and one.at.T_flange is not None:
                    T = one.at.T_flange @ event.T_flange_tcp
                if T is not None:
                    self.p[i], self.quat[i] = T[:3, 3], quat_wxyz(T)
                if event.q is not None and event.T_target is None:
                    self.q[i, : len(event.q)] = event.q
                self.what[i] = number(event.kind)
                self.detail[i] = (event.speed, event.blend is not None)
                # Odd offsets keep the round figures that people write away from the edges of the raster.
                key = tuple(np.floor(np.nan_to_num(np.r_[self.p[i] * 1e4, self.q[i] * 5e3]) + 0.3719).astype(int).tolist())
            elif isinstance(event, Paused):
                self.value[i] = event.seconds
            elif isinstance(event, ArcChanged):
                self.value[i] = event.procedure is not None
            elif isinstance(event, Halted):
                self.value[i] = event.ends
            elif isinstance(event, Skipped):
                self.what[i] = number(event.text)
            else:
                self.what[i] = number(tuple(name for name, _ in one.signals))
                self.value[i] = number(tuple(int(value) for _, value in one.signals))
                if isinstance(event, SignalSet):
                    self.detail[i, 0] = event.pulse or 0.0
                else:
                    self.detail[i, 0] = getattr(event, "timeout", None) or 0.0
            self.key.append((int(self.kind[i]), int(self.what[i]), float(self.value[i]), key))
        self.moved = self.kind == number("Moved")
        self.on_or_off = (self.kind == number("ArcChanged")) | (self.kind == number("Halted"))
        self.amount = self.kind == number("Paused")


def _costs(a: _Rows, i: int | slice, b: _Rows, j: slice, strange: float) -> Array:
    """Cost of pairing event(s) i of a with the events j of b."""
    what, value = a.what[i] != b.what[j], a.value[i] != b.value[j]
    signals = np.minimum(strange * what + 1.0 * value + 0.1 * (a.detail[i, 0] != b.detail[j, 0]), 1.9)
    cost = np.where(b.on_or_off[j], 1.8 * value, np.where(b.amount[j], 0.3 * value, signals))
    moved = b.moved[j]
    if np.any(moved):
        shift = np.sqrt(np.sum(np.square(a.p[i] - b.p[j]), axis=-1)) / _LENGTH
        turn = 2.0 * np.arccos(np.clip(np.abs(np.sum(a.quat[i] * b.quat[j], axis=-1)), 0.0, 1.0)) / _TURN
        joints = np.nanmax(np.nan_to_num(np.abs(a.q[i] - b.q[j]), nan=0.0), axis=-1) / _TURN
        both_q = ~np.isnan(a.q[i][..., 0]) & ~np.isnan(b.q[j][..., 0])
        # Joint targets are compared as joints, poses as poses, and what cannot be compared is half alike.
        unlike = np.where(both_q, joints, np.nan_to_num(shift + turn, nan=1.0))
        # arccos is rough near 1: a turn below 1e-7 rad is none.
        unlike = np.where(unlike < 1e-6, 0.0, unlike)
        move = 1.6 * unlike / (1.0 + unlike) + 0.2 * what + 0.05 * np.any(np.abs(a.detail[i] - b.detail[j]) > 5e-3, axis=-1)
        cost = np.where(moved, move, cost)
    return np.where(a.kind[i] == b.kind[j], cost, _APART)


def _pair(a: _Rows, b: _Rows, a0: int, a1: int, b0: int, b1: int, strange: float, pairs: list[Pair]) -> None:
    """Pairs a[a0:a1] with b[b0:b1]."""
    length = min(a1 - a0, b1 - b0)
    unlike = np.flatnonzero(_costs(a, slice(a0, a0 + length), b, slice(b0, b0 + length), strange) >= SAME)
    head = int(unlike[0]) if len(unlike) else length
    pairs += [(a0 + k, b0 + k) for k in range(head)]
    a0, b0, length = a0 + head, b0 + head, length - head
    unlike = np.flatnonzero(_costs(a, slice(a1 - length, a1), b, slice(b1 - length, b1), strange) >= SAME)
    tail = length - 1 - int(unlike[-1]) if len(unlike) else length
    a_end, b_end = a1 - tail, b1 - tail
    cells = (a_end - a0) * (b_end - b0)
    pieces = _pieces(a, b, a0, a_end, b0, b_end) if cells > SMALL else []
    if cells > MOST_CELLS and not pieces:
        pieces = _blocks(a0, a_end, b0, b_end)
    if not pieces:
        pairs += _table(a, b, a0, a_end, b0, b_end, strange)
    else:
        for piece in pieces:
            _pair(a, b, piece.a0, piece.a1, piece.b0, piece.b1, strange, pairs)
            if piece.cut:
                pairs.append((piece.a1, piece.b1))
    pairs += [(a_end + k, b_end + k) for k in range(tail)]


@dataclass(frozen=True, slots=True)
class _Piece:
    """a[a0:a1] and b[b0:b1]; `cut`: a[a1] and b[b1] are the same."""

    a0: int
    a1: int
    b0: int
    b1: int
    cut: bool = False


def _pieces(a: _Rows, b: _Rows, a0: int, a1: int, b0: int, b1: int) -> list[_Piece]:
    """Cuts at events that occur once on either side, in the same order on both (the longest such row); empty: there are none."""
    count_a, count_b = Counter(a.key[a0:a1]), Counter(b.key[b0:b1])
    place_b = {b.key[j]: j for j in range(b0, b1) if count_b[b.key[j]] == 1}
    both = [(i, place_b[a.key[i]]) for i in range(a0, a1) if count_a[a.key[i]] == 1 and a.key[i] in place_b]
    # Longest increasing row by patience sorting.
    ends: list[int] = []
    last: list[int] = []
    before: list[int] = []
    for k, (_, in_b) in enumerate(both):
        at = bisect_left(ends, in_b)
        before.append(last[at - 1] if at else -1)
        if at == len(ends):
            ends.append(in_b)
            last.append(k)
        else:
            ends[at], last[at] = in_b, k
    row: list[tuple[int, int]] = []
    k = last[-1] if last else -1
    while k >= 0:
        row.append(both[k])
        k = before[k]
    if not row:
        return []
    pieces = []
    for in_a, in_b in reversed(row):
        pieces.append(_Piece(a0, in_a, b0, in_b, cut=True))
        a0, b0 = in_a + 1, in_b + 1
    return [*pieces, _Piece(a0, a1, b0, b1)]


def _blocks(a0: int, a1: int, b0: int, b1: int) -> list[_Piece]:
    """Even shares of both sides, small enough for a table each."""
    count = int(np.ceil(max(a1 - a0, b1 - b0) / np.sqrt(MOST_CELLS)))
    edges_a, edges_b = (np.linspace(low, high, count + 1).astype(int).tolist() for low, high in ((a0, a1), (b0, b1)))
    return [_Piece(edges_a[k], edges_a[k + 1], edges_b[k], edges_b[k + 1]) for k in range(count)]


def _table(a: _Rows, b: _Rows, a0: int, a1: int, b0: int, b1: int, strange: float) -> list[Pair]:
    """The pairing of least cost by dynamic programming, a row at a time."""
    n, m = a1 - a0, b1 - b0
    if not n or not m:
        return [(i, None) for i in range(a0, a1)] + [(None, j) for j in range(b0, b1)]
    gaps = np.arange(m + 1, dtype=float)
    best = gaps.copy()
    # 0: paired, 1: only in a, 2: only in b.
    steps = np.zeros((n, m), dtype=np.int8)
    for i in range(n):
        paired = best[:-1] + _costs(a, a0 + i, b, slice(b0, b1), strange)
        only_a = best[1:] + 1.0
        row = np.empty(m + 1)
        row[0] = i + 1.0
        row[1:] = np.minimum(paired, only_a)
        # Going on in b costs 1 a step: the least of all that lie before, each with its way.
        row = np.minimum.accumulate(row - gaps) + gaps
        steps[i] = np.where(row[1:] >= paired - 1e-9, 0, np.where(row[1:] >= only_a - 1e-9, 1, 2))
        best = row
    out: list[Pair] = []
    i, j = n, m
    while i or j:
        step = steps[i - 1, j - 1] if i and j else 1 if i else 2
        i, j = i - (step != 2), j - (step != 1)
        out.append((a0 + i if step != 2 else None, b0 + j if step != 1 else None))
    return out[::-1]
