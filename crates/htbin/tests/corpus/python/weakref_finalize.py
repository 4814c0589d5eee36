#!/usr/bin/python3
import weakref


class Thing:
    pass


print("Content-Type: text/plain\n")
kept, dropped = Thing(), Thing()
weakref.finalize(kept, print, "finalized at exit")
weakref.finalize(dropped, print, "finalized at once")
finalizer = weakref.finalize(kept, print, "never")
finalizer.atexit = False
del dropped
