"""The contract of encoders."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor, nn

from seqtasks.encoders import CausalEncoder, Encoder, TextEncoder
from seqtasks.incremental_state import reorder_hypotheses, select_rows
from seqtasks.layers.embedding import TokenEmbedding
from seqtasks.layers.memory import Memory
from seqtasks.registry import ConfigModel
from seqtasks.testing.contract import check_rules, difference, same, shape
from seqtasks.testing.modules import ModuleContract, component_name, registered

VOCAB = 11
LENGTHS = (6, 1, 4)
"""Tokens of the rows that encoders of text read."""


def check_encoder(config: ConfigModel, inputs: Tensor | None = None, *, embedding_dim: int = 8) -> None:
    """Checks an encoder: shapes, padding, independence of the batch, gradients, storing; causal ones step by step too.

        check_encoder(MyEncoder.Config(num_layers=1))
        check_encoder(MyImageEncoder.Config(), torch.randint(0, 256, (3, 3, 64, 64), dtype=torch.uint8))

    Args:
        config: The settings of a small one.
        inputs: What it reads, a row each, where this is no text.
        embedding_dim: The width of token embeddings, for one that reads text.

    Raises:
        ContractError: It breaks its contract; the message says how, a line for each problem.
    """
    contract = EncoderContract(config, inputs, embedding_dim)
    rules = [contract.padding, contract.embedding_dropout] if contract.reads_text else []
    rules += [contract.rows, contract.storing, contract.gradients, contract.precision]
    if contract.is_causal():
        rules += [contract.parts, contract.steps, contract.future]
    foundations = [lambda: registered(Encoder, config), contract.shapes, contract.randomness]
    check_rules(component_name(config), foundations, rules)


class EncoderContract(ModuleContract):
    """The rules for one encoder."""

    def __init__(self, config: ConfigModel, inputs: Tensor | None, embedding_dim: int) -> None:
        self.config, self.embedding_dim = config, embedding_dim
        self.reads_text = inputs is None
        if not self.reads_text:
            # CPU kernels for images depend on the size of the batch, and frozen backbones round to half precision
            self.tolerance = 5e-3
        numbers = torch.Generator().manual_seed(1)
        self.inputs = (
            torch.randint(4, VOCAB, (len(LENGTHS), max(LENGTHS)), generator=numbers) if inputs is None else inputs
        )
        self.mask = torch.arange(max(LENGTHS)) < torch.tensor(LENGTHS).unsqueeze(1)

    def make(self, seed: int = 1, *, dropout: float = 0.0) -> nn.Module:
        """A new encoder in evaluation mode; `dropout` is that of the embedding of text."""
        torch.manual_seed(seed)
        kind = Encoder.of(self.config)
        if self.reads_text:
            assert issubclass(kind, TextEncoder)
            return kind(self.config, TokenEmbedding(VOCAB, self.embedding_dim, dropout=dropout)).eval()
        return kind(self.config).eval()

    def encode(self, module: nn.Module) -> Memory:
        """The memory of all rows."""
        memory = module(self.inputs * self.mask, self.mask) if self.reads_text else module(self.inputs)
        assert isinstance(memory, Memory), f"forward gives {shape(memory)}, not a Memory"
        return memory

    def run(self, module: nn.Module) -> Tensor:
        """All that can be seen of the memory, as one vector: states that are real, and summaries."""
        memory = self.encode(module)
        return torch.cat([memory.states[memory.mask].flatten(), memory.summary.flatten()]).float()

    def shapes(self) -> Iterator[str]:
        """`forward` gives Memory(states (rows, src, dim), mask (rows, src) of bool, summary (rows, dim))."""
        module = self.make()
        memory, rows = self.encode(module), len(self.inputs)
        width = getattr(module, "dim", None)
        if not isinstance(width, int):
            yield "The encoder has no attribute dim: set it to the width of its states."
            return
        if memory.states.dim() != 3 or (len(memory.states), memory.states.shape[2]) != (rows, width):
            yield f"states has shape {shape(memory.states)}, expected ({rows}, positions, {width}) by its dim."
        if memory.mask.dtype != torch.bool or memory.mask.shape != memory.states.shape[:2]:
            yield (
                f"mask is {shape(memory.mask)} of {memory.mask.dtype}, expected {shape(memory.states[..., 0])} of bool."
            )
        if tuple(memory.summary.shape) != (rows, width):
            yield f"summary has shape {shape(memory.summary)}, expected ({rows}, {width})."
        if self.reads_text and memory.mask.shape == self.mask.shape and not torch.equal(memory.mask, self.mask):
            yield "The mask of the memory is not the one that was given: states and tokens are not aligned."
        if not self.run(module).isfinite().all():
            yield "Some states or summaries are not finite."

    @torch.no_grad()
    def padding(self) -> Iterator[str]:
        """The content and the number of padded positions change nothing."""
        module = self.make()
        expected = self.run(module)
        garbage = torch.where(self.mask, self.inputs, VOCAB - 1)
        memory = module(garbage, self.mask)
        found = torch.cat([memory.states[memory.mask].flatten(), memory.summary.flatten()])
        if not same(found, expected):
            yield (
                f"Other tokens at padded positions change the result (by {difference(found, expected):.2g}): multiply, "
                "fill or pack by the mask before anything looks across positions."
            )
        wider = nn.functional.pad(self.inputs * self.mask, (0, 3)), nn.functional.pad(self.mask, (0, 3))
        memory = module(*wider)
        if not same(memory.summary, self.encode(module).summary):
            yield "More padding changes the summary: divide by the number of real tokens, not by the width of rows."

    def batch_outputs(self, module: nn.Module) -> Iterator[Sequence[Tensor]]:
        """The real states and the summary of each row."""
        memory = self.encode(module)
        for states, mask, summary in zip(*memory, strict=True):
            yield states[mask], summary

    def single_output(self, module: nn.Module, row: int) -> Sequence[Tensor]:
        """Those of one row alone."""
        inputs = self.inputs[row : row + 1]
        if self.reads_text:
            length = LENGTHS[row]
            alone = module(inputs[:, :length], self.mask[row : row + 1, :length])
        else:
            alone = module(inputs)
        return alone.states[0][alone.mask[0]], alone.summary[0]

    @torch.no_grad()
    def parts(self) -> Iterator[str]:
        """Reading a text at once, as forward does, or in parts gives the same states."""
        module = self.causal()
        states, last = module.read(self.inputs, None)
        encoded = module(self.inputs, torch.ones_like(self.mask)).states
        if not same(states, encoded):
            yield f"read differs from forward (by {difference(states, encoded):.2g})."
        carried, parts = None, []
        for part in self.inputs.tensor_split((1, 4), dim=1):
            found, carried = module.read(part, carried)
            parts.append(found)
        if not same(torch.cat(parts, dim=1), states):
            yield "Reading in parts, each with what the one before carried, differs from reading at once."
        shapes = [(len(self.inputs), *each) for each in module.state_shapes()]
        if shapes and shapes != [tuple(each.shape) for each in last]:
            yield f"state_shapes says {shapes}, but read carries {[tuple(each.shape) for each in last]}."

    @torch.no_grad()
    def steps(self) -> Iterator[str]:
        """step, token by token, gives the states of read, for hypotheses that are reordered and rows that leave."""
        module, numbers, hyps = self.causal(), torch.Generator().manual_seed(3), 2
        before = self.inputs[:, :2]
        state = module.start(len(before), hyps, 5, module.read(before, None)[1])
        histories = before.unsqueeze(1).expand(-1, hyps, -1)
        for position in range(5):
            tokens = torch.randint(4, VOCAB, histories.shape[:2], generator=numbers)
            histories = torch.cat([histories, tokens.unsqueeze(2)], dim=2)
            states, state = module.step(tokens, position, state)
            expected = module.read(histories.flatten(0, 1), None)[0][:, -1].view(*histories.shape[:2], -1)
            if not same(states, expected):
                yield f"step at position {position} differs from read (by {difference(states, expected):.2g})."
                return
            if position == 1:
                kept = torch.tensor([2, 0])
                state, histories = select_rows(state, kept), histories[kept]
            parents = torch.randint(0, hyps, histories.shape[:2], generator=numbers)
            state = reorder_hypotheses(state, parents)
            histories = histories.gather(1, parents.unsqueeze(2).expand_as(histories))

    @torch.no_grad()
    def future(self) -> Iterator[str]:
        """Tokens that come later change nothing."""
        module = self.causal()
        others = torch.cat([self.inputs[:, :3], (self.inputs[:, 3:] + 1) % VOCAB], dim=1)
        one, two = (module.read(each, None)[0][:, :3] for each in (self.inputs, others))
        if not same(one, two):
            yield "States depend on tokens that come later: is_causal says that they do not."

    def is_causal(self) -> bool:
        """Whether it says that it reads forward."""
        return bool(getattr(self.config, "is_causal", False)) and issubclass(Encoder.of(self.config), CausalEncoder)

    def causal(self) -> CausalEncoder:
        """A new encoder that reads forward."""
        module = self.make()
        assert isinstance(module, CausalEncoder)
        return module
