"""The blob store: content addresses, full disks, collection."""

import errno
import hashlib
import os
import threading
import time

import pytest

from core.contracts import NewJob, NewRegion, NewVersion
from core.errors import NotFound, Unavailable
from core.storage import blobs as blobs_module
from core.storage import cache, cases, jobs, verdicts, versions
from core.storage.blobs import BlobStore, GarbageReport, collect_garbage
from tests.helpers.stored_world import new_case, new_verdict


def files(store: BlobStore) -> list[str]:
    return sorted(path.name for path in store.root.glob("??/*"))


def age(store: BlobStore, sha: str, seconds: float) -> None:
    then = time.time() - seconds
    os.utime(store.path(sha), (then, then))


def test_content_comes_back_by_its_sha256(blobs):
    sha = blobs.put(b"pixels")
    assert sha == hashlib.sha256(b"pixels").hexdigest()
    assert blobs.get(sha) == b"pixels" == blobs.path(sha).read_bytes()
    assert blobs.has(sha)
    assert not blobs.has("0" * 64)
    with pytest.raises(NotFound, match=r"000000000000\.\.\. is missing"):
        blobs.get("0" * 64)


def test_equal_content_is_stored_once(blobs):
    names = blobs.put_many([b"a", b"b", b"a", b""])
    assert names == [hashlib.sha256(data).hexdigest() for data in (b"a", b"b", b"a", b"")]
    assert blobs.put_many(iter([b"b"])) == names[1:2]
    assert len(files(blobs)) == 3
    assert blobs.put_many([]) == []


def test_many_more_than_one_batch(blobs):
    contents = [str(number).encode() for number in range(600)]
    names = blobs.put_many(iter(contents))
    assert [blobs.get(name) for name in names] == contents
    assert all(not name.startswith(".") for name in files(blobs))


@pytest.mark.parametrize("name", ["", "..", "../../etc/passwd", "a" * 63, "A" * 64, "a" * 64 + "\n", "/" + "a" * 63])
def test_only_64_hexadecimal_digits_are_a_name(blobs, name):
    for act in (blobs.get, blobs.has, blobs.path):
        with pytest.raises(NotFound, match="wanted 64 hexadecimal digits"):
            act(name)


def test_damage_is_told_and_healed_by_storing_again(blobs):
    sha = blobs.put(b"pixels")
    blobs.path(sha).write_bytes(b"pix")
    with pytest.raises(Unavailable, match="is damaged"):
        blobs.get(sha)
    assert blobs.put(b"pixels") == sha
    assert blobs.get(sha) == b"pixels"


@pytest.mark.parametrize("call", ["write", "fsync", "replace"])
@pytest.mark.parametrize("count", [1, 40])
def test_a_full_disk_leaves_nothing_half_written(blobs, monkeypatch, call, count):
    def full(*_: object, **__: object) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    kept = blobs.put(b"kept")
    with monkeypatch.context() as patch:
        if call == "write":
            patch.setattr(BlobStore, "_write", full)
        elif call == "replace":
            patch.setattr("pathlib.Path.replace", full)
        else:
            patch.setattr(blobs_module.os, "fsync", full)
            patch.setattr(blobs_module, "_SYNC_FILE_SYSTEM", full)
        with pytest.raises(Unavailable, match="is full; nothing was saved"):
            blobs.put_many(str(number).encode() for number in range(count))
    assert files(blobs) == [kept[2:]]
    assert len(blobs.put_many([b"0", b"1"])) == 2


def test_a_disk_that_fills_in_the_middle_of_a_file_leaves_no_temporary_file(blobs, monkeypatch):
    import resource
    import signal

    blobs.put(b"first")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, before[1]))  # a real short write: EFBIG after 100 kB
    try:
        with pytest.raises(Unavailable, match="nothing was saved"):
            blobs.put(b"x" * 3_000_000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)
    assert len(files(blobs)) == 1


def test_a_failure_of_the_whole_flush_is_an_error(blobs, monkeypatch):
    monkeypatch.setattr(blobs_module, "_SYNC_FILE_SYSTEM", lambda _: -1)
    monkeypatch.setattr(blobs_module.ctypes, "get_errno", lambda: errno.EIO)
    with pytest.raises(Unavailable, match="can't be written"):
        blobs.put_many(str(number).encode() for number in range(40))
    assert files(blobs) == []


