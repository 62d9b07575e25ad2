/* Every definition, as its transcript says: over real HTTP, in the real core.
 *
 *   test_transcripts [-v] [FILE...]      without files all of them; -v prints what is sent and answered */
#include "mem.h"
#include "play.h"
#include "prepare.h"
#include "unit.h"

#include <dirent.h>
#include <sys/socket.h>

/* What each transcript shows, in a case "TAG: ..." with one of these verdicts. */
#define BIT(verdict) (1U << (verdict))
static const struct {
    const char *tag;
    unsigned verdicts;
    bool may_lack; /* with a line `never TAG: REASON` */
    bool of_echo;  /* of an address echo service too */
} tags[] = {
    {"A", BIT(UPDATE_DONE), true, true},
    {"AAAA", BIT(UPDATE_DONE), true, true},
    {"unchanged", BIT(UPDATE_UNCHANGED), true, false},
    {"refused-login", BIT(UPDATE_REFUSED_ACCOUNT) | BIT(UPDATE_REFUSED), true, false},
    {"unknown-name", BIT(UPDATE_REFUSED) | BIT(UPDATE_REFUSED_ACCOUNT) | BIT(UPDATE_AGAIN), true, false},
    {"rate-limit", BIT(UPDATE_AGAIN) | BIT(UPDATE_REFUSED) | BIT(UPDATE_REFUSED_ACCOUNT), true, false},
    {"server-error", BIT(UPDATE_AGAIN), false, true},
};

/* A transcript, and what this test is called. */
struct job {
    struct transcript *transcript;
    struct buf title;
    bool is_wrong; /* it shows what the runner is to find */
};

static struct job *jobs;
static size_t job_count;
static struct CMUnitTest *tests;
static size_t test_count;
static bool shown;

/* ---- The files. ---- */

