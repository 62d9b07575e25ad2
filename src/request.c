#include "request.h"

#include "buf.h"
#include "mem.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

static const char *method_of(const struct definition_step *step)
{
    if (step->method)
        return step->method;
    return step->json || step->xml || step->body || step->form.count ? "POST" : "GET";
}

static struct template_source source_of(struct values *values)
{
    return (struct template_source){values_find, values};
}

/* ---- Signatures, and what a URL cannot do without. ---- */

static void make_signs(struct values *values)
{
    const struct definition *definition = values->definition;
    const struct template_source source = source_of(values);

    if (!values->signs)
        values->signs = mem_alloc(definition->sign_count * sizeof *values->signs);
    for (size_t i = 0; i < definition->sign_count; i++) {
        const struct definition_sign *sign = &definition->signs[i];
        char *key, *data;

        if (values->signs[i] || !template_is_set(sign->data, &source) ||
            (sign->key && !template_is_set(sign->key, &source)))
            continue;
        key = sign->key ? values_expand(values, sign->key) : NULL;
        data = values_expand(values, sign->data);
        values->signs[i] = digest_make(sign->digest, key, data, sign->base64);
        mem_wipe(key);
        mem_wipe(data);
    }
}

static void clear_signs(struct values *values)
{
    for (size_t i = 0; values->signs && i < values->definition->sign_count; i++)
        mem_wipe(values->signs[i]);
    free(values->signs);
    values->signs = NULL;
}

/* What must not stand alone between two slashes: it would name what is above, or all of it. At the zone itself an empty
 * {sub} is what the definition means, and so is what it wrote into a `set`. */
static bool is_lost(struct values *values, const char *name)
{
    const struct template_source source = source_of(values);
    struct template_value value = values_find(values, name);
    bool is_macro = value.macro;
    struct buf placeholder = {0};
    char *text;
    bool lost;

    buf_addf(&placeholder, "{%s}", name);
    lost = !template_is_set(placeholder.text, &source);
    text = values_expand(values, placeholder.text);
    lost |= (!*text && !is_macro && strcmp(name, "sub") != 0) || strcmp(text, ".") == 0 || strcmp(text, "..") == 0;
    mem_wipe(text);
    buf_free(&placeholder);
    return lost;
}

char *request_lacks(struct values *values, const struct definition_step *step)
{
    const char *at = step->url ? step->url : "", *end = at + strcspn(at, "?");

    clear_signs(values);
    make_signs(values);
    while ((at = strchr(at, '{')) && at < end) {
        char *name = mem_string_n(at + 1, strcspn(at + 1, "}"));

        if (is_lost(values, name))
            return name;
        free(name);
        at++;
    }
    return NULL;
}

/* ---- Bodies. ---- */

/* The template once for each address that the name is to have, others included. */
static void add_members(struct buf *out, struct values *values, const struct definition_step *step, bool show)
{
    const char *member = step->member ? step->member : step->json ? "\"{ip}\"" : "{ip}";
    const struct ip_set *wanted = values_wanted(&values->items[0]);

    for (size_t i = 0; i < wanted->count + values->other_count; i++) {
        const struct ip *ip = i < wanted->count ? &wanted->list[i] : &values->others[i - wanted->count];
        struct update_item item = values->items[0];
        struct values one = *values;
        const struct template_source source = {values_find, &one};

        item.ip4 = item.ip6 = (struct ip_set){0};
        ip_set_add(ip->family == AF_INET ? &item.ip4 : &item.ip6, ip);
        one.items = &item;
        one.count = 1;
        one.scratch = (struct buf){0};
        buf_add(out, out->length && step->json ? "," : "");
        if (step->json)
            template_expand_json(out, member, &source, show);
        else
            template_expand(out, member, &source, step->xml ? BUF_XML : BUF_RAW, show);
        buf_free(&one.scratch);
    }
}

static void add_text(struct buf *out, struct values *values, const struct definition_step *step, const char *text,
                     bool show)
{
    const struct template_source source = source_of(values);
    struct buf members = {0};

    add_members(&members, values, step, show);
    values->parts.members = buf_text(&members);
    if (step->json)
        template_expand_json(out, text, &source, show);
    else
        template_expand(out, text, &source, step->xml ? BUF_XML : BUF_RAW, show);
    values->parts.members = NULL;
    buf_free(&members);
}

