#!/bin/sh
echo "Location: "
echo
