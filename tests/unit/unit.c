#include "unit.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static FILE *captured;
static int real_stderr = -1;
static size_t wrong;

char *unit_folder(void)
{
    const char *base = getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp";
    char *folder = unit_path(base, "wanddns-unit-XXXXXX");

    assert_non_null(mkdtemp(folder));
    return folder;
}

void unit_remove_folder(char *folder)
{
    DIR *dir = opendir(folder);
    struct dirent *entry;

    while (dir && (entry = readdir(dir))) {
        char *path = unit_path(folder, entry->d_name);

        if (unlink(path) < 0 && entry->d_name[0] != '.')
            rmdir(path);
        free(path);
    }
    if (dir)
        closedir(dir);
    assert_int_equal(rmdir(folder), 0);
    free(folder);
}

char *unit_path(const char *folder, const char *name)
{
    size_t size = strlen(folder) + strlen(name) + 2;
    char *path = malloc(size);

    assert_non_null(path);
    snprintf(path, size, "%s/%s", folder, name);
    return path;
}

char *unit_file(const char *folder, const char *name, const char *text, unsigned mode)
{
    char *path = unit_path(folder, name);
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, strlen(text), file), strlen(text));
    assert_int_equal(fclose(file), 0);
    assert_int_equal(chmod(path, mode), 0);
    return path;
}

static char *read_stream(FILE *file)
{
    char *text = NULL;
    size_t length = 0, size = 0, got = 1;

    while (got) {
        if (size - length < 4096) {
            text = realloc(text, size += 65536);
            assert_non_null(text);
        }
        got = fread(text + length, 1, size - length - 1, file);
        length += got;
    }
    text[length] = '\0';
    return text;
}

char *unit_read(const char *path)
{
    FILE *file = fopen(path, "r");
    char *text = file ? read_stream(file) : NULL;

    if (file)
        fclose(file);
    return text;
}

int unit_setup_folder(void **state)
{
    *state = unit_folder();
    return 0;
}

int unit_teardown_folder(void **state)
{
    unit_remove_folder(*state);
    return 0;
}

void unit_capture_begin(void)
{
    fflush(stderr);
    captured = tmpfile();
    assert_non_null(captured);
    real_stderr = dup(STDERR_FILENO);
    assert_true(real_stderr >= 0 && dup2(fileno(captured), STDERR_FILENO) >= 0);
}

char *unit_capture_end(void)
{
    char *text;

    fflush(stderr);
    dup2(real_stderr, STDERR_FILENO);
    close(real_stderr);
    rewind(captured);
    text = read_stream(captured);
    fclose(captured);
    return text;
}

void unit_fault(void *arg, const char *file, int line, const char *text)
{
    struct unit_faults *faults = arg;
    size_t length = strlen(faults->text);

    faults->count++;
    snprintf(faults->text + length, sizeof faults->text - length, "%s:%d: %s\n", file, line, text);
}

void unit_assert_contains(const char *text, const char *part, const char *file, int line)
{
    if (text && strstr(text, part))
        return;
    print_error("\"%s\" is not in:\n%s\n", part, text ? text : "(nothing)");
    _fail(file, line);
}

void unit_assert_lacks(const char *text, const char *part, const char *file, int line)
{
    if (!text || !strstr(text, part))
        return;
    print_error("\"%s\" may not be in:\n%s\n", part, text);
    _fail(file, line);
}

void unit_wrong(const char *format, ...)
{
    va_list args;

    wrong++;
    va_start(args, format);
    vprint_error(format, args);
    va_end(args);
    print_error("\n");
}

void unit_all_right(void)
{
    size_t count = wrong;

    wrong = 0;
    assert_int_equal(count, 0);
}

void unit_random_seed(struct unit_random *random, uint64_t seed)
{
    random->state = seed * 2 + 1;
}

uint32_t unit_random(struct unit_random *random, uint32_t bound)
{
    random->state ^= random->state >> 12;
    random->state ^= random->state << 25;
    random->state ^= random->state >> 27;
    return (uint32_t)((random->state * UINT64_C(2685821657736338717)) >> 33) % bound;
}
