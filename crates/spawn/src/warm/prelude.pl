# The Perl side of a warm interpreter: preload, wait, fork, and let an unmodified script be the main program.
#
# All of it runs inside a BEGIN block that stands before the first line of perl's program, /dev/null, which perl has opened
# but not read. A child puts the script in the place of /dev/null and returns from that block: perl itself compiles and
# runs the script, as it would have done. So phases, __DATA__, caller, `#!` switches, messages and ends are perl's own.
#
# Descriptors are handled by bare system calls: a Perl handle would still be there when the script runs.
package HTBin::Warm;
use strict;
no warnings;    # also where the interpreter was started with -w

our (%CALLS, %SETTINGS, $PROGRAM, $TID_ADDRESS, $SLOTS, $SLOT, $PID);
our ($DIRECTORY, $SCRIPT, $EXECUTE, @LIMITS, @ARGUMENTS, @ENVIRONMENT);

# Numbers on x86_64 and on aarch64.
my %NUMBERS = (
    read      => [0,   63],  close    => [3,   57],  lseek   => [8,   62],  mmap        => [9,   222], openat => [257, 56],
    dup3      => [292, 24],  socketpair => [53, 199], sendto => [44,  206], recvfrom    => [45,  207], sendmsg => [46, 211],
    recvmsg   => [47,  212], clone    => [56,  220], execve  => [59,  221], exit_group  => [231, 94],  prctl  => [157, 167],
    setsid    => [112, 157], prlimit64 => [302, 261], getpid => [39,  172], close_range => [436, 436], pipe2  => [293, 59],
    write     => [1, 64],
);
use constant {
    AF_UNIX => 1, SOCK_SEQPACKET => 5, SOCK_CLOEXEC => 0x80000, SOL_SOCKET => 1, SCM_RIGHTS => 1,
    MSG_PEEK => 2, MSG_TRUNC => 0x20, MSG_NOSIGNAL => 0x4000, MSG_CMSG_CLOEXEC => 0x40000000,
    CLONE_PARENT => 0x8000, CLONE_CHILD_CLEARTID => 0x200000, CLONE_CHILD_SETTID => 0x1000000, SIGCHLD => 17,
    PR_SET_DUMPABLE => 4, PR_SET_NAME => 15, PR_GET_TID_ADDRESS => 40,
    O_CLOEXEC => 0x80000, AT_FDCWD => -100, SEEK_CUR => 1,
    MESSAGE_BYTES_MAX => 1 << 16, SLOT_COUNT => 256, SLOT_BYTES => 4096,
};


# ---- The warm interpreter

# Gets ready, then obeys the server until it closes the socket. Comes back in a child that has an order, and only there.
sub main {
    $] >= 5.010 or leave('refuse', 'needs perl 5.10 or later');
    call('prctl', PR_SET_DUMPABLE, 0, 0, 0, 0);
    my @null = grep { $_ > 2 && readlink("/proc/self/fd/$_") eq '/dev/null' } descriptors();
    @null == 1 or leave('refuse', 'needs /proc');
    $PROGRAM = $null[0];
    find_tid_address();
    read_settings();
    require Filter::Util::Call;
    say('ready', $]);
    while (1) {
        my ($verb, @words) = hear();
        if ($verb eq 'fork') {
            return if spare();
        }
        elsif ($verb eq 'ended') { }
    }
}

sub read_settings {
    my ($verb, @pairs) = hear();
    /\A([^=]*)=(.*)\z/s and $SETTINGS{$1} = $2 for @pairs;
}

# The words of the server's next message. The server is trusted: a match takes the taint away.
sub hear {
    my $length = sysread STDIN, my $message, MESSAGE_BYTES_MAX;
    $length or leave();
    return map { /\A(.*)\z/s; $1 } split /\0/, $message, -1;
}

sub say {
    my $message = join "\0", @_;
    call('sendto', 0, $message, length $message, MSG_NOSIGNAL, 0, 0);
}

# Tells the server why this interpreter ends, and ends.
sub leave {
    say(@_) if @_;
    call('exit_group', 0);
}

# Forks a child that waits for one order, and hands the server its socket. True in the child, when it has its order.
sub spare {
    $SLOT = ($SLOT + 1) % SLOT_COUNT;
    room(my $pair, 8);
    call('socketpair', AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, $pair) == 0 or leave('note', "no socket for a spare: $!");
    my ($theirs, $own) = unpack 'ii', $pair;
    my $pid = clone();
    if ($pid == 0) {
        serve($theirs, $own);
        return 1;
    }
    $pid > 0 or leave('note', "no spare: $!");
    my $message = join "\0", 'spare', $pid, $SLOT;
    my $control = pack 'J i i i x4', 16 + 4, SOL_SOCKET, SCM_RIGHTS, $theirs;
    my $vector  = pack 'P J', $message, length $message;
    my $head    = pack 'J J P J P J J', 0, 0, $vector, 1, $control, 24, 0;
    call('sendmsg', 0, $head, MSG_NOSIGNAL);
    call('close', $theirs);
    call('close', $own);
    return 0;
}

# fork(2), but the child's parent is ours: the server waits for it as for an ordinary script.
sub clone {
    my $flags = CLONE_PARENT | SIGCHLD;
    # The C library's own idea of the thread's number, as its fork keeps it.
    $flags |= CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID if $TID_ADDRESS;
    return call('clone', $flags, 0, 0, $CALLS{read} == 0 ? ($TID_ADDRESS, 0) : (0, $TID_ADDRESS));
}

