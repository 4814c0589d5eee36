#!/usr/bin/python3
import codecs
import copyreg

codecs.register(lambda name: codecs.lookup("utf-8") if name == "dirty" else None)
codecs.register_error("dirty", lambda error: ("", error.end))
copyreg.pickle(complex, lambda value: (complex, (0, 0)))
print("Content-Type: text/plain\n")