/* The template `each` once for each record. */
static void add_each(struct buf *out, struct values *values, const struct definition_step *step, bool show)
{
    for (size_t i = 0; i < values->count; i++) {
        struct values one = *values;

        one.items = &values->items[i];
        one.count = 1;
        one.scratch = (struct buf){0};
        buf_add(out, i && step->json ? "," : "");
        add_text(out, &one, step, step->each, show);
        buf_free(&one.scratch);
    }
}

static enum buf_place place_of_pairs(const struct values *values)
{
    return values->definition->sign_count ? BUF_STRICT : BUF_QUERY;
}

/* "name=template": the value is escaped as a whole, with what the definition itself has in it. */
static void add_pair(struct buf *out, struct values *values, const char *pair, enum buf_place place, bool show)
{
    const struct template_source source = source_of(values);
    size_t length = strcspn(pair, "=");
    char *name = mem_string_n(pair, length);
    struct buf value = {0};

    template_expand(out, name, &source, place, show);
    buf_add_n(out, "=", pair[length] ? 1 : 0);
    template_expand(&value, pair + length + (pair[length] == '='), &source, show ? place : BUF_RAW, show);
    buf_add_escaped(out, buf_text(&value), show ? BUF_RAW : place);
    buf_free(&value);
    free(name);
}

/* Of a URL without a query, or of what has pairs already. */
static const char *separator_behind(const char *text)
{
    return strchr(text, '?') || !strstr(text, "://") ? "&" : "?";
}

/* Pairs whose placeholders have no value are left out; with those of *done, which are there already. */
static void add_pairs(struct buf *out, struct values *values, const struct definition_list *pairs, enum buf_place place,
                      bool *done, bool show)
{
    const struct template_source source = source_of(values);

    for (size_t i = 0; i < pairs->count; i++) {
        if ((done && done[i]) || !template_is_set(pairs->list[i], &source))
            continue;
        if (out->length)
            buf_add(out, separator_behind(out->text));
        add_pair(out, values, pairs->list[i], place, show);
        if (done)
            done[i] = true;
    }
}

static char *make_body(struct values *values, const struct definition_step *step, bool show)
{
    const char *text = step->json ? step->json : step->xml ? step->xml : step->body;
    struct buf out = {0}, each = {0};
    char *tidy;

    if (step->form.count)
        add_pairs(&out, values, &step->form, BUF_STRICT, NULL, show);
    else if (!text)
        return NULL;
    else {
        if (step->each)
            add_each(&each, values, step, show);
        values->parts.each = buf_text(&each);
        add_text(&out, values, step, text, show);
        values->parts.each = NULL;
        buf_free(&each);
    }
    tidy = step->json && !show ? json_tidy(buf_text(&out)) : NULL;
    if (!tidy)
        return buf_take(&out);
    buf_free(&out);
    return tidy;
}

/* ---- The URL. ---- */

/* What it begins with stands there as it is; then come segments of a path, and behind a ? a query. */
static void add_url(struct buf *out, struct values *values, const char *text, bool show)
{
    const struct template_source source = source_of(values);
    size_t first = strcspn(text, "}") + 1, path = first + strcspn(text + first, "?");
    char *parts[] = {mem_string_n(text, first), mem_string_n(text + first, path - first)};

    template_expand(out, parts[0], &source, BUF_RAW, false); /* of the configuration, and no secret */
    template_expand(out, parts[1], &source, BUF_PATH, show);
    for (const char *pair = text + path; *pair; pair += strcspn(pair, "&")) {
        char *one;

        pair++; /* the ? or & */
        one = mem_string_n(pair, strcspn(pair, "&"));
        if (template_is_set(one, &source)) {
            buf_add(out, separator_behind(out->text));
            template_expand(out, one, &source, place_of_pairs(values), show);
        }
        free(one);
    }
    free(parts[0]);
    free(parts[1]);
}

/* The pairs with a signature of the URL itself come behind the others, which it is made of. */
static char *make_url(struct values *values, const struct definition_step *step, const char *body)
{
    bool *done = mem_alloc(step->query.count * sizeof *done);
    struct buf url = {0};

    values->parts.method = method_of(step);
    values->parts.body = body ? body : "";
    make_signs(values);
    add_url(&url, values, step->url, false);
    add_pairs(&url, values, &step->query, place_of_pairs(values), done, false);
    if (values->definition->sign_count) {
        char *whole = mem_string(url.text);

        values->parts.url = whole;
        make_signs(values);
        add_pairs(&url, values, &step->query, place_of_pairs(values), done, false);
        values->parts.url = NULL;
        mem_wipe(whole);
    }
    free(done);
    return buf_take(&url);
}

