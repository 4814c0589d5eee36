import socket, os, sys, array, ctypes, gc
import html, urllib.parse, json, datetime, re, types
ctl = socket.socket(fileno=0)
libc = ctypes.PyDLL(None)
ctl.recv(1 << 17)
ctl.send(b"ready\0" + sys.version.split()[0].encode())
slot = 0
gc.freeze()
while True:
    m = ctl.recv(1 << 17)
    if not m: os._exit(0)
    if not m.startswith(b"fork"): continue
    a, b = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    slot += 1
    ctypes.pythonapi.PyOS_BeforeFork()
    pid = libc.syscall(56, 0x8000 | 17, 0, 0, 0, 0)
    if pid:
        ctypes.pythonapi.PyOS_AfterFork_Parent()
        ctl.sendmsg([b"spare\0%d\0%d" % (pid, slot)], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [a.fileno()]))])
        a.close(); b.close()
        continue
    ctypes.pythonapi.PyOS_AfterFork_Child()
    a.close()
    msg, anc, _, _ = b.recvmsg(1 << 17, 200)
    if not msg: os._exit(0)
    fds = array.array("i"); fds.frombytes(anc[0][2][:12])
    f = msg.split(b"\0")
    os.setsid()
    for i, fd in enumerate(fds): os.dup2(fd, i); os.close(fd)
    os.chdir(f[1])
    n = int(f[8])
    os.environ.clear()
    for e in f[9 + n:]:
        k, _, v = e.partition(b"="); os.environb[k] = v
    b.send(b"taken"); b.close()
    sys.argv = [os.fsdecode(x) for x in f[9:9 + n]]
    sys.stdout = open(1, "w"); sys.stdin = open(0)
    exec(compile(open(f[2]).read(), f[2], "exec"), {"__name__": "__main__"})
    sys.stdout.flush()
    os._exit(0)
