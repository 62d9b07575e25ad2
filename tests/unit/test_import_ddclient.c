#include "sample.h"

#define LOGIN          "login=alice, password=secret "
#define HOST           " home.example.org\n"
#define NOIP(settings) "protocol=noip " LOGIN settings HOST

static void try_all(const char *const rows[][2], size_t count)
{
    for (size_t i = 0; i < count; i++)
        sample_expect(rows[i][0], rows[i][1]);
    unit_all_right();
}

/* Settings at the top hold for the hosts that follow; those of a line for its hosts; hosts of one login are together. */
static void test_hosts(void **state)
{
    static const char *const rows[][2] = {
        {NOIP(""), "provider no-ip {\n    username       = alice\n    password       = secret\n"
                   "    hostname       = home.example.org\n!left out\n!not needed"},
        {"protocol=noip\nlogin=alice\npassword=secret\na.example.org\nb.example.org,c.example.org",
         "hostname       = { a.example.org, b.example.org, c.example.org }\n!no-ip:2"},
        {"protocol=noip\nlogin=a\npassword=s\none.example.org\nlogin=b\ntwo.example.org",
         "username       = a\nusername       = b\nprovider no-ip:2 {"},
        {"protocol=noip login=a password=s\none.example.org\nlogin=b two.example.org\nthree.example.org",
         "hostname       = { one.example.org, three.example.org }\nhostname       = two.example.org"},
        {"one.example.org\nprotocol=noip\nlogin=a\npassword=s\n",
         "provider dyn {\n# username       = ...    must be written here\nf:2: protocol = noip: not needed, no host "
         "makes use of it\nf:3: login = ...: not needed"},
        {"protocol=noip one.example.org,two.example.org alice in-the-old-way",
         "username       = alice\npassword       = in-the-old-way\nhostname       = { one.example.org, two.example.org "
         "}"},
        {"protocol=noip login=x password=y one.example.org bob", "username       = bob\npassword       = y"},
        {"protocol=noip " LOGIN "host=a.example.org,b.example.org",
         "hostname       = { b.example.org, a.example.org }"},
        {"protocol=NOIP " LOGIN HOST, "provider no-ip {"},
        {NOIP("") "protocol=noip " LOGIN "home.example.org,HOME.example.org", "hostname       = home.example.org\n"},
    };

    (void)state;
    try_all(rows, COUNT(rows));
}

/* The general protocol: a service that is known by its server, another server, another path there. */
static void test_servers(void **state)
{
    static const char *const rows[][2] = {
        {LOGIN HOST, "provider dyn {\n!server   "},
        {"protocol=dyndns2 " LOGIN HOST, "provider dyn {"},
        {"server=members.dyndns.org " LOGIN HOST, "provider dyn {\n!server   "},
        {"server=dynupdate.no-ip.com " LOGIN HOST, "provider no-ip {\n!server   "},
        {"server=https://DYNUPDATE.no-ip.com " LOGIN HOST, "provider no-ip {\n!server   "},
        {"server=ddns.example.net " LOGIN HOST,
         "provider dyndns2 {\n    server         = \"https://ddns.example.net\""},
        {"ssl=no server=ddns.example.net:8080 " LOGIN HOST,
         "    server         = \"http://ddns.example.net:8080\"\n!ssl"},
        {"server=http://127.0.0.1:8080 " LOGIN HOST, "    server         = \"http://127.0.0.1:8080\""},
        {LOGIN "server=ddns.example.net" HOST "ssl=no\n", "    server         = \"http://ddns.example.net\"\n!ssl"},
        {"script=/nic/update server=ddns.example.net " LOGIN HOST,
         "provider dyndns2 {\nscript = /nic/update: not needed"},
        {"script=up server=ddns.example.net " LOGIN HOST,
         "provider custom {\n    url            = \"https://ddns.example.net/up?hostname={hostname}&myip={ip}\"\n"
         "    answer         = { good, nochg }\n    username       = alice\n!script"},
        {"script=/XDynDNSServer/XDynDNS.php server=dns.loopia.se " LOGIN HOST,
         "provider loopia {\n!server   \nscript = /XDynDNSServer/XDynDNS.php: not needed"},
        {NOIP("server=dynupdate.no-ip.com"), "!server"},
        {NOIP("server=dynupdate.no-ip.com ssl=no"), "ssl = no: not needed\n!server   "},
        {NOIP("server=192.0.2.53:8443"), "    server         = \"https://192.0.2.53:8443\""},
        {"protocol=easydns server=members.easydns.com " LOGIN HOST, "!server"},
        {"protocol=cloudflare zone=example.org password=p server=api.cloudflare.com/client/v4" HOST, "!server"},
    };

    (void)state;
    try_all(rows, COUNT(rows));
}

