#include "config.h"
#include "daemon.h"
#include "import.h"
#include "listing.h"
#include "loader.h"
#include "log.h"
#include "nearest.h"
#include "operate.h"
#include "sandbox.h"
#include "watch.h"

#include <errno.h>
#include <event2/event.h>
#include <getopt.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

enum { GOOD = 0, FAILED = 1, USAGE = 2 };

/* Bits for the options, to say which command takes which. */
enum {
    OPTION_CONFIG = 1,
    OPTION_STATE_DIR = 2,
    OPTION_DRY_RUN = 4,
    OPTION_INTERFACE = 8,
    OPTION_JSON = 16,
    OPTION_VERBOSE = 32,
    OPTION_SYSLOG = 64,
    OPTION_CONTROL = 128,
    OPTION_OUTPUT = 256,
    OPTION_QUIET = 512,
};

struct arguments {
    const char *config;
    const char *state_dir;
    const char *control;
    const char *output;
    char *const *words; /* behind the command */
    size_t word_count;
    struct rule rule; /* of --interface */
    bool dry_run;
    bool json;
    bool verbose;
    bool syslog;
    bool quiet;
    int given; /* OPTION_... */
};

struct command {
    const char *name;
    int (*run)(const struct arguments *arguments);         /* or */
    int (*operate)(const struct operate_options *options); /* by the running daemon */
    int takes;                                             /* OPTION_... */
    const char *words; /* what may stand behind it, as in "[FILE]" or "[HOST]...", or must, as in "LEVEL"; or NULL */
    const char *help;
};

static int run_daemon(const struct arguments *arguments)
{
    struct daemon_options options = {arguments->config, arguments->state_dir, arguments->control, false,
                                     arguments->dry_run};

    if (arguments->syslog)
        log_set_syslog();
    return daemon_run(&options);
}

static int run_once(const struct arguments *arguments)
{
    struct daemon_options options = {arguments->config, arguments->state_dir, NULL, true, arguments->dry_run};

    return daemon_run(&options);
}

static int run_watch(const struct arguments *arguments)
{
    struct watch_options options = {arguments->rule, arguments->json, arguments->verbose};

    return watch_run(&options);
}

static int check_definition(const char *path)
{
    struct definition *definition = loader_read(path, fault_print, NULL);
    struct stat status;

    if (!definition && stat(path, &status) == 0 && S_ISREG(status.st_mode)) {
        fputs("(this was read as the definition of a provider; a configuration is checked by: wanddns -c FILE check)\n",
              stderr);
    }
    if (!definition)
        return USAGE;
    printf("%s: good, the definition of %s with %zu step%s%s\n", path, definition->name, definition->step_count,
           definition->step_count == 1 ? "" : "s", definition->step_count ? "" : ": only others can build on it");
    definition_free(definition);
    return GOOD;
}

static int run_check(const struct arguments *arguments)
{
    struct config *config;
    size_t names = 0;

    log_set_plain();
    if (arguments->word_count)
        return check_definition(arguments->words[0]);
    config = config_read(arguments->config, fault_print, NULL);
    if (!config && config_is_untouched(arguments->config))
        listing_first_steps(arguments->config);
    if (!config)
        return USAGE;
    if (arguments->verbose)
        listing_names(config);
    sandbox_try(config);
    for (size_t i = 0; i < config->provider_count; i++)
        names += config->providers[i]->names.count;
    printf("%s: good, %zu name%s at %zu provider%s\n", config->file, names, names == 1 ? "" : "s",
           config->provider_count, config->provider_count == 1 ? "" : "s");
    config_free(config);
    return GOOD;
}

static int run_providers(const struct arguments *arguments)
{
    return listing_run(arguments->word_count ? arguments->words[0] : NULL);
}

static int run_import(const struct arguments *arguments)
{
    return import_run(arguments->words[0], arguments->output);
}

enum { OF_DAEMON = OPTION_CONFIG | OPTION_STATE_DIR | OPTION_DRY_RUN, OF_CLIENT = OPTION_CONFIG | OPTION_CONTROL };

