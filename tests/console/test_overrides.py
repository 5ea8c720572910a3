"""Templates of unfold that ours extend or replace: when one of them changes, ours must be looked at again."""

import hashlib
from pathlib import Path

import pytest
import unfold

UPSTREAM = Path(unfold.__file__).parent / "templates"
OURS = Path(__file__).parents[2] / "templates"
PINNED = {
    "admin/change_form.html": "e9824d4d8a447d97",
    "admin/change_list.html": "5885c39760f6085d",
    "unfold/helpers/empty_results.html": "5f4727a37a99da76",
    "unfold/helpers/command.html": "ae6ce324d8536613",
    "unfold/helpers/welcomemsg.html": "e8eab02522ba2319",
    "unfold/layouts/skeleton.html": "66af9f0bb45f98ba",
    "unfold/helpers/pagination_default.html": "a6c793aea686e443",
    "unfold/helpers/navigation.html": "fd819dae3473c0be",
}


@pytest.mark.parametrize("name", sorted(PINNED))
def test_the_replaced_template_is_the_one_that_was_read(name: str) -> None:
    assert hashlib.sha256((UPSTREAM / name).read_bytes()).hexdigest()[:16] == PINNED[name]


def test_every_replaced_template_is_pinned() -> None:
    ours = {str(path.relative_to(OURS)) for path in OURS.rglob("*.html")}
    replaced = {name for name in ours if (UPSTREAM / name).exists()}

    assert replaced <= set(PINNED)
    assert len(replaced) <= 6
