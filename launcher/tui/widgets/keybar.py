"""The keys that work now, at the bottom of every screen; each can be clicked too."""

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal
from textual.content import Content
from textual.screen import Screen

from launcher.i18n import Translator
from launcher.tui.widgets.text import Line, plain


class KeyHint(Line):
    """One key and what it does."""

    ALLOW_SELECT = False

    def __init__(self, binding: Binding, shown_key: str, description: str) -> None:
        super().__init__()
        self.key = binding.key
        self.update(Content.assemble((shown_key, "bold $primary"), " ", plain(description)))

    def on_click(self) -> None:
        self.app.simulate_key(self.key)


class KeyBar(Horizontal):
    """Descriptions of bindings are keys of the catalogs, so that they follow the language."""

    def __init__(self, t: Translator) -> None:
        super().__init__()
        self._t = t
        self._shown: list[tuple[str, str]] = []

    def on_mount(self) -> None:
        self.screen.bindings_updated_signal.subscribe(self, self._bindings_changed)
        self.refresh(recompose=True)

    def on_unmount(self) -> None:
        self.screen.bindings_updated_signal.unsubscribe(self)

    def compose(self) -> ComposeResult:
        for binding in self._bindings_to_show():
            yield KeyHint(binding, self.app.get_key_display(binding), self._t(binding.description))

    def _bindings_changed(self, screen: Screen[object]) -> None:
        shown = [(binding.key, binding.action) for binding in self._bindings_to_show()]
        if self.is_attached and shown != self._shown:
            self._shown = shown
            self.refresh(recompose=True)

    def _bindings_to_show(self) -> list[Binding]:
        found = [
            active.binding
            for active in self.screen.active_bindings.values()
            if active.binding.show and active.enabled
        ]
        # What belongs to this screen first, then the way back, then what works everywhere.
        last = ("cancel", "back", "app.language", "app.leave")
        return sorted(found, key=lambda one: last.index(one.action) if one.action in last else -1)
