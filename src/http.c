#include "http.h"

#include "buf.h"
#include "digest.h"
#include "log.h"
#include "mem.h"
#include "multi.h"
#include "timer.h"

#include <curl/curl.h>
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/utsname.h>
#include <unistd.h>

enum {
    CONNECT_TIMEOUT_MS = 10000,
    TOTAL_TIMEOUT_MS = 30000,
    MAX_ANSWER = 1024 * 1024, /* a listing of 500 records has 200 KB */
    MAX_HEADERS = 16 * 1024,
    BURST_PAUSE_MS = 3000, /* connections are dropped when nothing was asked for so long */
};

/* The connections of one burst of requests. libcurl knows nothing of the interface that they are bound to, and would
 * use one for another. */
struct burst {
    struct multi *multi;
    int link;
    struct http *http;
    struct timer *reap; /* to hand over finished transfers from the loop, not from within libcurl */
    size_t running;
    bool retired; /* no new requests; freed with its last one */
    struct burst *next;
};

struct http_transfer {
    CURL *easy;
    struct http *http;
    struct burst *burst;        /* NULL: it waits for others to end */
    struct http_transfer *next; /* of those that wait */
    int link;
    struct buf body;
    struct buf headers;
    struct curl_slist *sent_headers;
    struct timer *unstarted; /* libcurl did not take it */
    bool too_large;
    int socket_error; /* errno: there was no socket, or, with a device, none that is bound to it */
    char device[IF_NAMESIZE];
    char error[CURL_ERROR_SIZE];
    http_answer_fn *fn;
    void *arg;
};

struct http {
    struct event_base *base;
    struct burst *bursts; /* all; at most one of each link is not retired */
    struct timer *idle;
    size_t under_way;
    struct http_transfer *waiting; /* the oldest first */
    char *ca_file;
    char *agent;
};

/* ---- The end of a transfer. ---- */

static void free_burst(struct burst *burst)
{
    struct burst **link = &burst->http->bursts;

    while (*link != burst)
        link = &(*link)->next;
    *link = burst->next;
    multi_free(burst->multi);
    timer_free(burst->reap);
    free(burst);
    mem_trim();
}

static void launch(struct http_transfer *transfer);

/* Its place is another one's. */
static void leave_burst(struct http_transfer *transfer)
{
    struct burst *burst = transfer->burst;
    struct http *http = burst->http;
    struct http_transfer *next = http->waiting;

    curl_multi_remove_handle(multi_handle(burst->multi), transfer->easy);
    burst->running--;
    if (burst->running == 0 && burst->retired)
        timer_start(burst->reap, 0);
    else if (burst->running == 0)
        timer_start(http->idle, BURST_PAUSE_MS);
    http->under_way--;
    if (next) {
        http->waiting = next->next;
        launch(next);
    }
}

static void leave_queue(struct http_transfer *transfer)
{
    struct http_transfer **link = &transfer->http->waiting;

    while (*link != transfer)
        link = &(*link)->next;
    *link = transfer->next;
}

static void free_transfer(struct http_transfer *transfer)
{
    timer_free(transfer->unstarted);
    if (transfer->burst)
        leave_burst(transfer);
    else
        leave_queue(transfer);
    curl_easy_cleanup(transfer->easy);
    curl_slist_free_all(transfer->sent_headers);
    buf_free(&transfer->body);
    buf_free(&transfer->headers);
    free(transfer);
}

static const char *describe(struct http_transfer *transfer, CURLcode code)
{
    if (transfer->too_large)
        return "the answer is too large";
    if (code == CURLE_COULDNT_CONNECT && transfer->socket_error && transfer->device[0])
        snprintf(transfer->error, sizeof transfer->error, "it cannot be bound to %s: %s", transfer->device,
                 strerror(transfer->socket_error));
    else if (code == CURLE_COULDNT_CONNECT && transfer->socket_error)
        snprintf(transfer->error, sizeof transfer->error, "there is no socket: %s", strerror(transfer->socket_error));
    else
        return stage_fault(transfer->easy, (int)code, transfer->error);
    return transfer->error;
}

