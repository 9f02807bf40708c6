# SPDX-License-Identifier: Apache-2.0
"""What can compute here, and why the rest cannot."""
import ctypes

from . import _abi
from ._library import check, failure, library
from ._typing import Any, Dict, List, NamedTuple

Device = NamedTuple("Device", [
    ("id", str), ("name", str), ("uuid", str), ("pci", str), ("driver", str), ("api", str),
    ("memory_total_bytes", int), ("memory_free_bytes", int), ("software", bool),
    ("integrated", bool), ("built", bool), ("usable", bool), ("kernels", List[str]),
    ("reason", str), ("reason_text", str),
])
Device.__doc__ = """A device; what is not known is empty or 0. See include/mien/device.h."""


def _device(info: _abi.MienDeviceInfo) -> Device:
    values = {name: getattr(info, name) for name in Device._fields}
    values = {name: value.decode("utf-8", "replace") if isinstance(value, bytes) else value
              for name, value in values.items()}
    values["kernels"] = values["kernels"].split()
    return Device(**values)


def devices() -> List[Device]:
    """All devices, usable or not, in the order in which "auto" looks at them."""
    size = ctypes.sizeof(_abi.MienDeviceInfo)
    n, capacity = ctypes.c_size_t(), 0
    while True:
        found = (_abi.MienDeviceInfo * max(capacity, 1))()
        status = library.mien_device_list(found, capacity, size, ctypes.byref(n))
        if status != _abi.OK:
            raise failure(status, "")
        if n.value <= capacity:
            return [_device(info) for info in found[:n.value]]
        capacity = n.value


class DoctorReport:
    """Why a GPU is not used, and what to do about it.

    str() is the report for people; data is the object of the schema mien.doctor/1, with everything
    that was read.
    """

    def __init__(self, text: str, data: Dict[str, Any]) -> None:
        self.text = text
        self.data = data

    def __str__(self) -> str:
        return self.text

    def reasons(self) -> str:
        """One line: what is the matter with the stacks that do not work; empty if all do."""
        return "; ".join("{}: {} [{}]".format(name, stack["summary"], stack["cause"] or "unknown")
                         for name, stack in self.data["stacks"].items()
                         if name != "egl" and stack["state"] != "works")


def _written(write: Any, *arguments: Any) -> str:
    pieces = []  # type: List[bytes]

    def take(_user: Any, text: Any, n: int) -> int:
        pieces.append(text[:n])
        return 0

    *before, user = arguments
    status = write(*before, _abi.WriteFn(take), user)
    if status != _abi.OK:
        raise failure(status, "")
    return b"".join(pieces).decode("utf-8", "replace")


def doctor() -> DoctorReport:
    """Examines the machine like `mien doctor`; takes about a second, changes nothing."""
    import json  # not on import of the package: few need it
    made, error = ctypes.c_void_p(), _abi.MienError()
    check(library.mien_doctor_create(None, ctypes.byref(made), ctypes.byref(error)), error)
    try:
        text = _written(library.mien_doctor_write_text, made, None)
        data = _written(library.mien_doctor_write_json, made, 1, None)
    finally:
        library.mien_doctor_destroy(made)
    return DoctorReport(text, json.loads(data))
