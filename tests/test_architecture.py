"""The shape of the package: who imports whom, what an import loads, and rules that no linter knows."""

from __future__ import annotations

import ast
import json
import os
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

import pico_banana
from pico_banana import errors

PACKAGE = Path(pico_banana.__file__).parent
MODULES = {
    ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts).removesuffix(".__init__"): path
    for path in sorted(PACKAGE.rglob("*.py"))
}

# Each room may import those before it in this list, lazily or not, also for types alone.
ROOMS = (
    "telling",
    "errors",
    "taxonomy",
    "records",
    "mirrors",
    "rows",
    "pictures",
    "regenerate",
    "training",
    "sharing",
    "dataset",
    "loading",
    "benchmark",
    "rehearsal",
    "builders",
    "cli",
)
RANK = {room: rank for rank, room in enumerate(ROOMS)}
# Rehearsal material, the maker of data and the benchmark: only the command line, and themselves, may use them. The
# benchmark asks editors and judges through the ledger, the desk and the backends of the maker of data: one way to pay.
ONLY_FOR_THE_COMMAND_LINE = {"rehearsal", "regenerate", "benchmark"}
MOST_FOLDERS, MOST_FILES = 10, 6

HEAVY = {"numpy", "pyarrow", "pandas", "PIL", "datasets", "fsspec", "torch", "tqdm", "http.client", "huggingface_hub"}
PUBLIC = [
    "Category",
    "EditType",
    "Flag",
    "ImageRef",
    "InstructionPair",
    "Mirror",
    "MultiTurn",
    "PicoBanana",
    "PicoBananaError",
    "Preference",
    "Selection",
    "Shard",
    "SingleTurn",
    "Subset",
    "Turn",
    "categories",
    "category",
    "edit_type",
    "edit_types",
    "load",
    "load_dataset",
    "on_ray",
    "prepare",
    "read_jsonl",
    "register",
    "unregister",
    "work_on",
]
LONGEST = 300
TABLE_OF_CONTENTS = "pico_banana.dataset"  # every verb of `PicoBanana`, with its docstring: as long as it has verbs
PUBLISHED_KEYS = (
    "open_image_input_url",
    "summarized_text",
    "output_image",
    "local_input_image",
    "metadata_edit_turn_prompts",
    "original_input_image",
    "final_image",
)


@cache
def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"))


def _room(module: str) -> str:
    """Name the room of a module: `pico_banana.mirrors.fetch.pacing` is of the room `fetch`."""
    return module.split(".")[1] if "." in module else ""


@cache
def _imports(path: Path) -> frozenset[str]:
    """Give every module of ours that a file imports, anywhere in it; a package stands for its `__init__`."""
    found: set[str] = set()
    for node in ast.walk(_tree(path)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {_home(node.module, alias.name) for alias in node.names if alias.name != "__version__"}
    return frozenset(name for name in found if name.startswith("pico_banana."))


def _home(module: str, name: str) -> str:
    """Give the module that `from module import name` ends in."""
    if f"{module}.{name}" in MODULES:
        return f"{module}.{name}"
    return module if module != "pico_banana" else pico_banana.__getattr__(name).__module__


def _rings(folder: str) -> list[set[str]]:
    """Find the files and folders of a folder that import each other, over however many steps."""
    arrows: dict[str, set[str]] = {}
    for module, path in MODULES.items():
        for used in _imports(path):
            user_box, used_box = _box(folder, module), _box(folder, used)
            if user_box and used_box and user_box != used_box:
                arrows.setdefault(user_box, set()).add(used_box)
    reached = {box: _reached(arrows, box) for box in arrows}
    return [{box, other} for box, others in reached.items() for other in others if box in reached.get(other, ())]


def _box(folder: str, module: str) -> str | None:
    return module[len(folder) + 1 :].split(".", maxsplit=1)[0] if module.startswith(f"{folder}.") else None


def _reached(arrows: dict[str, set[str]], start: str) -> set[str]:
    seen: set[str] = set()
    waiting = [start]
    while waiting:
        new = arrows.get(waiting.pop(), set()) - seen
        seen |= new
        waiting += new
    return seen - {start}


def _loaded(code: str, **environment: str) -> set[str]:
    """Run code in a fresh interpreter and give the modules it had loaded at its end."""
    whole = f"{code}\nimport json, sys\nsys.stdout.write(json.dumps(sorted(sys.modules)))"
    paths = {"PYTHONPATH": str(PACKAGE.parent), **environment}
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", whole],
        env=os.environ | paths,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stdout))


