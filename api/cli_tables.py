"""What the command line prints after a job: a title with the verdict, short columns first, long names once, findings grouped. Reads well from 80 columns."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.padding import Padding
from rich.table import Table

from core.finding_groups import grouped
from core.findings import Finding

STYLE = {"error": "bold red", "warning": "yellow", "info": "dim"}
COLUMNS = (
    ("bend", "bend"), ("lines", "lines"), ("angle", "angle"), ("station", "st."), ("grip", "grip"), ("gauge_x_mm", "X mm"), ("gauge_r_mm", "R mm"), ("gauge_z1_mm", "Z1 mm"),
    ("gauge_z2_mm", "Z2 mm"), ("force_kn", "kN"), ("bending_speed_mm_s", "mm/s"), ("robot", "robot"),
)  # fmt: skip
"""Key and heading; 78 characters wide with usual figures."""


def print_summary(console: Console, summary: dict[str, Any], out: Path) -> None:
    """Writes a job's summary for people; `--json` and the files keep every figure."""
    console.print(verdict(summary))
    console.print(
        f"[bold]{escape(summary['part'])}[/] in {summary['cell']}, {summary['material']} {_thickness(summary)}, gripper {summary['gripper']}"
    )
    bends = summary["bends"]
    if bends:
        grips = list(dict.fromkeys(row["grip"] for row in bends))
        console.print()
        console.print(_bend_table(bends, grips))
        stations = {row["station"]: row["tools"] for row in bends}
        console.print(_list("st.", {str(key): tools for key, tools in sorted(stations.items())}, "tools"))
        console.print(
            _list("grip", {_letter(k): grip for k, grip in enumerate(grips)}, "where, mm from the flat sheet's lower left corner")
        )
        console.print(f"[bold]{summary['cycle_time_s']:.1f} s[/] cycle, {_count(summary['regrips'], 'regrip')}, {_count(summary['flips'], 'turn')} of the sheet; closest in free moves: {closest(summary)}")  # fmt: skip
    if summary["findings"]:
        console.print()
    found = grouped(Finding(**entry) for entry in summary["findings"])
    for finding in sorted(found, key=lambda one: list(STYLE).index(one.level)):
        step = f" {finding.step}:" if finding.step else ""
        console.print(f"[{STYLE[finding.level]}]{finding.level}[/]{escape(step)} {escape(finding.message)}", highlight=False)
        if finding.remedy:
            console.print(Padding(f"[dim]{escape(finding.remedy)}[/]", (0, 0, 0, 4)))
    console.print()
    console.print(f"in {escape(str(out))}: {escape(', '.join(folded(summary['files'])))}", highlight=False)


def verdict(summary: dict[str, Any]) -> str:
    """One line that says whether the result may be used, and on what grounds."""
    if not summary["verified"]:
        errors = sum(entry["level"] == "error" for entry in summary["findings"])
        return f"[bold red]NOT VERIFIED[/], {_count(errors, 'error')}: no robot program and no brake program written"
    program = summary.get("program")
    if not program:
        return "[bold green]VERIFIED[/] by planner and pybullet replay"
    return f"[bold green]VERIFIED[/] by planner and pybullet replay; {program['language'].upper()} read back and run, {program['cycle_time_s']:.1f} s"


def closest(summary: dict[str, Any]) -> str:
    """The smallest clearance with the two bodies it is between."""
    if summary["clearance_mm"] is None:
        return "nothing came near"
    pair = summary["clearance_between"]
    return f"{summary['clearance_mm']:.1f} mm" + (f" between {escape(pair[0])} and {escape(pair[1])}" if pair else "")


def folded(files: list[str]) -> list[str]:
    """File names with many of one folder as one entry."""
    folders: dict[str, int] = {}
    for name in files:
        folder, slash, _ = name.rpartition("/")
        folders[folder + slash if slash else name] = folders.get(folder + slash if slash else name, 0) + 1
    return [f"{name} ({_count(count, 'file')})" if name.endswith("/") else name for name, count in folders.items()]


def _bend_table(bends: list[dict[str, Any]], grips: list[str]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold", collapse_padding=True)
    for key, title in COLUMNS:
        table.add_column(title, justify="left" if key in ("robot", "grip") else "right", no_wrap=True)
    for row in bends:
        cells = {
            "bend": row["bend"],
            "lines": "+".join(map(str, row["lines"])),
            "angle": f"{row['angle_deg']:g}°",
            "station": str(row["station"]),
            "grip": _letter(grips.index(row["grip"])),
            "robot": row["robot"] + (", turned" if row["flipped"] else ""),
        }
        figures = {key: f"{row[key]:.1f}" for key, _ in COLUMNS if isinstance(row.get(key), float)}
        table.add_row(*((cells | figures)[key] for key, _ in COLUMNS))
    return table


def _list(title: str, rows: dict[str, str], heading: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column(title, justify="right", no_wrap=True)
    table.add_column(heading)
    for key, text in rows.items():
        table.add_row(key, text)
    return table


def _letter(index: int) -> str:
    """A, B, ... Z, A1, B1, ..."""
    return chr(ord("A") + index % 26) + (str(index // 26) if index >= 26 else "")


def _count(number: int, thing: str) -> str:
    return f"{number} {thing}{'' if number == 1 else 's'}"


def _thickness(summary: dict[str, Any]) -> str:
    """A STEP part that was refused has none."""
    return "" if summary["thickness_mm"] is None else f"{summary['thickness_mm']:g} mm"
