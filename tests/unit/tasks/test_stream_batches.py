from __future__ import annotations

from itertools import islice, pairwise

import numpy as np
import pytest
import torch

from seqtasks.errors import SeqtasksError
from seqtasks.models import LanguageModelBatch
from seqtasks.special_tokens import BEGIN, PAD
from seqtasks.tasks.language_modeling.tbptt_loader import TBPTTLoader
from seqtasks.text.tokenizers.document import LINE, Tokens, marked


def texts(count: int, length: int, *, line: int = 7) -> list[Tokens]:
    """Tokens that occur once each, but for a line break after every `line`."""
    numbers = iter(range(300, 100_000))
    return [
        marked([LINE if place % line == line - 1 else next(numbers) for place in range(length)]) for _ in range(count)
    ]


def epoch_of(batches: TBPTTLoader) -> list[LanguageModelBatch]:
    """The windows of the first epoch."""
    found = []
    for window in batches:
        if batches.state_dict()["epoch"] > 1:
            return found
        found.append(window)
    raise AssertionError


def lanes(windows: list[LanguageModelBatch]) -> list[list[int]]:
    """What each row reads, window after window."""
    rows = torch.cat([windows[0].tokens, *(window.tokens[:, 1:] for window in windows[1:])], dim=1)
    return [[token for token in row if token != PAD] for row in rows.tolist()]


@pytest.mark.parametrize(("count", "length", "rows", "window"), [(1, 203, 4, 10), (9, 30, 3, 16), (1, 40, 1, 7)])
def test_an_epoch_has_every_token_once_as_what_is_wanted(count: int, length: int, rows: int, window: int) -> None:
    given = texts(count, length)
    windows = epoch_of(TBPTTLoader(given, lanes=rows, window=window, seed=3))
    assert all(each.tokens.shape == (rows, window + 1) for each in windows)
    wanted = [token for each in windows for token in each.tokens[:, 1:][each.mask[:, 1:]].tolist()]
    everything = [token for text in given for token in text.tolist() if token != BEGIN]
    assert sorted(wanted) == sorted(everything)
    for before, after in pairwise(windows):
        assert torch.equal(before.tokens[:, -1], after.tokens[:, 0])


def test_rows_begin_where_lines_or_texts_do() -> None:
    given = texts(1, 210)
    starts = {given[0][1].item()} | {
        given[0][place + 1].item() for place in range(len(given[0])) if given[0][place] == LINE
    }
    for row in lanes(epoch_of(TBPTTLoader(given, lanes=5, window=8, seed=1))):
        assert row[0] == BEGIN
        assert row[1] in starts


def test_a_text_without_lines_is_cut_anywhere() -> None:
    given = texts(1, 100, line=1000)
    rows = lanes(epoch_of(TBPTTLoader(given, lanes=4, window=8, seed=1)))
    assert all(row[0] == BEGIN for row in rows)
    assert max(map(len, rows)) - min(map(len, rows)) <= 2


def test_epochs_begin_elsewhere_in_another_order() -> None:
    batches = TBPTTLoader(texts(6, 40), lanes=2, window=10, seed=1)
    orders = {tuple(np.concatenate(batches.lanes_of(epoch)).tolist()) for epoch in range(1, 6)}
    assert len(orders) == 5
    assert len({tuple(sorted(token for token in order if token >= 300)) for order in orders}) == 1


def test_what_is_fresh_and_which_lane_a_row_is() -> None:
    windows = epoch_of(TBPTTLoader(texts(1, 200), lanes=4, window=10, seed=1))
    assert [window.is_start.tolist() for window in windows] == [[number == 0] * 4 for number in range(len(windows))]
    assert all(window.streams.tolist() == [0, 1, 2, 3] for window in windows)


def test_a_restored_stream_goes_on_exactly() -> None:
    def batches() -> TBPTTLoader:
        return TBPTTLoader(texts(3, 50), lanes=3, window=7, seed=1)

    straight = list(islice(batches(), 40))
    for taken in (1, 5, 8, 9, 23):
        first = batches()
        list(islice(first, taken))
        second = batches()
        second.load_state_dict(first.state_dict())
        for ours, theirs in zip(islice(second, 40 - taken), straight[taken:], strict=True):
            assert all(torch.equal(a, b) for a, b in zip(ours, theirs, strict=True))


@pytest.mark.parametrize(("rows", "window"), [(2, 7), (3, 8)])
def test_a_stream_goes_on_in_the_lanes_and_windows_it_began_in(rows: int, window: int) -> None:
    begun = TBPTTLoader(texts(3, 50), lanes=3, window=7, seed=1)
    next(iter(begun))
    other = TBPTTLoader(texts(3, 50), lanes=rows, window=window, seed=1)
    with pytest.raises(SeqtasksError, match=r"3 streams with windows of 7 tokens.* Continue with data.num_streams = 3"):
        other.load_state_dict(begun.state_dict())
