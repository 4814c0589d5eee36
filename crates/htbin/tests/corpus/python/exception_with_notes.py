#!/usr/bin/python3
error = ValueError("a value")
if hasattr(error, "add_note"):
    error.add_note("a note\nin two lines")
raise error
