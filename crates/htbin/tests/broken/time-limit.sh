#!/bin/sh
sleep 20
echo "Content-Type: text/plain"
echo
echo "hello"
