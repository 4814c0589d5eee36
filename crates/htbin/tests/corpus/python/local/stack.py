import sys
import traceback

print("Content-Type: text/plain\n")
frame = sys._getframe()
while frame:
    print(frame.f_code.co_filename, frame.f_code.co_name)
    frame = frame.f_back
traceback.print_stack()
