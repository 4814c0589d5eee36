#!/usr/bin/perl
print "Content-Type: text/plain\n\n";
eval 'die "first"'; print $@;
eval "1 +"; print $@;
eval { eval "die 'third'"; print $@; die "fourth" }; print $@;
print eval '__FILE__', "\n";
eval qq{#line 7 "named"\ndie "fifth"}; print $@;
