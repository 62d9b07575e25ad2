/* Requests to a small server on the loopback. What takes its time (timeouts) is tested with the whole program. */
#include "http.h"
#include "idn.h"

#include "log.h"
#include "timer.h"
#include "unit.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <event2/event.h>
#include <net/if.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- The server: a process for each connection, which does what the path of the request says. ---- */

enum { MAX_ANSWER = 1024 * 1024 };

static pid_t server;
static int port, news[2]; /* on a pipe: 'h' a request hangs, 'c' its connection was closed */

static void say(int fd, const char *text, size_t length)
{
    while (length) {
        ssize_t done = write(fd, text, length);

        if (done <= 0)
            _exit(0);
        text += done;
        length -= (size_t)done;
    }
}

static void answer_with(int fd, const char *status, const char *headers, const char *body, size_t length)
{
    /* In one piece: the second would wait for the client's delayed acknowledgement. */
    char *text = malloc(512 + length);
    size_t head;

    if (!text)
        _exit(1);
    head = (size_t)snprintf(text, 512, "HTTP/1.1 %s\r\nContent-Length: %zu\r\n%s\r\n", status, length, headers);
    memcpy(text + head, body, length);
    say(fd, text, head + length);
    free(text);
}

static void hang(int fd)
{
    char byte;

    say(news[1], "h", 1);
    while (read(fd, &byte, 1) > 0)
        ;
    say(news[1], "c", 1);
    _exit(0);
}

static void answer_size(int fd, size_t size)
{
    char *body = malloc(size + 1);

    if (!body)
        _exit(1);
    memset(body, 'x', size);
    answer_with(fd, "200 OK", "", body, size);
    free(body);
}

static void answer_request(int fd, const char *request, int connection)
{
    char path[64] = "", text[64];

    sscanf(request, "GET %63s", path);
    if (strcmp(path, "/echo") == 0)
        answer_with(fd, "200 OK", "", request, strlen(request));
    else if (strcmp(path, "/hang") == 0)
        hang(fd);
    else if (strcmp(path, "/close") == 0)
        _exit(0);
    else if (strcmp(path, "/garbage") == 0)
        say(fd, "This is no HTTP.\r\n\r\n", 20);
    else if (strcmp(path, "/half") == 0)
        say(fd, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\ngood", 44);
    else if (strcmp(path, "/redirect") == 0)
        answer_with(fd, "302 Found", "Location: /connection\r\n", "moved", 5);
    else if (strcmp(path, "/busy") == 0)
        answer_with(fd, "503 Busy", "Retry-After: 7\r\n", "busy", 4);
    else if (strcmp(path, "/nul") == 0)
        answer_with(fd, "200 OK", "", "a\0b", 3);
    else if (strncmp(path, "/size/", 6) == 0)
        answer_size(fd, (size_t)atol(path + 6));
    else
        answer_with(fd, "200 OK", "", text, (size_t)snprintf(text, sizeof text, "%d", connection));
    if (strcmp(path, "/garbage") == 0 || strcmp(path, "/half") == 0)
        _exit(0);
}

static void serve_connection(int fd, int connection)
{
    char request[8192];
    size_t length = 0;
    ssize_t got;

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    while ((got = read(fd, request + length, sizeof request - length - 1)) > 0) {
        length += (size_t)got;
        request[length] = '\0';
        if (strncmp(request, "GET ", 4) != 0)
            _exit(0); /* TLS, where none is */
        if (!strstr(request, "\r\n\r\n"))
            continue;
        answer_request(fd, request, connection);
        length = 0;
    }
    _exit(0);
}

static void serve(int listener)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    signal(SIGCHLD, SIG_IGN);
    signal(SIGPIPE, SIG_IGN);
    for (int connection = 1;; connection++) {
        int fd = accept(listener, NULL, NULL);

        if (fd < 0)
            _exit(1);
        if (fork() == 0)
            serve_connection(fd, connection);
        close(fd);
    }
}