def test_a_store_whose_folder_is_a_file(tmp_path):
    (tmp_path / "blobs").write_text("in the way")
    with pytest.raises(Unavailable, match="can't be written"):
        BlobStore(tmp_path / "blobs").put(b"x")


def test_threads_may_store_the_same_at_once(blobs):
    start, names = threading.Barrier(8), []

    def store() -> None:
        start.wait()
        names.extend(blobs.put_many([b"same", b"other"]))

    threads = [threading.Thread(target=store) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(names) == 16
    assert len(files(blobs)) == 2
    assert {blobs.get(name) for name in names} == {b"same", b"other"}


def test_collection_keeps_what_any_table_names_and_what_is_young(world, blobs):
    kinds = ("field", "mask", "weights", "manifest", "checkpoint", "evidence", "embedding", "old", "young")
    names = blobs.put_many(kind.encode() for kind in kinds)
    field, mask, weights, manifest, checkpoint, evidence, embedding, old, young = names
    ids = world.workspace.id, world.workspace.revision_id
    with world.database.write() as tx:
        new = new_case("with image")
        object.__setattr__(new, "fields", (type(new.fields[0])("image", blob=field),))
        cases.add_many(tx, *ids, [new])
        verdicts.add(tx, new_verdict(world, regions=(NewRegion("image", "ignore", mask=mask),)))
        version = versions.add(tx, NewVersion(*ids, world.run.id, None, weights, manifest, "c" * 64))
        job = jobs.add(tx, NewJob("retrain", "demo", {}, "ada"))
        jobs.claim_next(tx, "one", 60)
        jobs.save_checkpoint(tx, job.id, "one", checkpoint)
        cache.put_evidence(tx, version.id, world.pool, "saliency", evidence)
        cache.put_embeddings(tx, "encoder", ["x"], embedding)
    for sha in (field, mask, weights, manifest, checkpoint, evidence, embedding, old):
        age(blobs, sha, 7200)
    stale = blobs.path(old).parent / ".left-over"
    stale.write_bytes(b"half")
    os.utime(stale, (0, 0))
    assert collect_garbage(world.database, blobs) == GarbageReport(removed=2, bytes_freed=len(b"oldhalf"), kept=8)
    assert not blobs.has(old)
    assert all(blobs.has(sha) for sha in (field, mask, weights, manifest, checkpoint, evidence, embedding, young))
    assert collect_garbage(world.database, blobs, 0).removed == 1
    assert not blobs.has(young)


def test_what_waiting_work_was_given_stays_until_it_is_done(world, blobs):
    sha = blobs.put(b"weights of one's own")
    age(blobs, sha, 7200)
    with world.database.write() as tx:
        job = jobs.add(tx, NewJob("champion", "demo", {"weights": sha}, "ada"))
        jobs.claim_next(tx, "one", 60)
    assert collect_garbage(world.database, blobs).removed == 0
    with world.database.write() as tx:
        jobs.finish(tx, job.id, "one", "done")
    assert collect_garbage(world.database, blobs).removed == 1


def test_storing_again_makes_an_old_blob_young(world, blobs):
    sha = blobs.put(b"about to be named")
    age(blobs, sha, 7200)
    assert blobs.put(b"about to be named") == sha
    assert collect_garbage(world.database, blobs) == GarbageReport(0, 0, 1)


def test_a_blob_that_is_stored_again_during_a_collection_stays(world, blobs, monkeypatch):
    sha = blobs.put(b"contended")
    age(blobs, sha, 7200)
    real = blobs_module._named

    def store_meanwhile(db):
        named = real(db)
        blobs.put(b"contended")
        return named

    monkeypatch.setattr(blobs_module, "_named", store_meanwhile)
    assert collect_garbage(world.database, blobs).removed == 0
    assert blobs.has(sha)


def test_collection_of_nothing(world, tmp_path):
    assert collect_garbage(world.database, BlobStore(tmp_path / "none")) == GarbageReport(0, 0, 0)
