/* The way from step to step of an update. */
#include "walker.h"

/* Forward, each once; what is remembered is not asked again. */
static void test_order(void **state)
{
    (void)state;
    walker_begin(FULL);
    walker_play("GET /zones -> 200 " ZONES "\n"
                "GET /zones/z1 -> 200 " OURS "\n"
                "PUT /records/r1 {\"ip\":\"192.0.2.7\"} -> 200 {}\n"
                "= done");
    scene_item(walker.scene, 0, "home.example.org", IP_V4, "192.0.2.8", "");
    walker_play("PUT /records/r1 {\"ip\":\"192.0.2.8\"} -> 200 {}\n"
                "= done");
    /* Another name of the zone asks only for its record. */
    scene_item(walker.scene, 0, "b.example.org", IP_V4, "192.0.2.8", "");
    walker_play("GET /zones/z1 -> 200 {\"records\":[]}\n"
                "POST /zones/z1 {\"ip\":\"192.0.2.8\"} -> 201 {\"id\":\"r2\"}\n"
                "= done");
    walker_play("PUT /records/r2 {\"ip\":\"192.0.2.8\"} -> 200 {}\n"
                "= done");
    walker_end();
}

static void test_requests_are_counted(void **state)
{
    (void)state;
    walker_begin(FULL);
    walker_play("GET /zones -> 200 " ZONES "\nGET /zones/z1 -> 200 " OURS
                "\nPUT /records/r1 {\"ip\":\"192.0.2.7\"} -> 200 \n= done");
    assert_int_equal(walker.result.requests, 3);
    walker_end();
}

static void test_unchanged(void **state)
{
    (void)state;
    walker_begin(FULL);
    scene_item(walker.scene, 0, "home.example.org", IP_V4, "192.0.2.1", "");
    walker_play("GET /zones -> 200 " ZONES "\nGET /zones/z1 -> 200 " OURS
                "\n= unchanged the record has this address already");
    walker_end();
}

/* To take a record away the other writing steps are left out; where there is none, nothing is done. */
static void test_delete(void **state)
{
    (void)state;
    walker_begin(FULL);
    scene_item(walker.scene, 0, "home.example.org", IP_V4, "", "192.0.2.1");
    walker_play("GET /zones -> 200 " ZONES "\nGET /zones/z1 -> 200 " OURS "\nDELETE /records/r1 -> 204 \n= done");
    walker_end();
    walker_begin(FULL);
    scene_item(walker.scene, 0, "home.example.org", IP_V4, "", "192.0.2.1");
    walker_play("GET /zones -> 200 " ZONES "\nGET /zones/z1 -> 200 {\"records\":[]}\n= done");
    walker_end();
}

/* `in` says when a step is taken, whatever its title. */
static void test_in(void **state)
{
    static const char definition[] =
        "step a { url = \"{server}/a\" in = update }\nstep b { url = \"{server}/b\" in = delete }\n"
        "step c { url = \"{server}/c\" }\nstep update { url = \"{server}/u\" in = both }\n"
        "step create { url = \"{server}/k\" }\nstep delete { url = \"{server}/d\" }\n";

    (void)state;
    walker_begin(definition);
    walker_play("GET /a -> 200 \nGET /c -> 200 \nGET /u -> 200 \nGET /k -> 200 \n= done");
    scene_item(walker.scene, 0, "home.example.org", IP_V4, "", "192.0.2.1");
    walker_play("GET /b -> 200 \nGET /c -> 200 \nGET /u -> 200 \nGET /d -> 200 \n= done");
    walker_end();
}

/* Of an option, of what stands in the program, and of a value that is empty. */
static void test_when(void **state)
{
    (void)state;
    walker_begin(
        "options = flag\nstep a { url = \"{server}/a\" get = \"x=x\" }\nstep b { when = x url = \"{server}/b\" }\n"
        "step c { unless = x url = \"{server}/c\" }\nstep d { when = flag url = \"{server}/d\" }\n"
        "step e { when = ip4 unless = ip6 url = \"{server}/e\" }\nstep update { url = \"{server}/u\" }\n");
    walker_play("GET /a -> 200 {\"x\":\"1\"}\nGET /b -> 200 \nGET /e -> 200 \nGET /u -> 200 \n= done");
    walker_play("GET /a -> 200 {\"x\":\"\"}\nGET /c -> 200 \nGET /e -> 200 \nGET /u -> 200 \n= done");
    walker_play("GET /a -> 200 {}\nGET /c -> 200 \nGET /e -> 200 \nGET /u -> 200 \n= done");
    scene_option(walker.scene, "flag=1");
    walker_play("GET /a -> 200 {}\nGET /c -> 200 \nGET /d -> 200 \nGET /e -> 200 \nGET /u -> 200 \n= done");
    walker_end();
}

