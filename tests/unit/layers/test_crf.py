"""The conditional random field against every sequence of labels that there is."""

from __future__ import annotations

import itertools

import pytest
import torch
from torch import Tensor

from seqtasks.device import autocast
from seqtasks.layers.crf import ConditionalRandomField

LABELS = 3
LENGTHS = [5, 1, 3, 2]
MASK = torch.arange(5) < torch.tensor(LENGTHS).unsqueeze(1)


def field(labels: int = LABELS) -> ConditionalRandomField:
    torch.manual_seed(1)
    made = ConditionalRandomField(labels)
    with torch.no_grad():
        for parameter in made.parameters():
            parameter.normal_(std=2)
    return made


def emissions(labels: int = LABELS, seed: int = 2) -> Tensor:
    random = torch.Generator().manual_seed(seed)
    return 2 * torch.randn(len(LENGTHS), MASK.shape[1], labels, generator=random)


def every_sequence(length: int, labels: int = LABELS) -> list[tuple[int, ...]]:
    return list(itertools.product(range(labels), repeat=length))


def score_by_hand(made: ConditionalRandomField, scores: Tensor, labels: tuple[int, ...]) -> float:
    """What one sequence of labels scores, number by number."""
    total = made.start[labels[0]] + made.end[labels[-1]]
    total = total + sum(scores[position, label] for position, label in enumerate(labels))
    return float(total + sum(made.transitions[one, two] for one, two in itertools.pairwise(labels)))


def all_scores(made: ConditionalRandomField, scores: Tensor, length: int) -> Tensor:
    each = every_sequence(length, scores.shape[1])
    return torch.tensor([score_by_hand(made, scores, labels) for labels in each], dtype=torch.float64)


@torch.no_grad()
def test_every_sequence_scores_what_its_parts_sum_to() -> None:
    made, scores = field(), emissions()
    for row, length in enumerate(LENGTHS):
        each = torch.tensor(every_sequence(length))
        found = made.score(
            scores[row, :length].expand(len(each), -1, -1), each, torch.ones(each.shape, dtype=torch.bool)
        )
        assert torch.allclose(found.double(), all_scores(made, scores[row], length), atol=1e-5)


@torch.no_grad()
@pytest.mark.parametrize("labels", [1, 2, 3, 4])
def test_log_partition_sums_over_every_sequence(labels: int) -> None:
    made, scores = field(labels), emissions(labels)
    expected = [all_scores(made, scores[row], length).logsumexp(0) for row, length in enumerate(LENGTHS)]
    assert torch.allclose(made.log_partition(scores, MASK).double(), torch.stack(expected), atol=1e-5)


@torch.no_grad()
@pytest.mark.parametrize("labels", [1, 2, 3, 4])
def test_marginals_sum_over_every_sequence_with_the_label(labels: int) -> None:
    made, scores = field(labels), emissions(labels)
    found = made.marginals(scores, MASK)
    expected = torch.zeros_like(found)
    for row, length in enumerate(LENGTHS):
        probabilities = all_scores(made, scores[row], length).softmax(0)
        for sequence, probability in zip(every_sequence(length, labels), probabilities, strict=True):
            expected[row, torch.arange(length), torch.tensor(sequence)] += probability.float()
    assert torch.allclose(found, expected, atol=1e-6)


@torch.no_grad()
@pytest.mark.parametrize("seed", range(10))
def test_best_is_the_best_of_every_sequence(seed: int) -> None:
    made, scores = field(), emissions(seed=seed)
    found = made.best(scores, MASK)
    for row, length in enumerate(LENGTHS):
        expected = every_sequence(length)[int(all_scores(made, scores[row], length).argmax())]
        assert found[row].tolist() == [*expected, *[0] * (MASK.shape[1] - length)]


@torch.no_grad()
def test_the_best_sequence_need_not_be_the_likeliest_labels() -> None:
    different = [
        not torch.equal(field().best(scores, MASK)[MASK], field().marginals(scores, MASK).argmax(2)[MASK])
        for scores in map(emissions, itertools.repeat(LABELS), range(20))
    ]
    assert any(different)


def test_gradients_of_the_log_partition_are_the_marginals() -> None:
    made, scores = field(), emissions().requires_grad_()
    (gradient,) = torch.autograd.grad(made.log_partition(scores, MASK).sum(), scores)
    assert torch.allclose(gradient, made.marginals(scores, MASK), atol=1e-6)


def test_gradients_are_those_of_finite_differences() -> None:
    labels = torch.randint(0, LABELS, MASK.shape, generator=torch.Generator().manual_seed(3))

    def likelihood() -> Tensor:
        return (made.score(scores, labels, MASK) - made.log_partition(scores, MASK)).sum()

    made, scores, step = field(), emissions(), 0.01
    likelihood().backward()
    for name, parameter in made.named_parameters():
        gradient = parameter.grad
        assert gradient is not None
        for place in itertools.product(*map(range, parameter.shape)):
            with torch.no_grad():
                value = parameter[place].item()
                parameter[place] = value + step
                higher = likelihood()
                parameter[place] = value - step
                lower = likelihood()
                parameter[place] = value
            assert gradient[place].item() == pytest.approx(((higher - lower) / (2 * step)).item(), abs=5e-3), name


