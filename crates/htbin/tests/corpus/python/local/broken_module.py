def work():
    raise ImportError("half way")


work()