static void finish(struct http_transfer *transfer, CURLcode code)
{
    struct http_answer answer = {
        .stage = stage_of(transfer->easy, (int)code, transfer->error),
        .body = buf_text(&transfer->body),
        .length = transfer->body.length,
        .headers = buf_text(&transfer->headers),
        .error = code == CURLE_OK ? NULL : describe(transfer, code),
    };
    CURL *easy = transfer->easy;

    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &answer.status);
    answer.pace = pace_read(answer.headers, answer.status, timer_wall_s());
    /* A connection of HTTP/2 that answers no more outlives the request that failed on it. */
    transfer->burst->retired |= code != CURLE_OK;
    /* Out of libcurl's hands first: what the callback does may drop connections. */
    curl_multi_remove_handle(multi_handle(transfer->burst->multi), easy);
    transfer->fn(transfer->arg, &answer);
    free_transfer(transfer);
}

static void on_unstarted(void *arg)
{
    finish(arg, CURLE_FAILED_INIT);
}

static void on_worked(void *arg)
{
    struct burst *burst = arg;

    timer_start(burst->reap, 0);
}

/* One finished transfer in each turn of the loop: what its callback starts or cancels is then nobody's surprise. */
static void on_reap(void *arg)
{
    struct burst *burst = arg;
    struct http_transfer *transfer = NULL;
    int left = 0;
    const CURLMsg *message = curl_multi_info_read(multi_handle(burst->multi), &left);

    if (message && message->msg == CURLMSG_DONE) {
        CURLcode code = message->data.result;

        timer_start(burst->reap, 0);
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &transfer);
        finish(transfer, code);
    } else if (burst->retired && burst->running == 0) {
        free_burst(burst);
    }
}

/* ---- Requests. ---- */

static size_t on_body(char *data, size_t size, size_t count, void *arg)
{
    struct http_transfer *transfer = arg;

    transfer->too_large = transfer->body.length + size * count > MAX_ANSWER;
    if (transfer->too_large)
        return CURL_WRITEFUNC_ERROR;
    buf_add_n(&transfer->body, data, size * count);
    return size * count;
}

/* A line of the head. After a redirect or an interim answer the next head takes the place of the one before. */
static size_t on_header(char *data, size_t size, size_t count, void *arg)
{
    struct http_transfer *transfer = arg;
    size_t length = size * count;

    if (length >= 5 && memcmp(data, "HTTP/", 5) == 0)
        buf_free(&transfer->headers);
    else if (transfer->headers.length + length <= MAX_HEADERS)
        buf_add_n(&transfer->headers, data, length);
    return length;
}

/* Ours, so that it can be told why there is none. Not bound by CURLOPT_INTERFACE: where a device cannot be had that takes
 * its address, and so perhaps another way out. */
static curl_socket_t on_open_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *address)
{
    struct http_transfer *transfer = arg;
    const char *device = transfer->device;
    int fd = socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);

    (void)purpose;
    if (fd >= 0 &&
        (!device[0] || setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, device, (socklen_t)strlen(device)) == 0)) {
        transfer->socket_error = 0;
        return fd;
    }
    transfer->socket_error = errno;
    if (fd >= 0)
        close(fd);
    return CURL_SOCKET_BAD;
}

/* By the name of today. One that is gone is told as its index, which no interface has as its name. */
static void bind_transfer(struct http_transfer *transfer, int link)
{
    if (!if_indextoname((unsigned)link, transfer->device))
        snprintf(transfer->device, sizeof transfer->device, "interface %d", link);
}

static struct burst *new_burst(struct http *http, int link)
{
    struct burst *burst = mem_alloc(sizeof *burst);

    burst->http = http;
    burst->link = link;
    burst->multi = multi_new(http->base, on_worked, burst);
    burst->reap = timer_new(on_reap, burst);
    burst->next = http->bursts;
    http->bursts = burst;
    return burst;
}

