"""`python -m seqtasks` and the command `seqtasks`."""

from __future__ import annotations


def main() -> None:
    """Runs the command line; it is imported here, so that `import seqtasks` does not need it."""
    from seqtasks.cli.app import main

    main()


if __name__ == "__main__":
    main()