static void test_logins(void **state)
{
    static const char *const rows[][2] = {
        {"protocol=duckdns password=t, host", "password       = t\nhostname       = host.duckdns.org"},
        {"protocol=namecheap login=example.org password=p @,*,www,a.example.org",
         "zone           = example.org\nhostname       = { example.org, \"*.example.org\", www.example.org, "
         "a.example.org }\n!    username"},
        {"protocol=cloudflare zone=example.org login=token password=p a.example.org",
         "password       = p\nzone           = example.org\n!login\n!    username"},
        {"protocol=cloudflare zone=example.org password=p a.example.org", "password       = p\n!left out"},
        {"protocol=cloudflare zone=example.org login=me@example.org password=p a.example.org",
         "password = ...: left out, a global API key is not taken\nlogin = ...: not needed\n# password       = ...    "
         "must be written here\n!me@"},
        {"protocol=gandi zone=example.org password=p a.example.org", "password = ...: left out, an API key"},
        {"protocol=gandi zone=example.org password=p use-personal-access-token=yes ttl=3h a.example.org",
         "password       = p\nttl            = 10800\n!use-personal"},
        {"protocol=cloudns dynurl=https://x.example/?a=b&q=SECRET&c a.example.org",
         "provider cloudns-dyn {\npassword       = SECRET\n!dynurl"},
        {"protocol=cloudns dynurl=https://x.example/?a=b a.example.org",
         "# password       = ...    must be written here\ndynurl = ...: left out"},
        {"protocol=directnic urlv4=https://directnic.com/dns/gateway/WORD/ a.example.org",
         "password       = WORD\nfamily         = ipv4"},
        {"protocol=ionos password=q a.example.org", "provider ionos-dyndns {"},
        {"protocol=porkbun apikey=a secretapikey=b root-domain=example.org x.y.example.org",
         "username       = a\npassword       = b\nzone           = example.org"},
        {"protocol=porkbun apikey=a secretapikey=b x.y.example.org", "zone           = y.example.org"},
        {"protocol=dinahosting " LOGIN "a.example.org", "zone           = example.org"},
        {"protocol=dnsexit2 password=k example.org", "zone           = example.org"},
        {"protocol=dnsmadeeasy " LOGIN "1007,1008", "options        = \"id=1007\"\noptions        = "
                                                    "\"id=1008\"\nhostname       = record-1008.dnsmadeeasy.invalid"},
        {"protocol=easydns wildcard=no " LOGIN HOST, "options        = \"wildcard=OFF\"\n!wildcard = no"},
        {NOIP("wildcard=yes mx=mail.example.org backupmx=no static=yes"),
         "wildcard = yes: left out\nmx = mail.example.org: left out\nbackupmx = no: not needed\nstatic = yes: not "
         "needed"},
        {NOIP("ttl=60 zone=other.example"),
         "ttl = 60: not needed\nzone = other.example: left out, home.example.org is not in such a zone"},
        {"protocol=hetzner zone=example.org password=p a.example.org",
         "provider hetzner-cloud {\npassword = ...: left out, the old DNS console"},
        {"protocol=googledomains login=l password=topsecret a.example.org",
         "f:1: protocol = googledomains: left out, Google Domains has ended\nhost = a.example.org: left out\nlogin = "
         "...: left out, so is its host\n!topsecret\n!provider g"},
        {"protocol=unheard-of a.example.org", "protocol = unheard-of: left out, there is no provider here"},
        {"protocol=nsupdate a.example.org", "left out, dynamic updates of RFC 2136"},
        {"protocol=namecheap password=p @", "host = @: left out, as a host name it has"},
        {"protocol=inwx " LOGIN "a.example.org,b.example.org", "provider inwx {\nprovider inwx:2 {"},
    };

    (void)state;
    try_all(rows, COUNT(rows));
}

