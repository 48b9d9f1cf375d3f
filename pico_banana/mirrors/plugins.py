"""What other packages add to this one as entry points: the one place where their code is loaded."""

from __future__ import annotations

from importlib.metadata import entry_points

from pico_banana.errors import ConfigError


def plugin_names(group: str) -> tuple[str, ...]:
    """Name what is registered in a group, without loading it.

    Args:
        group: such as "pico_banana.exporters".

    Returns:
        The names, sorted, each once.
    """
    return tuple(sorted({point.name for point in entry_points(group=group)}))


def load_plugin(group: str, name: str) -> object | None:
    """Load what a package registered under a name.

    Args:
        group: such as "pico_banana.exporters".
        name: of the entry point.

    Returns:
        The object; None where nothing has that name.

    Raises:
        ConfigError: the package's code cannot be loaded.
    """
    for point in entry_points(group=group, name=name):
        try:
            loaded: object = point.load()
        except Exception as error:  # a stranger's module may raise anything while it is imported
            owner = f" of {point.dist.name}" if point.dist else ""
            text = (
                f"the plug-in {name!r}{owner} cannot be loaded: {point.value} ({type(error).__name__}: {error}); "
                f"mend its entry point in group {group}, or uninstall it"
            )
            raise ConfigError(text, key=name) from error
        return loaded
    return None
