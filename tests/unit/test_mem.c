#include "mem.h"

#include "unit.h"

#include <fcntl.h>
#include <malloc.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

static void test_alloc_is_zero(void **state)
{
    (void)state;
    for (size_t size = 0; size < 300; size += 7) {
        unsigned char *memory = mem_alloc(size);

        for (size_t i = 0; i < size; i++)
            assert_int_equal(memory[i], 0);
        free(memory);
    }
}

static void test_resize_keeps_content(void **state)
{
    int *list = NULL;

    (void)state;
    for (int i = 0; i < 1000; i++) {
        list = mem_resize(list, (size_t)i + 1, sizeof *list);
        list[i] = i;
    }
    for (int i = 0; i < 1000; i++)
        assert_int_equal(list[i], i);
    list = mem_resize(list, 0, sizeof *list);
    assert_non_null(list);
    free(list);
}

static void test_strings(void **state)
{
    char *copy = mem_string("text");

    (void)state;
    assert_string_equal(copy, "text");
    free(copy);
    assert_null(mem_string(NULL));
    copy = mem_string_n("text behind", 4);
    assert_string_equal(copy, "text");
    free(copy);
    copy = mem_string_n("", 0);
    assert_string_equal(copy, "");
    free(copy);
    /* Bytes behind a NUL are copied too. */
    copy = mem_string_n("a\0b", 3);
    assert_memory_equal(copy, "a\0b", 4);
    free(copy);
}

/* ---- What is left in memory that is given back. ---- */

enum { BLOCK = 1000 };

static unsigned char left[BLOCK];

void __real_free(void *memory);
void __wrap_free(void *memory);

void __wrap_free(void *memory)
{
    if (memory && malloc_usable_size(memory) >= BLOCK)
        memcpy(left, memory, BLOCK);
    __real_free(memory);
}

static unsigned char *secret_block(void)
{
    unsigned char *block = mem_alloc(BLOCK);

    memset(block, 'x', BLOCK);
    block[10] = 0; /* it need not be one text */
    memset(left, 'y', BLOCK);
    return block;
}

static void assert_nothing_left(void)
{
    for (size_t i = 0; i < BLOCK; i++)
        assert_int_equal(left[i], 0);
}

static void test_wipe_overwrites(void **state)
{
    (void)state;
    mem_wipe(secret_block());
    assert_nothing_left();
    mem_wipe(NULL);
    mem_trim();
}

static void test_move_keeps_content_and_overwrites_the_old(void **state)
{
    static const size_t sizes[] = {1, BLOCK / 2, BLOCK, BLOCK + 1, 100 * BLOCK};

    (void)state;
    for (size_t i = 0; i < COUNT(sizes); i++) {
        unsigned char *old = secret_block(), *moved = mem_move(old, sizes[i]);

        assert_nothing_left();
        for (size_t j = 0; j < sizes[i] && j < BLOCK; j++)
            assert_int_equal(moved[j], j == 10 ? 0 : 'x');
        free(moved);
    }
    free(mem_move(NULL, 0));
}

enum { DEEP = 100000 };

/* Writes a text all over its frame, and tells where that was. */
static __attribute__((noinline)) void leave_on_the_stack(off_t *where)
{
    volatile char frame[DEEP];

    for (size_t i = 0; i < DEEP; i++)
        frame[i] = "s3cret-on-the-stack "[i % 20];
    *where = (off_t)(uintptr_t)frame;
}

/* Where no function lives any more only the kernel looks. */
static size_t count_on_the_stack(off_t where)
{
    char *content = mem_alloc(DEEP), *at = content;
    int fd = open("/proc/self/mem", O_RDONLY);
    size_t count = 0;

    assert_int_equal(pread(fd, content, DEEP, where), DEEP);
    close(fd);
    while ((at = memmem(at, DEEP - (size_t)(at - content), "3cret-on", 8))) {
        count++;
        at++;
    }
    free(content);
    return count;
}

static void test_trim_leaves_nothing_on_the_stack(void **state)
{
    off_t where;

    (void)state;
    leave_on_the_stack(&where);
    assert_in_range(count_on_the_stack(where), 4000, 5000);
    mem_trim();
    assert_int_equal(count_on_the_stack(where), 0);
}

static void test_pages_are_zero(void **state)
{
    unsigned char *pages = mem_pages(8192);

    (void)state;
    for (size_t i = 0; i < 8192; i++)
        assert_int_equal(pages[i], 0);
    assert_int_equal((uintptr_t)pages % 4096, 0);
    assert_int_equal(munmap(pages, 8192), 0);
}

/* Runs fn in a child; the exit status, or -1 when a signal ended it. */
static int exit_of(void (*fn)(void))
{
    int status;
    pid_t child = fork();

    assert_true(child >= 0);
    if (child == 0) {
        fn();
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void overflow(void)
{
    void *memory = mem_resize(NULL, SIZE_MAX / 8 + 2, 8);

    free(memory);
}

static void test_overflow_ends_the_program(void **state)
{
    char *text;

    (void)state;
    unit_capture_begin();
    assert_int_equal(exit_of(overflow), 1);
    text = unit_capture_end();
    assert_contains(text, "out of memory");
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_alloc_is_zero),
        cmocka_unit_test(test_resize_keeps_content),
        cmocka_unit_test(test_strings),
        cmocka_unit_test(test_wipe_overwrites),
        cmocka_unit_test(test_move_keeps_content_and_overwrites_the_old),
        cmocka_unit_test(test_trim_leaves_nothing_on_the_stack),
        cmocka_unit_test(test_pages_are_zero),
        cmocka_unit_test(test_overflow_ends_the_program),
    };

    return cmocka_run_group_tests_name("mem", tests, NULL, NULL);
}
