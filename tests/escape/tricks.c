// The system calls behind the escape cases. `tricks NAME ARGS`: exit 0 when it worked.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/netlink.h>
#include <linux/vm_sockets.h>
#include <net/if.h>
#include <net/route.h>
#include <netinet/in.h>
#include <arpa/inet.h>
#include <poll.h>
#include <pty.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <linux/fs.h>
#include <termios.h>
#include <unistd.h>

#define OK(expression) return (expression) ? 0 : 1

static int unix_address(struct sockaddr_un *a, const char *name) {
  memset(a, 0, sizeof *a);
  a->sun_family = AF_UNIX;
  if (name[0] != '@') {
    strncpy(a->sun_path, name, sizeof a->sun_path - 1);
    return sizeof *a;
  }
  strncpy(a->sun_path + 1, name + 1, sizeof a->sun_path - 2);
  return offsetof(struct sockaddr_un, sun_path) + strlen(name);
}

// Listens on DIR/s, DIR/d, the abstract name @NAME and a TCP and UDP port of loopback,
// written to DIR/tcp and DIR/udp; holds a terminal, named in DIR/tty.
static int serve(const char *dir, const char *name) {
  char path[200];
  struct sockaddr_un u;
  struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  int type[] = {SOCK_STREAM, SOCK_DGRAM};
  const char *unix_name[] = {"s", "d"}, *inet_name[] = {"tcp", "udp"};
  struct pollfd fds[5];
  for (int i = 0; i < 2; i++) {
    int fd = socket(AF_UNIX, type[i], 0);
    snprintf(path, sizeof path, "%s/%s", dir, unix_name[i]);
    if (bind(fd, (void *)&u, unix_address(&u, path))) return 2;
    chmod(path, 0777);
    if (i == 0) listen(fd, 9);
    fds[i] = (struct pollfd){fd, POLLIN, 0};
    fd = socket(AF_INET, type[i], 0);
    in.sin_port = 0;
    socklen_t len = sizeof in;
    if (bind(fd, (void *)&in, sizeof in)) return 3;
    getsockname(fd, (void *)&in, &len);
    if (i == 0) listen(fd, 9);
    fds[2 + i] = (struct pollfd){fd, POLLIN, 0};
    snprintf(path, sizeof path, "%s/%s", dir, inet_name[i]);
    FILE *f = fopen(path, "w");
    fprintf(f, "%d", ntohs(in.sin_port));
    fclose(f);
  }
  int fd = socket(AF_UNIX, SOCK_STREAM, 0);
  if (bind(fd, (void *)&u, unix_address(&u, name))) return 4;
  listen(fd, 9);
  fds[4] = (struct pollfd){fd, POLLIN, 0};
  int master, slave;
  if (openpty(&master, &slave, 0, 0, 0)) return 5;
  snprintf(path, sizeof path, "%s/tty", dir);
  FILE *f = fopen(path, "w");
  fprintf(f, "%s", ttyname(slave));
  fclose(f);
  // A named pipe with somebody at its other end.
  snprintf(path, sizeof path, "%s/pipe", dir);
  if (mkfifo(path, 0666) || chmod(path, 0666) || open(path, O_RDONLY | O_NONBLOCK) < 0) return 6;
  puts("ready");
  fflush(stdout);
  for (;;) {
    poll(fds, 5, -1);
    for (int i = 0; i < 5; i++) {
      if (!(fds[i].revents & POLLIN)) continue;
      char buffer[64];
      if (i == 1 || i == 3) {
        if (recv(fds[i].fd, buffer, sizeof buffer, 0) < 0) continue;
      } else {
        int c = accept(fds[i].fd, 0, 0);
        if (c >= 0) close(c);
      }
    }
  }
}

static int to_port(int type, const char *host, int port) {
  struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(port)};
  inet_pton(AF_INET, host, &in.sin_addr);
  int fd = socket(AF_INET, type, 0);
  return fd >= 0 && connect(fd, (void *)&in, sizeof in) == 0 && write(fd, "x", 1) == 1;
}

