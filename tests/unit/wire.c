#include "wire.h"

#include "buf.h"
#include "fast_timer.h"
#include "mem.h"
#include "unit.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <netinet/in.h>
#include <strings.h>

enum { HANGS_MS = 20000 };

/* A redirect to another host leads to the second, so that libcurl sees that it is another one. */
enum { HERE, HERE_TOO, PLACES };

/* A request of the core that is under way. It has a server of its own: where two meet, one might wait for the connection
 * of the other. */
struct transfer {
    unsigned long id;
    struct http_transfer *real;
    struct evconnlistener *listeners[PLACES];
    char *first, *url; /* as started, and after redirects */
    int family;
    bool arrived; /* the server has it, and has not answered */
    http_answer_fn *fn;
    void *arg;
    struct transfer *next;
};

/* One for each request and each redirect. */
struct wire_connection {
    struct transfer *transfer;
    struct bufferevent *stream;
    struct wire_request *request; /* that has arrived and is open */
    bool answered;
    struct wire_connection *next;
};

static struct event_base *base;
static struct http *http;
static struct transfer *transfers;
static struct wire_request *requests;
static struct wire_connection *connections;
static unsigned long last_id, moves; /* moves: so often something came of the loop */

/* ---- What is under way. ---- */

/* The length of "https://host:port". */
static size_t origin_length(const char *url)
{
    const char *host = strstr(url, "://");

    return host ? (size_t)(host + 3 - url) + strcspn(host + 3, "/?#") : 0;
}

static bool same_origin(const char *a, const char *b)
{
    size_t length = origin_length(a);

    return length == origin_length(b) && strncasecmp(a, b, length) == 0;
}

static void free_request(struct wire_request *request)
{
    struct wire_request **link = &requests;

    while (*link && *link != request)
        link = &(*link)->next;
    if (*link)
        *link = request->next;
    request->connection->request = NULL;
    for (size_t i = 0; i < request->header_count; i++) {
        free(request->headers[i].name);
        free(request->headers[i].value);
    }
    free(request->headers);
    free(request->method);
    free(request->url);
    free(request->body);
    free(request);
}

static void free_connection(struct wire_connection *connection)
{
    struct wire_connection **link = &connections;

    while (*link != connection)
        link = &(*link)->next;
    *link = connection->next;
    if (connection->request)
        free_request(connection->request);
    bufferevent_free(connection->stream);
    free(connection);
    moves++;
}

static void free_transfer(struct transfer *transfer)
{
    struct transfer **link = &transfers;
    struct wire_connection *connection = connections, *next;

    while (*link != transfer)
        link = &(*link)->next;
    *link = transfer->next;
    for (; connection; connection = next) {
        next = connection->next;
        if (connection->transfer == transfer)
            free_connection(connection);
    }
    for (size_t i = 0; i < PLACES; i++)
        if (transfer->listeners[i])
            evconnlistener_free(transfer->listeners[i]);
    free(transfer->first);
    free(transfer->url);
    free(transfer);
    moves++;
}

/* ---- The server. ---- */

static const char *find_header(const struct wire_request *request, const char *name)
{
    for (size_t i = 0; i < request->header_count; i++)
        if (strcasecmp(request->headers[i].name, name) == 0)
            return request->headers[i].value;
    return NULL;
}

/* METHOD PATH HTTP/1.1, and lines "Name: value". The URL is the path alone for now. */
static void read_head(struct wire_request *request, char *head)
{
    char *line = strsep(&head, "\n");

    request->method = mem_string(strsep(&line, " "));
    request->url = mem_string(strsep(&line, " "));
    while ((line = strsep(&head, "\n"))) {
        char *name = strsep(&line, ":");

        if (!line)
            continue;
        line += strspn(line, " ");
        request->headers = mem_resize(request->headers, request->header_count + 1, sizeof *request->headers);
        request->headers[request->header_count++] =
            (struct wire_header){mem_string(name), mem_string_n(line, strcspn(line, "\r"))};
    }
}

/* What came, at the host for which it was meant. A URL without a path has got one on the way. */
static void place_request(struct wire_request *request, const struct transfer *transfer)
{
    size_t length = origin_length(transfer->url);
    struct buf url = {0};

    buf_add_n(&url, transfer->url, length);
    buf_add(&url, request->url + (transfer->url[length] != '/'));
    free(request->url);
    request->url = buf_take(&url);
    request->family = transfer->family;
}