/* A request that lacks a part for want of memory could be refused for good. */
static void must(CURLcode code)
{
    if (code == CURLE_OUT_OF_MEMORY)
        mem_exhausted();
}

static void set_login(CURL *easy, const struct http_request *request)
{
    if (!request->username)
        return;
    if (request->sigv4)
        must(curl_easy_setopt(easy, CURLOPT_AWS_SIGV4, request->sigv4));
    else
        curl_easy_setopt(easy, CURLOPT_HTTPAUTH, CURLAUTH_BASIC);
    must(curl_easy_setopt(easy, CURLOPT_USERNAME, request->username));
    must(curl_easy_setopt(easy, CURLOPT_PASSWORD, request->password));
}

static void add_header(struct http_transfer *transfer, const char *line)
{
    struct curl_slist *longer = curl_slist_append(transfer->sent_headers, line);

    if (!longer)
        mem_exhausted();
    transfer->sent_headers = longer;
}

/* A method that carries a body says so even when that is empty: some servers refuse it otherwise (status 411). */
static void set_content(struct http_transfer *transfer, const struct http_request *request)
{
    bool carries = strcmp(request->method, "POST") == 0 || strcmp(request->method, "PUT") == 0 ||
                   strcmp(request->method, "PATCH") == 0;
    const char *body = request->body ? request->body : carries ? "" : NULL;

    if (body) {
        curl_easy_setopt(transfer->easy, CURLOPT_POSTFIELDSIZE, (long)strlen(body));
        must(curl_easy_setopt(transfer->easy, CURLOPT_COPYPOSTFIELDS, body));
    }
    must(curl_easy_setopt(transfer->easy, CURLOPT_CUSTOMREQUEST, request->method));
    /* On a connection that was used before libcurl sends a request again by itself when the server closes it: a POST
     * must not be sent twice (RFC 9110 section 9.2.2). */
    curl_easy_setopt(transfer->easy, CURLOPT_FRESH_CONNECT, strcmp(request->method, "POST") == 0 ? 1L : 0L);
    if (body && !request->body) /* not what libcurl takes it for */
        add_header(transfer, "Content-Type:");
    for (const char *const *header = request->headers; header && *header; header++)
        add_header(transfer, *header);
    curl_easy_setopt(transfer->easy, CURLOPT_HTTPHEADER, transfer->sent_headers);
}

static void set_options(struct http_transfer *transfer, const struct http_request *request)
{
    const struct http *http = transfer->http;
    CURL *easy = transfer->easy;
    const char *scheme = strncmp(request->url, "http://", 7) == 0 ? "http" : "https";

    curl_easy_setopt(easy, CURLOPT_PRIVATE, transfer);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, transfer->error);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, transfer);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, transfer);
    must(curl_easy_setopt(easy, CURLOPT_URL, request->url));
    curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, scheme);
    curl_easy_setopt(easy, CURLOPT_REDIR_PROTOCOLS_STR, scheme);
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, request->redirects ? 1L : 0L);
    curl_easy_setopt(easy, CURLOPT_MAXREDIRS, (long)request->redirects);
    must(curl_easy_setopt(easy, CURLOPT_USERAGENT, http->agent));
    curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_TIMEOUT_MS);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)TOTAL_TIMEOUT_MS);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    /* Without it a resolver that does not answer holds up the whole loop when a transfer ends. */
    curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
    if (request->family)
        curl_easy_setopt(easy, CURLOPT_IPRESOLVE,
                         (long)(request->family == AF_INET ? CURL_IPRESOLVE_V4 : CURL_IPRESOLVE_V6));
    if (request->family || request->link)
        must(curl_easy_setopt(easy, CURLOPT_PROXY, "")); /* the family and the way of a proxy would be its own */
    if (request->link)
        bind_transfer(transfer, request->link);
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, on_open_socket);
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, transfer);
    if (http->ca_file)
        must(curl_easy_setopt(easy, CURLOPT_CAINFO, http->ca_file));
    set_login(easy, request);
    set_content(transfer, request);
}

