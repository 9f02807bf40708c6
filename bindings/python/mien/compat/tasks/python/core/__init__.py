# SPDX-License-Identifier: Apache-2.0
"""mediapipe.tasks.python.core, as far as faces go."""
from . import base_options

__all__ = ["base_options"]