@torch.no_grad()
def test_a_row_does_not_depend_on_the_batch() -> None:
    made, scores = field(), emissions()
    labels = torch.randint(0, LABELS, MASK.shape)
    together = [made.score(scores, labels, MASK), made.log_partition(scores, MASK)]
    together += [made.marginals(scores, MASK), made.best(scores, MASK)]
    for row, length in enumerate(LENGTHS):
        single, mask = scores[row : row + 1, :length], MASK[row : row + 1, :length]
        alone = [made.score(single, labels[row : row + 1, :length], mask), made.log_partition(single, mask)]
        alone += [made.marginals(single, mask), made.best(single, mask)]
        for one, two in zip(together, alone, strict=True):
            assert torch.allclose(one[row][:length] if one.dim() > 1 else one[row], two[0], atol=1e-6)


def test_padding_changes_nothing() -> None:
    made, scores = field(), emissions()
    labels = torch.randint(0, LABELS, MASK.shape)
    longer = torch.cat([torch.where(MASK.unsqueeze(2), scores, 1e6), torch.full((4, 3, LABELS), -1e6)], dim=1)
    longer_labels = torch.cat([torch.where(MASK, labels, LABELS - 1), torch.full((4, 3), -1)], dim=1)
    mask = torch.cat([MASK, torch.zeros(4, 3, dtype=torch.bool)], dim=1)
    assert torch.equal(made.score(longer, longer_labels, mask), made.score(scores, labels, MASK))
    assert torch.equal(made.log_partition(longer, mask), made.log_partition(scores, MASK))
    for found, expected in (
        (made.marginals(longer, mask), made.marginals(scores, MASK)),
        (made.best(longer, mask), made.best(scores, MASK)),
    ):
        assert torch.equal(found[:, :5], expected)
        assert not found[~mask].any()
    gradients = [
        torch.autograd.grad(made.log_partition(*each).sum() - made.score(each[0], *rest).sum(), list(made.parameters()))
        for each, rest in (((scores, MASK), (labels, MASK)), ((longer, mask), (longer_labels, mask)))
    ]
    for one, two in zip(*gradients, strict=True):
        assert torch.allclose(one, two, atol=1e-6)


@torch.no_grad()
def test_an_empty_row_has_one_sequence_of_no_labels() -> None:
    made, scores = field(), emissions()
    mask, labels = torch.zeros_like(MASK), torch.zeros(MASK.shape, dtype=torch.long)
    assert made.score(scores, labels, mask).tolist() == made.log_partition(scores, mask).tolist() == [0.0] * 4
    assert not made.best(scores, mask).any()
    assert not made.marginals(scores, mask).any()


@torch.no_grad()
def test_a_new_field_is_a_softmax_at_every_position() -> None:
    made, scores = ConditionalRandomField(LABELS), emissions()
    assert torch.allclose(made.marginals(scores, MASK)[MASK], scores.softmax(2)[MASK], atol=1e-6)
    assert torch.equal(made.best(scores, MASK)[MASK], scores.argmax(2)[MASK])


@torch.no_grad()
def test_everything_is_computed_in_float32() -> None:
    made, scores = field().bfloat16(), emissions().bfloat16()
    labels = torch.randint(0, LABELS, MASK.shape)
    exact = field()
    exact.load_state_dict({name: value.float() for name, value in made.state_dict().items()})
    with autocast(torch.device("cpu"), torch.bfloat16):
        found = [made.score(scores, labels, MASK), made.log_partition(scores, MASK), made.marginals(scores, MASK)]
        best = made.best(scores, MASK)
    scores = scores.float()
    expected = [exact.score(scores, labels, MASK), exact.log_partition(scores, MASK), exact.marginals(scores, MASK)]
    for one, two in zip(found, expected, strict=True):
        assert one.dtype == torch.float32
        assert torch.equal(one, two)
    assert torch.equal(best, exact.best(scores, MASK))


@torch.no_grad()
def test_long_rows_and_large_scores_stay_exact() -> None:
    made, length = field(), 2000
    scores, mask = 50 * torch.randn(1, length, LABELS), torch.ones(1, length, dtype=torch.bool)
    best = made.best(scores, mask)
    assert made.log_partition(scores, mask) >= made.score(scores, best, mask) * (1 - 1e-5)
    marginals = made.marginals(scores, mask)
    assert torch.allclose(marginals.sum(2), torch.ones(1, length))
    assert (0, 1) in itertools.pairwise(best[0].tolist())
    made.transitions[0, 1] = -1e9
    forbidden = made.best(scores, mask)[0].tolist()
    assert (0, 1) not in itertools.pairwise(forbidden)
    assert made.log_partition(scores, mask).isfinite()
