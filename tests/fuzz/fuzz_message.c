/* A datagram of rtnetlink. Before it stand two bytes: the family, and the index of the link that is asked about. */
#include "fuzz.h"

#include "message.h"

#include <assert.h>
#include <libmnl/libmnl.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>

/* Memory of exactly this length, so that the sanitizer sees who reads past it. */
static void *exact_copy(const void *bytes, size_t length)
{
    void *copy = malloc(length ? length : 1);

    assert(copy);
    return length ? memcpy(copy, bytes, length) : copy;
}

static void read_message(const struct nlmsghdr *message, int family, int index)
{
    struct kernel_address address;
    struct kernel_link link;
    struct kernel_route route;

    if (message_address(message, index, family, &address))
        assert(address.ip.family == family);
    if (message_link(message, &link))
        assert(link.index && link.name[0]);
    assert(memchr(link.name, '\0', sizeof link.name));
    if (message_route(message, family, &route))
        assert(route.index);
    assert(!ip_is_set(&route.source) || route.source.family == family);
}

/* What stands between the header of all messages and the attributes. */
static size_t second_header(const struct nlmsghdr *message)
{
    switch (message->nlmsg_type) {
    case RTM_NEWADDR:
        return sizeof(struct ifaddrmsg);
    case RTM_NEWLINK:
        return sizeof(struct ifinfomsg);
    case RTM_NEWROUTE:
        return sizeof(struct rtmsg);
    default:
        return SIZE_MAX;
    }
}

/* A message with one attribute, which ends where the memory does. Within a whole message who reads past an attribute
 * would find the next one there, and no sanitizer would object. */
static void read_attribute(const struct nlmsghdr *message, size_t headers, const struct nlattr *attribute, int family,
                           int index)
{
    struct nlmsghdr *alone = malloc(headers + attribute->nla_len);

    assert(alone);
    memcpy(alone, message, headers);
    memcpy((char *)alone + headers, attribute, attribute->nla_len);
    alone->nlmsg_len = (uint32_t)(headers + attribute->nla_len);
    read_message(alone, family, index);
    free(alone);
}

static void read_attributes(const struct nlmsghdr *message, int family, int index)
{
    size_t header = second_header(message), headers = NLMSG_HDRLEN + header;
    const struct nlattr *attribute;
    int rest;

    if (mnl_nlmsg_get_payload_len(message) < header)
        return;
    attribute = mnl_nlmsg_get_payload_offset(message, header);
    rest = (int)(message->nlmsg_len - headers);
    while (mnl_attr_ok(attribute, rest)) {
        read_attribute(message, headers, attribute, family, index);
        rest -= MNL_ALIGN(attribute->nla_len);
        attribute = mnl_attr_next(attribute);
    }
}

/* As receive() and has_hint() of kernel.c do. */
static void read_datagram(const void *datagram, size_t length, int family, int index)
{
    const struct nlmsghdr *message = datagram;
    int rest = (int)length;

    if (!message_all_whole(datagram, length))
        return;
    for (; mnl_nlmsg_ok(message, rest); message = mnl_nlmsg_next(message, &rest)) {
        struct nlmsghdr *alone = exact_copy(message, message->nlmsg_len);

        read_message(alone, family, index);
        read_attributes(alone, family, index);
        free(alone);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    void *datagram;

    if (size < 2)
        return 0;
    datagram = exact_copy(data + 2, size - 2);
    read_datagram(datagram, size - 2, data[0], data[1]);
    free(datagram);
    return 0;
}
