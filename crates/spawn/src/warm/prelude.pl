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

# Constants stand first: perl puts them into the code that it compiles afterwards, and a call would dirty memory in each child.
sub AF_UNIX()              { 1 }
sub AT_FDCWD()             { -100 }
sub CLONE_CHILD_CLEARTID() { 0x0020_0000 }
sub CLONE_CHILD_SETTID()   { 0x0100_0000 }
sub CLONE_PARENT()         { 0x0000_8000 }
sub EINTR()                { 4 }
sub G_WARN_ON()            { 1 }
sub G_WARN_ONCE()          { 8 }
sub MAP_ANONYMOUS()        { 0x20 }
sub MAP_SHARED()           { 0x01 }
sub MSG_CMSG_CLOEXEC()     { 0x4000_0000 }
sub MSG_NOSIGNAL()         { 0x4000 }
sub MSG_PEEK()             { 0x02 }
sub MSG_TRUNC()            { 0x20 }
sub O_CLOEXEC()            { 02_000_000 }
sub POLLED()               { 64 }            # descriptors looked at: those from 3 on
sub POLLNVAL()             { 0x20 }
sub PROT_READ()            { 1 }
sub PROT_WRITE()           { 2 }
sub PR_GET_TID_ADDRESS()   { 40 }
sub PR_SET_DUMPABLE()      { 4 }
sub PR_SET_NAME()          { 15 }
sub RLIMIT_AS()            { 9 }
sub RLIMIT_CPU()           { 0 }
sub RLIMIT_FSIZE()         { 1 }
sub RLIMIT_NPROC()         { 6 }
sub SCM_RIGHTS()           { 1 }
sub SEEK_END()             { 2 }
sub SEEK_SET()             { 0 }
sub SIGCHLD()              { 17 }
sub SOCK_CLOEXEC()         { 02_000_000 }
sub SOCK_SEQPACKET()       { 5 }
sub SOL_SOCKET()           { 1 }

# Names of variables, each with what stands before it in an order.
sub READ_AT_START()        { '\0(?:PERL|LANG|LC_|TZ=|LD_|MALLOC_|GLIBC_|TMPDIR=)' }

sub FIRST_LINE_BYTES_MAX() { 256 }           # as the kernel reads it
sub MESSAGE_BYTES_MAX()    { 1 << 16 }
sub PERL_STATE_BYTES_MAX() { 1 << 14 }       # a perl interpreter's own struct is some 4 KiB
sub SCRIPT_BYTES_MAX()     { 16 << 20 }      # a larger one has much to compile anyway
sub TRIAL_SECONDS_MAX()    { 10 }
sub SLOTS()                { 64 }
sub SLOT_BYTES()           { 1 << 10 }

my $interpreter_pid = $$;
my ($machine, %number);           # of system calls
my %settings;                     # as the server gave them
my $slot = -1;                    # of the spare made last; in a child, its own
my $thread_id_address = 0;        # where the C library keeps it, if that is known
my $slots_address = 0;            # what children have learnt, if memory could be shared

my ($directory, $script, $program, @limits, @arguments, @environment);    # the order
my $same_environment;             # as that in which this interpreter was started
my $script_pid = 0;               # of the child that took it
my $program_descriptor;           # perl's, of /dev/null and then of the script
my ($program_name, $program_name_address) = ($0, 0);
my $eval_count_address = 0;
my ($warn_bits_address, $warn_bits) = (0);
my ($state_text, $state_places);  # what is written to perl's state, and where
my $own_name;                     # of this process, as the kernel has it
my $by_env;                       # does env start the script's perl? Then the process has perl's name
my $quiet_text = 0;               # has the script nothing that could show at its end?
my ($poll, $none_open);           # what to ask about descriptors at the end, and the answer that none is open
my $started_with;                 # what perl and the C library read from the environment

my %known;                        # preloaded, file as in %INC: what stat said about it
my %path;                         # where each was found
my %brings;                       # what each puts into %INC when it is loaded first
my %evals;                        # how many texts each evaluates when it is loaded
my $nested_evals;                 # those of what the file that is being loaded has loaded
my $is_trial = 0;                 # is this the child that tries a module?
my %path_of_loading;
my $is_circular = 0;              # do files need each other, so that %brings must be completed?
my @loading;                      # files, the innermost last
my %hand_outs;                     # the same with paths and numbers, as one text for each
my %handed;                       # in a child: what was handed out
my $shelf;                        # what stands for the first directory of @INC
my %rehearsal;                    # module: calls that were not played yet
my %failed;                       # modules that could not be loaded, or may not be
my @settled;                      # what fills the gaps in memory
my $checked_at = 0;               # when %known was compared with the files
my %own_directory;                # those that @INC starts with
my %places;                       # directories in which perl looks: what stat said about them
my %first_names;                  # of preloaded files: CGI.pm, CGI, JSON ...

# The first thing that runs. It returns in a child only, and there the script stands in the place of /dev/null.
sub main {
    find_system_calls() or refuse("the system calls of this machine are not known");
    $] >= 5.010         or refuse("perl $] is older than 5.10");
    $own_name = process_name();
    find_program()      or refuse("perl's program is not an unread /dev/null");
    call('prctl', PR_SET_DUMPABLE, 0, 0, 0, 0);
    find_thread_id_address();
    find_program_name();
    find_eval_count();
    find_warn_bits();
    map_slots();
    prepare_poll();
    remember_environment();
    wait_for_settings();
    %rehearsal = rehearsals();
    watch_directories();
    load('Filter/Util/Call.pm') or refuse("Filter::Util::Call is missing");
    load('overload.pm')         or refuse("overload is missing");
    overload::OVERLOAD(__PACKAGE__, '""' => sub { ${$_[0]} }, fallback => 1);
    preload(first_modules());
    hide();
    $0 = "$^X (htbin, warm)";
    chdir '/';
    report('ready', $]);
    serve();
}

