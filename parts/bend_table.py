"""A shop's bend table as a CSV file."""

from __future__ import annotations

import csv
import math
from itertools import pairwise
from pathlib import Path

import numpy as np

from core.errors import InputError
from core.files import checked_size
from core.units import DEG, MM
from parts.allowance import BendTable, BendTableRow

MOST_BYTES, MOST_ROWS = 2_000_000, 20_000
MEASURES = ("allowance_mm", "deduction_mm", "k_factor")
COLUMNS = ("material", "thickness_mm", "radius_mm", "angle_deg")
RANGES = {"thickness_mm": (0.0, 30.0), "radius_mm": (0.0, 200.0), "angle_deg": (0.0, 180.0)}
HEAD = f"a first line with thickness_mm, radius_mm, angle_deg and one of {', '.join(MEASURES)}; material is optional"


def read_bend_table(path: Path, material: str) -> BendTable:
    """The rows of a table that are for a material; rows that name none are for all.

    Columns are told by the first line, separated by commas, semicolons or tabs; lines that begin with `#` are left out. Angles are from flat.
    Deductions (from the sum of the outside legs, measured to the outer corner) become flat widths, 2 (r + t) tan(a / 2) - deduction; they are taken
    up to 90 deg, since beyond it shops measure legs in different ways. K-factors become a (r + K t).

    Raises:
        InputError: With file, line, value and what is valid.
    """
    checked_size(path, MOST_BYTES, "bend table")
    try:
        lines = path.read_bytes().decode("utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise InputError(f"no text in UTF-8: byte {error.start} is none; give {HEAD}", file=path) from None
    kept = [(number, line) for number, line in enumerate(lines, 1) if line.strip() and not line.lstrip().startswith("#")]
    if not kept:
        raise InputError(f"the bend table is empty; give {HEAD}", file=path)
    separator = max(",;\t", key=kept[0][1].count)
    try:
        cells = [(number, [cell.strip() for cell in next(csv.reader([line], delimiter=separator))]) for number, line in kept]
    except csv.Error as error:
        raise InputError(f"no table: {error}; give {HEAD}", file=path) from None
    head = [name.lower() for name in cells[0][1]]
    measure = _checked_head(path, cells[0][0], head)
    if len(cells) - 1 > MOST_ROWS:
        raise InputError(f"{len(cells) - 1} rows; at most {MOST_ROWS} are read", file=path)
    rows = []
    for number, values in cells[1:]:
        if len(values) != len(head):
            raise InputError(f"{len(values)} values for the {len(head)} columns {', '.join(head)}", file=path, place=f"line {number}")
        row = dict(zip(head, values, strict=True))
        found = _row(path, number, row, measure, decimal_comma=separator != ",")
        if row.get("material", "") in ("", material):
            rows.append(found)
    if not rows:
        raise InputError(f"the bend table has no rows for '{material}'", file=path)
    for before, one in pairwise(sorted(rows, key=lambda row: (row.thickness, row.radius, row.angle))):
        if (one.thickness, one.radius, one.angle) == (before.thickness, before.radius, before.angle) and one.allowance != before.allowance:
            raise InputError(
                f"two flat widths for one bend: t {one.thickness / MM:g} mm, r {one.radius / MM:g} mm, {np.degrees(one.angle):g} deg has "
                f"{before.allowance / MM:.4g} and {one.allowance / MM:.4g} mm; keep one of them",
                file=path,
            )
    return BendTable(tuple(rows), f"the bend table '{path.name}'")


def _checked_head(path: Path, line: int, head: list[str]) -> str:
    """Which measure the table gives."""
    place = f"line {line}"
    unknown = [name for name in head if name not in (*COLUMNS, *MEASURES)]
    if unknown:
        raise InputError(f"unknown column '{unknown[0][:60]}'; valid: {', '.join((*COLUMNS, *MEASURES))}", file=path, place=place)
    twice = [name for name in head if head.count(name) > 1]
    if twice:
        raise InputError(f"column '{twice[0]}' stands twice", file=path, place=place)
    measures = [name for name in MEASURES if name in head]
    missing = [name for name in COLUMNS[1:] if name not in head]
    if missing or len(measures) != 1:
        lacks = f"column '{missing[0]}' is missing" if missing else f"{len(measures)} of the columns {', '.join(MEASURES)}; one is needed"
        raise InputError(f"{lacks}; give {HEAD}", file=path, place=place)
    return measures[0]


def _row(path: Path, line: int, row: dict[str, str], measure: str, *, decimal_comma: bool) -> BendTableRow:
    place = f"line {line}"

    def number(name: str) -> float:
        text = row[name].replace(",", ".") if decimal_comma else row[name]
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not math.isfinite(value):
            raise InputError(f"{name} is '{row[name][:40]}', which is no number", file=path, place=place)
        return value

    for name, (low, high) in RANGES.items():
        if not (low <= number(name) <= high and (number(name) > 0 or name == "radius_mm")):
            raise InputError(f"{name} is {number(name):g}; it must lie in {low:g}..{high:g}", file=path, place=place)
    t, r, angle, value = number("thickness_mm") * MM, number("radius_mm") * MM, number("angle_deg") * DEG, number(measure)
    if measure == "deduction_mm":
        if angle > np.pi / 2 + 1e-9:
            raise InputError(f"a deduction at {number('angle_deg'):g} deg; beyond 90 deg give allowance_mm, since legs are measured in different ways there", file=path, place=place)  # fmt: skip
        width = 2 * (r + t) * math.tan(angle / 2) - value * MM
    else:
        width = angle * (r + value * t) if measure == "k_factor" else value * MM
    # The neutral fibre lies inside the sheet, at worst a little beyond where a shop's legs are measured roughly.
    low, high = angle * r - 0.5 * t, angle * (r + t) + 0.5 * t
    if not (max(low, 0.0) <= width <= high and width > 0):
        raise InputError(
            f"{measure} {value:g} makes a flat width of {width / MM:.4g} mm; for t {t / MM:g} mm, r {r / MM:g} mm, {number('angle_deg'):g} deg it lies between "
            f"{max(low, 0.0) / MM:.4g} and {high / MM:.4g} mm",
            file=path,
            place=place,
        )
    return BendTableRow(t, r, angle, width)
