"""Run configurations: what is read, how mistakes are told, and that writing and reading are inverse."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import Field

import seqtasks.config.run
from seqtasks.config.reference import descriptions
from seqtasks.config.run import RunConfig, read_config, to_toml
from seqtasks.config.training import TrainingConfig
from seqtasks.config.user_code import code_files, load_code, require_code
from seqtasks.encoders import LstmEncoder
from seqtasks.errors import SeqtasksError
from seqtasks.registry import Component, ConfigModel, PolymorphicField


class FakeEncoder(Component):
    pass


class Stack(FakeEncoder):
    class Config(ConfigModel):
        kind: Literal["stack"] = "stack"
        layers: int = Field(default=2, ge=1)
        dropout: float = 0.1


class Twins(FakeEncoder):
    class Config(ConfigModel):
        kind: Literal["twins"] = "twins"
        parts: list[Annotated[ConfigModel, PolymorphicField(FakeEncoder)]] = Field(default=[])


@dataclass(frozen=True)
class Search:
    beam_size: int = 5
    suppress_tokens: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        if self.beam_size < 1:
            raise ValueError(f"beam_size is {self.beam_size}; it has to be 1 or more")


class Source(ConfigModel):
    path: Path
    weight: float = 1.0


class Languages(ConfigModel):
    source: str = "en"
    target: str | None = None


class FakeTask(Component):
    pass


class FakeTranslation(FakeTask):
    class Config(ConfigModel):
        kind: Literal["translation"] = "translation"
        languages: Languages = Languages()
        encoder: Annotated[ConfigModel, PolymorphicField(FakeEncoder)] = Stack.Config()
        train: list[Source] = Field(default=[])
        search: Search = Search()
        labels: dict[str, int] = Field(default={})
        extra: Source | None = None


@pytest.fixture(autouse=True)
def tasks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seqtasks.config.run, "task_family", lambda: FakeTask)


FULL = """
task = "translation"
seed = 3
[languages]
target = "fr"
[encoder]
kind = "stack"
layers = 4
[[train]]
path = "a.tsv"
[[train]]
path = "b.tsv"
weight = 2
[search]
beam_size = 1
[training]
max_steps = 10
betas = [0.8, 0.9]
"""


def task_of(run: RunConfig) -> Any:
    return run.task


def test_a_whole_configuration(tmp_path: Path) -> None:
    file = tmp_path / "run.toml"
    file.write_text("\ufeff" + FULL, encoding="utf-8")
    run = read_config(file)
    assert run == RunConfig(
        task=FakeTranslation.Config(
            languages=Languages(target="fr"),
            encoder=Stack.Config(layers=4),
            train=[Source(path=Path("a.tsv")), Source(path=Path("b.tsv"), weight=2.0)],
            search=Search(beam_size=1),
        ),
        training=TrainingConfig(max_steps=10, betas=(0.8, 0.9)),
        seed=3,
    )


def test_everything_but_the_task_has_a_default() -> None:
    run = read_config(None, overrides=["task=translation"])
    assert run == RunConfig(task=FakeTranslation.Config(), seed=1)


@pytest.mark.parametrize(
    ("override", "value"),
    [
        ("seed=7", lambda run: run.seed == 7),
        ("training.max_steps = 5", lambda run: run.training.max_steps == 5),
        ("languages.target=de", lambda run: task_of(run).languages.target == "de"),
        ("languages.target='de'", lambda run: task_of(run).languages.target == "de"),
        ("languages.target=a=b c", lambda run: task_of(run).languages.target == "a=b c"),
        ("languages.target=", lambda run: task_of(run).languages.target == ""),
        ("languages.target=x\ny = 1", lambda run: task_of(run).languages.target == "x\ny = 1"),
        ("train.1.weight=0.5", lambda run: [source.weight for source in task_of(run).train] == [1.0, 0.5]),
        ("train=[]", lambda run: task_of(run).train == []),
        ("encoder={kind='twins'}", lambda run: task_of(run).encoder == Twins.Config()),
        ("encoder.kind=twins", lambda run: task_of(run).encoder == Twins.Config()),
        ("encoder.kind=stack", lambda run: task_of(run).encoder == task_of(read_config(None, text=FULL)).encoder),
        (
            "search.suppress_tokens=[1, 2]",
            lambda run: task_of(run).search == Search(beam_size=1, suppress_tokens=(1, 2)),
        ),
        ("extra.path=c.tsv", lambda run: task_of(run).extra == Source(path=Path("c.tsv"))),
    ],
)
def test_overrides(override: str, value: Any) -> None:
    assert value(read_config(None, text=FULL, overrides=[override]))


def test_another_kind_leaves_out_the_settings_of_the_one_before() -> None:
    full = read_config(None, text=FULL, overrides=["encoder.parts=[{kind='stack'}]", "encoder.kind=twins"])
    assert task_of(full).encoder == Twins.Config(parts=[Stack.Config()])


def test_a_key_that_is_not_set() -> None:
    overrides = ["training.max_minutes=3", "init_from=a"]
    run = read_config(None, text=FULL, overrides=[*overrides, "training.max_minutes=null", "init_from=null"])
    assert (run.training.max_minutes, run.init_from) == (None, None)
    with pytest.raises(SeqtasksError, match="--set: seed: should be a valid integer"):
        read_config(None, text=FULL, overrides=["seed=null"])
    assert read_config(None, text=FULL, overrides=["init_from='null'"]).init_from == "null"


def test_the_last_override_wins() -> None:
    assert read_config(None, text=FULL, overrides=["seed=1", "seed=2"]).seed == 2


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("steps", "--set steps: not of the form a.b=value."),
        ("=3", "not of the form"),
        ("a..b=3", "not of the form"),
        ("seed.x=3", "--set seed.x=3: seed is a value, not a table."),
        ("train.2.weight=1", "train is a list of 2, which has no 2."),
        ("train.first.weight=1", "train is a list of 2, which has no first."),
        ("training.max_stps=3", "--set: training.max_stps: unknown key (did you mean max_steps?)"),
    ],
)
def test_wrong_overrides(override: str, message: str) -> None:
    with pytest.raises(SeqtasksError) as caught:
        read_config(Path("run.toml"), text=FULL, overrides=[override])
    assert message in caught.value.message


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("sed = 2", "sed: unknown key (known: languages, encoder, train, search, labels, extra)"),
        ("kind = 'translation'", "kind: unknown key (did you mean task?)"),
        ("seed = -1", "seed: should be greater than or equal to 0, not -1"),
        ("training = 3", "training: should be a table, not 3"),
        ("search = 3", "search: should be a table, not 3"),
        (
            "training.max_steps = 1.5",
            "training.max_steps: should be a valid integer, got a number with a fractional part",
        ),
        ("training.dtype = 'int8'", "training.dtype: should be 'auto', 'float32' or 'bfloat16', not 'int8'"),
        ("training.betas = [0.9]", "training.betas.1: is missing"),
        ("training.betas = '0.9,0.98'", "training.betas: should be a list in brackets, not '0.9,0.98'"),
        ("train = 'a.tsv'", "train: should be a list in brackets, not 'a.tsv'"),
        ("training.device = 'my GPU'", "training.device: String should match pattern"),
        (
            "training.pretrained_lr_scale = 0.5",
            "training.pretrained_lr_scale requires init_from",
        ),
        ("training.l2_sp = 1.0", "training.l2_sp requires init_from"),
        (
            "init_modules = 'encoder'",
            "init_modules selects what is taken from the model in init_from, which is not set",
        ),
        ("encoder.layrs = 3", "encoder: needs a table with a kind"),
        ("encoder = {kind = 'stak'}", "encoder: unknown kind 'stak'; there are stack, twins (your own: --code FILE)"),
        ("encoder = {kind = 'stack', layrs = 3}", "encoder.layrs: unknown key (did you mean layers?)"),
        ("encoder = {kind = 'stack', layers = 0}", "encoder.layers: should be greater than or equal to 1, not 0"),
        (
            "encoder = {kind = 'twins', parts = [{kind='stack'}, {kind='twins', parts = [{kind='stack', drop=1}]}]}",
            "encoder.parts.1.parts.0.drop: unknown key (did you mean dropout?)",
        ),
        ("train = [{path = 'a', wieght = 1}]", "train.0.wieght: unknown key (did you mean weight?)"),
        ("train = [{}]", "train.0.path: is missing"),
        ("extra = {path = 'a', wieght = 1}", "extra.wieght: unknown key (did you mean weight?)"),
        ("labels = {a = 'x'}", "labels.a: should be a valid integer"),
        ("search.beam_sise = 3", "search.beam_sise: unknown key (did you mean beam_size?)"),
        ("search.beam_size = 0", "search: beam_size is 0; it has to be 1 or more"),
        ("languages.x = 0", "languages.x: unknown key (known: source, target)"),
    ],
)
def test_mistakes_are_told_by_place(text: str, message: str) -> None:
    with pytest.raises(SeqtasksError) as caught:
        read_config(Path("run.toml"), text=f"task = 'translation'\n{text}")
    assert len(caught.value.message.splitlines()) == 1
    assert caught.value.message.startswith(f"run.toml: {message}")


def test_all_mistakes_at_once() -> None:
    text = "task = 'translation'\nseed = 'x'\nlanguages.sorce = 'a'\ntraining = {stps = 1, warmup_steps = -1}"
    with pytest.raises(SeqtasksError) as caught:
        read_config(Path("run.toml"), text=text)
    assert sorted(line.split(": ")[1] for line in caught.value.message.splitlines()) == [
        "languages.sorce",
        "seed",
        "training.stps",
        "training.warmup_steps",
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "run.toml: task is missing. Available: translation (your own: --code FILE)."),
        ("task = 3", "run.toml: there is no task 3."),
        ("task = 'traslation'", "run.toml: there is no task 'traslation'. Available: translation"),
        ("seed = 1\nx = = 2", "run.toml: line 2, column 5: Invalid value."),
        ("[training", "run.toml: end of document: "),
        ("a = 1\na = 2\nb = 3", "run.toml: line 2, column 6: Cannot overwrite a value."),
        pytest.param("a = " + "9" * 5000, "run.toml: Exceeds the limit", id="digits"),
        pytest.param("a = " + "[" * 100_000, "run.toml: nested too deeply.", id="deep"),
    ],
)
def test_files_that_cannot_be_understood(text: str, message: str) -> None:
    with pytest.raises(SeqtasksError) as caught:
        read_config(Path("run.toml"), text=text)
    assert message in str(caught.value)


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(SeqtasksError, match=r"run\.toml cannot be read: No such file"):
        read_config(tmp_path / "run.toml")
    (tmp_path / "run.toml").write_bytes(b'task = "\xff"')
    with pytest.raises(SeqtasksError, match=r"run\.toml is not UTF-8 text \(byte 8\)"):
        read_config(tmp_path / "run.toml")


text = st.text(st.characters(codec="utf-8"), max_size=8)
number = st.floats(allow_nan=False, allow_infinity=False)
stacks = st.builds(Stack.Config, layers=st.integers(1, 2**40), dropout=number)
encoders = st.recursive(stacks, lambda inner: st.builds(Twins.Config, parts=st.lists(inner, max_size=3)), max_leaves=4)
sources = st.builds(Source, path=text.map(Path), weight=number)
runs = st.builds(
    RunConfig,
    task=st.builds(
        FakeTranslation.Config,
        languages=st.builds(Languages, source=text, target=st.none() | text),
        encoder=encoders,
        train=st.lists(sources, max_size=3),
        search=st.builds(Search, beam_size=st.integers(1, 9), suppress_tokens=st.lists(st.integers(0, 9)).map(tuple)),
        labels=st.dictionaries(text, st.integers(-9, 9), max_size=3),
        extra=st.none() | sources,
    ),
    training=st.builds(
        TrainingConfig,
        max_steps=st.integers(1, 10**9),
        learning_rate=st.floats(1e-300, 1e300),
        max_minutes=st.none() | st.floats(1e-9, 1e9),
    ),
    seed=st.integers(0, 2**63 - 1),
    init_from=st.none() | st.sampled_from(["en-de", "runs/first/best"]),
)


@settings(max_examples=50)
@given(runs)
def test_writing_and_reading_are_inverse(run: RunConfig) -> None:
    assert read_config(None, text=to_toml(run)) == run


def test_every_setting_is_written_out() -> None:
    written = to_toml(read_config(None, text=FULL))
    for name, field in TrainingConfig.model_fields.items():
        assert (f"{name} = " in written) == (field.default is not None)
    assert written.startswith('task = "translation"\nseed = 3\n')
    assert "dropout = 0.1\n" in written


def test_every_training_setting_is_described_in_a_line() -> None:
    said = descriptions(TrainingConfig)
    for name in TrainingConfig.model_fields:
        assert 0 < len(said.get(name, "")) <= 120, name


def test_the_family_of_tasks_holds_those_that_come_with_seqtasks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    known = "captioning, classification, language-modeling, tagging, translation, video-captioning"
    with pytest.raises(SeqtasksError, match=f"Available: {known}"):
        read_config(None, overrides=["task=juggling"])


def test_code_of_the_users_registers_its_components(tmp_path: Path) -> None:
    file = tmp_path / "mine.py"
    file.write_text(
        "from __future__ import annotations\n"
        "from typing import Literal\n"
        "from seqtasks.registry import ConfigModel\n"
        "from test_config import FakeEncoder\n"
        "class Mine(FakeEncoder):\n"
        "    class Config(ConfigModel):\n"
        "        kind: Literal['mine'] = 'mine'\n"
        "        width: int = 3\n"
    )
    overrides = ["task=translation", "encoder.kind=mine", "encoder.width=5"]
    with pytest.raises(SeqtasksError, match="unknown kind 'mine'"):
        read_config(None, overrides=overrides)
    sys.modules["test_config"] = sys.modules[__name__]
    try:
        load_code(file)
        assert task_of(read_config(None, overrides=overrides)).encoder.width == 5
    finally:
        FakeEncoder.kinds.pop("mine", None)
        sys.modules.pop("seqtasks_code_mine", None)


def test_code_of_the_users_is_named_and_asked_for() -> None:
    """Only kinds that neither seqtasks nor an installed package brings count; the file's name is all that is kept."""
    twins = {"kind": "twins", "parts": [{"kind": "stack"}]}
    files = code_files(read_config({"task": "translation", "encoder": twins}).task)
    assert files == dict.fromkeys(["translation", "twins", "stack"], Path(__file__).name)
    assert code_files(LstmEncoder.Config()) == {}
    require_code(files, Path("model"))
    with pytest.raises(SeqtasksError, match=r"model was trained with --code mine\.py, where 'other'") as error:
        require_code({**files, "other": "mine.py"}, Path("model"))
    assert "--code mine.py" in error.value.hint


