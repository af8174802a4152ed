"""Models are counted as they would be made, at no cost."""

from __future__ import annotations

import subprocess
import sys

import pytest
import torch
from helpers.generators import PAIRS, generator
from torch import nn

from seqtasks.models.parameter_count import count_parameters


@pytest.mark.parametrize("names", PAIRS, ids="/".join)
def test_the_count_is_that_of_the_model(names: tuple[str, str, str]) -> None:
    expected = sum(parameter.numel() for parameter in generator(*names).parameters())
    assert count_parameters(lambda: generator(*names)) == expected


def test_no_memory_is_taken() -> None:
    assert count_parameters(lambda: nn.Linear(10**7, 10**7)) == 10**14 + 10**7


def test_random_numbers_leave_shapes_as_they_are() -> None:
    def build() -> nn.Module:
        model = nn.Module()
        model.one = nn.Parameter(torch.randn(3, 4))
        model.two = nn.Parameter(torch.rand((2, 5)))
        model.three = nn.Embedding(7, 2)
        nn.init.orthogonal_(model.two)
        model.one.data.normal_()
        return model

    assert count_parameters(build) == 12 + 10 + 14


def test_no_compiler_is_imported_to_load_models() -> None:
    code = (
        "import sys, seqtasks\n"
        "for name in ('en-de', 'captions'): seqtasks.load(name)\n"
        "print({'sympy', 'torch._dynamo'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "set()"
