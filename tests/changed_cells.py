"""Cells that differ from shipped ones by a few words, and what is found in them."""

from __future__ import annotations


def changed(tmp_path, text, *changes):
    """A cell file of its own: a shipped one's text with (old, new) replaced once each."""
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    path = tmp_path / "cell.yaml"
    path.write_text(text)
    return path


def found(check, code):
    return [finding for finding in check.findings if finding.code == code]
