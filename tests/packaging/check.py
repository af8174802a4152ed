"""Builds the wheel and the source archive, installs the wheel into an environment of its own, uses it from there.

    python tests/packaging/check.py                  # also: make package-test
    python tests/packaging/check.py path/to/python   # another Python as well

The environment borrows the installed dependencies of the Python that runs this program, torch among them; seqtasks
itself comes out of the wheel, and no command runs in the checkout. Pythons of other versions (3.11 and 3.13 are looked
for) run the same commands where they have the dependencies, else the wheel is compiled and imported with them.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import lazy_loader

CHECKOUT = Path(__file__).parents[2]
sys.path.insert(0, str(CHECKOUT / "tests"))

from helpers.answers import picture, write_clips  # noqa: E402

VERSIONS = ("3.11", "3.13")
DEPENDENCIES = "import torch, torchvision, spacy, sentencepiece, safetensors, sacrebleu, typer, pydantic"
IMPORTED = "import sys, seqtasks; print(seqtasks.__version__, seqtasks.__file__, sys.version.split()[0])"
ENTRY_POINTS = """
import spacy
nlp = spacy.blank("en")
nlp.add_pipe("seqtasks_tagger", config={"threads": 1})
print([token.pos_ for token in nlp("A dog runs.")])
"""
COMMANDS = {
    "translation": (("translate", "--text", "A dog runs."), "Hund"),
    "captioning": (("caption", "picture.png", "--html-report", "captions.html"), "picture.png\t"),
    "video": (("caption", "clip-0000", "--frame-step", "2"), "clip-0000"),
    "tagging": (("tag", "text.txt"), "dog\tNOUN"),
    "classification": (("classify", "text.txt", "--html-report", "why.html"), "text.txt\t"),
    "generation": (("generate", "--prompt", "ROMEO:", "--max-new-tokens", "20"), "ROMEO:"),
    "training": (
        ("train", "language-modeling", "book.txt", "--output", "model", "--set", "training.max_steps=2"),
        "To use it:",
    ),
    "models": (("models",), "en-de"),
}
"""A command of each task, and what its output holds."""


class PackageError(Exception):
    """Something is not as it has to be."""


def main(pythons: Sequence[str]) -> int:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name).resolve()
        try:
            wheel = build(folder / "dist")
            check_wheel(wheel)
            use(sys.executable, wheel, folder / "own", site_packages())
            for python in [*pythons, *other_pythons()]:
                use_with(python, wheel, folder / f"other-{Path(python).name}")
        except PackageError as error:
            print(f"package-test: {error}", file=sys.stderr)
            return 1
    return 0


def build(dist: Path) -> Path:
    """The wheel, which is built out of the source archive."""
    run([sys.executable, "-m", "build", "--no-isolation", "--outdir", str(dist), str(CHECKOUT)], cwd=CHECKOUT)
    [wheel], [archive] = dist.glob("*.whl"), dist.glob("*.tar.gz")
    with tarfile.open(archive) as packed:
        names = {name.partition("/")[2] for name in packed.getnames()}
    expect({"pyproject.toml", "README.md", "LICENSE", "seqtasks/__init__.py"} <= names, f"{archive.name} lacks files")
    print(f"package-test: {archive.name} has {archive.stat().st_size / 2**20:.1f} MB, "
          f"{wheel.name} {wheel.stat().st_size / 2**20:.1f} MB")  # fmt: skip
    return wheel


def check_wheel(wheel: Path) -> None:
    """All of the package is in it, with the models and pictures that ship, and nothing else."""
    with zipfile.ZipFile(wheel) as packed:
        names = {name for name in packed.namelist() if not name.endswith("/")}
    package = {path.relative_to(CHECKOUT).as_posix() for path in (CHECKOUT / "seqtasks").rglob("*") if shipped(path)}
    expect(package <= names, f"the wheel lacks {sorted(package - names)[:5]}")
    models = (CHECKOUT / "assets" / "models").glob("*/bundle.json")
    assets = {f"seqtasks/{path.relative_to(CHECKOUT).as_posix()}" for path in models}
    assets |= {name.replace("bundle.json", "model.safetensors") for name in assets}
    expect(bool(assets) and assets <= names, f"the wheel lacks {sorted(assets - names)[:5]}")
    foreign = {name for name in names - package if not name.startswith(("seqtasks/assets/", "seqtasks-"))}
    expect(not foreign, f"the wheel holds {sorted(foreign)[:5]}")


def shipped(path: Path) -> bool:
    return path.is_file() and "__pycache__" not in path.parts


def use_with(python: str, wheel: Path, environment: Path) -> None:
    """As `use`, where that Python has the dependencies; else the wheel is compiled and imported."""
    if run([python, "-c", DEPENDENCIES], cwd=wheel.parent, check=False) is not None:
        own = run([python, "-c", "import sys; print('\\n'.join(sys.path))"], cwd=wheel.parent) or ""
        use(python, wheel, environment, [line for line in own.splitlines() if is_site(line)])
        return
    install(python, wheel, environment, [])
    inside = environment / "bin" / "python"
    package = next(environment.glob("lib/python*/site-packages/seqtasks"))
    run([str(inside), "-W", "error", "-m", "compileall", "-q", "-f", str(package)], cwd=environment)
    shutil.copytree(Path(lazy_loader.__file__).parent, package.with_name("lazy_loader"))  # all that its import needs
    told = run([str(inside), "-c", IMPORTED], cwd=environment)
    without = "without torch and other dependencies, so the wheel was compiled and imported alone"
    print(f"package-test: {python}: {without} ({(told or '').strip()})")


def use(python: str, wheel: Path, environment: Path, shared: Sequence[str]) -> None:
    """Runs a command of each task in an environment that has the wheel."""
    install(python, wheel, environment, shared)
    inside, work = environment / "bin", environment / "work"
    work.mkdir()
    write_inputs(work)
    told = (run([str(inside / "python"), "-c", IMPORTED], cwd=work) or "").split()
    expect(wheel.name.startswith(f"seqtasks-{told[0]}-"), f"{wheel.name} says that it is {told[0]}")
    expect(Path(told[1]).is_relative_to(environment), f"seqtasks came from {told[1]}, not out of the wheel")
    for task, (words, expected) in COMMANDS.items():
        output = run([str(inside / "seqtasks"), *worded(words, str(inside / "seqtasks"), work)], cwd=work) or ""
        expect(expected in output, f"{task}: seqtasks {' '.join(words)} wrote {output!r}")
    for page in ("captions.html", "why.html"):
        expect("<style>" in (work / page).read_text(encoding="utf-8"), f"{page} has no style sheet")
    tagged = run([str(inside / "python"), "-c", ENTRY_POINTS], cwd=work)
    expect("NOUN" in (tagged or ""), f"the tagger in spaCy said {tagged!r}")
    print(f"package-test: Python {told[2]}: {', '.join(COMMANDS)} and spaCy work from the wheel")


def worded(words: Sequence[str], program: str, work: Path) -> list[str]:
    """The words of the command as this version has its options."""
    from helpers.answers import RENAMED_OPTIONS

    listed = run([program, words[0], "--help"], cwd=work) or ""
    return [RENAMED_OPTIONS[word] if f"{RENAMED_OPTIONS.get(word)} " in listed else word for word in words]


def write_inputs(work: Path) -> None:
    import random

    (work / "text.txt").write_text("A dog runs.\nIt was a good day.\n", encoding="utf-8")
    (work / "book.txt").write_text("A dog runs. It was a good day for the dog.\n" * 40, encoding="utf-8")
    picture(random.Random(1)).save(work / "picture.png")
    write_clips(work, 4)


def install(python: str, wheel: Path, environment: Path, shared: Sequence[str]) -> None:
    """A new environment with the wheel alone; modules in the `shared` folders can be imported there."""
    run([python, "-m", "venv", "--without-pip", str(environment)], cwd=wheel.parent)
    inside = str(environment / "bin" / "python")
    pip = [sys.executable, "-m", "pip"] if has_pip(sys.executable) else [python, "-m", "pip"]
    run([*pip, "--python", inside, "install", "--quiet", "--no-deps", "--no-index", str(wheel)], cwd=wheel.parent)
    packages = next(environment.glob("lib/python*/site-packages"))
    (packages / "shared.pth").write_text("".join(f"{folder}\n" for folder in shared), encoding="utf-8")


def has_pip(python: str) -> bool:
    return run([python, "-m", "pip", "--version"], cwd=CHECKOUT, check=False) is not None


def site_packages() -> list[str]:
    """Where the dependencies are that this program can import."""
    return [folder for folder in sys.path if is_site(folder)]


def is_site(folder: str) -> bool:
    return "site-packages" in Path(folder).parts


def other_pythons() -> Iterator[str]:
    """A Python of each of the VERSIONS that is not the one that runs this program."""
    for version in VERSIONS:
        if version == f"{sys.version_info.major}.{sys.version_info.minor}":
            continue
        pyenv = sorted((Path.home() / ".pyenv" / "versions").glob(f"{version}*/bin/python{version}"))
        found = [name for name in (shutil.which(f"python{version}"), *map(str, pyenv)) if name is not None]
        working = [name for name in found if run([name, "-c", "import venv"], cwd=CHECKOUT, check=False) is not None]
        if working:
            yield working[0]
        else:
            print(f"package-test: skipped Python {version}: there is none here")


def run(words: Sequence[str], *, cwd: Path, check: bool = True) -> str | None:
    """What a program writes; None where it fails and that is not checked."""
    hidden = {"PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "SEQTASKS_DATA"}
    environment = {name: value for name, value in os.environ.items() if name not in hidden}
    environment |= {"OMP_NUM_THREADS": "1", "COLUMNS": "200"}
    done = subprocess.run(words, cwd=cwd, env=environment, capture_output=True, text=True, check=False)
    if done.returncode and check:
        raise PackageError(f"{' '.join(words)} failed:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    return None if done.returncode else done.stdout


def expect(found: bool, otherwise: str) -> None:
    if not found:
        raise PackageError(otherwise)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
