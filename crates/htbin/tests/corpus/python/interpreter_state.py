#!/usr/bin/python3
import sys
import threading

print("Content-Type: text/plain\n")
print(sys.getrecursionlimit(), sys.getswitchinterval(), sys.gettrace(), sys.getprofile(), threading.stack_size())
print(sys.excepthook is sys.__excepthook__, sys.displayhook is sys.__displayhook__, sys.unraisablehook is sys.__unraisablehook__,
      sys.breakpointhook is sys.__breakpointhook__, hasattr(sys, "ps1"), hasattr(sys, "last_value"), hasattr(sys, "tracebacklimit"))
print(sys.get_asyncgen_hooks(), sys.get_coroutine_origin_tracking_depth(), len(sys._current_frames()), sys.getdlopenflags())
print(sorted(dir(sys)))