static void test_must(void **state)
{
    (void)state;
    walker_begin(FULL);
    walker_play("GET /zones -> 200 {\"zones\":[]}\n= refused no such zone (step zone)");
    walker_end();
}

/* Absent is going on, where the step only looks; a step that writes and finds nothing to write to is refused. */
static void test_absent(void **state)
{
    (void)state;
    walker_begin("step look { url = \"{server}/l\" get = \"id=id\" status 404 { verdict = absent } }\n"
                 "step update { when = id url = \"{server}/u\" status 404 { verdict = absent } }\n"
                 "step create { unless = id url = \"{server}/k\" }\n");
    walker_play("GET /l -> 404 none\nGET /k -> 200 \n= done");
    walker_play("GET /l -> 200 {\"id\":1}\nGET /u -> 404 gone\n= refused http: status 404: gone (step update)");
    walker_end();
}

/* Where nothing was remembered a refusal is one. */
static void test_refused(void **state)
{
    (void)state;
    walker_begin(FULL);
    walker_play("GET /zones -> 200 " ZONES "\nGET /zones/z1 -> 200 " OURS
                "\nPUT /records/r1 {\"ip\":\"192.0.2.7\"} -> 404 gone\n"
                "= refused http: status 404: gone (step update)");
    walker_end();
}

/* A way on which nothing was written has published nothing. */
static void test_nothing_written(void **state)
{
    (void)state;
    walker_begin("step look { url = \"{server}/l\" get = \"id=id\" }\n"
                 "step update { when = id method = PUT url = \"{server}/u/{id}\" }\n");
    walker_play("GET /l -> 200 {}\n= refused the provider has no record of this name and type, and makes none");
    walker_play("GET /l -> 200 {\"id\":1}\nPUT /u/1 -> 200 \n= done");
    walker_end();
}

/* What was remembered is forgotten when a later step is refused: once, and then what is found anew counts. */
static void test_forgotten_once(void **state)
{
    static const char first[] = "GET /zones -> 200 " ZONES "\nGET /zones/z1 -> 200 " OURS
                                "\nPUT /records/r1 {\"ip\":\"192.0.2.7\"} -> 200 \n= done";

    (void)state;
    walker_begin(FULL);
    walker_play(first);
    walker_play(
        "PUT /records/r1 {\"ip\":\"192.0.2.7\"} -> 404 gone\n"
        "GET /zones -> 200 {\"zones\":[{\"id\":\"z2\",\"name\":\"example.org\"}]}\n"
        "GET /zones/z2 -> 200 {\"records\":[{\"id\":\"r9\",\"name\":\"home.example.org\",\"ip\":\"192.0.2.1\"}]}\n"
        "PUT /records/r9 {\"ip\":\"192.0.2.7\"} -> 200 \n= done");
    walker_play(
        "PUT /records/r9 {\"ip\":\"192.0.2.7\"} -> 404 gone\n"
        "GET /zones -> 200 " ZONES "\nGET /zones/z1 -> 200 " OURS "\n"
        "PUT /records/r1 {\"ip\":\"192.0.2.7\"} -> 404 gone again\n= refused http: status 404: gone again (step "
        "update)");
    walker_end();
}

/* Also what the second walk did not come to. */
static void test_forgotten_for_good(void **state)
{
    static const char first[] = "GET /zones -> 200 " ZONES "\nGET /zones/z1 -> 200 " OURS "\n"
                                "PUT /records/r1 {\"ip\":\"192.0.2.7\"} -> 200 \n= done";

    (void)state;
    walker_begin(FULL);
    walker_play(first);
    walker_play("PUT /records/r1 {\"ip\":\"192.0.2.7\"} -> 404 gone\nGET /zones -> 503 \n= again");
    walker_play(first);
    walker_end();
}

/* A token that ran out on the way is such a refusal; trouble of the server is none, and forgets nothing. */
static void test_what_forgets(void **state)
{
    (void)state;
    walker_begin("step token { method = POST url = \"{server}/t\" get = \"token=t\" keep = account expires = 30m }\n"
                 "step update { url = \"{server}/u\" headers = \"Token: {token}\" status 401 { verdict = "
                 "refused-account }\n"
                 "status 404 { verdict = absent } }\n");
    walker_play("POST /t -> 200 {\"t\":\"x\"}\nGET /u -> 200 \n= done");
    walker_play("GET /u -> 503 \n= again");
    walker_play("GET /u -> 401 \nPOST /t -> 200 {\"t\":\"y\"}\nGET /u -> 200 \n= done");
    walker_play("GET /u -> 404 \nPOST /t -> 200 {\"t\":\"z\"}\nGET /u -> 404 \n= refused");
    fake_timer_advance(UINT64_C(30) * 60 * 1000);
    walker_play("POST /t -> 200 {\"t\":\"x\"}\nGET /u -> 401 \n= refused-account");
    walker_end();
}

