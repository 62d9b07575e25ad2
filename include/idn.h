/* idn: host names that are not ASCII. */
#ifndef WANDDNS_IDN_H
#define WANDDNS_IDN_H

/* The A-labels of a name (RFC 5891), which the caller frees; NULL when it has none, or libcurl cannot tell. */
char *idn_ascii(const char *name);

#endif
