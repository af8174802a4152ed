"""torchrun on two machines, as which two network namespaces stand (Linux, root): they share a disk and one cable."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from helpers import tiny_runs
from helpers.program import settings
from helpers.resumed import same_weights

TRAIN = ["-m", "seqtasks", "train", "run.toml", *settings("training.num_processes=0", "training.num_threads=1")]
NODES = [(f"seqtasks-{os.getpid()}-{name}", f"10.199.0.{number}") for number, name in enumerate("ab", 1)]


def ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True, capture_output=True)


@pytest.fixture
def nodes() -> Iterator[None]:
    """Two namespaces with an interface each, joined."""
    if shutil.which("ip") is None or os.geteuid() != 0:
        pytest.skip("needs iproute2, and the rights of root")
    cable = [f"st{os.getpid() % 10**6}{name}" for name in "ab"]
    try:
        for name, _ in NODES:
            ip("netns", "add", name)
        ip("link", "add", cable[0], "type", "veth", "peer", "name", cable[1])
        for (name, address), end in zip(NODES, cable, strict=True):
            ip("link", "set", end, "netns", name)
            ip("-n", name, "addr", "add", f"{address}/24", "dev", end)
            ip("-n", name, "link", "set", end, "up")
            ip("-n", name, "link", "set", "lo", "up")
    except subprocess.CalledProcessError as error:
        pytest.skip(f"network namespaces cannot be made here: {error.stderr.decode().strip()}")
    else:
        yield
    finally:
        for name, _ in NODES:
            subprocess.run(["ip", "netns", "delete", name], check=False, capture_output=True)


@pytest.mark.slow
@pytest.mark.usefixtures("nodes")
@pytest.mark.parametrize("task", ["translation", "generation"])
def test_two_nodes_train_what_two_ranks_of_one_do(task: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    tiny_runs.write_data(Path("data"))
    Path("run.toml").write_text(tiny_runs.CONFIGURATIONS[task] + tiny_runs.TRAINING, encoding="utf-8")
    launcher = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node"]
    subprocess.run(
        [*launcher, "2", "--standalone", *TRAIN, "--output", "one"], check=True, capture_output=True, timeout=200
    )
    processes = []
    for number, (name, address) in enumerate(NODES):
        rendezvous = [
            "--nnodes", "2", "--rdzv-backend", "c10d", "--rdzv-endpoint", f"{NODES[0][1]}:29512", "--rdzv-id", "test",
            "--rdzv-conf", f"is_host={'false' if number else 'true'}", "--local-addr", address,
        ]  # fmt: skip
        interface = subprocess.run(
            ["ip", "-n", name, "-o", "link"], check=True, capture_output=True, text=True
        ).stdout.splitlines()[-1].split()[1].partition("@")[0].rstrip(":")  # fmt: skip
        processes.append(
            subprocess.Popen(
                ["ip", "netns", "exec", name, *launcher, "1", *rendezvous, *TRAIN, "--output", "two"],
                env=os.environ | {"GLOO_SOCKET_IFNAME": interface},
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
        )
    for process in processes:
        try:
            _, err = process.communicate(timeout=200)
        finally:
            process.kill()
        assert process.returncode == 0, err
    last = f"step-{tiny_runs.STEPS}"
    assert same_weights(Path("one", last), Path("two", last))
