"""What a worker says when the work itself breaks."""

from __future__ import annotations

from dataclasses import replace

from api import job_child
from api.job_kinds import KINDS
from core.progress import silent


def done(tmp_path, monkeypatch, work):
    monkeypatch.setitem(KINDS, "check", replace(KINDS["check"], run=work))
    task = {
        "kind": "check",
        "options": {"cell": "bending-kr120"},
        "input": str(tmp_path),
        "output": str(tmp_path / "out"),
        "limits": {"memory_mb": 100},
    }
    return job_child._done(task, silent)["problem"]


def test_an_error_of_our_own_is_told_without_its_words(tmp_path, monkeypatch, capsys):
    """What an unexpected error says may hold paths and secrets: it goes to the server's log only."""

    def broken(options, inputs, progress):
        raise RuntimeError("secret in /srv/data")

    told = done(tmp_path, monkeypatch, broken)
    assert told["type"] == "internal-error" and "secret" not in str(told) and "/srv" not in str(told)
    assert "secret" in capsys.readouterr().err


def test_a_summary_that_is_no_json_fails_its_job(tmp_path, monkeypatch):
    """It would break every answer about the job later on."""
    told = done(tmp_path, monkeypatch, lambda options, inputs, progress: ({"clearance_mm": float("inf")}, {}))
    assert told["type"] == "internal-error"
