#!/bin/sh
sleep 6
echo "Content-Type: text/plain"
echo
echo "hello"
