#include "stage.h"

#include <curl/curl.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

const char *http_stage_word(enum http_stage stage)
{
    static const char *const words[] = {"resolve", "connect", "tls", "http", "http", "http"};

    return words[stage];
}

static bool is_tls_trouble(CURLcode code)
{
    switch (code) {
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_ENGINE_INITFAILED:
    case CURLE_SSL_INVALIDCERTSTATUS:
        return true;
    default:
        return false;
    }
}

static bool is_silence(CURLcode code)
{
    switch (code) {
    case CURLE_OPERATION_TIMEDOUT:
    case CURLE_GOT_NOTHING:
    case CURLE_PARTIAL_FILE:
    case CURLE_RECV_ERROR:
    case CURLE_SEND_ERROR:
        return true;
    default:
        return false;
    }
}

/* What libcurl 7.88 tells as a connection that broke, and is an answer that is none. */
static bool is_rubbish(const char *error)
{
    return strstr(error, "chunk") || strstr(error, "hexadecimal") || strstr(error, "Too large") ||
           strstr(error, "Too many");
}

enum http_stage stage_of(void *easy, int result, const char *error)
{
    curl_off_t resolved = 0, connected = 0, secured = 0;
    CURLcode code = (CURLcode)result;

    if (code == CURLE_OK)
        return HTTP_DONE;
    if (code == CURLE_COULDNT_RESOLVE_HOST)
        return HTTP_RESOLVE;
    if (code == CURLE_COULDNT_CONNECT || code == CURLE_FAILED_INIT)
        return HTTP_CONNECT;
    if (is_tls_trouble(code))
        return HTTP_TLS;
    curl_easy_getinfo(easy, CURLINFO_NAMELOOKUP_TIME_T, &resolved);
    curl_easy_getinfo(easy, CURLINFO_CONNECT_TIME_T, &connected);
    curl_easy_getinfo(easy, CURLINFO_PRETRANSFER_TIME_T, &secured);
    /* libcurl 7.88 counts a connection as made only after its handshake. */
    connected |= strstr(error, "SSL") != NULL;
    if (secured)
        return is_silence(code) && !is_rubbish(error) ? HTTP_WAIT : HTTP_GARBLED;
    return connected ? HTTP_TLS : resolved ? HTTP_CONNECT : HTTP_RESOLVE;
}

/* What the TLS libraries that libcurl is built with call the three faults that people meet. */
static const struct {
    const char *theirs;
    const char *ours;
} certificate_faults[] = {
    {"certificate has expired", "the server's certificate has expired"},
    {"expired certificate", "the server's certificate has expired"},
    {"certificate expired", "the server's certificate has expired"},
    {"not yet valid", "the server's certificate is not yet valid: is the clock of this machine right?"},
    {"not activated", "the server's certificate is not yet valid: is the clock of this machine right?"},
    {"subject name", "the server's certificate is for another name"},
    {"does not match", "the server's certificate is for another name"},
    {"issuer", "the server's certificate is not trusted: nobody in the trust store signed it"},
    {"self-signed", "the server's certificate is not trusted: it is signed by itself or by an unknown authority"},
    {"self signed", "the server's certificate is not trusted: it is signed by itself or by an unknown authority"},
    {"not trusted", "the server's certificate is not trusted: nobody in the trust store signed it"},
};

/* Of "OpenSSL/3.0.19: error:0A000410:SSL routines::sslv3 alert handshake failure" the end. */
static const char *plain(const char *text)
{
    static const char before[] = "routines::";
    const char *reason = strstr(text, before);

    if (strstr(text, "SSL_ERROR_SYSCALL") || strstr(text, "SSL_ERROR_ZERO_RETURN") || strstr(text, "unexpected eof"))
        return "the server closed the connection";
    if (strstr(text, "wrong version number"))
        return "what answers there does not speak TLS";
    if (strstr(text, "HTTP2 framing layer"))
        return "the server ended the HTTP/2 connection, or did not keep to the protocol";
    return reason ? reason + sizeof before - 1 : text;
}

const char *stage_fault(void *easy, int code, const char *error)
{
    const char *text = error[0] ? error : curl_easy_strerror((CURLcode)code);
    long os_error = 0;

    curl_easy_getinfo(easy, CURLINFO_OS_ERRNO, &os_error);
    if (code == CURLE_COULDNT_CONNECT && os_error)
        return strerror((int)os_error);
    if (code == CURLE_FAILED_INIT)
        return "libcurl has no memory or no descriptors for it";
    if (code == CURLE_OUT_OF_MEMORY) /* which is told of an answer's head, too */
        return stage_of(easy, code, error) >= HTTP_WAIT ? "the head of the answer is too large" : "out of memory";
    for (size_t i = 0; is_tls_trouble((CURLcode)code) && i < sizeof certificate_faults / sizeof *certificate_faults;
         i++)
        if (strstr(text, certificate_faults[i].theirs))
            return certificate_faults[i].ours;
    return plain(text);
}
