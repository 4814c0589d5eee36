#!/usr/bin/env python3
"""Run CGI scripts cold and warm and compare what comes out, octet for octet.

    drive.py --prelude prelude.py [--interpreter /usr/bin/python3] SCRIPT|DIRECTORY...
    drive.py --prelude prelude.py --isolation DIRECTORY
    drive.py --prelude prelude.py --bench SCRIPT

It plays the server towards one warm interpreter per interpreter command line, without a server. Every script runs
twice as an ordinary process, then three times warm: by an interpreter that was taught nothing, while it learns, and
after it has learnt. Standard output, standard error and the exit status or signal must be the same each time; only
addresses ("at 0x7f...") may differ.

The requests stand in comments behind the script's first line, one a line; without any it is one plain GET:
    #: GET /extra/path?name=Ada
    #: POST /?q=1 type=application/x-www-form-urlencoded data=a=b&c=d\\r\\n\\x00
Words before data= : type=, times= (the data so often), env=NAME=VALUE, cpu= as= nproc= fsize= (limits), unlike (its
output must be another one each time). data= runs to the end of the line. \\r \\n \\t \\\\ \\xHH stand for octets everywhere. A query without `=` makes arguments.
Scripts are the executable files whose first line names the prelude's language; a DIRECTORY is copied first.
"""
import argparse, array, ctypes, difflib, os, pathlib, pwd, re, resource, select, shutil, signal, socket, stat, subprocess, sys, tempfile, time
from urllib.parse import unquote_to_bytes

BOOTS = {
    "python": ["-c", 'import os;exec(compile(os.read(0,1<<18),"<frozen importlib._bootstrap htbin>","exec"))', "htbin-warm"],
    "perl": ["-M5;BEGIN{binmode STDIN if${^UNICODE}&1;sysread STDIN,my $p,1<<18;($p)=$p=~/(.*)/s;eval $p;die $@ if $@}",
             "/" * 1016 + "dev/null"],
}
ROUNDS = ("untaught", "learning", "taught")
UNTAUGHT_RUNS_MAX = 60  # without `ended` a slot is never free again: then a new interpreter takes over
RUN_SECONDS_MAX = 60
LAST_OUTPUT_SECONDS = 5  # what a script's own children may still write after its end
PR_SET_CHILD_SUBREAPER, PR_SET_NO_NEW_PRIVS = 36, 38
FORKED_BUT_NOT_EXECUTED = 0x40
libc = ctypes.CDLL(None, use_errno=True)


def main():
    options = read_options()
    libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    driver = Driver(options)
    try:
        if options.bench:
            driver.bench(Script(pathlib.Path(options.bench).absolute(), options))
        elif options.isolation:
            driver.isolation(pathlib.Path(driver.copy(options.isolation)))
        else:
            driver.compare(driver.scripts(options.scripts))
    finally:
        driver.end()
    sys.exit(driver.summary())


def read_options():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("scripts", nargs="*", metavar="SCRIPT|DIRECTORY")
    ap.add_argument("--prelude", required=True, help="prelude.py or prelude.pl")
    ap.add_argument("--interpreter", help="instead of the one in the scripts' first lines")
    ap.add_argument("--flags", default="", help="flags for the interpreter beside those in the scripts' first lines")
    ap.add_argument("--user", help="run everything as this user (needs root)")
    ap.add_argument("--env", action="append", default=[], metavar="NAME=VALUE", help="for the interpreter and every script")
    ap.add_argument("--spares", type=int, default=2)
    ap.add_argument("--preload", default="stdlib", choices=("stdlib", "auto"))
    ap.add_argument("--with", dest="named", default="", metavar="NAME,...", help="modules to preload")
    ap.add_argument("--only", metavar="REGEX", help="only scripts whose path matches")
    ap.add_argument("--skip", metavar="REGEX", help="not the scripts whose path matches")
    ap.add_argument("--cold-only", action="store_true", help="only show that scripts give the same twice; needs no prelude")
    ap.add_argument("--isolation", metavar="DIRECTORY")
    ap.add_argument("--bench", metavar="SCRIPT")
    ap.add_argument("--seconds", type=float, default=5)
    ap.add_argument("--in-flight", type=int, default=4)
    ap.add_argument("--show", action="store_true", help="print the whole cold output of every run too")
    ap.add_argument("-v", "--verbose", action="store_true")
    options = ap.parse_args()
    options.prelude = pathlib.Path(options.prelude)
    options.language = "perl" if options.prelude.suffix == ".pl" else "python"
    options.source = b"" if options.cold_only else options.prelude.read_bytes()
    options.identity = pwd.getpwnam(options.user) if options.user else None
    # What every script gets whatever the request.
    common = {"PATH": "/usr/local/bin:/usr/bin:/bin"}
    common.update((name, os.environ[name]) for name in ("LANG", "LC_ALL", "LC_CTYPE", "TZ") if name in os.environ)
    common = {name.encode(): os.fsencode(value) for name, value in common.items()}
    common.update(unescape(pair).split(b"=", 1) for pair in options.env)
    options.common = [name + b"=" + value for name, value in common.items()]
    return options


