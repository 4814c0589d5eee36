#!/usr/bin/perl
open STDOUT, '|-', 'sleep 0.2; cat' or die;
print "through a pipe\n";
END { $? = 3 }
