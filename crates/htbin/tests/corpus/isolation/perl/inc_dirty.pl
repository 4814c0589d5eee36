#!/usr/bin/perl
#: GET ?x
BEGIN { unshift @INC, "/tmp/dirty"; push @INC, "/tmp/dirty2"; $INC{"Storable.pm"} = "/tmp/fake"; $INC{"Dirty/Module.pm"} = 1 } require Text::Abbrev; delete $INC{"Carp.pm"}; print "Content-Type: text/plain\n\n"; print "@INC[0, -1]\n";