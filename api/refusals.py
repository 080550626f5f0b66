"""Why a server says no, beside bad input."""

from __future__ import annotations

from core.errors import PliantError


class BusyError(PliantError):
    """More work is waiting than the server takes."""

    code = "too-many-jobs"


class NotReadyError(PliantError):
    """A resource that is not there in the job's present state."""

    code = "not-ready"


class NameTakenError(PliantError):
    """A name that is in use."""

    code = "name-taken"


class TooLargeError(PliantError):
    """An upload beyond the limit."""

    code = "upload-too-large"
