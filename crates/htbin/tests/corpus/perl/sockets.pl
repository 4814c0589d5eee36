#!/usr/bin/perl
use strict; use Socket; use IO::Socket::INET; use IO::Select; use IO::Socket::UNIX;
print "Content-Type: text/plain\n\n"; $| = 1;
my $l = IO::Socket::INET->new(Listen => 1, LocalAddr => "127.0.0.1", ReuseAddr => 1) or die; my $port = $l->sockport;
if (!fork) { my $c = IO::Socket::INET->new("127.0.0.1:$port") or die; print $c "hi\n"; close $c; POSIX::_exit(0) if eval "require POSIX"; }
my $c = $l->accept; print scalar <$c>; wait; socketpair my $a1, my $b1, AF_UNIX, SOCK_STREAM, PF_UNSPEC; syswrite $a1, "pair\n"; print scalar(IO::Select->new($b1)->can_read(1)), " ", scalar <$b1>; print inet_ntoa(inet_aton("127.0.0.1")), "\n";
