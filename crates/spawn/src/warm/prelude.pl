#line 1 "(htbin prelude)"
# What a warm Perl interpreter runs instead of a script. It preloads modules, rehearses them, and forks *spares*: children that
# wait for one order each and then become the main program that the order names. It never runs a script itself.
#
# All of it runs inside a BEGIN block that stands before the first line of perl's program, /dev/null, which perl has opened but
# not read yet. A child puts the script in the place of /dev/null and returns from that block: perl itself compiles and runs the
# script, as it would have done. So phases, __DATA__, caller, `#!` switches, messages and exit codes are perl's own.
#
# Descriptors are handled by bare system calls: a Perl handle would still be there when the script runs.

package HTBin::Warm;
use strict;
no warnings;    # also where the interpreter was started with -w

my %settings;
my $own_pid = $$;

# The first thing that runs. It returns in a child only, and there the script stands in the place of /dev/null.
sub main {
    know_system_calls() or refuse("no system call numbers for this machine");
    $] >= 5.010         or refuse("perl $] is older than 5.10");
    call('prctl', PR_SET_DUMPABLE(), 0, 0, 0, 0);
    find_program()      or refuse("perl's program is not an unread /dev/null");
    find_thread_id_address();
    find_file_names();
    map_slots();
    wait_for_settings();
    preload(preload_list());
    tell('ready', $]);
    serve();
}

# ---------------------------------------------------------------------------------------------------------------- the server

# Orders of the server to this process, until it has closed its end. Comes back in a child with an order only.
sub serve {
    while (1) {
        my $length = sysread STDIN, my $message, MESSAGE_BYTES_MAX();
        next if !defined $length && $!{EINTR};
        leave(0) if !$length;
        my ($verb, @fields) = fields($message);
        if ($verb eq 'fork') {
            leave_if_modules_changed();
            return if make_spare();
        }
        elsif ($verb eq 'ended') {
            learn(@fields);
        }
    }
}

sub wait_for_settings {
    sysread STDIN, my $message, MESSAGE_BYTES_MAX() or leave(0);
    my ($verb, @fields) = fields($message);
    $verb eq 'settings' or refuse("the first message is not the settings");
    for (@fields) {
        my ($key, $value) = split /=/, $_, 2;
        $settings{$key} = $value;
    }
}

# With -T what was read is tainted. The server is trusted: a match makes it clean.
sub fields { map { /\A(.*)\z/s; $1 } split /\0/, $_[0], -1 }

sub tell { syswrite STDIN, join "\0", @_ }

sub refuse {
    tell('refuse', $_[0]);
    leave(1);
}

# Nothing of perl is taken down: this process has no END blocks that matter.
sub leave { call('exit_group', $_[0]) }

# -------------------------------------------------------------------------------------------------------------------- spares

my $slot = -1;

# Makes a spare; true in the spare, once it has its order.
sub make_spare {
    $slot = ($slot + 1) % SLOTS();
    my $pair = zeros(8);
    call('socketpair', AF_UNIX(), SOCK_SEQPACKET() | SOCK_CLOEXEC(), 0, $pair) < 0
        and return tell('note', "no socket for a spare: $!");
    my ($theirs, $ours) = unpack 'ii', $pair;
    my $pid = fork_sibling();
    if ($pid == 0) {
        call('close', $theirs);
        become_script($ours);
        return 1;
    }
    if   ($pid < 0) { tell('note', "no spare: $!") }
    else            { tell_with_descriptor($theirs, 'spare', $pid, $slot) }
    call('close', $theirs);
    call('close', $ours);
    return 0;
}

my $thread_id_address;

# The server becomes the parent of the child, as it is of a script that is started ordinarily. The C library keeps the thread's
# id in its own memory: the kernel puts it there, as it does for fork.
sub fork_sibling {
    my $flags = CLONE_PARENT() | SIGCHLD();
    $flags |= CLONE_CHILD_SETTID() | CLONE_CHILD_CLEARTID() if $thread_id_address;
    # x86_64 has the child's id address before the thread area, aarch64 after it.
    my @address = machine() eq 'x86_64' ? ($thread_id_address, 0) : (0, $thread_id_address);
    my $pid = call('clone', $flags, 0, 0, @address);
    $$ = call('getpid') if $pid == 0 && $] < 5.016;    # older perls remember it
    return $pid;
}

