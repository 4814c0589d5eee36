#!/bin/sh
echo "Content-Type: text/plain"
echo
echo "hello"
sleep 9
echo "goodbye"