/* A socket on a port of the loopback that nobody else has. */
static int bind_loopback(int *bound_port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t length = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    assert_true(fd >= 0 && bind(fd, (struct sockaddr *)&address, length) == 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &length), 0);
    *bound_port = ntohs(address.sin_port);
    return fd;
}

static int start_server(void **state)
{
    int listener = bind_loopback(&port);

    (void)state;
    log_set_level(LOG_LEVEL_ERROR);
    /* A proxy of the environment would stand in between. */
    unsetenv("http_proxy");
    unsetenv("https_proxy");
    unsetenv("HTTPS_PROXY");
    unsetenv("all_proxy");
    unsetenv("ALL_PROXY");
    assert_true(listen(listener, 64) == 0 && pipe(news) == 0);
    server = fork();
    assert_true(server >= 0);
    if (server == 0)
        serve(listener);
    close(listener);
    alarm(60); /* a test that waits in vain ends as a failure */
    return 0;
}

static int stop_server(void **state)
{
    int status;

    (void)state;
    kill(server, SIGKILL);
    waitpid(server, &status, 0);
    close(news[0]);
    close(news[1]);
    return 0;
}

/* ---- The client. ---- */

static struct event_base *loop;
static struct http *http;
static bool starting;

struct result {
    unsigned calls;
    struct http_answer answer; /* its texts are copies below */
    char *body;
    char error[256];
    void (*then)(struct result *result);
    struct http_transfer *other;
};

static void on_answer(void *arg, const struct http_answer *answer)
{
    struct result *result = arg;

    assert_false(starting); /* never from within http_start() */
    assert_int_equal(answer->body[answer->length], '\0');
    assert_int_equal(answer->stage == HTTP_DONE, answer->error == NULL);
    result->calls++;
    result->answer = *answer;
    free(result->body);
    result->body = malloc(answer->length + 1);
    assert_non_null(result->body);
    memcpy(result->body, answer->body, answer->length + 1);
    snprintf(result->error, sizeof result->error, "%s", answer->error ? answer->error : "");
    if (result->then)
        result->then(result);
}

static int setup(void **state)
{
    (void)state;
    loop = timer_loop();
    http = http_open(loop, NULL);
    return loop && http ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    http_close(http);
    event_base_free(loop);
    return 0;
}

static struct http_transfer *start_url(const char *url, struct result *result)
{
    struct http_request request = {.method = "GET", .url = url};
    struct http_transfer *transfer;

    starting = true;
    transfer = http_start(http, &request, on_answer, result);
    starting = false;
    return transfer;
}

static struct http_transfer *start(const char *path, struct result *result)
{
    char url[128];

    snprintf(url, sizeof url, "http://127.0.0.1:%d%s", port, path);
    return start_url(url, result);
}

static void wait_for(const struct result *result)
{
    while (!result->calls)
        event_base_loop(loop, EVLOOP_ONCE);
    assert_int_equal(result->calls, 1);
}

static struct result get(const char *path)
{
    struct result result = {0};

    start(path, &result);
    wait_for(&result);
    return result;
}

static void on_news(evutil_socket_t fd, short what, void *arg)
{
    (void)what;
    assert_int_equal(read(fd, arg, 1), 1);
}

/* Lets the loop run until the server has news, and says which. */
static char wait_for_news(void)
{
    char letter = 0;
    struct event *event = event_new(loop, news[0], EV_READ, on_news, &letter);

    event_add(event, NULL);
    while (!letter)
        event_base_loop(loop, EVLOOP_ONCE);
    event_free(event);
    return letter;
}

static void test_answer(void **state)
{
    struct result result = get("/connection");

    (void)state;
    assert_int_equal(result.answer.stage, HTTP_DONE);
    assert_int_equal(result.answer.status, 200);
    assert_int_equal(result.answer.pace.retry_after_ms, 0);
    assert_true(atoi(result.body) > 0);
    free(result.body);
}

