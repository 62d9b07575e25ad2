#include "secret.h"

#include "mem.h"
#include "unit.h"

#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum { LONG = 12288, MANY = 200 };

static size_t page; /* of memory, in bytes */

/* ---- What the kernel says of the pages. ---- */

struct pages {
    size_t count;      /* mappings that are empty after a fork: only a secret's are */
    size_t size, used; /* of all of them, in KiB */
    bool locked, dumped;
};

static struct pages look(void)
{
    char *text = unit_read("/proc/self/smaps"), *save = NULL;
    struct pages pages = {.locked = true};
    size_t size = 0, used = 0;

    assert_non_null(text);
    for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
        sscanf(line, "Size: %zu", &size);
        sscanf(line, "Rss: %zu", &used);
        if (strncmp(line, "VmFlags:", 8) != 0 || !strstr(line, " wf"))
            continue;
        pages.count++;
        pages.size += size;
        pages.used += used;
        pages.locked &= strstr(line, " lo") != NULL;
        pages.dumped |= !strstr(line, " dd");
    }
    free(text);
    return pages;
}

/* Runs fn in a process of its own; 0 when all is well. */
static int run(int (*fn)(const char *inherited), const char *inherited)
{
    pid_t child = fork();
    int status;

    assert_true(child >= 0);
    if (child == 0)
        _exit(fn(inherited));
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* ---- The text. ---- */

static void test_text(void **state)
{
    static const char *const texts[] = {"", "x", "secret", "a text of more than one unit \xc3\xa4\n", NULL};

    (void)state;
    for (size_t i = 0; i < COUNT(texts); i++) {
        struct secret *a = secret_new(texts[i]), *b = secret_take(mem_string(texts[i]));

        assert_true(!a == !texts[i] && !b == !texts[i]);
        assert_true(secret_equal(a, b) && secret_equal(a, a));
        for (size_t j = 0; j < COUNT(texts); j++) {
            struct secret *other = secret_new(texts[j]);

            assert_int_equal(secret_equal(a, other), i == j);
            secret_free(other);
        }
        if (texts[i])
            assert_string_equal(secret_reveal(a), texts[i]);
        else
            assert_null(secret_reveal(a));
        secret_free(a);
        secret_free(b);
    }
}

static void test_last_holder_frees(void **state)
{
    struct secret *secret = secret_new("held"), *neighbour = secret_new("neighbour");
    const char *text = secret_reveal(secret);

    (void)state;
    assert_ptr_equal(secret_hold(secret), secret);
    assert_null(secret_hold(NULL));
    secret_free(secret);
    assert_string_equal(text, "held");
    secret_free(secret);
    assert_string_equal(text, ""); /* its page is still there, for its neighbour */
    secret_free(neighbour);
}

/* ---- The memory. ---- */

static void test_overwritten(void **state)
{
    struct secret *before = secret_new("before"), *secret = secret_new("a secret of two units"),
                  *behind = secret_new("b");
    const char *text = secret_reveal(secret);

    (void)state;
    secret_free(secret);
    for (size_t i = 0; i < sizeof "a secret of two units"; i++)
        assert_int_equal(text[i], 0);
    assert_string_equal(secret_reveal(before), "before");
    assert_string_equal(secret_reveal(behind), "b");
    secret_free(before);
    secret_free(behind);
    assert_int_equal(look().count, 0);
}

/* Whatever comes and goes: each has its text, and nothing is left in the end. */
static void test_many_that_come_and_go(void **state)
{
    struct secret *secrets[MANY] = {NULL};
    static char text[LONG];
    struct unit_random random;

    (void)state;
    unit_random_seed(&random, 1);
    for (int i = 0; i < 20000; i++) {
        size_t at = unit_random(&random, MANY),
               length = unit_random(&random, unit_random(&random, 50) ? 100 : sizeof text);
        const char *old = secret_reveal(secrets[at]);

        for (size_t j = 0; old && old[j]; j++)
            assert_int_equal(old[j], 'A' + at % 26);
        secret_free(secrets[at]);
        memset(text, 'A' + (int)at % 26, length);
        text[length] = '\0';
        secrets[at] = unit_random(&random, 3) ? secret_new(text) : NULL;
        assert_true(!secrets[at] || strlen(secret_reveal(secrets[at])) == length);
    }
    for (size_t i = 0; i < MANY; i++)
        secret_free(secrets[i]);
    assert_int_equal(look().count, 0);
}

/* One page for all that a common configuration has, and no more than the heap would need for a thousand ids. */
static void test_frugal(void **state)
{
    struct secret *secrets[1000];

    (void)state;
    assert_int_equal(look().count, 0);
    for (size_t i = 0; i < 1000; i++) {
        secrets[i] = secret_new("023e105f4ecef8ad9ca31a8372d0c353");
        if (i == 50)
            assert_int_equal(look().size, page / 1024);
    }
    assert_in_range(look().size, 44, page > 4096 ? 48 + page / 1024 : 56);
    assert_int_equal(look().size, look().used);
    for (size_t i = 0; i < 1000; i++)
        secret_free(secrets[i]);
}

/* ---- What else the pages are. ---- */

/* Not everywhere: RLIMIT_MEMLOCK may be too small, and some containers forbid it. */
static bool may_lock(size_t size)
{
    void *pages = mem_pages(size);
    bool may = mlock2(pages, size, 0) == 0;

    munmap(pages, size);
    return may;
}

static void test_locked_and_not_dumped(void **state)
{
    bool may = may_lock(4 * page);
    struct secret *small = secret_new("small"), *large;
    char *text = mem_alloc(2 * page);
    struct pages pages;

    (void)state;
    memset(text, 'x', 2 * page - 1);
    large = secret_new(text);
    free(text);
    pages = look();
    assert_int_equal(pages.size, 4 * page / 1024);
    assert_int_equal(pages.locked, may);
    assert_false(pages.dumped);
    secret_free(small);
    secret_free(large);
}

static int check_inherited(const char *inherited)
{
    for (size_t i = 0; i < sizeof "inherited"; i++)
        if (inherited[i])
            return 1;
    return 0;
}

static void test_empty_in_a_child(void **state)
{
    struct secret *secret = secret_new("inherited");

    (void)state;
    assert_int_equal(run(check_inherited, secret_reveal(secret)), 0);
    assert_string_equal(secret_reveal(secret), "inherited");
    secret_free(secret);
}

/* Nothing may be locked: RLIMIT_MEMLOCK is 0, and there is no privilege to go beyond it. */
static int work_unlocked(const char *inherited)
{
    const struct rlimit none = {0, 0};
    struct secret *secrets[MANY];
    bool good = true;

    (void)inherited;
    if (setrlimit(RLIMIT_MEMLOCK, &none) < 0 || (geteuid() == 0 && setuid(65534) < 0) || prctl(PR_SET_DUMPABLE, 1) < 0)
        return 2;
    for (size_t i = 0; i < MANY; i++)
        secrets[i] = secret_new("a text that fills a page when there are many of it");
    for (size_t i = 0; i < MANY; i++)
        good &= strcmp(secret_reveal(secrets[i]), "a text that fills a page when there are many of it") == 0;
    good &= look().count && !look().locked && !look().dumped;
    for (size_t i = 0; i < MANY; i++)
        secret_free(secrets[i]);
    return good && look().count == 0 ? 0 : 3;
}

static void test_works_where_nothing_may_be_locked(void **state)
{
    char *text, *first;
    int status;

    (void)state;
    unit_capture_begin();
    status = run(work_unlocked, NULL);
    text = unit_capture_end();
    assert_int_equal(status, 0);
    assert_contains(text, "cannot be locked in memory (RLIMIT_MEMLOCK)");
    first = strchr(text, '\n');
    assert_string_equal(first, "\n"); /* it is said once */
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_works_where_nothing_may_be_locked), /* the first, as a process says it once */
        cmocka_unit_test(test_text),
        cmocka_unit_test(test_last_holder_frees),
        cmocka_unit_test(test_overwritten),
        cmocka_unit_test(test_many_that_come_and_go),
        cmocka_unit_test(test_frugal),
        cmocka_unit_test(test_locked_and_not_dumped),
        cmocka_unit_test(test_empty_in_a_child),
    };

    page = (size_t)sysconf(_SC_PAGESIZE);
    return cmocka_run_group_tests_name("secret", tests, NULL, NULL);
}
