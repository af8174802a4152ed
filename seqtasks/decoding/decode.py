"""One entry to every way of decoding."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from jaxtyping import Bool, Int
from torch import Tensor

from seqtasks.decoding.autoregressive import greedy_search
from seqtasks.decoding.beam import beam_search
from seqtasks.decoding.config import DecodingConfig
from seqtasks.decoding.constraints import DecodingConstraints
from seqtasks.decoding.diverse_beam import diverse_beam_search
from seqtasks.decoding.hypotheses import Hypothesis, mark_repetitive, to_lists
from seqtasks.decoding.length_penalty import LengthPenalty
from seqtasks.decoding.lexical_constraints.beam_allocation import allocate
from seqtasks.decoding.lexical_constraints.phrases import Forms, LexicalConstraints
from seqtasks.decoding.reranking.coverage_penalty import coverage_rerank
from seqtasks.decoding.reranking.mbr import mbr_rerank
from seqtasks.decoding.sampling import sample
from seqtasks.decoding.stepper import Stepper
from seqtasks.errors import SeqtasksError
from seqtasks.plurals import counted


@torch.no_grad()
def decode(
    stepper: Stepper,
    *,
    source_lengths: Int[Tensor, "rows"],
    options: DecodingConfig,
    prefixes: Sequence[Sequence[int]] | None = None,
    row_numbers: Sequence[int] | None = None,
    sources: Sequence[str] | None = None,
    force_words_ids: Sequence[Sequence[Forms]] | None = None,
    bad_words_ids: Sequence[Sequence[Sequence[int]]] | None = None,
    continuation_tokens: Bool[Tensor, "vocab"] | None = None,
    whole_word_prefixes: bool = False,
) -> list[list[Hypothesis]]:
    """Decodes as the options say: greedy, beam search, sampling, or minimum Bayes risk.

    Args:
        stepper: The model bound to a batch of inputs.
        source_lengths: Tokens of each source, (rows,), which rules of length such as "1.5x+10" count.
        options: Everything that can be chosen about decoding.
        prefixes: For each row the tokens that its outputs have to start with.
        row_numbers: Which input a row is (its number in the whole data), so that its samples do not depend on the
            batch; without them rows count from 0.
        sources: For each row the text that it is made from, "" where there is none: outputs that say the same over and
            over, more often than their source does, are stopped. Without them an output may repeat itself.
        force_words_ids: For each row the phrases that its outputs contain, each as one or more forms of which one has
            to come, as tokens. Outputs may become as long as their phrases. For beam search.
        bad_words_ids: For each row the phrases, as tokens, that its outputs do not contain.
        continuation_tokens: Which tokens go on with the word before them: words that have to be in the output are not
            part of longer ones.
        whole_word_prefixes: Whether nothing goes on with the last word of a prefix, as far as `continuation_tokens`
            tell.

    Returns:
        The `options.nbest` best outputs for each row, best first: at least one, fewer where there are no more.

    Raises:
        SeqtasksError: These do not fit the stepper's rows or the vocabulary.
    """
    numbers = range(stepper.rows) if row_numbers is None else row_numbers
    if not len(source_lengths) == len(numbers) == stepper.rows:
        raise SeqtasksError(
            f"There are {len(source_lengths)} source lengths and {len(numbers)} row numbers for {stepper.rows} inputs.",
            "Give one for each.",
        )
    if sources is not None and len(sources) != stepper.rows:
        raise SeqtasksError(
            f"Got {counted(len(sources), 'sources')} for {counted(stepper.rows, 'inputs')}.", "Give one for each."
        )
    if not stepper.rows:
        return []
    for name, given in {"force_words_ids": force_words_ids, "bad_words_ids": bad_words_ids}.items():
        if given is not None and len(given) != stepper.rows:
            raise SeqtasksError(
                f"Got {name} for {counted(len(given), 'inputs')}; there are {stepper.rows}.", "Give a list for each."
            )
    lengths = source_lengths.to(stepper.device)
    rules = DecodingConstraints.from_config(options, lengths, prefixes, sources, bad_words_ids)
    if whole_word_prefixes and continuation_tokens is not None:
        rules = rules.with_whole_words(continuation_tokens.to(stepper.device))
    allocation = None
    if force_words_ids is not None and any(force_words_ids):
        if options.sample or options.beam_size == 1 or options.num_beam_groups > 1:
            raise SeqtasksError(
                "force_words_ids needs beam search.",
                "Set a beam_size of 2 or more, without sample and num_beam_groups.",
            )
        constraints = LexicalConstraints.from_phrases(force_words_ids, continuation_tokens, stepper.device)
        allocation, rules = allocate(constraints, rules, options.beam_size)
    penalty = LengthPenalty.parse(options.length_penalty)
    compared = options.beam_size if options.coverage_penalty else options.nbest
    if options.mbr_samples:
        width = options.beam_size
        hypotheses = beam_search(stepper, rules, width=width, nbest=width, penalty=penalty, allocation=allocation)
        samples = sample(stepper, rules, count=options.mbr_samples, options=options, row_numbers=numbers)
        rows = zip(to_lists(hypotheses), to_lists(samples), strict=True)
        reranked = [mbr_rerank(own, others)[: options.nbest] for own, others in rows]
        return reranked if sources is None else mark_repetitive(reranked, sources)
    if options.sample:
        found = sample(stepper, rules, count=options.nbest, options=options, row_numbers=numbers)
    elif options.num_beam_groups > 1:
        found = diverse_beam_search(
            stepper, rules, width=options.beam_size, groups=options.num_beam_groups,
            strength=options.diversity_penalty, nbest=compared, penalty=penalty,
        )  # fmt: skip
    elif options.beam_size == 1:
        found = greedy_search(stepper, rules, penalty=penalty)
    else:
        found = beam_search(
            stepper, rules, width=options.beam_size, nbest=compared, penalty=penalty, allocation=allocation
        )
    results = to_lists(found)
    if options.coverage_penalty:
        strength = options.coverage_penalty
        reranked = coverage_rerank(stepper, results, strength=strength, source_lengths=source_lengths)
        results = [row[: options.nbest] for row in reranked]
    return results if sources is None else mark_repetitive(results, sources)
