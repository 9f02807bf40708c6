# SPDX-License-Identifier: Apache-2.0
"""mediapipe.tasks.python.components, as far as faces go."""
from . import containers

__all__ = ["containers"]
