#!/usr/bin/env bash
# torch 2.15.0.
#
# The meta device is documented as tensors without data, and so a model is made on it to learn its size cheaply before
# any memory is taken for it, the usual first step of loading a checkpoint. A linear layer costs nothing there, as one
# would guess. An embedding costs two seconds and 130 MB: it is filled with normal random numbers (a linear layer with
# uniform ones), which have no kernel for this device but a reference implementation in Python, and that imports torch's
# compiler and sympy, some 900 modules, into a program that compiles nothing. The sum of a tensor and a number does so
# as well. It is paid once a process, and does not show in the size of the model nor in any warning.
# What works: to leave the filling out with a torch.overrides.TorchFunctionMode that returns the tensor of every
# function of torch.nn.init as it is, and to scale inside of these functions (std=...), not by a product behind them.
#
# Seen: below.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet torch==2.15.0 numpy
for made in 'torch.nn.Linear(8, 8, device="meta")' \
    'torch.nn.LSTM(8, 8, device="meta")' \
    'torch.nn.Embedding(8, 8, device="cpu")' \
    'torch.nn.Embedding(8, 8, device="meta")' \
    'torch.empty(8, device="meta") + 1'; do
    "$folder/venv/bin/python" - "$made" <<'PYTHON'
import sys

import torch

before = len(sys.modules)
eval(sys.argv[1])
more = len(sys.modules) - before
compiler = [name for name in ("torch._dynamo", "sympy") if name in sys.modules]
print(f"{sys.argv[1]}: {'hundreds of' if more > 500 else 'few'} modules more, {' and '.join(compiler) or 'no compiler'}")
PYTHON
done > "$folder/seen"
cat "$folder/seen"
diff "$folder/seen" - <<'SEEN'
torch.nn.Linear(8, 8, device="meta"): few modules more, no compiler
torch.nn.LSTM(8, 8, device="meta"): few modules more, no compiler
torch.nn.Embedding(8, 8, device="cpu"): few modules more, no compiler
torch.nn.Embedding(8, 8, device="meta"): hundreds of modules more, torch._dynamo and sympy
torch.empty(8, device="meta") + 1: hundreds of modules more, torch._dynamo and sympy
SEEN
