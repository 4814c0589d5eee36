#!/usr/bin/python3
import local.broken_module
