#!/usr/bin/python3
import __main__

print("Content-Type: text/plain\n") if __name__ == "__main__" else print("again as", __name__)
if __name__ == "__main__":
    value = 5
    print(__main__.value)
    import main_imported_again
    print(main_imported_again.__name__, main_imported_again.__file__ == __file__)
