/* A library to be loaded before all others (LD_PRELOAD, ld.so(8)): one chosen function of the C library fails, or the
 * process ends in front of it, at a chosen call. The plan is in a file, $FAILING_PLAN, which the process shares with
 * the test: tests/netns/harness/failing.py writes it while the program runs, and reads what became of it.
 *
 * The prototypes are our own, with a mode or a flag where the real ones take any number of arguments: the headers would
 * not have it, and the calling conventions of Linux do not mind. */
#define _GNU_SOURCE /* dladdr, RTLD_NEXT */
#include <dlfcn.h>
#include <errno.h>
#include <stddef.h>
#include <stdint.h>

/* Of this layout in failing.py, too. */
struct plan {
    char function[32]; /* "" for none; written last */
    char caller[32];   /* only calls from the object with this in its path; "" for all */
    uint32_t first;    /* which calls fail: from this one, counted from 1; 0 for none */
    uint32_t last;     /* to this one */
    uint32_t chance;   /* or each, with so many chances in 1000 */
    uint32_t seed;
    int32_t error;  /* an errno, or what the function returns instead; ENDS: the process is killed */
    uint32_t calls; /* so far */
    uint32_t failed;
};

enum { ENDS = -1000, HALF = -1001 };

enum {
    OPEN_READ_WRITE = 2,
    READABLE_WRITABLE = 3,
    SHARED = 1,
    KILL = 9,
    SOCKET = 1,
    DOMAIN = 39,
    UNIX = 1,
    DUPLICATE = 1030, /* F_DUPFD_CLOEXEC */
    PAGE = 4096,
    PAGES = 4096,
};

int open(const char *path, int flags, unsigned mode);
void *mmap(void *address, size_t length, int protection, int flags, int fd, long offset);
int close(int fd);
int kill(int pid, int number);
int getpid(void);
char *getenv(const char *name);
int getsockopt(int fd, int level, int name, void *value, unsigned *length);
int strcmp(const char *a, const char *b);
char *strstr(const char *text, const char *part);

static struct plan *plan;

/* Before the program itself runs; what the loader calls before that never fails. */
__attribute__((constructor)) static void open_plan(void)
{
    const char *path = getenv("FAILING_PLAN");
    int fd = path ? open(path, OPEN_READ_WRITE, 0) : -1;
    void *map = fd >= 0 ? mmap(NULL, sizeof *plan, READABLE_WRITABLE, SHARED, fd, 0) : (void *)-1;

    if (fd >= 0)
        close(fd);
    plan = map == (void *)-1 ? NULL : map;
}

/* dladdr() takes its time, and memory is asked for thousands of times: the answers for each page of code are kept. So a
 * process has one caller in its life. */
static int is_from(const void *caller)
{
    static struct {
        uintptr_t page;
        int answer;
    } known[PAGES];
    uintptr_t page = (uintptr_t)caller / PAGE;
    Dl_info info;

    if (known[page % PAGES].page != page) {
        known[page % PAGES].answer =
            dladdr(caller, &info) && info.dli_fname && strstr(info.dli_fname, plan->caller) != NULL;
        known[page % PAGES].page = page;
    }
    return known[page % PAGES].answer;
}

static int is_chosen(const char *function, const void *caller)
{
    return plan && strcmp(plan->function, function) == 0 && (!*plan->caller || is_from(caller));
}

/* The same for the same call of the same seed, whichever thread makes it. */
static uint32_t dice(uint32_t seed, uint32_t call)
{
    uint64_t mixed = (seed * UINT64_C(2654435761) + call) * UINT64_C(11400714819323198485);

    mixed ^= mixed >> 29;
    return (uint32_t)((mixed * UINT64_C(13787848793156543929)) >> 32);
}

/* Of the chosen function: counts the call. */
static int is_due(void)
{
    uint32_t call = __atomic_add_fetch(&plan->calls, 1, __ATOMIC_RELAXED);

    if (!(plan->first && call >= plan->first && call <= plan->last) && dice(plan->seed, call) % 1000 >= plan->chance)
        return 0;
    __atomic_add_fetch(&plan->failed, 1, __ATOMIC_RELAXED);
    if (plan->error == ENDS)
        kill(getpid(), KILL);
    return 1;
}

/* libevent and libcurl wake themselves over pairs of sockets, whose calls cannot fail. */
static int is_network(int fd)
{
    int domain = UNIX;
    unsigned length = sizeof domain;

    return getsockopt(fd, SOCKET, DOMAIN, &domain, &length) == 0 && domain != UNIX;
}

