#!/bin/sh
sleep 9
echo "Content-Type: text/plain"
echo
echo "hello"
