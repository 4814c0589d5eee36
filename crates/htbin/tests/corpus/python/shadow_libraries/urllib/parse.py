quote = None
