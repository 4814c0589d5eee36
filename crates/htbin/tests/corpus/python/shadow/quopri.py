raise RuntimeError("a quopri beside the script, which email.message imports")