# ---- Scripts and requests

class Script:
    """A script file: what its first line and its request lines say."""

    def __init__(self, path, options):
        self.path = path
        self.options = options
        lines = path.read_bytes().splitlines()
        words = lines[0].lstrip(b"\xef\xbb\xbf")[2:].strip().split(None, 1) if lines else []
        self.shebang = os.fsdecode(words[0]) if words else ""
        flags = [os.fsdecode(words[1])] if len(words) > 1 else []
        self.by_env = os.path.basename(self.shebang) == "env"
        self.zeroth = self.shebang
        if self.by_env:
            # `env python3` finds it in PATH; its zeroth argument is the bare name.
            flags = flags[0].split() if flags else [""]
            flags = flags[1:] if flags[0] == "-S" else flags
            self.zeroth, flags = flags[0], flags[1:]
        self.program = find_program(self.zeroth, options)
        self.explicit = bool(options.interpreter and self.program != options.interpreter)
        if self.explicit:
            self.program = self.zeroth = options.interpreter
        self.flags = tuple(options.flags.split() + flags)
        self.explicit = self.explicit or bool(options.flags)
        requests = [line[2:].strip() for line in lines[1:] if line.startswith(b"#: ")]
        self.requests = [Request(self, line) for line in requests or [b"GET /"]]

    def is_of(self, language):
        return bool(self.shebang) and language in os.path.basename(self.zeroth)

    def interpreter(self):
        """One warm interpreter serves the scripts for which this is the same."""
        return self.program, self.zeroth, self.flags


class Request:
    """One run of a script: arguments, environment, standard input, limits."""

    def __init__(self, script, line):
        self.script, self.line = script, line.decode("utf-8", "backslashreplace")
        rest, _, data = line.partition(b" data=")
        method, target, *words = rest.split()
        self.outputs = set() if b"unlike" in words else None
        pairs = [unescape(word).partition(b"=") for word in words]
        words = {name: value for name, _, value in pairs}
        added = dict(value.split(b"=", 1) for name, _, value in pairs if name == b"env")
        self.data = unescape(data) * int(words.get(b"times", 1))
        target = unescape(target)
        path, _, query = target.partition(b"?")
        name = b"/cgi-bin/" + os.fsencode(script.path.name)
        file = os.fsencode(script.path)
        self.limits = [words.get(limit, b"") for limit in (b"cpu", b"as", b"nproc", b"fsize")]
        arguments = [unquote_to_bytes(word) for word in query.split(b"+")] if query and b"=" not in query else []
        if script.explicit:
            self.arguments = [os.fsencode(word) for word in (script.program, *script.flags)] + [file] + arguments
        else:
            self.arguments = [file] + arguments
        self.execute = self.arguments[0]
        variables = {
            b"GATEWAY_INTERFACE": b"CGI/1.1", b"SERVER_SOFTWARE": b"htbin", b"SERVER_PROTOCOL": b"HTTP/1.1", b"REQUEST_METHOD": method,
            b"REQUEST_URI": name + target, b"QUERY_STRING": query, b"REQUEST_SCHEME": b"http",
            b"DOCUMENT_ROOT": os.path.dirname(file), b"SCRIPT_FILENAME": file, b"SCRIPT_NAME": name,
        }
        if data or method == b"POST":
            variables[b"CONTENT_LENGTH"] = b"%d" % len(self.data)
            variables[b"CONTENT_TYPE"] = words.get(b"type", b"application/octet-stream")
        if path not in (b"", b"/"):
            variables[b"PATH_INFO"] = unquote_to_bytes(path)
            variables[b"PATH_TRANSLATED"] = os.path.dirname(file) + unquote_to_bytes(path)
        variables.update({
            b"SERVER_NAME": b"localhost", b"SERVER_ADDR": b"127.0.0.1", b"SERVER_PORT": b"8000", b"REMOTE_ADDR": b"127.0.0.1",
            b"REMOTE_HOST": b"127.0.0.1", b"REMOTE_PORT": b"40000", b"HTTP_HOST": b"localhost:8000",
        })
        variables.update(added)
        self.environment = script.options.common + [name + b"=" + value for name, value in variables.items()]

    def stdin(self):
        """A file in memory, or /dev/null."""
        if not self.data:
            return os.open("/dev/null", os.O_RDONLY | os.O_CLOEXEC)
        memory = os.memfd_create("htbin", os.MFD_CLOEXEC)
        written = 0
        while written < len(self.data):
            written += os.pwrite(memory, self.data[written:], written)
        return memory


