"""The Python side of a warm interpreter: preload, wait, fork, and let an unmodified script be the main program.

Runs inside `python -c` (the boot line in warm.rs), in a namespace of its own and before anything but site was imported,
so that what it finds in sys.modules is what every script finds there. It never runs a script in the interpreter that
forks. Its code is compiled under the name of importlib's frozen bootstrap, because tracebacks and warnings leave out
frames of that name.
"""
import sys

# What an ordinary start has loaded before the script's first line.
BASELINE = dict(sys.modules)
MAIN = sys.modules["__main__"]
MAIN_AT_START = {name: value for name, value in MAIN.__dict__.items() if name[:2] == "__"}
MAIN_AT_START["__doc__"] = None
PATH_IMPORTERS = list(sys.path_importer_cache)
VERSION = sys.version_info
if VERSION >= (3, 13) and list(BASELINE)[-1] == "linecache":
    # `-c` registers its text there; `python SCRIPT` does not.
    BASELINE["linecache"].clearcache()
    del BASELINE["linecache"]
# `-c` puts "" in front of sys.path where a script has its directory.
HAS_SCRIPT_DIRECTORY = sys.path[:1] == [""]
if HAS_SCRIPT_DIRECTORY:
    del sys.path[0]
BASE_PATH = list(sys.path)
# Read now: not readable any more once the process is not dumpable.
try:
    with open("/proc/self/environ", "rb") as file:
        ENVIRON_AT_START = [pair for pair in file.read().split(b"\0") if b"=" in pair]
except OSError:
    ENVIRON_AT_START = None

import _frozen_importlib as bootstrap
import builtins, gc, posix, time
import _contextvars, _signal, _socket, _thread, _warnings, atexit, os
from posix import stat

ORDER_BYTES_MAX = 120 << 10  # stays on malloc's heap
ALWAYS = ("always", None, Warning, None, 0)
SLOTS, SLOT_BYTES = 256, 4096
XOPTIONS = {"utf8", "frozen_modules", "int_max_str_digits", "no_debug_ranges", "pycache_prefix", "warn_default_encoding"}
REHEARSALS_OF_ORDER = 24
GAPS_MAX = 20000
SAMPLE_SCRIPT = """
import os, sys, re, json, html, urllib.parse, datetime
print("Content-Type: text/html\\n")
print("<p>" + html.escape(os.environ["QUERY_STRING"]), file=sys.stdout)
"""
SAMPLE_ENVIRONMENT = [b"%s=%s" % (name, b"x" * size) for name, size in (
    (b"GATEWAY_INTERFACE", 7), (b"SERVER_SOFTWARE", 5), (b"SERVER_PROTOCOL", 8), (b"REQUEST_METHOD", 3), (b"REQUEST_URI", 30), (b"QUERY_STRING", 12),
    (b"REQUEST_SCHEME", 4), (b"DOCUMENT_ROOT", 20), (b"SCRIPT_FILENAME", 40), (b"SCRIPT_NAME", 20), (b"SERVER_NAME", 9), (b"SERVER_ADDR", 9), (b"SERVER_PORT", 4),
    (b"REMOTE_ADDR", 9), (b"REMOTE_HOST", 9), (b"REMOTE_PORT", 5), (b"HTTP_HOST", 14), (b"HTTP_USER_AGENT", 60), (b"HTTP_ACCEPT", 50))]
LISTINGS_MAX = 100
CODE_FILES_MAX, CODE_FILE_BYTES_MAX = 200, 512 << 10
UNSETTLED_NS = 50_000_000  # a file that changed so recently may change again within the same tick of the file system's clock
CHECK_FILES_SECONDS = 1.0
MODULES_MAX = 2000

# What nearly every CGI script uses. Whatever else a site's scripts import is learnt from their first runs.
PRELOAD = "re json html urllib.parse datetime string math collections functools copy base64".split()

# Never preloaded, each with all beneath it: they act when imported, replace parts of others, or keep what must differ
# from process to process (multiprocessing keeps an authentication key).
NEVER = set("""
this antigravity __main__ __hello__ __phello__ test idlelib turtledemo turtle tkinter lib2to3 distutils setuptools pip pkg_resources
_distutils_hack _distutils_system_mod ensurepip venv multiprocessing concurrent.futures.process readline rlcompleter curses pdb site sitecustomize usercustomize
faulthandler tracemalloc gevent eventlet greenlet trace profile cProfile pty tty code
""".split())


# ---- The warm interpreter

def main():
    """Gets ready, then obeys the server until it closes the socket. Returns in a child only, when `taken` holds what to run."""
    settings = {}
    verb, *pairs = control.recv(1 << 16).split(b"\0")
    for pair in pairs:
        key, _, value = pair.decode().partition("=")
        settings[key] = value
    named = lambda key: set(filter(None, settings.get(key, "").split(",")))
    library.everything = settings.get("preload") == "auto"
    library.named = named("with")
    NEVER.update(named("without"))
    try:
        library.learn(["warnings"])
        library.learn(PRELOAD + sorted(library.named))
        library.settle()
    except Exception as error:
        leave("refuse", "cannot get ready: %r" % error)
    say("ready", "%d.%d.%d" % VERSION[:3])
    while True:
        verb, *words = control.recv(1 << 16).split(b"\0")
        if verb == b"fork":
            library.exit_if_changed()
            spare()
            if taken:
                return
        elif verb == b"ended":
            learnt(int(words[0]) % SLOTS, words[1])
        elif not verb:
            posix._exit(0)


def say(*words, descriptor=None):
    data = "\0".join(words).encode("utf-8", "surrogateescape")
    if descriptor is None:
        control.send(data)
    else:
        control.sendmsg([data], [(_socket.SOL_SOCKET, _socket.SCM_RIGHTS, descriptor.to_bytes(4, sys.byteorder))])


def leave(*words):
    """Tells the server why this interpreter ends, and ends."""
    say(*words)
    posix._exit(0)


def spare():
    """Forks a child that waits for one order, and hands the server its socket."""
    global slot
    slot = (slot + 1) % SLOTS
    theirs, own = _socket.socketpair(_socket.AF_UNIX, _socket.SOCK_SEQPACKET)
    pid = clone()
    if pid == 0:
        try:
            serve(theirs, own)
            return
        except BaseException:
            posix._exit(1)  # no order could be taken: the server starts the script
    say("spare", str(pid), str(slot), descriptor=theirs.fileno())
    theirs.close()
    own.close()


def learnt(number, program):
    """A script ended: preload what it imported, compile it."""
    now = time.monotonic()
    if not slots[number] and looked_at.get(program, 0) > now - CHECK_FILES_SECONDS:
        return  # the less is touched between two forks, the less must be copied
    while len(looked_at) >= CODE_FILES_MAX:
        looked_at.clear()
    looked_at[program] = now
    news = False
    program = os.fsdecode(program)
    list_settled(os.path.dirname(program))
    if slots[number]:
        begin = SLOTS + number * SLOT_BYTES
        names = slots[begin:begin + SLOT_BYTES].rstrip(b"\0")
        slots[begin:begin + SLOT_BYTES] = bytes(SLOT_BYTES)
        slots[number] = 0
        names = names.decode("ascii", "replace").split("\n")
        news = library.learn([name for name in names if library.may_learn(name)])
    if compiled.learn(program):
        news = True
    if news:
        library.settle()
        say("stale")


