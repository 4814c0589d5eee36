#!/usr/bin/python3
import importlib.util
import sys

spec = importlib.util.find_spec("textwrap")
loader = importlib.util.LazyLoader(spec.loader)
spec.loader = loader
module = importlib.util.module_from_spec(spec)
sys.modules["textwrap"] = module
loader.exec_module(module)
print("Content-Type: text/plain\n")
print(object.__getattribute__(module, "__class__").__name__, module.fill("x"), type(module).__name__)
