#!/usr/bin/perl
use strict; use File::Temp qw(tempfile tempdir); use File::Path; use File::Copy; use IO::File; use Fcntl qw(:flock :seek); use File::Find;
print "Content-Type: text/plain\n\n";
my ($handle, $name) = tempfile(UNLINK => 1); print $handle "text\n"; close $handle; print -s $name, "\n";
my $dir = tempdir(CLEANUP => 1); mkpath("$dir/a/b"); copy($name, "$dir/a/b/c"); find(sub { print "$_\n" if -f }, $dir);
my $object = File::Temp->new; print $object "x"; my $path = "$object"; print -e $path ? "there\n" : "gone\n";
open my $data, '+<', $name or die; flock $data, LOCK_EX; seek $data, 0, SEEK_END; print $data "more\n"; seek $data, 0, SEEK_SET; print <$data>;
open my $late, '>', "$dir/late"; print $late "not closed";
my $io = IO::File->new($name, 'r'); print $io->getline, $io->opened, "\n"; $io->close;
if (my $pid = fork) { waitpid $pid, 0 } else { open STDOUT, '>', '/dev/null'; exit } print -e $name ? "still there\n" : "gone\n";
print STDERR "" ; END { print -e $name ? "end: there\n" : "end: gone\n" }
