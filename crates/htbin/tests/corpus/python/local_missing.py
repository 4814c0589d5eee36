#!/usr/bin/python3
import local.missing