sub find_tid_address {
    room(my $place, 8);
    $TID_ADDRESS = 0;
    call('prctl', PR_GET_TID_ADDRESS, $place, 0, 0, 0) == 0 or return;
    my $address = unpack 'J', $place;
    $TID_ADDRESS = $address if $address && unpack('i', memory($address, 4)) == call('getpid');
}


# ---- The child

# Waits for the order; perl then reads the script where it has /dev/null open.
sub serve {
    my ($theirs, $own) = @_;
    call('close', $theirs);
    call('dup3', 1, 0, 0);    # or the server would not see the control socket end
    call('setsid');
    my @stdio = receive($own);
    $PID = call('getpid');
    call('dup3', $stdio[$_], $_, 0) == $_ or call('exit_group', 127) for 0 .. 2;
    chdir $DIRECTORY or call('exit_group', 127);
    limit();
    call('prctl', PR_SET_DUMPABLE, 1, 0, 0, 0);
    eval { become(); 1 } or start_cold($own);
    take($own);
    close_from($PROGRAM + 1);
    $! = 0;
}

# From here on the server leaves the request to this process.
sub take {
    my $word = 'taken';
    call('sendto', $_[0], $word, 5, MSG_NOSIGNAL, 0, 0);
}

# Takes the order apart. A spare whose socket the server closes ends without a word.
sub receive {
    my ($own) = @_;
    room(my $probe, 1);
    my $bytes = call('recvfrom', $own, $probe, 0, MSG_PEEK | MSG_TRUNC, 0, 0);
    $bytes > 0 or call('exit_group', 0);
    room(my $message, $bytes);
    room(my $control, 64);
    my $vector = pack 'P J', $message, $bytes;
    my $head   = pack 'J J P J P J J', 0, 0, $vector, 1, $control, 64, 0;
    call('recvmsg', $own, $head, MSG_CMSG_CLOEXEC) == $bytes or call('exit_group', 127);
    my ($control_bytes, undef, undef, @stdio) = unpack 'J i i i3', $control;
    $control_bytes == 16 + 12 or call('exit_group', 127);
    (undef, $DIRECTORY, $SCRIPT, $EXECUTE, @LIMITS[0 .. 3], my $count, @ENVIRONMENT) = split /\0/, $message, -1;
    @ARGUMENTS = splice @ENVIRONMENT, 0, $count;
    return @stdio;
}

sub limit {
    my @kinds = (0, 9, 6, 1);    # CPU, AS, NPROC, FSIZE
    for my $n (0 .. 3) {
        next if $LIMITS[$n] eq '';
        my $pair = pack 'QQ', $LIMITS[$n], $LIMITS[$n] + ($n == 0);
        call('prlimit64', 0, $kinds[$n], $pair, 0);
    }
}

# Everything up to the script's first line. Dies where only an ordinary start is exact.
sub become {
    $SCRIPT =~ /["\n]/ and die;
    my $descriptor = call('openat', AT_FDCWD, $SCRIPT, O_CLOEXEC, 0);
    $descriptor >= 0 or die;
    call('dup3', $descriptor, $PROGRAM, O_CLOEXEC) == $PROGRAM or die;
    $0 = $SCRIPT;
    my $name = substr $EXECUTE, 1 + rindex $EXECUTE, '/';
    call('prctl', PR_SET_NAME, $name, 0, 0, 0);
    my $at = 0;
    $at++ while $at < @ARGUMENTS && $ARGUMENTS[$at] ne $SCRIPT;
    @ARGV = @ARGUMENTS[$at + 1 .. $#ARGUMENTS];
    %ENV = ();
    for (@ENVIRONMENT) {
        my $equals = index $_, '=';
        $ENV{substr $_, 0, $equals} = substr $_, $equals + 1;
    }
    $^T = time;
    srand;
    my $first = qq{#line 1 "$SCRIPT"\n};
    Filter::Util::Call::real_import(sub { $_ = $first; Filter::Util::Call::filter_del(); 1 }, __PACKAGE__, 1);
}

# The same process executes what an ordinary start would have executed.
sub start_cold {
    my ($own) = @_;
    take($own);
    my $argv = join '', (map { pack 'P', $_ } @ARGUMENTS),   pack 'J', 0;
    my $envp = join '', (map { pack 'P', $_ } @ENVIRONMENT), pack 'J', 0;
    call('execve', $EXECUTE, $argv, $envp);
    call('exit_group', 127);
}

sub close_from {
    my ($first) = @_;
    return if call('close_range', $first, 0xffff_ffff, 0) == 0;
    call('close', $_) for grep { $_ >= $first } descriptors();
}


# ---- What all of it uses

sub call { my $name = shift; syscall $CALLS{$name}, @_ }

# Room of so many octets in a variable, for the kernel to write to.
sub room { $_[0] = ''; vec($_[0], $_[1] - 1, 8) = 0 }

sub memory { unpack 'P' . int $_[1], pack 'J', $_[0] }

sub descriptors {
    opendir my $all, '/proc/self/fd' or return;
    my $this = fileno $all;
    return grep { $_ ne $this } map { /\A(\d+)\z/ ? $1 + 0 : () } readdir $all;
}

# Whether this perl is one whose system calls are known: by the head of its program file.
sub know_calls {
    open my $file, '<', '/proc/self/exe' or return 0;
    read $file, my $head, 20;
    my $column = {62 => 0, 183 => 1}->{unpack 'x18 S', $head};
    defined $column && 8 == length pack 'P', undef or return 0;
    $CALLS{$_} = $NUMBERS{$_}[$column] for keys %NUMBERS;
    return 1;
}

know_calls() or exit 1;
main();
