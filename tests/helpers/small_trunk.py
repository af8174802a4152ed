"""A network for pictures that learns from nothing in seconds."""

from __future__ import annotations

from collections import OrderedDict

from torch import nn

from seqtasks.encoders import backbones

CHANNELS = (3, 24, 48, 64, 64)
STRIDES = (2, 2, 2, 1)


def small_trunk(name: str) -> backbones.BackboneSpec:
    """Four convolutions in place of the backbone called `name`, which would take many minutes to learn from nothing."""
    blocks = [
        nn.Sequential(
            nn.Conv2d(before, after, 3, stride=stride, padding=1, bias=False), nn.BatchNorm2d(after), nn.ReLU()
        )
        for before, after, stride in zip(CHANNELS, CHANNELS[1:], STRIDES, strict=False)
    ]
    network = nn.Sequential(OrderedDict(features=nn.Sequential(*blocks)))
    return backbones.BackboneSpec(network, CHANNELS[-1], (127.0,) * 3, (64.0,) * 3)
