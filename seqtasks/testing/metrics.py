"""The contract of metrics."""

from __future__ import annotations

import copy
import math
from collections.abc import Iterator, Sequence
from typing import Any

from seqtasks.metrics.metric import Metric
from seqtasks.testing.contract import check_rules


def check_metric(
    metric: type[Metric], outputs: Sequence[Any], references: Sequence[Sequence[Any]], *, lower_is_better: bool = False
) -> None:
    """Checks a metric on examples: a number and a signature, the order of examples, perfect and wrong outputs.

        check_metric(LengthRatio, ["a dog", "two men talk"], [["a dog"], ["two men", "men talk"]])

    Args:
        metric: The class.
        outputs: At least two different ones, as models give them: texts, or the labels of a sentence or a document.
        references: For each output one or several; the outputs should not be perfect.
        lower_is_better: Whether perfect outputs have the lowest value.

    Raises:
        ContractError: It breaks its contract; the message says how, a line for each problem.
    """
    contract = MetricContract(metric, outputs, references, lower_is_better)
    check_rules(
        metric.__qualname__, [contract.number], [contract.order, contract.inputs, contract.perfect, contract.count]
    )


class MetricContract:
    """The rules for one metric."""

    def __init__(
        self, metric: type[Metric], outputs: Sequence[Any], references: Sequence[Sequence[Any]], lower_is_better: bool
    ) -> None:
        self.metric, self.lower_is_better = metric, lower_is_better
        self.outputs, self.references = list(outputs), [list(each) for each in references]
        if len(self.outputs) != len(self.references) or len(self.outputs) < 2:
            raise ValueError("Give at least two outputs, and references for each.")
        if any(isinstance(each, str) for each in references):
            raise ValueError("Give a list of references for each output: [['a dog', 'the dog'], ['a cat']].")

    def compute(self, outputs: list[Any], references: list[list[Any]]) -> tuple[float, str]:
        """What a new object of the class says."""
        return self.metric().compute(outputs, references)

    def number(self) -> Iterator[str]:
        """`compute` gives a finite number, and a signature on one line that names all choices."""
        if self.metric not in Metric.kinds.values():
            yield f'{self.metric.__qualname__} has no name: class {self.metric.__qualname__}(Metric, kind="...").'
        found = self.compute(self.outputs, self.references)
        if not isinstance(found, tuple) or len(found) != 2:
            yield f"compute gives {found!r}, expected a number and a signature."
            return
        value, signature = found
        if not isinstance(signature, str) or not signature or "\n" in signature:
            yield f"The signature is {signature!r}, expected one line of text that names all that the value depends on."
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            yield f"The value is {value!r} ({type(value).__name__}), expected a finite float."
        elif self.compute(self.outputs, self.references) != found:
            yield "The same examples give another result the second time."

    def order(self) -> Iterator[str]:
        """The order of the examples, and of the references of each, changes nothing."""
        value, _ = self.compute(self.outputs, self.references)
        turned = [list(reversed(each)) for each in reversed(self.references)]
        other, _ = self.compute(list(reversed(self.outputs)), turned)
        if not math.isclose(value, other, rel_tol=1e-6, abs_tol=1e-9):
            yield f"In another order the examples have {other!r}, not {value!r}: a corpus has no order."

    def inputs(self) -> Iterator[str]:
        """Outputs and references are as they were afterwards."""
        given = copy.deepcopy((self.outputs, self.references))
        self.compute(self.outputs, self.references)
        if given != (self.outputs, self.references):
            yield "compute changes the lists that it is given: other metrics get them next."

    def perfect(self) -> Iterator[str]:
        """Outputs that are references are better than outputs that belong to other examples."""
        right = [each[0] for each in self.references]
        if all(each == right[0] for each in right):
            yield "The references are all the same: give others, so that right and wrong outputs differ."
            return
        best, _ = self.compute(right, self.references)
        worse, _ = self.compute(right[1:] + right[:1], self.references)
        if (best > worse) if self.lower_is_better else (best < worse):
            sign = "at most" if self.lower_is_better else "at least"
            yield f"Perfect outputs have {best:g}, expected {sign} the {worse:g} of those of other examples."

    def count(self) -> Iterator[str]:
        """Fewer references than outputs are refused."""
        try:
            self.compute(self.outputs, self.references[:-1])
        except Exception:
            return
        yield "An output without references is skipped silently: use zip(..., strict=True)."
