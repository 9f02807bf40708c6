# SPDX-License-Identifier: Apache-2.0
"""mediapipe.tasks.python, as far as faces go."""
from . import components, core, vision
from .core.base_options import BaseOptions

__all__ = ["BaseOptions", "components", "core", "vision"]