def list_settled(place):
    """Lists a directory for the children, unless it has just changed and may do so again within the clock's tick."""
    try:
        found = stat(place or "/")
    except (OSError, ValueError):
        return
    if time.time_ns() - found.st_mtime_ns > UNSETTLED_NS:
        if len(listings) >= LISTINGS_MAX:
            listings.clear()
        listing(place, found)


def clone():
    """fork(2), but the child's parent is ours: the server waits for it as for an ordinary script."""
    before_fork()
    pid = syscall(*CLONE)
    if pid == 0:
        after_fork_in_child()
    else:
        after_fork_in_parent()
        if pid < 0:
            leave("refuse", "clone: " + os.strerror(ctypes.get_errno()))
    return pid


# ---- The library: hidden modules

class Library:
    """What was preloaded. Between `reveal` and `hide` it lies in sys.modules; children see it handed out on import only."""

    def __init__(self):
        self.everything = False
        self.named = set()
        self.hidden = {}  # name: module
        self.shelves = {}  # name: (name, module, namespace of its package, its name there)
        self.needs = {}  # name: what its import imports, in order
        self.failed = set()
        self.barred = set()  # loaded, but an import of these does something that can be seen
        self.acts = {}  # name: what its import registered
        self.warned = set()
        self.stack = []
        self.loggers = {}
        self.stock = []  # empty modules
        self.rehearsed = set()
        self.files = {}
        self.checked = time.monotonic()
        self.standard = os.path.dirname(os.__file__) + "/"

    def may_learn(self, name):
        """Whether a name that a script's child reported may be preloaded."""
        if not all(part.isidentifier() and part.isascii() for part in name.split(".")) or len(name) > 200:
            return False
        if name in self.hidden or name in BASELINE or name in self.failed or len(self.hidden) > MODULES_MAX:
            return False
        top = name.partition(".")[0]
        if name in self.named or top in self.named:
            return True
        try:
            spec = bootstrap.BuiltinImporter.find_spec(top) or PathFinder.find_spec(top, BASE_PATH)
        except Exception:
            spec = None
        if spec is None or spec.origin is None:
            return False
        inside = spec.origin.startswith(self.standard) and not any(d in spec.origin for d in ("/site-packages/", "/dist-packages/"))
        return inside or spec.origin == "built-in" or self.everything

    def learn(self, names):
        """Imports what is new, watching what each import does; true if there is something new."""
        names = [name for name in names if name not in self.hidden and name not in self.failed and not is_barred(name)]
        if not names:
            return False
        # In a context of its own: the children's is empty.
        _contextvars.Context().run(self.load_all, names)
        return True

    def load_all(self, names):
        self.reveal()
        show_environment()
        with Watch(self):
            for name in names:
                self.load(name)
            self.rehearse()
        hide_environment()
        self.hide()

    def load(self, name):
        before = global_state()
        try:
            __import__(name)
        except BaseException:
            self.failed.add(name)
        change = difference(before, global_state())
        if change:
            leave("without", name, change)

    def rehearse(self):
        """Calls safe parts of what is loaded, so that lazily built state and specialised code exist before the fork."""
        modules = sys.modules
        for name, act in REHEARSALS:
            if name in modules and name not in self.rehearsed and not is_barred(name):
                self.rehearsed.add(name)
                try:
                    act(modules[name])
                except Exception as error:
                    say("note", "rehearsal of %s: %r" % (name, error))

    def note_loggers(self, name):
        """Loggers that a module makes when imported are known to logging only once it is handed out."""
        logging = modules.get("logging")
        if logging:
            for key, logger in logging.root.manager.loggerDict.items():
                if key not in self.loggers:
                    self.loggers[key] = logger
                    self.acts.setdefault(name, []).append((logging.root.manager.loggerDict.__setitem__, (key, logger), {}))

    def reveal(self):
        modules.update(self.hidden)
        if self.loggers:
            modules["logging"].root.manager.loggerDict.update(self.loggers)
        for _, module, namespace, child in self.shelves.values():
            if namespace is not None:
                namespace[child] = module

    def hide(self):
        """Leaves sys.modules, and the packages in it, as an ordinary start has them."""
        for key in self.loggers:
            del modules["logging"].root.manager.loggerDict[key]
        for name, module in list(modules.items()):
            if name in BASELINE:
                continue
            self.hidden[name] = module
            package, _, child = name.rpartition(".")
            namespace = getattr(modules.get(package), "__dict__", None) if package else None
            if namespace is not None and namespace.get(child) is not module:
                namespace = self.shelves[name][2] if name in self.shelves else None
            if namespace is not None and package in BASELINE:
                del namespace[child]
            self.shelves[name] = package, module, namespace, child
        modules.clear()
        modules.update(BASELINE)
        for key in list(sys.path_importer_cache):
            if key not in PATH_IMPORTERS:
                del sys.path_importer_cache[key]

    def settle(self):
        """Works out, once for all children, what handing out each module takes; then makes memory ready to be shared."""
        plans.clear()
        # Copies, so that the names lie together: handing out counts references to each.
        names = {name: name[:1] + name[1:] for name in self.hidden}
        children = {}
        for name, (package, _, namespace, _) in self.shelves.items():
            if namespace is not None:
                children.setdefault(package, []).append(name)
        for name in self.hidden:
            order = []
            self.visit(name, set(), order)
            if not any(is_barred(dep) or dep in self.barred or self.hidden[dep] is None for dep in order):
                files = frozenset(dep.partition(".")[0] for dep in order if getattr(self.hidden[dep], "__file__", None))
                quiet = not any(dep in self.warned for dep in order)
                steps = tuple(self.steps(order, children))
                plans[name] = tuple(names[dep] for dep in order), tuple(self.hidden[dep] for dep in order), files, quiet, steps
        self.remember_files()
        for finder in sys.path_importer_cache.values():
            # An ordinary start reads these directories too, when it must find something in them.
            if hasattr(finder, "invalidate_caches"):
                finder.invalidate_caches()
        keep_programs_mapped()
        dress_rehearsal()
        gc.collect()
        libc.malloc_trim(0)
        fill_gaps()
        gc.freeze()
        prepare_main()  # not frozen: the end of a script collects it

    def steps(self, order, children):
        """What handing out these takes beside sys.modules: (if this one is new, call this, with these)."""
        members = set(order)
        for name in order:
            package, module, namespace, child = self.shelves[name]
            if namespace is not None and package in BASELINE:
                yield name, namespace.__setitem__, (child, module), {}
            for other in children.get(name, ()):
                if other not in members:
                    yield name, detach, (self.shelves[other][2], self.shelves[other][3], other), {}
            if name in AT_HANDING_OUT:
                yield name, AT_HANDING_OUT[name], (module,), {}
            for register, args, kwargs in self.acts.get(name, ()):
                yield name, register, args, kwargs

    def visit(self, name, seen, order):
        """What an import of this leaves in sys.modules, in that order."""
        package = name.rpartition(".")[0]
        if package and name not in seen:
            self.visit(package, seen, order)
        if name in seen or name in BASELINE:
            return
        seen.add(name)
        for need in self.needs.get(name, ()):
            self.visit(need, seen, order)
        if name in self.hidden:
            order.append(name)

    def remember_files(self):
        paths = {getattr(module, "__file__", None) for module in list(self.hidden.values()) + list(BASELINE.values())}
        paths.update(BASE_PATH)
        paths.add(os.path.realpath(sys.executable or "/"))
        for path in paths:
            if isinstance(path, str) and path not in self.files:
                self.files[path] = identity(path)

    def exit_if_changed(self):
        """A package or the interpreter itself was upgraded: the server starts another."""
        now = time.monotonic()
        if now - self.checked < CHECK_FILES_SECONDS:
            return
        for path, was in self.files.items():
            found = identity(path)
            if found == was:
                continue
            if path in BASE_PATH and self.is_found_as_before():
                self.files[path] = found  # a module came or went that is none of ours
            elif found is None or was is None or found[:4] != was[:4]:
                say("stale")
                leave("note", path + " has changed; a fresh interpreter takes over")
        self.checked = time.monotonic()

    def is_found_as_before(self):
        for finder in sys.path_importer_cache.values():
            if hasattr(finder, "invalidate_caches"):
                finder.invalidate_caches()
        for name, module in self.hidden.items():
            origin = getattr(getattr(module, "__spec__", None), "origin", None)
            if "." not in name and origin and origin == getattr(module, "__file__", None):
                spec = PathFinder.find_spec(name, BASE_PATH)
                if spec is None or spec.origin != origin:
                    return False
        return True


