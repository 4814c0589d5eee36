#!/usr/bin/python3
import warnings

print("Content-Type: text/plain\n")
warnings.warn_explicit("once for a place", UserWarning, "somewhere", 1, registry=vars(warnings).setdefault("__warningregistry__", {}))
warnings.onceregistry[("text", UserWarning)] = 1
