"""Where posts go: the values of the param ``target``."""

from __future__ import annotations

from pinterest_pipeline.emulation.channels import stream_channel
from pinterest_pipeline.entities import ENTITIES

BATCH_CHANNELS = ENTITIES
STREAM_CHANNELS = tuple(stream_channel(entity) for entity in ENTITIES)
#: Value to the channels that each post takes.
TARGETS = {
    "batch": BATCH_CHANNELS,
    "stream": STREAM_CHANNELS,
    "both": (*BATCH_CHANNELS, *STREAM_CHANNELS),
}
