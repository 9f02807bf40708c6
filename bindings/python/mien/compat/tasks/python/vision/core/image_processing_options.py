# SPDX-License-Identifier: Apache-2.0
"""What is to be done to a picture before it is searched."""
from typing import Optional

from ....._dataclass import dataclass
from ...components.containers.rect import RectF


@dataclass
class ImageProcessingOptions:
    """rotation_degrees: clockwise turn, a multiple of 90, that makes the picture upright."""

    region_of_interest: Optional[RectF] = None
    rotation_degrees: int = 0
