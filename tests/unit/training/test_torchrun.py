"""What a user types to go on with a training that was started by torchrun."""

from __future__ import annotations

import pytest

from seqtasks.training.torchrun import program

RANKS = {"RANK": "0", "WORLD_SIZE": "4", "MASTER_ADDR": "localhost", "MASTER_PORT": "1", "LOCAL_WORLD_SIZE": "2"}


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, "seqtasks"),
        ({**RANKS, "WORLD_SIZE": "1", "GROUP_WORLD_SIZE": "1"}, "seqtasks"),
        ({**RANKS, "WORLD_SIZE": "2", "GROUP_WORLD_SIZE": "1"}, "torchrun --nproc-per-node 2 -m seqtasks"),
        ({**RANKS, "GROUP_WORLD_SIZE": "2"}, "torchrun ... -m seqtasks"),
        (RANKS, "torchrun ... -m seqtasks"),
    ],
)
def test_the_command_is_named_as_it_was_started(
    environment: dict[str, str], expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in {*RANKS, "GROUP_WORLD_SIZE"}:
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert program() == expected
