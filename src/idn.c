#include "idn.h"

#include "buf.h"
#include "mem.h"

#include <ctype.h>
#include <curl/curl.h>
#include <locale.h>
#include <string.h>

char *idn_ascii(const char *name)
{
    char *found = NULL;

    /* libcurl takes it for a URL: what has a meaning there is none of a name. */
    for (const char *c = name; *c; c++)
        if (isascii((unsigned char)*c) && !isalnum((unsigned char)*c) && !strchr("-_.", *c))
            return NULL;
#ifdef CURLU_PUNYCODE
    /* libidn2 reads names in the characters of the locale. */
    locale_t utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
    locale_t before = utf8 ? uselocale(utf8) : (locale_t)0;
    CURLU *url = curl_url();
    struct buf text = {0};
    char *host = NULL;

    buf_addf(&text, "https://%s/", name);
    if (curl_url_set(url, CURLUPART_URL, text.text, 0) == CURLUE_OK &&
        curl_url_get(url, CURLUPART_HOST, &host, CURLU_PUNYCODE) == CURLUE_OK)
        found = mem_string(host);
    curl_free(host);
    curl_url_cleanup(url);
    buf_free(&text);
    if (utf8) {
        uselocale(before);
        freelocale(utf8);
    }
#else
    (void)name;
#endif
    return found;
}
