#include "outlet.h"

#include "unit.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

char *outlet_of(void (*fn)(void), unsigned short columns)
{
    int in, out, pair[2], status;
    char *text = calloc(1, 65536);
    size_t length = 0;
    ssize_t got;
    pid_t child;

    assert_non_null(text);
    if (columns) {
        struct winsize size = {.ws_row = 24, .ws_col = columns};

        in = posix_openpt(O_RDWR | O_NOCTTY);
        assert_true(in >= 0 && grantpt(in) == 0 && unlockpt(in) == 0);
        out = open(ptsname(in), O_RDWR | O_NOCTTY);
        assert_true(out >= 0 && ioctl(out, TIOCSWINSZ, &size) == 0);
    } else {
        assert_int_equal(pipe(pair), 0);
        in = pair[0];
        out = pair[1];
    }
    child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        dup2(out, STDERR_FILENO);
        fn();
        _exit(0);
    }
    close(out);
    /* The end of a pseudoterminal is told as an error (EIO). */
    while (length < 65535 && (got = read(in, text + length, 65535 - length)) > 0)
        length += (size_t)got;
    close(in);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    return text;
}
