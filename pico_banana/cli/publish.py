"""`pico-banana publish`: a repository the Hub's viewer shows, in a folder or on the Hub."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pico_banana.cli.choosing import add_mirror_options, add_selection_options, chosen_rows
from pico_banana.cli.export_bar import ExportBar
from pico_banana.cli.publish_check import tell_check, tell_found
from pico_banana.mirrors.fetch.sizes import readable
from pico_banana.telling import told

if TYPE_CHECKING:
    from pico_banana.dataset import PicoBanana
    from pico_banana.sharing.hub.planning import UploadPlan
    from pico_banana.sharing.hub.published import Repository

_SUBSETS = ("single_turn", "multi_turn", "preference", "instructions")
_PRIVATE = (
    "a private repository counts against the account's private storage: 100 GB on a free one, public ones do not\n"
)
_EPILOG = """\
examples:
  pico-banana publish --mirror sample --own --licence apache-2.0 --to my-repo
  pico-banana publish --check my-repo
  pico-banana publish --check my-repo multi_turn --search "red car"
  pico-banana publish --check my-repo --where "edit_type_label = 'Zoom in' and length(instruction) < 200" --limit 5
  pico-banana publish --to my-repo --repo USER/NAME --dry-run
  pico-banana publish single_turn preference --form rows --to rows-only
