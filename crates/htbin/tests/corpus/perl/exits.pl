#!/usr/bin/perl
#: GET ?0
#: GET ?1
#: GET ?255
#: GET ?256
#: GET ?-1
#: GET ?none
#: GET ?errno
#: GET ?child
#: GET ?object
#: GET ?eval
#: GET ?nested
print "Content-Type: text/plain\n\n";
my $how = $ENV{QUERY_STRING};
print "how $how, args @ARGV\n";
exit if $how eq 'none';
if ($how eq 'errno') { $! = 13; $? = 0; die "with errno\n" }
if ($how eq 'child') { $! = 0; system 'exit 9'; $! = 0; die "with child\n" }
if ($how eq 'object') { package Err; use overload '""' => sub { "error object <$_[0][0]>\n" }; $! = 0; die bless ['x'], 'Err' }
if ($how eq 'eval') { eval { die {code => 5} }; print "caught $@->{code}\n"; eval { exit 5 }; print "not here\n" }
if ($how eq 'nested') { sub deep { $_[0] ? deep($_[0] - 1) : exit 4 } sort { deep(3) } 1, 2 }
exit $how;
