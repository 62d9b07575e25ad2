#include "proof.h"

#include "mem.h"
#include "parse.h"

#include <stdlib.h>
#include <string.h>

enum { MOST_TIMES = 20 };

static const char *const known[] = {"server",        "username", "password",  "zone",       "ttl",    "type",
                                    "hostname",      "name",     "sub",       "ip",         "ip4",    "ip6",
                                    "old",           "prefix",   "time",      "time-ms",    "nonce",  "time-iso",
                                    "prefix-length", "date",     "time-http", "time-basic", "others", "date-basic",
                                    "expires",       "lf"};

/* What only bodies, and what only signatures, and `set` for them, have. */
static const char *const of_body[] = {"each", "members"};
static const char *const of_sign[] = {"method", "url", "path", "query", "query-encoded", "body", "host"};

static const char *const of_login[] = {"username", "password", "zone"};

/* What is never a number. */
static const char *const never_numbers[] = {"server", "username", "password", "zone", "type", "hostname", "name",
                                            "sub",    "ip",       "ip4",      "ip6",  "old",  "prefix"};

#define COUNT(array) (sizeof(array) / sizeof *(array))

struct proof {
    struct faults *faults;
    const struct definition *definition;
    size_t steps, macros, signs; /* how many of them are known */
    bool ipv6;                   /* the family of samples */
    bool in_sign;
};

static bool is_among(const char *name, const char *const *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(name, list[i]) == 0)
            return true;
    return false;
}

/* The first step that gives this value, or NULL. */
static const struct definition_step *giver_of(const struct proof *proof, size_t steps, const char *name)
{
    for (size_t i = 0; i < steps; i++)
        if (definition_find(&proof->definition->steps[i].get, name))
            return &proof->definition->steps[i];
    return NULL;
}

static bool is_option(const struct definition *definition, const char *name)
{
    return definition_find(&definition->options, name) || definition_find(&definition->needs, name);
}

static bool is_known(void *arg, const char *name)
{
    const struct proof *proof = arg;
    const struct definition *definition = proof->definition;
    bool is_secret = strcmp(name, "password") == 0 && !definition->takes_url;
    bool found = (is_among(name, known, COUNT(known)) && !is_secret) || is_among(name, of_body, COUNT(of_body)) ||
                 (proof->in_sign && is_among(name, of_sign, COUNT(of_sign))) || is_option(definition, name) ||
                 giver_of(proof, proof->steps, name);

    for (size_t i = 0; i < proof->macros; i++)
        found |= strcmp(definition->macros[i].name, name) == 0;
    for (size_t i = 0; i < proof->signs; i++)
        found |= strcmp(definition->signs[i].name, name) == 0;
    return found;
}

/* Every placeholder with a number, to see what becomes of a body. */
static struct template_value sample(void *arg, const char *name)
{
    const struct proof *proof = arg;

    for (size_t i = 0; i < proof->macros; i++) {
        const struct definition_macro *macro = &proof->definition->macros[i];

        if (strcmp(macro->name, name) == 0)
            return (struct template_value){.text = proof->ipv6 ? macro->ipv6 : macro->ipv4, .macro = true};
    }
    /* Raw where it stands outside of strings: then it is no JSON. */
    if (is_among(name, never_numbers, COUNT(never_numbers)))
        return (struct template_value){.text = "x", .ready = true};
    return (struct template_value){.text = "1", .ready = is_among(name, of_body, COUNT(of_body))};
}

static void check_json(struct proof *proof, const struct tree_value *value)
{
    const struct template_source source = {sample, proof};

    for (int family = 0; family < 2; family++) {
        struct buf text = {0};
        char *tidy;

        proof->ipv6 = family == 1;
        template_expand_json(&text, value->text, &source, false);
        tidy = json_tidy(buf_text(&text));
        if (!tidy) {
            fault_at(proof->faults, value->line, "json: this is no JSON");
            family = 2;
        }
        free(tidy);
        buf_free(&text);
    }
}