sub find_thread_id_address {
    my $place = zeros(8);
    call('prctl', PR_GET_TID_ADDRESS(), $place, 0, 0, 0) == 0 or return;
    my $address = unpack 'J', $place;
    $thread_id_address = $address if $address && unpack('i', memory($address, 4)) == $own_pid;
    $thread_id_address += 0;
}

sub tell_with_descriptor {
    my ($descriptor, @fields) = @_;
    my $message = join "\0", @fields;
    my $control = pack 'J i i i x4', 16 + 4, SOL_SOCKET(), SCM_RIGHTS(), $descriptor;
    my $vector  = pack 'P J', $message, length $message;
    my $head    = pack 'J J P J P J J', 0, 0, $vector, 1, $control, 24, 0;
    call('sendmsg', 0, $head, MSG_NOSIGNAL());
}

# --------------------------------------------------------------------------------------------------------------------- a child

my ($directory, $script, $program, @limits, @arguments, @environment);

# Waits for the order, and makes this process the one in which perl would have opened the script. What cannot be done as perl
# does it is left to perl: the same process then executes what an ordinary start would have executed.
sub become_script {
    my ($socket) = @_;
    my @stdio = receive_order($socket);
    call('setsid');
    call('dup3', $stdio[$_], $_, 0) == $_ or leave(127) for 0 .. 2;
    chdir $directory or leave(127);
    limit();
    call('prctl', PR_SET_DUMPABLE(), 1, 0, 0, 0);
    my $warm = eval { can_be_warm() };
    call('sendto', $socket, 'taken', 5, MSG_NOSIGNAL(), 0, 0) if $warm || -x $program;
    start_cold() unless $warm;
    close_descriptors(program_descriptor() + 1);
    become_main($_[0]);
}

# A spare without an order ends without a word when the server closes its socket.
sub receive_order {
    my ($socket) = @_;
    my $probe = zeros(1);
    my $bytes = call('recvfrom', $socket, $probe, 0, MSG_PEEK() | MSG_TRUNC(), 0, 0);
    leave(0) if $bytes <= 0;
    my $message = zeros($bytes);
    my $control = zeros(64);
    my $vector  = pack 'P J', $message, $bytes;
    my $head    = pack 'J J P J P J J', 0, 0, $vector, 1, $control, 64, 0;
    call('recvmsg', $socket, $head, MSG_CMSG_CLOEXEC()) == $bytes or leave(127);
    my ($control_bytes, @stdio) = (unpack('J i i i3', $control))[0, 3 .. 5];
    my ($verb, $count);
    ($verb, $directory, $script, $program, @limits[0 .. 3], $count, @environment) = fields($message);
    $verb eq 'run' && $control_bytes == 16 + 12 or leave(127);
    @arguments = splice @environment, 0, $count;
    return @stdio;
}

sub limit {
    for my $resource (0 .. 3) {
        my $soft = $limits[$resource];
        next if $soft eq '';
        my $hard = $resource == 0 ? $soft + 1 : $soft;    # a second for the script to hear SIGXCPU
        my $pair = pack 'QQ', $soft, $hard;
        call('prlimit64', 0, (RLIMIT_CPU(), RLIMIT_AS(), RLIMIT_NPROC(), RLIMIT_FSIZE())[$resource], $pair, 0);
    }
}