# Scripts see nothing of this package. It stays: to free it in every child would take longer than all the rest.
sub hide {
    my @hidden = delete @main::{'HTBin::', grep { m{\A_<(?:\(|//)} } keys %main::};
    push @hidden, \@hidden;
}

# ---------------------------------------------------------------------------------------------------------------- the server

# Carries out orders of the server until it has closed its end. It returns in a child that has become a script only.
sub serve {
    while (1) {
        my ($verb, @fields) = receive();
        if    ($verb eq 'fork')  { leave_if_outdated(); return if make_spare() }
        elsif ($verb eq 'ended') { learn($fields[0]) }
    }
}

sub process_name {
    open my $file, '<', '/proc/self/comm' or return 'perl';
    my ($name) = <$file> =~ /(.*)/;
    return $name;
}

sub wait_for_settings {
    my ($verb, @fields) = receive();
    $verb eq 'settings' or refuse("the first message is not the settings");
    for (@fields) {
        my ($key, $value) = split /=/, $_, 2;
        $settings{$key} = $value;
    }
}

sub receive {
    while (1) {
        my $bytes = sysread STDIN, my $message, MESSAGE_BYTES_MAX;
        next     if !defined $bytes && $! == EINTR;
        leave(0) if !$bytes;
        return fields($message);
    }
}

# With -T, what was read is tainted. The server is trusted: a match makes it clean.
sub fields {
    my @fields = split /\0/, $_[0], -1;
    ($_) = /\A(.*)\z/s for ${^TAINT} ? @fields : ();
    return @fields;
}

sub report {
    my $message = join "\0", @_;
    call('sendto', 0, $message, length $message, MSG_NOSIGNAL, 0, 0);
}

sub refuse {
    report('refuse', $_[0]);
    leave(1);
}

# At once: perl's own way out would run the END blocks of preloaded modules.
sub leave { call('exit_group', $_[0]) }

# -------------------------------------------------------------------------------------------------------------------- spares

# Makes a spare. True in the spare, once it has become a script.
sub make_spare {
    $slot = ($slot + 1) % SLOTS;
    my $pair = zeros(8);
    call('socketpair', AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, $pair) == 0 or return trouble("no socket for a spare");
    my ($theirs, $ours) = unpack 'ii', $pair;
    my $pid = fork_sibling();
    if ($pid == 0) {
        call('close', $theirs);
        become_script($ours);
        return 1;
    }
    if   ($pid < 0) { trouble("no spare") }
    else            { report_with_descriptor($theirs, 'spare', $pid, $slot) }
    call('close', $theirs);
    call('close', $ours);
    return 0;
}

sub trouble {
    report('note', "$_[0]: $!");
    return 0;
}

# The server becomes the child's parent, as it is of a script that is started ordinarily. The C library keeps the thread's id in
# its own memory: the kernel puts it there, as for fork.
sub fork_sibling {
    my $flags = CLONE_PARENT | SIGCHLD;
    $flags |= CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID if $thread_id_address;
    # x86_64 has the address of the id before that of the thread's storage, aarch64 after it.
    my @addresses = machine() eq 'x86_64' ? ($thread_id_address, 0) : (0, $thread_id_address);
    my $pid = call('clone', $flags, 0, 0, @addresses);
    $$ = call('getpid') if $pid == 0 && $] < 5.016;    # older perls remember it
    return $pid;
}

sub find_thread_id_address {
    my $place = zeros(8);
    call('prctl', PR_GET_TID_ADDRESS, $place, 0, 0, 0) == 0 or return;
    my $address = unpack 'J', $place;
    $thread_id_address = $address + 0 if $address && unpack('i', read_memory($address, 4)) == $interpreter_pid;
}

sub report_with_descriptor {
    my ($descriptor, @fields) = @_;
    my $message = join "\0", @fields;
    my $control = pack 'J i i i x4', 16 + 4, SOL_SOCKET, SCM_RIGHTS, $descriptor;
    my $vector  = pack 'P J', $message, length $message;
    my $head    = pack 'J J P J P J J', 0, 0, $vector, 1, $control, length $control, 0;
    call('sendmsg', 0, $head, MSG_NOSIGNAL);
}

# ------------------------------------------------------------------------------------------------------------ becoming a script

# Waits for the order and becomes what it names. What cannot be done exactly is left to an ordinary start of this very process.
sub become_script {
    my ($socket) = @_;
    my @stdio = receive_order($socket);
    call('setsid');
    call('dup3', $stdio[$_], $_, 0) == $_ or leave(127) for 0 .. 2;
    chdir $directory or leave(127);
    limit();
    call('prctl', PR_SET_DUMPABLE, 1, 0, 0, 0);
    my $warm = eval { replace_program() && become_main() };
    $warm || -x $program or leave(127);
    my $taken = $warm ? 'taken' : 'cold';
    call('sendto', $socket, $taken, length $taken, MSG_NOSIGNAL, 0, 0);
    start_cold() unless $warm;
    close_descriptors();
    $! = 0;
}

# A spare that gets no order leaves without a word when the server closes its socket.
sub receive_order {
    my ($socket) = @_;
    my $nothing = zeros(1);
    my $bytes = call('recvfrom', $socket, $nothing, 0, MSG_PEEK | MSG_TRUNC, 0, 0);
    leave(0) if $bytes <= 0;
    vec(my $message = '', $bytes - 1, 8) = 0;    # memory of its own
    my $control = zeros(32);
    my $vector  = pack 'P J', $message, $bytes;
    my $head    = pack 'J J P J P J J', 0, 0, $vector, 1, $control, length $control, 0;
    call('recvmsg', $socket, $head, MSG_CMSG_CLOEXEC) == $bytes or leave(127);
    my ($control_bytes, undef, undef, @stdio) = unpack 'J i i i3', $control;
    (my ($verb), $directory, $script, $program, @limits[0 .. 3], my $count, @environment) = fields($message);
    $verb eq 'run' && $control_bytes == 16 + 12 or leave(127);
    @arguments = splice @environment, 0, $count;
    $same_environment = environment_is_ours($message);
    return @stdio;
}

sub limit {
    my @resources = (RLIMIT_CPU, RLIMIT_AS, RLIMIT_NPROC, RLIMIT_FSIZE);
    for (0 .. $#resources) {
        my ($resource, $soft) = ($resources[$_], $limits[$_]);
        next if $soft eq '';
        my $hard = $resource == RLIMIT_CPU ? $soft + 1 : $soft;    # a second in which the script hears SIGXCPU
        my $pair = pack 'QQ', $soft, $hard;
        call('prlimit64', 0, $resource, $pair, 0);
    }
}

# What perl has opened as its program must be what a child may replace.
sub find_program {
    my @found = grep { $_ > 2 && readlink("/proc/self/fd/$_") eq '/dev/null' } descriptors();
    $program_descriptor = $found[0];
    return @found == 1;
}

# Puts the script in the place of /dev/null; false if only an ordinary start is exact.
sub replace_program {
    $same_environment && length $script <= length $program_name && $script !~ /["\r\n]/ or return 0;
    my $descriptor = call('openat', AT_FDCWD, $script, O_CLOEXEC, 0);
    my $bytes = call('lseek', $descriptor, 0, SEEK_END);
    $bytes >= 0 && $bytes <= SCRIPT_BYTES_MAX or return 0;
    my $text = zeros($bytes);
    call('pread64', $descriptor, $text, $bytes, 0) == $bytes or return 0;
    text_can_be_warm($text)                                  or return 0;
    $quiet_text = text_is_quiet($text);
    $by_env     = $program eq $script && $text =~ /\A#![^\n]*\benv\s/;
    call('lseek', $descriptor, 0, SEEK_SET);
    return call('dup3', $descriptor, $program_descriptor, O_CLOEXEC) == $program_descriptor;
}

# perl executes another program if the first line names one, and some switches make it start over.
sub text_can_be_warm {
    my $line = substr $_[0], 0, FIRST_LINE_BYTES_MAX;
    return 0 if $line =~ /\A(?:\xef\xbb\xbf)?#!([^\n]*)/ && $1 !~ /perl[^\s\/]*(?:\s+-[wWXTtU]+)*\s*\z/;
    return 0 if $line =~ /\A(?:\xfe\xff|\xff\xfe|.?\0)/s;    # UTF-16
    # What replaces perl's own functions holds for modules that are loaded after that.
    return 0 if index($_[0], 'CORE::GLOBAL') >= 0;
    return !puts_into_known_package($_[0]);
}

# A package of the script's own that has the name of a preloaded module: it would be a mixture of both.
sub puts_into_known_package {
    index($_[0], 'package') < 0 && $_[0] !~ /\bsub\s+\w+(?:::|')/ and return 0;
    while ($_[0] =~ /\b(?:package\s+([\w:']+)|sub\s+(\w+(?:(?:::|')\w+)*)(?:::|')\w)/g) {
        my $package = defined $1 ? $1 : $2;
        $package =~ s{::|'}{/}g;
        return 1 if exists $known{"$package.pm"};
    }
    return 0;
}

# What perl and the C library read when they start must be what they read here. One look at the whole order is much cheaper than
# one at each variable.
sub remember_environment {
    $started_with = join '', map { "\0$_=$ENV{$_}" } sort grep { "\0$_=" =~ /^${\READ_AT_START}/ } keys %ENV;
}

sub environment_is_ours { join('', sort $_[0] =~ /((?:${\READ_AT_START})[^\0]*)/go) eq $started_with }

# Everything of a script's that Perl code can set.
sub become_main {
    $script_pid = call('getpid');
    # With -T, what comes from outside must be tainted, and only what is tainted can make it so.
    my $taint = ${^TAINT} ? substr $ENV{PATH}, 0, 0 : '';
    $0 = $script . $taint;
    my $name = $by_env ? $own_name : substr $program, 1 + rindex $program, '/';
    call('prctl', PR_SET_NAME, $name, 0, 0, 0);
    correct_perl_state();
    my @words = @arguments;
    1 while @words && shift(@words) ne $script;
    @ARGV = map { $_ . $taint } @words;
    %ENV = ();
    for (@environment) {
        my $at = index $_, '=';
        $ENV{substr $_, 0, $at} = substr($_, $at + 1) . $taint;
    }
    binmode STDIN, ':utf8' if stdin_is_utf8();
    -e '';    # the last file that was asked about
    $^T = time;
    my $line = qq{#line 1 "$script"\n};
    Filter::Util::Call::real_import(sub { $_ = $line; Filter::Util::Call::filter_del(); 1 }, 'main', 1);
    return 1;
}

# With -C or PERL_UNICODE; what began this prelude took the layer away, for a datagram is octets.
sub stdin_is_utf8 { ${^UNICODE} & 1 && (!(${^UNICODE} & 64) || ${^UTF8LOCALE}) }

# This process executes what an ordinary start would have executed.
sub start_cold {
    my $argv = join '', (map { pack 'P', $_ } @arguments),   zeros(8);
    my $envp = join '', (map { pack 'P', $_ } @environment), zeros(8);
    call('chdir', $directory);
    call('execve', $program, $argv, $envp);
    leave(127);
}

# A script has descriptors 0, 1 and 2, and perl's own of its program.
sub close_descriptors {
    my $first = $program_descriptor + 1;
    return if call('close_range', $first, 0xffff_ffff, 0) == 0;
    call('close', $_) for grep { $_ >= $first } descriptors();
}

sub descriptors {
    # That of the directory itself is closed again.
    return grep { defined readlink "/proc/self/fd/$_" } numbers_in('/proc/self/fd');
}

sub numbers_in {
    opendir my $directory, $_[0] or return;
    return map { /\A(\d+)\z/ ? $1 + 0 : () } sort readdir $directory;
}

# ---------------------------------------------------------------------------------------------------------------- a script's end

# After the script's own END blocks and those of its modules, for they were all compiled later than this one.
END {
    if ($script_pid && $script_pid == $$) {
        my $status = $?;
        local ($?, $!, $@);
        if    (my @new = grep { !exists $known{$_} } keys %INC) { leave_names(@new) }
        elsif (ends_quietly())                                  { leave($status & 0xff) }
    }
}

# perl ends by looking at every value for objects to destroy, and at every handle to close. In a warm interpreter nearly all of
# them are of preloaded modules: it costs as much as a small script's run, and shows only if there is something to see.
sub ends_quietly {
    $quiet_text && !tied *STDOUT or return 0;
    my $at_once = zeros(16);
    call('ppoll', $poll, POLLED, $at_once, 0, 0) == POLLED && $poll eq $none_open or return 0;
    # Other handles of the same descriptors (`open my $out, '>&=', 1`) have output of their own. Before it executes a program perl
    # writes what all handles hold, and then there is no program.
    %ENV = () if ${^TAINT};    # tainted, it would not let perl execute
    { exec {''} '' }
    # Its last output goes out here. An error is for perl to tell.
    my $selected = select STDOUT;
    $! = 0;
    $| = 1;
    return !$!;
}

# Whatever may have objects that want to do something at the end. The modules that do are never preloaded.
sub text_is_quiet {
    return index($_[0], 'DESTROY') < 0 && index($_[0], 'AUTOLOAD') < 0
        && (index($_[0], 'eval') < 0 || $_[0] !~ /\beval\b(?!\s*\{)/)
        && (index($_[0], 'open') < 0 || $_[0] !~ /\bopen\b[^;]*\|/);    # perl waits for what STDOUT is piped into
}

sub prepare_poll {
    $poll      = join '', map { pack 'i s s', $_, 0, 0 } 3 .. 2 + POLLED;
    $none_open = join '', map { pack 'i s s', $_, 0, POLLNVAL } 3 .. 2 + POLLED;
}

# --------------------------------------------------------------------------------------------------------------- preloading

sub first_modules {
    my %without = map { $_ => 1 } split /,/, $settings{without} || '';
    $failed{$_} = 1 for keys %without, never();
    my $with = $settings{with} || '';
    return first(), split /,/, $with;
}

# What nearly every script uses, itself or by way of other modules. The rest is learnt when it is used.
sub first {
    return qw(
        strict warnings vars constant overload lib utf8 Carp Exporter Config CGI CGI::Util HTML::Entities
    );
}

# Not even when a script uses them: they change what all of perl does, or look at the script when they are loaded.
sub never {
    return qw(
        threads threads::shared FindBin CGI::Carp CGI::Fast sigtrap diagnostics encoding encoding::warnings filetest sort
        bigint bignum bigrat open locale perl5db DB English Test Test::More Test::Builder Test::Simple Attribute::Handlers
        Devel::Peek autodie CPAN Memoize Safe Opcode ops
    );
}

sub rehearsals {
    return (
        'CGI' => sub {
            local $ENV{REQUEST_METHOD} = 'GET';
            local $ENV{QUERY_STRING}   = 'name=value&other=%41+b;third=';
            local ($/, $,, $\) = ("\n");
            my $form = CGI->new;
            my $page = $form->header('text/html') . CGI::escapeHTML(scalar $form->param('name'));
            $form->header(-type => 'text/plain', -status => 200);
            $form->param;
            $form->redirect('/');
            CGI::initialize_globals();
            undef $CGI::Q;
        },
        'Encode' => sub {
            Encode::decode('UTF-8', Encode::encode('UTF-8', "\x{263a}"));
            Encode::decode_utf8(Encode::encode_utf8("\x{e9}"));
        },
        'JSON::PP' => sub {
            my $text = JSON::PP->new->canonical->pretty->encode({list => [1, 'a', undef], text => "\x{e9}\n"});
            JSON::PP::decode_json('{"a":[1,2.5,"b",true,null]}');
            JSON::PP::encode_json([$text]);
        },
        'Data::Dumper' => sub { Data::Dumper->new([{a => [1]}])->Indent(1)->Dump },
        'POSIX'        => sub { POSIX::strftime('%Y', gmtime 0); POSIX::floor(1.5) },
        'Time::Local'  => sub { Time::Local::timegm(gmtime 0); Time::Local::timelocal(localtime 0) },
        'File::Spec'   => sub { File::Spec->catfile('a', 'b'); File::Spec->rel2abs('a') },
        'Digest::MD5'  => sub { Digest::MD5::md5_hex('a') },
    );
}

# Loads modules and plays their usual calls; true if there was anything to load.
sub preload {
    my $new = 0;
    for my $module (@_) {
        next if $failed{$module};
        my $file = file_of($module);
        next if exists $path{$file};
        $new = 1;
        preload_one($module, $file);
    }
    for my $module (grep { exists $path{file_of($_)} } sort keys %rehearsal) {
        my $play = delete $rehearsal{$module};
        verified($module, sub { eval { $play->() } });
    }
    %INC = ();
    complete_brings() while $is_circular;
    delete @CORE::GLOBAL::{grep { !defined &{"CORE::GLOBAL::$_"} } keys %CORE::GLOBAL::};    # only mentioned
    for (grep { !exists $known{$_} } keys %path) { $known{$_} = stamp($path{$_}) }
    watch_places();
    prepare_hand_outs();
    prepare_state();
    settle() if $new;
    return $new;
}

# A page that a child writes to must be copied, so what children allocate should lie together. Loading leaves free memory all over
# the place: it is filled up here, and then some is taken in one piece and given back.
sub settle {
    my @filling;
    for my $round (1, 2) {
        my @values = map { [] } 1 .. 500;
        my @texts = map { my $size = 16 * $_; map { 'x' x $size } 1 .. 12 } 1 .. 32;
        push @filling, \@values, \@texts if $round == 1;
    }
    push @settled, \@filling;
}

sub preload_one {
    my ($module, $file) = @_;
    my %before = %path;
    verified($module, sub { load($file) or $failed{$module} = 1 });
    for (grep { !exists $before{$_} } keys %path) {
        give_up($module, "$_ has blocks that would run in every script") if has_blocks($_);
    }
    my %silent = map { $_ => 1 } silent_destructors();
    for (destructors('main::')) {
        give_up($module, "$_ has something to do at a script's end") if !$silent{$_};
    }
}

# Loads a file that is not loaded yet, with nothing in %INC but the files that are just being loaded: so what is in %INC then is what
# this file brings with it.
sub load {
    my ($file) = @_;
    return 1 if exists $path{$file};
    return 0 if -e "$$shelf/$file";    # it stands before what perl would find
    my %kept = %INC;
    %INC = ();
    $path_of_loading{$loading[-1]} = $kept{$loading[-1]} if @loading;
    push @loading, $file;
    my ($before, $outer_nested) = (eval_count(), $nested_evals);
    $nested_evals = 0;
    local ($SIG{__WARN__}, $_, $@) = sub { };
    my $good = eval { package main; require $file } && !ref $INC{$file};
    my $evals = eval_count() - $before;
    $evals{$file} = $evals - $nested_evals;
    $nested_evals = $outer_nested + $evals;
    pop @loading;
    if ($good) {
        $path{$file} = $INC{$file};
        $brings{$file} = [grep { defined $INC{$_} } keys %INC];
    }
    %INC = %kept;
    return $good;
}

# What a file brings brings something too.
sub complete_brings {
    $is_circular = 0;
    for my $file (keys %brings) {
        my %all = map { $_ => 1 } map { $_, @{$brings{$_} || []} } @{$brings{$file}};
        next if keys %all == @{$brings{$file}};
        $brings{$file} = [keys %all];
        $is_circular = 1;
    }
}

# `require` looks through @INC. The object that stands for its first directory hands out what is preloaded; so what a script puts
# in front of it is looked through before, as it is ordinarily, and %INC says what the script has asked for.
sub HTBin::Warm::INC {
    my $file = $_[1];
    local ($!, $@, $_);
    return needed($file)   if !$script_pid;
    return hand_out($file) if exists $hand_outs{$file} && !$handed{$file};
    my $place = "$$shelf/$file";
    return if !-f $place || !open my $handle, '<', $place;
    $INC{$file} = $place;
    return \qq{#line 1 "$place"\n}, $handle;
}

# What a file needs that is being preloaded.
sub needed {
    my ($file) = @_;
    if (@loading) {
        return if $loading[-1] eq $file;    # perl itself finds it further on in @INC
        if (grep { $_ eq $file } @loading) {
            # Two files need each other. Where both are loaded the first time, this `require` does nothing.
            $is_circular = 1;
            $INC{$file} = $path_of_loading{$file};
            return \'1;';
        }
        give_up(module_of($loading[0]), "it needs " . module_of($file)) if $failed{module_of($file)};
    }
    load($file) or return;
    $INC{$_} = $path{$_} for grep { !exists $INC{$_} } @{$brings{$file}};
    return \'1;';
}

# A preloaded file counts as loaded now, and so does what it brings. Out of one text, for a page is copied for each value that is
# only looked at.
sub hand_out {
    my ($evals, @parts) = (0, split /\0/, $hand_outs{$_[0]});
    while (my ($file, $path, $its_evals) = splice @parts, 0, 3) {
        next if exists $INC{$file};
        $INC{$file} = $path;
        $handed{$file} = 1;
        $evals += $its_evals;
    }
    set_eval_count($evals + eval_count()) if $evals;
    return \'1;';
}

sub prepare_hand_outs {
    for my $file (keys %brings) {
        $hand_outs{$file} = join "\0", map { ($_, $path{$_}, $evals{$_} || 0) } grep { exists $path{$_} } @{$brings{$file}};
    }
}

# Whatever changes what every script would see is not preloaded: the server starts over without it.
sub verified {
    my ($module, $act) = @_;
    my @before = state();
    $act->();
    my @after = state();
    for (0 .. $#before) {
        next if $before[$_] eq $after[$_] || $before[$_] eq 'locale ';    # not known before POSIX is there
        give_up($module, "it changes what every script sees: $before[$_] became $after[$_]");
    }
}

sub give_up {
    report('without', @_) if !$is_trial;
    leave($is_trial);
}

sub state {
    my @signals = map { "$_=$SIG{$_}" } grep { defined $SIG{$_} } sort keys %SIG;
    my $umask = umask;
    return (
        "signals @signals",
        "overrides " . join(' ', grep { defined &{"CORE::GLOBAL::$_"} } sort keys %CORE::GLOBAL::),
        "UNIVERSAL " . join(' ', grep { defined &{"UNIVERSAL::$_"} } sort keys %UNIVERSAL::),
        "subs " . join(' ', grep { defined &{"main::$_"} } sort keys %main::),
        "directories @INC",
        "environment " . join(' ', map { "$_=$ENV{$_}" } sort keys %ENV),
        "directory " . readlink('/proc/self/cwd'),
        "umask $umask",
        "descriptors " . join(' ', descriptors()),
        "threads " . join(' ', numbers_in('/proc/self/task')),
        "locale " . (defined &POSIX::setlocale ? POSIX::setlocale(POSIX::LC_ALL()) : ''),
        "specials " . join(' ', map { defined $_ ? unpack 'H*', $_ : '-' } $/, $\, $,, $", $;, $|, $^W, $^F, $^P, select),
    );
}

sub has_blocks {
    my ($file) = @_;
    open my $source, '<', $path{$file} or return 0;
    while (defined(my $line = <$source>)) {
        return 1 if $line =~ /^\s*(?:INIT|CHECK|END)\s*\{/;
        return 0 if $line =~ /^__(?:END|DATA)__/;
    }
    return 0;
}

# They free memory, or do nothing: an object of theirs may be left as it is.
sub silent_destructors {
    return map { $_ . '::' } qw(
        Config Regexp IO::Handle Data::Dumper Digest::MD5 Digest::SHA Encode::Encoding Encode::XS SelectSaver Tie::Array FileHandle
        Tie::StdScalar Class::Struct::Tie_ISA base::__inc::scope_guard
    );
}

# The packages below this one that have a sub DESTROY.
sub destructors {
    my ($stash) = @_;
    no strict 'refs';
    my @below = grep { /::\z/ && $_ ne 'main::' } keys %$stash;
    my $prefix = $stash eq 'main::' ? '' : $stash;
    return map { my $package = "$prefix$_"; defined &{"${package}DESTROY"} ? $package : (), destructors($package) } @below;
}

sub module_of { my $module = $_[0]; $module =~ s{/}{::}g; $module =~ s/\.pm\z//; $module }

sub file_of { my $file = "$_[0].pm"; $file =~ s{::}{/}g; $file }

# -------------------------------------------------------------------------------------------------------------------- learning

# A piece of memory that all children share: where a script's end leaves the names of the modules that it had to load.
sub map_slots {
    my $address = call('mmap', 0, SLOTS * SLOT_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    $slots_address = $address if $address > 0;
}

# Learning a module must not cost this interpreter its life: a child tries it.
sub is_harmless {
    my ($module) = @_;
    local $?;
    my $pid = fork;
    defined $pid or return 0;
    if ($pid == 0) {
        $is_trial = 1;
        call('dup3', 1, 0, 0);    # a module that reads must not get orders
        alarm TRIAL_SECONDS_MAX;
        leave(preload($module) && !$failed{$module} ? 0 : 1);
    }
    1 while waitpid($pid, 0) < 0 && $! == EINTR;
    $failed{$module} = 1 if $?;
    return !$?;
}

# What a script wrote there is its word only: what is not a module's name, or not beneath perl's own directories, is nothing.
sub learn {
    my ($slot) = @_;
    $slots_address && $slot =~ /\A\d+\z/ && $slot < SLOTS or return;
    my $address = $slots_address + $slot * SLOT_BYTES;
    my ($names) = unpack 'Z*', read_memory($address, SLOT_BYTES);
    length $names or return;
    write_memory([$address, "\0"]);
    my @modules = grep { may_learn($_) } map { /\A([A-Za-z_]\w*(?:::\w+)*)\z/ } split /,/, $names;
    report('stale') if preload(grep { is_harmless($_) } @modules);
}

sub may_learn {
    my ($module) = @_;
    my $file = file_of($module);
    return 0 if $failed{$module} || exists $path{$file};
    return 1 if grep { $_ eq $module } split /,/, $settings{with} || '';
    for my $directory (@INC) {
        next if !-e "$directory/$file";
        return $settings{preload} eq 'auto' || grep { $directory eq $_ } standard_directories();
    }
    return 0;
}

sub standard_directories {
    load('Config.pm');
    return @Config::Config{qw(privlibexp archlibexp)}, grep { m{/perl-base\z} } @INC;
}

# What this script taught, for the interpreter to read.
sub leave_names {
    my @new = map { /\A(.*)\.pm\z/s && !ref $INC{$_} ? $1 : () } @_;
    s{/}{::}g for @new;
    my $names = substr join(',', @new), 0, SLOT_BYTES - 1;
    write_memory([$slots_address + $slot * SLOT_BYTES, "$names\0"]) if @new && $slots_address;
}

# A module that was upgraded takes effect at once: the server starts over.
sub leave_if_outdated {
    my $now = time;
    return if $now == $checked_at;
    $checked_at = $now;
    for (keys %known) { leave_outdated($path{$_}) if $known{$_} ne stamp($path{$_}) }
    for (keys %places) { leave_outdated($_) if $places{$_} ne stamp($_) }
}

sub leave_outdated {
    report('stale');
    report('note', "$_[0] has changed");
    leave(0);
}

# Where a file could come to stand before one that is preloaded.
sub watch_places {
    my %below = map { m{\A(.*)/} ? ("/$1" => 1) : () } keys %known;
    for my $directory (keys %own_directory) {
        for my $place (map { "$directory$_" } '', keys %below) { $places{$place} = stamp($place) if !exists $places{$place} }
    }
}

sub stamp { join ' ', (stat $_[0])[0, 1, 7, 9, 10] }

# ------------------------------------------------------------------------------------------------- directories put in front of others

# @INC is tied, for a script may put a directory first that has a file of the same name as a preloaded one.
sub watch_directories {
    my ($first, @others) = @INC;
    refuse("$_ is not absolute") for grep { !m{\A/} } $first, @others[0 .. $#others - 1];
    @own_directory{$first, @others} = ();
    $shelf = bless \$first, __PACKAGE__;
    tie @INC, 'HTBin::Warm::Directories';
    @INC = ($shelf, @others);
    $path{'strict.pm'} = delete $INC{'strict.pm'};    # this prelude's
    $brings{'strict.pm'} = ['strict.pm'];
}

# A preloaded module that such a directory shadows must be loaded from there. Nothing has happened yet while the script's text is
# being read, so this process makes an ordinary start.
sub look_into {
    my ($new) = @_;
    return if !$script_pid || exists $own_directory{$new};
    my @shadowed = ref $new ? () : shadowed_in($new);
    if ($script_pid == $$ && ${^GLOBAL_PHASE} eq 'START' && tell(STDIN) <= 0) {
        start_cold() if ref $new || @shadowed;
    }
    else {
        forget(@shadowed);
    }
}

sub shadowed_in {
    my ($directory) = @_;
    opendir my $handle, $directory or return;
    my @names = readdir $handle;
    closedir $handle;
    %first_names = map { m{\A([^/]+)} => 1 } keys %known if !%first_names;
    return if !grep { $first_names{$_} } @names;
    return grep { -e "$directory/$_" } keys %known;
}

# Too late for another start: what was not handed out yet will not be, nor what brings it, and their packages are empty again.
sub forget {
    my %shadowed = map { $_ => 1 } @_ or return;
    for my $file (keys %brings) {
        next if exists $INC{$file} || $handed{$file} || !grep { $shadowed{$_} } @{$brings{$file}};
        $handed{$file} = 1;
        my $module = module_of($file);
        next if $module =~ /\A(?:utf8|re|mro|version|bytes|builtin|PerlIO|DynaLoader|UNIVERSAL|IO::File)\z/;    # partly perl's own
        no strict 'refs';
        my $package = \%{"main::${module}::"};
        for my $name (grep { !/::\z/ } keys %$package) {
            # The script's own code may hold the name already.
            if   (ref \$package->{$name} eq 'GLOB') { undef *{"main::${module}::$name"} }
            else                                     { delete $package->{$name} }
        }
    }
}

{
    package HTBin::Warm::Directories;
    sub TIEARRAY  { bless [] }
    sub FETCH     { $_[0][$_[1]] }
    sub FETCHSIZE { scalar @{$_[0]} }
    sub STORESIZE { $#{$_[0]} = $_[1] - 1 }
    sub CLEAR     { @{$_[0]} = () }
    sub EXTEND    { }
    sub EXISTS    { exists $_[0][$_[1]] }
    sub DELETE    { delete $_[0][$_[1]] }
    sub POP       { pop @{$_[0]} }
    sub SHIFT     { shift @{$_[0]} }
    sub PUSH      { my $own = shift; push @$own, @_ }
    sub STORE     { HTBin::Warm::look_into($_[2]); $_[0][$_[1]] = $_[2] }
    sub UNSHIFT   { my $own = shift; HTBin::Warm::look_into($_) for @_; unshift @$own, @_ }
    sub SPLICE {
        my $own    = shift;
        my $offset = @_ ? shift : 0;
        $offset += @$own if $offset < 0;
        my $length = @_ ? shift : @$own - $offset;
        HTBin::Warm::look_into($_) for @_;
        return splice @$own, $offset, $length, @_;
    }
}

# ------------------------------------------------------------------------------------------------------------- perl's own memory

# perl keeps the name of its program as it was on the command line, and says it in "Execution of … aborted". Nothing in Perl can
# set it. perl's state is the first thing that perl allocates, so the first pointer to that name points to it. On the command line
# stands a name so long that any script's fits in its place.
sub find_program_name {
    my ($from, $to) = heap() or return;
    for my $address (unpack 'J*', read_memory($from, PERL_STATE_BYTES_MAX)) {
        next if $address < $from || $address + length($program_name) >= $to;
        next if read_memory($address, 1 + length $program_name) ne "$program_name\0";
        $program_name_address = $address;
        last;
    }
}

# perl numbers the texts that are evaluated, and says "(eval 3) line 1": a script's first is number 1. The number is that piece of
# perl's state that grows by one with each of them.
sub find_eval_count {
    my ($from) = heap() or return;
    my $before = read_memory($from, PERL_STATE_BYTES_MAX);
    eval '1' for 1 .. 3;
    my $after = read_memory($from, PERL_STATE_BYTES_MAX);
    my ($number) = eval('__FILE__') =~ /(\d+)/;
    my @found = grep { substr($before, 4 * $_, 4) eq pack 'L', $number - 4 }
        grep { substr($after, 4 * $_, 4) eq pack 'L', $number - 1 } 0 .. PERL_STATE_BYTES_MAX / 4 - 1;
    $eval_count_address = $from + 4 * $found[0] if @found == 1;
}

# Once any code has been compiled with `use warnings`, perl looks through all packages for names that were used only once. The script
# says that again if it has warnings itself; that preloaded modules have them must not cost each script that look.
sub find_warn_bits {
    my ($from) = heap() or return;
    my @seen;
    for (0, 1, 0, 1) {
        local $^W = $_;
        push @seen, read_memory($from, PERL_STATE_BYTES_MAX);
    }
    my @found;
    my $changed = $seen[0] ^ $seen[1];
    while ($changed =~ /\x01/g) {
        my $at = pos($changed) - 1;
        my ($off, $on, @again) = map { ord substr $_, $at, 1 } @seen;
        push @found, $at if !($off & G_WARN_ON) && $again[0] == $off && $again[1] == $on;
    }
    $warn_bits_address = $from + $found[0] if @found == 1;
}

sub eval_count { $eval_count_address && unpack('L', read_memory($eval_count_address, 4)) =~ /(\d+)/ ? $1 : 0 }

# In a child: the name is the script's, nothing was evaluated yet, and nothing had warnings.
sub correct_perl_state {
    my $text   = "$state_text$script\0";
    my $local  = pack 'P J', $text, length $text;
    my $remote = $state_places . pack 'J J', $program_name_address, 1 + length $script;
    my $pieces = length($remote) / 16 - !$program_name_address;
    call('process_vm_writev', $script_pid, $local, 1, $remote, $pieces, 0) > 0 and return;
    write_memory([$program_name_address, "$script\0"], [$eval_count_address, pack 'L', 0], [$warn_bits_address, $warn_bits]);
}

sub set_eval_count {
    my $text   = pack 'L', $_[0];
    my $local  = pack 'P J', $text, 4;
    my $remote = pack 'J J', $eval_count_address, 4;
    call('process_vm_writev', $$, $local, 1, $remote, 1, 0) > 0 or write_memory([$eval_count_address, $text]);
}

sub prepare_state {
    $warn_bits    = chr(ord(read_memory($warn_bits_address, 1)) & ~G_WARN_ONCE);
    my @pieces    = grep { $_->[0] } [$eval_count_address, pack 'L', 0], [$warn_bits_address, $warn_bits];
    $state_text   = join '', map { $_->[1] } @pieces;
    $state_places = join '', map { pack 'J J', $_->[0], length $_->[1] } @pieces;
}

sub heap {
    open my $maps, '<', '/proc/self/maps' or return;
    my ($from, $to) = map { /\A([0-9a-f]+)-([0-9a-f]+) .*\[heap\]/ ? (hex $1, hex $2) : () } <$maps>;
    close $maps;
    return $to ? ($from, $to) : ();
}

sub read_memory { $_[0] or return ''; unpack 'P' . int $_[1], pack 'J', $_[0] }

# Writes each text to its address, for the kernel reads a pipe to any.
sub write_memory {
    my @pieces = grep { $_->[0] } @_ or return;
    my $pair = zeros(8);
    call('pipe2', $pair, O_CLOEXEC) == 0 or return;
    my ($read, $write) = unpack 'ii', $pair;
    my $text = join '', map { $_->[1] } @pieces;
    call('write', $write, $text, length $text);
    call('read', $read, $_->[0], length $_->[1]) for @pieces;
    call('close', $_) for $read, $write;
}

# ------------------------------------------------------------------------------------------------------------------ system calls

# Numbers are passed as numbers, texts as addresses of their own memory: a constant's would be shared.
sub call {
    my $number = $number{+shift};
    return syscall $number, @_;
}

sub zeros { "\0" x $_[0] }

sub machine { $machine }

sub find_system_calls {
    # By the head of perl's program file.
    open my $program, '<', '/proc/self/exe' or return 0;
    read $program, my $head, 20;
    my $column = {62 => 0, 183 => 1}->{unpack 'x18 S', $head};
    defined $column && length pack('J', 0) == 8 or return 0;
    $machine = (qw(x86_64 aarch64))[$column];
    my %numbers = (
        chdir       => [80, 49],   clone       => [56, 220],  close       => [3, 57],    close_range => [436, 436],
        dup3        => [292, 24],  execve      => [59, 221],  exit_group  => [231, 94],  getpid      => [39, 172],
        lseek       => [8, 62],    mmap        => [9, 222],   openat      => [257, 56],  pipe2       => [293, 59],
        ppoll       => [271, 73],  prctl       => [157, 167], pread64     => [17, 67],   prlimit64   => [302, 261],
        process_vm_writev => [311, 271],
        read        => [0, 63],    recvfrom    => [45, 207],  recvmsg     => [47, 212],  sendmsg     => [46, 211],
        sendto      => [44, 206],  setsid      => [112, 157], socketpair  => [53, 199],  write       => [1, 64],
    );
    %number = map { $_ => $numbers{$_}[$column] } keys %numbers;
    return 1;
}

main();
1;

