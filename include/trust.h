/* trust: where libcurl looks for the certificates that it trusts when nobody says. */
#ifndef WANDDNS_TRUST_H
#define WANDDNS_TRUST_H

/* A file of certificates and a folder of them, as libcurl was built; NULL for none. The caller frees both. */
void trust_store(char **file, char **folder);

#endif
