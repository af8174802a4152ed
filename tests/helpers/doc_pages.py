"""Code blocks of the documentation, and what has to come of them.

What a block is stands in its fence:

- `console`: lines that begin with `$ ` are commands; the lines below each are what it prints, on standard output and
  then on standard error. Without such lines, a command only has to end with exit code 0; `$ echo $?` shows another.
- `bash`: commands, nothing of what they print.
- `python`: statements; names are those of all blocks of the page. A `text` block that follows at once is their output.
- any other, with `title="FILE"`: written to that file first.

`--8<-- "FILE"` stands for a file of `fixtures/code`, as it does for the site.

In an expected output `...` stands for anything: inside of a line, or for any number of lines.

An HTML comment on the line before a fence changes this:

- `<!-- slow -->`: run by `make test-slow` only; `<!-- slow: training.max_steps=20 -->`: with this setting in addition.
- `<!-- not run: REASON -->`: never run.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

REPOSITORY = Path(__file__).parents[2]
PAGES = [REPOSITORY / "README.md", *sorted((REPOSITORY / "docs").rglob("*.md"))]

BLOCK = re.compile(
    r"^(?:<!-- (?P<mark>slow|not run)(?:: (?P<said>[^\n]*?))? -->\n)?"
    r"^```(?P<kind>[a-z]+)(?: title=\"(?P<title>[^\"]+)\")?\n(?P<content>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)
CODE = REPOSITORY / "tests/fixtures/code"
SNIPPET = re.compile(r'^--8<-- "([^"]+)"$', re.MULTILINE)
MARK = re.compile(r"^<!--\s*(?:slow|not run)\b.*$", re.MULTILINE)


class Block(NamedTuple):
    """One fenced block of a page."""

    line: int
    kind: str
    content: str
    title: str | None
    mark: str | None
    said: str
    """What stands behind the mark: settings of a training, or the reason why a block is not run."""
    follows: bool
    """Nothing but blank lines stands between this block and the one before."""


class Command(NamedTuple):
    """A command of a `console` block, and the lines that follow it."""

    words: str
    expected: str


def blocks(page: Path) -> list[Block]:
    """All fenced blocks of a page, in their order."""
    text = page.read_text(encoding="utf-8")
    found: list[Block] = []
    end = 0
    for match in BLOCK.finditer(text):
        follows = bool(found) and not text[end : match.start()].strip()
        line = text.count("\n", 0, match.start("kind")) + 1
        kind, content, title, mark, said = match.group("kind", "content", "title", "mark", "said")
        content = SNIPPET.sub(lambda found: (CODE / found[1]).read_text(encoding="utf-8"), content)
        found.append(Block(line, kind, content, title, mark, said or "", follows))
        end = match.end()
    return found


def unread_marks(page: Path) -> list[str]:
    """Marks that stand before no fence."""
    text = page.read_text(encoding="utf-8")
    read = sum(bool(block.mark) for block in blocks(page))
    marks = MARK.findall(text)
    return marks if len(marks) != read else []


def commands(block: Block) -> list[Command]:
    """The commands of a `console` or `bash` block; continued lines are joined."""
    content = block.content.replace("\\\n", " ")
    if block.kind == "bash":
        return [Command(line, "") for line in content.splitlines() if line.strip() and not line.startswith("#")]
    parts = re.split(r"^\$ ", content, flags=re.MULTILINE)
    assert not parts[0].strip(), f"line {block.line}: output before the first command"
    return [Command(*(each.strip("\n") for each in part.partition("\n")[::2])) for part in parts[1:]]


def fits(expected: str, found: str) -> bool:
    """Whether an output is what a page shows, blanks at the ends of lines aside."""
    lines = [line.rstrip() for line in expected.strip("\n").splitlines()]
    pattern = "".join(
        r"(?:[^\n]*\n)*?" if line.strip() == "..." else re.escape(line).replace(r"\.\.\.", "[^\n]*") + "\n"
        for line in lines
    )
    said = "".join(line.rstrip() + "\n" for line in found.strip("\n").splitlines())
    return re.fullmatch(pattern, said) is not None