static char *path_of(const char *name)
{
    const char *srcdir = getenv("srcdir"); /* automake sets it */

    return unit_path(srcdir ? srcdir : ".", name);
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The files in a folder with this end, sorted; the list ends in NULL. */
static char **list_files(const char *folder, const char *end)
{
    DIR *dir = opendir(folder);
    char **list = mem_alloc(sizeof *list);
    struct dirent *entry;
    size_t count = 0;

    while (dir && (entry = readdir(dir))) {
        size_t length = strlen(entry->d_name);

        if (length <= strlen(end) || strcmp(entry->d_name + length - strlen(end), end) != 0)
            continue;
        list = mem_resize(list, count + 2, sizeof *list);
        list[count++] = mem_string(entry->d_name);
    }
    if (dir)
        closedir(dir);
    list[count] = NULL;
    qsort(list, count, sizeof *list, compare_names);
    return list;
}

static void free_files(char **list)
{
    for (size_t i = 0; list[i]; i++)
        free(list[i]);
    free(list);
}

static bool is_file(const char *folder, const char *name, const char *old_end, const char *new_end)
{
    struct buf other = {0};
    char *path, *text;

    buf_add_n(&other, name, strlen(name) - strlen(old_end));
    buf_add(&other, new_end);
    path = unit_path(folder, other.text);
    text = unit_read(path);
    buf_free(&other);
    free(path);
    free(text);
    return text != NULL;
}

/* ---- The tags. ---- */

static const struct transcript_case *find_case(const struct transcript *transcript, const char *tag)
{
    size_t length = strlen(tag);

    for (size_t i = 0; i < transcript->case_count; i++)
        if (strncmp(transcript->cases[i].title, tag, length) == 0 && transcript->cases[i].title[length] == ':')
            return &transcript->cases[i];
    return NULL;
}

static const struct transcript_never *find_never(const struct transcript *transcript, const char *tag)
{
    for (size_t i = 0; i < transcript->never_count; i++)
        if (strcmp(transcript->nevers[i].tag, tag) == 0)
            return &transcript->nevers[i];
    return NULL;
}

/* Does it come to what its tag says? */
static bool is_as_tagged(const struct transcript_case *one, size_t tag)
{
    for (size_t i = 0; i < one->phase_count; i++) {
        for (size_t j = 0; j < one->phases[i].verdict_count; j++) {
            const struct transcript_verdict *verdict = &one->phases[i].verdicts[j];
            const char *type = verdict->family == AF_INET ? "A" : "AAAA";

            if (!verdict->is_fault && tags[tag].verdicts & BIT(verdict->verdict) &&
                (tag > 1 || strcmp(tags[tag].tag, type) == 0))
                return true;
        }
    }
    return false;
}

static void check_tags(const struct transcript *transcript, struct buf *faults)
{
    bool is_echo = prepare_has_step(transcript->provider, "address");

    for (size_t i = 0; i < COUNT(tags); i++) {
        const struct transcript_case *one = find_case(transcript, tags[i].tag);
        const struct transcript_never *never = find_never(transcript, tags[i].tag);

        if (one && never)
            buf_addf(faults, "%s:%d: never %s, but there is a case of it in line %d\n", transcript->path, never->line,
                     tags[i].tag, one->line);
        else if (never && !tags[i].may_lack)
            buf_addf(faults, "%s:%d: %s may not be left out\n", transcript->path, never->line, tags[i].tag);
        else if (!one && !never && (tags[i].of_echo || !is_echo))
            buf_addf(faults, "%s:1: there is no case '%s: ...'%s\n", transcript->path, tags[i].tag,
                     tags[i].may_lack ? ", and no line 'never ...' that says why" : "");
        else if (one && !is_as_tagged(one, i))
            buf_addf(faults, "%s:%d: no verdict in this case fits its tag %s\n", transcript->path, one->line,
                     tags[i].tag);
    }
    for (size_t i = 0; i < transcript->never_count; i++) {
        size_t j = 0;

        while (j < COUNT(tags) && strcmp(tags[j].tag, transcript->nevers[i].tag) != 0)
            j++;
        if (j == COUNT(tags))
            buf_addf(faults, "%s:%d: never %s: there is no such tag\n", transcript->path, transcript->nevers[i].line,
                     transcript->nevers[i].tag);
    }
}

/* ---- The tests. ---- */

static void run(const struct transcript *transcript, struct buf *faults)
{
    const char *name = strrchr(transcript->path, '/') ? strrchr(transcript->path, '/') + 1 : transcript->path;

    if (transcript->fault) {
        buf_addf(faults, "%s:%d: %s\n", transcript->path, transcript->fault_line, transcript->fault);
        return;
    }
    if (shown)
        printf("\n# %s\n", name);
    check_tags(transcript, faults);
    play_transcript(transcript, faults);
}

static void test_as_written(void **state)
{
    struct job *job = *state;
    struct buf faults = {0};

    run(job->transcript, &faults);
    fputs(buf_text(&faults), stderr); /* cmocka would cut it off */
    if (faults.length)
        fail();
    buf_free(&faults);
}

/* A transcript that is wrong on purpose says so in its first line: "# TEXT". */
static void test_the_fault_is_found(void **state)
{
    struct job *job = *state;
    char *text = unit_read(job->transcript->path);
    struct buf faults = {0}, expected = {0};
    bool found;

    assert_non_null(text);
    assert_int_equal(strncmp(text, "# ", 2), 0);
    buf_add_n(&expected, text + 2, strcspn(text + 2, "\n"));
    run(job->transcript, &faults);
    found = strstr(buf_text(&faults), expected.text) != NULL;
    if (!found)
        fprintf(stderr, "%s: it should be told: %s\nbut it is:\n%s\n", job->transcript->path, expected.text,
                faults.length ? faults.text : "(nothing)");
    buf_free(&faults);
    buf_free(&expected);
    free(text);
    assert_true(found);
}

/* A definition that stands for itself: it has steps, of its own or by another one; exec runs a program. */
static bool needs_transcript(const char *folder, const char *file)
{
    char *path = unit_path(folder, file), *text = unit_read(path);
    bool needs = strncmp(text, "like", 4) == 0 || strstr(text, "\nlike") || strncmp(text, "step ", 5) == 0 ||
                 strstr(text, "\nstep ");

    free(text);
    free(path);
    return needs && strcmp(file, "exec.conf") != 0;
}

static void test_each_definition_has_its_transcript(void **state)
{
    const char *definitions = getenv("WANDDNS_PROVIDERS");
    char *transcripts = path_of("tests/transcripts"), **list = list_files(definitions, ".conf");

    (void)state;
    assert_non_null(list[0]);
    for (size_t i = 0; list[i]; i++)
        if (needs_transcript(definitions, list[i]) && !is_file(transcripts, list[i], ".conf", ".txt"))
            unit_wrong("%s/%s:1: there is no transcript of it in tests/transcripts", definitions, list[i]);
    free_files(list);
    list = list_files(transcripts, ".txt");
    for (size_t i = 0; list[i]; i++)
        if (!is_file(definitions, list[i], ".txt", ".conf"))
            unit_wrong("%s/%s:1: there is no such definition in src/providers", transcripts, list[i]);
    free_files(list);
    free(transcripts);
    unit_all_right();
}

/* ---- All of them. ---- */

static void add_test(const char *name, CMUnitTestFunction function, struct job *job)
{
    tests = mem_resize(tests, test_count + 1, sizeof *tests);
    tests[test_count++] = (struct CMUnitTest){.name = name, .test_func = function, .initial_state = job};
}

static void add_job(const char *path, bool is_wrong)
{
    const char *name = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
    struct job *job;

    jobs = mem_resize(jobs, job_count + 1, sizeof *jobs);
    job = &jobs[job_count++];
    *job = (struct job){.transcript = transcript_read(path), .is_wrong = is_wrong};
    buf_addf(&job->title, "%.*s: ", (int)strcspn(name, "."), name);
    if (is_wrong)
        buf_add(&job->title, "wrong, and found out");
    else
        buf_addf(&job->title, "%zu cases", job->transcript->case_count);
}

static void add_folder(const char *name, bool is_wrong)
{
    char *folder = path_of(name), **list = list_files(folder, ".txt");

    if (!list[0])
        unit_wrong("%s: there is nothing in it", folder);
    for (size_t i = 0; list[i]; i++) {
        char *path = unit_path(folder, list[i]);

        add_job(path, is_wrong);
        free(path);
    }
    free_files(list);
    free(folder);
}

static void choose_definitions(void)
{
    char *path = path_of("src/providers");

    setenv("WANDDNS_PROVIDERS", path, 0);
    /* Nothing of what a user has set leads away from the loopback. */
    setenv("no_proxy", "*", 1);
    free(path);
}

int main(int argc, char **argv)
{
    size_t cases = 0;
    int status;

    shown = argc > 1 && strcmp(argv[1], "-v") == 0;
    argv += shown ? 2 : 1;
    choose_definitions();
    if (*argv) {
        for (; *argv; argv++)
            add_job(*argv, false);
    } else {
        add_folder("tests/transcripts", false);
        add_folder("tests/unit/transcripts-wrong", true);
        add_test("each definition has its transcript", test_each_definition_has_its_transcript, NULL);
    }
    for (size_t i = 0; i < job_count; i++) {
        add_test(buf_text(&jobs[i].title), jobs[i].is_wrong ? test_the_fault_is_found : test_as_written, &jobs[i]);
        cases += jobs[i].is_wrong ? 0 : jobs[i].transcript->case_count;
    }
    play_open(shown);
    status = _cmocka_run_group_tests("transcripts", tests, test_count, NULL, NULL);
    play_close();
    print_message("transcripts: %zu files, %zu cases\n", job_count, cases);
    free(tests);
    for (size_t i = 0; i < job_count; i++)
        buf_free(&jobs[i].title);
    return status;
}
