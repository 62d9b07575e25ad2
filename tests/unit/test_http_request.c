/* What a request has besides its URL, and what of an answer besides its body, seen by a small server that says back what
 * it was sent. */
#include "http.h"

#include "log.h"
#include "timer.h"
#include "unit.h"

#include <arpa/inet.h>
#include <event2/event.h>
#include <netinet/in.h>
#include <signal.h>
#include <strings.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- The server: a process for each connection. ---- */

static pid_t server;
static int port;

static void answer_with(int fd, const char *head, const char *body)
{
    char *text = malloc(strlen(head) + strlen(body) + 128);
    int length;

    if (!text)
        _exit(1);
    length = sprintf(text, "%sContent-Length: %zu\r\n\r\n%s", head, strlen(body), body);
    if (write(fd, text, (size_t)length) != length)
        _exit(0);
    free(text);
}

/* /go/N leads to /go/N-1, and /go/0 is the end; /other to another host, /secure to another scheme. */
static void answer_request(int fd, const char *request)
{
    char path[64] = "", head[256];
    int left = 0;

    sscanf(request, "%*s %63s", path);
    snprintf(head, sizeof head, "HTTP/1.1 200 OK\r\n");
    if (sscanf(path, "/go/%d", &left) == 1 && left > 0)
        snprintf(head, sizeof head, "HTTP/1.1 302 Found\r\nX-Left: %d\r\nLocation: /go/%d\r\n", left, left - 1);
    else if (strcmp(path, "/other") == 0)
        snprintf(head, sizeof head, "HTTP/1.1 307 Elsewhere\r\nLocation: http://localhost:%d/echo\r\n", port);
    else if (strcmp(path, "/secure") == 0)
        snprintf(head, sizeof head, "HTTP/1.1 302 Found\r\nLocation: https://127.0.0.1:%d/echo\r\n", port);
    else if (strcmp(path, "/heads") == 0)
        snprintf(head, sizeof head,
                 "HTTP/1.1 103 Early Hints\r\nX-Early: yes\r\n\r\nHTTP/1.1 200 OK\r\nX-One: 1\r\nx-two:  b c \r\n");
    answer_with(fd, head, request);
}

static void serve_connection(int fd)
{
    static char request[70000];
    size_t length = 0;
    ssize_t got;

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    while ((got = read(fd, request + length, sizeof request - length - 1)) > 0) {
        const char *end, *size;

        length += (size_t)got;
        request[length] = '\0';
        end = strstr(request, "\r\n\r\n");
        size = strcasestr(request, "\r\nContent-Length: ");
        if (!end || (size && size < end && strlen(end + 4) < (size_t)atol(size + 18)))
            continue;
        answer_request(fd, request);
        length = 0;
    }
    _exit(0);
}

static void serve(int listener)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    signal(SIGCHLD, SIG_IGN);
    signal(SIGPIPE, SIG_IGN);
    for (;;) {
        int fd = accept(listener, NULL, NULL);

        if (fd < 0)
            _exit(1);
        if (fork() == 0)
            serve_connection(fd);
        close(fd);
    }
}

static int start_server(void **state)
{
    static const char *const proxies[] = {"http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"};
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t length = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM, 0);

    (void)state;
    log_set_level(LOG_LEVEL_ERROR);
    for (size_t i = 0; i < COUNT(proxies); i++)
        unsetenv(proxies[i]);
    assert_true(listener >= 0 && bind(listener, (struct sockaddr *)&address, length) == 0);
    assert_true(getsockname(listener, (struct sockaddr *)&address, &length) == 0 && listen(listener, 64) == 0);
    port = ntohs(address.sin_port);
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
    return 0;
}

/* ---- The client. ---- */

static struct event_base *loop;
static struct http *http;

/* What came; belongs to these. */
static struct {
    unsigned calls;
    enum http_stage stage;
    long status;
    char body[70000], headers[20000], error[256];
} came;

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

