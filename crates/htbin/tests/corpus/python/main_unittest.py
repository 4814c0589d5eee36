#!/usr/bin/python3
import io
import unittest


class Works(unittest.TestCase):
    def test_right(self):
        self.assertEqual(1 + 1, 2)

    def test_wrong(self):
        self.assertEqual(1, 2)


print("Content-Type: text/plain\n")
program = unittest.main(exit=False, testRunner=unittest.TextTestRunner(stream=io.StringIO()))
print(program.result, program.result.failures[0][1])
