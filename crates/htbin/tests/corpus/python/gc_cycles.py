#!/usr/bin/python3
import gc


class Node:
    def __del__(self):
        print("collected")


print("Content-Type: text/plain\n")
node = Node()
node.node = node
del node
print(gc.collect() > 0)