def unescape(text):
    text = os.fsencode(text)
    named = {b"r": b"\r", b"n": b"\n", b"t": b"\t", b"\\": b"\\"}
    return re.sub(rb"\\(x[0-9a-fA-F]{2}|[rnt\\])", lambda m: named.get(m[1]) or bytes([int(m[1][1:], 16)]), text)


def find_program(name, options):
    if "/" in name or not name:
        return name
    path = next(os.fsdecode(pair[5:]) for pair in options.common if pair.startswith(b"PATH="))
    return shutil.which(name, path=path) or name


# ---- Processes

class Run:
    """One run of a script: reads all that it writes and learns how it ended."""

    def __init__(self, request):
        self.request = request
        self.stdin = request.stdin()
        (self.stdout, self.their_stdout), (self.stderr, self.their_stderr) = os.pipe(), os.pipe()
        self.output = {self.stdout: [], self.stderr: []}
        self.taken = None
        self.problem = None
        self.by_exec = False

    def started(self, pid, socket=None):
        self.pid, self.socket = pid, socket
        for descriptor in (self.stdin, self.their_stdout, self.their_stderr):
            os.close(descriptor)
        return self

    def finish(self):
        """Waits for its end; (stdout, stderr, ending)."""
        limit, last = time.monotonic() + RUN_SECONDS_MAX, None
        ended = False
        pidfd = os.pidfd_open(self.pid) if hasattr(os, "pidfd_open") else None
        waiting = set(self.output) | ({pidfd} if pidfd else set()) | ({self.socket.fileno()} if self.socket else set())
        while waiting & set(self.output) or not ended:
            if time.monotonic() > limit:
                self.problem = "still running after %d s" % RUN_SECONDS_MAX
                break
            if last and time.monotonic() > last:
                break
            poll = select.poll()
            for descriptor in waiting:
                poll.register(descriptor, select.POLLIN)
            for descriptor, _ in poll.poll(20 if not pidfd else 200):
                if descriptor in self.output:
                    data = os.read(descriptor, 1 << 20)
                    self.output[descriptor].append(data)
                    if not data:
                        waiting.discard(descriptor)
                elif self.socket and descriptor == self.socket.fileno():
                    data = self.socket.recv(100) if self.taken is None else b""
                    self.taken = self.taken or data
                    if self.taken not in (b"taken", b"cold"):
                        self.problem = "the order was not taken: %r" % data
                    if not data:
                        waiting.discard(descriptor)
                else:
                    waiting.discard(descriptor)
            if not ended and os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT):
                ended, last = True, time.monotonic() + LAST_OUTPUT_SECONDS
                fields = pathlib.Path("/proc/%d/stat" % self.pid).read_text().rsplit(")", 1)[1].split()
                self.by_exec = not int(fields[6]) & FORKED_BUT_NOT_EXECUTED
        if not ended:
            kill(os.kill, self.pid)
        status = os.waitpid(self.pid, 0)[1]
        kill(os.killpg, self.pid)
        for descriptor in (self.stdout, self.stderr, *((pidfd,) if pidfd else ())):
            os.close(descriptor)
        if self.socket:
            self.socket.close()
        ending = "signal %d" % os.WTERMSIG(status) if os.WIFSIGNALED(status) else "exit %d" % os.WEXITSTATUS(status)
        written = [re.sub(rb"\bat 0x[0-9a-f]+", b"at 0x...", b"".join(self.output[end])) for end in (self.stdout, self.stderr)]
        outputs = self.request.outputs
        if outputs is not None:
            new = written[0] not in outputs
            outputs.add(written[0])
            written[0] = b"not seen before" if new else b"seen before: " + written[0]
        return written + [ending.encode()]