static const struct command commands[] = {
    {"run", run_daemon, NULL, OF_DAEMON | OPTION_SYSLOG | OPTION_CONTROL, NULL, "the daemon, in the foreground"},
    {"once", run_once, NULL, OF_DAEMON, NULL, "publish what is due, then exit: 0 when all is current"},
    {"watch", run_watch, NULL, OPTION_INTERFACE | OPTION_JSON | OPTION_VERBOSE, NULL,
     "print the addresses and their changes; no configuration"},
    {"check", run_check, NULL, OPTION_CONFIG | OPTION_VERBOSE, "[FILE]",
     "check the configuration, or the definition of a provider"},
    {"providers", run_providers, NULL, 0, "[NAME]", "list or find providers, or tell what one needs"},
    {"import", run_import, NULL, OPTION_OUTPUT, "FILE", "print a configuration of inadyn or ddclient as ours"},
    {"status", NULL, operate_status, OF_CLIENT | OPTION_JSON | OPTION_QUIET, "[HOST]...",
     "how all is: exit 0 when it is well, 1 when not"},
    {"explain", NULL, operate_explain, OF_CLIENT, "[HOST]...", "why it is so"},
    {"update", NULL, operate_update, OF_CLIENT, "[HOST]...", "send now, even what is refused; wait for it"},
    {"follow", NULL, operate_follow, OF_CLIENT | OPTION_JSON, "[HOST]...", "what happens, as it happens"},
    {"reload", NULL, operate_reload, OF_CLIENT, NULL, "have the daemon read its configuration anew"},
    {"log-level", NULL, operate_log_level, OF_CLIENT, "LEVEL", "what the daemon logs from now on"},
    {"metrics", NULL, operate_metrics, OF_CLIENT, NULL, "what it counts, as OpenMetrics"},
};

enum { COMMANDS = sizeof commands / sizeof *commands };

static const struct option long_options[] = {
    {"config", required_argument, NULL, 'c'},  {"state-dir", required_argument, NULL, 's'},
    {"control", required_argument, NULL, 'k'}, {"log-level", required_argument, NULL, 'l'},
    {"dry-run", no_argument, NULL, 'n'},       {"interface", required_argument, NULL, 'i'},
    {"json", no_argument, NULL, 'j'},          {"verbose", no_argument, NULL, 'v'},
    {"syslog", no_argument, NULL, 'y'},        {"output", required_argument, NULL, 'o'},
    {"quiet", no_argument, NULL, 'q'},         {"help", no_argument, NULL, 'h'},
    {"version", no_argument, NULL, 'V'},       {NULL, 0, NULL, 0},
};

static int print_help(void)
{
    puts("Usage: wanddns [OPTION]... COMMAND\n"
         "Keeps DNS names pointed at the addresses of this gateway.\n");
    for (size_t i = 0; i < COMMANDS; i++)
        printf("  %-9s %-9s %s\n", commands[i].name, commands[i].words ? commands[i].words : "", commands[i].help);
    puts("\n"
         "  -c, --config FILE        what to publish (not watch, providers, import);\n"
         "                           " SYSCONFDIR "/wanddns/wanddns.conf\n"
         "      --state-dir DIR      what was published (run, once);\n"
         "                           " LOCALSTATEDIR "/lib/wanddns\n"
         "      --control PATH       socket (not once, watch, check, providers, import);\n"
         "                           " CONTROL_PATH "\n"
         "  -l, --log-level LEVEL    error, warning, info or debug\n"
         "      --syslog             log there, not to standard error (run)\n"
         "  -n, --dry-run            print the requests, send nothing (run, once)\n"
         "  -i, --interface LIST     instead of auto, as in wan0,wwan0 (watch)\n"
         "      --json               one object a line (watch, follow), or in all (status)\n"
         "  -q, --quiet              print nothing: only the exit status (status)\n"
         "  -v, --verbose            more: all candidates, all names (watch, check)\n"
         "      --output DIR         write files there, secrets apart (import)\n"
         "  -h, --help\n"
         "  -V, --version\n"
         "\n"
         "Definitions of providers: " SYSCONFDIR "/wanddns/providers (yours) and\n" PKGDATADIR "/providers.\n"
         "Exit status: 0 good, 1 failed or not well, 2 usage or configuration, 3 no daemon\n"
         "answers.");
    return GOOD;
}

static int usage_fault(const char *what, const char *word, const char *meant)
{
    fprintf(stderr, "wanddns: %s%s", what, word);
    if (meant)
        fprintf(stderr, ": did you mean '%s'?", meant);
    fputs(" (wanddns --help tells more)\n", stderr);
    return USAGE;
}

