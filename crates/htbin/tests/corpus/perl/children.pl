#!/usr/bin/perl
use strict;
print "Content-Type: text/plain\n\n";
print "from ticks: ", `echo out; exit 3`, $? >> 8, "\n";
system('echo from system; exit 2'); print $? >> 8, "\n";
system({'sh'} 'named', '-c', 'echo $0; kill -9 $$'); print $? & 127, "\n";
my $pid = fork // die;
if (!$pid) { print "child ", getppid() == $$ ? 'odd' : 'fine', "\n"; exit 5 }
waitpid $pid, 0; print "child left ", $? >> 8, "\n";
open my $pipe, '-|', 'sh', '-c', 'echo piped; env | grep -c ^GATEWAY_INTERFACE=' or die; print <$pipe>; close $pipe; print "$?\n";
open $pipe, '|-', 'cat' or die; print $pipe "to cat\n"; close $pipe;
pipe my $r, my $w; if (!fork) { close $r; print $w "through pipe\n"; require POSIX; close $w; POSIX::_exit(0) } close $w; print <$r>; wait;
print "fds: ", join(' ', sort grep { -e "/proc/$$/fd/$_" } map { m{(\d+)$} } glob "/proc/$$/fd/*"), "\n";
print "no child\n" if wait == -1;
print `ls -1 /proc/self/fd | head -4 | wc -l`;
my $kid = open(my $from, '-|') // die; if (!$kid) { print "forked open, $0\n" =~ s{\S*/}{}r; exit } print <$from>;
