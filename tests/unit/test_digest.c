#include "digest.h"

#include "buf.h"
#include "unit.h"

#define A10         "aaaaaaaaaa"
#define HEX20(byte) byte byte byte byte byte byte byte byte byte byte byte byte byte byte byte byte byte byte byte byte

static const struct {
    enum digest digest;
    const char *key, *data, *expected;
} vectors[] = {
    /* RFC 1321, A.5 */
    {DIGEST_MD5, NULL, "", "d41d8cd98f00b204e9800998ecf8427e"},
    {DIGEST_MD5, NULL, "a", "0cc175b9c0f1b6a831c399e269772661"},
    {DIGEST_MD5, NULL, "message digest", "f96b697d7cb7938d525a2f31aaf161d0"},
    {DIGEST_MD5, NULL, "12345678901234567890123456789012345678901234567890123456789012345678901234567890",
     "57edf4a22be3c955ac49da2e2107b67a"},
    /* RFC 6234, 8.5 (FIPS 180) */
    {DIGEST_SHA1, NULL, "abc", "a9993e364706816aba3e25717850c26c9cd0d89d"},
    {DIGEST_SHA1, NULL, "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
     "84983e441c3bd26ebaae4aa1f95129e5e54670f1"},
    {DIGEST_SHA256, NULL, "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
    {DIGEST_SHA256, NULL, "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
    {DIGEST_SHA256, NULL, "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
     "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
    {DIGEST_SHA512, NULL, "abc",
     "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
     "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"},
    /* RFC 2202, 2 and 3 */
    {DIGEST_MD5, "Jefe", "what do ya want for nothing?", "750c783e6ab0b503eaa86e310a5db738"},
    {DIGEST_MD5, "hex:0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "Hi There", "9294727a3638bb1c13f48ef8158bfc9d"},
    {DIGEST_SHA1, "Jefe", "what do ya want for nothing?", "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"},
    {DIGEST_SHA1, "hex:" HEX20("0b"), "Hi There", "b617318655057264e28bc0b6fb378c8ef146be00"},
    /* RFC 4231, 4.2, 4.3, 4.5 and 4.7 */
    {DIGEST_SHA256, "hex:" HEX20("0b"), "Hi There", "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"},
    {DIGEST_SHA256, "Jefe", "what do ya want for nothing?",
     "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
    {DIGEST_SHA256,
     "hex:" HEX20("aa") HEX20("AA") HEX20("aa") HEX20("aA") HEX20("Aa") HEX20("aa") "aaaaaaaaaaaaaaaaaaaaaa",
     "Test Using Larger Than Block-Size Key - Hash Key First",
     "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"},
    {DIGEST_SHA512, "hex:" HEX20("0b"), "Hi There",
     "87aa7cdea5ef619d4ff0b4241a1d6cb02379f4e2ce4ec2787ad0b30545e17cde"
     "daa833b7d6b8a702038b274eaea3f4e4be9d914eeb61f1702e696c203a126854"},
    {DIGEST_SHA512, "Jefe", "what do ya want for nothing?",
     "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea250554"
     "9758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737"},
};

/* In hex; in base64 they are the same bytes. */
static void test_vectors(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(vectors); i++) {
        char *hex = digest_make(vectors[i].digest, vectors[i].key, vectors[i].data, false);
        char *base64 = digest_make(vectors[i].digest, vectors[i].key, vectors[i].data, true);
        unsigned char bytes[DIGEST_SIZE];
        size_t length = strlen(vectors[i].expected) / 2;
        struct buf expected = {0};

        for (size_t j = 0; j < length; j++) {
            unsigned byte = 0;

            assert_int_equal(sscanf(vectors[i].expected + 2 * j, "%2x", &byte), 1);
            bytes[j] = (unsigned char)byte;
        }
        buf_add_base64(&expected, bytes, length);
        if (!hex || strcmp(hex, vectors[i].expected) != 0 || !base64 || strcmp(base64, expected.text) != 0)
            unit_wrong("%zu: %s, %s", i, hex ? hex : "none", base64 ? base64 : "none");
        buf_free(&expected);
        free(hex);
        free(base64);
    }
    unit_all_right();
}

static void test_base64(void **state)
{
    char *text = digest_make(DIGEST_SHA256, NULL, "abc", true);

    (void)state;
    assert_string_equal(text, "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=");
    free(text);
}

static void test_words(void **state)
{
    (void)state;
    assert_int_equal(digest_find("md5"), DIGEST_MD5);
    assert_int_equal(digest_find("sha1"), DIGEST_SHA1);
    assert_int_equal(digest_find("sha256"), DIGEST_SHA256);
    assert_int_equal(digest_find("sha512"), DIGEST_SHA512);
    assert_int_equal(digest_find("sha384"), DIGEST_NONE);
    assert_int_equal(digest_find("SHA256"), DIGEST_NONE);
    assert_int_equal(digest_find(""), DIGEST_NONE);
}

/* A key that says it is hex and is none makes no signature. A key that only looks like hex is a text, and one that is
 * empty is a key all the same. */
static void test_keys(void **state)
{
    static const char *const wrong[] = {"hex:0", "hex:0g", "hex:0b ", "hex: b", "hex:0b0", "hex:0x0b", "hex:-1"};
    char *text = digest_make(DIGEST_SHA256, "4a656665", "what do ya want for nothing?", false);
    char *empty = digest_make(DIGEST_SHA256, "", "", false), *empty_hex = digest_make(DIGEST_SHA256, "hex:", "", false);
    char *word = digest_make(DIGEST_SHA256, "hexagon", "", false);

    (void)state;
    for (size_t i = 0; i < COUNT(wrong); i++) {
        char *made = digest_make(DIGEST_SHA256, wrong[i], "x", false);

        if (made)
            unit_wrong("%s: %s", wrong[i], made);
        free(made);
    }
    unit_all_right();
    assert_string_not_equal(text, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    assert_string_equal(empty, "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
    assert_string_equal(empty_hex, empty);
    assert_non_null(word);
    free(word);
    free(text);
    free(empty);
    free(empty_hex);
}

/* The result of one is the key of the next: the example of AWS, "Deriving the signing key" (Signature Version 4). */
static void test_key_chain(void **state)
{
    static const char *const parts[] = {"20150830", "us-east-1", "iam", "aws4_request"};
    char *key = strdup("AWS4wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY");

    (void)state;
    for (size_t i = 0; i < COUNT(parts); i++) {
        char *made = digest_make(DIGEST_SHA256, key, parts[i], false);
        char chained[4 + 2 * DIGEST_SIZE + 1];

        assert_non_null(made);
        snprintf(chained, sizeof chained, "hex:%s", made);
        free(made);
        free(key);
        key = strdup(chained);
    }
    assert_string_equal(key, "hex:c4afb1cc5771d871763a393e44b703571b55cc28424d1a5e86da6ed3c154a4b9");
    free(key);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_vectors), cmocka_unit_test(test_base64),    cmocka_unit_test(test_words),
        cmocka_unit_test(test_keys),    cmocka_unit_test(test_key_chain),
    };

    return cmocka_run_group_tests_name("digest", tests, NULL, NULL);
}