static void test_request(void **state)
{
    struct result result = {0};
    char url[64], username[] = "alice", password[] = "open:sesame";
    struct http_request request = {.method = "GET", .url = url, .username = username, .password = password};

    (void)state;
    snprintf(url, sizeof url, "http://127.0.0.1:%d/echo", port);
    http_start(http, &request, on_answer, &result);
    /* All of it was copied. */
    memset(url, 'x', sizeof url - 1);
    memset(username, 'x', sizeof username - 1);
    memset(password, 'x', sizeof password - 1);
    wait_for(&result);
    assert_contains(result.body, "GET /echo HTTP/1.1\r\n");
    /* alice:open:sesame */
    assert_contains(result.body, "\r\nAuthorization: Basic YWxpY2U6b3BlbjpzZXNhbWU=\r\n");
    assert_contains(result.body, "\r\nUser-Agent: wanddns ");
    free(result.body);
    result = get("/echo");
    assert_lacks(result.body, "Authorization");
    free(result.body);
}

static void test_outcomes(void **state)
{
    static const struct {
        const char *path;
        enum http_stage stage;
        long status;
        size_t length;
        uint64_t retry_after_ms;
        const char *error;
    } cases[] = {
        {"/busy", HTTP_DONE, 503, 4, 7000, ""},
        {"/redirect", HTTP_DONE, 302, 5, 0, ""}, /* not followed */
        {"/nul", HTTP_DONE, 200, 3, 0, ""},
        {"/size/0", HTTP_DONE, 200, 0, 0, ""},
        {"/size/1048576", HTTP_DONE, 200, MAX_ANSWER, 0, ""},
        {"/size/1048577", HTTP_GARBLED, 200, 0, 0, "too large"},
        {"/size/10000000", HTTP_GARBLED, 200, 0, 0, "too large"},
        {"/garbage", HTTP_GARBLED, 0, 0, 0, ""},
        {"/close", HTTP_WAIT, 0, 0, 0, ""},
        {"/half", HTTP_WAIT, 200, 0, 0, ""},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct result result = get(cases[i].path);

        if (result.answer.stage != cases[i].stage || result.answer.pace.retry_after_ms != cases[i].retry_after_ms)
            unit_wrong("%s: stage %d, %s", cases[i].path, (int)result.answer.stage, result.error);
        if (cases[i].stage == HTTP_DONE &&
            (result.answer.status != cases[i].status || result.answer.length != cases[i].length))
            unit_wrong("%s: status %ld, %zu bytes", cases[i].path, result.answer.status, result.answer.length);
        if (cases[i].stage != HTTP_DONE &&
            (!*result.error || strpbrk(result.error, "\r\n") || !strstr(result.error, cases[i].error)))
            unit_wrong("%s: error \"%s\"", cases[i].path, result.error);
        if (result.answer.length > MAX_ANSWER)
            unit_wrong("%s: %zu bytes were kept", cases[i].path, result.answer.length);
        free(result.body);
    }
    unit_all_right();
}

static void test_refused(void **state)
{
    struct result result = {0};
    int closed_port, fd = bind_loopback(&closed_port); /* bound, but nobody listens */
    char url[64];

    (void)state;
    snprintf(url, sizeof url, "http://127.0.0.1:%d/", closed_port);
    start_url(url, &result);
    wait_for(&result);
    assert_int_equal(result.answer.stage, HTTP_CONNECT);
    assert_contains(result.error, "refused");
    free(result.body);
    close(fd);
}

/* TLS towards a server that has none, and what is no URL or no protocol of ours. */
static void test_bad_urls(void **state)
{
    char tls[64];
    const struct {
        const char *url;
        enum http_stage latest;
    } cases[] = {
        {tls, HTTP_TLS},
        {"http:///", HTTP_RESOLVE},
        {"ftp://127.0.0.1/", HTTP_RESOLVE},
        {"file:///etc/passwd", HTTP_RESOLVE},
    };

    (void)state;
    snprintf(tls, sizeof tls, "https://127.0.0.1:%d/", port);
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct result result = {0};

        start_url(cases[i].url, &result);
        wait_for(&result);
        if (result.answer.stage > cases[i].latest || !*result.error || result.answer.length)
            unit_wrong("%s: stage %d, %s", cases[i].url, (int)result.answer.stage, result.error);
        free(result.body);
    }
    unit_all_right();
}