static int to_unix(int type, const char *name) {
  struct sockaddr_un u;
  int fd = socket(AF_UNIX, type, 0);
  return fd >= 0 && connect(fd, (void *)&u, unix_address(&u, name)) == 0;
}

// An unconnected end of a pair can send to any named datagram socket.
static int pair_to_unix(const char *path) {
  int fds[2];
  struct sockaddr_un u;
  if (socketpair(AF_UNIX, SOCK_DGRAM, 0, fds)) return 0;
  int n = unix_address(&u, path);
  return sendto(fds[0], "x", 1, 0, (void *)&u, n) == 1;
}

// With no flags it is taken down; an address is 10.9.8.7.
static int set_loopback(unsigned long request, int flags) {
  struct ifreq r = {.ifr_name = "lo"};
  struct sockaddr_in *in = (void *)&r.ifr_addr;
  if (request == SIOCSIFADDR) {
    in->sin_family = AF_INET;
    inet_pton(AF_INET, "10.9.8.7", &in->sin_addr);
  } else {
    r.ifr_flags = flags;
  }
  return ioctl(socket(AF_INET, SOCK_DGRAM, 0), request, &r) == 0;
}

// To 10.0.0.0/8, through the loopback interface.
static int add_route(void) {
  struct rtentry r = {.rt_flags = RTF_UP, .rt_dev = "lo"};
  struct sockaddr_in to = {.sin_family = AF_INET}, mask = to;
  inet_pton(AF_INET, "10.0.0.0", &to.sin_addr);
  inet_pton(AF_INET, "255.0.0.0", &mask.sin_addr);
  memcpy(&r.rt_dst, &to, sizeof to);
  memcpy(&r.rt_genmask, &mask, sizeof mask);
  return ioctl(socket(AF_INET, SOCK_DGRAM, 0), SIOCADDRT, &r) == 0;
}

static int push_key(unsigned long request) {
  int master, slave;
  if (openpty(&master, &slave, 0, 0, 0)) return 0;
  pid_t pid = fork();
  if (pid == 0) {
    setsid();
    ioctl(slave, TIOCSCTTY, 0);
    char c[2] = {3, 0};
    // Anything but a refusal counts: TIOCLINUX is of consoles alone.
    int r = ioctl(slave, request, c);
    _exit(r == 0 ? 0 : errno == EPERM ? 1 : errno == EIO ? 2 : 0);
  }
  int status;
  waitpid(pid, &status, 0);
  return WEXITSTATUS(status) == 0;
}

static int clone_with(unsigned long flags) {
  long pid = syscall(SYS_clone, flags | SIGCHLD, 0, 0, 0, 0);
  if (pid == 0) _exit(0);
  if (pid > 0) waitpid(pid, 0, 0);
  return pid > 0;
}

static int clone3_with(unsigned long flags) {
  uint64_t args[11] = {0};
  args[0] = flags;
  args[4] = SIGCHLD;
  long pid = syscall(435, args, sizeof args);
  if (pid == 0) _exit(0);
  if (pid > 0) waitpid(pid, 0, 0);
  return pid > 0;
}

#ifdef __x86_64__
static int by_int80(void) {
  long r;
  pid_t pid = fork();
  if (pid == 0) {
    // getpid of i386 is 20
    __asm__ volatile("int $0x80" : "=a"(r) : "a"(20L) : "memory");
    _exit(r > 0 ? 0 : 1);
  }
  int status;
  waitpid(pid, &status, 0);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}
#else
static int by_int80(void) { return 0; }
#endif

// The call is not refused, whatever it thinks of its arguments.
static int reaches(int argc, char **argv) {
  long a[7] = {0};
  for (int i = 0; i < argc && i < 7; i++) a[i] = strtol(argv[i], 0, 0);
  errno = 0;
  long r = syscall(a[0], a[1], a[2], a[3], a[4], a[5], a[6]);
  return r >= 0 || (errno != EPERM && errno != ENOSYS && errno != EACCES);
}

