#!/usr/bin/python3
def main():
    print("Content-Type: text/plain\n")
    print(__name__)


if __name__ == "__main__":
    main()
