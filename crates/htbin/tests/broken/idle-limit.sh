#!/bin/sh
echo "Content-Type: text/plain"
echo
echo "hello"
sleep 20
echo "goodbye"