/* A login that belongs to one record: a name with both families has two sections. */
static void test_logins_of_a_family(void **state)
{
#define URL(key, word) key "=https://directnic.com/dns/gateway/" word "/ "
#define BOTH           "protocol=directnic usev4=ifv4 usev6=ifv6 "
    static const char *const rows[][2] = {
        {BOTH URL("urlv4", "A") URL("urlv6", "AAAA") "a.example.org,b.example.org",
         "provider directnic {\n    password       = A\n    hostname       = a.example.org\n    family         = "
         "ipv4\n}"
         "\nprovider directnic:2 {\n    password       = AAAA\n    hostname       = a.example.org\n"
         "    family         = ipv6\n}\nprovider directnic:4 {\n!left out\n!not needed"},
        {BOTH URL("urlv4", "A") "a.example.org", "password       = A\nfamily         = ipv4\n!directnic:2\n!left out"},
        {BOTH URL("urlv6", "AAAA") "a.example.org", "password       = AAAA\nfamily         = ipv6\n!directnic:2"},
        {BOTH "a.example.org", "# password       = ...    must be written here\n!directnic:2"},
        {"protocol=directnic usev4=ifv4 " URL("urlv4", "A") URL("urlv6", "AAAA") "a.example.org",
         "password       = A\nfamily         = ipv4\nurlv6 = ...: not needed, no host makes use of it\n!AAAA"},
        {"protocol=directnic urlv4=https://example.net/ a.example.org",
         "urlv4 = ...: left out, it has another form than is known here\n# password       = ...    must be written"},
        {BOTH URL("urlv4", "A") URL("urlv6", "AAAA") "a..example",
         "host = a..example: left out\nurlv4 = ...: left out, so is its host\nurlv6 = ...: left out, so is its host"},
        {NOIP(URL("urlv6", "AAAA")), "urlv6 = ...: not needed"},
    };

    (void)state;
    try_all(rows, COUNT(rows));
}

