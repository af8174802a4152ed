"""What all tests share: one thread, here and in the processes they start, no deadlines on a busy machine.

With CI set, properties are tried on the same examples each time; without, on new ones.
"""

from __future__ import annotations

import os

os.environ["OMP_NUM_THREADS"] = "1"

import hypothesis
import torch

torch.set_num_threads(1)
hypothesis.settings.register_profile("seqtasks", deadline=None, print_blob=True, derandomize="CI" in os.environ)
hypothesis.settings.load_profile("seqtasks")
