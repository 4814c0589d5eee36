#!/usr/bin/python3
import json

json.loads("{")
