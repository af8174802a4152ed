#!/usr/bin/env bash
# torch 2.15.0.
#
# A communication hook of DistributedDataParallel is a function (state, bucket: dist.GradBucket) ->
# torch.futures.Future[torch.Tensor], and register_comm_hook checks these annotations. In a module that begins with
# `from __future__ import annotations`, as typed modules do, the very same function is refused: annotations are strings
# there, and the check compares them with the classes. The message asks for what the function has already. A hook with
# no annotations at all is taken, and so is a lambda around the typed one.
#
# Seen: the typed hook is registered without the import, refused with it.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet torch==2.15.0 numpy
cd "$folder"
cat > rest.py <<'PYTHON'
import torch
import torch.distributed as dist
from torch.nn.parallel import DistributedDataParallel


def hook(state: object, bucket: dist.GradBucket) -> torch.futures.Future[torch.Tensor]:
    future = torch.futures.Future()
    future.set_result(bucket.buffer())
    return future


dist.init_process_group("gloo", store=dist.HashStore(), rank=0, world_size=1)
model = DistributedDataParallel(torch.nn.Linear(2, 2))
try:
    model.register_comm_hook(None, hook)
    print("registered")
except ValueError as error:
    print(error)
dist.destroy_process_group()
PYTHON
{ echo "from __future__ import annotations"; cat rest.py; } > postponed.py
for file in rest postponed; do "$folder/venv/bin/python" "$file.py" 2> "$file.errors" || { cat "$file.errors"; exit 1; }; done > seen
cat seen
diff seen - <<'SEEN'
registered
Communication hook: bucket annotation should be dist.GradBucket.
SEEN
