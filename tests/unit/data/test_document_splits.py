from __future__ import annotations

from collections import Counter
from pathlib import Path

from documents import write_documents

from seqtasks.data.document_splits import read_split, split
from seqtasks.data.documents import Document, DocumentSource
from seqtasks.data.examples import SkipReport

DOCUMENTS = [Document(f"{label} {number}", (label,)) for label, count in (("a", 60), ("b", 20), ("c", 3))
             for number in range(count)]  # fmt: skip


def test_each_label_gives_its_share() -> None:
    train, held_out = split(DOCUMENTS, 0.1, seed=1)
    counts = Counter(each.labels[0] for each in held_out)
    assert (len(held_out), abs(counts["a"] - 6) <= 1, abs(counts["b"] - 2) <= 1) == (8, True, True)
    assert sorted(train + held_out, key=DOCUMENTS.index) == DOCUMENTS
    assert split(DOCUMENTS, 0.1, seed=1) == (train, held_out)
    assert split(DOCUMENTS, 0.1, seed=2)[1] != held_out


def test_equal_texts_are_never_on_both_sides() -> None:
    twice = [*DOCUMENTS, *(Document(f" {each.text}  ", ("b",)) for each in DOCUMENTS)]
    train, held_out = split(twice, 0.3, seed=1)
    assert not {each.text.strip() for each in train} & {each.text.strip() for each in held_out}
    assert len(train) + len(held_out) == len(twice)


def test_sets_of_labels_give_their_share_and_every_label_stays() -> None:
    sets = [("x",), ("x", "y"), ("y",), (), ("x", "y", "z")]
    documents = [Document(f"{number}", sets[number % 5]) for number in range(100)]
    held_out = split(documents, 0.2, seed=1)[1]
    counts = Counter(each.labels for each in held_out)
    assert len(held_out) == 20
    assert all(3 <= counts[labels] <= 5 for labels in sets)
    alone = [Document(f"{number}", (f"{number}", "common")) for number in range(5)]
    assert split([*alone, Document("other", ("common",))], 0.9, seed=1) == (alone, [Document("other", ("common",))])


def test_a_little_data_still_gives_one() -> None:
    documents = [Document("x", ("a",)), Document("y", ("b",)), Document("z", ("b",))]
    train, held_out = split(documents, 0.1, seed=1)
    assert [each.labels for each in held_out] == [("b",)]
    assert len(train) == 2
    assert split(documents[:1], 0.5, seed=1) == (documents[:1], [])
    assert split([], 0.5, seed=1) == ([], [])


def test_validation_files_are_taken_whole(tmp_path: Path) -> None:
    sources = [DocumentSource(path=write_documents(tmp_path / f"{part}.tsv", DOCUMENTS[:count]))
               for part, count in (("train", 9), ("dev", 4))]  # fmt: skip
    report, unread = SkipReport(), SkipReport()
    train, validation = read_split(sources[:1], sources[1:], 0.5, 1, report, unread, multi_label=False)
    assert ([each.text for each in train], [each.text for each in validation]) == (
        [each.text for each in DOCUMENTS[:9]],
        [each.text for each in DOCUMENTS[:4]],
    )
    assert (report.read, unread.read) == (9, 4)
