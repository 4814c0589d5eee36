#!/usr/bin/python3
import inspect
import json
import linecache


class Thing:
    # A comment.
    def method(self):
        return 1


print("Content-Type: text/plain\n")
print(inspect.getsource(Thing.method))
print(inspect.getcomments(Thing.method), inspect.getfile(Thing), inspect.getsourcefile(Thing), inspect.getmodule(Thing))
print(len(inspect.getsource(json.dumps)), inspect.getmodule(json.dumps).__name__, inspect.signature(json.dumps))
print(linecache.getline(__file__, 1), sorted(name for name in linecache.cache if "frozen" not in name and name != __file__))
try:
    print(inspect.getsource(inspect.getmodule(Thing))[:20])
except (OSError, TypeError) as error:
    print(repr(error))
