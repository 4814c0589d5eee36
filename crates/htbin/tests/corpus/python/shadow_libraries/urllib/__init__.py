SHADOW = "urllib from the front of sys.path"