static int uring(void) {
  char parameters[256] = {0};
  return syscall(425, 4, parameters) >= 0;
}

static int attach(pid_t pid) {
  if (ptrace(PTRACE_ATTACH, pid, 0, 0)) return 0;
  waitpid(pid, 0, __WALL);
  ptrace(PTRACE_DETACH, pid, 0, 0);
  return 1;
}

static int read_memory(pid_t pid, const char *address) {
  char byte;
  struct iovec here = {&byte, 1}, there = {(void *)strtoul(address, 0, 16), 1};
  return process_vm_readv(pid, &here, 1, &there, 1, 0) == 1;
}

static int swap(const char *a, const char *b) {
  return syscall(SYS_renameat2, AT_FDCWD, a, AT_FDCWD, b, 2) == 0;
}

static int by_handle(const char *path, const char *mount_path) {
  struct { struct file_handle h; char bytes[128]; } handle;
  handle.h.handle_bytes = 128;
  int id, mount_fd = open(mount_path, O_RDONLY);
  if (name_to_handle_at(AT_FDCWD, path, &handle.h, &id, 0)) return 0;
  int fd = open_by_handle_at(mount_fd, &handle.h, O_WRONLY | O_APPEND);
  return fd >= 0 && write(fd, "x", 1) == 1;
}

static int stray_descriptor(const char *name) {
  for (int fd = 3; fd < 256; fd++) {
    char path[64], target[256] = {0};
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    if (readlink(path, target, 255) > 0 && strstr(target, name)) return 1;
  }
  return 0;
}

static int dgram_server(void) {
  struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  int fd = socket(AF_INET, SOCK_STREAM, 0), client = socket(AF_INET, SOCK_STREAM, 0);
  socklen_t len = sizeof in;
  if (bind(fd, (void *)&in, len) || listen(fd, 1)) return 0;
  getsockname(fd, (void *)&in, &len);
  return connect(client, (void *)&in, len) == 0 && accept(fd, 0, 0) >= 0;
}

static int set_flags(const char *path, int flags) {
  int fd = open(path, O_RDONLY), old = 0;
  if (fd < 0 || ioctl(fd, FS_IOC_GETFLAGS, &old)) return 0;
  int fresh = old | flags;
  if (ioctl(fd, FS_IOC_SETFLAGS, &fresh)) return 0;
  ioctl(fd, FS_IOC_SETFLAGS, &old);
  return 1;
}

static int raise_limit(pid_t pid) {
  struct rlimit now;
  if (prlimit(pid, RLIMIT_CORE, 0, &now)) return 0;
  return prlimit(pid, RLIMIT_CORE, &now, 0) == 0;
}

static int vsock(void) {
  struct sockaddr_vm vm = {.svm_family = AF_VSOCK, .svm_cid = 2, .svm_port = 1};
  int fd = socket(AF_VSOCK, SOCK_STREAM, 0);
  if (fd < 0) return 0;
  fcntl(fd, F_SETFL, O_NONBLOCK);
  connect(fd, (void *)&vm, sizeof vm);
  return 1;
}

static int queue_signal(pid_t pid) {
  siginfo_t info = {0};
  info.si_code = SI_QUEUE;
  return syscall(SYS_rt_sigqueueinfo, pid, SIGCONT, &info) == 0;
}

static int pidfd_signal(pid_t pid) {
  int fd = syscall(434, pid, 0);
  return fd >= 0 && syscall(424, fd, SIGCONT, 0, 0) == 0;
}

static int pidfd_take(pid_t pid) {
  int fd = syscall(434, pid, 0);
  return fd >= 0 && syscall(438, fd, 0, 0) >= 0;
}

