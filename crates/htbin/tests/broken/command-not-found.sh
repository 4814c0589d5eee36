#!/bin/sh
picture=$(cowsay hello) || exit
echo "Content-Type: text/plain"
echo
echo "$picture"
