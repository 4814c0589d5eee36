#!/usr/bin/python3
import local_to_isolation

local_to_isolation.VISITS.append("an earlier request")
print("Content-Type: text/plain\n")
