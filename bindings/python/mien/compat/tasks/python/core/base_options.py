# SPDX-License-Identifier: Apache-2.0
"""Which model, and where to compute."""
import enum
from typing import Optional

from ...._dataclass import dataclass


@dataclass
class BaseOptions:
    """The model as a path or as the bytes of a file (which count if both are given).

    delegate: None, DEFAULT and CPU compute on the CPU; GPU on the first GPU that works, or raises
        with the reason.
    device: "cpu", "cuda:0", "vulkan:1" ... instead of a delegate; not in MediaPipe.
    """

    class Delegate(enum.IntEnum):
        """MediaPipe's names of devices."""

        DEFAULT = 0
        CPU = 1
        GPU = 2

    model_asset_path: Optional[str] = None
    model_asset_buffer: Optional[bytes] = None
    delegate: Optional[Delegate] = None
    device: Optional[str] = None
