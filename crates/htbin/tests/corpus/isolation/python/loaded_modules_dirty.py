#!/usr/bin/python3
import sys
import types

import local_to_isolation

sys.modules["json"] = types.ModuleType("json")
sys.modules["made_up"] = types.ModuleType("made_up")
sys.modules["textwrap"] = None
import decimal, sqlite3, xml.dom.minidom

print("Content-Type: text/plain\n")
