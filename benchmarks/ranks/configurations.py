"""The trainings that are compared: small models, real data, 200 updates in float32."""

from __future__ import annotations

from pathlib import Path

STEPS = 200
TRAINING = f"""
[training]
max_steps = {STEPS}
eval_steps = {STEPS}
save_steps = {STEPS}
batch_tokens = 600
learning_rate = 3e-4
warmup_steps = 50
device = "cpu"
dtype = "float32"
num_processes = 0
num_threads = 1
"""
"""With `num_processes = 0` a run that no launcher has started would take all cores; see `alone`."""

PAIRS = """
task = "translation"
seed = 1
[languages]
source = "en"
target = "de"
[text]
kind = "subwords"
vocab_size = 3000
[data]
train = [{{ source = "{data}/multi30k/train.en", target = "{data}/multi30k/train.de" }}]
validation_split = 100
[model]
hidden_size = 96
embedding_dropout = {dropout}
[model.encoder]
{encoder}
dropout = {dropout}
[model.decoder]
{decoder}
dropout = {dropout}
"""
TRANSFORMER = 'kind = "transformer"\nnum_layers = 2\nnum_heads = 4\nffn_dim = 192'
LSTM = 'kind = "lstm"\nnum_layers = 1\nhidden_size = 96'
CAPTIONS = """
task = "captioning"
seed = 1
[text]
kind = "words"
language = "en"
min_freq = 4
oov = "unknown"
[[data.train]]
images = "{data}/flickr8k"
captions = "{data}/flickr8k/Flickr8k.token.txt"
split = "{folder}/train.txt"
[[data.validation]]
images = "{data}/flickr8k"
captions = "{data}/flickr8k/Flickr8k.token.txt"
split = "{folder}/dev.txt"
[model]
hidden_size = 96
embedding_dropout = {dropout}
[model.encoder]
kind = "cnn"
hidden_size = 96
dropout = {dropout}
[model.decoder]
kind = "lstm"
hidden_size = 96
dropout = {dropout}
"""
CHARACTERS = """
task = "language-modeling"
seed = 1
[text]
kind = "characters"
[data]
train = [{{ path = "{data}/char/tinyshakespeare.txt" }}]
validation_split = 0.01
num_streams = 16
bptt_len = 40
[model]
hidden_size = 64
embedding_dropout = {dropout}
dropout = {dropout}
[model.encoder]
kind = "lstm"
hidden_size = 128
num_layers = 1
bidirectional = false
dropout = {dropout}
"""
IMAGES = {"train": 400, "dev": 50}


def configurations(data: Path, folder: Path, dropout: float) -> dict[str, str]:
    """The text of each configuration by its name; lists of images go into the folder."""
    for name, count in IMAGES.items():
        names = (data / "flickr8k" / f"Flickr_8k.{name}Images.txt").read_text(encoding="utf-8").splitlines()
        (folder / f"{name}.txt").write_text("".join(f"{line}\n" for line in names[:count]), encoding="utf-8")
    texts = {
        "translation-transformer": PAIRS.replace("{encoder}", TRANSFORMER).replace("{decoder}", TRANSFORMER),
        "translation-lstm": PAIRS.replace("{encoder}", LSTM).replace("{decoder}", LSTM),
        "captioning": CAPTIONS,
        "language-modeling": CHARACTERS,
    }
    return {name: text.format(data=data, folder=folder, dropout=dropout) + TRAINING for name, text in texts.items()}
