"""Position registers of FANUC TP as far as they hold search results.

What is understood: `L P[1] 20mm/sec FINE Skip,LBL[9],PR[5]=LPOS`, then `PR[5]=PR[5]-P[2]` (P[2]: the planned place), `PR[5,4]=0` (no turning),
`PR[7]=PR[5]+PR[6]`, and `Offset,PR[7]` at moves. A register that anything else writes to is not understood, nor is what uses it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from robots.programs.fanuc.source import Source

_REGISTER = r"PR\[\s*(\d+)\s*(?::[^\]]*)?\]"
DIFFERENCE = re.compile(rf"{_REGISTER}\s*=\s*PR\[\s*(\d+)\s*(?::[^\]]*)?\]\s*-\s*P\[\s*(\d+)\s*(?::[^\]]*)?\]\s*", re.IGNORECASE)
NO_TURN = re.compile(r"PR\[\s*(\d+)\s*,\s*[456]\s*(?::[^\]]*)?\]\s*=\s*0\s*", re.IGNORECASE)
SUM = re.compile(rf"{_REGISTER}\s*=\s*{_REGISTER}\s*\+\s*{_REGISTER}\s*", re.IGNORECASE)
_FOUND = re.compile(rf"Skip\s*,\s*LBL\[[^\]]*\]\s*,\s*{_REGISTER}\s*=\s*LPOS", re.IGNORECASE)
_WRITTEN = re.compile(r"PR\[\s*(\d+)?.*?\]\s*=", re.IGNORECASE)


def search_results(sources: Iterable[Source]) -> dict[int, tuple[str, ...]]:
    """Register -> the search results whose sum it holds, over all programs of a job."""
    found: set[int] = set()
    subtracted: set[int] = set()
    other: set[int] = set()
    sums: list[tuple[int, int, int]] = []
    for source in sources:
        for index in range(*source.body):
            line = source.lines[index]
            if "PR[" not in line.upper():
                continue
            text = line.partition(":")[2].strip().removesuffix(";").strip()
            found.update(int(number) for number in _FOUND.findall(text))
            if (match := DIFFERENCE.fullmatch(text)) is not None and match[1] == match[2]:
                subtracted.add(int(match[1]))
            elif (match := SUM.fullmatch(text)) is not None:
                sums.append((int(match[1]), int(match[2]), int(match[3])))
            elif NO_TURN.fullmatch(text) is None and (match := _WRITTEN.match(text)) is not None:
                if match[1] is None:
                    # PR[R[1]]: any register may be meant.
                    return {}
                other.add(int(match[1]))
    results: dict[int, tuple[str, ...]] = {number: (result_name(number),) for number in (found & subtracted) - other}
    for total, first, second in sums:
        parts = (*results.get(first, ()), *results.get(second, ()))
        known = first in results and second in results and total not in found | other
        if not known or (total in results and total != first and results[total] != parts):
            other.add(total)
            results.pop(total, None)
        else:
            results[total] = parts
    return results


def result_name(number: int) -> str:
    """The name of a search result in the neutral program."""
    return f"PR[{number}]"
