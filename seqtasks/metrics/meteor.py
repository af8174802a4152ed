"""METEOR, which needs Java and the program of its authors (Denkowski and Lavie 2014)."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryFile

from seqtasks.errors import SeqtasksError

VERSION = "1.5"
Sentence = Sequence[str]


def meteor_program() -> Path | None:
    """The program that comes with the package pycocoevalcap, if that is installed."""
    package = find_spec("pycocoevalcap")
    for folder in (package and package.submodule_search_locations) or ():
        program = Path(folder) / "meteor" / f"meteor-{VERSION}.jar"
        if program.is_file():
            return program
    return None


def meteor_unavailable_reason() -> str | None:
    """Why there is no METEOR here, in a sentence; None when there is."""
    if shutil.which("java") is None:
        return "METEOR is left out: it needs Java, and there is no `java` on the PATH."
    if meteor_program() is None:
        return "METEOR is left out: it needs its Java program, which comes with `pip install pycocoevalcap`."
    return None


def meteor(hypotheses: Sequence[Sentence], references: Sequence[Sequence[Sentence]]) -> float:
    """METEOR of a whole corpus of tokens, from 0 to 1, in English.

    Raises:
        SeqtasksError: No Java or no program, or the program fails.
    """
    missing = meteor_unavailable_reason()
    if missing:
        raise SeqtasksError(missing)
    command = ["java", "-Xmx2G", "-jar", str(meteor_program()), "-", "-", "-stdio", "-l", "en", "-norm"]
    pipe = subprocess.PIPE
    with TemporaryFile("w+", encoding="utf-8") as complaints:
        try:
            # the program answers a line with a line
            with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=complaints, encoding="utf-8") as process:
                statistics = [
                    ask(process, "SCORE", *(plain(sentence) for sentence in (*others, hypothesis)))
                    for hypothesis, others in zip(hypotheses, references, strict=True)
                ]
                answers = [ask(process, "EVAL", *statistics), *(answer(process) for _ in hypotheses)]
                return float(answers[-1])
        except (OSError, EOFError):
            complaints.seek(0)
            reason = (complaints.read().strip().splitlines() or ["it gave no reason"])[0]
            raise SeqtasksError(f"METEOR stopped: {reason}", "It needs 2 GB of memory.") from None


def ask(process: subprocess.Popen[str], *question: str) -> str:
    """The first line of the answer."""
    assert process.stdin is not None
    process.stdin.write(" ||| ".join(question) + "\n")
    process.stdin.flush()
    return answer(process)


def answer(process: subprocess.Popen[str]) -> str:
    """The next line; EOFError when the program has ended."""
    assert process.stdout is not None
    line = process.stdout.readline().strip()
    if not line:
        raise EOFError
    return line


def plain(sentence: Sentence) -> str:
    """The tokens between spaces, without the sign that ends a sentence for the program."""
    return " ".join(sentence).replace("|||", "")
