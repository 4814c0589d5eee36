#!/usr/bin/perl
__END__
print "no";
