# SPDX-License-Identifier: Apache-2.0
"""mediapipe.tasks.python, as far as faces go."""
from ...._lazy import defer

TYPE_CHECKING = False  # checkers of types take it for True
if TYPE_CHECKING:
    from . import components, core, vision
    from .core.base_options import BaseOptions

__all__ = defer(__name__, ("components", "core", "vision"), {
    "BaseOptions": "core.base_options",
})