def keep_programs_mapped():
    """fork(2) leaves out the page tables of files that are only read, and each child would fault them in again, a third of
    all its faults. It copies those of a mapping that has a page of its own: so one octet is written as it was."""
    try:
        with open("/proc/self/maps", "rb") as maps, open("/proc/self/mem", "r+b", 0) as memory:
            for line in maps:
                addresses, permissions, _, _, inode, *_ = line.split()
                start, end = (int(address, 16) for address in addresses.split(b"-"))
                if start not in kept_mapped and permissions[1:] in (b"-xp", b"--p") and permissions[:1] == b"r" and inode != b"0" and end - start >= 1 << 16:
                    kept_mapped.add(start)
                    memory.seek(start)
                    octet = memory.read(1)
                    memory.seek(start)
                    memory.write(octet)
    except OSError:
        pass  # slower, and nothing else


def dress_rehearsal():
    """What a child does between its order and its end, as far as it can be undone: so that the interpreter has specialised
    this code and knows where each attribute is. What it finds out after the fork, it writes to pages of its own."""
    were = sys.argv[:], sys.orig_argv[:] if VERSION >= (3, 10) else None, sys.path[:]
    streams = {name: getattr(sys, name) for name in ("stdin", "stdout", "stderr", "__stdin__", "__stdout__", "__stderr__")}
    script = b"/dev/null"
    pairs = [b"%s=%s" % pair for pair in DECIDED.items()] + SAMPLE_ENVIRONMENT
    data = b"\0".join([b"run", b"/", script, script, b"", b"", b"", b"", b"1", script, *pairs])
    theirs, own = _socket.socketpair(_socket.AF_UNIX, _socket.SOCK_SEQPACKET)
    with open("/proc/self/comm", "rb") as file:
        comm = file.read().rstrip()
    code = compile(SAMPLE_SCRIPT, "<rehearsal>", "exec")
    for _ in range(REHEARSALS_OF_ORDER):
        prepare_main()
        stdio = [posix.dup(number) for number in (0, 1, 2)]
        theirs.sendmsg([data], [(_socket.SOL_SOCKET, _socket.SCM_RIGHTS, b"".join(number.to_bytes(4, sys.byteorder) for number in stdio))])
        for number in stdio:
            posix.close(number)
        order = receive(own)
        order.surround()
        try:
            _, namespace = order.become()
            own.send(b"taken")
            theirs.recv(10)
            if HAS_SCRIPT_DIRECTORY:
                sys.path[0] = "/proc/self/task"  # holds nothing with the name of a module
            bare(exec, code, namespace)
            flush_quietly()
            flush_streams()
            flush_c_streams(None)
        finally:
            bootstrap._find_and_load = plain_find_and_load
            hide_environment()
            sys.argv[:], sys.path[:] = were[0], were[2]
            if were[1] is not None:
                sys.orig_argv[:] = were[1]
            for name, stream in streams.items():
                setattr(sys, name, stream)
            sys.path_importer_cache.pop(os.fsdecode(script), None)
            handed.clear()
            kept.clear()
            fresh.clear()
            library.reveal()
            library.hide()
    prctl(PR_SET_NAME, comm + b"\0", 0, 0, 0)
    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)
    theirs.close()
    own.close()


def fill_gaps():
    """Fills the holes in the heap, so that what a child makes lies close together, on few pages."""
    filling.clear()
    pool_bytes, header_bytes = (1 << 14 if VERSION >= (3, 10) else 1 << 12), 48
    for size in range(16, 513, 16):
        # pymalloc: until a block is the first of its pool.
        blocks = []
        while len(blocks) < GAPS_MAX:
            blocks.append(object() if size == 16 else complex() if size == 32 else bytes(size - BYTES_HEADER - 1))
            if id(blocks[-1]) % pool_bytes == header_bytes:
                break
        filling.append(blocks)
    top = libc.malloc(100000)
    libc.free(top)
    for size in [65000, 32000, 16000, 8000, 4000, 2000] + list(range(1032, 23, -16)):
        # malloc: until blocks come from the heap's end.
        for _ in range(GAPS_MAX):
            block = libc.malloc(size)
            if block >= top:
                libc.free(block)
                break


def is_barred(name):
    parts = name.split(".")
    return parts[-1] == "__main__" or any(".".join(parts[:n]) in NEVER for n in range(1, len(parts) + 1))


def identity(path):
    """Equal as long as a file is the same; None if there is none."""
    try:
        s = stat(path)
    except (OSError, ValueError):
        return None
    return s.st_dev, s.st_ino, s.st_size, s.st_mtime_ns, s.st_ctime_ns


