"""Files that strangers send: names that stay in their folder, archives that do not grow beyond their limits."""

from __future__ import annotations

import io
import re
import stat
import zipfile
import zlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from api.refusals import TooLargeError
from core.errors import InputError

LONGEST_NAME = 120
"""Of a file or folder, in UTF-8 [bytes]."""
DEEPEST = 6
"""Folders below each other in an upload."""
SMALL = ("dxf", "step", "stp", "p21", "stl", "obj", "glb", "csv", "yaml", "yml", "zip")
"""Endings that readers know in small letters."""
_STRANGE = re.compile(r"[^\w .()+\-]")


@dataclass(frozen=True, slots=True)
class UploadLimits:
    """What an upload may hold.

    Attributes:
        bytes: Of all files together, archives unpacked [bytes].
        files: Number of files, archives unpacked.
        ratio: An archive's member may be this many times larger than its packed form.
    """

    bytes: int = 64_000_000
    files: int = 300
    ratio: int = 200


@dataclass(frozen=True, slots=True)
class Upload:
    """One file as it was sent.

    Attributes:
        name: As the sender calls it.
        data: Its content.
    """

    name: str
    data: bytes


def bare_name(name: str) -> str:
    """A file's name without folders and odd characters.

    Raises:
        InputError: When nothing is left of it.
    """
    bare = _STRANGE.sub("_", name.replace("\\", "/").rsplit("/", 1)[-1]).strip(" .")
    stem, dot, suffix = bare.rpartition(".")
    if not dot or not stem.strip(" ._"):
        raise InputError(f"the file name {name[:80]!r} is not NAME.ENDING")
    # Robot controllers look at the case of theirs.
    ending = suffix.lower() if suffix.lower() in SMALL else suffix[:20]
    return f"{stem.encode()[:LONGEST_NAME].decode(errors='ignore')}.{ending}"


def inner_path(name: str) -> str:
    """A relative path inside an upload, refused rather than changed, because other files name it.

    Raises:
        InputError: When it is absolute, leads out of its folder or has odd characters.
    """
    parts = name.split("/")
    if "\\" in name or not name or len(parts) > DEEPEST:
        raise InputError(f"the path {name[:80]!r} must be relative, with '/' between at most {DEEPEST} parts")
    for part in parts:
        if not part or part.strip(" .") != part or len(part.encode()) > LONGEST_NAME or _STRANGE.search(part):
            raise InputError(
                f"the path {name[:80]!r} is absolute, leads out of its folder, or has characters that a file name may not have"
            )
    return name


def unpacked(uploads: Iterable[Upload], limits: UploadLimits, naming: Callable[[str], str]) -> dict[str, bytes]:
    """Files by name; archives are opened, archives inside archives are not.

    Args:
        uploads: As they were sent.
        limits: Of what comes out.
        naming: `bare_name` or `inner_path`.

    Raises:
        InputError: A name that is not allowed or stands twice, an archive that is damaged, encrypted, holds links or grows out of proportion.
        TooLargeError: Beyond the limits.
    """
    files: dict[str, bytes] = {}
    left = limits.bytes
    for upload in uploads:
        members = _members(upload, limits, left) if upload.name.lower().endswith(".zip") else [upload]
        for member in members:
            name = naming(member.name)
            if name in files:
                raise InputError(f"two files are called '{name}'", file=name)
            if any(name.startswith(f"{other}/") or other.startswith(f"{name}/") for other in files):
                raise InputError(f"'{name}' is a file and a folder of another one", file=name)
            files[name] = member.data
            left -= len(member.data)
            if left < 0:
                raise TooLargeError(f"the files have more than {limits.bytes} bytes together")
            if len(files) > limits.files:
                raise TooLargeError(f"more than {limits.files} files")
    return files


def _members(archive: Upload, limits: UploadLimits, left: int) -> list[Upload]:
    name = Path(archive.name.replace("\\", "/")).name[:80]
    found: list[Upload] = []
    try:
        with zipfile.ZipFile(io.BytesIO(archive.data)) as opened:
            infos = [info for info in opened.infolist() if not info.is_dir()]
            if len(infos) > limits.files:
                raise TooLargeError(f"the archive holds more than {limits.files} files", file=name)
            for info in infos:
                if info.flag_bits & 1:
                    raise InputError("the archive is encrypted", file=name, place=info.filename[:80])
                if stat.S_ISLNK(info.external_attr >> 16):
                    raise InputError("links in an archive are not followed", file=name, place=info.filename[:80])
                inner_path(info.filename)
                # What the archive says of itself is not believed: bytes are counted as they come out.
                most = min(left, max(info.compress_size, 1000) * limits.ratio)
                with opened.open(info) as stream:
                    data = stream.read(most + 1)
                if len(data) > most:
                    raise TooLargeError(f"unpacked it has more than {most} bytes, the limit", file=name, place=info.filename[:80])
                left -= len(data)
                found.append(Upload(info.filename, data))
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, ValueError, OSError, LookupError, RuntimeError) as error:
        raise InputError(f"the archive cannot be read: {str(error)[:120]}", file=name) from None
    return found


def write_files(folder: Path, files: dict[str, bytes]) -> None:
    """Writes files with checked names into a folder that is made for them."""
    folder.mkdir(parents=True)
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
