#!/usr/bin/env bash
# jaxtyping 0.3.11 with beartype 0.23.1 under pytest 9.2.0.
#
# pytest's option --jaxtyping-packages=PACKAGE,CHECKER checks the shapes in the annotations of PACKAGE in every test, with
# the function CHECKER. The examples have beartype.beartype; one of a project's own may stand in any module, one would
# think. jaxtyping imports only what stands before the first dot and takes attributes from there: a checker in
# helpers/shapes.py is found as `shapes.check` with the folder on the path, but not as `helpers.shapes.check`, unless
# somebody has imported that module before. Then no test is collected, and the error names neither option nor checker.
#
# Seen: "shapes.check: 1 passed", "helpers.shapes.check: AttributeError: module 'helpers' has no attribute 'shapes'".
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet jaxtyping==0.3.11 beartype==0.23.1 pytest==9.2.0 numpy
mkdir "$folder/toy" "$folder/helpers"
cat > "$folder/toy/__init__.py" <<'PYTHON'
import numpy as np
from jaxtyping import Float


def twice(values: Float[np.ndarray, "rows"]) -> Float[np.ndarray, "rows"]:
    return 2 * values
PYTHON
printf 'from beartype import beartype\n\ncheck = beartype\n' > "$folder/helpers/shapes.py"
touch "$folder/helpers/__init__.py"
cat > "$folder/test_toy.py" <<'PYTHON'
import numpy as np
import toy


def test_it_doubles() -> None:
    assert toy.twice(np.ones(3)).tolist() == [2, 2, 2]
PYTHON
cd "$folder"
for checker in shapes.check helpers.shapes.check; do
  PYTHONPATH=".:helpers" venv/bin/python -m pytest -q -p no:cacheprovider --jaxtyping-packages=toy,$checker test_toy.py \
    > log 2>&1 || true
  if grep -q "1 passed" log; then echo "$checker: 1 passed"; else echo "$checker: $(grep -o 'AttributeError: .*' log | head -n 1)"; fi
done | tee seen
diff seen - <<'SEEN'
shapes.check: 1 passed
helpers.shapes.check: AttributeError: module 'helpers' has no attribute 'shapes'
SEEN