class Watch:
    """While modules are imported: what each import imports, registers, warns of and writes."""

    def __init__(self, library):
        self.library = library

    def __enter__(self):
        self.kept = [(owner, name, getattr(owner, name)) for owner, name in (
            (builtins, "__import__"), (bootstrap, "_find_and_load"), (bootstrap, "_gcd_import"), (bootstrap, "_new_module"),
            (atexit, "register"), (posix, "register_at_fork"), (os, "register_at_fork"), (sys, "stdout"), (sys, "stderr"))]
        builtins.__import__ = self.import_statement
        bootstrap._find_and_load = self.load
        bootstrap._gcd_import = self.import_module
        bootstrap._new_module = self.new_module
        atexit.register = self.defer(atexit.register)
        posix.register_at_fork = os.register_at_fork = self.defer(posix.register_at_fork)
        sys.stdout, sys.stderr = Mouth(self.library, sys.stdout), Mouth(self.library, sys.stderr)
        self.seen = set(modules)
        warnings = modules.get("warnings")
        if warnings is not None:
            # In place: the C half of warnings keeps the list that it used last.
            _warnings.filters.insert(0, ALWAYS)
            self.kept.append((warnings, "showwarning", warnings.showwarning))
            warnings.showwarning = self.warn

    def __exit__(self, *_):
        if _warnings.filters[:1] == [ALWAYS]:
            del _warnings.filters[0]
        for owner, name, was in self.kept:
            setattr(owner, name, was)

    def new_module(self, name):
        """Modules lie together, because a child counts references to many of them."""
        if not self.library.stock:
            self.library.stock = [type(sys)("") for _ in range(100)]
        module = self.library.stock.pop()
        module.__init__(name)
        return module

    def need(self, name):
        if self.library.stack:
            needs = self.library.needs.setdefault(self.library.stack[-1], [])
            if name not in needs:
                needs.append(name)

    def load(self, name, import_):
        library = self.library
        if is_barred(name):
            # Whatever imports this is imported afresh by each script.
            library.barred.update(library.stack)
        self.need(name)
        library.stack.append(name)
        try:
            return plain_find_and_load(name, import_)
        finally:
            # Names that a module put into sys.modules by itself (os.path, six.moves).
            for key in list(modules):
                if key not in self.seen:
                    self.seen.add(key)
                    if key != name and key not in library.needs and key not in library.stack:
                        self.need(key)
            self.seen.add(name)
            library.note_loggers(name)
            library.needs.setdefault(name, [])
            library.stack.pop()

    def import_statement(self, name, globals=None, locals=None, fromlist=(), level=0):
        absolute = name
        if level:
            absolute = bootstrap._resolve_name(name, bootstrap._calc___package__(globals), level)
        self.need(absolute)
        module = plain_import(name, globals, locals, fromlist, level)
        if fromlist and hasattr(module, "__path__"):
            for item in getattr(module, "__all__", ()) if "*" in fromlist else fromlist:
                if "%s.%s" % (absolute, item) in modules:
                    self.need("%s.%s" % (absolute, item))
        return module

    def import_module(self, name, package=None, level=0):
        self.need(bootstrap._resolve_name(name, package, level) if level else name)
        return plain_gcd_import(name, package, level)

    def defer(self, register):
        """Exit and fork handlers are registered when a script's import is the reason."""
        def deferred(*args, **kwargs):
            if self.library.stack:
                self.library.acts.setdefault(self.library.stack[-1], []).append((register, args, kwargs))
                return args[0] if args else None
            return register(*args, **kwargs)
        return deferred

    def warn(self, *args, **kwargs):
        self.library.warned.update(self.library.stack[-1:])


class Mouth:
    """Stands in for standard output and error while modules are imported: a module that speaks is not handed out."""

    def __init__(self, library, stream):
        self.library, self.stream = library, stream

    def __getattr__(self, name):
        return getattr(self.stream, name)

    def write(self, text):
        self.library.barred.update(self.library.stack)
        return len(text)


def global_state():
    """What an import must leave as it is, by name."""
    threads = open("/proc/self/status").read().partition("Threads:")[2].split(None, 1)[0]
    descriptors = []
    for number in range(256):
        try:
            posix.fstat(number)
            descriptors.append(number)
        except OSError:
            pass
    umask = posix.umask(0o77)
    posix.umask(umask)
    state = {
        "threads": threads, "descriptors": descriptors, "umask": umask, "working directory": os.getcwd(),
        "signal handlers": [_signal.getsignal(n) for n in range(1, _signal.NSIG)], "sys.path": list(sys.path),
        "sys.meta_path": sys.meta_path[:len(META_PATH)], "sys.path_hooks": list(sys.path_hooks), "environment": (dict(os.environ._data), c_environment()),
        "locale": libc.setlocale(6, None), "sys.excepthook": sys.excepthook, "sys.displayhook": sys.displayhook,
        "trace function": (sys.gettrace(), sys.getprofile()), "recursion limit": sys.getrecursionlimit(),
        "collector": (gc.isenabled(), gc.get_threshold()), "switch interval": sys.getswitchinterval(),
        "builtins": set(builtins.__dict__), "warning filters": list(_warnings.filters),
    }
    return state


def c_environment():
    entries = ctypes.POINTER(ctypes.c_char_p).in_dll(libc, "environ")
    count = 0
    while entries and entries[count] is not None:
        count += 1
    return count


def difference(before, after):
    return ", ".join(key for key in before if before[key] != after[key])


# ---- Compiled scripts

class Compiled:
    """Code of scripts that have run, as long as the files stay the same. Never run here."""

    def __init__(self):
        self.code = {}  # path: (identity, code)
        self.failed = {}

    def learn(self, path):
        try:
            now = identity(path)
            if now is None or self.code.get(path, (None,))[0] == now or self.failed.get(path) == now:
                return False
            if now[2] > CODE_FILE_BYTES_MAX or time.time_ns() - max(now[3], now[4]) < UNSETTLED_NS:
                return False
            with open(path, "rb") as file:
                source = file.read()
            if identity(path) != now:
                return False
            shown = []
            code = compile_quietly(source, path, shown)
            if shown:
                # An ordinary start shows this warning each time, so each child compiles.
                raise SyntaxError
            while len(self.code) >= CODE_FILES_MAX:
                del self.code[next(iter(self.code))]
            self.code[path] = now, code
            return True
        except BaseException:
            self.failed[path] = now
            while len(self.failed) > CODE_FILES_MAX:
                del self.failed[next(iter(self.failed))]
            return False

    def find(self, path):
        """The code of a script file as it is now."""
        known = self.code.get(path)
        if known is not None and known[0] == identity(path):
            return known[1]
        with open(path, "rb") as file:
            return compile(file.read(), path, "exec", 0, True)


def compile_quietly(source, path, shown):
    """Compiles and notes warnings that would have been shown."""
    had = modules.get("warnings")
    warnings = modules["warnings"] = had or library.hidden["warnings"]  # where the compiler looks for it
    show, warnings.showwarning = warnings.showwarning, lambda *warning: shown.append(warning)
    try:
        return compile(source, path, "exec", 0, True)
    finally:
        warnings.showwarning = show
        if had is None:
            del modules["warnings"]


# ---- The child

def serve(theirs, own):
    """Waits for the order, becomes the script, runs it, ends as it ends."""
    global own_pid
    own_pid = posix.getpid()
    if "threading" in BASELINE:
        modules["threading"].main_thread()._set_native_id()
    theirs.close()
    posix.dup2(1, 0)  # or the server would not see the control socket end
    posix.setsid()
    order = receive(own)
    order.surround()
    try:
        code, namespace = order.become()
    except BaseException as reason:
        order.start_cold(own, reason)
    own.send(b"taken")
    own.close()
    taken.append((code, namespace))


def receive(own):
    data, ancillary, flags, _ = own.recvmsg(ORDER_BYTES_MAX, 64)
    if not data:
        posix._exit(0)  # not needed any more
    if flags & TRUNCATED or not ancillary:
        posix._exit(1)
    return Order(data, ancillary[0][2])


