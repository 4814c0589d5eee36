#!/usr/bin/python3
from . import local
