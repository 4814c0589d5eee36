#!/usr/bin/python3
import threading

results = []
lock = threading.Lock()


def work(number):
    with lock:
        results.append((number, threading.current_thread().name))


threads = [threading.Thread(target=work, args=(n,)) for n in range(5)]
print("Content-Type: text/plain\n")
for thread in threads:
    thread.start()
    thread.join()
print(results, threading.active_count())
