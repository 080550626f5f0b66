"""What all program writers share: numbers and names as controllers take them."""

from __future__ import annotations

import re
import unicodedata


def number(value: float, digits: int) -> str:
    """Fixed point, never exponent form, `-0.0` or `nan`; raises ValueError when not finite."""
    if not abs(value) < 1e9:
        raise ValueError(f"{value} cannot stand in a robot program")
    text = f"{value:.{digits}f}"
    return text.lstrip("-") if float(text) == 0.0 else text


def ascii_text(text: str) -> str:
    """Printable ASCII: accents are dropped, anything else becomes `?`."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return re.sub(r"[^\x20-\x7e]", "?", plain)


def identifier(text: str, longest: int) -> str:
    """A name of letters, digits and `_` that begins with a letter."""
    name = re.sub(r"[^A-Za-z0-9]+", "_", ascii_text(text)).strip("_").upper()
    if not name or not name[0].isalpha():
        name = f"P_{name}"
    return name[:longest].rstrip("_")


def identifiers(texts: list[str], longest: int, *, prefix: str = "", taken: tuple[str, ...] = ()) -> dict[str, str]:
    """Different names for different texts, none of them `taken`: where shortening makes two alike, a number tells them apart."""
    out: dict[str, str] = {}
    used = {name.upper() for name in taken}
    for text in texts:
        name = identifier(prefix + text, longest)
        count = 2
        while name in used:
            tail = f"_{count}"
            name = identifier(prefix + text, longest - len(tail)) + tail
            count += 1
        used.add(name)
        out[text] = name
    return out


def crlf(lines: list[str]) -> bytes:
    """Lines as controllers store them: ASCII, CR LF."""
    return ("\r\n".join(lines) + "\r\n").encode("ascii")
