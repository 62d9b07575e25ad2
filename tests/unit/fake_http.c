#include "fake_http.h"
#include "idn.h"
#include "timer.h"

#include "unit.h"

struct http_transfer {
    struct fake_request request;
    http_answer_fn *fn;
    void *arg;
    struct http_transfer *next;
};

static struct http_transfer *transfers;
static size_t started, cancelled;
static struct ip local_address;
static void (*on_start)(const struct fake_request *request);
static void (*on_cancel)(const struct fake_request *request);

static char *copy_of(const char *text)
{
    char *copy = text ? strdup(text) : NULL;

    assert_true(!text || copy);
    return copy;
}

struct http *http_open(struct event_base *base, const char *ca_file)
{
    (void)base;
    (void)ca_file;
    return NULL;
}

void http_close(struct http *http)
{
    (void)http;
}

void http_forget_connections(struct http *http)
{
    (void)http;
}

void http_set_ca_file(struct http *http, const char *ca_file)
{
    (void)http;
    (void)ca_file;
}

char *idn_ascii(const char *name)
{
    (void)name;
    return NULL; /* libcurl cannot tell */
}

/* "Name: value" and a line end, each. */
static char *copy_headers(const char *const *headers)
{
    size_t size = 1;
    char *copy;

    for (size_t i = 0; headers && headers[i]; i++)
        size += strlen(headers[i]) + 1;
    copy = calloc(1, size);
    assert_non_null(copy);
    for (size_t i = 0; headers && headers[i]; i++) {
        strcat(copy, headers[i]);
        strcat(copy, "\n");
    }
    return copy;
}

struct http_transfer *http_start(struct http *http, const struct http_request *request, http_answer_fn *fn, void *arg)
{
    struct http_transfer *transfer = calloc(1, sizeof *transfer), **link = &transfers;

    (void)http;
    assert_non_null(transfer);
    transfer->request = (struct fake_request){
        .method = copy_of(request->method),
        .url = copy_of(request->url),
        .username = copy_of(request->username),
        .password = copy_of(request->password),
        .sigv4 = copy_of(request->sigv4),
        .headers = copy_headers(request->headers),
        .body = copy_of(request->body),
        .redirects = request->redirects,
        .family = request->family,
        .link = request->link,
        .number = ++started,
    };
    transfer->fn = fn;
    transfer->arg = arg;
    while (*link)
        link = &(*link)->next;
    *link = transfer;
    if (on_start)
        on_start(&transfer->request);
    return transfer;
}

static void free_transfer(struct http_transfer *transfer)
{
    const struct fake_request *request = &transfer->request;
    const char *const texts[] = {request->method, request->url,     request->username, request->password,
                                 request->sigv4,  request->headers, request->body};

    for (size_t i = 0; i < COUNT(texts); i++)
        free((char *)(uintptr_t)texts[i]);
    free(transfer);
}

static void unlink_transfer(struct http_transfer *transfer)
{
    struct http_transfer **link = &transfers;

    while (*link != transfer) {
        assert_non_null(*link); /* cancelled or answered twice */
        link = &(*link)->next;
    }
    *link = transfer->next;
}

void http_cancel(struct http_transfer *transfer)
{
    unlink_transfer(transfer);
    cancelled++;
    if (on_cancel)
        on_cancel(&transfer->request);
    free_transfer(transfer);
}

struct ip http_local_address(const struct http_transfer *transfer)
{
    return ip_is_set(&local_address) ? local_address : transfer->request.local;
}

void fake_http_set_local(const struct ip *local)
{
    local_address = *local;
}

static struct http_transfer *find(size_t index)
{
    struct http_transfer *transfer = transfers;

    while (transfer && index-- > 0)
        transfer = transfer->next;
    return transfer;
}

const struct fake_request *fake_http_request(size_t index)
{
    const struct http_transfer *transfer = find(index);

    return transfer ? &transfer->request : NULL;
}

void fake_http_connect(size_t index, const struct ip *local)
{
    struct http_transfer *transfer = find(index);

    assert_non_null(transfer);
    transfer->request.local = *local;
}

size_t fake_http_find(size_t number)
{
    size_t index = 0;

    for (const struct http_transfer *transfer = transfers; transfer; transfer = transfer->next, index++)
        if (transfer->request.number == number)
            return index;
    return SIZE_MAX;
}

size_t fake_http_open(void)
{
    size_t count = 0;

    while (find(count))
        count++;
    return count;
}

size_t fake_http_started(void)
{
    return started;
}

size_t fake_http_cancelled(void)
{
    return cancelled;
}

void fake_http_on_start(void (*fn)(const struct fake_request *request))
{
    on_start = fn;
}

void fake_http_on_cancel(void (*fn)(const struct fake_request *request))
{
    on_cancel = fn;
}

static void answer_with(size_t index, const struct http_answer *answer)
{
    struct http_transfer *transfer = find(index);

    assert_non_null(transfer);
    unlink_transfer(transfer);
    transfer->fn(transfer->arg, answer);
    free_transfer(transfer);
}

void fake_http_answer_with(size_t index, const struct http_answer *answer)
{
    /* The answer lies in memory of its own: whoever keeps a pointer into it is found out. */
    char *body = copy_of(answer->body ? answer->body : ""), *error = copy_of(answer->error);
    char *headers = copy_of(answer->headers ? answer->headers : "");
    struct http_answer copy = *answer;

    copy.body = body;
    copy.length = strlen(body);
    copy.headers = headers;
    copy.pace = pace_read(headers, answer->status, timer_wall_s());
    copy.error = error;
    answer_with(index, &copy);
    free(body);
    free(headers);
    free(error);
}

void fake_http_answer_after(size_t index, long status, const char *body, uint64_t retry_after_ms)
{
    char headers[64];

    snprintf(headers, sizeof headers, "Retry-After: %llu\n", (unsigned long long)retry_after_ms / 1000);
    fake_http_answer_with(
        index, &(struct http_answer){
                   .stage = HTTP_DONE, .status = status, .body = body, .headers = retry_after_ms ? headers : NULL});
}

void fake_http_answer(size_t index, long status, const char *body)
{
    fake_http_answer_after(index, status, body, 0);
}

void fake_http_fail(size_t index, enum http_stage stage, const char *error)
{
    fake_http_answer_with(index, &(struct http_answer){.stage = stage, .error = error});
}
