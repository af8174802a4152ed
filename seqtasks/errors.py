"""The one exception that users see."""


class SeqtasksError(Exception):
    """A mistake in the input, told in one sentence, with a hint at what to do.

    The command line prints `message` and `hint` without a traceback and exits with 1.
    """

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(f"{message} {hint}".strip())
        self.message = message
        self.hint = hint