static void test_cancel(void **state)
{
    struct result result = {0}, other = {0};
    struct http_transfer *transfer = start("/hang", &result);
    struct ip local, none = http_local_address(transfer);
    char text[IP_TEXT_SIZE];

    (void)state;
    /* Our address is known once it is connected. */
    assert_false(ip_is_set(&none));
    assert_int_equal(wait_for_news(), 'h');
    local = http_local_address(transfer);
    assert_string_equal(ip_text(&local, text), "127.0.0.1");
    start("/connection", &other);
    http_cancel(transfer);
    /* The connection goes with it, and others are not disturbed. */
    wait_for(&other);
    assert_int_equal(wait_for_news(), 'c');
    assert_int_equal(result.calls, 0);
    free(other.body);
    /* Before it began. */
    http_cancel(start("/connection", &result));
    other = get("/connection");
    assert_int_equal(result.calls, 0);
    free(other.body);
}

static void test_beside_each_other(void **state)
{
    struct result results[20] = {{0}}, hanging = {0};
    struct http_transfer *transfer = start("/hang", &hanging);

    (void)state;
    for (size_t i = 0; i < COUNT(results); i++)
        start("/size/5000", &results[i]);
    for (size_t i = 0; i < COUNT(results); i++) {
        wait_for(&results[i]);
        if (results[i].answer.length != 5000)
            unit_wrong("request %zu: stage %d, %s", i, (int)results[i].answer.stage, results[i].error);
        free(results[i].body);
    }
    assert_int_equal(wait_for_news(), 'h');
    assert_int_equal(hanging.calls, 0);
    http_cancel(transfer);
    assert_int_equal(wait_for_news(), 'c');
    unit_all_right();
}

/* A connection serves the requests of a burst, and none after it was forgotten. */
static void test_connections(void **state)
{
    struct result first = get("/connection"), second = get("/connection"), third;

    (void)state;
    assert_string_equal(first.body, second.body);
    http_forget_connections(http);
    http_forget_connections(http);
    third = get("/connection");
    assert_string_not_equal(third.body, second.body);
    free(first.body);
    free(second.body);
    free(third.body);
}

/* A request under way goes on when connections are forgotten; a later one does not use its connection. */
static void test_forget_under_way(void **state)
{
    struct result first = {0}, second = {0}, third = {0};

    (void)state;
    start("/connection", &first);
    http_forget_connections(http);
    start("/connection", &second);
    wait_for(&first);
    wait_for(&second);
    assert_int_equal(first.answer.stage, HTTP_DONE);
    assert_string_not_equal(first.body, second.body);
    start("/connection", &third);
    wait_for(&third);
    assert_string_equal(third.body, second.body);
    free(first.body);
    free(second.body);
    free(third.body);
}

static void cancel_other(struct result *result)
{
    http_cancel(result->other);
}

static struct result next;

static void start_next(struct result *result)
{
    (void)result;
    http_forget_connections(http);
    start("/connection", &next);
}

/* A callback may cancel another request, forget connections and start the next request. */
static void test_from_the_callback(void **state)
{
    struct result hanging = {0}, killer = {.then = cancel_other}, starter = {.then = start_next};

    (void)state;
    killer.other = start("/hang", &hanging);
    assert_int_equal(wait_for_news(), 'h');
    start("/connection", &killer);
    wait_for(&killer);
    assert_int_equal(wait_for_news(), 'c');
    assert_int_equal(hanging.calls, 0);
    start("/connection", &starter);
    wait_for(&starter);
    wait_for(&next);
    assert_string_not_equal(starter.body, next.body);
    free(killer.body);
    free(starter.body);
    free(next.body);
    next = (struct result){0};
}

