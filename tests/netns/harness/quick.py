"""Configurations for one family that settle soon."""

QUICK = {"settle": "20ms"}


def start(lab, *sections, **keys):
    return lab.daemon(lab.config(*sections, **{"family": "ipv4", **QUICK, **keys}))


def write_config(lab, *sections, **keys):
    path = lab.dir / "wanddns.conf"
    path.write_text(lab.config(*sections, **{"family": "ipv4", **QUICK, **keys}))
    path.chmod(0o600)
    return path
