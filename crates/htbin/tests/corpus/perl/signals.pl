#!/usr/bin/perl
#: GET ?KILL
#: GET ?TERM
#: GET ?ABRT
#: GET ?INT
#: GET ?handled
#: GET ?alarm
#: GET ?alarm_default
$| = 1;
print "Content-Type: text/plain\n\n";
my $how = $ENV{QUERY_STRING};
END { print "end block\n" }
if ($how eq 'handled') { $SIG{USR1} = sub { print "got $_[0]\n"; $got++ }; kill USR1 => $$; select undef, undef, undef, 0.01 until $got; exit 4 }
if ($how eq 'alarm') { eval { local $SIG{ALRM} = sub { die "timeout\n" }; alarm 1; select undef, undef, undef, 10; }; print $@; exit 0 }
if ($how eq 'alarm_default') { alarm 1; sleep 10; print "never\n" }
kill $how => $$; sleep 5;
print "never\n";
