#!/bin/sh
echo "Content-Type: text/plain"
echo
echo "hello"
sleep 6
echo "goodbye"