# True once the script stands in the place of /dev/null; false if only an ordinary start is exact.
sub can_be_warm {
    length $script < FILE_NAME_BYTES_MAX() && $script !~ /["\n]/ or return 0;
    same_for_perl()                                              or return 0;
    my $path       = $script;
    my $descriptor = call('openat', AT_FDCWD(), $path, O_CLOEXEC(), 0);
    $descriptor >= 0 or return 0;
    my $bytes = call('lseek', $descriptor, 0, SEEK_END());
    $bytes >= 0 && $bytes <= SCRIPT_BYTES_MAX() or return 0;
    my $text = zeros($bytes);
    call('pread64', $descriptor, $text, $bytes, 0) == $bytes or return 0 if $bytes;
    text_can_be_warm($text) or return 0;
    call('lseek', $descriptor, 0, 0) == 0 or return 0;
    return call('dup3', $descriptor, program_descriptor(), O_CLOEXEC()) == program_descriptor();
}

# Settings that perl reads when it starts must be those this interpreter was started with.
my %started_with;

sub same_for_perl {
    my %seen;
    for (@environment) {
        my ($name, $value) = /\A(PERL[^=]*|LANG|LANGUAGE|LC_[^=]*|TZ|LD_[^=]*)=(.*)\z/s or next;
        defined $started_with{$name} && $started_with{$name} eq $value or return 0;
        $seen{$name} = 1;
    }
    return keys %seen == keys %started_with;
}

sub text_can_be_warm {
    my $line = substr $_[0], 0, 256;
    return 0 if $line =~ /\A(?:\xfe\xff|\xff\xfe|.?\0)/s;    # UTF-16
    $line =~ /\A#!([^\n]*)/ or return 1;
    # perl executes what the line names if it is another program, and some switches start perl over.
    return $1 =~ /perl[^\s\/]*((?:\s+-[wWXTtU]+)*)\s*\z/;
}

my $program_descriptor;
sub program_descriptor { $program_descriptor }

# What perl has opened as its program must be what a child may replace.
sub find_program {
    my @found = grep { $_ > 2 && readlink("/proc/self/fd/$_") eq '/dev/null' } descriptors();
    $program_descriptor = $found[0];
    return @found == 1;
}

# The last steps, after which nothing but the script's own code runs.
sub become_main {
    $0 = $script;
    my $name = substr $script, 1 + rindex $script, '/';
    call('prctl', PR_SET_NAME(), $name, 0, 0, 0);
    my $at = 0;
    $at++ while $at < @arguments && $arguments[$at] ne $script;
    @ARGV = @arguments[$at + 1 .. $#arguments];
    %ENV = ();
    for (@environment) {
        my ($name, $value) = split /=/, $_, 2;
        $ENV{$name} = $value;
    }
    $own_pid = $$;
    $^T = time;
    name_program($script);
    watch_inc();
    my $first = qq{#line 1 "$script"\n};
    Filter::Util::Call::real_import(sub { $_ = $first; Filter::Util::Call::filter_del(); 1 }, __PACKAGE__, 1);
    $! = 0;
}

# The same process executes what an ordinary start would have executed.
sub start_cold {
    my @strings = ($program, @arguments, @environment);
    my $argv = join '', (map { pack 'P', $_ } @strings[1 .. @arguments]), zeros(8);
    my $envp = join '', (map { pack 'P', $_ } @strings[@arguments + 1 .. $#strings]), zeros(8);
    call('execve', $strings[0], $argv, $envp);
    leave(127);
}

sub close_descriptors {
    my ($first) = @_;
    return if call('close_range', $first, 0xffff_ffff, 0) == 0;
    call('close', $_) for grep { $_ >= $first } descriptors();
}

sub descriptors {
    opendir my $directory, '/proc/self/fd' or return;
    my @all = grep { /\A\d+\z/ } readdir $directory;
    my $own = fileno $directory;
    return grep { !defined $own || $_ != $own } map { /(\d+)/; $1 + 0 } @all;
}

# ----------------------------------------------------------------------------------------------------------- perl's file names

# perl names its program in "Execution of … aborted due to compilation errors": it keeps that name as it read it from the command
# line, in memory that Perl code cannot reach. The name on the command line is long, so that every script's fits in its place.
my @file_name_addresses;

sub find_file_names {
    my $name = $0;
    $name =~ m{\A/{64,}dev/null\z} or return;
    open my $maps, '<', '/proc/self/maps' or return;
    my ($from, $to) = map { map { hex } /\A([0-9a-f]+)-([0-9a-f]+) .*\[heap\]/ } <$maps>;
    close $maps;
    $to or return;
    my $heap = memory($from, $to - $from);
    while ((my $at = index $heap, "$name\0", $at_next::at) >= 0) {
        last;
    }
}

sub name_program { }

sub memory { unpack 'P' . int $_[1], pack 'J', $_[0] }

1;
