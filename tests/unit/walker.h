/* Updates with a definition of the test's own, over a false HTTP and a false clock. */
#ifndef WANDDNS_TESTS_WALKER_H
#define WANDDNS_TESTS_WALKER_H

#include "fake_http.h"
#include "fake_timer.h"
#include "scene.h"
#include "update.h"

struct walker {
    struct scene *scene;
    struct update *update;       /* the one under way */
    struct update_result result; /* of the last one, with a text of its own */
    size_t told;
};

extern struct walker walker;

/* With this definition, and the zone example.org. walker_end() fails when something was wrong, or a timer is left. */
void walker_begin(const char *definition);
void walker_end(void);

/* Starts an update of the scene's items. */
void walker_start(void);

/* Plays one against a script, a line for each request: "METHOD URL [BODY] -> STATUS BODY", with what stands behind the
 * server of the URL. The last line is "= VERDICT TEXT", with a part of the text. */
void walker_play(const char *script);

#define ZONE                                                                                     \
    "step zone { url = \"{server}/zones\" list = zones suffix = name get = { \"zone-id=id\" }\n" \
    "must = \"no such zone\" keep = zone }\n"
#define RECORD                                                                                      \
    "step record { url = \"{server}/zones/{zone-id}\" list = records match = \"name={hostname}\"\n" \
    "get = { \"id=id\", \"current=ip\" } keep = record }\n"
#define WRITES                                                                                                  \
    "step update { when = id method = PUT url = \"{server}/records/{id}\" json = '{\"ip\":\"{ip}\"}' }\n"       \
    "step create { unless = id url = \"{server}/zones/{zone-id}\" json = '{\"ip\":\"{ip}\"}' get = \"id=id\"\n" \
    "keep = record }\n"                                                                                         \
    "step delete { when = id method = DELETE url = \"{server}/records/{id}\" }\n"
#define REST  "status \"400-499\" { verdict = refused }\n"
#define FULL  ZONE RECORD WRITES REST

#define ZONES "{\"zones\":[{\"id\":\"z1\",\"name\":\"example.org\"}]}"
#define OURS  "{\"records\":[{\"id\":\"r1\",\"name\":\"home.example.org\",\"ip\":\"192.0.2.1\"}]}"

#endif