class Order:
    """A launch order: what to run, and with what around it."""

    def __init__(self, data, rights):
        self.data = data
        _, self.directory, self.script, self.execute, cpu, space, processes, size, count, *rest = data.split(b"\0")
        count = int(count)
        self.limits = cpu, space, processes, size
        self.arguments, self.environment = rest[:count], rest[count:]
        self.stdio = [int.from_bytes(rights[n:n + 4], sys.byteorder) for n in (0, 4, 8)]

    def surround(self):
        """What the kernel keeps: descriptors, directory, limits, name."""
        for number, descriptor in enumerate(self.stdio):
            posix.dup2(descriptor, number)
            posix.close(descriptor)
        posix.chdir(self.directory)
        prctl(PR_SET_DUMPABLE, 1, 0, 0, 0)
        if self.execute == self.script and NAMED_BY_SCRIPT:
            prctl(PR_SET_NAME, self.script.rpartition(b"/")[2][:15] + b"\0", 0, 0, 0)
        for (kind, grace), soft in zip(LIMITS, self.limits):
            if soft:
                setrlimit(kind, (int(soft), int(soft) + grace))

    def become(self):
        """Everything up to the script's first line."""
        script = os.fsdecode(self.script)
        arguments = [os.fsdecode(argument) for argument in self.arguments]
        arguments = arguments[arguments.index(script):]
        replace_environment(self.data, self.environment)
        place_streams()
        code = compiled.find(script)
        if HAS_SCRIPT_DIRECTORY:
            sys.path.insert(0, real_path(self.script).rpartition("/")[0] or "/")
        sys.path_importer_cache[script] = None
        sys.argv[:] = arguments
        if ORIGINAL_FLAGS is not None:
            sys.orig_argv[ORIGINAL_FLAGS:] = arguments
        bootstrap._find_and_load = find_and_load
        namespace = modules["__main__"].__dict__
        namespace["__loader__"] = SourceFileLoader("__main__", script)
        namespace["__file__"] = script
        return code, namespace

    def start_cold(self, own, reason):
        """This process becomes an ordinary start: whatever could not be made equal is equal there."""
        for number in (_signal.SIGPIPE, _signal.SIGXFSZ):
            _signal.signal(number, _signal.SIG_DFL)
        own.send(b"cold")
        try:
            environment = {}
            for pair in self.environment:
                name, _, value = pair.partition(b"=")
                environment.setdefault(name, value)
            posix.execve(self.execute, self.arguments, environment)
        finally:
            posix._exit(127)


def hide_environment():
    """Here and not in each child: a child only adds."""
    libc.clearenv()
    os.environ._data.clear()
    posix.environ.clear()


def show_environment():
    for name, value in ENVIRONMENT.items():
        posix.putenv(name, value)
    os.environ._data.update(ENVIRONMENT)


def replace_environment(data, pairs):
    """os.environ, os.environb and C's environment; the same objects as before, empty since `hide_environment`."""
    decided = DECIDED.copy()
    names = os.environ._data
    for pair in pairs:
        name, _, value = pair.partition(b"=")
        if (name in DECIDING or name.startswith(DECIDING_PREFIXES)) and decided.pop(name, None) != value:
            raise ValueError("%r decides how the interpreter starts" % name)
        if name and name not in names:
            names[name] = value
    if decided:
        raise ValueError("%r are missing" % list(decided))
    # C's environment points into the order itself, where the pairs lie as they would on a new stack: setenv twenty times
    # is twenty times realloc.
    count = len(pairs)
    if count >= len(c_pairs):
        raise ValueError("too many variables")
    end = id(data) + BYTES_HEADER + len(data) + 1
    addresses = []
    for pair in reversed(pairs):
        end -= len(pair) + 1
        addresses.append(end)
    addresses.reverse()
    pack_pairs("%dP" % (count + 1), c_pairs, 0, *addresses, 0)
    c_environ.value = C_PAIRS
    kept.append(data)
    for name, value in ADDED_AT_START:
        names[name] = value
        putenv(name, value)
    if posix.environ is not names:
        posix.environ.update(names)


def real_path(path):
    """realpath(3), as the interpreter itself calls it for sys.path."""
    if not resolve_path(path, path_buffer):
        raise OSError(path)
    return os.fsdecode(path_buffer.value)


def prepare_main():
    """A module `__main__` as `python SCRIPT` has it, but for its name."""
    module = modules["__main__"] = type(sys)("__main__")
    namespace = module.__dict__
    namespace.clear()
    namespace.update(MAIN_AT_START)
    if "__annotations__" in namespace:
        namespace["__annotations__"] = {}
    namespace["__file__"] = None
    if VERSION < (3, 15):
        namespace["__cached__"] = None


def make_stream(number, name, mode, encoding, errors, write_through):
    """What a start makes of a descriptor."""
    unbuffered = UNBUFFERED and number > 0
    buffer = open_file(number, mode + "b", 0 if unbuffered else -1, None, None, None, False)
    raw = buffer if unbuffered else buffer.raw
    raw.name = "<%s>" % name
    lines = not UNBUFFERED and (raw.isatty() or number == 2 and VERSION >= (3, 9))
    stream = TextIOWrapper(buffer, encoding, errors, "\n", lines, write_through)
    stream.mode = mode
    return stream


def prepare_streams():
    """Streams for the two kinds of descriptors that scripts get: what cannot seek, and a file at its begin."""
    reading, writing = posix.pipe()
    null = posix.open("/dev/null", posix.O_RDWR)
    found = posix.fstat(null)
    for kind, descriptors in (("pipe", (reading, writing, writing)), ("file", (null, null, null))):
        for row, descriptor in zip(STREAMS, descriptors):
            number = row[0]
            kept = posix.dup(number)
            posix.dup2(descriptor, number)
            ready_streams[kind, number] = make_stream(*row)
            posix.dup2(kept, number)
            posix.close(kept)
    for descriptor in (reading, writing, null):
        posix.close(descriptor)
    return found.st_rdev, found.st_blksize


def place_streams():
    """sys.stdin, sys.stdout and sys.stderr, made ahead where that makes no difference."""
    for row in STREAMS:
        number, name = row[:2]
        found = posix.fstat(number)
        kind = found.st_mode & 0o170000
        stream = None
        if found.st_blksize == BLOCK_BYTES:
            if kind == S_IFIFO or kind == S_IFSOCK:
                stream = ready_streams["pipe", number]
            elif (kind == S_IFREG or found.st_rdev == NULL_DEVICE) and posix.lseek(number, 0, 1) == 0:
                stream = ready_streams["file", number]
        if stream is None:
            stream = make_stream(*row)
        setattr(sys, name, stream)
        setattr(sys, "__%s__" % name, stream)
        kept.append(stream)


def run():
    """Runs the script as the main program and leaves as an ordinary process does."""
    error = bare(exec, *taken.pop())
    flush_quietly()
    status = 0
    if error is not None:
        trace = error.__traceback__ = error.__traceback__.tb_next
        status = report(type(error), error, trace)
        trace = error = None
    threading = modules.get("threading")
    if threading is not None:
        bare(threading._shutdown)
    bare(atexit._run_exitfuncs)
    report_imports()
    if not flush_streams():
        status = 120
    let_go()
    flush_quietly()
    for stream in kept[1:]:
        # They would be flushed when freed, wherever the script has put them.
        try:
            stream.flush()
        except BaseException:
            pass
    flush_c_streams(None)
    if status < 0:
        _signal.signal(-status, _signal.SIG_DFL)
        posix.kill(posix.getpid(), -status)
    posix._exit(status)


