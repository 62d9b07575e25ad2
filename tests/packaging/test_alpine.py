"""The package of Alpine: what its init script tells OpenRC, in busybox's shell."""

import subprocess


def settings(contrib, *names):
    """Variables that OpenRC finds in it."""
    script = '. "$0"; for name; do eval "echo \\"\\$$name\\""; done'
    done = subprocess.run(["busybox", "ash", "-u", "-c", script, contrib / "alpine/wanddns.initd", *names], text=True,
                          capture_output=True)
    assert done.returncode == 0 and not done.stderr, done
    return done.stdout.splitlines()


def test_it_logs_by_itself(contrib, wanddns):
    """A pipe into logger(1) knows no severity of a line; what a crash leaves on standard error is logged, too."""
    arguments, errors = settings(contrib, "command_args", "error_logger")
    assert arguments.split() == ["run", "--syslog"] and errors.endswith(" -p daemon.err")
    assert wanddns(*arguments.split(), "--help").returncode == 0


def test_it_runs_as_its_user(contrib):
    assert settings(contrib, "command_user", "no_new_privs", "supervisor") == ["wanddns:wanddns", "yes", "supervise-daemon"]