static int owner_signal(pid_t pid) {
  int fds[2];
  if (pipe(fds)) return 0;
  if (fcntl(fds[0], F_SETOWN, pid)) return 0;
  return fcntl(fds[0], F_GETOWN) == pid;
}

static int socket_in(int family, int type, int protocol) {
  return socket(family, type, protocol) >= 0;
}

static int send_fd_out(const char *path) {
  struct sockaddr_un u;
  int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
  if (fd < 0) return 0;
  return sendto(fd, "x", 1, 0, (void *)&u, unix_address(&u, path)) == 1;
}

static int setuid_program(const char *path) {
  return chmod(path, 04755) == 0;
}

static int make_node(const char *path) {
  return mknod(path, S_IFCHR | 0666, (1 << 8) | 3) == 0 && open(path, O_RDONLY) >= 0;
}

static int exec_memory(void) {
  int fd = memfd_create("program", 0);
  char buffer[65536];
  int in = open("/bin/true", O_RDONLY);
  for (ssize_t n; (n = read(in, buffer, sizeof buffer)) > 0;) if (write(fd, buffer, n) != n) return 0;
  pid_t pid = fork();
  if (pid == 0) {
    char *argv[] = {"true", 0};
    fexecve(fd, argv, environ);
    _exit(1);
  }
  int status;
  waitpid(pid, &status, 0);
  return WEXITSTATUS(status) == 0;
}

