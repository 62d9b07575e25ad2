/* The whole core in a false world: each scenario of tests/sim as a test, and scenarios made up by numbers.
 *
 *   test_sim [-v] FILE...                        only these; -v shows the timeline
 *   test_sim [-v] --random FIRST [COUNT]         only those that these numbers make
 *   test_sim --print NUMBER                      the scenario that this number makes, as a file */
#include "box.h"
#include "logbook.h"
#include "mem.h"
#include "player.h"
#include "random.h"
#include "tale.h"
#include "unit.h"

#include <dirent.h>
#include <signal.h>

enum { GROUP = 250, GROUPS = 8 };

/* Numbers that make scenarios, from first on. */
struct group {
    unsigned long first, count;
};

static const uint64_t jitters[] = {0, 1, 2};
static bool shown;
static struct CMUnitTest *tests;
static size_t test_count;

static void add_test(const char *name, CMUnitTestFunction function, void *state)
{
    tests = mem_resize(tests, test_count + 1, sizeof *tests);
    tests[test_count++] = (struct CMUnitTest){.name = name, .test_func = function, .initial_state = state};
}

/* Tells what is wrong by itself, for cmocka would cut it off. */
static void tell(struct buf *faults)
{
    bool wrong = faults->length > 0;

    fputs(buf_text(faults), stderr);
    buf_free(faults);
    if (wrong)
        fail();
}

/* Everything is to hold with any jitter: with none, and with two sets of random numbers. */
static void test_as_written(void **state)
{
    const struct script *script = *state;
    struct buf faults = {0};

    for (size_t i = 0; i < COUNT(jitters) && !faults.length; i++)
        player_play(script, jitters[i], shown && i == 0, &faults);
    tell(&faults);
}

/* A scenario that is wrong on purpose says so in its first line: "# TEXT". */
static void test_the_fault_is_found(void **state)
{
    const struct script *script = *state;
    struct buf faults = {0};
    bool found;

    player_play(script, 0, false, &faults);
    found = strstr(buf_text(&faults), script->title) != NULL;
    if (!found)
        fprintf(stderr, "%s: it should be told: %s\nbut it is:\n%s\n", script->path, script->title,
                faults.length ? faults.text : "(nothing)");
    buf_free(&faults);
    assert_true(found);
}

static void test_made_up(void **state)
{
    const struct group *group = *state;
    struct buf faults = {0};
    unsigned long wrong = 0;

    for (unsigned long number = group->first; number < group->first + group->count; number++) {
        char *text = random_scenario(number), name[64];
        struct script *script;

        snprintf(name, sizeof name, "--random %lu", number);
        script = script_parse(name, text);
        wrong += !player_play(script, number, shown, &faults);
        script_free(script);
        free(text);
    }
    if (wrong)
        print_error("%lu of %lu scenarios are wrong\n", wrong, group->count);
    tell(&faults);
}

static void add_group(unsigned long first, unsigned long count)
{
    struct group *group = mem_alloc(sizeof *group);
    struct buf name = {0};

    *group = (struct group){first, count};
    buf_addf(&name, "made up by the numbers %lu to %lu", first, first + count - 1);
    add_test(buf_take(&name), test_made_up, group);
}

static char *path_of(const char *name)
{
    const char *srcdir = getenv("srcdir"); /* automake sets it */

    return unit_path(srcdir ? srcdir : ".", name);
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void add_file(const char *path, bool is_wrong)
{
    const char *slash = strrchr(path, '/');
    struct script *script = script_read(path);
    struct buf name = {0};

    buf_addf(&name, "%s: %s", slash ? slash + 1 : path, is_wrong ? "wrong, and found out" : script->title);
    add_test(buf_take(&name), is_wrong ? test_the_fault_is_found : test_as_written, script);
}

static void add_folder(const char *name, bool is_wrong)
{
    char *folder = path_of(name), **list = NULL;
    DIR *dir = opendir(folder);
    const struct dirent *entry;
    size_t count = 0;

    assert_non_null(dir);
    while ((entry = readdir(dir))) {
        if (strlen(entry->d_name) < 5 || strcmp(entry->d_name + strlen(entry->d_name) - 4, ".txt") != 0)
            continue;
        list = mem_resize(list, count + 1, sizeof *list);
        list[count++] = unit_path(folder, entry->d_name);
    }
    closedir(dir);
    qsort(list, count, sizeof *list, compare_names);
    for (size_t i = 0; i < count; i++) {
        add_file(list[i], is_wrong);
        free(list[i]);
    }
    free(list);
    free(folder);
}

static void on_abort(int number)
{
    (void)number;
    tale_last_words();
}

static int print(const char *number)
{
    char *text = random_scenario(strtoul(number, NULL, 10));

    fputs(text, stdout);
    free(text);
    return 0;
}

/* What the words of the command line choose; all without any. */
static void choose(char **words)
{
    if (*words && strcmp(*words, "--random") == 0 && words[1]) {
        add_group(strtoul(words[1], NULL, 10), words[2] ? strtoul(words[2], NULL, 10) : 1);
    } else if (*words) {
        for (; *words; words++)
            add_file(*words, false);
    } else {
        add_folder("tests/sim", false);
        add_folder("tests/sim/wrong", true);
        for (unsigned long i = 0; i < GROUPS; i++)
            add_group(i * GROUP + 1, GROUP);
    }
}

int main(int argc, char **argv)
{
    int status;

    if (argc == 3 && strcmp(argv[1], "--print") == 0)
        return print(argv[2]);
    signal(SIGABRT, on_abort);
    shown = argc > 1 && strcmp(argv[1], "-v") == 0;
    choose(argv + (shown ? 2 : 1));
    box_open();
    status = _cmocka_run_group_tests("scenarios", tests, test_count, NULL, NULL);
    box_close();
    print_message("scenarios: %zu tests, %zu texts searched for secrets\n", test_count, logbook_searched());
    for (size_t i = 0; i < test_count; i++) {
        if (tests[i].test_func == test_made_up)
            free(tests[i].initial_state);
        else
            script_free(tests[i].initial_state);
        free((char *)(uintptr_t)tests[i].name);
    }
    free(tests);
    return status;
}
