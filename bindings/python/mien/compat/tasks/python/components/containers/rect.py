# SPDX-License-Identifier: Apache-2.0
"""Rectangles."""
from ....._dataclass import dataclass


@dataclass
class Rect:
    """A rectangle in pixels."""

    left: int
    top: int
    bottom: int
    right: int


@dataclass
class RectF:
    """A rectangle in widths and heights of a picture."""

    left: float
    top: float
    bottom: float
    right: float
