# SPDX-License-Identifier: Apache-2.0
"""What results are made of."""
from .category import Category
from .landmark import Landmark, NormalizedLandmark
from .rect import Rect, RectF

__all__ = ["Category", "Landmark", "NormalizedLandmark", "Rect", "RectF"]
