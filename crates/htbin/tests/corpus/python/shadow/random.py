class Random:
    pass


print("Content-Type: text/plain\n\na random beside the script was imported")