static int wrong_option(const struct command *command, int given)
{
    static const struct {
        int option;
        const char *name;
    } names[] = {{OPTION_CONFIG, "--config"},       {OPTION_STATE_DIR, "--state-dir"}, {OPTION_DRY_RUN, "--dry-run"},
                 {OPTION_INTERFACE, "--interface"}, {OPTION_JSON, "--json"},           {OPTION_VERBOSE, "--verbose"},
                 {OPTION_SYSLOG, "--syslog"},       {OPTION_CONTROL, "--control"},     {OPTION_OUTPUT, "--output"},
                 {OPTION_QUIET, "--quiet"}};
    size_t i = 0;

    while (!(given & names[i].option))
        i++;
    fprintf(stderr, "wanddns: %s does not go with %s (wanddns --help tells more)\n", names[i].name, command->name);
    return USAGE;
}

static const struct command *find_command(const char *name)
{
    for (size_t i = 0; i < COMMANDS; i++)
        if (strcmp(commands[i].name, name) == 0)
            return &commands[i];
    return NULL;
}

static int unknown_command(const char *name)
{
    const char *names[COMMANDS];

    for (size_t i = 0; i < COMMANDS; i++)
        names[i] = commands[i].name;
    return usage_fault("there is no command ", name, nearest_word(name, names, COMMANDS));
}

/* "auto", or names and patterns with commas between them. */
static bool take_interfaces(char *list, struct rule *rule)
{
    size_t used = 0;
    char *save = NULL;

    *rule = (struct rule){0};
    if (strcmp(list, "auto") == 0)
        return true;
    for (char *name = strtok_r(list, ",", &save); name; name = strtok_r(NULL, ",", &save)) {
        if (!rule_is_interface(name) || used == RULE_INTERFACES)
            return false;
        memcpy(rule->interfaces[used++], name, strlen(name) + 1);
    }
    return used > 0;
}

/* What getopt_long() calls '?' or ':'. */
static int unknown_option(int letter, const char *word)
{
    const char *names[sizeof long_options / sizeof *long_options];
    char name[64], single[] = {'-', (char)optopt, '\0'};
    size_t count = 0;

    if (letter == ':')
        return usage_fault("there must be a value behind ", word, NULL);
    if (optopt && strncmp(word, "--", 2) == 0)
        return usage_fault("this option has no value: ", word, NULL);
    if (optopt)
        return usage_fault("there is no option ", single, NULL);
    for (; long_options[count].name; count++)
        names[count] = long_options[count].name;
    snprintf(name, sizeof name, "%.*s", (int)strcspn(word, "="), word);
    return usage_fault("there is no option ", name, nearest_word(name + 2, names, count));
}

static int unknown_level(const char *word)
{
    static const char *const levels[] = {"error", "warning", "info", "debug"};

    return usage_fault("no log level: ", word, nearest_word(word, levels, sizeof levels / sizeof *levels));
}

/* Takes one option; -1 to go on, or the exit status. */
static int take_option(int letter, struct arguments *arguments)
{
    enum log_level level;

    switch (letter) {
    case 'c':
        arguments->config = optarg;
        arguments->given |= OPTION_CONFIG;
        return -1;
    case 's':
        if (!*optarg)
            return usage_fault("an empty --state-dir", "", NULL);
        arguments->state_dir = optarg;
        arguments->given |= OPTION_STATE_DIR;
        return -1;
    case 'k':
        arguments->control = optarg;
        arguments->given |= OPTION_CONTROL;
        return -1;
    case 'l':
        if (!log_level_parse(optarg, &level))
            return unknown_level(optarg);
        log_set_level(level);
        return -1;
    case 'n':
        arguments->dry_run = true;
        arguments->given |= OPTION_DRY_RUN;
        return -1;
    case 'i':
        if (!take_interfaces(optarg, &arguments->rule))
            return usage_fault("this is no list of interfaces: ", optarg, NULL);
        arguments->given |= OPTION_INTERFACE;
        return -1;
    case 'j':
        arguments->json = true;
        arguments->given |= OPTION_JSON;
        return -1;
    case 'v':
        arguments->verbose = true;
        arguments->given |= OPTION_VERBOSE;
        return -1;
    case 'y':
        arguments->syslog = true;
        arguments->given |= OPTION_SYSLOG;
        return -1;
    case 'o':
        if (!*optarg)
            return usage_fault("an empty --output", "", NULL);
        arguments->output = optarg;
        arguments->given |= OPTION_OUTPUT;
        return -1;
    case 'q':
        arguments->quiet = true;
        arguments->given |= OPTION_QUIET;
        return -1;
    case 'h':
        return print_help();
    default: /* the last of the letters */
        puts("wanddns " PACKAGE_VERSION);
        return GOOD;
    }
}

