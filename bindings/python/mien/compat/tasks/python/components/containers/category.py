# SPDX-License-Identifier: Apache-2.0
"""A name with a score."""
from typing import Optional

from ....._dataclass import dataclass


@dataclass
class Category:
    """A name with a score: here a blendshape."""

    index: Optional[int] = None
    score: Optional[float] = None
    display_name: Optional[str] = None
    category_name: Optional[str] = None
