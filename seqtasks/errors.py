"""The one exception that users see, and the one warning."""

from importlib.util import find_spec


class SeqtasksError(Exception):
    """An error in the input, described in one sentence, with a hint at what to do.

    The command line prints `message` and `hint` without a traceback and exits with 1.
    """

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(f"{message} {hint}".strip())
        self.message = message
        self.hint = hint


class RenamedWarning(FutureWarning):
    """An old name was given, which works until the next release; the message says what it is called now."""


def require_package(name: str, needed: str, extra: str) -> None:
    """Raises SeqtasksError with the sentence `needed` where a package of an extra of seqtasks is not installed."""
    if find_spec(name) is None:
        raise SeqtasksError(needed, f"Install it: pip install 'seqtasks[{extra}]'")