static void arrive(struct wire_connection *connection)
{
    struct wire_request *request = connection->request, **link = &requests;

    request->connection = connection;
    request->id = connection->transfer->id;
    place_request(request, connection->transfer);
    connection->transfer->arrived = true;
    while (*link && (*link)->id < request->id)
        link = &(*link)->next;
    request->next = *link;
    *link = request;
}

/* Waits until all of the request is there. */
static void on_readable(struct bufferevent *stream, void *arg)
{
    struct wire_connection *connection = arg;
    struct evbuffer *input = bufferevent_get_input(stream);
    struct evbuffer_ptr end = evbuffer_search(input, "\r\n\r\n", 4, NULL);
    struct wire_request *request;
    const char *length;
    char *head;
    size_t size = 0;

    moves++;
    if (end.pos < 0 || connection->request || connection->answered)
        return;
    head = mem_string_n((const char *)evbuffer_pullup(input, end.pos), (size_t)end.pos);
    connection->request = request = mem_alloc(sizeof *request);
    request->connection = connection;
    read_head(request, head);
    free(head);
    if ((length = find_header(request, "Content-Length")))
        size = strtoul(length, NULL, 10);
    if (evbuffer_get_length(input) < (size_t)end.pos + 4 + size) {
        free_request(request);
        return;
    }
    evbuffer_drain(input, (size_t)end.pos + 4);
    request->body = size ? mem_string_n((const char *)evbuffer_pullup(input, (ev_ssize_t)size), size) : mem_string("");
    evbuffer_drain(input, size);
    arrive(connection);
}

static void on_written(struct bufferevent *stream, void *arg)
{
    struct wire_connection *connection = arg;

    (void)stream;
    if (connection->answered)
        free_connection(connection);
}

/* The other end has closed it. */
static void on_end(struct bufferevent *stream, short events, void *arg)
{
    (void)stream;
    (void)events;
    free_connection(arg);
}

static void on_connection(struct evconnlistener *listener, evutil_socket_t fd, struct sockaddr *from, int length,
                          void *arg)
{
    struct wire_connection *connection = mem_alloc(sizeof *connection);

    (void)listener;
    (void)from;
    (void)length;
    connection->transfer = arg;
    connection->stream = bufferevent_socket_new(base, fd, BEV_OPT_CLOSE_ON_FREE);
    assert_non_null(connection->stream);
    connection->next = connections;
    connections = connection;
    bufferevent_setcb(connection->stream, on_readable, on_written, on_end, connection);
    bufferevent_enable(connection->stream, EV_READ | EV_WRITE);
    moves++;
}

/* The URL of the transfer as it is at one of our places. */
static char *our_url(struct transfer *transfer, int place)
{
    const char *path = transfer->url + origin_length(transfer->url);
    struct sockaddr_in address = {.sin_family = AF_INET};
    struct evconnlistener **listener = &transfer->listeners[place];
    socklen_t size = sizeof address;
    struct buf ours = {0};

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK + (in_addr_t)place);
    if (!*listener)
        *listener = evconnlistener_new_bind(base, on_connection, transfer, LEV_OPT_CLOSE_ON_FREE, -1,
                                            (const struct sockaddr *)&address, sizeof address);
    assert_non_null(*listener);
    assert_int_equal(getsockname(evconnlistener_get_fd(*listener), (struct sockaddr *)&address, &size), 0);
    buf_addf(&ours, "http://127.0.0.%d:%d%s%s", place + 1, ntohs(address.sin_port), *path == '/' ? "" : "/", path);
    return buf_take(&ours);
}

/* Where libcurl is led by this header: to our server. It does not go from https to http, or back; here, where all is
 * http, that is https. */
static char *our_location(struct transfer *transfer, const char *value)
{
    bool same_scheme = strncasecmp(value, transfer->first, strcspn(transfer->first, ":") + 1) == 0;
    struct buf url = {0};

    if (*value == '/') {
        buf_add_n(&url, transfer->url, origin_length(transfer->url));
        same_scheme = true;
    }
    buf_add(&url, value);
    free(transfer->url);
    transfer->url = buf_take(&url);
    if (!same_scheme)
        return mem_string("https://127.0.0.1:1/");
    return our_url(transfer, same_origin(transfer->url, transfer->first) ? HERE : HERE_TOO);
}

