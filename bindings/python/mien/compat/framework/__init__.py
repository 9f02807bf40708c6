# SPDX-License-Identifier: Apache-2.0
"""mediapipe.framework: the messages of its results."""
from . import formats

__all__ = ["formats"]
