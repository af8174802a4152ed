"""The table of renames: nothing has an old name any more, and what the table names today is there."""

from __future__ import annotations

import ast
import inspect
import textwrap
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from helpers.old_names import PACKAGE, TABLE, in_attributes, in_markdown, in_program, options

from seqtasks.registry import Component, fields_of

REPOSITORY = Path(__file__).parents[2]
ON_PURPOSE = (
    "benchmarks/against_checkout/checkout_27b483f.py",
    "seqtasks/cli/options.py",  # asks the table for a class by the name it had
    "tests/cli/test_renamed_options.py",
    "tests/cli/test_translate.py",
    "tests/compare_with.py",
    "tests/fixtures/",
    "tests/helpers/answers.py",
    "tests/unit/config/test_run.py",  # has settings of its own, one of which is called layers
    "tests/unit/storage/test_migration.py",
    "tests/unit/test_renames.py",
)
"""What holds old names because it reads, compares or tests them."""
PROGRAMS = sorted(
    file.relative_to(REPOSITORY).as_posix()
    for folder in ("seqtasks", "recipes", "tests", "benchmarks")
    for file in (REPOSITORY / folder).rglob("*.py")
)
PAGES = ("README.md", "recipes/README.md", "benchmarks/README.md", "ARCHITECTURE.md")


@pytest.mark.parametrize("folder", ["seqtasks", "recipes", "tests", "benchmarks"])
def test_no_program_has_an_old_name(folder: str) -> None:
    found = {}
    for name in PROGRAMS:
        if name.startswith(f"{folder}/") and not name.startswith(ON_PURPOSE):
            module = name.removesuffix(".py").replace("/", ".") if folder == "seqtasks" else ""
            source = (REPOSITORY / name).read_text(encoding="utf-8")
            own = REPOSITORY / "benchmarks" if folder == "benchmarks" else PACKAGE
            found[name] = in_program(source, module) | in_attributes(source, own)
    assert {name: names for name, names in found.items() if names} == {}


@pytest.mark.parametrize("page", PAGES)
def test_no_command_of_a_page_has_an_old_name(page: str) -> None:
    assert in_markdown((REPOSITORY / page).read_text(encoding="utf-8")) == set()


@pytest.mark.parametrize(
    ("program", "found"),
    [
        ("import seqtasks.bundle", "module seqtasks.bundle"),
        ("from seqtasks.vision import film", "module seqtasks.vision.film"),
        ("monkeypatch.setattr('seqtasks.text.tokens.CACHED_WORDS', 2)", "module seqtasks.text.tokens"),
        ("from seqtasks.decoding.config import Decoding", "name seqtasks.decoding.config.Decoding"),
        ("from seqtasks.decoding import sampling\nsampling.draw()", "name seqtasks.decoding.sampling.draw"),
        ("DecodingConfig(beam=3)", "key DecodingConfig.beam"),
        ("LstmEncoder.Config(layers=3)", "key LstmEncoder.Config.layers"),
        ("x = {'training': {'steps': 3}}", "key training.steps"),
        ("x = 'training.steps=3'", "key training.steps"),
        ("x = 'model.encoder.inner_dim = 3'", "key encoder.inner_dim"),
        ("x = '[training]\\nclip_norm = 1\\n'", "key training.clip_norm"),
        ("x = 'task = \"generation\"'", "task generation"),
        ("run('translate', '--attention', 'x')", "option translate --attention"),
        ("run(['caption', '--report=x'])", "option caption --report=x"),
    ],
)
def test_an_old_name_is_found(program: str, found: str) -> None:
    assert found in in_program(program)


def test_old_attributes_are_found() -> None:
    assert in_attributes("trainer.optimiser.step()") == {"attribute optimiser"}
    assert in_attributes("run.training.validate_every + config.model.inner_dim") == {
        "attribute validate_every", "attribute inner_dim",
    }  # fmt: skip
    assert in_attributes("', '.join(trainer.optimizer.param_groups)") == set()


def test_old_names_that_are_defined_are_found() -> None:
    assert in_program("class GradientProcesses: ...", "seqtasks.new") == {"name GradientProcesses"}
    assert in_program("def draw(): ...", "seqtasks.decoding.sampling") == {"name seqtasks.decoding.sampling.draw"}
    source = "class DecodingConfig:\n    beam: int"
    assert in_program(source, "seqtasks.decoding.config") == {"key DecodingConfig.beam"}


def test_old_names_of_commands_are_found() -> None:
    page = "```bash\nseqtasks translate \\\n  --attention x.html --set training.steps=3\nls --report\n```\n"
    assert in_markdown(page) == {"option translate --attention", "key training.steps"}
    assert in_markdown(page.replace("--attention", "--plot-attention").replace("steps", "max_steps")) == set()


@pytest.mark.parametrize("module", sorted(set(TABLE["modules"].values())))
def test_modules_of_today_are_there(module: str) -> None:
    import_module(module)


def today(name: str) -> Any:
    """What an old name stands for; None for an attribute that only instances have. KeyError where it is not there."""
    parts = name.split(".")
    for count in range(len(parts) - 1, 0, -1):
        module = ".".join(parts[:count])
        if module in TABLE["modules"] or (PACKAGE.parent.joinpath(*parts[:count]).with_suffix(".py")).is_file():
            break
    value: Any = import_module(TABLE["modules"].get(module, module))
    for index in range(count, len(parts)):
        new = TABLE["names"].get(".".join(parts[: index + 1]), parts[index])
        if new.startswith("seqtasks."):  # it stands elsewhere
            place, _, new = new.rpartition(".")
            value = import_module(place)
        if hasattr(value, new):
            value = getattr(value, new)
        elif isinstance(value, type) and has_attribute(value, new):
            value = None
        else:
            raise KeyError(f"{name}: {value} has no {new}")
    return value


def has_attribute(declared: type, name: str) -> bool:
    """Whether instances have an attribute that the class declares, or sets on `self`."""
    if any(name in getattr(base, "__annotations__", ()) for base in declared.__mro__):
        return True
    tree = ast.parse(textwrap.dedent(inspect.getsource(declared)))
    return any(isinstance(node, ast.Attribute) and ast.unparse(node) == f"self.{name}" for node in ast.walk(tree))


@pytest.mark.parametrize("name", TABLE["names"])
def test_names_of_today_are_there(name: str) -> None:
    today(name)


@pytest.mark.parametrize("name", TABLE["fields"])
def test_keys_of_today_are_there(name: str) -> None:
    assert set(TABLE["fields"][name].values()) <= set(fields_of(today(name)))


def test_kinds_of_today_are_there() -> None:
    families = {family.__name__: family for family in Component.__subclasses__()}
    for family, kinds in TABLE["kinds"].items():
        assert set(kinds.values()) <= set(families[family].known())


@pytest.mark.parametrize("command", TABLE["options"])
def test_options_of_today_are_there(command: str) -> None:
    assert {new.partition("=")[0] for new in TABLE["options"][command].values()} <= options(command)
