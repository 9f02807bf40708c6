# SPDX-License-Identifier: Apache-2.0
"""Engines for the classes of this package."""
import ctypes
from typing import Any, Optional

from .._devices import doctor
from ..engine import Engine
from .._library import DeviceError


def clamp(value: float) -> float:
    """MediaPipe takes any number as a threshold; beyond 0 and 1 there is nothing more to say."""
    number = ctypes.c_double(value).value  # float() would take text, which MediaPipe does not
    return min(max(number, 0.0), 1.0)


def make_engine(model: Any, device: Optional[str], **options: Any) -> Engine:
    """An engine; if it was for a GPU and there is none, the exception has the doctor's reason."""
    try:
        return Engine(model, device=device, **options)
    except DeviceError as error:
        reasons = doctor().reasons()
        text = "{} [{}]{}".format(error, error.reason, "; " + reasons if reasons else "")
        raise DeviceError(text + "; `mien doctor` tells more", error.status,
                          error.reason) from None
