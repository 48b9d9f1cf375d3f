"""fsspec's own abstract tests over `picobanana://`: those that read must pass; those that write find it read-only."""

from __future__ import annotations

import io
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

import fsspec
import pytest
from fsspec.tests import abstract

import pico_banana as pb
from pico_banana.errors import ConfigError
from pico_banana.rehearsal.making.make import make_mirror

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

if not hasattr(abstract, "AbstractOpenTests"):
    pytest.skip("this fsspec is older than its tests of opening", allow_module_level=True)

from fsspec.tests.abstract import (
    AbstractCopyTests,
    AbstractFixtures,
    AbstractGetTests,
    AbstractOpenTests,
    AbstractPipeTests,
    AbstractPutTests,
)

# Every test of theirs that cannot run here, with the reason.
WRITING = {
    AbstractCopyTests: "copies from one address to another; addresses are given by the release",
    AbstractPutTests: "takes files of one's own in; the store takes what the release published, and nothing else",
    AbstractPipeTests: "writes bytes to an address",
    AbstractOpenTests: "opens an address for writing",
}


class Fixtures(AbstractFixtures):
    """The folders that their tests want, laid into a mirror's folder, since they cannot be written through us."""

    @pytest.fixture
    def root(self, tmp_path: Path) -> Path:
        return make_mirror(tmp_path / "mirror", rows=1).folder

    @pytest.fixture
    def fs(self) -> Any:
        return fsspec.filesystem("picobanana", skip_instance_cache=True)

    @pytest.fixture
    def fs_path(self, root: Path) -> str:
        return f"{pb.load('single_turn', mirror=root).mirror.name}/edited"

    @pytest.fixture
    def fs_join(self) -> Callable[..., str]:
        return lambda *parts: "/".join(parts)

    def _laid(self, make: Callable[..., str], root: Path, fs_path: str) -> str:
        local = fsspec.filesystem("file", auto_mkdir=True)
        made = Path(make(local, lambda *parts: str(Path(*parts)), str(root / "images")))
        for file in made.rglob("*"):
            if file.is_file() and not file.stat().st_size:  # an empty file is no picture, and absent everywhere
                file.write_bytes(b"x")
        return f"{fs_path}/{made.name}"

    @pytest.fixture
    def fs_bulk_operations_scenario_0(self, root: Path, fs_path: str) -> str:
        return self._laid(self._bulk_operations_scenario_0, root, fs_path)

    @pytest.fixture
    def fs_glob_edge_cases_files(self, root: Path, fs_path: str) -> str:
        return self._laid(self._glob_edge_cases_files, root, fs_path)

    @pytest.fixture
    def fs_dir_and_file_with_same_name_prefix(self, root: Path, fs_path: str) -> str:
        return self._laid(self._dir_and_file_with_same_name_prefix, root, fs_path)

    @pytest.fixture
    def fs_10_files_with_hashed_names(self, root: Path, fs_path: str) -> str:
        return self._laid(self._10_files_with_hashed_names, root, fs_path)


class TestGet(Fixtures, AbstractGetTests):
    """All of their tests that read."""

    def test_get_directory_recursive(  # type: ignore[override]  # theirs makes its folder through the file system
        self, fs: Any, root: Path, fs_path: str, local_target: str
    ) -> None:
        (root / "images" / "src").mkdir(parents=True)
        (root / "images" / "src" / "file").write_bytes(b"x")
        source, target = f"{fs_path}/src", Path(local_target)
        for name in (source, f"{source}/"):
            fs.get(name, local_target, recursive=True)
            assert [path.name for path in target.iterdir()] == ["file"]
            target.joinpath("file").unlink()
            target.rmdir()
        target.mkdir()
        fs.get(source, local_target, recursive=True)
        assert [str(path.relative_to(target)) for path in target.rglob("*")] == ["src", "src/file"]


def _named() -> Iterator[tuple[str, str]]:
    for kind, reason in WRITING.items():
        for name in vars(kind):
            if name.startswith("test_"):
                yield f"{kind.__name__}.{name}", reason


@pytest.mark.parametrize(("name", "reason"), list(_named()))
def test_what_writes_is_listed_and_left_out(name: str, reason: str) -> None:
    pytest.skip(f"{name}: {reason}")