def bare(function, *args):
    """Calls as the interpreter itself does, with no frame below, so that the script's stack begins with the script;
    the exception or None."""
    error = None
    call = partial(function, *args)
    depth, frame = stack.depth, stack.frame
    if stack.indirect is not None:
        frame = c_void_p.from_address(frame.value + stack.indirect)
    above, level = frame.value, depth.value
    frame.value = None
    depth.value = stack.level
    try:
        call()
    except BaseException as raised:
        error = raised
    frame.value = above
    depth.value = level
    return error


def unraisable_type():
    """The type of sys.unraisablehook's argument has no name in sys."""
    class Raising:
        def __del__(self):
            raise ValueError
    caught = []
    hook, sys.unraisablehook = sys.unraisablehook, lambda args: caught.append(type(args))
    Raising()
    sys.unraisablehook = hook
    return caught[0]


class Stack:
    """Where this interpreter keeps its innermost frame and how deep it is. CPython has no call that runs code on a stack of
    its own, so these are searched for in the thread's state, tried in a child, and left alone if anything is unexpected."""

    def __init__(self):
        self.forget()
        try:
            python.PyThreadState_Get.restype = c_void_p
            thread = python.PyThreadState_Get()
            self.search_frame(thread)
            self.search_depth(thread)
        except Exception:
            self.forget()

    def forget(self):
        self.frame, self.indirect, self.depth, self.level = c_void_p(), None, c_int(), 0

    def address(self, frame):
        """What the interpreter keeps of a frame."""
        return id(frame) if VERSION < (3, 11) else c_void_p.from_address(id(frame) + 24).value

    def search_frame(self, thread):
        target = self.address(sys._getframe())
        octets = target.to_bytes(8, sys.byteorder)
        with open("/proc/self/mem", "rb", 0) as memory:  # reading a wrong address there is an error, not a crash
            for offset in range(16, 400, 8):
                word = c_void_p.from_address(thread + offset)
                if word.value == target:
                    self.frame = word
                    return
                if (3, 11) <= VERSION < (3, 13) and word.value:
                    # There it lies in a structure of the running evaluation.
                    try:
                        memory.seek(word.value)
                        found = memory.read(16)
                    except (OSError, ValueError, OverflowError):
                        continue
                    if octets in (found[:8], found[8:]):
                        self.frame, self.indirect = word, found.index(octets)
                        return

    def search_depth(self, thread):
        counts = [c_int.from_address(thread + offset) for offset in range(16, 200, 4)]
        one, two, three = level_at(1, counts), level_at(4, counts), level_at(7, counts)
        found = [n for n in range(len(counts)) if two[n] - one[n] == three[n] - two[n] and abs(two[n] - one[n]) == 3]
        if len(found) == 1:
            self.depth = counts[found[0]]

    def calibrate(self, deeper, here):
        """From the outermost level of this file, which is one `exec` above the bottom."""
        self.level = here
        seen = []
        bare(exec, compile("seen.append(stack.depth.value)", "<depth>", "exec"), {"seen": seen, "stack": self})
        self.level = here - (deeper - here) - (seen[0] - here)

    def works(self):
        """Tries it in a child."""
        pid = posix.fork()
        if pid == 0:
            seen = []
            error = bare(exec, compile("import sys\ntry: sys._getframe(1)\nexcept ValueError: seen.append(1)\n1/0", "<try>", "exec"), {"seen": seen})
            trace = error.__traceback__.tb_next
            posix._exit(0 if seen and trace.tb_frame.f_back is None and not trace.tb_next else 1)
        return posix.waitpid(pid, 0)[1] == 0


def level_at(deep, counts):
    return level_at(deep - 1, counts) if deep else [count.value for count in counts]


def flush_quietly():
    for name in ("stderr", "stdout"):
        try:
            getattr(sys, name).flush()
        except BaseException:
            pass


def report(kind, error, trace):
    """What PyErr_Print does; the exit status, negative for a signal."""
    if isinstance(error, SystemExit):
        return exit_status(error)
    sys.last_type, sys.last_value, sys.last_traceback = kind, error, trace
    if VERSION >= (3, 12):
        sys.last_exc = error
    if hasattr(sys, "excepthook"):
        try:
            sys.audit("sys.excepthook", sys.excepthook, kind, error, trace)
        except RuntimeError:
            return 1
        second = bare(sys.excepthook, kind, error, trace)
        if isinstance(second, SystemExit):
            return exit_status(second)
        if second is not None:
            second.__traceback__ = second.__traceback__.tb_next
            write_error("Error in sys.excepthook:\n")
            bare(sys.__excepthook__, type(second), second, second.__traceback__)
            write_error("\nOriginal exception was:\n")
            bare(sys.__excepthook__, kind, error, trace)
    else:
        write_error("sys.excepthook is missing\n")
        bare(sys.__excepthook__, kind, error, trace)
    return -_signal.SIGINT if isinstance(error, KeyboardInterrupt) else 1


def exit_status(error):
    code = error.code
    if code is None:
        return 0
    if isinstance(code, int):
        return code & 0xff if -1 << 63 <= code < 1 << 63 else 255
    try:
        text = str(code)
    except BaseException:
        text = ""
    write_error(text)
    write_error("\n")
    return 1


def write_error(text):
    try:
        sys.stderr.write(text)
        sys.stderr.flush()
    except BaseException:
        pass


def flush_streams():
    """As the interpreter's own end does it; false when an error changes the exit status."""
    flushed = True
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name, None)
        try:
            if stream is not None and not is_closed(stream):
                stream.flush()
        except BaseException as error:
            flushed = False
            if name == "stdout":
                about = (None, stream) if VERSION < (3, 13) else ("Exception ignored on flushing sys.stdout", None)
                trace = error.__traceback__ = error.__traceback__.tb_next
                sys.unraisablehook(UnraisableHookArgs((type(error), error, trace, *about)))
    return flushed


def is_closed(stream):
    try:
        return bool(stream.closed)
    except BaseException:
        return False


def let_go():
    """Lets go of what the script made, in the interpreter's order, so that files are written and `__del__` runs."""
    for name in ("last_type", "last_value", "last_traceback", "last_exc"):
        if hasattr(sys, name):
            setattr(sys, name, None)
    for name in ("stdin", "stdout", "stderr"):
        setattr(sys, name, getattr(sys, "__%s__" % name, None))
    bare(modules.__setitem__, "__main__", None)
    for name in fresh:
        if name in modules:
            bare(modules.__setitem__, name, None)
    bare(gc.collect)


def report_imports():
    """Tells the warm interpreter what this script imported that was not preloaded."""
    if fresh and posix.getpid() == own_pid:
        names = "\n".join(name for name in fresh if name in modules and name not in plans).encode("ascii", "replace")[:SLOT_BYTES - 1]
        if names:
            begin = SLOTS + slot * SLOT_BYTES
            slots[begin:begin + len(names)] = names
            slots[slot] = 1


# ---- Imports of the child

