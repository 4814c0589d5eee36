#!/bin/sh
name=$(echo hello | tr a-z A-Z) || exit
echo "Content-Type: text/plain"
echo
echo "$name"