class TestReading(Fixtures):
    """What their tests do not ask of a file system that can only be read."""

    def test_files_and_folders_are_found(self, fs: Any, fs_bulk_operations_scenario_0: str) -> None:
        source = fs_bulk_operations_scenario_0
        files = [f"{source}/{name}" for name in ("file1", "file2", "subdir/nesteddir/nestedfile")]
        files += [f"{source}/subdir/subfile1", f"{source}/subdir/subfile2"]
        folders = [f"{source}/subdir", f"{source}/subdir/nesteddir"]
        assert fs.find(source) == files
        assert fs.find(source, withdirs=True) == sorted([source, *files, *folders])
        assert fs.find(source, maxdepth=1) == files[:2]
        assert fs.glob(f"{source}/*") == [*files[:2], folders[0]]
        assert fs.glob(f"{source}/**/subfile?") == files[3:]
        assert fs.expand_path(f"{source}/file*") == files[:2]
        assert fs.expand_path(source, recursive=True) == sorted([source, *files, *folders])
        walked = {path: (sorted(inner), sorted(names)) for path, inner, names in fs.walk(source)}
        assert walked[source] == (["subdir"], ["file1", "file2"])
        assert set(walked) == {source, *folders}
        assert fs.du(source) == len(files)
        assert fs.ls(source, detail=False) == [*files[:2], folders[0]]

    def test_kinds_and_contents(self, fs: Any, fs_10_files_with_hashed_names: str) -> None:
        source = fs_10_files_with_hashed_names
        found = fs.cat(f"{source}/*.txt")
        assert sorted(found.values()) == [str(number).encode() for number in range(10)]
        name = next(iter(found))
        assert (fs.isfile(name), fs.isdir(name), fs.exists(name)) == (True, False, True)
        assert (fs.isfile(source), fs.isdir(source), fs.exists(source)) == (False, True, True)
        assert fs.info(name) == {"name": name, "size": 1, "type": "file"}
        assert not fs.exists(f"{source}/no")
        for ask in (fs.info, fs.ls, fs.cat_file, fs.open):
            with pytest.raises(FileNotFoundError):
                ask(f"{source}/no.png")
        with fs.open(name) as file, io.TextIOWrapper(fs.open(name)) as text:
            assert file.read() == text.read().encode() == found[name]
        assert fs.cat_ranges([name, name], [0, 0], [1, 0]) == [found[name], b""]
        assert fs.checksum(name) == fs.checksum(name)

    def test_writing_is_refused_in_one_way(self, fs: Any, fs_bulk_operations_scenario_0: str, tmp_path: Path) -> None:
        source, own = fs_bulk_operations_scenario_0, tmp_path / "own"
        own.write_bytes(b"x")
        file = f"{source}/file1"
        asked: list[Callable[[], object]] = [
            *(lambda verb=verb: verb(f"{source}/new") for verb in (fs.mkdir, fs.makedirs, fs.mkdirs, fs.touch)),
            *(lambda verb=verb: verb(file) for verb in (fs.rm, fs.rm_file, fs.delete, fs.rmdir, fs.touch)),
            *(lambda verb=verb: verb(file, f"{source}/new") for verb in (fs.copy, fs.cp, fs.mv, fs.move, fs.rename)),
            *(lambda mode=mode: fs.open(file, mode) for mode in ("wb", "ab", "xb", "r+b", "w")),
            lambda: fs.rm(source, recursive=True),
            lambda: fs.put(str(own), f"{source}/new"),
            lambda: fs.upload(str(own), f"{source}/new"),
            lambda: fs.pipe(file, b"x"),
            lambda: fs.write_text(file, "x"),
            lambda: fs.write_bytes(file, b"x"),
        ]
        before = fs.find(source)
        for ask in asked:
            with pytest.raises(ConfigError, match="picobanana:// is read-only"):
                ask()
        assert fs.find(source) == before
        assert fs.cat(file) == b"x"


def test_none_of_their_tests_is_forgotten() -> None:
    import fsspec.tests.abstract as theirs

    kinds = {kind for name, kind in vars(theirs).items() if name.startswith("Abstract") and name.endswith("Tests")}
    assert kinds == {AbstractGetTests, *chain(WRITING)}