static void check_template(struct proof *proof, const struct tree_value *value, const char *key)
{
    char *why = template_fault(value->text, is_known, proof);
    const char *name = why ? strchr(why, '{') : NULL;
    char *word = name ? mem_string_n(name + 1, strcspn(name + 1, "}")) : NULL;
    const struct definition_step *later = word ? giver_of(proof, proof->definition->step_count, word) : NULL;

    if (why && later)
        fault_at(proof->faults, value->line, "%s: {%s} is only given by step %s, which comes later", key, word,
                 later->title);
    else if (why)
        fault_at(proof->faults, value->line, "%s: %s", key, why);
    free(word);
    free(why);
}

static void check_templates(struct proof *proof, const struct tree_node *section);

/* In `set` and `sign` only those before it are known: none leads back to itself. */
static void check_section(struct proof *proof, const struct tree_node *node)
{
    const struct definition *definition = proof->definition;
    bool is_macro = strcmp(node->key->name, "set") == 0;

    proof->in_sign = is_macro || strcmp(node->key->name, "sign") == 0;
    for (size_t i = 0; is_macro && i < definition->macro_count; i++)
        if (strcmp(definition->macros[i].name, node->title) == 0)
            proof->macros = i;
    for (size_t i = 0; proof->in_sign && !is_macro && i < definition->sign_count; i++)
        if (strcmp(definition->signs[i].name, node->title) == 0)
            proof->signs = i;
    check_templates(proof, node);
    proof->in_sign = false;
    proof->macros = definition->macro_count;
    proof->signs = definition->sign_count;
}

/* All values of a section but those that are for people. */
static void check_templates(struct proof *proof, const struct tree_node *section)
{
    static const char *const plain[] = {"title", "means", "must"};

    for (size_t i = 0; i < section->node_count; i++) {
        const struct tree_node *node = &section->nodes[i];

        for (size_t j = 0; j < node->value_count && !is_among(node->key->name, plain, COUNT(plain)); j++)
            check_template(proof, &node->values[j], node->key->name);
        if (strcmp(node->key->name, "text") == 0 && node->key->type == TREE_SECTION)
            check_template(proof, &(struct tree_value){node->title, node->line}, "text");
        if (strcmp(node->key->name, "json") == 0)
            check_json(proof, &node->values[0]);
        if (node->key->type == TREE_SECTION && strcmp(node->key->name, "step") != 0)
            check_section(proof, node);
    }
}

static bool is_needed(const struct definition *definition, const char *name)
{
    return definition_find(&definition->needs, name) != NULL;
}

/* Has it what its login is made of? */
static void check_auth(struct proof *proof, const struct tree_node *section, const char *word, const char *login)
{
    static const char *const words[] = {"none", "basic", "bearer"};
    const struct tree_value *auth = tree_value(section, "auth");
    int line = auth ? auth->line : section->line ? section->line : 1;
    bool is_sigv4 = word && strncmp(word, "sigv4 ", 6) == 0;

    if (word && !is_among(word, words, COUNT(words)) && !is_sigv4)
        fault_at(proof->faults, line, "auth: '%s' is not none, basic, bearer or 'sigv4 ...'", word);
    else if (word && strcmp(word, "none") != 0 && !is_needed(proof->definition, "password") &&
             !(login && !strstr(login, "{password}")))
        fault_at(proof->faults, line, "auth = %s: password must be among the needs", word);
    else if (word && (is_sigv4 || strcmp(word, "basic") == 0) && !login && !is_needed(proof->definition, "username"))
        fault_at(proof->faults, line, "auth = %s: username must be among the needs", word);
}

/* It begins with the server, or with an option that is one. */
static void check_url(struct proof *proof, const struct tree_value *url)
{
    size_t length = strcspn(url->text, "}");
    bool has_name = url->text[0] == '{' && url->text[length];
    char *name = has_name ? mem_string_n(url->text + 1, length - 1) : mem_string("");
    const char *option = definition_text(definition_find(&proof->definition->options, name));

    if (strcmp(name, "server") != 0 && !(option && strncmp(option, "https://", 8) == 0))
        fault_at(proof->faults, url->line, "url: does not begin with {server}, or an option that is a https:// URL");
    else if (url->text[length + 1] && !strchr("/?", url->text[length + 1]))
        fault_at(proof->faults, url->line, "url: behind {%s} stands neither / nor ?", name);
    free(name);
}

