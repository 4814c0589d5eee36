#!/usr/bin/python3
import re
import sys
import warnings

print("Content-Type: text/plain\n")
for entry in warnings.filters:
    print(entry)
print(sys.warnoptions, warnings._filters_version if hasattr(warnings, "_filters_version") else "", warnings.defaultaction, warnings.onceregistry)
for kind in DeprecationWarning, PendingDeprecationWarning, ImportWarning, ResourceWarning, BytesWarning, FutureWarning, UserWarning:
    warnings.warn(kind.__name__, kind)
print(globals().get("__warningregistry__"))