"""


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command.

    Args:
        subparsers: where commands are added.
    """
    parser = subparsers.add_parser(
        "publish",
        help="write a dataset repository, check it, upload it to the Hub",
        description="Write a Hugging Face dataset repository: Parquet with typed columns, a dataset card, Croissant. "
        "With --repo it is uploaded: only what changed, private unless --public. The licence of the data is enforced.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("subset", nargs="*", metavar="SUBSET", help=f"which configs (default: {' '.join(_SUBSETS)})")
    _add_target_options(parser)
    _add_licence_options(parser)
    add_selection_options(parser, subset=False)
    add_mirror_options(parser)
    parser.set_defaults(run=_run)


def _add_target_options(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("where it goes")
    group.add_argument("--to", type=Path, metavar="DIR", help="the repository's folder; a stopped run goes on in it")
    group.add_argument("--repo", metavar="USER/NAME", help="upload to this dataset repository of the Hub")
    group.add_argument("--dry-run", action="store_true", help="with --repo: say what would be uploaded, change nothing")
    group.add_argument(
        "--replace-all",
        action="store_true",
        help="with --repo: replace and delete files there that no publication wrote, too; the plan names them",
    )
    group.add_argument("--public", action="store_true", help="a new repository is visible to everybody")
    group.add_argument("--gated", choices=("auto", "manual"), help="visitors must agree to the terms first")
    group.add_argument("--token", metavar="TOKEN", help="the Hub's token (default: `hf auth login`, or HF_TOKEN)")
    group.add_argument("--check", type=Path, metavar="DIR", help="only look at a folder as the Hub's viewer would")
    group.add_argument(
        "--search",
        default="",
        metavar="WORDS",
        help="with --check: rows whose texts hold all the words; --where works there too",
    )
    _add_content_options(parser)
    group.add_argument("--allow-failed", type=int, default=0, metavar="N", help="go on although N pictures failed")
    group.add_argument("--json", action="store_true", help="print the result as JSON")


def _add_content_options(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("what goes out")
    group.add_argument("--form", choices=("pictures", "rows"), default="pictures", help="rows: addresses and URLs only")
    group.add_argument(
        "--sidecar", type=Path, action="append", metavar="FILE", help="only annotations of mine, by id; may be repeated"
    )
    group.add_argument(
        "--splits", type=_percents, metavar="90/5/5", help="train/validation/test by source photo, in percent"
    )
    group.add_argument("--title", default="Pico-Banana-400K", help="the name people read (default: %(default)s)")


def _percents(text: str) -> tuple[int, int, int]:
    parts = [int(part) if part.isdecimal() else -1 for part in text.split("/")]
    if len(parts) != 3 or min(parts) < 0 or sum(parts) != 100:  # noqa: PLR2004 - three parts of a hundred
        message = f"{text!r} is no split; write train/validation/test in percent that add up to 100, as in 90/5/5"
        raise argparse.ArgumentTypeError(message)
    return parts[0], parts[1], parts[2]


def _add_licence_options(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("licence", "the release may be shared whole and unchanged, non-commercially")
    group.add_argument("--own", action="store_true", help="the rows and pictures of this mirror are my own work")
    group.add_argument("--licence", metavar="ID", help="the licence of my own data, as the Hub names it: cc-by-4.0")
    group.add_argument("--i-have-permission", action="store_true", help="the rights holder allowed a changed copy")


def _run(args: argparse.Namespace) -> int:
    if args.check is not None:
        return tell_found(args) if args.search or args.where else tell_check(args.check, as_json=args.json)
    if args.to is None and args.repo is None:
        sys.stderr.write("error: say --to DIR for a folder, --repo USER/NAME for the Hub, or --check DIR\n")
        return 2
    if _is_finished(args):
        return _upload_finished(args)
    publish = _publish_sidecars if args.sidecar else _publish
    if args.to is not None:
        return publish(args, args.to)
    with tempfile.TemporaryDirectory(prefix="pico-banana-") as folder:
        return publish(args, Path(folder))


def _is_finished(args: argparse.Namespace) -> bool:
    """Tell whether --to names a publication made before, and no option says what else to publish."""
    from pico_banana.sharing.hub.manifest import MANIFEST

    named = args.repo is not None and args.to is not None and (args.to / MANIFEST).is_file()
    chosen = any(getattr(args, name) != value for name, value in _plain_choices().items())
    return named and not chosen


def _plain_choices() -> dict[str, Any]:
    """Give what the options that say what to publish are when nobody gave them."""
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("subset", nargs="*")
    _add_content_options(parser)
    _add_licence_options(parser)
    add_selection_options(parser, subset=False)
    add_mirror_options(parser)
    return vars(parser.parse_args([]))


def _upload_finished(args: argparse.Namespace) -> int:
    uploaded = _uploaded(args, args.to)
    result = {"folder": str(args.to), "upload": uploaded}
    done = "would upload" if args.dry_run else "uploaded"
    sys.stdout.write(json.dumps(result, indent=2) + "\n" if args.json else f"{done} what is in {args.to}\n")
    return 0


def _publish_sidecars(args: argparse.Namespace, folder: Path) -> int:
    from pico_banana.sharing.hub.sidecars import build_sidecars

    configs = build_sidecars(args.sidecar, folder, licence=args.licence, title=args.title)
    result: dict[str, Any] = {"folder": str(folder), "configs": configs}
    if args.repo is not None:
        result["upload"] = _uploaded(args, folder)
    lines = "".join(f"  {name:<12} {rows:,} rows\n" for name, rows in configs.items())
    sys.stdout.write(json.dumps(result, indent=2) + "\n" if args.json else f"wrote {folder}\n{lines}")
    return 0


def _publish(args: argparse.Namespace, folder: Path) -> int:
    repository = _written(args, folder)
    failed = sum(not missing.gone for missing in repository.missing)
    result: dict[str, Any] = {"folder": str(folder), **_facts(repository)}
    if failed > args.allow_failed:
        reasons = Counter(missing.reason.split(":")[0] for missing in repository.missing if not missing.gone)
        why = ", ".join(f"{count:,} {reason}" for reason, count in reasons.most_common())
        sys.stderr.write(f"error: {failed:,} pictures could not be had this time ({why}); run it again\n")
    elif args.repo is not None:
        result["upload"] = _uploaded(args, folder)
    sys.stdout.write(json.dumps(result, indent=2) + "\n" if args.json else _told(repository))
    return 1 if failed > args.allow_failed else 0


def _written(args: argparse.Namespace, folder: Path) -> Repository:
    from pico_banana.sharing.hub.licence import agreed_terms, changes_of, origin_of
    from pico_banana.sharing.hub.repository import Publication, build_repository
    from pico_banana.sharing.parquet.layout import Form

    datasets = tuple(_chosen(args, subset) for subset in args.subset or _SUBSETS)
    origin = origin_of(datasets[0].mirror, declared_own=args.own)
    changes = changes_of(datasets)
    terms = agreed_terms(origin, changes, licence=args.licence, permission=args.i_have_permission)
    form, gated = Form(args.form), args.gated is not None
    publication = Publication(datasets, terms, title=args.title, form=form, splits=args.splits, gated=gated)
    with ExportBar() as bar:
        return build_repository(publication, folder, progress=bar.show)


def _chosen(args: argparse.Namespace, subset: str) -> PicoBanana[Any]:
    return chosen_rows(argparse.Namespace(**{**vars(args), "subset": subset}))


def _facts(repository: Repository) -> dict[str, Any]:
    configs = {
        config.name: {
            "splits": {split.split: split.rows for split in config.splits},
            "files": sum(len(split.shards) for split in config.splits),
            "reused": sum(split.reused for split in config.splits),
            "size": config.size,
            "fingerprint": config.fingerprint,
        }
        for config in repository.configs
    }
    missing = [
        {"id": missing.id, "address": missing.address, "reason": missing.reason, "gone": missing.gone}
        for missing in repository.missing
    ]
    return {"licences": list(repository.terms.licences), "configs": configs, "missing": missing}


def _uploaded(args: argparse.Namespace, folder: Path) -> dict[str, Any]:
    from pico_banana.sharing.hub.upload import plan_upload, upload

    plan = plan_upload(folder, args.repo, replace_all=args.replace_all, token=args.token)
    _tell_plan(plan, private=not args.public)
    if args.dry_run:
        return plan.as_dict()
    address = upload(folder, plan, private=not args.public, gate=args.gated, token=args.token, progress=_tell_commit)
    sys.stderr.write(f"published {address}\n")
    return {**plan.as_dict(), "address": address}


def _tell_plan(plan: UploadPlan, *, private: bool) -> None:
    state = "there already" if plan.exists else f"new, {'private' if private else 'public'}"
    for change in plan.changes:
        foreign = "  (not written by a publication of ours)" if change.path in plan.foreign else ""
        sys.stderr.write(f"  {change.kind:<8} {change.size:>14,}  {told(change.path)}{foreign}\n")
    sys.stderr.write(
        f"{plan.repo} ({state}): {len(plan.changes):,} files, {readable(plan.size)}, {plan.commits} commits; "
        f"{len(plan.unchanged):,} files are there already\n"
    )
    if plan.others:
        sys.stderr.write(f"{len(plan.others):,} files of others stay: {told(', '.join(plan.others))}\n")
    if not plan.exists and private:
        sys.stderr.write(_PRIVATE)


def _tell_commit(done: int, total: int) -> None:
    sys.stderr.write(f"commit {done} of {total}\n")


def _told(repository: Repository) -> str:
    lines = [f"wrote {repository.folder}"]
    for config in repository.configs:
        splits = ", ".join(f"{split.split} {split.rows:,}" for split in config.splits)
        lines.append(f"  {config.name:<12} {splits} rows, {readable(config.size)}")
    if repository.missing:
        lines.append(f"  {len(repository.missing):,} pictures are null; --json lists each with its reason")
    lines.append(f"  licence {', '.join(repository.terms.licences)}")
    return "\n".join(lines) + "\n"
