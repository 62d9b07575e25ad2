#include "way.h"

#include <errno.h>
#include <sys/socket.h>

/* Somewhere on the Internet for which no gateway has a route of its own: a.root-servers.net. Nothing is sent to it. */
static const char *const far_away4 = "198.41.0.4";
static const char *const far_away6 = "2001:503:ba3e::2:30";

int way_route(struct kernel *kernel, int family, int via, struct kernel_route *route)
{
    struct ip destination;

    ip_parse(family == AF_INET ? far_away4 : far_away6, &destination);
    return kernel_route(kernel, &destination, via, route);
}

int way_read(struct kernel *kernel, struct way *way)
{
    static const int families[] = {AF_INET, AF_INET6};
    struct way read = {0};

    for (size_t i = 0; i < 2; i++) {
        struct kernel_route *route = &read.routes[i];
        struct kernel_link link = {0};
        int error = way_route(kernel, families[i], 0, route);

        if (error == 0)
            error = kernel_link_by_index(kernel, route->index, &link);
        if (error == -EAGAIN)
            return error;
        if (error || !link.up)
            *route = (struct kernel_route){0};
    }
    *way = read;
    return 0;
}

bool way_is_new(const struct way *way, const struct way *before)
{
    for (size_t i = 0; i < 2; i++) {
        const struct kernel_route *now = &way->routes[i], *then = &before->routes[i];

        if (now->index && (now->index != then->index || !ip_equal(&now->source, &then->source) ||
                           !ip_equal(&now->gateway, &then->gateway)))
            return true;
    }
    return false;
}
