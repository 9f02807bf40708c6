# SPDX-License-Identifier: Apache-2.0
"""What a task's pictures have to do with each other."""
import enum
from typing import Any


class VisionTaskRunningMode(enum.Enum):
    """Single pictures, frames of a video, or a stream whose results come by callback."""

    IMAGE = "IMAGE"
    VIDEO = "VIDEO"
    LIVE_STREAM = "LIVE_STREAM"


def validate_running_mode(running_mode: VisionTaskRunningMode, callback: Any = None) -> None:
    """Raises unless there is a callback in the live stream mode, and only there."""
    if running_mode == VisionTaskRunningMode.LIVE_STREAM:
        if callback is None:
            raise ValueError("The vision task is in live stream mode, a user-defined result "
                             "callback must be provided.")
    elif callback:
        raise ValueError("The vision task is in image or video mode, a user-defined result "
                         "callback should not be provided.")
