"""When the frames of a file are shown: by the clock of players.

A player's clock begins with the earliest stream of a file, be it sound or video: `ffplay`, mpv, VLC and browsers all
take the container's start away from its times. Subtitles are read by this clock. It is not that of the container:

| container | where its times begin |
|---|---|
| MP4, MOV | at 0; an edit list delays a stream, or leaves out its beginning (ISO 14496-12, 8.6.6) |
| Matroska, WebM | at 0, or later in a recording that was cut |
| MPEG-TS, MPEG-PS | anywhere; often at 1.4 s, as FFmpeg writes them |
| ASF (WMV), FLV | at 0, or later |
| AVI | at 0; the stream's header delays it |

A start below 0 is the delay of a sound codec, which nobody hears: the clock begins at 0 then.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from av import Packet, VideoFrame, VideoStream
    from av.container import InputContainer
    from av.stream import Stream

STATING = ("mov", "avi", "ivf")
"""What the names of the formats begin with that state how long each stream is."""

STATING_ALL = ("matroska", "flv", "asf")
"""Those that state it for all streams at once. Of others FFmpeg guesses it."""

USUAL_RATE = 25
"""Frames a second where neither times nor a rate are known."""

JUMP = 1.0
"""Times that go back by more than these seconds begin anew: two recordings were joined."""

NUDGE = 0.001
"""How much later than the frame before a frame is whose time is not later, in seconds."""

SOUND_PACKETS = 2
"""How much longer than its packets sound may be stated to be, in packets: Matroska adds the codec's delay."""


class TimestampNormalizer:
    """When the frames of a stream are shown, in seconds by the clock of players, each later than the one before."""

    def __init__(self, container: InputContainer, stream: VideoStream) -> None:
        self.stream = stream
        self.length_of_stream = stated_length(container, stream)
        self.end_of_all = stated_end_of_all(container, stream)
        self.start = clock_start(container)
        self.in_order = container.format.name == "avi"  # it knows when frames are decoded, and no other times
        self.step = float(1 / (stream.average_rate or stream.guessed_rate or USUAL_RATE))
        self.longest = self.step
        self.longest_sound = 0.0
        self.unsure = 0.0
        """How much longer than assumed the last frame may be, in seconds."""
        self.first: float | None = None
        """The time of the stream's first packet, by the container's clock."""
        self.reached = 0.0
        """How far any stream reaches, by the container's clock."""
        self.offset: float | None = None
        """What is taken away from the container's times."""
        self.begin = 0.0
        """When the first frame is shown."""
        self.now = 0.0
        self.until = 0.0

    def pass_by(self, packet: Packet[Stream]) -> None:
        """Looks where the stream begins, and how far the others reach."""
        stamp = packet.dts if self.in_order else packet.pts
        if stamp is None:
            return
        begins, lasts = float(stamp * packet.time_base), float((packet.duration or 0) * packet.time_base)
        if packet.stream.index == self.stream.index:
            self.first = begins if self.first is None else self.first
            return
        self.reached = max(self.reached, begins + lasts)
        if packet.stream.type == "audio":
            self.longest_sound = max(self.longest_sound, lasts)

    def place(self, frame: VideoFrame) -> float:
        """When a frame is shown; frames are given in the order in which they are shown."""
        stamp = frame.dts if self.in_order else frame.pts
        seconds = None if stamp is None or frame.time_base is None else float(stamp * frame.time_base)
        if self.offset is None:
            # a decoder that holds frames back gives an AVI's first frame the time of a later packet
            begins = self.first if self.in_order and self.first is not None else seconds or 0.0
            self.begin = self.now = 0.0 if self.start is None else max(0.0, begins - self.start)
            self.offset = (seconds or 0.0) - self.now
        else:
            before = self.now
            if seconds is None:
                self.now += self.step
            elif seconds - self.offset < before - JUMP:
                self.now += self.step
                self.offset = seconds - self.now
            else:
                self.now = max(seconds - self.offset, before + NUDGE)
            self.longest = max(self.longest, self.now - before)
        self.unsure = self.step / 2 if frame.duration > 0 else 1.5 * self.longest
        self.until = self.now + self.length(frame)
        self.reached = max(self.reached, self.offset + self.until)
        return self.now

    def length(self, frame: VideoFrame) -> float:
        """For how long a frame is shown: as its file says, or as is usual in it."""
        return float(frame.duration * frame.time_base) if frame.duration > 0 and frame.time_base else self.step

    def missing(self) -> float | None:
        """How long the video is by its file, in seconds by the clock of players, where it ended before that time.

        None where it did not: by no more than can be due to its last frame and to the delay of sound.
        """
        if self.length_of_stream is not None:
            end = self.begin + self.length_of_stream
            return end if self.until < end - self.unsure else None
        if self.end_of_all is None:
            return None
        start, slack = self.start or 0.0, self.unsure + SOUND_PACKETS * self.longest_sound
        if self.reached < self.end_of_all - slack:
            return self.end_of_all - start if self.end_of_all > start else self.end_of_all
        # times reach beyond the end that is stated: it is a length
        is_length = self.reached > self.end_of_all + slack
        return self.end_of_all if is_length and self.reached - start < self.end_of_all - slack else None


def clock_start(container: InputContainer) -> float | None:
    """When the clock of players begins, by the container's own, in seconds; None where nothing says it."""
    return None if container.start_time is None else max(0.0, container.start_time / 1_000_000)


def stated_length(container: InputContainer, stream: VideoStream) -> float | None:
    """For how long the video is shown, in seconds, if its file says so."""
    if not container.format.name.startswith(STATING):
        return None
    if container.format.name == "avi":  # FFmpeg corrects the other numbers by the size of the file
        return float(stream.frames / stream.average_rate) if stream.frames and stream.average_rate else None
    if stream.duration is None or stream.time_base is None:
        return None if container.duration is None else container.duration / 1_000_000
    return float(stream.duration * stream.time_base)


def stated_end_of_all(container: InputContainer, stream: VideoStream) -> float | None:
    """When the last of all streams ends, by the container's clock; or, as some programs write it, the length of all."""
    if not container.format.name.startswith(STATING_ALL):
        return None
    if stream.duration is not None and stream.time_base is not None:
        return float(stream.duration * stream.time_base)
    return None if container.duration is None else container.duration / 1_000_000


def stated_duration(container: InputContainer, stream: VideoStream) -> float | None:
    """When the video ends, in seconds by the clock of players, if its file says so.

    What is stated for all streams says it only where there are no others: sound and subtitles may outlast the video.
    """
    start = clock_start(container) or 0.0
    length, end = stated_length(container, stream), stated_end_of_all(container, stream)
    if length is not None:
        late = 0.0 if stream.start_time is None or stream.time_base is None else stream.start_time * stream.time_base
        return length + max(0.0, float(late) - start)
    if end is None or any(each.type in ("audio", "subtitle") for each in container.streams):
        return None
    return end - start if end > start else end
