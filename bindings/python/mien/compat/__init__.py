# SPDX-License-Identifier: Apache-2.0
"""Stands in for the package mediapipe, as far as faces go: `import mien.compat as mp`.

Paths, names, defaults, exceptions and results are MediaPipe's; every class takes a keyword more,
device, such as "cuda:0". docs/migration.md tells what differs.
"""
from .._lazy import defer

TYPE_CHECKING = False  # checkers of types take it for True
if TYPE_CHECKING:
    from . import framework, solutions, tasks
    from .tasks.python.vision.core.image import Image, ImageFormat

__version__ = "1.2.2"  # of MediaPipe, whose tasks these are: programs compare it

__all__ = defer(__name__, ("framework", "solutions", "tasks"), {
    "Image": "tasks.python.vision.core.image",
    "ImageFormat": "tasks.python.vision.core.image",
})
