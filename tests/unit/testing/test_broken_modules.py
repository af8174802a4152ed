"""Encoders and decoders broken on purpose: the kit finds each fault and says what it is."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any, Literal

import pytest
import torch
from torch import nn

from seqtasks.decoders import Decoder, LstmDecoder, TransformerDecoder
from seqtasks.encoders import Encoder, LstmEncoder, TextEncoder
from seqtasks.incremental_state import State
from seqtasks.layers.memory import Memory
from seqtasks.registry import ConfigModel
from seqtasks.testing import ContractError, check_decoder, check_encoder


class GoodConfig(ConfigModel):
    kind: Literal["kit"] = "kit"


class Good(TextEncoder):
    """A linear layer over embeddings, whose mean is the summary; without a Config it is no component."""

    def __init__(self, config: Any, embedding: Any) -> None:
        super().__init__(config, embedding)
        self.dim = 6
        self.layer = nn.Linear(embedding.dim, 6)

    def states(self, tokens: Any, mask: Any) -> Any:
        return self.layer(self.embed(tokens)).tanh()

    def summary(self, states: Any, mask: Any) -> Any:
        return (states * mask.unsqueeze(2)).sum(1) / mask.sum(1, keepdim=True)

    def forward(self, tokens: Any, mask: Any) -> Memory:
        states = self.states(tokens, mask)
        return Memory(states, mask, self.summary(states, mask))


@pytest.fixture(autouse=True)
def components(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a test defines is forgotten afterwards."""
    for family in (Encoder, Decoder):
        monkeypatch.setattr(family, "kinds", dict(family.kinds))


def encoder(**parts: Any) -> ConfigModel:
    """The settings of the good encoder with other parts."""
    made = type("Broken", (Good,), {"Config": GoodConfig, "__module__": __name__, **parts})
    config: ConfigModel = made.Config()
    return config


def test_a_good_encoder() -> None:
    check_encoder(encoder())


def lost_weight(self: Any, config: Any, embedding: Any) -> None:
    Good.__init__(self, config, embedding)
    self.scale = torch.randn(6)


def unused_weight(self: Any, config: Any, embedding: Any) -> None:
    Good.__init__(self, config, embedding)
    self.another = nn.Linear(6, 6)


def without_dim(self: Any, config: Any, embedding: Any) -> None:
    Good.__init__(self, config, embedding)
    del self.dim


def noisy(self: Any, tokens: Any, mask: Any) -> Any:
    states = Good.states(self, tokens, mask)
    return states * random.random() if self.training else states


def rounding(self: Any, tokens: Any, mask: Any) -> Any:
    states = Good.states(self, tokens, mask)
    return states if states.dtype == torch.float32 else states + 1


FAULTS: list[tuple[str, dict[str, Any]]] = [
    ("Other tokens at padded positions change the result", {"summary": lambda self, states, mask: states.mean(1)}),
    (
        "differs from the same row in a batch",
        {"states": lambda self, tokens, mask: (made := Good.states(self, tokens, mask)) - made.mean((0, 1))},
    ),
    (
        "part of the computation is cut off",
        {"states": lambda self, *given: (made := Good.states(self, *given)).square().detach() * made},
    ),
    (
        "embedding.weight has no gradient",
        {"states": lambda self, tokens, mask: self.layer(self.embedding(tokens).detach())},
    ),
    (
        "neither a parameter nor a buffer",
        {"__init__": lost_weight, "states": lambda self, *given: Good.states(self, *given) * self.scale},
    ),
    ("another.weight, another.bias has no gradient", {"__init__": unused_weight}),
    (
        "model.embedding_dropout changes nothing in training",
        {"states": lambda self, tokens, mask: self.layer(self.embedding(tokens))},
    ),
    ("summary has shape", {"summary": lambda self, states, mask: states[:, 0, :3]}),
    ("has no attribute dim", {"__init__": without_dim}),
    (
        "In evaluation mode the same input gives different outputs",
        {"states": lambda self, *given: nn.functional.dropout(Good.states(self, *given), 0.5, True)},
    ),
    ("In training the same seed gives different outputs", {"states": noisy}),
    ("Under bfloat16 autocast the output differs", {"states": rounding}),
    (
        "it depends on no weight",
        {"states": lambda self, tokens, mask: torch.ones(*tokens.shape, 6), "__init__": Good.__init__},
    ),
    (
        "Some states or summaries are not finite",
        {"summary": lambda self, states, mask: states.sum(1) / (~mask).sum(1, keepdim=True)},
    ),
    ("forward gives a tuple, not a Memory", {"forward": lambda self, tokens, mask: (tokens, mask, tokens)}),
    ("ZeroDivisionError", {"forward": lambda self, tokens, mask: 1 / 0}),
]


@pytest.mark.parametrize(("problem", "parts"), FAULTS, ids=[problem for problem, _ in FAULTS])
def test_broken_encoders(problem: str, parts: dict[str, Any]) -> None:
    with pytest.raises(ContractError) as caught:
        check_encoder(encoder(**parts))
    assert problem in str(caught.value)


class LooseConfig(GoodConfig, extra="allow"):
    pass


class ForgetfulConfig(GoodConfig):
    width: int = 6

    def model_dump_json(self, **options: Any) -> str:
        return '{"kind": "kit", "width": 7}'


class NamelessConfig(ConfigModel):
    width: int = 6


