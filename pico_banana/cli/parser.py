"""A parser whose mistakes are one line: what was wrong, the nearest right word, and where to look."""

from __future__ import annotations

import argparse
import re
import sys
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NoReturn

from pico_banana.cli.headings import OPTIONS_WIDTH, grouped_help, short_usage
from pico_banana.errors import unknown_name

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_BAD_VALUE = re.compile(r"argument (?P<name>[^:]+): invalid (?P<kind>\w+) value: (?P<value>.+)")
_KEYWORD = re.compile(r"(?<![(,] )\b(?P<name>[a-z_]+)=(?:'(?P<quoted>[^']*)'|(?P<bare>[^\s,;]+))")
_KINDS = {"int": "a whole number", "float": "a number", "numbers": "whole numbers"}


class Parser(argparse.ArgumentParser):
    """What all commands are parsed with; subparsers are of the same class.

    Attributes:
        headings: the commands under each heading of the help; empty for one list of them.
    """

    headings: Mapping[str, tuple[str, ...]] = MappingProxyType({})

    def format_help(self) -> str:
        """Write the help.

        Returns:
            Usage, commands under their headings, options, examples.
        """
        self.usage = self.usage or short_usage(self)
        return grouped_help(self, self.headings) if self.headings else super().format_help()

    def _get_formatter(self) -> argparse.HelpFormatter:
        formatter = super()._get_formatter()
        formatter._max_help_position = OPTIONS_WIDTH  # noqa: SLF001 - whatever class a command's examples need
        return formatter

    def parse_known_args(  # type: ignore[override]  # argparse's overloads say no more than this
        self, args: Sequence[str] | None = None, namespace: argparse.Namespace | None = None
    ) -> tuple[argparse.Namespace, list[str]]:
        """Parse, and refuse an unknown option here, where the command's own options are known.

        Args:
            args: the words.
            namespace: where to put what they say.

        Returns:
            The namespace, and words left over, which are none of this parser's options.
        """
        found, left = super().parse_known_args(args, namespace)
        for word in left:
            if word.startswith("-") and word != "-":
                options = [name for action in self._actions for name in action.option_strings]
                self.error(str(unknown_name("option", word.partition("=")[0], options)))
        if left:
            self.error(f"too many words: {' '.join(left)}")
        if not hasattr(found, "parser"):  # the command's own parser comes first, then those above it
            found.parser = self
        return found, left

    def in_options(self, text: str) -> str:
        """Say a message of the library in the words of this command.

        Args:
            text: e.g. "limit=-1 is negative".

        Returns:
            The same with options in place of keywords, e.g. "--limit -1 is negative".
        """
        options = {action.dest: action.option_strings[-1] for action in self._actions if action.option_strings}

        def spelled(found: re.Match[str]) -> str:
            option = options.get(found["name"])
            if option is None or found["bare"] == "True":
                return option or found[0]
            return f"{option} {found['quoted'] or found['bare']}"

        return _KEYWORD.sub(spelled, text)

    def _check_value(self, action: argparse.Action, value: Any) -> None:  # noqa: ANN401 - argparse's own signature
        if action.choices is not None and value not in action.choices:
            command = isinstance(action, argparse._SubParsersAction)  # noqa: SLF001 - there is no public name
            kind = "command" if command else f"value for {'/'.join(action.option_strings) or action.dest}"
            self.error(str(unknown_name(kind, str(value), map(str, action.choices))))

    def error(self, message: str) -> NoReturn:
        """Say what was wrong in one line and exit with 2.

        Args:
            message: argparse's words, or ours.
        """
        bad = _BAD_VALUE.fullmatch(message)
        if bad is not None:
            kind = _KINDS.get(bad["kind"], f"a {bad['kind']}")
            message = f"{bad['name']} takes {kind}, not {bad['value']}"
        missing = message.partition("the following arguments are required: ")[2]
        if missing:
            message = f"{missing} is missing"
        sys.stderr.write(f"error: {message.rstrip('.')}. See `{self.prog} --help`.\n".replace("?. See", "? See"))
        sys.exit(2)
