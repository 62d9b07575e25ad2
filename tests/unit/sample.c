#include "sample.h"

#include "draft_print.h"
#include "import.h"

char *sample_import(const char *text, struct unit_faults *faults, size_t *lost)
{
    struct faults own = {"f", unit_fault, faults, false};
    struct dialect *dialect = dialect_read(import_client(text), &own);
    struct draft *draft = dialect ? import_text(dialect, "f", text, strlen(text), unit_fault, faults) : NULL;
    struct draft_print print = {0};
    char *result = NULL;

    if (draft) {
        const char *at;

        draft_print(draft, NULL, &print);
        for (size_t i = 0; i < draft->words.count; i++)
            if (!draft->words.list[i]->done)
                unit_wrong("%s\n    has a forgotten word: %s", text, draft->words.list[i]->key);
        if (lost)
            *lost = draft->lost;
        at = print.text;
        while (strncmp(at, "# ", 2) == 0 && strncmp(at, "# f:", 4) != 0)
            at += strcspn(at, "\n") + 1;
        at += strncmp(at, "#\n", 2) == 0 ? 2 : 0;
        result = strdup(at);
    }
    draft_print_clear(&print);
    draft_free(draft);
    dialect_free(dialect);
    return result ? result : strdup("");
}

void sample_expect(const char *text, const char *parts)
{
    struct unit_faults faults = {0};
    char *printed = sample_import(text, &faults, NULL), *copy = strdup(parts), *save = NULL;

    for (char *part = strtok_r(copy, "\n", &save); part; part = strtok_r(NULL, "\n", &save)) {
        bool is_fault = *part >= '0' && *part <= '9' && strstr(part, ": ");

        if (is_fault && (faults.count != 1 || !strstr(faults.text, part)))
            unit_wrong("%s\n    has not the one fault %s, but: %s", text, part, faults.text);
        else if (!is_fault && *part == '!' && strstr(printed, part + 1))
            unit_wrong("%s\n    has %s\n    in: %s", text, part + 1, printed);
        else if (!is_fault && *part != '!' && !strstr(printed, part))
            unit_wrong("%s\n    lacks %s\n    in: %s%s", text, part, printed, faults.text);
    }
    free(copy);
    free(printed);
}
