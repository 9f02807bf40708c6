# SPDX-License-Identifier: Apache-2.0
"""mediapipe.tasks, as far as faces go: also as `mp.tasks`, which is mediapipe.tasks.python."""
from . import python
from .python import BaseOptions, components, vision

__all__ = ["BaseOptions", "components", "python", "vision"]
