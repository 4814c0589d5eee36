#!/usr/bin/perl -w
print "Content-Type: text/plain\n\n";
print <<A, "x
y";
heredoc
A
warn "at";
__END__
data
