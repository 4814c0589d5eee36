#!/usr/bin/perl -n
#: POST / type=text/plain data=one\ntwo\n
print "$.: $_";
