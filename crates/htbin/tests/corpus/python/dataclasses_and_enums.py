#!/usr/bin/python3
import dataclasses
import enum
import typing


class Colour(enum.Enum):
    RED = 1
    BLUE = "b"


@dataclasses.dataclass(order=True)
class Point:
    x: int
    y: "typing.Optional[int]" = None
    tags: list = dataclasses.field(default_factory=list)


print("Content-Type: text/plain\n")
print(Point(1), dataclasses.asdict(Point(2, 3)), Point(1, 2) < Point(2, 1), typing.get_type_hints(Point))
print(list(Colour), Colour("b"), Colour.RED.name, Point.__module__)