@pytest.mark.parametrize(
    ("config", "problem"),
    [
        (LooseConfig, "accepts an unknown key"),
        (ForgetfulConfig, "Settings change when they are written and read"),
        (NamelessConfig, "has no field kind"),
    ],
)
def test_broken_settings(config: type[ConfigModel], problem: str) -> None:
    if config is not NamelessConfig:
        type("Broken", (Good,), {"Config": config, "__module__": __name__})
    with pytest.raises(ContractError, match=problem):
        check_encoder(config())


def test_settings_that_find_nothing() -> None:
    with pytest.raises(ContractError, match="No Encoder is called 'kit'"):
        check_encoder(GoodConfig())


def doubled(method: Callable[..., Any]) -> Callable[..., Any]:
    """The method, whose first result is twice what it was."""
    return lambda *given: ((found := method(*given))[0] * 2, found[1])


def test_a_class_in_place_of_its_settings() -> None:
    with pytest.raises(ContractError, match=r"Give settings, LstmEncoder\.Config\(\), not"):
        check_encoder(LstmEncoder)  # type: ignore[arg-type]


def test_one_fault_is_told_once() -> None:
    """Dropout in evaluation breaks nearly every rule; the reason is what is told."""
    noisy = encoder(states=lambda self, *given: nn.functional.dropout(Good.states(self, *given), 0.5, True))
    with pytest.raises(ContractError) as caught:
        check_encoder(noisy)
    assert len(caught.value.problems) == 1


def causal(**parts: Any) -> ConfigModel:
    class Config(LstmEncoder.Config):
        kind: Literal["kit"] = "kit"  # type: ignore[assignment]

    made = type("Broken", (LstmEncoder,), {"Config": Config, "__module__": __name__, **parts})
    config: ConfigModel = made.Config(hidden_size=6, num_layers=1, bidirectional=False)
    return config


@pytest.mark.parametrize(
    ("problem", "parts"),
    [
        ("read differs from forward", {"read": doubled(LstmEncoder.read)}),
        ("step at position 0 differs from read", {"step": doubled(LstmEncoder.step)}),
        ("Reading in parts", {"read": lambda self, tokens, carried: LstmEncoder.read(self, tokens, None)}),
        ("state_shapes says", {"state_shapes": lambda self: [(5,), (6,)]}),
    ],
)  # fmt: skip
def test_broken_causal_encoders(problem: str, parts: dict[str, Any]) -> None:
    with pytest.raises(ContractError, match=problem):
        check_encoder(causal(**parts))


def decoder(base: type[Any], options: dict[str, Any], **parts: Any) -> ConfigModel:
    config = type(
        "Config", (base.Config,), {"__annotations__": {"kind": Literal["kit"]}, "kind": "kit", "__module__": __name__}
    )
    made = type("Broken", (base,), {"Config": config, "__module__": __name__, **parts})
    found: ConfigModel = made.Config(**options)
    return found


LSTM = (LstmDecoder, {"hidden_size": 10, "num_layers": 1})
TRANSFORMER = (TransformerDecoder, {"num_layers": 1, "num_heads": 4, "ffn_dim": 12})


def seeing_all(self: Any, tokens: Any, memory: Any, **options: Any) -> Any:
    found = LstmDecoder.forward(self, tokens, memory, **options)
    return found._replace(states=found.states + found.states.mean(1, keepdim=True))


def seeing_padding(self: Any, tokens: Any, memory: Any, **options: Any) -> Any:
    return LstmDecoder.forward(self, tokens, memory._replace(mask=torch.ones_like(memory.mask)), **options)


def seeing_nothing(self: Any, tokens: Any, memory: Any, **options: Any) -> Any:
    return LstmDecoder.forward(self, tokens * 0, memory, **options)


def without_dropout(self: Any, *given: Any, **options: Any) -> Any:
    self.embedding.dropout.eval()
    return LstmDecoder.forward(self, *given, **options)


def half_attention(self: Any, *given: Any, **options: Any) -> Any:
    found = LstmDecoder.forward(self, *given, **options)
    return found._replace(attention=None if found.attention is None else found.attention / 2)


def standing_still(self: Any, tokens: Any, position: int, state: Any) -> Any:
    return TransformerDecoder.step(self, tokens, 0, state)


def narrow_step(self: Any, *given: Any) -> Any:
    logits, state = LstmDecoder.step(self, *given)
    return logits[..., :3], state


def flat_state(self: Any, memory: Any, hyps: int, capacity: int) -> State:
    return State((), torch.zeros(len(memory.mask) * hyps, 3))


@pytest.mark.parametrize(
    ("problem", "base", "parts"),
    [
        ("step at position 1 differs", TRANSFORMER, {"step": standing_still}),
        ("forward sees tokens that come later", LSTM, {"forward": seeing_all}),
        ("Padded positions of the memory change the logits", LSTM, {"forward": seeing_padding}),
        ("does not read what it has written", LSTM, {"forward": seeing_nothing}),
        ("attention of a step does not add up to 1", LSTM, {"forward": half_attention}),
        ("model.embedding_dropout changes nothing in training", LSTM, {"forward": without_dropout}),
        ("A tensor of State.per_hypothesis has shape", LSTM, {"start": flat_state}),
        ("step gives logits of shape", LSTM, {"step": narrow_step}),
        ("not a State", LSTM, {"start": lambda self, *given: None}),
    ],
)  # fmt: skip
def test_broken_decoders(
    problem: str, base: tuple[type[Any], dict[str, Any]], parts: dict[str, Callable[..., Any]]
) -> None:
    with pytest.raises(ContractError) as caught:
        check_decoder(decoder(*base, **parts))
    assert problem in str(caught.value)
