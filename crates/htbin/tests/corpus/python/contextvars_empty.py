#!/usr/bin/python3
import contextvars

print("Content-Type: text/plain\n")
variable = contextvars.ContextVar("variable", default=1)
print(len(contextvars.copy_context()), variable.get())