static void check_value_name(struct proof *proof, const struct tree_node *section, const char *key)
{
    const struct tree_value *value = tree_value(section, key);

    if (value && !is_known(proof, value->text))
        fault_at(proof->faults, value->line, "%s: no earlier step and no option gives '%s'", key, value->text);
}

static bool has_verdict(const struct answer_rules *rules, enum answer_verdict verdict)
{
    for (size_t i = 0; i < rules->count; i++)
        if (rules->list[i].verdict == verdict)
            return true;
    return false;
}

static void check_step(struct proof *proof, const struct tree_node *node)
{
    const struct definition_step *step = definition_step(proof->definition, node->title);
    static const char *const methods[] = {"GET", "POST", "PUT", "PATCH", "DELETE"};
    const struct tree_value *url = tree_value(node, "url"), *method = tree_value(node, "method");
    const struct tree_value *expires = tree_value(node, "expires");
    uint64_t ms;
    int bodies = (step->json != NULL) + (step->xml != NULL) + (step->body != NULL) + (step->form.count > 0);

    proof->steps = (size_t)(step - proof->definition->steps);
    check_value_name(proof, node, "when");
    check_value_name(proof, node, "unless");
    proof->steps += step->more != NULL; /* its own values, from the page before */
    check_value_name(proof, node, "more");
    check_templates(proof, node);
    if (step->auth || step->login)
        check_auth(proof, node, step->auth ? step->auth : proof->definition->auth,
                   step->login ? step->login : proof->definition->login);
    if (url && step->flows == DEFINITION_DELETE && (strstr(url->text, "{ip") || strstr(url->text, "{prefix")))
        fault_at(proof->faults, url->line, "url: a deletion knows no address");
    if (!step->url && !proof->definition->runs_program)
        fault_at(proof->faults, node->line, "step %s: there is no url", step->title);
    if (url)
        check_url(proof, url);
    if (bodies > 1)
        fault_at(proof->faults, node->line, "step %s: more than one of form, json, xml and body", step->title);
    if (method && !is_among(method->text, methods, COUNT(methods)))
        fault_at(proof->faults, method->line, "method: '%s' is not GET, POST, PUT, PATCH or DELETE", method->text);
    if (expires && *expires->text >= '0' && *expires->text <= '9' && !parse_duration(expires->text, &ms))
        fault_at(proof->faults, expires->line, "expires: '%s' is no duration, such as 30m, and no path", expires->text);
    if (has_verdict(&step->rules, ANSWER_REPEAT) && !(step->every_ms && step->times && step->times <= MOST_TIMES))
        fault_at(proof->faults, node->line, "step %s: the verdict repeat needs every, and times from 1 to %d",
                 step->title, MOST_TIMES);
    if ((step->match.count || step->suffix) && !step->list)
        fault_at(proof->faults, node->line, "step %s: match and suffix need a list", step->title);
    if (step->suffix && step->more)
        fault_at(proof->faults, node->line, "step %s: suffix and more: the longest zone may be on a later page",
                 step->title);
    if (step->suffix && step->keep == DEFINITION_ACCOUNT)
        fault_at(proof->faults, node->line, "step %s: what is found by suffix is of one zone only: keep = zone",
                 step->title);
    if (proof->definition->names > 1 && !definition_has_each(proof->definition) && (step->get.count || step->must))
        fault_at(proof->faults, node->line, "step %s: get and must go with one name in a request", step->title);
    if (step->keep && !step->get.count)
        fault_at(proof->faults, node->line, "step %s: nothing to keep: there is no get", step->title);
}

/* An echo service: asks who we are; there is nothing to tell, and nobody to log in. */
static void check_address_step(struct proof *proof, const struct tree_node *node)
{
    const struct tree_value *get = tree_value(node, "get"), *url = tree_value(node, "url");
    const char *spec = get ? definition_text(get->text) : NULL, *server = proof->definition->server;

    for (size_t i = 0; i < node->node_count; i++)
        if (strcmp(node->nodes[i].key->name, "url") != 0 && strcmp(node->nodes[i].key->name, "get") != 0)
            fault_at(proof->faults, node->nodes[i].line, "step address: has only url and get");
    if (get && (spec[0] == '/' || strncmp(spec, "header:", 7) == 0))
        fault_at(proof->faults, get->line, "step address: get has only a path into JSON");
    if (url && *url->text && strchr(url->text + 1, '{'))
        fault_at(proof->faults, url->line, "url: step address knows no placeholder but {server}");
    if (!server || strncmp(server, "https://", 8) != 0)
        fault_at(proof->faults, node->line, "step address: the server must begin with https://");
}

