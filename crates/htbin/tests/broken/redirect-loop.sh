#!/bin/sh
echo "Location: /cgi-bin/redirect-loop.sh"
echo
