# SPDX-License-Identifier: Apache-2.0
"""mediapipe.tasks.python.vision.core, as far as faces go."""
from . import image, image_processing_options, vision_task_running_mode

__all__ = ["image", "image_processing_options", "vision_task_running_mode"]
