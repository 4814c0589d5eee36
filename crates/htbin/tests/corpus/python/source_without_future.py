#!/usr/bin/python3
print("Content-Type: text/plain\n")
code = compile("def f(a: 1 + 1): pass", "<made>", "exec")
exec(code)
print(f.__annotations__, hex(code.co_flags))