/* Also where the step that finds nothing says what must be there: the zone may be another one by now. */
static void test_must_forgets(void **state)
{
    (void)state;
    walker_begin(ZONE "step record { url = \"{server}/zones/{zone-id}\" get = \"id=id\" must = \"no such record\"\n"
                      "status 404 { verdict = absent } }\nstep update { url = \"{server}/u/{id}\" }\n");
    walker_play("GET /zones -> 200 " ZONES "\nGET /zones/z1 -> 200 {\"id\":1}\nGET /u/1 -> 200 \n= done");
    walker_play("GET /zones/z1 -> 404 \nGET /zones -> 200 {\"zones\":[{\"id\":\"z2\",\"name\":\"example.org\"}]}\n"
                "GET /zones/z2 -> 200 {\"id\":2}\nGET /u/2 -> 200 \n= done");
    walker_play("GET /zones/z2 -> 404 \nGET /zones -> 200 " ZONES "\nGET /zones/z1 -> 404 \n= refused no such record");
    walker_end();
}

/* Of several that fit none is written over; and a record that the server confirms otherwise is not ours. */
static void test_not_ours(void **state)
{
    (void)state;
    walker_begin(FULL);
    walker_play(
        "GET /zones -> 200 " ZONES "\nGET /zones/z1 -> 200 "
        "{\"records\":[{\"id\":1,\"name\":\"home.example.org\",\"ip\":\"192.0.2.1\"},"
        "{\"id\":2,\"name\":\"home.example.org\",\"ip\":\"192.0.2.2\"}]}\n= refused there are several that fit");
    walker_end();
    walker_begin("step update { url = \"{server}/u\" confirm = ip }\n");
    walker_play("GET /u -> 200 {\"ip\":\"192.0.2.8\"}\n= refused provider: the server took another address");
    walker_play("GET /u -> 200 {\"ip\":\"192.0.2.7\"}\n= done");
    walker_end();
}

/* A URL is not asked with a hole in it. */
static void test_lacks(void **state)
{
    (void)state;
    walker_begin("step look { url = \"{server}/l\" get = \"id=id\" }\nstep update { url = \"{server}/u/{id}\" }\n");
    walker_play("GET /l -> 200 {}\n= again there is no {id} for the URL (step update)");
    walker_end();
}

/* `unchanged` ends the walk, `done` goes on. */
static void test_early_end(void **state)
{
    (void)state;
    walker_begin("step a { url = \"{server}/a\" word same { verdict = unchanged } word ok { verdict = done } }\n"
                 "step update { url = \"{server}/u\" }\n");
    walker_play("GET /a -> 200 same\n= unchanged same");
    walker_play("GET /a -> 200 ok\nGET /u -> 200 fine\n= done fine");
    walker_play("GET /a -> 200 what\n= again this answer is not known (step a)");
    walker_end();
}

/* For people: each step of the way; nothing is asked. */
static void test_describe(void **state)
{
    struct update_batch batch;
    char *text;

    (void)state;
    walker_begin(FULL);
    batch = (struct update_batch){&walker.scene->provider, walker.scene->memory, walker.scene->items, 1, 0};
    text = update_describe(&batch);
    assert_contains(text, "GET https://api.example.net/v1/zones\nGET https://api.example.net/v1/zones/");
    assert_contains(text, "PUT ");
    assert_contains(text, "POST ");
    assert_lacks(text, "DELETE");
    free(text);
    assert_int_equal(fake_http_open(), 0);
    walker_end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_order),
        cmocka_unit_test(test_requests_are_counted),
        cmocka_unit_test(test_unchanged),
        cmocka_unit_test(test_delete),
        cmocka_unit_test(test_in),
        cmocka_unit_test(test_when),
        cmocka_unit_test(test_must),
        cmocka_unit_test(test_absent),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_nothing_written),
        cmocka_unit_test(test_forgotten_once),
        cmocka_unit_test(test_forgotten_for_good),
        cmocka_unit_test(test_what_forgets),
        cmocka_unit_test(test_must_forgets),
        cmocka_unit_test(test_not_ours),
        cmocka_unit_test(test_lacks),
        cmocka_unit_test(test_early_end),
        cmocka_unit_test(test_describe),
    };

    return cmocka_run_group_tests_name("walk", tests, NULL, NULL);
}
