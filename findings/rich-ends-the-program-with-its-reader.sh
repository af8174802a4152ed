#!/usr/bin/env bash
# rich 15.0.0.
#
# A long job prints its progress with rich's Console, and its output is piped into `head`. A plain print() would raise
# BrokenPipeError, which a program sees and can pass over. Console.print catches that error and ends the process itself:
# it raises SystemExit(1), says nothing anywhere, and all that the job had still to do is not done. A handler for
# Exception does not see it, and neither does one for BrokenPipeError.
# What works: a subclass of Console whose on_broken_pipe goes on.
#
# Seen: "work done: False, exit code 1, stderr: ''", "with on_broken_pipe: work done: True, exit code 0".
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet rich==15.0.0
cat > "$folder/job.py" <<'PYTHON'
import os
import sys
from pathlib import Path

from rich.console import Console


class Going(Console):
    def on_broken_pipe(self) -> None:
        self.quiet = True
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


console = Going() if sys.argv[1] == "going" else Console()
for step in range(20_000):
    try:
        console.print(f"step {step}")
    except (BrokenPipeError, Exception):
        console.quiet = True
Path(sys.argv[2]).write_text("the result of a long job")
PYTHON
cat > "$folder/program.py" <<'PYTHON'
import subprocess
import sys
from pathlib import Path

folder = Path(sys.argv[1])
for name in ("plain", "going"):
    result = folder / f"{name}.txt"
    job = subprocess.Popen([sys.executable, folder / "job.py", name, result], stdout=subprocess.PIPE,
                           stderr=subprocess.PIPE, text=True)
    job.stdout.readline()
    job.stdout.close()
    told = job.stderr.read()
    code = job.wait()
    start = "" if name == "plain" else "with on_broken_pipe: "
    print(f"{start}work done: {result.exists()}, exit code {code}" + (f", stderr: {told!r}" if name == "plain" else ""))
PYTHON
"$folder/venv/bin/python" "$folder/program.py" "$folder" | tee "$folder/seen"
diff "$folder/seen" - <<'SEEN'
work done: False, exit code 1, stderr: ''
with on_broken_pipe: work done: True, exit code 0
SEEN
