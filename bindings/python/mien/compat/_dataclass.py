# SPDX-License-Identifier: Apache-2.0
"""dataclasses.dataclass, and as much of it as this package needs for Python 3.6."""
try:
    from dataclasses import dataclass
except ImportError:
    def dataclass(cls):  # type: ignore
        """Makes __init__, __repr__ and __eq__ from the annotations of a class."""
        names = list(cls.__annotations__)
        defaults = {name: getattr(cls, name) for name in names if hasattr(cls, name)}

        def init(self, *values, **named):
            if len(values) > len(names):
                raise TypeError("{}() takes {} arguments, not {}".format(
                    cls.__name__, len(names), len(values)))
            given = dict(zip(names, values))
            for name in named:
                if name not in names or name in given:
                    raise TypeError("{}() got an unexpected argument {!r}".format(
                        cls.__name__, name))
            given.update(named)
            for name in names:
                if name not in given and name not in defaults:
                    raise TypeError("{}() misses the argument {!r}".format(cls.__name__, name))
                setattr(self, name, given.get(name, defaults.get(name)))

        def values(self):
            return tuple(getattr(self, name) for name in names)

        def represent(self):
            pairs = ("{}={!r}".format(*pair) for pair in zip(names, values(self)))
            return "{}({})".format(cls.__qualname__, ", ".join(pairs))

        def equals(self, other):
            if other.__class__ is not self.__class__:
                return NotImplemented
            return values(self) == values(other)

        cls.__init__, cls.__repr__ = init, represent
        if "__eq__" not in vars(cls):
            cls.__eq__ = equals
        cls.__hash__ = None
        return cls

__all__ = ["dataclass"]
