#!/usr/bin/perl -T
print "Content-Type: text/plain\n\n"; print ${^TAINT}, "\n"; eval { print `/bin/echo fine` }; print $@;