/* Two that end together, of which the first cancels the second: it is not called. */
static void test_cancel_finished(void **state)
{
    (void)state;
    for (int round = 0; round < 20; round++) {
        struct result first = {.then = cancel_other}, second = {0}, last;

        start("/connection", &first);
        first.other = start("/connection", &second);
        while (!first.calls && !second.calls)
            event_base_loop(loop, EVLOOP_ONCE);
        if (second.calls) {
            /* It came first: there is nothing to cancel any more. */
            first.then = NULL;
            wait_for(&first);
        }
        last = get("/connection");
        assert_true(second.calls + first.calls >= 1 && second.calls <= 1);
        free(first.body);
        free(second.body);
        free(last.body);
    }
}

/* No more than so many are under way; the next one begins when one of them ends, and none of those that wait is lost, nor
 * is one that is taken back before its turn. */
static void test_at_once(void **state)
{
    struct http_transfer *hanging[HTTP_AT_ONCE];
    struct result hung = {0}, taken_back = {0}, results[5] = {{0}};
    struct http_transfer *waiting;

    (void)state;
    for (size_t i = 0; i < HTTP_AT_ONCE; i++)
        hanging[i] = start("/hang", &hung);
    for (size_t i = 0; i < HTTP_AT_ONCE; i++)
        assert_int_equal(wait_for_news(), 'h');
    waiting = start("/hang", &taken_back);
    for (size_t i = 0; i < COUNT(results); i++)
        start("/connection", &results[i]);
    http_cancel(waiting);
    for (int i = 0; i < 10; i++)
        event_base_loop(loop, EVLOOP_NONBLOCK);
    for (size_t i = 0; i < COUNT(results); i++)
        assert_int_equal(results[i].calls, 0);
    http_cancel(hanging[0]);
    for (size_t i = 0; i < COUNT(results); i++) {
        wait_for(&results[i]);
        assert_int_equal(results[i].answer.stage, HTTP_DONE);
        free(results[i].body);
    }
    for (size_t i = 1; i < HTTP_AT_ONCE; i++)
        http_cancel(hanging[i]);
    for (size_t i = 0; i < HTTP_AT_ONCE; i++)
        assert_int_equal(wait_for_news(), 'c');
    assert_int_equal(taken_back.calls + hung.calls, 0);
}

/* ---- The family, and the interface by which a request leaves. ---- */

static struct result get_by(const char *host, int family, int link)
{
    struct result result = {0};
    char url[128];
    struct http_request request = {.method = "GET", .url = url, .family = family, .link = link};

    snprintf(url, sizeof url, "http://%s:%d/connection", host, port);
    http_start(http, &request, on_answer, &result);
    wait_for(&result);
    return result;
}

static void test_bound_to_a_link(void **state)
{
    int lo = (int)if_nametoindex("lo");
    struct result result;

    (void)state;
    assert_true(lo > 0);
    result = get_by("127.0.0.1", 0, lo);
    assert_string_equal(result.error, "");
    assert_int_equal(result.answer.stage, HTTP_DONE);
    assert_int_equal(result.answer.status, 200);
    free(result.body);
}

/* A link that is not there (any more) fails the request by name, and nothing leaves by another one. */
static void test_no_such_link(void **state)
{
    static const int links[] = {999999, 2147483647};

    (void)state;
    for (size_t i = 0; i < COUNT(links); i++) {
        struct result before, failed, after;
        char text[64];

        http_forget_connections(http);
        before = get_by("127.0.0.1", 0, 0);
        failed = get_by("127.0.0.1", 0, links[i]);
        http_forget_connections(http);
        after = get_by("127.0.0.1", 0, 0);
        snprintf(text, sizeof text, "it cannot be bound to interface %d", links[i]);
        if (failed.answer.stage != HTTP_CONNECT || failed.answer.length ||
            strncmp(failed.error, text, strlen("it cannot be bound to interface 9")) != 0 ||
            !strstr(failed.error, ": No such device"))
            unit_wrong("link %d: stage %d, %s", links[i], (int)failed.answer.stage, failed.error);
        if (atoi(after.body) != atoi(before.body) + 1)
            unit_wrong("link %d: something came to the server", links[i]);
        free(before.body);
        free(failed.body);
        free(after.body);
    }
    unit_all_right();
}