def find_and_load(name, import_):
    """Stands where importlib's function of that name does: a preloaded module when a search would find the very same."""
    plan = plans.get(name)
    if plan is not None and hand_out(*plan):
        return modules[name]
    if _thread.get_ident() != MAIN_THREAD:
        # `stack` is the main thread's. Another thread's stack begins with its own function; it sees one frame more here.
        module = plain_find_and_load(name, import_)
        fresh.append(name)
        return module
    frame = stack.frame
    if stack.indirect is not None:
        frame = c_void_p.from_address(frame.value + stack.indirect)
    own = frame.value
    # The module that is imported sees the importer where it would be.
    try:
        frame.value = stack.address(sys._getframe(1))
    except ValueError:
        frame.value = None  # the interpreter itself imports, with no frame below
    try:
        module = partial(plain_find_and_load, name, import_)()
    finally:
        frame.value = own
    fresh.append(name)
    return module


def hand_out(names, found, files, quiet, steps):
    """Puts into sys.modules what an import would; false where an import must be made or would have another result."""
    if sys.modules is not modules or builtins.__import__ is not plain_import or sys.path_hooks != PATH_HOOKS:
        return False
    if sys.meta_path[:len(META_PATH)] != META_PATH or not quiet and not ignores_warnings() or files and is_shadowed(files):
        return False
    new = names
    if not modules.keys().isdisjoint(names):
        new = []
        for name, module in zip(names, found):
            present = modules.get(name, modules)
            if present is modules:
                new.append(name)
            elif present is not module:
                return False
    for before in handed:
        if not all(map(modules.__contains__, before)) and not set(before).isdisjoint(new):
            return False  # the script removed it and wants a new one
    modules.update(zip(names, found))
    if new is not names:
        for name in new:
            package, module, namespace, child = library.shelves[name]
            if namespace is not None and package not in new:
                namespace[child] = module
    handed.append(new)
    for name, act, args, kwargs in steps:
        if new is names or name in new:
            act(*args, **kwargs)
    return True


def detach(namespace, child, name):
    """A package handed out without this module must not know it yet."""
    if name not in modules:
        namespace.pop(child, None)


def ignores_warnings():
    return _warnings.filters[:1] == [("ignore", None, Warning, None, 0)]


def is_shadowed(files):
    """Whether a place that is searched before the library's may hold a module of one of these names."""
    path = sys.path
    if path[1:] == BASE_PATH:
        places = path[:1]
    else:
        starts = [n for n in range(len(path) - len(BASE_PATH) + 1) if path[n:n + len(BASE_PATH)] == BASE_PATH]
        if not starts:
            return True
        places = path[:starts[0]]
    for place in places:
        try:
            found = stat(place or ".")
        except (OSError, ValueError):
            continue  # importlib passes over it too
        except TypeError:
            return True
        names = listing(place, found)
        if names is None or not files.isdisjoint(names):
            return True
    return False


def listing(place, found):
    """First parts of the names in a directory; None for what is no directory."""
    key = found.st_dev, found.st_ino, found.st_mtime_ns
    names = listings.get(key)
    if names is None:
        try:
            names = frozenset([name.partition(".")[0] for name in posix.listdir(place or ".")])
        except OSError:
            return None
        listings[key] = names
    return names


# ---- Rehearsals and what happens at handing out

def rehearse_cgi(cgi):
    environment = {"REQUEST_METHOD": "GET", "QUERY_STRING": "name=Ada&x=1+2%20"}
    for _ in range(12):
        cgi.FieldStorage(environ=environment).getvalue("name")
    boundary = b"b"
    body = b'--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n--b\r\nContent-Disposition: form-data; name="f"; filename="x"\r\n\r\nx\r\n--b--\r\n'
    io = modules["io"]
    environment = {"REQUEST_METHOD": "POST", "CONTENT_TYPE": "multipart/form-data; boundary=b", "CONTENT_LENGTH": str(len(body))}
    for _ in range(10):
        cgi.FieldStorage(fp=io.BytesIO(body), environ=environment).getvalue("a")


def rehearse_re(re):
    for _ in range(9):
        re.purge()
        re.compile(r"(?i)^\s*([a-z_][\w.]*)\s*=\s*(?:\"([^\"]*)\"|'[^']+'|(?P<n>\d{1,3}))?$|[^a-c]+?x*(?=y)(?!z)\b").match("a = 1")
        re.sub(r"[<>&]", lambda m: m[0], "a<b>&c")
        re.split(r",\s*", "a, b,c")
    re.purge()


def rehearse_email(parser):
    for _ in range(10):
        parser.BytesParser().parsebytes(b"Subject: x\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nbody\r\n").get_content_charset()


def rehearse_datetime(datetime):
    for _ in range(9):
        datetime.datetime.now().strftime("%Y-%m-%d %H:%M:%S")
        datetime.datetime.strptime("2020-01-02", "%Y-%m-%d")


def rehearse_sqlite3(sqlite3):
    connection = sqlite3.connect(":memory:")
    connection.execute("create table t (a integer primary key, b text)")
    connection.execute("insert into t (b) values (?)", ("x",))
    connection.execute("select a, b from t where b = ? order by a", ("x",)).fetchall()
    connection.close()


def many(act):
    """A rehearsal often enough that the interpreter has specialised the code."""
    def often(module):
        for _ in range(9):
            act(module)
    return often


REHEARSALS = [
    ("re", rehearse_re),
    ("json", many(lambda m: m.loads(m.dumps({"a": [1, 2.5, None, True, "\u00e9"]}, indent=1)))),
    ("html", many(lambda m: m.unescape(m.escape("<a href='x'>&amp;\u00e9")))),
    ("urllib.parse", many(lambda m: (m.parse_qs("name=Ada&x=1+2%20"), m.urlencode({"a": "b c"}), m.quote("a/b \u00e9"), m.unquote("%C3%A9"),
                                     m.urljoin("http://a/b?c", "d"), m.urlsplit("http://u@h:1/p?q#f").port, m.clear_cache() if hasattr(m, "clear_cache") else None))),
    ("datetime", rehearse_datetime),
    ("email.parser", rehearse_email),
    ("cgi", rehearse_cgi),
    ("http.cookies", many(lambda m: (m.SimpleCookie("a=b; c=d")["a"].value, m.SimpleCookie({"x": "y"}).output()))),
    ("sqlite3", rehearse_sqlite3),
    ("hashlib", many(lambda m: [m.new(n, b"x").hexdigest() for n in ("md5", "sha1", "sha256")])),
    ("base64", many(lambda m: m.b64decode(m.b64encode(b"x")))),
    ("csv", many(lambda m: list(m.reader(["a,b"])))),
    ("decimal", many(lambda m: str(m.Decimal("1.1") * 2))),
    ("xml.etree.ElementTree", many(lambda m: m.tostring(m.fromstring("<a b='c'>d</a>")))),
    ("string", many(lambda m: m.Template("$a").substitute(a=1))),
    ("textwrap", many(lambda m: m.fill("a b c " * 20))),
    ("dataclasses", many(lambda m: m.make_dataclass("A", ["x", "y"])(1, 2))),
    ("collections", many(lambda m: m.namedtuple("A", "x y")(1, 2))),
    ("pathlib", many(lambda m: str(m.Path("/a") / "b"))),
    ("traceback", many(lambda m: m.format_exception(ValueError, ValueError("x"), None))),
]