def kill(how, pid):
    try:
        how(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


def start(program, arguments, environment, directory, stdio, options, limits=()):
    """Starts a program as the launcher does."""
    pid = os.fork()
    if pid:
        return pid
    try:
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
        signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
        if options.identity:
            os.setgroups([options.identity.pw_gid])
            os.setgid(options.identity.pw_gid)
            os.setuid(options.identity.pw_uid)
        os.setsid()
        for number, descriptor in enumerate(stdio):
            os.dup2(descriptor, number)
        os.closerange(3, 1024)
        os.chdir(directory)
        kinds = (resource.RLIMIT_CPU, resource.RLIMIT_AS, resource.RLIMIT_NPROC, resource.RLIMIT_FSIZE)
        for kind, slack, limit in zip(kinds, (1, 0, 0, 0), limits):
            if limit:
                resource.setrlimit(kind, (int(limit), int(limit) + slack))
        libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
        os.execve(program, arguments, dict(pair.split(b"=", 1) for pair in environment))
    except BaseException as error:
        os.write(2, ("not started: %s: %s\n" % (program, error)).encode())
    os._exit(127)


def start_cold(request):
    run = Run(request)
    stdio = (run.stdin, run.their_stdout, run.their_stderr)
    directory = os.path.dirname(os.fsencode(request.script.path))
    return run.started(start(request.execute, request.arguments, request.environment, directory, stdio,
                             request.script.options, request.limits))


# ---- The warm interpreter

class Refused(Exception):
    """The interpreter says that it cannot be warm: an ordinary start is right."""


class Lost(Exception):
    """The interpreter ended or hung, against the protocol."""


class Warm:
    """One warm interpreter and its spares, seen from the server."""

    def __init__(self, script, driver, without=()):
        self.driver, self.options = driver, script.options
        self.script = script
        self.without = list(without)
        self.spares = []
        self.stale = 0
        self.retires = False
        self.begin()
        self.descriptors = self.count("fd")
        self.threads = self.count("task")

    def begin(self):
        options = self.options
        self.control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        null = os.open("/dev/null", os.O_WRONLY)
        self.messages, their_messages = os.pipe()
        os.set_blocking(self.messages, False)
        arguments = [self.script.zeroth, *self.script.flags, *BOOTS[options.language]]
        self.pid = start(self.script.program, arguments, options.common, "/", (theirs.fileno(), null, their_messages), options)
        theirs.close()
        os.close(null)
        os.close(their_messages)
        self.control.settimeout(RUN_SECONDS_MAX)
        self.control.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
        self.control.send(options.source)
        settings = ["settings", "preload=" + options.preload, "with=" + options.named, "without=" + ",".join(self.without)]
        self.control.send("\0".join(settings).encode())
        self.receive_until("ready")
        for _ in range(options.spares):
            self.ask_spare()

    def receive_until(self, wanted):
        while True:
            try:
                data, ancillary, _, _ = self.control.recvmsg(1 << 16, socket.CMSG_SPACE(16))
            except (socket.timeout, ConnectionResetError):
                data, ancillary = b"", []
            verb, *fields = data.decode("utf-8", "replace").split("\0")
            descriptors = array.array("i")
            for _, _, content in ancillary:
                descriptors.frombytes(content[:len(content) - len(content) % descriptors.itemsize])
            if verb == "spare":
                self.spares.append((int(fields[0]), fields[1], socket.socket(fileno=descriptors[0])))
            elif verb == "stale":
                self.stale += 1
                self.drop_spares()
            elif verb == "note":
                self.driver.say("note: " + " ".join(fields))
            elif verb == "without":
                self.driver.say("without %s: %s" % (fields[0], " ".join(fields[1:])))
                self.end()
                if fields[0] in self.without or len(self.without) > 20:
                    raise Lost("asks again to do without " + fields[0])
                self.without.append(fields[0])
                self.begin()
                return
            elif verb == "refuse":
                self.end()
                raise Refused(" ".join(fields))
            elif not data and self.retires:
                # A file that it had loaded has changed on disk.
                self.end()
                self.begin()
                return
            elif verb != "ready":
                self.end()
                raise Lost("sent %r instead of %s" % (data, wanted))
            self.retires = verb == "note" or verb == "stale"
            if verb == wanted:
                return

    def ask_spare(self):
        self.control.send(b"fork")
        self.receive_until("spare")

    def start(self, request):
        """Gives a request to the oldest spare."""
        while not self.spares:
            self.ask_spare()
        pid, self.slot, spare = self.spares.pop(0)
        run = Run(request)
        file = os.fsencode(request.script.path)
        fields = [b"run", os.path.dirname(file), file, request.execute, *request.limits, b"%d" % len(request.arguments),
                  *request.arguments, *request.environment]
        stdio = array.array("i", (run.stdin, run.their_stdout, run.their_stderr))
        spare.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
        try:
            spare.sendmsg([b"\0".join(fields)], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, stdio)])
        except OSError as error:
            run.problem = "the spare took no order: %s" % error
        run.slot = self.slot
        return run.started(pid, spare)

    def ended(self, run):
        """Tells that a script has ended, and takes fresh spares when something was learnt."""
        self.control.send(b"\0".join([b"ended", run.slot.encode(), os.fsencode(run.request.script.path)]))
        self.ask_spare()
        while len(self.spares) < self.options.spares:
            self.ask_spare()

    def drop_spares(self):
        for pid, _, spare in self.spares:
            spare.close()
            if not wait_for(pid, 5):
                self.driver.problem("a dropped spare did not end")
                kill(os.kill, pid)
                os.waitpid(pid, 0)
        self.spares = []

    def count(self, what):
        try:
            return len(os.listdir("/proc/%d/%s" % (self.pid, what)))
        except OSError:
            return -1

    def memory(self):
        """MiB of Pss of the interpreter without its spares."""
        try:
            rollup = pathlib.Path("/proc/%d/smaps_rollup" % self.pid).read_text()
            return int(re.search(r"^Pss:\s+(\d+)", rollup, re.M)[1]) / 1024
        except (OSError, TypeError):
            return float("nan")

    def end(self):
        self.drop_spares()
        if hasattr(self, "descriptors"):
            self.driver.say("%s: %.1f MiB, %d threads, %d descriptors, learnt %d times" % (
                " ".join((self.script.zeroth, *self.script.flags)), self.memory(), self.count("task"), self.count("fd"), self.stale))
            if self.count("fd") > self.descriptors:
                self.driver.problem("the warm interpreter has %d descriptors more than at first" % (self.count("fd") - self.descriptors))
            if self.count("task") > self.threads:
                self.driver.problem("the warm interpreter has a thread more than at first")
        self.control.close()
        if not wait_for(self.pid, 5):
            self.driver.problem("the warm interpreter did not end when its socket was closed")
            kill(os.kill, self.pid)
            os.waitpid(self.pid, 0)
        try:
            said = os.read(self.messages, 1 << 16).decode("utf-8", "replace")
        except BlockingIOError:
            said = ""
        os.close(self.messages)
        if said:
            self.driver.problem("the warm interpreter wrote:\n" + said)


