"""Lines of code of a package: docstrings (those of attributes, too), comments and blank lines are not counted.

python tests/count_code.py seqtasks
python tests/count_code.py path/to/another/checkout/seqtasks --files
"""

from __future__ import annotations

import argparse
import ast
import io
import tokenize
from pathlib import Path

NO_CODE = {
    tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENCODING,
    tokenize.ENDMARKER,
}  # fmt: skip


def code_lines(source: str) -> int:
    """Lines of a module that hold code."""
    text = source.splitlines()
    lines: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type not in NO_CODE:
            lines.update(range(token.start[0], token.end[0] + 1))
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            lines.difference_update(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    return sum(1 for number in lines if text[number - 1].strip())


def count(folder: Path) -> dict[Path, int]:
    """The lines of code of each module below a folder, by its path from there."""
    return {
        file.relative_to(folder): code_lines(file.read_text(encoding="utf-8")) for file in sorted(folder.rglob("*.py"))
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="the folder of a package")
    parser.add_argument("--files", action="store_true", help="each module, too")
    arguments = parser.parse_args()
    counted = count(arguments.folder)
    if arguments.files:
        for file, lines in counted.items():
            print(f"{lines:6,} {file}")
    print(f"{sum(counted.values()):,} lines of code in {len(counted)} modules")


if __name__ == "__main__":
    main()