int main(int argc, char **argv) {
  if (argc < 2) return 9;
  char *name = argv[1], *a = argc > 2 ? argv[2] : "", *b = argc > 3 ? argv[3] : "";
#define IS(text) if (!strcmp(name, text))
  IS("serve") return serve(a, b);
  IS("tcp") OK(to_port(SOCK_STREAM, a, atoi(b)));
  IS("udp") OK(to_port(SOCK_DGRAM, a, atoi(b)));
  IS("unix-stream") OK(to_unix(SOCK_STREAM, a));
  IS("unix-dgram") OK(to_unix(SOCK_DGRAM, a));
  IS("unix-send") OK(send_fd_out(a));
  IS("unix-pair") OK(pair_to_unix(a));
  IS("pair-stream") { int fds[2]; OK(socketpair(AF_UNIX, SOCK_STREAM, 0, fds) == 0); }
  IS("socket") OK(socket_in(atoi(a), atoi(b), argc > 4 ? atoi(argv[4]) : 0));
  IS("socket-high") OK(syscall(SYS_socket, (1L << 32) | 1, SOCK_STREAM, 0) >= 0);
  IS("loopback") OK(dgram_server());
  IS("lo-down") OK(set_loopback(SIOCSIFFLAGS, 0));
  IS("lo-up") OK(set_loopback(SIOCSIFFLAGS, IFF_UP));
  IS("lo-address") OK(set_loopback(SIOCSIFADDR, 0));
  IS("route") OK(add_route());
  IS("vsock") OK(vsock());
  IS("push-key") OK(push_key(TIOCSTI));
  IS("push-key-high") OK(push_key(TIOCSTI | (1UL << 32)));
  IS("console-key") OK(push_key(TIOCLINUX));
  IS("clone") OK(clone_with(strtoul(a, 0, 16)));
  IS("clone3") OK(clone3_with(strtoul(a, 0, 16)));
  IS("unshare") OK(unshare(strtoul(a, 0, 16)) == 0);
  IS("setns") { int fd = open(a, O_RDONLY); OK(fd >= 0 && setns(fd, 0) == 0); }
#ifdef __x86_64__
  IS("x32") OK(syscall(0x40000000 + 39) > 0);
#endif
  IS("int80") OK(by_int80());
  IS("reach") OK(reaches(argc - 2, argv + 2));
  IS("uring") OK(uring());
  IS("attach") OK(attach(atoi(a)));
  IS("traceme") OK(ptrace(PTRACE_TRACEME, 0, 0, 0) == 0);
  IS("memory") OK(read_memory(atoi(a), b));
  IS("swap") OK(swap(a, b));
  IS("handle") OK(by_handle(a, b));
  IS("stray") OK(stray_descriptor(a));
  IS("flags") OK(set_flags(a, FS_NODUMP_FL));
  IS("limit") OK(raise_limit(atoi(a)));
  IS("nice") OK(setpriority(PRIO_PROCESS, atoi(a), 5) == 0);
  IS("nice-all") OK(setpriority(PRIO_USER, 0, getpriority(PRIO_USER, 0)) == 0);
  IS("affinity") {
    cpu_set_t set;
    OK(sched_getaffinity(atoi(a), sizeof set, &set) == 0 && sched_setaffinity(atoi(a), sizeof set, &set) == 0);
  }
  IS("sched") { struct sched_param p = {0}; OK(sched_setscheduler(atoi(a), SCHED_BATCH, &p) == 0); }
  IS("ioprio") OK(syscall(SYS_ioprio_set, 1, atoi(a), (2 << 13) | 7) == 0);
  IS("kill") OK(kill(atoi(a), atoi(b)) == 0);
  IS("tgkill") OK(syscall(SYS_tgkill, atoi(a), atoi(a), SIGCONT) == 0);
  IS("queue") OK(queue_signal(atoi(a)));
  IS("pidfd-signal") OK(pidfd_signal(atoi(a)));
  IS("pidfd-take") OK(pidfd_take(atoi(a)));
  IS("owner") OK(owner_signal(atoi(a)));
  IS("xattr") OK(setxattr(a, "user.rondo", "x", 1, 0) == 0);
  IS("setuid") OK(setuid_program(a));
  IS("open-setuid") { umask(0); OK(open(a, O_CREAT | O_WRONLY, 04755) >= 0); }
  IS("node-setuid") { umask(0); OK(mknod(a, S_IFREG | 04755, 0) == 0); }
  IS("fchmod-setuid") OK(fchmod(open(a, O_RDONLY), 02755) == 0);
  IS("pipe-write") { int fd = open(a, O_WRONLY | O_NONBLOCK); OK(fd >= 0 && write(fd, "x", 1) == 1); }
  IS("read-tty") OK(open("/dev/tty", O_RDWR) >= 0);
  IS("node") OK(make_node(a));
  IS("mmap-write") {
    int fd = open(a, O_RDWR);
    char *p = fd < 0 ? MAP_FAILED : mmap(0, 1, PROT_WRITE, MAP_SHARED, fd, 0);
    if (p == MAP_FAILED) return 1;
    p[0] = 'X';
    return 0;
  }
  IS("read-trunc") OK(open(a, O_RDONLY | O_TRUNC) >= 0);
  IS("truncate") OK(truncate(a, 0) == 0);
  IS("tmpfile") {
    int fd = open(a, O_TMPFILE | O_RDWR, 0600);
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    OK(fd >= 0 && linkat(AT_FDCWD, link, AT_FDCWD, b, AT_SYMLINK_FOLLOW) == 0);
  }
  IS("exec-memory") OK(exec_memory());
  IS("lock") { int fd = open(a, O_RDONLY); OK(fd >= 0 && fcntl(fd, F_SETLEASE, F_RDLCK) == 0); }
  IS("keyring") OK(syscall(SYS_add_key, "user", "rondo-test", "x", 1, -4) > 0);
  IS("keyctl") OK(syscall(SYS_keyctl, 0, -4, 0) > 0);
  IS("uid") OK(setuid(atoi(a)) == 0);
  IS("shm-make") OK(syscall(SYS_shmget, atoi(a), 4096, 0666 | 01000) >= 0);
  IS("shm-find") OK(syscall(SYS_shmget, atoi(a), 4096, 0) >= 0);
  IS("shm-drop") OK(syscall(SYS_shmctl, syscall(SYS_shmget, atoi(a), 4096, 0), 0, 0) == 0);
  fprintf(stderr, "unknown trick %s\n", name);
  return 9;
}
