"""What `pliant unfold` writes and prints."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.padding import Padding
from rich.table import Table

from api.cli_tables import STYLE
from core.errors import InputError
from core.finding_groups import grouped
from core.findings import Finding


def write_beside(out: Path, files: dict[str, bytes], *, force: bool) -> list[str]:
    """Writes the DXF under its name and the rest beside it with their own endings; the names written.

    Args:
        out: Name of the DXF.
        files: Content by ending.
        force: Whether files that exist are replaced.

    Raises:
        InputError: When a file exists, or the folder cannot be written to.
    """
    targets = {out if ending == ".dxf" else out.with_suffix(ending): data for ending, data in files.items()}
    for target in targets:
        if target.exists() and not force:
            raise InputError(f"'{target}' exists; give --force to replace it", file=target)
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        for target, data in targets.items():
            half = target.with_name(f".{target.name}.part")
            half.write_bytes(data)
            half.replace(target)
    except OSError as error:
        raise InputError(f"the file cannot be written: {error.strerror}", file=out) from None
    return [str(target) for target in targets]


def print_unfolded(console: Console, summary: dict[str, Any]) -> None:
    """The summary for people: bends, checks, findings."""
    x, y = summary["size_mm"]
    console.print(
        f"[bold]{escape(summary['part'])}[/]: {summary['thickness_mm']:g} mm {escape(summary['material'])}, flat {x:.2f} x {y:.2f} mm, {summary['holes']} holes, "
        f"{len(summary['bends'])} bend lines",
        highlight=False,
    )
    if summary["bends"]:
        table = Table(box=None, pad_edge=False, header_style="bold")
        for heading in ("bend", "angle", "direction", "radius mm", "flat width mm", "K", "from mm", "to mm"):
            table.add_column(heading, justify="right")
        for row in summary["bends"]:
            start, end = (f"({point[0]:.2f}, {point[1]:.2f})" for point in (row["start_mm"], row["end_mm"]))
            sharp = "*" if row["modelled_sharp"] else ""
            table.add_row(
                str(row["number"]), f"{row['angle_deg']:.6g}°", row["direction"], f"{row['radius_mm']:.4g}{sharp}", f"{row['allowance_mm']:.3f}", f"{row['k_factor']:.3f}", start, end
            )  # fmt: skip
        console.print(table)
    found = grouped(Finding(**entry) for entry in summary["findings"])
    for finding in sorted(found, key=lambda one: list(STYLE).index(one.level)):
        console.print(f"[{STYLE[finding.level]}]{finding.level}[/] {escape(finding.message)}", highlight=False)
        if finding.remedy:
            console.print(Padding(f"[dim]{escape(finding.remedy)}[/]", (0, 0, 0, 4)))
    times = ", ".join(f"{name} {seconds:.2f} s" for name, seconds in summary["stage_times_s"].items())
    console.print(f"[dim]{times}; {summary['faces']} faces[/]", highlight=False)
    console.print(f"written: {escape(', '.join(summary['files']))}", highlight=False)


__all__ = ["print_unfolded", "write_beside"]
