#!/usr/bin/python3
import cherrypy

print("Content-Type: text/plain\n")
print("hello")
