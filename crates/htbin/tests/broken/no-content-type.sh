#!/bin/sh
echo "Cache-Control: no-store"
echo
echo "hello"