/* A connection that was made over one link serves no request for another one, nor for any. */
static void test_links_do_not_share(void **state)
{
    int lo = (int)if_nametoindex("lo");
    struct result any = get_by("127.0.0.1", 0, 0), bound = get_by("127.0.0.1", 0, lo);
    struct result any_again = get_by("127.0.0.1", 0, 0), bound_again = get_by("127.0.0.1", 0, lo);
    struct result missing = get_by("127.0.0.1", 0, 999999), fresh;

    (void)state;
    assert_string_not_equal(any.body, bound.body);
    assert_string_equal(any.body, any_again.body);
    assert_string_equal(bound.body, bound_again.body);
    assert_int_equal(missing.answer.stage, HTTP_CONNECT);
    /* They are all forgotten, whatever their link. */
    http_forget_connections(http);
    fresh = get_by("127.0.0.1", 0, lo);
    assert_string_not_equal(fresh.body, bound.body);
    free(any.body);
    free(bound.body);
    free(any_again.body);
    free(bound_again.body);
    free(missing.body);
    free(fresh.body);
}

/* The server is there for IPv4 only: who asks for IPv6 does not get there, not over a connection that is kept either. */
static void test_family(void **state)
{
    struct result any = get_by("localhost", 0, 0), v4 = get_by("localhost", AF_INET, 0),
                  v6 = get_by("localhost", AF_INET6, 0);

    (void)state;
    assert_int_equal(any.answer.stage, HTTP_DONE);
    assert_int_equal(v4.answer.stage, HTTP_DONE);
    assert_in_range(v6.answer.stage, HTTP_RESOLVE, HTTP_CONNECT);
    free(any.body);
    free(v4.body);
    free(v6.body);
}

static void test_words(void **state)
{
    static const char *const words[] = {"resolve", "connect", "tls", "http", "http", "http"};

    (void)state;
    for (int i = 0; i <= HTTP_DONE; i++)
        assert_string_equal(http_stage_word((enum http_stage)i), words[i]);
}

/* Where libcurl can tell, it tells the A-labels of RFC 5891; what is no name has none. */
static void test_ascii_name(void **state)
{
    char *name = idn_ascii("b\xc3\xbc"
                           "cher.example.org"),
         *bad = idn_ascii("\xff.example.org");

    (void)state;
#ifdef CURLU_PUNYCODE
    if (curl_version_info(CURLVERSION_NOW)->features & CURL_VERSION_IDN)
        assert_string_equal(name ? name : "none", "xn--bcher-kva.example.org");
    else
#endif
        assert_null(name);
    assert_null(bad);
    free(name);
}

/* A trust store that is not there is trouble of the request, not of the program. */
static void test_ca_file(void **state)
{
    struct result result = {0};
    char url[64];

    (void)state;
    http_set_ca_file(http, "/no/such/file.pem");
    snprintf(url, sizeof url, "https://127.0.0.1:%d/", port);
    start_url(url, &result);
    wait_for(&result);
    assert_int_equal(result.answer.stage, HTTP_TLS);
    free(result.body);
    http_set_ca_file(http, NULL);
    result = get("/connection");
    assert_int_equal(result.answer.stage, HTTP_DONE);
    free(result.body);
}

#define ON_LOOP(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_LOOP(test_answer),
        ON_LOOP(test_request),
        ON_LOOP(test_outcomes),
        ON_LOOP(test_refused),
        ON_LOOP(test_bad_urls),
        ON_LOOP(test_cancel),
        ON_LOOP(test_beside_each_other),
        ON_LOOP(test_connections),
        ON_LOOP(test_forget_under_way),
        ON_LOOP(test_from_the_callback),
        ON_LOOP(test_cancel_finished),
        ON_LOOP(test_at_once),
        ON_LOOP(test_bound_to_a_link),
        ON_LOOP(test_no_such_link),
        ON_LOOP(test_links_do_not_share),
        ON_LOOP(test_family),
        ON_LOOP(test_words),
        ON_LOOP(test_ascii_name),
        ON_LOOP(test_ca_file),
    };

    return cmocka_run_group_tests_name("http", tests, start_server, stop_server);
}
