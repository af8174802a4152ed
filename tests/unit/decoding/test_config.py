from __future__ import annotations

from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from seqtasks.decoding import DecodingConfig


@pytest.mark.parametrize(
    ("options", "signature"),
    [
        ({}, "beam=5|penalty=average|max=1.5x+10"),
        ({"beam_size": 1, "length_penalty": "wu:0.6"}, "beam=1|penalty=wu:0.6|max=1.5x+10"),
        ({"nbest": 2, "min_length": "3"}, "beam=5|penalty=average|max=1.5x+10|nbest=2|min=3"),
        (
            {"suppress_tokens": (7, 9), "no_repeat_ngram_size": 3},
            "beam=5|penalty=average|max=1.5x+10|banned=7,9|no_repeat_ngram=3",
        ),
        ({"seed": 4}, "beam=5|penalty=average|max=1.5x+10"),
        (
            {"mbr_samples": 9, "temperature": 0.5},
            "beam=5|penalty=average|max=1.5x+10|consensus=9|seed=1|temperature=0.5",
        ),
        ({"sample": True, "top_p": 0.9}, "sample|penalty=average|max=1.5x+10|seed=1|top_p=0.9"),
    ],
)
def test_signature(options: dict[str, Any], signature: str) -> None:
    assert DecodingConfig(**options).signature() == signature


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"beam_size": 0}, "beam_size = 0: it must be at least 1"),
        ({"nbest": 0}, "nbest = 0"),
        ({"nbest": 6}, "a beam of 5 finds at most 5"),
        ({"no_repeat_ngram_size": -1}, "no_repeat_ngram_size = -1"),
        ({"top_k": -1}, "top_k = -1"),
        ({"seed": -1}, "seed = -1"),
        ({"temperature": 0.0}, "temperature = 0.0: it must be above 0"),
        ({"temperature": float("nan")}, "temperature = nan"),
        ({"top_p": 0.0}, "top_p = 0.0"),
        ({"top_p": 1.1}, "top_p = 1.1"),
        ({"mbr_samples": -1}, "mbr_samples = -1"),
        ({"mbr_samples": 9, "beam_size": 1}, "mbr_samples = 9: it requires beam search with a beam_size of 2 or more"),
        ({"mbr_samples": 9, "sample": True}, "mbr_samples = 9: it requires beam search with a beam_size of 2 or more"),
        ({"suppress_tokens": (-2,)}, "never negative"),
        ({"length_penalty": "sum"}, "'sum' is not a length penalty"),
        ({"max_length": "long"}, "'long' is not a length"),
        ({"min_length": "x-1"}, "'x-1' is not a length"),
    ],
)
def test_bad_values(options: dict[str, Any], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        DecodingConfig(**options)


def test_as_a_table_of_settings() -> None:
    adapter = TypeAdapter(DecodingConfig)
    assert adapter.validate_python({"beam_size": 2, "suppress_tokens": [5]}) == DecodingConfig(
        beam_size=2, suppress_tokens=(5,)
    )
    with pytest.raises(ValidationError, match="beem"):
        adapter.validate_python({"beem": 2})
    with pytest.raises(ValidationError, match="a beam of 5 finds"):
        adapter.validate_python({"nbest": 9})
