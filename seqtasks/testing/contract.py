"""How a contract is checked: rule by rule, with all that is broken reported together."""

from __future__ import annotations

import inspect
import math
import traceback
from collections.abc import Callable, Iterable, Sequence

import torch
from torch import Tensor

Rule = Callable[[], Iterable[str]]
"""Gives a sentence for each thing that is wrong. Its docstring says what has to hold."""


class ContractError(AssertionError):
    """A component breaks its contract.

    Args:
        component: What was checked.
        problems: What is wrong and what is expected, a sentence each.
    """

    def __init__(self, component: str, problems: Sequence[str]) -> None:
        super().__init__(f"{component} breaks its contract:\n" + "\n".join(f"- {problem}" for problem in problems))
        self.problems = tuple(problems)


def check_rules(component: str, foundations: Sequence[Rule], others: Sequence[Rule]) -> None:
    """Checks all rules; one of the foundations that is broken ends it, since what follows builds on it.

    Raises:
        ContractError: Rules are broken. An exception within a rule breaks it.
    """
    problems = next((problems for rule in foundations if (problems := broken(rule))), [])
    if not problems:
        problems = [problem for rule in others for problem in broken(rule)]
    if problems:
        raise ContractError(component, problems)


def broken(rule: Rule) -> list[str]:
    """What is wrong by one rule."""
    found: list[str] = []
    try:
        found.extend(rule())
    except Exception as error:
        place = traceback.extract_tb(error.__traceback__)[-1]
        expected = (inspect.getdoc(rule) or "").partition("\n")[0]
        found.append(f"{type(error).__name__} ({place.filename}:{place.lineno}): {error}. Expected: {expected}")
    return found


def difference(one: Tensor, other: Tensor) -> float:
    """The largest difference, relative to the largest value of the second; infinite where there is NaN."""
    if one.shape != other.shape:
        raise ValueError(f"shapes {tuple(one.shape)} and {tuple(other.shape)}")
    if one.numel() == 0:
        return 0.0
    one, other = one.detach().double(), other.detach().double()
    worst = (one - other).abs().max().item() / max(1.0, other.abs().max().item())
    return math.inf if math.isnan(worst) else worst


def same(one: Tensor, other: Tensor, tolerance: float = 1e-4) -> bool:
    """Whether two results differ by rounding alone."""
    return difference(one, other) <= tolerance


def shape(value: object) -> str:
    """The shape of a tensor, or the type of anything else, for a sentence."""
    return str(tuple(value.shape)) if isinstance(value, torch.Tensor) else f"a {type(value).__name__}"