static void test_places(void **state)
{
    static const char *const rows[][2] = {
        {NOIP(""), "\nfamily         = ipv4\n!interface"},
        {NOIP("use=if, if=eth0"), "interface      = eth0\nfamily         = ipv4\n!f:1"},
        {NOIP("use=if"), "interface      = ppp0\nfamily         = ipv4"},
        {NOIP("usev4=ifv4 ifv4=eth0"), "interface      = eth0\nfamily         = ipv4"},
        {NOIP("usev4=ifv4"), "family         = ipv4\n!interface"},
        {NOIP("usev4=ifv4 ifv4=default"), "family         = ipv4\n!interface\n!ifv4"},
        {NOIP("usev6=ifv6 ifv6=eth0"), "interface      = eth0\nfamily         = ipv6"},
        {NOIP("usev6=if if=eth0"), "interface      = eth0\nfamily         = ipv6\n!not needed"},
        {NOIP("usev4=ifv4 ifv4=eth0 usev6=ifv6 ifv6=eth0"), "interface      = eth0\n!family\n!record"},
        {NOIP("usev4=ifv4 ifv4=eth0 usev6=ifv6 ifv6=eth1"), "interface      = eth0\nrecord home.example.org {\n        "
                                                            "interface      = eth1\n        family         = ipv6"},
        {NOIP("usev4=disabled usev6=ifv6 ifv6=eth0"), "family         = ipv6\n!f:1"},
        {NOIP("use=if if=eth0 usev6=no"), "family         = ipv4\n!f:1"},
        {NOIP("use=disabled usev6=ifv6 ifv6=eth0"), "family         = ipv6"},
        {NOIP("use=web web=ipify-ipv4"), "source         = \"echo:ipify\"\nfamily         = ipv4"},
        {NOIP("use=web web=ipify-ipv6"), "source         = \"echo:ipify\"\nfamily         = ipv6"},
        {NOIP("usev4=webv4 usev6=webv6"), "source         = \"echo:ipify\"\n!family\n!left out"},
        {NOIP("usev4=webv4 webv4=https://api.ipify.org/"), "source         = \"echo:ipify\""},
        {NOIP("use=web web=http://ipv4.nsupdate.info/myip"), "source         = \"https://ipv4.nsupdate.info/myip\""},
        {NOIP("use=web"), "f:1: use = web: left out, it answers with more than the address"},
        {NOIP("use=web web=dyndns"), "f:1: web = dyndns: left out, it answers with more than the address"},
        {NOIP("use=web web=http://x.example/ip"), "left out, it is asked in clear text\n!source "},
        {NOIP("use=web web=x.example/ip"), "left out, it is asked in clear text"},
        {NOIP("ssl=yes use=web web=x.example/ip"), "web = x.example/ip: left out, whether it answers"},
        {NOIP("use=web web=https://x.example/ip?k=secret web-skip='IP is'"),
         "web = https://x.example/ip ...: left out, whether it answers\nweb-skip = IP ...: left out, an answer must "
         "be\n!k=secret"},
        {NOIP("use=web web=https://me:secret2@x.example/ip"), "web = ...: left out, there is a login in it\n!secret2"},
        {NOIP("use=cmd cmd=/bin/true"), "source         = \"exec:/bin/true\"    # it must print"},
        {NOIP("usev6=cmdv6 cmdv6=/bin/true"), "source         = \"exec:/bin/true\"\nfamily         = ipv6"},
        {NOIP("use=cmd cmd='/bin/echo 203.0.113.7'"),
         "cmd = /bin/echo ...: left out, a program is run without a shell"},
        {NOIP("use=ip ip=203.0.113.7"), "source         = \"static:203.0.113.7\"\nfamily         = ipv4\n!allow"},
        {NOIP("use=ip ip=2001:db8::7"), "source         = \"static:2001:db8::7\"\nfamily         = ipv6"},
        {NOIP("usev4=ipv4 ipv4=192.168.1.7"), "source         = \"static:192.168.1.7\"\nallow-private  = yes"},
        {NOIP("usev4=ipv4 ipv4=2001:db8::7"), "ipv4 = 2001:db8::7: left out, it is an address of the other family"},
        {NOIP("use=ip ip=127.0.0.1"), "ip = 127.0.0.1: left out, it is no address of a host"},
        {NOIP("use=fw fw=192.168.1.1/x fw-password=topsecret"),
         "use = fw: left out, the page of a router\nfw-password = ...: not needed\n!topsecret"},
        {NOIP("usev4=linksys fwv4=192.168.1.1"), "usev4 = linksys: left out, the page of a router"},
        {NOIP("use=if if='no name at all'"), "if = no ...: left out, it is no name of an interface"},
        {"daemon=15m\n" NOIP("use=web web=ipify-ipv4"), "check-interval = 15m\n!daemon"},
        {NOIP("use=web web=ipify-ipv4") "daemon=15m\n", "check-interval = 15m\n!daemon"},
        {"daemon=300\n" NOIP("use=cmd cmd=/bin/true"), "check-interval = 5m\n!daemon"},
        {"daemon=300\n" NOIP("use=web web=ipify-ipv4"), "check-interval = 10m\ndaemon = 300: not needed"},
        {"daemon=300\n" NOIP("use=if if=eth0"), "daemon = 300: not needed, the kernel tells\n!check-interval"},
    };

    (void)state;
    try_all(rows, COUNT(rows));
}