/* ---- Headers and login. ---- */

static bool same_header(const char *a, const char *b)
{
    size_t length = strcspn(a, ":");

    return length == strcspn(b, ":") && strncasecmp(a, b, length) == 0;
}

static bool has_header(const struct definition_list *headers, const char *header)
{
    for (size_t i = 0; i < headers->count; i++)
        if (same_header(headers->list[i], header))
            return true;
    return false;
}

static const char *content_type(const struct definition_step *step)
{
    return step->json         ? "Content-Type: application/json"
           : step->xml        ? "Content-Type: application/xml"
           : step->body       ? "Content-Type: text/plain"
           : step->form.count ? "Content-Type: application/x-www-form-urlencoded"
                              : NULL;
}

static void add_header(struct request *request, size_t *count, struct values *values, const char *text)
{
    const struct template_source source = source_of(values);
    struct buf header = {0};

    if (!template_is_set(text, &source))
        return;
    template_expand(&header, text, &source, BUF_HEADER, false);
    request->headers[(*count)++] = buf_take(&header);
}

static void make_headers(struct request *request, struct values *values, const struct definition_step *step,
                         const char *auth)
{
    const struct definition_list *common = &values->definition->headers, *own = &step->headers;
    const char *type = content_type(step);
    size_t count = 0;

    request->headers = mem_alloc((common->count + own->count + 3) * sizeof *request->headers);
    if (strcmp(auth, "bearer") == 0)
        add_header(request, &count, values, "Authorization: Bearer {password}");
    if (type && !has_header(common, type) && !has_header(own, type))
        add_header(request, &count, values, type);
    for (size_t i = 0; i < common->count; i++)
        if (!has_header(own, common->list[i]))
            add_header(request, &count, values, common->list[i]);
    for (size_t i = 0; i < own->count; i++)
        add_header(request, &count, values, own->list[i]);
    request->http.headers = (const char *const *)request->headers;
}

static const char *auth_of(const struct values *values, const struct definition_step *step)
{
    const char *auth = step->auth ? step->auth : values->definition->auth;

    return auth ? auth : "none";
}

static const char *login_of(const struct values *values, const struct definition_step *step)
{
    const char *login = step->login ? step->login : values->definition->login;

    return login ? login : "{username}:{password}";
}

void request_make(struct values *values, const struct definition_step *step, struct request *request)
{
    const struct definition *definition = values->definition;
    const char *auth = auth_of(values, step), *login = login_of(values, step);
    bool is_sigv4 = strncmp(auth, "sigv4 ", 6) == 0;
    size_t user = strcspn(login, ":");

    *request = (struct request){0};
    request->body = make_body(values, step, false);
    request->url = make_url(values, step, request->body);
    make_headers(request, values, step, auth);
    if (is_sigv4 || strcmp(auth, "basic") == 0) {
        char *name = mem_string_n(login, user);

        request->username = values_expand(values, name);
        request->password = values_expand(values, login + user + (login[user] == ':'));
        free(name);
    }
    request->http.method = method_of(step);
    request->http.url = request->url;
    request->http.username = request->username;
    request->http.password = request->password;
    request->http.sigv4 = is_sigv4 ? auth + 6 : NULL;
    request->http.body = request->body;
    request->http.redirects = (int)definition->redirects;
    if (definition->connect_family)
        request->http.family = values->items[0].families & IP_V4 ? AF_INET : AF_INET6;
    values->parts = (struct values_parts){0};
}

void request_clear(struct request *request)
{
    for (char **header = request->headers; header && *header; header++)
        mem_wipe(*header);
    free(request->headers);
    mem_wipe(request->url);
    mem_wipe(request->username);
    mem_wipe(request->password);
    mem_wipe(request->body);
    *request = (struct request){0};
}

char *request_describe(struct values *values, const struct definition_step *step)
{
    const char *auth = auth_of(values, step);
    char *body = make_body(values, step, true);
    struct buf text = {0};

    buf_addf(&text, "%s ", method_of(step));
    add_url(&text, values, step->url, true);
    add_pairs(&text, values, &step->query, place_of_pairs(values), NULL, true);
    if (strcmp(auth, "basic") == 0)
        buf_addf(&text, " (basic %s)", login_of(values, step));
    for (const char *line = body ? body : ""; *line; line += strspn(line, " \n")) {
        buf_add(&text, " ");
        buf_add_n(&text, line, strcspn(line, "\n"));
        line += strcspn(line, "\n");
    }
    free(body);
    return buf_take(&text);
}
