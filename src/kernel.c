#include "kernel.h"

#include "log.h"
#include "mem.h"

#include <errno.h>
#include <event2/event.h>
#include <fnmatch.h>
#include <libmnl/libmnl.h>
#include <linux/filter.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

enum {
    DATAGRAM = 32768, /* what the kernel fills at most in one answer to a dump */
    RECEIVE_BUFFER = 1 << 20,
    READS_PER_TURN = 64, /* so that a storm of events leaves room for the rest of the loop */
    MOST_FOLLOWED = 200, /* links; a jump of BPF goes no further than 255 */
    ADDRESS_CODE = 10,   /* where in the filter addresses are dealt with */
    LONGEST_PREFIX = 3,  /* of routes that wake us: the default, the halves of VPNs, and 2000::/3 */
};

struct kernel {
    struct mnl_socket *events;
    struct mnl_socket *questions;
    struct event *readable;
    kernel_hint_fn *hint;
    void *arg;
    int *followed; /* in rising order; NULL: every interface */
    size_t followed_count;
    struct if_nameindex *names; /* of all links, until one changes; or NULL */
    unsigned sequence;
    _Alignas(struct nlmsghdr) char datagram[DATAGRAM];
};

/* ---- Sockets. ---- */

/* Runs in the kernel on each notification, which is one message. A route with a longer prefix never wakes the process,
 * so a router that holds a full table costs nothing; nor does an address of a link that is not followed. indexes NULL:
 * all are. Fields are in host order, which BPF reads as network order. */
static int attach_filter(int fd, const int *indexes, size_t count)
{
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_H | BPF_ABS, offsetof(struct nlmsghdr, nlmsg_type)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htons(RTM_NEWROUTE), 4, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htons(RTM_DELROUTE), 3, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htons(RTM_NEWADDR), 6, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htons(RTM_DELADDR), 5, 0),
        BPF_STMT(BPF_RET | BPF_K, UINT32_MAX),
        BPF_STMT(BPF_LD | BPF_B | BPF_ABS, NLMSG_HDRLEN + offsetof(struct rtmsg, rtm_dst_len)),
        BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, LONGEST_PREFIX, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, 0),
        BPF_STMT(BPF_RET | BPF_K, UINT32_MAX),
        [ADDRESS_CODE] = BPF_STMT(BPF_LD | BPF_W | BPF_ABS, NLMSG_HDRLEN + offsetof(struct ifaddrmsg, ifa_index)),
        [ADDRESS_CODE + MOST_FOLLOWED + 2] = BPF_STMT(BPF_RET | BPF_K, 0),
    };
    struct sock_fprog program = {.filter = code};
    size_t at = ADDRESS_CODE + 1;

    for (size_t i = 0; indexes && i < count; i++)
        code[at++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htonl((uint32_t)indexes[i]),
                                                  (unsigned char)(count - i), 0);
    code[at++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, indexes ? 0 : UINT32_MAX);
    code[at++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, UINT32_MAX);
    program.len = (unsigned short)at;
    return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program);
}

/* Beyond net.core.rmem_max only with CAP_NET_ADMIN; an overrun is dealt with either way. */
static void set_receive_buffer(int fd)
{
    int size = RECEIVE_BUFFER;
    socklen_t length = sizeof size;

    if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size) < 0)
        setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
    if (getsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, &length) == 0)
        log_debug("kernel: receive buffer of %d bytes", size);
}

static struct mnl_socket *open_events(void)
{
    struct mnl_socket *socket = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC | SOCK_NONBLOCK);
    unsigned groups = RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR | RTMGRP_IPV4_ROUTE | RTMGRP_IPV6_ROUTE |
                      RTMGRP_IPV4_RULE | 1U << (RTNLGRP_IPV6_RULE - 1) | 1U << (RTNLGRP_NEXTHOP - 1);

    if (!socket)
        return NULL;
    set_receive_buffer(mnl_socket_get_fd(socket));
    if (attach_filter(mnl_socket_get_fd(socket), NULL, 0) == 0 &&
        mnl_socket_bind(socket, groups, MNL_SOCKET_AUTOPID) == 0)
        return socket;
    mnl_socket_close(socket);
    return NULL;
}