/* Passwords are in memory: no core file, and no other process of the same user looks in (prctl(2)). */
static void forbid_core_files(void)
{
    const struct rlimit none = {0, 0};

    setrlimit(RLIMIT_CORE, &none);
    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

/* What libevent says of a call that failed. Whoever called it says the rest, and needs errno. */
static void on_libevent(int severity, const char *text)
{
    int error = errno;

    if (severity == EVENT_LOG_ERR)
        log_error("libevent: %s", text);
    else
        log_debug("libevent: %s", text);
    errno = error;
}

static void no_fault(void *arg, const char *file, int line, const char *text)
{
    (void)arg;
    (void)file;
    (void)line;
    (void)text;
}

/* --control, else what the configuration says, if we may read it, else the built-in path. One that was named must be
 * good. */
static int operate(const struct command *command, const struct arguments *arguments)
{
    bool named = arguments->given & OPTION_CONFIG, silent = !named || arguments->quiet;
    struct operate_options options = {arguments->control, arguments->words, arguments->word_count, NULL,
                                      arguments->json,    arguments->quiet};
    char *configured = NULL;
    int status;

    if (!arguments->control && !config_control(arguments->config, &configured, silent ? no_fault : fault_print) &&
        named)
        return USAGE;
    if (!options.control)
        options.control = configured ? configured : CONTROL_PATH;
    if (command->operate == operate_log_level) {
        options.level = arguments->words[0];
        options.host_count = 0;
    }
    status = command->operate(&options);
    free(configured);
    return status;
}

/* What stands behind the command; -1 to go on, or the exit status. */
static int take_words(const struct command *command, char *const *words, size_t count, struct arguments *arguments)
{
    size_t most = !command->words ? 0 : strstr(command->words, "...") ? count : 1;
    enum log_level level;

    if (count > most)
        return usage_fault("too many arguments: ", words[most], NULL);
    if (command->words && command->words[0] != '[' && !count)
        return usage_fault(command->name, command->operate ? ": which level?" : ": of which file?", NULL);
    if (command->operate == operate_log_level && !log_level_parse(words[0], &level))
        return unknown_level(words[0]);
    arguments->words = words;
    arguments->word_count = count;
    return -1;
}

static int act(int argc, char **argv)
{
    struct arguments arguments = {.config = SYSCONFDIR "/wanddns/wanddns.conf"};
    const struct command *command;
    int letter, status;

    forbid_core_files();
    event_set_log_callback(on_libevent);
    opterr = 0;
    while ((letter = getopt_long(argc, argv, ":c:l:ni:vqhV", long_options, NULL)) != -1) {
        status =
            letter == '?' || letter == ':' ? unknown_option(letter, argv[optind - 1]) : take_option(letter, &arguments);
        if (status >= 0)
            return status;
    }
    if (optind == argc)
        return usage_fault("which command?", "", NULL);
    command = find_command(argv[optind]);
    if (!command)
        return unknown_command(argv[optind]);
    if (arguments.given & ~command->takes)
        return wrong_option(command, arguments.given & ~command->takes);
    status = take_words(command, argv + optind + 1, (size_t)(argc - optind - 1), &arguments);
    if (status >= 0)
        return status;
    return command->operate ? operate(command, &arguments) : command->run(&arguments);
}

/* Of what went wrong before the last write nobody knows why (ferror(3)). */
static int end(int status)
{
    bool torn = ferror(stdout), full = fflush(stdout) != 0;

    if (!torn && !full)
        return status;
    fprintf(stderr, "wanddns: standard output: %s\n", full ? strerror(errno) : "not all of it could be written");
    return status ? status : FAILED;
}

int main(int argc, char **argv)
{
    return end(act(argc, argv));
}
