import errno
import os
import stat
import threading
from pathlib import Path

import pytest

from django_personalize.events import spool
from django_personalize.events.lines import encode, unframed
from django_personalize.events.spool import Spool, alone, scrub, segments
from django_personalize.exceptions import SpoolFull
from django_personalize.testing.contracts import event

MEGABYTE = 1 << 20


@pytest.fixture
def mine(directory):
    made = Spool(directory, most_bytes=MEGABYTE, fsync_ms=200)
    yield made
    made.rotate()


def body(number):
    return encode(event(number)), 1


def lines(directory):
    """(count, JSON) of every line of every segment."""
    return [unframed(line) for path in segments(directory) for line in path.read_bytes().split(b"\n")[:-1]]


def test_each_fact_is_a_line_with_a_running_count(mine, directory):
    mine.append([body(1), body(2)])
    mine.append([(b"{}", 3), body(4)])
    assert [count for count, _ in lines(directory)] == [1, 2, 5, 6]
    assert len(segments(directory)) == 1


def test_only_the_owner_may_read_it(mine, directory):
    mine.append([body(1)])
    [path] = segments(directory)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(directory.stat().st_mode) == 0o700


def test_a_segment_is_held_by_its_writer_until_it_is_let_go(mine, directory):
    mine.append([body(1)])
    [path] = segments(directory)
    with path.open("rb") as file:
        assert not spool.has_ended(file)
        mine.rotate()
        assert spool.has_ended(file)
    mine.append([body(2)])
    assert len(segments(directory)) == 2


def test_a_segment_that_is_large_or_old_is_followed_by_another(mine, directory, monkeypatch):
    monkeypatch.setattr(spool, "ROTATE_BYTES", 200)
    for number in range(4):
        mine.append([body(number)])
    assert len(segments(directory)) == 2
    monkeypatch.setattr(spool, "ROTATE_SECONDS", 0.0)
    mine.append([body(5)])
    assert len(segments(directory)) == 3


def test_a_short_write_leaves_nothing_and_what_follows_is_whole(mine, directory, monkeypatch):
    mine.append([body(1)])
    write = os.write
    monkeypatch.setattr(os, "write", lambda fd, data: write(fd, data[:-30]))
    with pytest.raises(OSError, match="short write"):
        mine.append([body(2), body(3)])
    monkeypatch.undo()
    mine.append([body(4)])
    assert lines(directory) == [(1, encode(event(1))), (2, encode(event(4)))]


def test_where_a_torn_line_cannot_be_taken_back_nothing_is_ever_glued_to_it(mine, directory, monkeypatch):
    mine.append([body(1)])
    write = os.write
    monkeypatch.setattr(os, "write", lambda fd, data: write(fd, data[:-30]))

    def broken(fd, size):
        raise OSError(errno.EIO, "no")

    monkeypatch.setattr(os, "ftruncate", broken)
    with pytest.raises(OSError, match="short write"):
        mine.append([body(2)])
    monkeypatch.undo()
    mine.append([body(3)])
    assert len(segments(directory)) == 2
    assert [line for line in lines(directory) if line is not None] == [(1, encode(event(1))), (1, encode(event(3)))]


def test_more_than_may_wait_is_refused_and_said(directory):
    small = Spool(directory, most_bytes=500, fsync_ms=200)
    for number in range(4):
        small.append([body(number)])
    with pytest.raises(SpoolFull, match="allows 500") as found:
        small.append([body(9)])
    assert "Is the database there" in str(found.value)
    assert len(lines(directory)) == 4


def test_threads_share_a_segment_without_mixing_lines(mine, directory):
    def tell(start):
        for number in range(start, start + 100):
            mine.append([body(number), body(10_000 + number)])

    threads = [threading.Thread(target=tell, args=(n * 100,)) for n in range(8)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    found = lines(directory)
    assert [count for count, _ in found] == list(range(1, 1601))
    assert len({told for _, told in found}) == 1600


def test_a_fork_starts_a_segment_of_its_own_and_the_parents_stays_whole(mine, directory):
    mine.append([body(1)])
    child = os.fork()
    if not child:
        mine.append([body(2)])
        os._exit(0)
    os.waitpid(child, 0)
    mine.append([body(3)])
    assert len(segments(directory)) == 2
    assert sorted(lines(directory)) == sorted([(1, encode(event(1))), (2, encode(event(3))), (1, encode(event(2)))])


def test_a_fork_while_another_thread_writes_cannot_lock_the_child_out(mine, directory):
    """The lock is held at the moment of the fork, by a thread that the child does not have."""
    mine.append([body(1)])
    with mine._lock:
        child = os.fork()
        if not child:
            mine.append([body(2)])
            os._exit(0)
        assert os.waitpid(child, 0)[1] == 0


def test_nothing_is_left_to_the_system_when_each_fact_must_be_on_the_disk(directory, monkeypatch):
    synced = []
    monkeypatch.setattr(os, "fdatasync", synced.append)
    strict = Spool(directory, most_bytes=MEGABYTE, fsync_ms=0)
    strict.append([body(1)])
    assert strict._segment is not None
    assert strict._segment.fd in synced  # beside those of spools that other tests have left behind


def test_what_was_written_is_synced_a_moment_later_once_for_all(directory, monkeypatch):
    done = threading.Event()
    monkeypatch.setattr(os, "fdatasync", lambda fd: done.set())
    Spool(directory, most_bytes=MEGABYTE, fsync_ms=20).append([body(1)])
    assert done.wait(5)


def test_one_at_a_time_may_drain(directory):
    with alone(directory) as first, alone(directory) as second:
        assert (first, second) == (True, False)
    with alone(directory) as third:
        assert third


def test_lines_about_somebody_are_blanked_in_place(mine, directory):
    mine.append([body(1), body(2)])
    before = [path.stat().st_size for path in segments(directory)]
    assert scrub(directory, [b"0" * 31 + b"2"], patience=1.0) == 1
    mine.append([body(3)])
    assert b"0" * 31 + b"2" not in b"".join(path.read_bytes() for path in segments(directory))
    found = lines(directory)
    assert [count for count, _ in found] == [1, 2, 3]
    assert before == [segments(directory)[0].stat().st_size - len(body(3)[0]) - 12]
    assert found[1][1].startswith(b'[2,"gone"')


def test_a_directory_that_is_not_there_has_no_segments(tmp_path):
    assert segments(tmp_path / "nothing") == []
    assert spool.size_of(Path("/nowhere")) == 0


def test_the_disk_is_reached_after_a_moment_without_free_descriptors(directory, monkeypatch):
    mine, dup, synced = Spool(directory, most_bytes=MEGABYTE, fsync_ms=10), os.dup, threading.Event()
    short = iter([OSError(errno.EMFILE, "too many open files")])

    def dup_of(fd):
        for error in short:
            raise error
        return dup(fd)

    monkeypatch.setattr(spool.os, "dup", dup_of)
    monkeypatch.setattr(spool.os, "fdatasync", lambda fd: synced.set())
    mine.append([body(1)])
    assert synced.wait(2.0)
    mine.rotate()


def test_what_is_written_is_taken_where_no_thread_can_be_had(directory, monkeypatch):
    mine, synced = Spool(directory, most_bytes=MEGABYTE, fsync_ms=60_000), []

    def start(thread):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", start)
    monkeypatch.setattr(spool.os, "fdatasync", synced.append)
    for number in (1, 2):
        mine.append([body(number)])
    assert len(synced) == 2
    assert len(lines(directory)) == 2
    mine.rotate()
