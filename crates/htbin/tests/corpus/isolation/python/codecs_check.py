#!/usr/bin/python3
import codecs
import copyreg
import pickle

print("Content-Type: text/plain\n")
for lookup in codecs.lookup, codecs.lookup_error:
    try:
        print(lookup("dirty"))
    except LookupError as error:
        print(error)
print(pickle.loads(pickle.dumps(1j)))
