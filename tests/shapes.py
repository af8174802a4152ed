"""The run-time check of types and shapes, put around every function of seqtasks while tests run."""

from typing import Any, Self

import numpy as np
from beartype import BeartypeConf, FrozenDict, beartype

# Functions are wrapped one by one, where beartype cannot tell the class that Self stands for;
# it refuses an array of any type.
UNCHECKABLE = FrozenDict({Self: Any, np.ndarray[Any, Any]: np.ndarray})

check = beartype(conf=BeartypeConf(is_pep484_tower=True, hint_overrides=UNCHECKABLE))