/* No connection serves twice: libcurl would send a request again when one that it has used before is dropped. */
static void write_answer(struct evbuffer *out, struct transfer *transfer, const struct transcript_exchange *exchange)
{
    const char *body = exchange->answer ? exchange->answer : "";

    evbuffer_add_printf(out, "HTTP/1.1 %d Status\r\nConnection: close\r\n", exchange->status);
    if (exchange->status != 204 && exchange->status != 304)
        evbuffer_add_printf(out, "Content-Length: %zu\r\n", strlen(body));
    for (size_t i = 0; i < exchange->answer_header_count; i++) {
        const struct transcript_header *header = &exchange->answer_headers[i];
        bool leads = strcasecmp(header->name, "Location") == 0 && exchange->status / 100 == 3;
        char *value = leads ? our_location(transfer, header->value) : mem_string(header->value);

        evbuffer_add_printf(out, "%s: %s\r\n", header->name, value);
        free(value);
    }
    evbuffer_add_printf(out, "\r\n%s", body);
}

void wire_answer(const struct wire_request *request, const struct transcript_exchange *exchange)
{
    struct wire_connection *connection = request->connection;
    struct transfer *transfer = connection->transfer;

    transfer->arrived = false;
    if (!exchange->status) {
        free_connection(connection);
        return;
    }
    connection->answered = true;
    write_answer(bufferevent_get_output(connection->stream), transfer, exchange);
    free_request(connection->request);
}

/* ---- From the core. ---- */

struct http_transfer *__real_http_start(struct http *self, const struct http_request *request, http_answer_fn *fn,
                                        void *arg);
void __real_http_cancel(struct http_transfer *transfer);
struct http_transfer *__wrap_http_start(struct http *self, const struct http_request *request, http_answer_fn *fn,
                                        void *arg);
void __wrap_http_cancel(struct http_transfer *transfer);

static void on_answer(void *arg, const struct http_answer *answer)
{
    struct transfer *transfer = arg;
    http_answer_fn *fn = transfer->fn;

    arg = transfer->arg;
    free_transfer(transfer);
    fn(arg, answer);
}

struct http_transfer *__wrap_http_start(struct http *self, const struct http_request *request, http_answer_fn *fn,
                                        void *arg)
{
    struct transfer *transfer = mem_alloc(sizeof *transfer);
    struct http_request ours = *request;
    char *url;

    assert_true(origin_length(request->url) > 0);
    *transfer = (struct transfer){.id = ++last_id, .family = request->family, .fn = fn, .arg = arg, .next = transfers};
    transfer->first = mem_string(request->url);
    transfer->url = mem_string(request->url);
    transfers = transfer;
    ours.url = url = our_url(transfer, HERE);
    ours.family = 0;
    fast_timer_made_by(FAST_TIMER_HTTP);
    transfer->real = __real_http_start(self, &ours, on_answer, transfer);
    fast_timer_made_by(FAST_TIMER_OTHER);
    moves++;
    free(url);
    return transfer->real;
}

void __wrap_http_cancel(struct http_transfer *real)
{
    struct transfer *transfer = transfers;

    while (transfer->real != real)
        transfer = transfer->next;
    __real_http_cancel(real);
    free_transfer(transfer);
}

/* ---- Its life. ---- */

static bool is_under_way(void)
{
    for (const struct transfer *transfer = transfers; transfer; transfer = transfer->next)
        if (!transfer->arrived)
            return true;
    return false;
}

bool wire_settle(void)
{
    uint64_t began_ms = fast_timer_real_ms();
    unsigned long before;

    do {
        before = moves + fast_timer_count();
        event_base_loop(base, EVLOOP_ONCE | (is_under_way() ? 0 : EVLOOP_NONBLOCK));
        if (fast_timer_real_ms() - began_ms > HANGS_MS)
            return false;
    } while (is_under_way() || moves + fast_timer_count() != before);
    return true;
}

const struct wire_request *wire_requests(void)
{
    return requests;
}

struct http *wire_open(struct event_base *loop)
{
    base = loop;
    fast_timer_made_by(FAST_TIMER_HTTP);
    http = http_open(base, NULL);
    fast_timer_made_by(FAST_TIMER_OTHER);
    return http;
}

void wire_close(void)
{
    http_close(http);
    assert_null(connections);
}
