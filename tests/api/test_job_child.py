"""What a worker says when the work itself breaks."""

from __future__ import annotations

from api import job_child
from api.job_inputs import JobInputs
from api.job_kinds import KINDS
from core.progress import silent


def test_an_error_of_our_own_is_told_without_its_words(tmp_path, monkeypatch, capsys):
    """What an unexpected error says may hold paths and secrets: it goes to the server's log only."""

    def broken(self):
        raise RuntimeError("secret in /srv/data")

    monkeypatch.setattr(JobInputs, "__init__", lambda self, folder: broken(self))
    task = {
        "kind": "check",
        "options": {"cell": "bending-kr120"},
        "input": str(tmp_path),
        "output": str(tmp_path / "out"),
        "limits": {"memory_mb": 100},
    }
    assert "check" in KINDS
    told = job_child._done(task, silent)["problem"]
    assert told["type"] == "internal-error" and "secret" not in str(told) and "/srv" not in str(told)
    assert "secret" in capsys.readouterr().err
