from . import VERSION
from .deeper.module import where

NAME = __name__


class Thing:
    def __init__(self, value):
        self.value = value
