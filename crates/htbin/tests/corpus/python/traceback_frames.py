#!/usr/bin/python3
import inspect
import sys

print("Content-Type: text/plain\n")
print(sys._getframe().f_back, sys._getframe().f_code.co_name, sys._getframe().f_code.co_filename == __file__)
print(len(inspect.stack()), inspect.stack()[0].code_context)
print(sys._getframe().f_globals is globals(), sys._getframe().f_builtins is vars(__builtins__))
print([name for name in sys._getframe().f_locals if not name.startswith("__")])
try:
    raise ValueError
except ValueError as error:
    frame = error.__traceback__.tb_frame
    while frame:
        print(frame.f_code.co_name, frame.f_lineno)
        frame = frame.f_back
print(sys.exc_info())
