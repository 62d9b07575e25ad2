"""Network namespaces, an HTTPS dyndns2 server and the daemon under test."""
