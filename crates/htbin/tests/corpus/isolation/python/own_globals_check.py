#!/usr/bin/python3
import gc

print("Content-Type: text/plain\n")
print(sorted(globals()), __doc__)
print([text for text in gc.get_objects() if isinstance(text, dict) and "other_secret" in text])