def wait_for(pid, seconds):
    limit = time.monotonic() + seconds
    while not os.waitpid(pid, os.WNOHANG)[0]:
        if time.monotonic() > limit:
            return False
        time.sleep(0.001)
    return True


# ---- Comparing

class Driver:
    def __init__(self, options):
        self.options = options
        self.folders = []
        self.problems = []
        self.differences = {}  # script: how many
        self.executed = set()  # scripts that the last round started by exec
        self.unstable, self.skipped, self.refused = [], [], []
        self.runs = self.count = 0

    def say(self, text):
        if self.options.verbose:
            print(text, flush=True)

    def problem(self, text):
        print("PROBLEM " + text, flush=True)
        self.problems.append(text)

    def copy(self, directory):
        """A copy that every user may read and that tests may dirty."""
        folder = tempfile.mkdtemp(prefix="corpus-")
        os.chmod(folder, 0o755)
        self.folders.append(folder)
        copy = os.path.join(folder, os.path.basename(os.path.abspath(directory)))
        shutil.copytree(directory, copy, symlinks=True, ignore=shutil.ignore_patterns("__pycache__"))
        return copy

    def scripts(self, paths):
        found = []
        for path in paths:
            if os.path.isdir(path):
                path = self.copy(path)
                found += sorted(pathlib.Path(folder, name) for folder, _, names in os.walk(path) for name in names)
            else:
                found.append(pathlib.Path(os.path.abspath(path)))
        only, skip = self.options.only, self.options.skip
        found = [p for p in found if (not only or re.search(only, str(p))) and not (skip and re.search(skip, str(p)))]
        scripts = [Script(p, self.options) for p in found if os.access(p, os.X_OK) and stat.S_ISREG(os.stat(p).st_mode)]
        return [s for s in scripts if s.is_of(self.options.language)]

    def compare(self, scripts):
        expected = {}
        for request in (request for script in scripts for request in script.requests):
            first = start_cold(request).finish()
            second = start_cold(request).finish()
            if self.options.show:
                self.show(request, first)
            if first != second:
                self.unstable.append(request.script.path.name)
                self.tell(request, "cold twice", first, second)
            elif first[0].startswith(b"skip: "):
                self.skipped.append("%s (%s)" % (request.script.path.name, first[0][6:].decode().strip()))
            else:
                expected[request] = first
        self.count = len(scripts)
        if self.options.cold_only:
            return
        groups = {}
        for request in expected:
            groups.setdefault(request.script.interpreter(), []).append(request)
        for requests in groups.values():
            script = requests[0].script
            if subprocess.run([script.program, *script.flags, "-e0" if self.options.language == "perl" else "-c0"],
                              stdin=subprocess.DEVNULL, capture_output=True).returncode:
                self.refused.append("%s (does not start)" % " ".join(script.flags))
                continue
            try:
                self.compare_with_one(requests, expected)
            except Refused as error:
                self.refused.append("%s (%s)" % (" ".join(requests[0].script.flags), error))
            except (Lost, OSError) as error:
                self.problem("the warm interpreter with %s was lost: %s" % (requests[0].script.flags, error))

    def compare_with_one(self, requests, expected):
        for round in ROUNDS:
            self.say("-- %s %s" % (requests[0].script.zeroth, round))
            warm = None if round == "taught" else Warm(requests[0].script, self)
            for number, request in enumerate(requests):
                if round == "untaught" and number and number % UNTAUGHT_RUNS_MAX == 0:
                    warm.end()
                    warm = Warm(requests[0].script, self)
                self.check(warm or taught, request, round, expected[request], teach=round != "untaught")
            if round == "untaught":
                warm.end()
            elif round == "learning":
                taught = warm
        taught.end()

    def check(self, warm, request, round, expected, teach):
        run = warm.start(request)
        got = run.finish()
        self.runs += 1
        if run.by_exec:
            self.executed.add(request.script.path.name)
        if run.problem:
            self.problem("%s: %s" % (request.script.path.name, run.problem))
        if got != expected:
            self.tell(request, round, expected, got)
        else:
            self.say("same %s [%s]%s" % (request.script.path.name, request.line, ", by exec" if run.by_exec else ""))
        if teach:
            warm.ended(run)

    def tell(self, request, round, expected, got):
        name = request.script.path.name
        self.differences[name] = self.differences.get(name, 0) + 1
        print("DIFFERENT %s [%s] %s" % (name, request.line, round))
        for what, cold, warm in zip(("stdout", "stderr", "ending"), expected, got):
            if cold != warm:
                show_difference(what, cold, warm)
        sys.stdout.flush()

    def show(self, request, result):
        print("==== %s [%s]" % (request.script.path.name, request.line))
        for what, text in zip(("stdout", "stderr", "ending"), result):
            print("-- %s: %r" % (what, text) if len(text) < 60 else "-- %s:\n%s" % (what, text[:3000].decode("utf-8", "backslashreplace")))
        sys.stdout.flush()

    def isolation(self, directory):
        """What NAME_dirty does must be invisible to NAME_check, whoever runs it next."""
        checks = sorted(directory.glob("*_check.*"))
        checks = [p for p in checks if not self.options.only or re.search(self.options.only, p.name)]
        groups = {}
        for path in checks:
            check = Script(path, self.options)
            dirty = Script(path.with_name(path.name.replace("_check.", "_dirty.")), self.options)
            if check.is_of(self.options.language):
                self.count += 1
                groups.setdefault(check.interpreter(), []).append((dirty, check))
        for pairs in groups.values():
            for teach in (False, True):
                warm = Warm(pairs[0][1], self)
                for dirty, check in pairs:
                    expected = [start_cold(request).finish() for request in check.requests]
                    soiled = [start_cold(request).finish() for request in dirty.requests]
                    for request, want in zip(dirty.requests * 3, soiled * 3):
                        self.check(warm, request, "dirty, %s" % ("taught" if teach else "untaught"), want, teach)
                    for request, want in zip(check.requests * 3, expected * 3):
                        self.check(warm, request, "check, %s" % ("taught" if teach else "untaught"), want, teach)
                    if not teach:
                        warm.end()
                        warm = Warm(pairs[0][1], self)
                warm.end()

    def bench(self, script):
        request = script.requests[0]
        self.rate("cold", lambda: start_cold(request), lambda run: None)
        warm = Warm(script, self)
        for _ in range(5):
            run = warm.start(request)
            run.finish()
            warm.ended(run)

        def begin():
            # The next spare is forked while this one runs.
            warm.control.send(b"fork")
            return warm.start(request)

        def after(run):
            warm.control.send(b"\0".join([b"ended", run.slot.encode(), os.fsencode(request.script.path)]))
            warm.receive_until("spare")

        self.rate("warm", begin, after)
        print("%.1f MiB (Pss)" % warm.memory())
        warm.end()

    def rate(self, name, begin, after):
        """Runs a second with so many in flight; the oldest is waited for while the others fill their pipes."""
        flying, runs, by_exec, times = [], 0, 0, []
        began = time.monotonic()
        while time.monotonic() < began + self.options.seconds:
            while len(flying) < self.options.in_flight:
                flying.append((time.monotonic(), begin()))
            start, run = flying.pop(0)
            _, _, ending = run.finish()
            times.append(time.monotonic() - start)
            runs += 1
            by_exec += run.by_exec
            if run.problem or ending != b"exit 0":
                self.problem("%s: %s" % (run.problem, ending.decode()))
            after(run)
        for _, run in flying:
            run.finish()
            after(run)
        took = time.monotonic() - began
        times.sort()
        print("%s: %.0f runs/s, median %.2f ms, 99 %% %.2f ms%s" % (
            name, runs / took, times[len(times) // 2] * 1e3, times[len(times) * 99 // 100] * 1e3,
            ", %d of %d by exec" % (by_exec, runs) if name == "warm" and by_exec else ""), flush=True)

    def end(self):
        for folder in self.folders:
            shutil.rmtree(folder, ignore_errors=True)

    def summary(self):
        if self.options.bench:
            return 1 if self.problems else 0
        for title, names in (("skipped", self.skipped), ("always an ordinary start", self.refused), ("by exec", sorted(self.executed)), ("not the same twice when cold", self.unstable)):
            if names:
                print("%s: %s" % (title, " ".join(names)))
        if self.differences:
            print("different: " + " ".join("%s×%d" % item for item in sorted(self.differences.items())))
        print("%d scripts, %d warm runs: %d scripts differ, %d problems" % (self.count, self.runs, len(self.differences), len(self.problems)))
        return 1 if self.differences or self.problems or not self.count else 0


def show_difference(what, cold, warm):
    print("  %s cold (-, %d octets) and warm (+, %d octets):" % (what, len(cold), len(warm)))
    lines = [text.decode("utf-8", "backslashreplace").splitlines() for text in (cold[:200000], warm[:200000])]
    for shown, line in enumerate(difflib.unified_diff(*lines, n=0, lineterm="")):
        if shown >= 2 and not line.startswith("@@"):
            print("    " + line[:300])
        if shown > 24:
            print("    …")
            break
    if lines[0] == lines[1]:
        print("    - …%r\n    + …%r" % (cold[-80:], warm[-80:]))


if __name__ == "__main__":
    main()
