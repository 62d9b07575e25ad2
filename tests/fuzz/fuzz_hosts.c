/* A hosts-file, and each blank-separated word of it as a host part. Before it stands one byte: the length of the prefix. */
#include "fuzz.h"

#include "log.h"
#include "names.h"

#include <assert.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct tree_key keys[] = {NAMES_KEYS, PLACE_KEYS, {NULL, TREE_TEXT, NULL}};

static void on_fault(void *arg, const char *file, int line, const char *text)
{
    (void)arg;
    (void)file;
    assert(line > 0 && *text);
}

static void check_host(const struct host *host, unsigned prefix_length)
{
    struct ip base = {.family = AF_INET6}, ip;

    memset(base.bytes, 0xff, sizeof base.bytes);
    assert(host->part.family == AF_INET6);
    assert(!host_fits(host, 128) && (!host->is_mac || host_fits(host, 64)));
    if (!host_fits(host, prefix_length))
        return;
    ip = host_address(host, &base, prefix_length);
    assert(ip_in_prefix(&ip, &(struct ip_prefix){base, (unsigned char)prefix_length}));
    assert(!ip_equal(&ip, &base) || host_fits(host, 0));
}

static void read_word(const char *word, unsigned prefix_length)
{
    struct host host;

    if (!host_parse_suffix(word, &host))
        check_host(&host, prefix_length);
    if (!host_parse_mac(word, &host)) {
        assert(strlen(word) == 17 && host.is_mac && !(host.part.bytes[8] & 1));
        assert(strspn(word, "0123456789abcdefABCDEF") == 2);
        check_host(&host, prefix_length);
    }
}

static void read_words(const uint8_t *data, size_t size, unsigned prefix_length)
{
    char *text = malloc(size + 1), *save = NULL;

    assert(text);
    memcpy(text, data, size);
    text[size] = '\0';
    for (char *word = strtok_r(text, " \t\r\n", &save); word; word = strtok_r(NULL, " \t\r\n", &save)) {
        char *copy = strdup(word);

        assert(copy);
        read_word(copy, prefix_length);
        free(copy);
    }
    free(text);
}

/* A file in memory; there is a hostname beside it, which no line takes IPv4 from. */
static void read_file(const uint8_t *data, size_t size, unsigned prefix_length)
{
    struct faults faults = {"fuzz", on_fault, NULL, false};
    struct place place = {.rule = {.prefix_length = (unsigned char)prefix_length}, .families = IP_BOTH};
    struct names names = {0};
    struct tree_node *tree;
    char text[200];
    int fd = memfd_create("hosts", MFD_CLOEXEC);

    assert(fd >= 0 && fchmod(fd, 0600) == 0 && write(fd, data, size) == (ssize_t)size);
    snprintf(text, sizeof text, "hostname = home.example.org\nhosts-file = \"/proc/self/fd/%d\"\n", fd);
    tree = tree_parse("fuzz", text, strlen(text), keys, on_fault, NULL);
    assert(tree);
    names_read(&faults, tree, &place, &names);
    assert(names.count && strcmp(names.list[0].name, "home.example.org") == 0 && names.list[0].families & IP_V4);
    for (size_t i = 1; i < names.count; i++) {
        const struct name *name = &names.list[i];

        assert(name->families == IP_V6 && name->host && *name->name && strlen(name->name) <= 253);
        assert(!prefix_length || host_fits(name->host, prefix_length));
    }
    names_clear(&names);
    tree_free(tree);
    close(fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    log_set_level(LOG_LEVEL_ERROR); /* a line of the log for each broken line would be all that is done */
    if (size == 0)
        return 0;
    read_words(data + 1, size - 1, data[0] & 127);
    read_file(data + 1, size - 1, data[0] & 127);
    return 0;
}
