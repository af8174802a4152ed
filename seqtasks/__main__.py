"""`python -m seqtasks` and the command `seqtasks`."""

from __future__ import annotations


def main() -> None:
    from seqtasks.cli.app import main

    main()


if __name__ == "__main__":
    main()