static void on_answer(void *arg, const struct http_answer *answer)
{
    (void)arg;
    came.calls++;
    came.stage = answer->stage;
    came.status = answer->status;
    assert_non_null(answer->headers);
    snprintf(came.body, sizeof came.body, "%s", answer->body);
    snprintf(came.headers, sizeof came.headers, "%s", answer->headers);
    snprintf(came.error, sizeof came.error, "%s", answer->error ? answer->error : "");
}

/* The URL is the server's with this path. */
static void ask(const char *path, struct http_request request)
{
    char url[128];

    snprintf(url, sizeof url, "http://127.0.0.1:%d%s", port, path);
    request.url = url;
    memset(&came, 0, sizeof came);
    http_start(http, &request, on_answer, NULL);
    memset(url, 'x', sizeof url - 1);
    while (!came.calls)
        event_base_loop(loop, EVLOOP_ONCE);
    assert_int_equal(came.calls, 1);
}

/* The field that the server saw stands there once, with this value; NULL: not at all. */
static void assert_field(const char *name, const char *value)
{
    char start[64];
    const char *at, *end = strstr(came.body, "\r\n\r\n");

    snprintf(start, sizeof start, "\r\n%s:", name);
    at = strcasestr(came.body, start);
    if (!value) {
        assert_true(!at || at > end);
        return;
    }
    assert_non_null(at);
    at += strlen(start);
    at += strspn(at, " ");
    assert_true(strncmp(at, value, strlen(value)) == 0 && at[strlen(value)] == '\r');
    assert_null(strcasestr(at, start));
}

static const char *sent_body(void)
{
    const char *end = strstr(came.body, "\r\n\r\n");

    return end ? end + 4 : "(no end of the head)";
}

/* ---- What is sent. ---- */

