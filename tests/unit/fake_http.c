#include "fake_http.h"

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

const char *http_stage_word(enum http_stage stage)
{
    static const char *const words[] = {"resolve", "connect", "tls", "http", "http", "http"};

    return words[stage];
}

struct http_transfer *http_start(struct http *http, const struct http_request *request, http_answer_fn *fn, void *arg)
{
    struct http_transfer *transfer = calloc(1, sizeof *transfer), **link = &transfers;

    (void)http;
    assert_non_null(transfer);
    transfer->request =
        (struct fake_request){copy_of(request->method),   copy_of(request->url), copy_of(request->username),
                              copy_of(request->password), request->family,       request->link};
    transfer->fn = fn;
    transfer->arg = arg;
    while (*link)
        link = &(*link)->next;
    *link = transfer;
    started++;
    return transfer;
}

static void free_transfer(struct http_transfer *transfer)
{
    free((char *)(uintptr_t)transfer->request.method);
    free((char *)(uintptr_t)transfer->request.url);
    free((char *)(uintptr_t)transfer->request.username);
    free((char *)(uintptr_t)transfer->request.password);
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
    (void)transfer;
    return local_address;
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

void fake_http_answer_after(size_t index, long status, const char *body, uint64_t retry_after_ms)
{
    /* The answer lies in memory of its own: whoever keeps a pointer into it is found out. */
    char *copy = copy_of(body);
    struct http_answer answer = {.stage = HTTP_DONE, .status = status, .body = copy, .length = strlen(copy)};

    answer.retry_after_ms = retry_after_ms;
    answer_with(index, &answer);
    free(copy);
}

void fake_http_answer(size_t index, long status, const char *body)
{
    fake_http_answer_after(index, status, body, 0);
}

void fake_http_fail(size_t index, enum http_stage stage, const char *error)
{
    char *copy = copy_of(error);
    struct http_answer answer = {.stage = stage, .body = "", .error = copy};

    answer_with(index, &answer);
    free(copy);
}
