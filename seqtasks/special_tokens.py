"""Ids that mean the same in every tokenizer, every model and every bundle."""

PAD, UNKNOWN, BEGIN, END = 0, 1, 2, 3
SPECIAL_PIECES = ("<pad>", "<unk>", "<s>", "</s>")
SPECIAL_IDS = {"pad": PAD, "unknown": UNKNOWN, "begin": BEGIN, "end": END}
NEVER_GENERATED = (PAD, UNKNOWN, BEGIN)
"""Ids that spell no text: search and sampling never choose them."""
