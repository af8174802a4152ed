#!/usr/bin/env bash
# PyAV 18.1.0 (FFmpeg's swscale), numpy 2.3.5.
#
# A frame of white in ten bits (limited range: Y 940, Cb and Cr 512, as ITU-R BT.709 has it) becomes an image by
# frame.to_image() or to_ndarray(format="rgb24"). The same white in eight bits (Y 235) is 255; one would guess that more
# bits are not worse. It is 253. 4:4:4 is right, and so are other formats with the two flags that ask for care.
#
# Seen: "yuv420p 255", "yuv420p10le 253", "yuv444p10le 255", "yuv420p10le with flags 255".
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet av==18.1.0 numpy==2.3.5
cat > "$folder/program.py" <<'PYTHON'
import av
import numpy as np
from av.video.reformatter import ColorRange, Interpolation

CAREFUL = Interpolation.BILINEAR | Interpolation.FULL_CHR_H_INT | Interpolation.ACCURATE_RND


def white(form, levels, **options):
    frame = av.VideoFrame(16, 16, form)
    kind = "<u2" if frame.format.components[0].bits > 8 else "u1"
    for plane, level in zip(frame.planes, levels):
        plane.update(np.full(plane.buffer_size // np.dtype(kind).itemsize, level, kind).tobytes())
    frame.color_range = ColorRange.MPEG
    return frame.reformat(format="rgb24", **options).to_ndarray()[8, 8, 1]


print("yuv420p", white("yuv420p", (235, 128, 128)))
for form in ("yuv420p10le", "yuv444p10le"):
    print(form, white(form, (940, 512, 512)))
print("yuv420p10le with flags", white("yuv420p10le", (940, 512, 512), interpolation=CAREFUL))
PYTHON
"$folder/venv/bin/python" "$folder/program.py" | tee "$folder/seen"
diff "$folder/seen" - <<'SEEN'
yuv420p 255
yuv420p10le 253
yuv444p10le 255
yuv420p10le with flags 255
SEEN