static struct mnl_socket *open_questions(void)
{
    struct mnl_socket *socket = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
    struct timeval patience = {.tv_sec = 2};
    int on = 1;

    if (!socket)
        return NULL;
    setsockopt(mnl_socket_get_fd(socket), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    /* Before Linux 4.20 a dump tells of all interfaces; what is not asked for is left out when it is read. */
    if (mnl_socket_setsockopt(socket, NETLINK_GET_STRICT_CHK, &on, sizeof on) < 0)
        log_debug("kernel: no strict checking of dumps");
    if (mnl_socket_bind(socket, 0, MNL_SOCKET_AUTOPID) == 0)
        return socket;
    mnl_socket_close(socket);
    return NULL;
}

/* One datagram of the kernel's; those of other processes are passed over. Its length, or -errno. */
static ssize_t receive(struct kernel *kernel, const struct mnl_socket *socket)
{
    for (;;) {
        struct sockaddr_nl sender = {0};
        struct iovec part = {kernel->datagram, sizeof kernel->datagram};
        struct msghdr message = {.msg_name = &sender, .msg_namelen = sizeof sender, .msg_iov = &part, .msg_iovlen = 1};
        ssize_t length = recvmsg(mnl_socket_get_fd(socket), &message, 0);

        if (length < 0 && errno == EINTR)
            continue;
        if (length < 0)
            return -errno;
        if (message.msg_namelen != sizeof sender || sender.nl_pid != 0)
            continue;
        if (message.msg_flags & MSG_TRUNC)
            return -ENOBUFS;
        return message_all_whole(kernel->datagram, (size_t)length) ? length : -EPROTO;
    }
}

/* ---- Events. ---- */

static void forget_names(struct kernel *kernel)
{
    if (kernel->names)
        if_freenameindex(kernel->names);
    kernel->names = NULL;
}

static bool has_link(const struct kernel *kernel, ssize_t length)
{
    const struct nlmsghdr *message = (const struct nlmsghdr *)(const void *)kernel->datagram;
    int rest = (int)length;

    for (; mnl_nlmsg_ok(message, rest); message = mnl_nlmsg_next(message, &rest))
        if (message->nlmsg_type == RTM_NEWLINK || message->nlmsg_type == RTM_DELLINK)
            return true;
    return false;
}

static void on_readable(evutil_socket_t fd, short what, void *arg)
{
    struct kernel *kernel = arg;
    bool hint = false, overrun = false;

    (void)fd;
    (void)what;
    for (int i = 0; i < READS_PER_TURN; i++) {
        ssize_t length = receive(kernel, kernel->events);

        if (length == -EAGAIN)
            break;
        hint = true;
        overrun |= length < 0;
        if (length < 0 || has_link(kernel, length))
            forget_names(kernel);
    }
    if (hint)
        kernel->hint(kernel->arg, overrun);
}

static bool watch_events(struct kernel *kernel, struct event_base *base)
{
    kernel->readable = event_new(base, mnl_socket_get_fd(kernel->events), EV_READ | EV_PERSIST, on_readable, kernel);
    if (!kernel->readable)
        mem_exhausted();
    return event_add(kernel->readable, NULL) == 0;
}

struct kernel *kernel_open(struct event_base *base, kernel_hint_fn *hint, void *arg)
{
    struct kernel *kernel = mem_alloc(sizeof *kernel);

