#!/usr/bin/python3
def load():
    try:
        import cgi
    except ImportError:
        return None
    return cgi.__name__


print("Content-Type: text/plain\n")
print(load(), load())
