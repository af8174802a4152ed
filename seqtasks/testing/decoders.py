"""The contract of decoders: teacher forcing and steps are one model."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from seqtasks.decoders import Decoder
from seqtasks.incremental_state import State, reorder_hypotheses, select_rows
from seqtasks.layers.embedding import TokenEmbedding
from seqtasks.layers.memory import Memory
from seqtasks.registry import ConfigModel
from seqtasks.testing.contract import check_rules, difference, same, shape
from seqtasks.testing.modules import ModuleContract, component_name, leaves, registered, stored

VOCAB, ROWS, SRC, TGT, HYPS = 11, 4, 5, 6, 3
LENGTHS = (5, 3, 1, 4)
"""Real positions of the memory's rows."""


def check_decoder(config: ConfigModel, *, embedding_dim: int = 8, memory_dim: int = 8) -> None:
    """Checks a decoder: shapes, step equal to forward, padding of the memory, order of time, gradients, storing.

        check_decoder(MyDecoder.Config(num_layers=1))

    Args:
        config: The settings of a small one.
        embedding_dim: The width of its token embeddings.
        memory_dim: The width of the encoder that it reads.

    Raises:
        ContractError: It breaks its contract; the message says how, a line for each problem.
    """
    contract = DecoderContract(config, embedding_dim, memory_dim)
    check_rules(
        component_name(config),
        [lambda: registered(Decoder, config), contract.shapes, contract.randomness],
        [
            contract.steps,
            contract.rows,
            contract.padding,
            contract.future,
            contract.attention,
            contract.embedding_dropout,
            contract.storing,
            contract.gradients,
            contract.precision,
        ],
    )


