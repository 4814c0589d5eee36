#!/usr/bin/python3
from .local import sibling
