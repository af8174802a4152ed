"""A shell that is small enough for the commands of the documentation; `seqtasks` runs in this process."""

from __future__ import annotations

import shlex
import subprocess
from pathlib import Path

from helpers.program import Result, run_program, settings


class Shell:
    """Commands in the current directory, one after the other."""

    def __init__(self) -> None:
        self.code = 0
        """The exit code of the last command."""

    def run(self, line: str, more: tuple[str, ...] = ()) -> Result:
        """Programs joined by `|`, with `> FILE` and `< FILE`; `more` are settings of trainings."""
        reader = shlex.shlex(line, posix=True, punctuation_chars="|<>")
        reader.whitespace_split = True
        out, errors, arguments, target = b"", "", list[str](), None
        words = [*reader, "|"]
        while words:
            word = words.pop(0)
            if word == ">":
                target = Path(words.pop(0))
            elif word == "<":
                out = Path(words.pop(0)).read_bytes()
            elif word == "|":
                result = self._program(arguments, out, more)
                out, errors, arguments = result.out.encode(), errors + result.err, []
                self.code = result.code
            else:
                arguments.append(word)
        if target:
            target.write_bytes(out)
            out = b""
        return Result(self.code, out.decode(), errors)

    def _program(self, arguments: list[str], stdin: bytes, more: tuple[str, ...]) -> Result:
        if arguments == ["echo", "$?"]:
            return Result(0, f"{self.code}\n", "")
        if arguments[0] == "seqtasks":
            return run_program(
                *arguments[1:], *(settings(*more) if arguments[1] in ("train", "finetune") else ()), stdin=stdin
            )
        done = subprocess.run(arguments, input=stdin, capture_output=True, check=False, timeout=60)
        return Result(done.returncode, done.stdout.decode(), done.stderr.decode())