def test_every_room_has_a_place() -> None:
    assert {_room(module) for module in MODULES if _room(module)} <= set(RANK)


def test_the_package_opens_on_few_names() -> None:
    folders = {path.name for path in PACKAGE.iterdir() if path.is_dir() and any(path.glob("*.py"))} - {"builders"}
    assert len(folders) <= MOST_FOLDERS
    assert len(list(PACKAGE.glob("*.py"))) <= MOST_FILES


@pytest.mark.parametrize("module", [module for module in MODULES if _room(module)])
def test_imports_go_down(module: str) -> None:
    wrong = {name for name in _imports(MODULES[module]) if RANK[_room(name)] > RANK[_room(module)]}
    assert wrong == set()


@pytest.mark.parametrize("folder", [module for module, path in MODULES.items() if path.name == "__init__.py"])
def test_no_files_or_folders_import_each_other(folder: str) -> None:
    assert _rings(folder) == []


def test_the_finder_of_rings_sees_them(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name, text in (("a", "import pico_banana.x.b"), ("b", "def late():\n    from pico_banana.x import a")):
        (tmp_path / f"{name}.py").write_text(text)
    monkeypatch.setattr("tests.test_architecture.MODULES", {f"pico_banana.x.{n}": tmp_path / f"{n}.py" for n in "ab"})
    assert _rings("pico_banana.x") == [{"a", "b"}, {"a", "b"}]


def test_rooms_below_the_dataset_never_name_its_class() -> None:
    users = {_room(module) for module, path in MODULES.items() if "pico_banana.dataset" in _imports(path)}
    assert users <= {"", "loading", "builders", "cli"}  # "": the package's list of public names


def test_rehearsal_and_regeneration_are_used_by_the_command_line_alone() -> None:
    users = {
        _room(module)
        for module, path in MODULES.items()
        for name in _imports(path)
        if _room(name) in ONLY_FOR_THE_COMMAND_LINE
        and _room(module) != _room(name)
        and (_room(module), _room(name)) != ("benchmark", "regenerate")
    }
    assert users <= {"cli"}


def test_the_store_knows_nothing_but_errors() -> None:
    assert _imports(MODULES["pico_banana.mirrors.store"]) == {"pico_banana.errors"}


def test_importing_the_package_loads_nothing_heavy() -> None:
    loaded = _loaded("import pico_banana; pico_banana.Selection, pico_banana.SingleTurn, pico_banana.edit_types()")
    assert loaded & HEAVY == set()
    assert not {name for name in _loaded("import pico_banana") if name.startswith("pico_banana.")}


def test_the_checker_of_loaded_modules_sees_them() -> None:
    assert {"numpy", "http.client"} <= _loaded("import numpy, http.client")


def test_opening_filtering_and_reading_need_no_arrow(tmp_path: Path, store: Path) -> None:
    from pico_banana.rehearsal.making.make import make_mirror

    make_mirror(tmp_path / "mirror", rows=60)
    work = f"""
import pico_banana as pb
for subset in pb.Subset:
    pb.load(subset, mirror={str(tmp_path / "mirror")!r})
"""
    assert "pyarrow" in _loaded(work, PICO_BANANA_HOME=str(store))  # builds the store
    work += f"""
    options = {{"turns": 2}} if subset == "multi_turn" else {{"categories": "Human-Centric", "balance": "edit_type"}}
    dataset = pb.load(subset, mirror={str(tmp_path / "mirror")!r}, split="train_90_5_5", shuffle=1, limit=9, **options)
    list(dataset), dataset[0], dataset.counts("flag"), repr(dataset)
"""
    loaded = _loaded(work, PICO_BANANA_HOME=str(store))
    assert loaded & (HEAVY - {"numpy"}) == set()
    work = f"""
import pico_banana as pb
dataset = pb.load("single_turn", mirror={str(tmp_path / "mirror")!r}, categories=["Human-Centric"], limit=5)
list(dataset), dataset[0], repr(dataset), len(pb.load("multi_turn", mirror={str(tmp_path / "mirror")!r}, limit=3))
"""
    assert _loaded(work, PICO_BANANA_HOME=str(store)) & HEAVY == set()


def test_the_public_names_are_pinned_and_sorted() -> None:
    assert pico_banana.__all__ == PUBLIC == sorted(PUBLIC)
    assert dir(pico_banana) == sorted([*PUBLIC, "__version__"])


@pytest.mark.parametrize("name", PUBLIC)
def test_every_public_name_is_there_and_documented(name: str) -> None:
    value = getattr(pico_banana, name)
    assert value.__module__.startswith("pico_banana")
    assert value.__doc__
    assert value.__doc__.strip()


def test_a_name_that_is_not_public_is_refused_with_the_list() -> None:
    with pytest.raises(AttributeError, match="no attribute 'Dataset'; public names: Category"):
        _ = pico_banana.Dataset


@pytest.mark.parametrize("path", MODULES.values(), ids=MODULES)
def test_a_module_is_a_room_of_its_own(path: Path) -> None:
    tree = _tree(path)
    assert path.stem not in {"utils", "util", "common", "helpers", "misc"}
    assert ast.get_docstring(tree)
    for node in ast.walk(tree):
        assert not isinstance(node, ast.Assert), f"line {node.lineno}: assert is for tests"
        assert not (isinstance(node, ast.ImportFrom) and node.level), f"line {node.lineno}: relative import"


def test_modules_are_short() -> None:
    lengths = {module: path.read_text("utf-8").count("\n") for module, path in MODULES.items()}
    del lengths[TABLE_OF_CONTENTS]
    assert {module: lines for module, lines in lengths.items() if lines > LONGEST} == {}


@pytest.mark.parametrize("module", [module for module in MODULES if _room(module) != "cli"])
def test_only_the_command_line_prints(module: str) -> None:
    calls = [node for node in ast.walk(_tree(MODULES[module])) if isinstance(node, ast.Call)]
    assert [call.lineno for call in calls if isinstance(call.func, ast.Name) and call.func.id == "print"] == []


TRAINERS_KEYS = {"pico_banana.sharing.export.omnigen2": {"output_image"}}  # theirs, by the same word
SPEAK_OF_FILES = {"rows", "rehearsal", "cli"}  # the command line's help says what a file holds


@pytest.mark.parametrize("module", [module for module in MODULES if _room(module) not in SPEAK_OF_FILES])
def test_published_key_names_stand_in_one_room(module: str) -> None:
    text = MODULES[module].read_text("utf-8")
    ours = [key for key in PUBLISHED_KEYS if key not in TRAINERS_KEYS.get(module, ())]
    assert [key for key in ours if re.search(rf"\b{key}\b", text)] == []


@pytest.mark.parametrize("path", MODULES.values(), ids=MODULES)
def test_everything_public_is_annotated_and_documented(path: Path) -> None:
    for function in _public_functions(_tree(path)):
        where = f"{path.name}:{function.lineno} {function.name}"
        given = [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs]
        named = [argument for argument in given if argument.arg not in {"self", "cls"}]
        starred = [argument for argument in (function.args.vararg, function.args.kwarg) if argument]
        assert all(argument.annotation for argument in [*named, *starred]), where
        assert function.returns, where
        overloaded = any("overload" in ast.unparse(decorator) for decorator in function.decorator_list)
        assert overloaded or function.name == "__init__" or ast.get_docstring(function), where


def _public_functions(tree: ast.Module) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    classes = [node for node in tree.body if isinstance(node, ast.ClassDef) and not node.name.startswith("_")]
    nodes = [node for owner in [tree, *classes] for node in owner.body]
    functions = [node for node in nodes if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))]
    return [node for node in functions if node.name.startswith("__") or not node.name.startswith("_")]


def test_the_drawn_error_tree_is_the_real_one() -> None:
    drawn = re.findall(r"^    ([│├└─ ]*)(\w+)(?: \((\w+)\))?", errors.__doc__ or "", re.MULTILINE)
    lines = [(len(branch) // 4, name, builtin) for branch, name, builtin in drawn if name.endswith("Error")]
    assert lines == _real_tree(errors.PicoBananaError, 0)


def _real_tree(kind: type[BaseException], depth: int) -> list[tuple[int, str, str]]:
    builtin = next((base.__name__ for base in kind.__bases__ if base.__module__ == "builtins"), "")
    lines = [(depth, kind.__name__, "" if kind is errors.PicoBananaError else builtin)]
    for below in kind.__subclasses__():
        if below.__module__ == errors.__name__:
            lines += _real_tree(below, depth + 1)
    return lines


def test_all_our_errors_are_in_the_one_room() -> None:
    for module, path in MODULES.items():
        if module == "pico_banana.errors":
            continue
        raised = {node.name for node in ast.walk(_tree(path)) if isinstance(node, ast.ClassDef) and node.name[0] != "_"}
        assert not {name for name in raised if name.endswith(("Error", "Exception"))}, module