static void test_words(void **state)
{
    static const char *const rows[][2] = {
        {"syslog=yes, pid=/run/x, cache=/x, quiet=no, ssl=yes, max-interval=25d\n" NOIP(""),
         "!left out\nf:1: pid = /run/x: not needed\nssl = yes: not needed"},
        {"mail=root\npostscript=/nonexistent/x\nproxy=p:80\nssl_ca_dir=/x\nweb-ssl-validate=no\n" NOIP(""),
         "f:1: mail = root: left out\nf:2: postscript = /nonexistent/x: left out, there is no such program\nf:3: proxy "
         "= p:80: left out\nf:4: ssl_ca_dir "
         "= /x: left out\nf:5: web-ssl-validate = no: left out"},
        {"ssl_ca_file=/etc/passwd\n" NOIP(""), "ca-file        = \"/etc/passwd\"\n!ssl_ca_file"},
        {"ssl_ca_file=/nonexistent\n" NOIP(""), "ssl_ca_file = /nonexistent: left out, it cannot be read here"},
        {"postscript=/bin/true\n" NOIP(""), "on-change      = \"/bin/true\"    # run without\n!postscript"},
        {"postscript='/bin/true now'\n" NOIP(""),
         "postscript = /bin/true ...: left out, a program is run without a shell\n!on-change"},
        {"postscript=true\n" NOIP(""), "postscript = true: left out, only a program with an absolute path\n!on-change"},
        {NOIP("postscript=/bin/true"), "postscript = /bin/true: left out, ddclient runs one for all hosts\n!on-change"},
        {"unheard-of=1\n" NOIP(""), "unheard-of = 1: left out, ddclient has no such word"},
        {"if-skip=x fw-banlocal=yes\n" NOIP(""), "!left out\nif-skip = x: not needed"},
        {"ttl=3\nttl=4\n" NOIP(""), "f:1: ttl = 3: not needed\nf:2: ttl = 4: not needed"},
    };

    (void)state;
    try_all(rows, COUNT(rows));
}

/* A variable of the environment has the value, where it is set. */
static void test_environment(void **state)
{
    (void)state;
    setenv("SAMPLE_SECRET", "from-environment", 1);
    unsetenv("SAMPLE_MISSING");
    sample_expect("protocol=noip login=a password_env=SAMPLE_SECRET" HOST,
                  "password       = from-environment\n!SAMPLE");
    sample_expect(
        "protocol=noip login=a password_env=SAMPLE_MISSING" HOST,
        "f:1: password_env = SAMPLE_MISSING: left out, there is no such variable\n# password       = ...    must be");
    sample_expect("password_env=SAMPLE_MISSING\n" NOIP(""),
                  "f:1: password_env = SAMPLE_MISSING: left out\npassword       = secret");
    unit_all_right();
}

static void test_faults(void **state)
{
    static const char *const rows[][2] = {
        {"a=1\nb=2\n", "0: there is no section of inadyn and no host of ddclient in it"},
        {"\n{ json }\n", "2: this is neither name=value nor the name of a host"},
        {"a.example.org two three four\n", "1: there is more than hosts, login and password"},
        {"\nlogin='open\na.example.org\n", "2: a quote is not closed"},
        {"a.example.org\n\x01\n", "2: a control character"},
    };

    (void)state;
    try_all(rows, COUNT(rows));
}

static void test_many(void **state)
{
    struct unit_faults faults = {0};
    char *text = malloc(200000), *at = text;

    (void)state;
    for (int i = 0; i < 501; i++)
        at += sprintf(at, "login=u%d password=p h%d.example.org\n", i, i);
    free(sample_import(text, &faults, NULL));
    assert_contains(faults.text, "f:501: more than 500 logins");
    faults = (struct unit_faults){0};
    at = text;
    for (int i = 0; i < 2001; i++)
        at += sprintf(at, "h%d.example.org\n", i);
    free(sample_import(text, &faults, NULL));
    assert_contains(faults.text, "f:2001: more than 2000 hosts");
    faults = (struct unit_faults){0};
    at = text;
    for (int i = 0; i < 201; i++)
        at += sprintf(at, "k%d=1 ", i);
    free(sample_import(text, &faults, NULL));
    assert_contains(faults.text, "f:1: more than 200 settings");
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hosts),       cmocka_unit_test(test_servers),
        cmocka_unit_test(test_logins),      cmocka_unit_test(test_logins_of_a_family),
        cmocka_unit_test(test_places),      cmocka_unit_test(test_words),
        cmocka_unit_test(test_environment), cmocka_unit_test(test_faults),
        cmocka_unit_test(test_many),
    };

    return cmocka_run_group_tests_name("import_ddclient", tests, NULL, NULL);
}
