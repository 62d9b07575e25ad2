"""contrib/release, in a tree of its own: what is wrong is told, and the tarball has what git knows."""

import os
import re
import shutil
import subprocess
import tarfile

import pytest

from conftest import TOP


class Tree:
    """A copy of this tree, committed as a whole."""

    def __init__(self, folder):
        self.top = folder / "tree"
        self.env = {**os.environ, "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@b",
                    "GIT_COMMITTER_NAME": "a", "GIT_COMMITTER_EMAIL": "a@b", "LC_ALL": "C"}
        self.env.pop("GIT_DIR", None)
        shutil.copytree(TOP, self.top, symlinks=True, ignore=lambda path, names: {
            name for name in names if name in (".git", "__pycache__", "autom4te.cache")
            or (path == str(TOP) and re.match(r"build|wanddns-|\.deps|Makefile$|config\.", name))})
        if not (self.top / ".gitignore").exists():  # of a tarball
            (self.top / ".gitignore").write_text("/.build-aux/\n/aclocal.m4\n/autom4te.cache/\n/configure\n/configure~\n"
                                                 "/Makefile.in\n")
        self.git("init", "-q")
        self.git("add", "-A")
        self.git("commit", "-q", "-m", "all")

    def git(self, *argv):
        subprocess.run(["git", *argv], cwd=self.top, env=self.env, check=True, capture_output=True)

    def replace(self, name, old, new):
        path = self.top / name
        assert old in path.read_text(), (name, old)
        path.write_text(path.read_text().replace(old, new, 1))

    def release(self, *more):
        """(exit status, what it says) of contrib/release, without what takes long."""
        done = subprocess.run(["contrib/release", "--without", "distcheck", *more], cwd=self.top, env=self.env,
                              text=True, capture_output=True)
        return done.returncode, done.stdout + done.stderr


@pytest.fixture(scope="module")
def ready(tmp_path_factory):
    """A tree that is ready: NEWS has the day."""
    tree = Tree(tmp_path_factory.mktemp("release"))
    path = tree.top / "NEWS"
    path.write_text(re.sub(r"^(## \[[\d.]+\]) - \S+", r"\1 - 2026-12-24", path.read_text(), count=1, flags=re.M))
    tree.git("commit", "-q", "-a", "--allow-empty", "-m", "a day")
    return tree


VERSION = re.search(r"^AC_INIT\(\[wanddns\], \[(.*)\]\)$", (TOP / "configure.ac").read_text(), re.M)[1]


def test_a_tree_that_is_ready_is_ready(ready):
    status, text = ready.release(*TEXTS)
    assert status == 0, text
    assert f"git tag -s v{VERSION} " in text and "2026-12-24" in text


TEXTS = ("--without", "tarball")
FAULTS = {
    # what: (file, a text in it, another one, what release says)
    "unreleased": ("NEWS", "2026-12-24", "unreleased", "'unreleased' is no day"),
    "no-such-day": ("NEWS", "2026-12-24", "2026-02-30", "'2026-02-30' is no day"),
    "other-version": ("NEWS", f"[{VERSION}]", "[9.9.9]", f"not '## [{VERSION}] - DATE'"),
    "odd-kind": ("NEWS", "### Added", "### Adding", "no kind of change: ### Adding"),
    "new-version": ("configure.ac", f"[{VERSION}]", "[9.9.9]", "contrib/debian/changelog: the version is"),
    "odd-version": ("configure.ac", f"[{VERSION}]", "[1.0]", "no version such as"),
    "version-written": ("contrib/rpm/wanddns.spec", "Version:        @VERSION@", "Version:        1.0",
                        "contrib/rpm/wanddns.spec: has another version"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_what_is_wrong_is_told(ready, name):
    file, old, new, words = FAULTS[name]
    ready.replace(file, old, new)
    ready.git("commit", "-q", "-a", "-m", name)
    try:
        status, text = ready.release(*TEXTS)
        assert status == 1 and words in text, text
    finally:
        ready.git("reset", "-q", "--hard", "HEAD~1")


def test_what_the_tarball_lacks_and_has_too_much_is_told(ready):
    """And that not everything is committed; but the rest of the tarball is what git knows."""
    (ready.top / "contrib" / "more").write_text("")
    ready.replace("Makefile.am", " src/README contrib", " contrib")
    try:
        status, text = ready.release()
        assert status == 1 and "not everything is committed" in text, text
        assert re.findall(r"(?:missing|too much) in the tarball: .*", text) == [
            "missing in the tarball: src/README", "too much in the tarball: contrib/more"], text
    finally:
        (ready.top / "contrib" / "more").unlink()
        ready.git("reset", "-q", "--hard")


def test_a_tag_that_is_there_is_told(ready):
    ready.git("tag", "v" + VERSION)
    try:
        status, text = ready.release(*TEXTS)
        assert status == 1 and f"there is a tag v{VERSION} already" in text
    finally:
        ready.git("tag", "-d", "v" + VERSION)


def test_the_tarball_is_the_same_whoever_makes_it(ready, tmp_path):
    """From the tree, and from the tarball itself with other times and modes: the same bytes; packages have the version."""
    first = subprocess.run([ready.top / "contrib/make-dist", tmp_path / "1"], env={**ready.env, "SOURCE_DATE_EPOCH": "1"},
                           text=True, check=True, capture_output=True).stdout.strip()
    copy = tmp_path / "copy"
    copy.mkdir()
    subprocess.run(["sh", "-c", 'umask 077 && tar -xf "$0" -C "$1" --strip-components=1 --no-same-permissions && '
                    'find "$1" -exec touch -d 2001-01-01 {} +', first, copy], check=True)
    second = subprocess.run([copy / "contrib/make-dist", tmp_path / "2"], env={**ready.env, "SOURCE_DATE_EPOCH": "1"},
                            text=True, check=True, capture_output=True).stdout.strip()
    with open(first, "rb") as one, open(second, "rb") as other:
        assert one.read() == other.read()
    with tarfile.open(first) as tar:
        assert {(member.uid, member.gid, member.mtime) for member in tar} == {(0, 0, 1)}
        spec = tar.extractfile(f"wanddns-{VERSION}/contrib/rpm/wanddns.spec").read().decode()
    assert f"\nVersion:        {VERSION}\n" in spec and "@VERSION@" not in spec