static bool is_of_file(const struct tree_node *tree, const char *title)
{
    for (size_t i = 0; i < tree->node_count; i++)
        if (strcmp(tree->nodes[i].key->name, "step") == 0 && strcmp(tree->nodes[i].title, title) == 0)
            return true;
    return false;
}

/* What was taken over was proven there, but the heir may have taken away what it uses. */
static void check_inherited(struct proof *proof, const struct tree_node *tree, const struct definition_step *step)
{
    const struct tree_value *like = tree_value(tree, "like");
    const char *texts[] = {step->url, step->login, step->json, step->xml, step->body, step->each, step->member};
    const struct definition_list *lists[] = {&step->query, &step->form, &step->headers, &step->match};

    if (!like || is_of_file(tree, step->title))
        return;
    proof->steps = (size_t)(step - proof->definition->steps) + (step->more != NULL);
    for (size_t i = 0; i < COUNT(texts); i++)
        if (texts[i])
            check_template(proof, &(struct tree_value){(char *)texts[i], like->line}, step->title);
    for (size_t i = 0; i < COUNT(lists); i++)
        for (size_t j = 0; j < lists[i]->count; j++)
            check_template(proof, &(struct tree_value){lists[i]->list[j], like->line}, step->title);
}

static void check_numbers(struct proof *proof)
{
    const struct definition *definition = proof->definition;
    unsigned long ttl = definition->ttl, low = definition->ttl_min, high = definition->ttl_max;
    int updates = 0, deletes = 0;

    if (high && low > high)
        fault_at(proof->faults, 1, "ttl-min is above ttl-max");
    if (ttl && (ttl < low || (high && ttl > high)))
        fault_at(proof->faults, 1, "ttl is not between ttl-min and ttl-max");
    if (definition->refresh_ms && definition->refresh_ms < definition->gap_ms)
        fault_at(proof->faults, 1, "refresh is shorter than gap");
    for (size_t i = 0; i < definition->step_count; i++)
        updates += definition->steps[i].flows & DEFINITION_UPDATE ? 1 : 0;
    for (size_t i = 0; i < definition->step_count; i++)
        deletes += definition->steps[i].flows & DEFINITION_DELETE ? 1 : 0;
    if (definition->names > 1 && (updates > 1 || deletes > 1) && !definition_has_each(definition))
        fault_at(proof->faults, 1, "names: several names in a request, and several steps, need an each");
    if (definition->names > 1000)
        fault_at(proof->faults, 1, "names: more than 1000 in a request");
}

static bool is_base(const char *server)
{
    size_t scheme = strncmp(server, "https://", 8) == 0 ? 8 : strncmp(server, "http://", 7) == 0 ? 7 : 0;

    return scheme && server[scheme] && parse_is_url(server) && !strchr(server, '?') && !strchr(server, '@') &&
           server[strlen(server) - 1] != '/';
}

/* A name of the definition's own must not hide one that is known; the zone and the TTL may be found. */
static void check_name(struct proof *proof, const char *text, const char *what)
{
    char *name = mem_string_n(text, strcspn(text, "="));
    bool may = strcmp(what, "needs") == 0 ? is_among(name, of_login, COUNT(of_login))
                                          : strcmp(name, "zone") == 0 || strcmp(name, "ttl") == 0;

    if (!may && (is_among(name, known, COUNT(known)) || is_among(name, of_body, COUNT(of_body)) ||
                 is_among(name, of_sign, COUNT(of_sign))))
        fault_at(proof->faults, 1, "%s: {%s} has a meaning already", what, name);
    free(name);
}

