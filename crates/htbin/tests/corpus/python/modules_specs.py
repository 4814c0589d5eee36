#!/usr/bin/python3
import importlib.util
import html.parser
import json
import sys

print("Content-Type: text/plain\n")
for module in html.parser, json, sys.modules["json.decoder"]:
    spec = module.__spec__
    print(module.__name__, module.__file__, module.__cached__, module.__package__, type(module.__loader__).__name__)
    print(spec.name, spec.origin, spec.cached, spec.parent, spec.has_location, spec.submodule_search_locations, spec.loader is module.__loader__)
    print(getattr(spec, "_initializing", None), getattr(spec, "_uninitialized_submodules", None), module)
for name in "csv", "no_such_module", "email.mime.text":
    print(name, name in sys.modules, importlib.util.find_spec(name), name in sys.modules)
