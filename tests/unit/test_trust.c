#include "trust.h"

#include "http.h"
#include "timer.h"
#include "unit.h"

#include <curl/curl.h>
#include <event2/event.h>

static void assert_same(const char *ours, const char *theirs)
{
    assert_true(!ours == !theirs);
    if (ours)
        assert_string_equal(ours, theirs);
}

/* It is what libcurl says another way; and libcurl starts as if it had not been asked. */
static void test_store(void **state)
{
    struct event_base *loop = timer_loop();
    char *file, *folder;
    const curl_version_info_data *built;

    (void)state;
    trust_store(&file, &folder);
    http_close(http_open(loop, NULL));
    built = curl_version_info(CURLVERSION_NOW);
    assert_same(file, built->cainfo);
    assert_same(folder, built->capath);
    free(file);
    free(folder);
    event_base_free(loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_store)};

    return cmocka_run_group_tests_name("trust", tests, NULL, NULL);
}
