"""Looking at a page as a designer and as an accessibility checker would, in both themes."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

Scheme = Literal["light", "dark"]
SCHEMES: tuple[Scheme, ...] = ("light", "dark")
DARK = """(wanted) => {
  const shown = getComputedStyle(document.querySelector('[data-testid=stApp]')).backgroundColor;
  const [red] = shown.match(/\\d+/g).map(Number);
  return (red < 128) === wanted;
}"""


@dataclass(frozen=True, slots=True)
class Looker:
    """Looks at what is on the screen now; keeps pictures where a folder is given."""

    page: Page
    folder: Path | None = None

    @contextmanager
    def theme(self, scheme: Scheme) -> Iterator[None]:
        """Show the page in one theme, then in the light one again."""
        self.page.emulate_media(color_scheme=scheme)
        self.page.wait_for_function(DARK, arg=scheme == "dark")
        yield
        self.page.emulate_media(color_scheme="light")
        self.page.wait_for_function(DARK, arg=False)

    def look(self, name: str) -> None:
        """Check the page in both themes, keep its pictures; axe may find nothing serious."""
        for scheme in SCHEMES:
            with self.theme(scheme):
                self.picture(f"{name}-{scheme}")
                assert serious(self.page) == [], f"{name}, {scheme}"

    def picture(self, name: str) -> None:
        """Keep a picture of the screen, and one of the whole page where that is longer."""
        if self.folder is None:
            return
        self.page.screenshot(path=self.folder / f"{name}.png")
        longer = self.page.evaluate(
            "() => { const main = document.querySelector('[data-testid=stMain]');"
            " return main && main.scrollHeight > main.clientHeight + 4 ? main.scrollHeight : 0; }"
        )
        if longer:
            before = self.page.viewport_size
            self.page.set_viewport_size({"width": before["width"], "height": int(longer)})
            self.page.screenshot(path=self.folder / f"{name}-whole.png")
            self.page.set_viewport_size(before)


def serious(page: Page) -> list[str]:
    """Return what axe finds serious or critical on the page."""
    found = Axe().run(page).response["violations"]
    return [f"{v['id']}: {v['nodes'][0]['html'][:300]}" for v in found if v["impact"] in ("serious", "critical")]