static struct burst *find_burst(struct http *http, int link)
{
    for (struct burst *burst = http->bursts; burst; burst = burst->next)
        if (!burst->retired && burst->link == link)
            return burst;
    return new_burst(http, link);
}

/* libcurl only arms its timer here; the request starts from the loop. */
static void launch(struct http_transfer *transfer)
{
    struct http *http = transfer->http;

    transfer->burst = find_burst(http, transfer->link);
    transfer->burst->running++;
    http->under_way++;
    timer_stop(http->idle);
    if (curl_multi_add_handle(multi_handle(transfer->burst->multi), transfer->easy) == CURLM_OK)
        return;
    transfer->burst->retired = true;
    transfer->unstarted = timer_new(on_unstarted, transfer);
    timer_start(transfer->unstarted, 0);
}

struct http_transfer *http_start(struct http *http, const struct http_request *request, http_answer_fn *fn, void *arg)
{
    struct http_transfer *transfer = mem_alloc(sizeof *transfer), **link = &http->waiting;

    transfer->http = http;
    transfer->link = request->link;
    transfer->fn = fn;
    transfer->arg = arg;
    transfer->easy = curl_easy_init();
    if (!transfer->easy)
        mem_exhausted();
    set_options(transfer, request);
    if (http->under_way < HTTP_AT_ONCE) {
        launch(transfer);
        return transfer;
    }
    while (*link)
        link = &(*link)->next;
    *link = transfer;
    return transfer;
}

void http_cancel(struct http_transfer *transfer)
{
    free_transfer(transfer);
}

struct ip http_local_address(const struct http_transfer *transfer)
{
    const char *text = NULL;
    struct ip ip;

    curl_easy_getinfo(transfer->easy, CURLINFO_LOCAL_IP, &text);
    ip_parse(text ? text : "", &ip);
    return ip;
}

void http_forget_connections(struct http *http)
{
    timer_stop(http->idle);
    for (struct burst *burst = http->bursts; burst; burst = burst->next) {
        if (burst->retired)
            continue;
        burst->retired = true;
        timer_start(burst->reap, 0);
    }
}

static void on_idle(void *arg)
{
    http_forget_connections(arg);
}

/* As the strictest of them prescribes it: "Company NameOfProgram/OSVersion-ReleaseVersion contact". */
static char *make_agent(void)
{
    struct utsname system;
    struct buf agent = {0};

    uname(&system);
    buf_addf(&agent, "wanddns wanddns/%s%s-%s %s", system.sysname, system.release, PACKAGE_VERSION, CONTACT);
    return buf_take(&agent);
}

struct http *http_open(struct event_base *base, const char *ca_file)
{
    struct http *http = mem_alloc(sizeof *http);

    digest_wipe_freed();
    /* libcurl copies all that a request is made of, and frees it as it is: here it is overwritten first. */
    if (curl_global_init_mem(CURL_GLOBAL_DEFAULT, malloc, mem_wipe, mem_move, strdup, calloc) != CURLE_OK) {
        log_error("libcurl does not start");
        exit(1);
    }
    http->base = base;
    http->ca_file = mem_string(ca_file);
    http->agent = make_agent();
    http->idle = timer_new(on_idle, http);
    return http;
}

void http_set_ca_file(struct http *http, const char *ca_file)
{
    free(http->ca_file);
    http->ca_file = mem_string(ca_file);
    http_forget_connections(http);
}

void http_close(struct http *http)
{
    while (http->bursts)
        free_burst(http->bursts); /* NOLINT(clang-analyzer-unix.Malloc): it takes itself out of the list */
    timer_free(http->idle);
    free(http->ca_file);
    free(http->agent);
    free(http);
    curl_global_cleanup();
}
