SHADOW = "textwrap from the front of sys.path"
