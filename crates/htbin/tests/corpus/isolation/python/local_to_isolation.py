VISITS = []
