#include "talk.h"

#include "json.h"
#include "mem.h"
#include "reply.h"

#include <errno.h>
#include <grp.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

enum { PART = 64 * 1024, LONGEST_LINE = 16 * 1024 * 1024 };

struct talk {
    int fd;
    struct buf pending; /* of lines that were not yet taken */
    size_t taken;       /* of it */
    bool has_knocked;   /* it was asked whether it is there, and has not answered */
};

/* ---- Who is there? ---- */

static void tell_fault(struct buf *fault, const char *path, int error)
{
    const struct group *group;
    struct stat status;

    switch (error) {
    case ENOENT:
        buf_addf(fault, "no daemon runs here: there is no %s (another socket is named by --control)", path);
        break;
    case ECONNREFUSED:
        buf_addf(fault, "no daemon runs here: nobody listens at %s any more", path);
        break;
    case EACCES:
        group = stat(path, &status) == 0 && status.st_gid ? getgrgid(status.st_gid) : NULL;
        buf_addf(fault, "%s: permission denied: only root%s%s may ask", path, group ? " and members of the group " : "",
                 group ? group->gr_name : ", and the group that control-group names,");
        break;
    case EAGAIN:
        buf_addf(fault, "the daemon at %s does not answer", path);
        break;
    default:
        buf_addf(fault, "%s: %s", path, strerror(error));
    }
}

/* Blocking, with a limit: also for connecting where too many wait already (unix(7)). */
static int connect_to(const char *path)
{
    const struct timeval limit = {TALK_TIMEOUT_S, 0};
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd, error = 0;

    if (strlen(path) >= sizeof address.sun_path)
        return -ENAMETOOLONG;
    memcpy(address.sun_path, path, strlen(path));
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -errno;
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    if (connect(fd, (const struct sockaddr *)&address, sizeof address) < 0)
        error = errno;
    if (error)
        close(fd);
    return error ? -error : fd;
}

/* 0 or -errno. A daemon that turns us away may have closed already: what it said can still be read. */
static int send_all(int fd, const char *text, size_t length)
{
    while (length) {
        ssize_t sent = send(fd, text, length, MSG_NOSIGNAL);

        if (sent < 0 && errno == EPIPE)
            return 0;
        if (sent < 0)
            return -errno;
        text += sent;
        length -= (size_t)sent;
    }
    return 0;
}

struct talk *talk_open(const char *path, const char *request, struct buf *fault)
{
    int fd = connect_to(path), error = fd < 0 ? fd : 0;
    struct buf line = {0};
    struct talk *talk;

    buf_addf(&line, "%s\n", request);
    if (!error)
        error = send_all(fd, line.text, line.length);
    buf_free(&line);
    if (error) {
        tell_fault(fault, path, -error);
        if (fd >= 0)
            close(fd);
        return NULL;
    }
    talk = mem_alloc(sizeof *talk);
    talk->fd = fd;
    return talk;
}

void talk_close(struct talk *talk)
{
    close(talk->fd);
    buf_free(&talk->pending);
    free(talk);
}

/* ---- Lines. ---- */

/* The next line that is there already. */
static enum talk_result take_line(struct talk *talk, struct json_t **line)
{
    const char *begin = buf_text(&talk->pending) + talk->taken, *end = strchr(begin, '\n');

    if (!end)
        return talk->pending.length - talk->taken > LONGEST_LINE ? TALK_RUBBISH : TALK_SILENT;
    *line = json_parse(begin, (size_t)(end - begin));
    talk->taken += (size_t)(end - begin) + 1;
    if (*line && *reply_word(*line, "line"))
        return TALK_LINE;
    json_free(*line);
    *line = NULL;
    return TALK_RUBBISH;
}

/* More bytes; TALK_LINE when some came. Signals that are blocked otherwise are heard while it waits (ppoll(2)). */
static enum talk_result hear(struct talk *talk)
{
    const struct timespec limit = {TALK_TIMEOUT_S, 0};
    struct pollfd poll = {.fd = talk->fd, .events = POLLIN};
    struct buf rest = {0};
    char part[PART];
    sigset_t none;
    ssize_t got;
    int ready;

    sigemptyset(&none);
    ready = ppoll(&poll, 1, &limit, &none);
    if (ready <= 0)
        return ready == 0 ? TALK_SILENT : TALK_INTERRUPTED;
    got = recv(talk->fd, part, sizeof part, 0);
    if (got <= 0)
        return TALK_CLOSED;
    if (memchr(part, '\0', (size_t)got))
        return TALK_RUBBISH;
    buf_add(&rest, buf_text(&talk->pending) + talk->taken);
    buf_add_n(&rest, part, (size_t)got);
    buf_free(&talk->pending);
    talk->pending = rest;
    talk->taken = 0;
    talk->has_knocked = false;
    return TALK_LINE;
}

/* Nothing came for a while. */
static enum talk_result knock(struct talk *talk)
{
    if (talk->has_knocked || send_all(talk->fd, "\n", 1) < 0)
        return TALK_SILENT;
    talk->has_knocked = true;
    return TALK_LINE;
}

enum talk_result talk_next(struct talk *talk, bool patience, struct json_t **line)
{
    enum talk_result result;

    for (;;) {
        result = take_line(talk, line);
        if (result != TALK_SILENT)
            return result;
        result = hear(talk);
        if (result == TALK_SILENT && patience)
            result = knock(talk);
        if (result != TALK_LINE)
            return result;
    }
}
