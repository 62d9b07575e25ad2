/* Stands in for libFuzzer, which has a main() of its own, where only a corpus is played: the files named, or else those
 * of $FUZZ_CORPUS/NAME, which is how `make check` calls fuzz_NAME. */
#include "fuzz.h"

#ifndef WITH_LIBFUZZER

#include <dirent.h>
#include <err.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* In memory of exactly its length, so that the sanitizer sees who reads past it. */
static void play(const char *path)
{
    FILE *file = fopen(path, "rb");
    struct stat status;
    unsigned char *bytes;
    size_t size;

    if (!file || fstat(fileno(file), &status) < 0)
        err(1, "%s", path);
    size = (size_t)status.st_size;
    bytes = malloc(size ? size : 1);
    if (!bytes || fread(bytes, 1, size, file) != size)
        errx(1, "%s: cannot be read", path);
    fclose(file);
    /* When it goes wrong this is the last line but for the report. */
    fprintf(stderr, "%s\n", path);
    LLVMFuzzerTestOneInput(bytes, size);
    free(bytes);
}

static int is_input(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static int play_folder(const char *folder)
{
    struct dirent **entries;
    int count = scandir(folder, &entries, is_input, alphasort);

    if (count < 0 || chdir(folder) < 0)
        err(1, "%s", folder);
    for (int i = 0; i < count; i++) {
        play(entries[i]->d_name);
        free(entries[i]);
    }
    free(entries);
    return count;
}

int main(int count, char **paths)
{
    const char *corpus = getenv("FUZZ_CORPUS"), *name = strstr(program_invocation_short_name, "fuzz_");
    char folder[4096];
    int played = count - 1;

    for (int i = 1; i < count; i++)
        play(paths[i]);
    if (played == 0 && corpus && name) {
        snprintf(folder, sizeof folder, "%s/%s", corpus, name + strlen("fuzz_"));
        played = play_folder(folder);
    }
    printf("%d inputs\n", played);
    return played ? 0 : 1;
}

#endif