def test_dictionaries_are_read_like_files() -> None:
    document = tomllib.loads(FULL)
    before = deepcopy(document)
    assert read_config(document) == read_config(None, text=FULL)
    changed = read_config(
        document, overrides={"seed": 9, "training": {"max_steps": 7}, "train.1.weight": 3, "search": {}}
    )
    assert (changed.seed, changed.training.max_steps, changed.training.betas) == (9, 7, (0.8, 0.9))
    assert [source.weight for source in task_of(changed).train] == [1, 3]
    assert task_of(changed).search == Search()
    other = read_config(document, overrides={"encoder": {"parts": [], "kind": "twins"}})
    assert task_of(other).encoder == Twins.Config()
    assert document == before


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("mine.py", "x = 1\nx = = 2", r"mine\.py \(--code\), line 2: SyntaxError"),
        ("mine.py", "def f():\n    raise KeyError('a')\n\nf()\n", r"mine\.py \(--code\), line 2: KeyError: 'a'"),
        ("mine.py", None, r"mine\.py \(--code\) is not a file"),
        ("mine.txt", "", r"mine\.txt \(--code\) is not a Python file"),
    ],
)
def test_code_that_does_not_run(tmp_path: Path, name: str, content: str | None, message: str) -> None:
    if content is not None:
        (tmp_path / name).write_text(content)
    with pytest.raises(SeqtasksError, match=message):
        load_code(tmp_path / name)
    assert "seqtasks_code_mine" not in sys.modules


def test_settings_are_read_without_torch() -> None:
    code = "import sys, seqtasks.config.run; print('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"
