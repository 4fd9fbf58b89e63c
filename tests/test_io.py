import errno
import os

import pytest

from contraflow._io import write_atomically
from contraflow.errors import OutputError


@pytest.mark.parametrize("content", ["naïve", "naïve".encode(), lambda p: p.write_text("naïve", "utf-8")])
def test_text_bytes_and_a_writer_give_the_same_file(tmp_path, content):
    target = tmp_path / "page.html"
    target.write_text("old")
    assert write_atomically(target, content) == target
    assert target.read_text("utf-8") == "naïve"
    assert os.listdir(tmp_path) == ["page.html"]


def test_a_full_disk_leaves_the_old_file_whole(tmp_path, monkeypatch):
    target = tmp_path / "page.html"
    target.write_text("old")

    def full(_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OutputError, match=r"page\.html cannot be written: No space left.*Free some space"):
        write_atomically(target, "new")
    assert target.read_text() == "old"
    assert os.listdir(tmp_path) == ["page.html"]


def test_a_writer_that_fails_leaves_the_old_file_whole(tmp_path):
    target = tmp_path / "draws.nc"
    target.write_text("old")

    def interrupted(part):
        part.write_text("half")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_atomically(target, interrupted)
    assert target.read_text() == "old"
    assert os.listdir(tmp_path) == ["draws.nc"]


def test_a_folder_that_does_not_exist_is_said_with_what_to_do(tmp_path):
    with pytest.raises(OutputError, match=r"Name a file in a folder that exists"):
        write_atomically(tmp_path / "none" / "page.html", "new")


def test_the_new_file_has_the_rights_that_the_umask_leaves(tmp_path):
    old = os.umask(0o027)
    try:
        written = write_atomically(tmp_path / "page.html", "new")
    finally:
        os.umask(old)
    assert written.stat().st_mode & 0o777 == 0o640