static void test_method_and_body(void **state)
{
    static const struct {
        const char *method, *body, *length; /* length NULL: the field is not there */
    } cases[] = {
        {"GET", NULL, NULL},
        {"DELETE", NULL, NULL},
        {"POST", "a=1&b=2", "7"},
        {"PUT", "{\"a\":1}", "7"},
        {"PATCH", "x", "1"},
        {"DELETE", "{\"id\":1}", "8"},
        {"GET", "odd", "3"},
        /* What may carry a body says that it carries none: some servers answer 411 otherwise. */
        {"POST", NULL, "0"},
        {"PUT", NULL, "0"},
        {"PATCH", NULL, "0"},
        {"POST", "", "0"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        char line[64];

        ask("/echo", (struct http_request){.method = cases[i].method, .body = cases[i].body});
        snprintf(line, sizeof line, "%s /echo HTTP/1.1\r\n", cases[i].method);
        if (came.status != 200 || strncmp(came.body, line, strlen(line)) != 0)
            unit_wrong("row %zu: %ld %s %s", i, came.status, came.error, came.body);
        if (strcmp(sent_body(), cases[i].body ? cases[i].body : "") != 0)
            unit_wrong("row %zu: the body is %s", i, sent_body());
        assert_field("Content-Length", cases[i].length);
        assert_field("Expect", NULL);
        if (!cases[i].body)
            assert_field("Content-Type", NULL);
    }
    unit_all_right();
}

static void test_headers(void **state)
{
    char key[] = "X-Key: a b:c", type[] = "Content-Type: application/json";
    const char *headers[] = {key, type, "Accept: application/xml", NULL};

    (void)state;
    ask("/echo", (struct http_request){.method = "POST", .body = "{}", .headers = headers});
    assert_field("X-Key", "a b:c");
    assert_field("Content-Type", "application/json");
    assert_field("Accept", "application/xml");
    assert_field("Authorization", NULL);
    ask("/echo", (struct http_request){.method = "POST", .headers = headers});
    assert_field("X-Key", "a b:c");
    ask("/echo", (struct http_request){.method = "GET"});
    assert_field("X-Key", NULL);
}

/* It may be longer than a packet. */
static void test_long_body(void **state)
{
    char *body = malloc(50001);

    (void)state;
    assert_non_null(body);
    memset(body, 'x', 50000);
    body[50000] = '\0';
    ask("/echo", (struct http_request){.method = "PUT", .body = body});
    assert_int_equal(came.status, 200);
    assert_string_equal(sent_body(), body);
    free(body);
}

/* The key, the region and the service stand in the field; the key's secret half does not. */
static void test_sigv4(void **state)
{
    (void)state;
    ask("/echo?b=2&a=1", (struct http_request){.method = "POST",
                                               .body = "<x/>",
                                               .username = "AKIDEXAMPLE",
                                               .password = "verysecret",
                                               .sigv4 = "aws:amz:us-east-1:route53"});
    assert_int_equal(came.status, 200);
    assert_contains(came.body, "\r\nAuthorization: AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/");
    assert_contains(came.body, "/us-east-1/route53/aws4_request, SignedHeaders=");
    assert_contains(came.body, "Signature=");
    assert_contains(came.body, "\r\nX-Amz-Date: ");
    assert_lacks(came.body, "verysecret");
    assert_lacks(came.body, "Basic");
    assert_string_equal(sent_body(), "<x/>");
}

/* ---- Redirects. ---- */

static void test_redirects(void **state)
{
    (void)state;
    ask("/go/1", (struct http_request){.method = "GET"});
    assert_int_equal(came.status, 302);
    assert_int_equal(came.stage, HTTP_DONE);
    ask("/go/3", (struct http_request){.method = "GET", .redirects = 3});
    assert_int_equal(came.status, 200);
    assert_contains(came.body, "GET /go/0 HTTP/1.1\r\n");
    /* The fields are those of the last answer. */
    assert_lacks(came.headers, "X-Left");
    /* One too many: it ends as trouble of the server. */
    ask("/go/4", (struct http_request){.method = "GET", .redirects = 3});
    assert_int_equal(came.stage, HTTP_GARBLED);
    assert_string_not_equal(came.error, "");
    /* Never to another scheme. */
    ask("/secure", (struct http_request){.method = "GET", .redirects = 3});
    assert_int_not_equal(came.stage, HTTP_DONE);
    assert_contains(came.error, "rotocol"); /* and not of TLS: nothing was begun */
}

/* A login stays with the host that it was meant for. */
static void test_redirect_to_another_host(void **state)
{
    const struct http_request request = {.method = "GET", .username = "alice", .password = "secret", .redirects = 2};

    (void)state;
    ask("/go/1", request);
    assert_contains(came.body, "GET /go/0 ");
    assert_field("Authorization", "Basic YWxpY2U6c2VjcmV0");
    ask("/other", request);
    assert_int_equal(came.status, 200);
    assert_contains(came.body, "GET /echo ");
    assert_contains(came.body, "\r\nHost: localhost:");
    assert_field("Authorization", NULL);
}

/* ---- The fields of an answer. ---- */

static void test_answer_headers(void **state)
{
    (void)state;
    ask("/heads", (struct http_request){.method = "GET"});
    assert_int_equal(came.status, 200);
    assert_contains(came.headers, "X-One: 1\r\n");
    assert_contains(came.headers, "x-two:  b c");
    /* Those of an answer before it are not its own. */
    assert_lacks(came.headers, "X-Early");
    assert_lacks(came.headers, "HTTP/1.1");
}

#define ON_LOOP(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_LOOP(test_method_and_body), ON_LOOP(test_headers),   ON_LOOP(test_long_body),
        ON_LOOP(test_sigv4),           ON_LOOP(test_redirects), ON_LOOP(test_redirect_to_another_host),
        ON_LOOP(test_answer_headers),
    };

    return cmocka_run_group_tests_name("http: requests", tests, start_server, stop_server);
}
