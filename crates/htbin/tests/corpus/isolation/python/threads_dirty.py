#!/usr/bin/python3
import threading
import time

for _ in range(3):
    threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
threading.local().x = 1
threading.stack_size(1 << 20)
threading.settrace(lambda *args: None)
print("Content-Type: text/plain\n")