class DecoderContract(ModuleContract):
    """The rules for one decoder."""

    def __init__(self, config: ConfigModel, embedding_dim: int, memory_dim: int) -> None:
        self.config, self.embedding_dim, self.memory_dim = config, embedding_dim, memory_dim
        numbers = torch.Generator().manual_seed(1)
        states = torch.randn(ROWS, SRC, memory_dim, generator=numbers)
        mask = torch.arange(SRC) < torch.tensor(LENGTHS).unsqueeze(1)
        states = states * mask.unsqueeze(2)
        self.memory = Memory(states, mask, states.sum(1) / mask.sum(1, keepdim=True))
        self.tokens = torch.randint(4, VOCAB, (ROWS, TGT), generator=numbers)

    def make(self, seed: int = 1, *, tied: bool = False, dropout: float = 0.0) -> Any:
        """A new decoder in evaluation mode; `dropout` is that of its embedding."""
        torch.manual_seed(seed)
        embedding = TokenEmbedding(VOCAB, self.embedding_dim, dropout=dropout)
        module = Decoder.of(self.config)(self.config, embedding, self.memory_dim, tie_output=tied).eval()
        with torch.no_grad():
            module.output.bias.normal_()
        return module

    def forced(self, module: Any, tokens: Tensor, memory: Memory) -> Tensor:
        """The logits of teacher forcing."""
        logits: Tensor = module.project(module(tokens, memory).states)
        return logits

    def run(self, module: nn.Module) -> Tensor:
        """The logits of all rows."""
        return self.forced(module, self.tokens, self.memory).float()

    @torch.no_grad()
    def shapes(self) -> Iterator[str]:
        """`forward` gives states (rows, tgt, ...), project and step logits over the vocabulary, start a State."""
        for tied in (False, True):
            module = self.make(tied=tied)
            logits = self.run(module)
            if tuple(logits.shape) != (ROWS, TGT, VOCAB):
                yield f"project(forward(...).states) has shape {shape(logits)}, expected ({ROWS}, {TGT}, {VOCAB})."
            if not logits.isfinite().all():
                yield "Some logits are not finite."
        state = module.start(self.memory, HYPS, TGT)
        if not isinstance(state, State):
            yield f"start gives {shape(state)}, not a State(per_row, per_hypothesis)."
            return
        for name, tree, sizes in (
            ("per_row", state.per_row, (ROWS,)),
            ("per_hypothesis", state.per_hypothesis, (ROWS, HYPS)),
        ):
            for leaf in leaves(tree):
                if tuple(leaf.shape[: len(sizes)]) != sizes:
                    yield f"A tensor of State.{name} has shape {shape(leaf)}, expected {sizes} in front."
        logits, _ = module.step(self.tokens[:, :HYPS], 0, state)
        if tuple(logits.shape) != (ROWS, HYPS, VOCAB):
            yield f"step gives logits of shape {shape(logits)}, expected ({ROWS}, {HYPS}, {VOCAB})."

    @torch.no_grad()
    def steps(self) -> Iterator[str]:
        """step, token by token, gives the logits of forward, for hypotheses that are reordered and rows that leave."""
        module, numbers = self.make(), torch.Generator().manual_seed(3)
        memory, state = self.memory, module.start(self.memory, HYPS, TGT)
        histories = self.tokens[:, :0].unsqueeze(1).expand(-1, HYPS, -1)
        for position in range(TGT):
            tokens = torch.randint(4, VOCAB, histories.shape[:2], generator=numbers)
            histories = torch.cat([histories, tokens.unsqueeze(2)], dim=2)
            logits, state = module.step(tokens, position, state)
            repeated = Memory(*(each.repeat_interleave(HYPS, 0) for each in memory))
            expected = self.forced(module, histories.flatten(0, 1), repeated)[:, -1].view(*histories.shape[:2], -1)
            one, two = logits.log_softmax(2), expected.log_softmax(2)
            if not same(one, two):
                yield (
                    f"step at position {position} differs from forward (by {difference(one, two):.2g}): look at the "
                    "position, at what of the state belongs to one hypothesis, and at the capacity."
                )
                return
            if position == 1:
                kept = torch.tensor([3, 0, 1])
                state, histories = select_rows(state, kept), histories[kept]
                memory = Memory(*(each[kept] for each in memory))
            parents = torch.randint(0, HYPS, histories.shape[:2], generator=numbers)
            state = reorder_hypotheses(state, parents)
            histories = histories.gather(1, parents.unsqueeze(2).expand_as(histories))

    def batch_outputs(self, module: nn.Module) -> Iterator[Sequence[Tensor]]:
        """The logits of each row."""
        return ((logits,) for logits in self.run(module))

    def single_output(self, module: nn.Module, row: int) -> Sequence[Tensor]:
        """Those of one row alone, whose memory has no padding."""
        states, mask, summary = (each[row : row + 1] for each in self.memory)
        memory = Memory(states[:, : LENGTHS[row]], mask[:, : LENGTHS[row]], summary)
        return (self.forced(module, self.tokens[row : row + 1], memory)[0],)

    @torch.no_grad()
    def padding(self) -> Iterator[str]:
        """The content of padded positions of the memory changes nothing."""
        module = self.make()
        garbage = self.memory.states.masked_fill(~self.memory.mask.unsqueeze(2), 7.0)
        found = self.forced(module, self.tokens, self.memory._replace(states=garbage))
        if not same(found, self.run(module)):
            yield (
                "Padded positions of the memory change the logits: fill their attention scores with -inf before the "
                "softmax, and leave them out of means."
            )

    @torch.no_grad()
    def future(self) -> Iterator[str]:
        """Logits depend on the tokens before alone, and on those."""
        module, cut = self.make(), 3
        others = torch.cat([self.tokens[:, :cut], (self.tokens[:, cut:] + 1) % VOCAB], dim=1)
        one, two = self.run(module), self.forced(module, others, self.memory)
        if not same(one[:, :cut], two[:, :cut]):
            yield "forward sees tokens that come later: mask them, or the loss of training means nothing."
        if same(one[:, cut:], two[:, cut:]):
            yield "Other tokens before give the same logits: the decoder does not read what it has written."

    @torch.no_grad()
    def attention(self) -> Iterator[str]:
        """Attention, where there is any, is a distribution over the real positions."""
        module = self.make()
        weights = module(self.tokens, self.memory, attention=True).attention
        if weights is None:
            return
        if tuple(weights.shape) != (ROWS, TGT, SRC):
            yield f"attention has shape {shape(weights)}, expected ({ROWS}, {TGT}, {SRC})."
            return
        if not same(weights.sum(2), torch.ones(ROWS, TGT), 1e-3):
            yield "The attention of a step does not add up to 1."
        if weights.masked_select(~self.memory.mask.unsqueeze(1).expand_as(weights)).abs().max() > 1e-6:
            yield "Some attention falls on padding."

    def storing(self) -> Iterator[str]:
        """Weights that are stored and loaded give the same logits, tied or not."""
        for tied in (False, True):
            with torch.no_grad():
                yield from stored(lambda seed, tied=tied: self.make(seed, tied=tied), self.run)  # type: ignore[misc]
