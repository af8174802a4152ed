"""What all tests share: one thread, here and in the processes they start, and no deadlines on a busy machine."""

from __future__ import annotations

import os

os.environ["OMP_NUM_THREADS"] = "1"

import hypothesis
import torch

torch.set_num_threads(1)
hypothesis.settings.register_profile("seqtasks", deadline=None, print_blob=True)
hypothesis.settings.load_profile("seqtasks")
