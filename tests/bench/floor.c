/* The least that does the job: one netlink event, one HTTPS request, with the same libraries and
 * nothing else.
 *
 *     floor IFACE URL CAFILE USER:PASSWORD
 *
 * It asks for URL?hostname=floor.example.org&myip=ADDRESS each time IFACE gets an IPv4 address. The
 * handle is new each time: a connection kept from the address before is dead. */
#include <arpa/inet.h>
#include <curl/curl.h>
#include <libmnl/libmnl.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdio.h>

struct job {
    unsigned ifindex;
    const char *url, *cafile, *login;
};

static size_t swallow(char *text, size_t size, size_t count, void *arg)
{
    (void)text;
    (void)arg;
    return size * count;
}

static void ask(const struct job *job, const void *address)
{
    char url[512], text[INET_ADDRSTRLEN];
    CURL *easy = curl_easy_init();
    CURLcode rc;

    inet_ntop(AF_INET, address, text, sizeof text);
    snprintf(url, sizeof url, "%s?hostname=floor.example.org&myip=%s", job->url, text);
    curl_easy_setopt(easy, CURLOPT_URL, url);
    curl_easy_setopt(easy, CURLOPT_CAINFO, job->cafile);
    curl_easy_setopt(easy, CURLOPT_USERPWD, job->login);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, swallow);
    rc = curl_easy_perform(easy);
    if (rc != CURLE_OK)
        fprintf(stderr, "floor: %s\n", curl_easy_strerror(rc));
    curl_easy_cleanup(easy);
}

static int seen(const struct nlmsghdr *message, void *arg)
{
    const struct job *job = arg;
    const struct ifaddrmsg *head = mnl_nlmsg_get_payload(message);
    const struct nlattr *attr;

    if (message->nlmsg_type != RTM_NEWADDR || head->ifa_index != job->ifindex)
        return MNL_CB_OK;
    mnl_attr_for_each (attr, message, sizeof *head) {
        if (mnl_attr_get_type(attr) == IFA_LOCAL)
            ask(job, mnl_attr_get_payload(attr));
    }
    return MNL_CB_OK;
}

int main(int argc, char **argv)
{
    static char buffer[16384];
    struct mnl_socket *socket = mnl_socket_open(NETLINK_ROUTE);
    struct job job;
    ssize_t length;

    if (argc != 5 || !socket || mnl_socket_bind(socket, RTMGRP_IPV4_IFADDR, MNL_SOCKET_AUTOPID) < 0)
        return 2;
    job = (struct job){if_nametoindex(argv[1]), argv[2], argv[3], argv[4]};
    curl_global_init(CURL_GLOBAL_DEFAULT);
    fprintf(stderr, "floor: ready\n");
    while ((length = mnl_socket_recvfrom(socket, buffer, sizeof buffer)) > 0)
        mnl_cb_run(buffer, (size_t)length, 0, 0, seen, &job);
    return 1;
}
