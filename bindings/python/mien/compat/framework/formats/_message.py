# SPDX-License-Identifier: Apache-2.0
"""Messages that behave like protobuf's, as far as people use them, without protobuf."""
import ctypes
from typing import Any, Dict, Iterable, List, Tuple, Type


def float32(value: Any) -> float:
    """A number as a float field keeps it."""
    return ctypes.c_float(value).value


def int64(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError("{!r} has type {}, but expected one of: (int,)".format(
            value, type(value).__name__))
    return value


def text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError("bad argument type for built-in operation")
    return value


_DEFAULTS = {float32: 0.0, int64: 0, text: ""}  # type: Dict[Any, Any]


def _is_message(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, Message)


def _made(kind: Any, value: Any) -> Any:
    """What a constructor takes for a field: a message also as a dictionary of its fields."""
    return kind(**value) if _is_message(kind) and isinstance(value, dict) else value


class Repeated(list):
    """A repeated field: a list that takes only what belongs into it, and copies messages."""

    def __init__(self, kind: Any, values: Iterable[Any] = ()) -> None:
        super().__init__()
        self._kind = kind
        self.extend(values)

    def _own(self, value: Any) -> Any:
        if not _is_message(self._kind):
            return self._kind(value)
        if not isinstance(value, self._kind):
            raise TypeError("Expected a message object, but got {!r}.".format(value))
        copy = self._kind()
        copy.CopyFrom(value)
        return copy

    def append(self, value: Any) -> None:
        super().append(self._own(value))

    def extend(self, values: Iterable[Any]) -> None:
        super().extend([self._own(value) for value in values])

    MergeFrom = extend

    def insert(self, index: Any, value: Any) -> None:
        super().insert(index, self._own(value))

    def __setitem__(self, index: Any, value: Any) -> None:
        if _is_message(self._kind):
            raise TypeError("'Repeated' object does not support item assignment")
        if isinstance(index, slice):
            super().__setitem__(index, [self._own(each) for each in value])
        else:
            super().__setitem__(index, self._own(value))

    def __iadd__(self, values: Iterable[Any]) -> "Repeated":  # type: ignore
        self.extend(values)
        return self

    def add(self, **fields: Any) -> Any:
        """Appends a new message and returns it."""
        message = self._kind(**fields)
        super().append(message)
        return message

    def __reduce__(self) -> Tuple[Any, ...]:
        return Repeated, (self._kind, list(self))


def _field(name: str, kind: Any, repeated: bool) -> property:
    """The attribute of a message that stands for a field."""
    if not repeated and not _is_message(kind):
        default = _DEFAULTS[kind]

        def read(self: Any) -> Any:
            return self._values.get(name, default)

        def write(self: Any, value: Any) -> None:
            self._values[name] = kind(value)

        return property(read, write)

    def make(self: Any) -> Any:
        value = self._values.get(name)
        if value is None:
            value = self._values[name] = Repeated(kind) if repeated else kind()
        return value

    def refuse(self: Any, _value: Any) -> None:
        raise AttributeError("Assignment not allowed to message, map, or repeated field \"{}\" in "
                             "protocol message object.".format(name))

    return property(make, refuse)


def _number(value: float) -> str:
    """As protobuf prints a float: six digits if they are enough."""
    short = "{:.6g}".format(value)
    return short if float32(float(short)) == value else "{:.9g}".format(value)


class Message:
    """Base of messages. A class lists its fields: FIELDS = {name: (kind, repeated)}."""

    __slots__ = ("_values",)
    FIELDS = {}  # type: Dict[str, Tuple[Any, bool]]

    def __init_subclass__(cls, **_more: Any) -> None:
        for name, (kind, repeated) in cls.FIELDS.items():
            setattr(cls, name, _field(name, kind, repeated))

    def __init__(self, **fields: Any) -> None:
        self._values = {}  # type: Dict[str, Any]
        for name, value in fields.items():
            kind, repeated = self._kind(name)
            if value is None:
                continue
            if repeated:
                getattr(self, name).extend([_made(kind, each) for each in value])
            elif _is_message(kind):
                getattr(self, name).CopyFrom(_made(kind, value))
            else:
                setattr(self, name, value)

    def __setattr__(self, name: str, value: Any) -> None:
        if name != "_values" and name not in self.FIELDS:
            raise AttributeError(self._unknown(name))
        object.__setattr__(self, name, value)

    def _unknown(self, name: str) -> str:
        return "Protocol message {} has no \"{}\" field.".format(type(self).__name__, name)

    def _kind(self, name: str) -> Tuple[Any, bool]:
        if name not in self.FIELDS:
            raise ValueError(self._unknown(name))
        return self.FIELDS[name]

    def _present(self) -> List[str]:
        """Names of the fields that are set, in the order of the class."""
        return [name for name, (kind, repeated) in self.FIELDS.items() if name in self._values and (
            bool(self._values[name]) if repeated
            else bool(self._values[name]._present()) if _is_message(kind) else True)]

    def HasField(self, name: str) -> bool:
        """Whether a field is set."""
        if self._kind(name)[1]:
            raise ValueError("Field {}.{} does not have presence.".format(
                type(self).__name__, name))
        return name in self._present()

    def ClearField(self, name: str) -> None:
        """Unsets a field."""
        self._kind(name)
        self._values.pop(name, None)

    def Clear(self) -> None:
        """Unsets all fields."""
        self._values = {}

    def CopyFrom(self, other: Any) -> None:
        """Becomes equal to another message of the same type."""
        if other is not self:
            self._same_type(other)
            self.Clear()
            self.MergeFrom(other)

    def MergeFrom(self, other: Any) -> None:
        """Takes over the fields that are set in another message; repeated ones grow."""
        self._same_type(other)
        for name in other._present():
            kind, repeated = self.FIELDS[name]
            if repeated:
                getattr(self, name).extend(other._values[name])
            elif _is_message(kind):
                getattr(self, name).MergeFrom(other._values[name])
            else:
                self._values[name] = other._values[name]

    def _same_type(self, other: Any) -> None:
        if type(other) is not type(self):
            raise TypeError("expected {}, got {}".format(
                type(self).__name__, type(other).__name__))

    def __eq__(self, other: Any) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        present = self._present()
        return present == other._present() and all(
            self._values[name] == other._values[name] for name in present)

    __hash__ = None  # type: ignore

    def __reduce__(self) -> Tuple[Any, ...]:
        return new, (type(self), self._values)

    def _lines(self, indent: str) -> Iterable[str]:
        for name in self._present():
            kind, repeated = self.FIELDS[name]
            for value in self._values[name] if repeated else [self._values[name]]:
                if _is_message(kind):
                    yield "{}{} {{\n".format(indent, name)
                    for line in value._lines(indent + "  "):
                        yield line
                    yield indent + "}\n"
                else:
                    yield "{}{}: {}\n".format(indent, name, self._show(name, kind, value))

    def _show(self, _name: str, kind: Any, value: Any) -> str:
        if kind is float32:
            return _number(value)
        return '"{}"'.format(value) if kind is text else str(value)

    def __repr__(self) -> str:
        return "".join(self._lines(""))


def new(cls: Type[Message], values: Dict[str, Any]) -> Any:
    """A message from values that need no check."""
    message = cls.__new__(cls)
    object.__setattr__(message, "_values", values)
    return message
