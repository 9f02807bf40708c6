# SPDX-License-Identifier: Apache-2.0
"""Points."""
from typing import Optional

from ....._dataclass import dataclass


@dataclass
class Landmark:
    """A point in space."""

    x: Optional[float] = None
    y: Optional[float] = None
    z: Optional[float] = None
    visibility: Optional[float] = None
    presence: Optional[float] = None
    name: Optional[str] = None


@dataclass
class NormalizedLandmark:
    """A point in a picture: x and y in widths and heights of it, z in widths."""

    x: Optional[float] = None
    y: Optional[float] = None
    z: Optional[float] = None
    visibility: Optional[float] = None
    presence: Optional[float] = None
    name: Optional[str] = None