/* The function of this name behind ours. */
#define REAL(name, type, parameters) \
    static type(*real) parameters;   \
    if (!real)                       \
    *(void **)&real = dlsym(RTLD_NEXT, #name)
#define FAILING_IF(may_fail, name, type, parameters, arguments, failure)             \
    type name parameters;                                                            \
    type name parameters                                                             \
    {                                                                                \
        REAL(name, type, parameters);                                                \
        if (is_chosen(#name, __builtin_return_address(0)) && (may_fail) && is_due()) \
            return failure;                                                          \
        return real arguments;                                                       \
    }
#define FAILING(name, type, parameters, arguments, failure) FAILING_IF(1, name, type, parameters, arguments, failure)
#define SETS_ERRNO                                          (errno = plan->error, -1)
#define SETS_ERRNO_NULL                                     (errno = plan->error, NULL)
#define RETURNS_ERROR                                       (plan->error)

FAILING(socket, int, (int family, int type, int protocol), (family, type, protocol), SETS_ERRNO)
FAILING(connect, int, (int fd, const void *address, unsigned length), (fd, address, length), SETS_ERRNO)
FAILING(bind, int, (int fd, const void *address, unsigned length), (fd, address, length), SETS_ERRNO)
FAILING(setsockopt, int, (int fd, int level, int name, const void *value, unsigned length),
        (fd, level, name, value, length), SETS_ERRNO)
FAILING(getsockopt, int, (int fd, int level, int name, void *value, unsigned *length), (fd, level, name, value, length),
        SETS_ERRNO)
FAILING(accept4, int, (int fd, void *address, unsigned *length, int flags), (fd, address, length, flags), SETS_ERRNO)
FAILING_IF(is_network(fd), send, ptrdiff_t, (int fd, const void *data, size_t size, int flags), (fd, data, size, flags),
           SETS_ERRNO)
FAILING(sendto, ptrdiff_t, (int fd, const void *data, size_t size, int flags, const void *to, unsigned length),
        (fd, data, size, flags, to, length), SETS_ERRNO)
FAILING_IF(is_network(fd), recv, ptrdiff_t, (int fd, void *data, size_t size, int flags), (fd, data, size, flags),
           SETS_ERRNO)
FAILING(recvmsg, ptrdiff_t, (int fd, void *message, int flags), (fd, message, flags), SETS_ERRNO)
FAILING(epoll_create1, int, (int flags), (flags), SETS_ERRNO)
FAILING(epoll_ctl, int, (int poll, int action, int fd, void *event), (poll, action, fd, event), SETS_ERRNO)
FAILING(eventfd, int, (unsigned value, int flags), (value, flags), SETS_ERRNO)
FAILING(timerfd_create, int, (int clock, int flags), (clock, flags), SETS_ERRNO)
FAILING(inotify_init1, int, (int flags), (flags), SETS_ERRNO)
FAILING(inotify_add_watch, int, (int fd, const char *path, uint32_t mask), (fd, path, mask), SETS_ERRNO)
FAILING(pipe2, int, (int ends[2], int flags), (ends, flags), SETS_ERRNO)
FAILING(socketpair, int, (int family, int type, int protocol, int ends[2]), (family, type, protocol, ends), SETS_ERRNO)
FAILING(memfd_create, int, (const char *name, unsigned flags), (name, flags), SETS_ERRNO)
FAILING_IF(action == DUPLICATE, fcntl, int, (int fd, int action, long value), (fd, action, value), SETS_ERRNO)
FAILING(open, int, (const char *path, int flags, unsigned mode), (path, flags, mode), SETS_ERRNO)
FAILING(open64, int, (const char *path, int flags, unsigned mode), (path, flags, mode), SETS_ERRNO)
FAILING(openat, int, (int folder, const char *path, int flags, unsigned mode), (folder, path, flags, mode), SETS_ERRNO)
FAILING(opendir, void *, (const char *path), (path), SETS_ERRNO_NULL)
FAILING(fopen, void *, (const char *path, const char *mode), (path, mode), SETS_ERRNO_NULL)
FAILING(fopen64, void *, (const char *path, const char *mode), (path, mode), SETS_ERRNO_NULL)
FAILING(fstat, int, (int fd, void *status), (fd, status), SETS_ERRNO)
FAILING(read, ptrdiff_t, (int fd, void *data, size_t size), (fd, data, size), SETS_ERRNO)
FAILING(close, int, (int fd), (fd), (real(fd), SETS_ERRNO)) /* the descriptor is gone all the same: close(2) */
FAILING(fsync, int, (int fd), (fd), SETS_ERRNO)
FAILING(rename, int, (const char *old, const char *now), (old, now), SETS_ERRNO)
FAILING(unlink, int, (const char *path), (path), SETS_ERRNO)
FAILING(mkdir, int, (const char *path, unsigned mode), (path, mode), SETS_ERRNO)
FAILING(flock, int, (int fd, int action), (fd, action), SETS_ERRNO)
FAILING(getrandom, ptrdiff_t, (void *data, size_t size, unsigned flags), (data, size, flags), SETS_ERRNO)
FAILING(if_nameindex, void *, (void), (), SETS_ERRNO_NULL)
FAILING(if_indextoname, char *, (unsigned index, char *name), (index, name), SETS_ERRNO_NULL)
FAILING(getaddrinfo, int, (const char *node, const char *service, const void *hints, void *result),
        (node, service, hints, result), RETURNS_ERROR)
FAILING(pthread_create, int, (void *thread, const void *attributes, void *(*start)(void *), void *argument),
        (thread, attributes, start, argument), RETURNS_ERROR)
FAILING(posix_spawn, int,
        (int *pid, const char *path, const void *actions, const void *attributes, char *const argv[],
         char *const environment[]),
        (pid, path, actions, attributes, argv, environment), RETURNS_ERROR)
FAILING(syscall, long, (long number, long a, long b, long c, long d, long e, long f), (number, a, b, c, d, e, f),
        SETS_ERRNO)
FAILING(malloc, void *, (size_t size), (size), SETS_ERRNO_NULL)
FAILING(calloc, void *, (size_t count, size_t size), (count, size), SETS_ERRNO_NULL)
FAILING(strdup, char *, (const char *text), (text), SETS_ERRNO_NULL)
FAILING(realloc, void *, (void *old, size_t size), (old, size), SETS_ERRNO_NULL)

/* Or the half of it is written and then the process ends. Lines of the log, from which the test learns what becomes of
 * it, are always written. */
ptrdiff_t write(int fd, const void *data, size_t size);
ptrdiff_t write(int fd, const void *data, size_t size)
{
    REAL(write, ptrdiff_t, (int, const void *, size_t));

    if (!is_chosen("write", __builtin_return_address(0)) || fd <= 2 || !is_due())
        return real(fd, data, size);
    if (plan->error != HALF)
        return SETS_ERRNO;
    real(fd, data, size / 2);
    kill(getpid(), KILL);
    return -1;
}
