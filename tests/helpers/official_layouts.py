"""Data sets in the layouts of their official downloads, as small as the recipes can read."""

from __future__ import annotations

from pathlib import Path

from PIL import Image


def write(file: Path, *lines: str) -> None:
    """Writes lines, and the folders that the file is in."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


def write_everything(data: Path) -> None:
    """All data sets of the recipes below `data`, a few lines of each."""
    for part in ("train", "val", "test_2016_flickr"):
        write(data / "multi30k" / f"{part}.en", "a red dog runs .")
        write(data / "multi30k" / f"{part}.de", "ein roter hund rennt .")
    for part in ("train", "dev", "test"):
        write(data / "tatoeba" / f"en-de.{part}.tsv", "a dog\tein hund")
        write(data / "ud_ewt" / f"en_ewt-ud-{part}.conllu", "1\tdogs\tdog\tNOUN\tNNS\t_\t0\troot\t_\t_", "")
        write(data / "sst" / f"stsa.binary.{part}", "1 it 's good .", "0 it is bad .")
        write(data / "flickr8k" / f"Flickr_8k.{part}Images.txt", f"{part}.jpg")
        (data / "flickr8k" / "Images").mkdir(exist_ok=True)
        Image.new("RGB", (32, 32), "red").save(data / "flickr8k" / "Images" / f"{part}.jpg")
    write(data / "flickr8k" / "Flickr8k.token.txt", *(f"{part}.jpg#0\tA dog ." for part in ("train", "dev", "test")))
    write(data / "help.tsv", "open\töffnen")
    for part in ("train", "test"):
        write(data / "imdb" / f"{part}.tsv", "label\ttext", "1\tgood", "0\tbad")
    for language in ("Arabic", "Czech"):
        write(data / "names" / f"{language}.txt", *(f"{language}{number}" for number in range(20)))
    write(data / "char" / "tinyshakespeare.txt", "First Citizen: we are here")