    kernel->hint = hint;
    kernel->arg = arg;
    kernel->events = base ? open_events() : NULL;
    kernel->questions = !base || kernel->events ? open_questions() : NULL;
    if (!kernel->questions || (base && !watch_events(kernel, base))) {
        log_error("rtnetlink: %s", strerror(errno));
        kernel_close(kernel);
        return NULL;
    }
    return kernel;
}

void kernel_close(struct kernel *kernel)
{
    if (!kernel)
        return;
    if (kernel->readable)
        event_free(kernel->readable);
    if (kernel->questions)
        mnl_socket_close(kernel->questions);
    if (kernel->events)
        mnl_socket_close(kernel->events);
    forget_names(kernel);
    free(kernel->followed);
    free(kernel);
}

static int compare_indexes(const void *a, const void *b)
{
    return *(const int *)a - *(const int *)b;
}

static bool is_followed(const struct kernel *kernel, int index)
{
    return !kernel->followed ||
           bsearch(&index, kernel->followed, kernel->followed_count, sizeof index, compare_indexes);
}

/* A sorted copy without doubles; NULL when they are too many for the filter. */
static int *sort_indexes(const int *indexes, size_t *count)
{
    int *sorted = mem_alloc((*count + 1) * sizeof *sorted);
    size_t used = 0;

    if (*count)
        memcpy(sorted, indexes, *count * sizeof *sorted);
    qsort(sorted, *count, sizeof *sorted, compare_indexes);
    for (size_t i = 0; i < *count; i++)
        if (!used || sorted[used - 1] != sorted[i])
            sorted[used++] = sorted[i];
    *count = used;
    if (used <= MOST_FOLLOWED)
        return sorted;
    free(sorted);
    return NULL;
}

bool kernel_follow(struct kernel *kernel, const int *indexes, size_t count)
{
    int *fresh = indexes ? sort_indexes(indexes, &count) : NULL;
    bool grown = !fresh && kernel->followed, shrunk = fresh && !kernel->followed;

    for (size_t i = 0; fresh && i < count; i++)
        grown |= !is_followed(kernel, fresh[i]);
    shrunk |= fresh && count < kernel->followed_count;
    if (!kernel->events || !(grown || shrunk) || attach_filter(mnl_socket_get_fd(kernel->events), fresh, count) < 0) {
        free(fresh);
        return false;
    }
    free(kernel->followed);
    kernel->followed = fresh;
    kernel->followed_count = fresh ? count : 0;
    return grown;
}

/* ---- Questions. ---- */

/* An unread rest of a broken dump would answer the next question (and the kernel refuses a second dump meanwhile). */
static void reopen_questions(struct kernel *kernel)
{
    struct mnl_socket *fresh = open_questions();

    if (!fresh)
        return;
    mnl_socket_close(kernel->questions);
    kernel->questions = fresh;
}

static int read_answer(struct kernel *kernel, mnl_cb_t fn, void *arg)
{
    unsigned port = mnl_socket_get_portid(kernel->questions);
    int more = MNL_CB_OK;

    while (more == MNL_CB_OK) {
        ssize_t length = receive(kernel, kernel->questions);

        if (length < 0)
            return (int)length;
        more = mnl_cb_run(kernel->datagram, (size_t)length, kernel->sequence, port, fn, arg);
    }
    return more < 0 ? -errno : 0;
}

/* Sends the question and hands each message of the answer to fn. */
static int ask(struct kernel *kernel, struct nlmsghdr *question, mnl_cb_t fn, void *arg)
{
    int error;

    question->nlmsg_flags |= NLM_F_REQUEST;
    question->nlmsg_seq = ++kernel->sequence;
    if (mnl_socket_sendto(kernel->questions, question, question->nlmsg_len) < 0)
        error = -errno;
    else
        error = read_answer(kernel, fn, arg);
    /* EINTR: the kernel changed during the dump. EPROTO, ESRCH: an answer to something else. ENOBUFS, ENOMEM: no fact
     * about the network either. */
    if (error == -EINTR || error == -EPROTO || error == -ESRCH || error == -EAGAIN || error == -ENOBUFS ||
        error == -ENOMEM) {
        log_debug("kernel: the answer was cut short: %s", strerror(-error));
        reopen_questions(kernel);
        return -EAGAIN;
    }
    return error;
}

struct route_answer {
    int family;
    struct kernel_route *route;
};

static int on_route(const struct nlmsghdr *message, void *arg)
{
    struct route_answer *answer = arg;

    message_route(message, answer->family, answer->route);
    return MNL_CB_STOP;
}

int kernel_route(struct kernel *kernel, const struct ip *destination, int via, struct kernel_route *route)
{
    _Alignas(struct nlmsghdr) char buffer[256] = {0};
    struct nlmsghdr *question = mnl_nlmsg_put_header(buffer);
    struct rtmsg *header = mnl_nlmsg_put_extra_header(question, sizeof *header);
    size_t length = destination->family == AF_INET ? 4 : 16;
    struct route_answer answer = {destination->family, route};
    int error;

    *route = (struct kernel_route){0};
    question->nlmsg_type = RTM_GETROUTE;
    header->rtm_family = destination->family;
    header->rtm_dst_len = (unsigned char)(length * 8);
    mnl_attr_put(question, RTA_DST, length, destination->bytes);
    if (via)
        mnl_attr_put_u32(question, RTA_OIF, (uint32_t)via);
    error = ask(kernel, question, on_route, &answer);
    return error ? error : route->index ? 0 : -ENETUNREACH;
}

static int on_link(const struct nlmsghdr *message, void *arg)
{
    message_link(message, arg);
    return MNL_CB_STOP;
}

static int ask_link(struct kernel *kernel, int index, const char *name, struct kernel_link *link)
{
    _Alignas(struct nlmsghdr) char buffer[256] = {0};
    struct nlmsghdr *question = mnl_nlmsg_put_header(buffer);
    struct ifinfomsg *info = mnl_nlmsg_put_extra_header(question, sizeof *info);
    int error;

    *link = (struct kernel_link){0};
    question->nlmsg_type = RTM_GETLINK;
    info->ifi_family = AF_UNSPEC;
    info->ifi_index = index;
    if (name)
        mnl_attr_put_strz(question, IFLA_IFNAME, name);
    error = ask(kernel, question, on_link, link);
    return error ? error : link->index && link->name[0] ? 0 : -ENODEV;
}

int kernel_link_by_name(struct kernel *kernel, const char *name, struct kernel_link *link)
{
    return ask_link(kernel, 0, name, link);
}

int kernel_link_by_index(struct kernel *kernel, int index, struct kernel_link *link)
{
    return ask_link(kernel, index, NULL, link);
}

/* All links by name. A dump of them costs more than all else of a reading, so it is kept while events tell of changes.
 * */
static const struct if_nameindex *list_names(struct kernel *kernel)
{
    if (!kernel->events)
        forget_names(kernel);
    if (!kernel->names)
        kernel->names = if_nameindex();
    return kernel->names;
}

int kernel_match(struct kernel *kernel, const char *pattern, int **indexes, size_t *count)
{
    const struct if_nameindex *names = list_names(kernel);

    *indexes = NULL;
    *count = 0;
    if (!names)
        return -EAGAIN;
    for (const struct if_nameindex *name = names; name->if_index; name++) {
        if (fnmatch(pattern, name->if_name, 0) != 0)
            continue;
        *indexes = mem_resize(*indexes, *count + 1, sizeof **indexes);
        (*indexes)[(*count)++] = (int)name->if_index;
    }
    if (*count)
        qsort(*indexes, *count, sizeof **indexes, compare_indexes);
    return 0;
}

struct address_list {
    int index;
    int family;
    struct kernel_address *list;
    size_t count;
};

static int on_address(const struct nlmsghdr *message, void *arg)
{
    struct address_list *addresses = arg;
    struct kernel_address address;

    if (!message_address(message, addresses->index, addresses->family, &address))
        return MNL_CB_OK;
    addresses->list = mem_resize(addresses->list, addresses->count + 1, sizeof address);
    addresses->list[addresses->count++] = address;
    return MNL_CB_OK;
}

int kernel_addresses(struct kernel *kernel, int index, int family, struct kernel_address **list, size_t *count)
{
    _Alignas(struct nlmsghdr) char buffer[256] = {0};
    struct nlmsghdr *question = mnl_nlmsg_put_header(buffer);
    struct ifaddrmsg *info = mnl_nlmsg_put_extra_header(question, sizeof *info);
    struct address_list addresses = {.index = index, .family = family};
    int error;

    question->nlmsg_type = RTM_GETADDR;
    question->nlmsg_flags = NLM_F_DUMP;
    info->ifa_family = (unsigned char)family;
    info->ifa_index = (unsigned)index;
    error = ask(kernel, question, on_address, &addresses);
    if (error) {
        free(addresses.list);
        addresses = (struct address_list){0};
    }
    *list = addresses.list;
    *count = addresses.count;
    return error;
}
