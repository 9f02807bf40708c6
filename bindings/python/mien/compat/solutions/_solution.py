# SPDX-License-Identifier: Apache-2.0
"""What the solutions have in common."""
from typing import Any, Optional

import numpy as np

from ...engine import Engine
from ...result import Result

# MediaPipe pretends to get 30 frames a second, whatever it gets.
_FRAME_US = 33333


class SolutionBase:
    """Runs an engine on RGB pictures, one after the other."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine  # type: Optional[Engine]
        self._timestamp_us = 0

    def _run(self, image: np.ndarray) -> Result:
        if image.shape[2] != 3:
            raise ValueError("Input image must contain three channel rgb data.")
        if self._engine is None:
            raise ValueError("_graph is None in SolutionBase")
        if image.size == 0:
            raise RuntimeError("the image is empty: ROI width and height must be > 0.")
        self._timestamp_us += _FRAME_US
        return self._engine.process(image.astype(np.uint8, casting="safe", copy=False),
                                    self._timestamp_us)

    def close(self) -> None:
        """Frees what the object holds; a second time is an error."""
        if self._engine is None:
            raise ValueError("Closing SolutionBase._graph which is already None")
        self._engine.close()
        self._engine = None

    def reset(self) -> None:
        """Forgets the faces of earlier pictures."""
        if self._engine is not None:
            self._engine.reset()

    def __enter__(self) -> "SolutionBase":
        return self

    def __exit__(self, *_error: Any) -> None:
        self.close()
