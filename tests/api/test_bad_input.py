"""Bad files through the command line: exit code 2, one message with file and place, no traceback, no result folder."""

from __future__ import annotations

import shutil
import sys
import time
from pathlib import Path

import pytest
import yaml

from api import cli
from api.console import write_folder
from core.errors import PliantError
from tests.api.bad_files import CELL, CELLS, DXF, JOB, JOBS, good_dxf, text

OPTIONS = ["--cell", "bending-irb4600", "--material", "mild-steel", "--thickness-mm", "1"]


def pliant(arguments: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> tuple[int, str]:
    """Exit code and error output, with the console's line breaks taken out."""
    monkeypatch.setattr(sys, "argv", ["pliant", *arguments])
    try:
        cli.main()
        code = 0
    except SystemExit as stop:
        code = int(stop.code or 0)
    return code, capsys.readouterr().err.replace("\n", "")


def refused(arguments: list[str], words: str, folder: Path, capsys, monkeypatch) -> None:
    start = time.monotonic()
    before = set(folder.rglob("*"))
    code, error = pliant(arguments, capsys, monkeypatch)
    assert code == 2, error
    assert words.replace(" ", "") in error.replace(" ", ""), error
    assert error.count("error (") == 1 and "Traceback" not in error
    assert len(error) < 1500
    assert set(folder.rglob("*")) == before
    assert time.monotonic() - start < 20


@pytest.mark.parametrize("name", DXF)
def test_drawings(name, tmp_path, capsys, monkeypatch):
    make, words = DXF[name]
    make(tmp_path)
    refused(["bend", str(tmp_path / "part.dxf"), "--out", str(tmp_path / "out"), *OPTIONS], words, tmp_path, capsys, monkeypatch)


@pytest.mark.parametrize("name", JOBS)
def test_job_files(name, tmp_path, capsys, monkeypatch):
    make, words = JOBS[name]
    make(tmp_path)
    refused(["bend", str(tmp_path / "job.yaml"), "--out", str(tmp_path / "out")], words, tmp_path, capsys, monkeypatch)


@pytest.mark.parametrize("name", CELLS)
def test_cell_files(name, tmp_path, capsys, monkeypatch):
    make, words = CELLS[name]
    make(tmp_path)
    refused(["check", str(tmp_path / "cell.yaml")], words, tmp_path, capsys, monkeypatch)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--thickness-mm", "nan"], "--thickness-mm"),
        (["--thickness-mm", "-1"], "--thickness-mm"),
        (["--angle-deg", "400"], "--angle-deg"),
        (["--direction", "sideways"], "'up' or 'down'"),
        (["--units", "furlong"], "'mm'"),
        (["--material", "unobtainium"], "valid: aluminium-5052"),
        (["--cell", "nowhere"], "valid: a path to a .yaml file, bending-irb4600"),
        (["--gripper", "claw"], "valid: clamp-60"),
        (["--layer", "RED"], "NAME=ROLE"),
        (["--layer", "RED=fold"], "valid: bend, bend-down"),
        ([], "angle and direction of bend 1 from (50.0, 0.0) to (50.0, 60.0) mm"),
    ],
)
def test_options(options, words, tmp_path, capsys, monkeypatch):
    good_dxf(tmp_path / "part.dxf")
    refused(["bend", str(tmp_path / "part.dxf"), "--out", str(tmp_path / "out"), *OPTIONS, *options], words, tmp_path, capsys, monkeypatch)


def test_a_result_folder_that_cannot_be_made(tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(PliantError, match="cannot be made"):
        write_folder(tmp_path / "file" / "out", {"a": b""})


def test_options_win_over_the_job_file(tmp_path, capsys, monkeypatch):
    good_dxf(tmp_path / "part.dxf")
    text("job.yaml", JOB)(tmp_path)
    arguments = ["bend", str(tmp_path / "job.yaml"), "--out", str(tmp_path / "out"), "--thickness-mm", "400"]
    refused(arguments, "--thickness-mm", tmp_path, capsys, monkeypatch)


@pytest.mark.parametrize(("stations", "code"), [("infeed presenter", "no-infeed"), ("outfeed", "no-outfeed")])
def test_a_cell_without_infeed_or_outfeed_is_a_finding(stations, code, tmp_path, capsys, monkeypatch):
    spec = yaml.safe_load(CELL)
    for station in stations.split():
        del spec["stations"][station]
    (tmp_path / "cell.yaml").write_text(yaml.safe_dump(spec))
    monkeypatch.setattr(sys, "argv", ["pliant", "check", str(tmp_path / "cell.yaml"), "--json"])
    with pytest.raises(SystemExit) as stop:
        cli.main()
    assert stop.value.code == 1
    assert f'"code": "{code}"' in capsys.readouterr().out
    good_dxf(tmp_path / "part.dxf")
    shutil.rmtree(tmp_path / "out", ignore_errors=True)
    arguments = [
        "bend",
        str(tmp_path / "part.dxf"),
        "--out",
        str(tmp_path / "out"),
        *OPTIONS[2:],
        "--cell",
        str(tmp_path / "cell.yaml"),
        "--angle-deg",
        "90",
    ]
    assert pliant(arguments, capsys, monkeypatch)[0] == 1
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["summary.json"]


def test_missing_signals_are_named(tmp_path, capsys, monkeypatch):
    (tmp_path / "cell.yaml").write_text(CELL.replace("  bend-done:", "  bend-dnoe:", 1))
    monkeypatch.setattr(sys, "argv", ["pliant", "check", str(tmp_path / "cell.yaml"), "--json"])
    with pytest.raises(SystemExit):
        cli.main()
    assert "the line 'bend-done'" in capsys.readouterr().out
