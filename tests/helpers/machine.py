"""What decides how the last bit of a number is rounded."""

from __future__ import annotations

import platform
from pathlib import Path

import torch


def machine() -> str:
    """The processor and the version of PyTorch, in a line: results are the same to the bit where this is the same."""
    file = Path("/proc/cpuinfo")
    lines = file.read_text(encoding="utf-8").splitlines() if file.is_file() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    processor = names[0] if names else platform.processor()
    return f"{processor}; {torch.backends.cpu.get_cpu_capability()}; torch {torch.__version__}"