static void check_names(struct proof *proof)
{
    const struct definition *definition = proof->definition;

    for (size_t i = 0; i < definition->step_count; i++)
        for (size_t j = 0; j < definition->steps[i].get.count; j++)
            if (strcmp(definition->steps[i].title, "address") != 0)
                check_name(proof, definition->steps[i].get.list[j], "get");
    for (size_t i = 0; i < definition->macro_count; i++)
        check_name(proof, definition->macros[i].name, "set");
    for (size_t i = 0; i < definition->sign_count; i++)
        check_name(proof, definition->signs[i].name, "sign");
    for (size_t i = 0; i < definition->options.count; i++)
        check_name(proof, definition->options.list[i], "options");
    for (size_t i = 0; i < definition->needs.count; i++)
        check_name(proof, definition->needs.list[i], "needs");
}

static bool has_body(const struct definition_step *step)
{
    return step->form.count || step->json || step->xml || step->body;
}

static void check_whole(struct proof *proof)
{
    static const char *const plain[] = {"none", "basic"};
    const struct definition *definition = proof->definition;
    const char *servers[] = {definition->server, definition->server4, definition->server6};
    bool secret_header = definition->headers.count > 0, writes = false;

    if (!definition->title)
        fault_at(proof->faults, 1, "there is no title");
    if (definition->maturity && strcmp(definition->maturity, "untested") != 0)
        fault_at(proof->faults, 1, "maturity: '%s' is not untested", definition->maturity);
    check_names(proof);
    for (size_t i = 0; i < definition->step_count; i++) {
        const char *auth = definition->steps[i].auth ? definition->steps[i].auth : definition->auth;

        secret_header |= definition->steps[i].headers.count > 0 || has_body(&definition->steps[i]) ||
                         (auth && !is_among(auth, plain, COUNT(plain)));
    }
    if (definition->redirects && secret_header)
        fault_at(proof->faults, 1, "redirects: headers and bodies would go along to another server");
    if (definition_step(definition, "delete") && !definition_publishes(definition))
        fault_at(proof->faults, 1, "there is a step delete, and no step that publishes");
    for (size_t i = 0; i < definition->step_count; i++)
        writes |= definition->steps[i].flows == DEFINITION_UPDATE;
    for (size_t i = 0; i < definition->step_count; i++) /* whoever gave them, and wherever the rule stands */
        if (definition->steps[i].times > MOST_TIMES ||
            (definition->steps[i].times && definition->steps[i].every_ms < 1000))
            fault_at(proof->faults, 1, "step %s: times is at most %d, and every at least 1s",
                     definition->steps[i].title, MOST_TIMES);
    if (definition_publishes(definition) && !definition->runs_program && !writes)
        fault_at(proof->faults, 1, "no step is there only to publish: update, create, or one with in = update");
    if (definition->takes_url && !(definition->step_count && strcmp(definition->steps[0].title, "update") == 0))
        fault_at(proof->faults, 1, "from-user = url: step update must be there, and the first");
    for (size_t i = 0; i < COUNT(servers); i++)
        if (servers[i] && !is_base(servers[i]))
            fault_at(proof->faults, 1, "server: '%s' is not such as https://HOST/PATH", servers[i]);
    if (definition->both_families && definition_has_each(definition))
        fault_at(proof->faults, 1, "families: with each, A and AAAA are records of their own");
    check_numbers(proof);
}

void proof_template(struct faults *faults, const struct definition *definition, const struct tree_value *value)
{
    struct proof proof = {
        .faults = faults, .definition = definition, .macros = definition->macro_count, .signs = definition->sign_count};

    check_template(&proof, value, "url");
}

void proof_definition(struct faults *faults, const struct tree_node *tree, const struct definition *definition)
{
    struct proof proof = {.faults = faults,
                          .definition = definition,
                          .steps = definition->step_count,
                          .macros = definition->macro_count,
                          .signs = definition->sign_count};

    check_auth(&proof, tree, definition->auth, definition->login);
    check_templates(&proof, tree);
    for (size_t i = 0; i < tree->node_count; i++) {
        const struct tree_node *node = &tree->nodes[i];

        if (strcmp(node->key->name, "step") == 0 && strcmp(node->title, "address") == 0)
            check_address_step(&proof, node);
        if (strcmp(node->key->name, "step") == 0)
            check_step(&proof, node);
    }
    for (size_t i = 0; i < definition->step_count; i++)
        check_inherited(&proof, tree, &definition->steps[i]);
    check_whole(&proof);
}
