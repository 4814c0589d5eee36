#!/usr/bin/python3
#: GET /
#: POST / data=x
import sys

print("Content-Type: text/plain\n")
for name in "stdin", "stdout", "stderr":
    file = getattr(sys, name)
    print(name, file.name, file.mode, file.encoding, file.errors, file.newlines, file.line_buffering, file.write_through)
    print(file, file.buffer, file.buffer.raw, file.buffer.raw.mode, file.buffer.raw.closefd, file.fileno(), file.isatty())
    print(file is getattr(sys, "__%s__" % name), type(file), file.readable(), file.writable(), file.buffer.seekable())
    print(file._CHUNK_SIZE, vars(file))
