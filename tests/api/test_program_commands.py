"""`pliant export`, `pliant verify` and `pliant diff` on a real result folder, as a user runs them."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from api.cli import app
from core.errors import InputError, UnknownNameError
from robots.programs.languages import LANGUAGES, capability_table

EXAMPLES = Path(__file__).resolve().parents[2] / "examples" / "parts"
DOCS = Path(__file__).resolve().parents[2] / "docs"


def pliant(*words):
    return CliRunner().invoke(app, [str(word) for word in words])


@pytest.fixture(scope="module")
def job(tmp_path_factory):
    """The bracket of the examples, planned."""
    folder = tmp_path_factory.mktemp("programs") / "bracket"
    done = pliant("bend", EXAMPLES / "bracket.yaml", "--out", folder)
    assert done.exit_code == 0, done.output
    return folder


def edited(job, tmp_path, old, new):
    """The job's program with one text exchanged for another."""
    folder = tmp_path / "edited"
    folder.mkdir()
    found = 0
    for path in (job / "robot").iterdir():
        text, count = re.subn(old, new, path.read_bytes().decode(), count=1)
        found += count
        (folder / path.name).write_bytes(text.encode())
    assert found
    return folder


def test_our_own_program_verifies(job, tmp_path):
    done = pliant("verify", job / "robot", "--job", job, "--out", tmp_path / "v", "--json")
    assert done.exit_code == 0, done.output
    summary = json.loads(done.stdout[done.stdout.index("{") :])
    assert summary["verified"] and summary["language"] == "rapid" and summary["run"]["moves"] > 20 and summary["changes"] == []
    assert (tmp_path / "v" / "recording.glb").read_bytes()[:4] == b"glTF"


@pytest.mark.slow
@pytest.mark.parametrize("name", LANGUAGES)
def test_every_language_is_exported_and_the_same_as_the_plan(job, tmp_path, name):
    out = tmp_path / name
    done = pliant("export", job, "--language", name, "--out", out)
    assert done.exit_code == 0, done.output
    again = pliant("verify", out, "--job", job, "--json")
    assert again.exit_code == 0 and json.loads(again.stdout[again.stdout.index("{") :])["changes"] == []
    # Lines are the same lines, whatever they are called: nothing that moves or waits differs from the robot's own program.
    other = pliant("diff", job / "robot", out, "--job", job, "--json")
    kinds = {change["kind"] for change in json.loads(other.stdout[other.stdout.index("{") :])["changes"]}
    assert kinds <= {"turn-speed", "blend", "duration", "posture", "time", "speed"}


def test_a_point_shifted_by_hand_is_found_with_its_line(job, tmp_path):
    """One straight target 40 mm lower, where the sheet goes into the tools."""
    lines = (job / "robot" / "BRACKET.mod").read_text().splitlines()
    start = next(
        i for i, line in enumerate(lines) if "PROC bend_1" in line or "PROC BEND_1" in line.upper().replace("PROC BEND", "PROC BEND")
    )
    at = next(i for i in range(start, len(lines)) if "MoveL [[" in lines[i])
    x, y, z = re.search(r"MoveL \[\[([-\d.]+),([-\d.]+),([-\d.]+)\]", lines[at]).groups()
    folder = edited(job, tmp_path, re.escape(f"[[{x},{y},{z}]"), f"[[{x},{y},{float(z) - 40}]")
    done = pliant("verify", folder, "--job", job, "--json")
    assert done.exit_code == 1
    summary = json.loads(done.stdout[done.stdout.index("{") :])
    contacts = [finding for finding in summary["findings"] if finding["code"] == "contact"]
    assert contacts and {finding["data"]["line"] for finding in contacts} & {at + 1, at + 2}
    (moved,) = [change for change in summary["changes"] if change["kind"] == "target"]
    assert moved["after"] == f"BRACKET.mod line {at + 1}" and "-40.000" in moved["change"]


def test_text_that_no_controller_takes_is_a_finding_with_its_line(job, tmp_path):
    folder = edited(job, tmp_path, r"SetDO (\w+),1;", r"SetDO \1,1")
    done = pliant("verify", folder, "--job", job)
    assert done.exit_code == 1 and "BRACKET.mod" in done.output and "line" in done.output and "Traceback" not in done.output


def test_a_program_without_a_job_runs_in_the_empty_cell(job):
    done = pliant("verify", job / "robot", "--cell", "bending-irb4600", "--gripper", "clamp-60", "--json")
    assert done.exit_code == 0, done.output


@pytest.mark.parametrize(
    ("words", "error", "message"),
    [
        (("verify", "nowhere.mod", "--cell", "bending-irb4600"), InputError, "no such file"),
        (("verify", EXAMPLES / "bracket.yaml", "--cell", "bending-irb4600"), InputError, "no ending of a robot program"),
        (("export", EXAMPLES, "--language", "rapid"), InputError, "plan.json"),
        (("export", EXAMPLES, "--language", "cobol"), UnknownNameError, "fanuc, inform, krl, rapid, urscript"),
    ],
)
def test_what_cannot_be_used_is_told(words, error, message):
    done = pliant(*words)
    assert isinstance(done.exception, error) and message in str(done.exception)


def test_a_program_needs_a_cell(job):
    done = pliant("verify", job / "robot")
    assert isinstance(done.exception, InputError) and "--cell" in str(done.exception)


def test_the_manual_has_the_table_of_capabilities():
    text = (DOCS / "programs.md").read_text()
    assert text.split("<!-- capabilities -->")[1].split("<!-- end -->")[0].strip() == capability_table()