def fresh_random(random):
    # As its own seed does, without a detour.
    seed_random(random._inst)
    random._inst.gauss_next = None


def fresh_logging(logging):
    logging._startTime = time.time_ns() if isinstance(logging._startTime, int) else time.time()


def fresh_threading(threading):
    # What it noted when imported: the main thread is the child's.
    threading._after_fork()
    threading.main_thread()._set_native_id()


AT_HANDING_OUT = {"random": fresh_random, "logging": fresh_logging, "threading": fresh_threading}


# ---- The beginning

PR_SET_DUMPABLE, PR_SET_NAME, PR_GET_TID_ADDRESS = 4, 15, 40
CLONE_PARENT, CLONE_CHILD_CLEARTID, CLONE_CHILD_SETTID = 0x8000, 0x200000, 0x1000000

control = _socket.socket(fileno=0)
machine = posix.uname().machine
if VERSION < (3, 8) or sys.implementation.name != "cpython":
    leave("refuse", "needs CPython 3.8 or later")
if machine not in ("x86_64", "aarch64") or sys.maxsize < 1 << 32:
    leave("refuse", "needs x86_64 or aarch64")
if sys.flags.inspect or sys.flags.interactive or sys.flags.verbose or sys.flags.dev_mode or set(sys._xoptions) - XOPTIONS or "t" in sys.abiflags:
    leave("refuse", "flags that act when an interpreter starts or ends")
if ENVIRON_AT_START is None:
    leave("refuse", "needs /proc")

slots = None
slot = -1
MAIN_THREAD = _thread.get_ident()
modules = sys.modules
plain_find_and_load, plain_gcd_import, plain_import = bootstrap._find_and_load, bootstrap._gcd_import, builtins.__import__
META_PATH, PATH_HOOKS = list(sys.meta_path), list(sys.path_hooks)
plans = {}  # name: what `hand_out` takes
handed, fresh = [], []  # in a child: names handed out, by import, names imported ordinarily
kept_mapped = set()
looked_at = {}  # a script's path: when it was last looked at
filling = []  # holds the heap's holes
kept = []  # in a child: what must not be freed
taken = []  # in a child: the script's code and namespace; nothing else may hold them
listings = {}  # identity of a directory: first parts of the names in it
library, compiled = Library(), Compiled()
with Watch(library):
    try:
        import _random, ctypes, mmap, resource
        from ctypes import c_int, c_void_p
        from resource import setrlimit
    except ImportError as error:
        leave("refuse", str(error))
PathFinder = sys.modules["_frozen_importlib_external"].PathFinder
SourceFileLoader = sys.modules["_frozen_importlib_external"].SourceFileLoader
from _io import open as open_file, TextIOWrapper, FileIO
from posix import putenv
from _struct import pack_into as pack_pairs
from _functools import partial
seed_random = _random.Random.seed
LIMITS = (resource.RLIMIT_CPU, 1), (resource.RLIMIT_AS, 0), (resource.RLIMIT_NPROC, 0), (resource.RLIMIT_FSIZE, 0)
slots = mmap.mmap(-1, SLOTS + SLOTS * SLOT_BYTES)
libc, python = ctypes.CDLL(None, use_errno=True), ctypes.PyDLL(None, use_errno=True)
libc.malloc_trim(0)  # what compiling this file took
libc.setlocale.restype = ctypes.c_char_p
libc.realpath.restype = libc.malloc.restype = ctypes.c_void_p
libc.free.argtypes = [ctypes.c_void_p]
# Looked up here, for a function that a child looked up would cost it thirty pages.
prctl, resolve_path, flush_c_streams = libc.prctl, libc.realpath, libc.fflush
before_fork, after_fork_in_child, after_fork_in_parent = python.PyOS_BeforeFork, python.PyOS_AfterFork_Child, python.PyOS_AfterFork_Parent
for function in before_fork, after_fork_in_child, after_fork_in_parent:
    function.restype = None
syscall = python.syscall
syscall.restype = ctypes.c_long


def clone_arguments():
    tid = ctypes.c_void_p()
    flags, address = CLONE_PARENT | _signal.SIGCHLD, 0
    if prctl(PR_GET_TID_ADDRESS, ctypes.byref(tid), 0, 0, 0) == 0 and tid.value:
        if ctypes.c_int.from_address(tid.value).value == _thread.get_native_id():
            # The C library's own idea of the thread's number, as its fork keeps it.
            flags, address = flags | CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID, tid.value
    number, *last = (56, address, 0) if machine == "x86_64" else (220, 0, address)
    return tuple(map(ctypes.c_long, (number, flags, 0, 0, *last)))


# Tracebacks of failed imports leave out frames of exactly this name.
for function in (find_and_load, hand_out):
    function.__code__ = function.__code__.replace(co_filename="<frozen importlib._bootstrap>")
CLONE = clone_arguments()
UNBUFFERED = isinstance(sys.stdout.buffer, FileIO)
STREAMS = [(number, stream.name[1:-1], mode, stream.encoding, stream.errors, stream.write_through)
           for number, mode, stream in ((0, "r", sys.stdin), (1, "w", sys.stdout), (2, "w", sys.stderr))]
ready_streams = {}
NULL_DEVICE, BLOCK_BYTES = prepare_streams()
TRUNCATED = _socket.MSG_TRUNC | _socket.MSG_CTRUNC
S_IFIFO, S_IFSOCK, S_IFREG = 0o010000, 0o140000, 0o100000
# C's list of variables in a child, and where C looks for it.
c_pairs = (c_void_p * 1000)()
C_PAIRS = ctypes.addressof(c_pairs)
c_environ = c_void_p.in_dll(libc, "environ")
BYTES_HEADER = bytes.__basicsize__ - 1
path_buffer = ctypes.create_string_buffer(4097)
KEPT = sys.stdin, sys.stdout, sys.stderr, MAIN
ORIGINAL_FLAGS = len(sys.orig_argv) - 3 if VERSION >= (3, 10) else None
# Variables that act when an interpreter starts must be what they were when this one did.
DECIDING = frozenset((b"HOME", b"PATH"))
DECIDING_PREFIXES = b"PYTHON", b"LC_", b"LANG", b"TZ", b"LD_", b"MALLOC_", b"GLIBC_"
at_start = dict(pair.split(b"=", 1) for pair in reversed(ENVIRON_AT_START))
DECIDED = {name: value for name, value in at_start.items() if name in DECIDING or name.startswith(DECIDING_PREFIXES)}
# What the interpreter and site set by themselves (LC_CTYPE in the C locale).
ENVIRONMENT = dict(os.environ._data)
ADDED_AT_START = [(name, value) for name, value in ENVIRONMENT.items() if at_start.get(name) != value]
with open("/proc/self/cmdline", "rb") as file:
    COMMAND = os.fsdecode(file.read().partition(b"\0")[0])
NAMED_BY_SCRIPT = "/" in COMMAND  # otherwise by env, that has found it in PATH
UnraisableHookArgs = unraisable_type()
stack = Stack()
deeper = 0
exec(compile("deeper = stack.depth.value", "<depth>", "exec"))
stack.calibrate(deeper, stack.depth.value)
if not stack.works():
    stack.forget()
    say("note", "scripts can see the frames of the prelude beneath their own")
main()
run()
