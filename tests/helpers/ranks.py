"""Processes of one training, forked as torchrun would start them."""

from __future__ import annotations

import multiprocessing
import os
import pickle
import socket
import traceback
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any


def in_ranks(count: int, work: Callable[[], Any], *, seconds: float = 100) -> list[Any]:
    """What `work` returned in each process, or the exception that it raised; None for one that was killed."""
    with TemporaryDirectory() as folder, socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        free.close()
        files = [Path(folder, str(rank)) for rank in range(count)]
        context = multiprocessing.get_context("fork")
        processes = [
            context.Process(target=live, args=(rank, count, port, work, file), daemon=True)
            for rank, file in enumerate(files)
        ]
        for process in processes:
            process.start()
        try:
            for process in processes:
                process.join(seconds)
                assert process.exitcode is not None, "a process has not ended"
        finally:
            for process in processes:
                process.kill()
        return [pickle.loads(file.read_bytes()) if file.exists() else None for file in files]


def live(rank: int, count: int, port: int, work: Callable[[], Any], file: Path) -> None:
    os.environ |= {
        "RANK": str(rank), "LOCAL_RANK": str(rank), "WORLD_SIZE": str(count), "LOCAL_WORLD_SIZE": str(count),
        "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port),
    }  # fmt: skip
    try:
        result = work()
    except Exception as error:
        traceback.print_exc()
        result = error
    part = file.with_suffix(".part")
    part.write_bytes(pickle.dumps(result))
    part.rename(file)
    os._exit(0)
