#include "forked.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { FAILED = 77 };

void forked(void (*body)(void *arg), void *arg)
{
    int status;
    pid_t child;

    fflush(NULL);
    child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        body(arg);
        fflush(NULL);
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

void forked_must(bool good, const char *text, const char *file, int line)
{
    if (good)
        return;
    print_error("%s:%d: %s (%s)\n", file, line, text, strerror(errno));
    fflush(NULL);
    _exit(FAILED);
}

int forked_open(const char *path, int flags)
{
    int fd = open(path, flags | O_CLOEXEC, 0600);

    if (fd < 0)
        return errno;
    close(fd);
    return 0;
}
