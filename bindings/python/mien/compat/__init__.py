# SPDX-License-Identifier: Apache-2.0
"""Stands in for the package mediapipe, as far as faces go: `import mien.compat as mp`.

Paths, names, defaults, exceptions and results are MediaPipe's; every class takes a keyword more,
device, such as "cuda:0". docs/migration.md tells what differs.
"""
from . import framework, solutions, tasks
from .tasks.python.vision.core.image import Image, ImageFormat

__all__ = ["Image", "ImageFormat", "framework", "solutions", "tasks"]
