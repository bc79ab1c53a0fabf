"""Throw-away users, a group and a place where they may run things; all of it is gone afterwards."""

import contextlib
import os
import pathlib
import pwd
import shutil
import subprocess
import tempfile

GROUP = "pbxt_group"
MEMBER, OTHER = "pbxt_member", "pbxt_other"


@contextlib.contextmanager
def people():
    forget()
    try:
        for name in MEMBER, OTHER:
            subprocess.run(["useradd", "-M", "-N", "-g", "nogroup", "-s", "/bin/sh", "-d", "/", name], check=True,
                           capture_output=True)
        yield
    finally:
        forget()


def forget():
    for command in ["userdel", MEMBER], ["userdel", OTHER], ["groupdel", GROUP]:
        subprocess.run(command, capture_output=True)


def join(name=MEMBER, group=GROUP):
    subprocess.run(["usermod", "-aG", group, name], check=True)


@contextlib.contextmanager
def place():
    """A directory of root's that all may enter, where file capabilities count."""
    for parent in "/var/tmp", "/tmp", "/opt":
        if os.path.isdir(parent) and not os.statvfs(parent).f_flag & os.ST_NOSUID:
            break
    path = pathlib.Path(tempfile.mkdtemp(prefix="perfbox-test-", dir=parent))
    path.chmod(0o755)
    try:
        yield path
    finally:
        shutil.rmtree(path)


def run_as(name, *argv, **how):
    """As the user with all its groups, as after a login; gives the CompletedProcess."""
    user = pwd.getpwnam(name)
    return subprocess.run([str(a) for a in argv], user=user.pw_uid, group=user.pw_gid,
                          extra_groups=os.getgrouplist(name, user.pw_gid), capture_output=True, text=True,
                          cwd="/", **how)
