# SPDX-License-Identifier: Apache-2.0
"""mediapipe.tasks, as far as faces go: also as `mp.tasks`, which is mediapipe.tasks.python."""
from ..._lazy import defer

TYPE_CHECKING = False  # checkers of types take it for True
if TYPE_CHECKING:
    from . import python
    from .python import BaseOptions, components, vision

__all__ = defer(__name__, ("python",), {
    "BaseOptions": "python.core.base_options",
    "components": "python",
    "vision": "python",
})
