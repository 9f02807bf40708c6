# SPDX-License-Identifier: Apache-2.0
"""What mien tells of itself, as tuples with names. In a module of their own, which is loaded when
one is asked for: collections, of which they are made, takes a third of the time of `import mien`.
"""
from ._typing import NamedTuple, Optional

CatalogEntry = NamedTuple("CatalogEntry", [
    ("name", str), ("file", str), ("size_bytes", int), ("sha256", str), ("licence", str),
    ("url", str), ("title", str), ("wheel_sha256", Optional[str]),
])
CatalogEntry.__doc__ = """A model file that mien knows: include/mien/model.h."""

EngineInfo = NamedTuple("EngineInfo", [
    ("device_requested", str), ("device_crop", str), ("device_detector", str),
    ("device_landmarks", str), ("device_blendshapes", str), ("isa", str), ("n_landmarks", int),
    ("device_choice", str), ("precision", str), ("n_reopened", int),
])
EngineInfo.__doc__ = """Where the stages of an engine run, and with what: include/mien/engine.h."""

StreamStats = NamedTuple("StreamStats", [
    ("received", int), ("dropped", int), ("processed", int), ("waiting", int),
])
StreamStats.__doc__ = """Frames of a live stream since the engine was created."""

MediaInfo = NamedTuple("MediaInfo", [
    ("is_picture", bool), ("width", int), ("height", int), ("rotation_degrees", int),
    ("frames_per_second", float), ("n_frames", int), ("duration_us", int), ("has_audio", bool),
])
MediaInfo.__doc__ = """What a file says of itself: include/mien/media.h."""
