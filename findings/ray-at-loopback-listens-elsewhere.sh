#!/usr/bin/env bash
# ray 2.60.0.
#
# `--node-ip-address`, "the IP address of this node", of `ray start` and `_node_ip_address` of `ray.init` take any
# address but 127.0.0.1: for that, and for localhost, Ray takes the address by which the machine is reached from
# outside, without a word. A cluster that was meant for one machine alone listens to the network. (The variable
# RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER=0, on Linux too, keeps it at 127.0.0.1.)
#
# Seen: the address that Ray makes of 127.0.0.1 is that of no address given; with the variable it is 127.0.0.1.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet ray==2.60.0
cd "$folder"
cat > ask.py <<'PYTHON'
import sys

import ray

asked = {"_node_ip_address": sys.argv[1]} if sys.argv[1:] else {}
ray.init("local", num_cpus=1, include_dashboard=False, log_to_driver=False, logging_level="ERROR", **asked)
print(ray.util.get_node_ip_address())
PYTHON
export RAY_USAGE_STATS_ENABLED=0
ask() { "$folder/venv/bin/python" ask.py "$@" 2> errors || { cat errors; exit 1; }; }
unasked=$(ask)
asked=$(ask 127.0.0.1)
kept=$(RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER=0 ask 127.0.0.1)
same=$([ "$asked" = "$unasked" ] && echo "the same" || echo "another")
if [ "$unasked" = 127.0.0.1 ]; then
    echo "This machine has no address but 127.0.0.1: nothing can be seen here."
    exit 0
fi
echo "127.0.0.1 asked for: $same as with nothing asked for; with the variable: $kept" | tee seen
diff seen - <<'SEEN'
127.0.0.1 asked for: the same as with nothing asked for; with the variable: 127.0.0.1
SEEN
