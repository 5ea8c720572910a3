"""Every way of being reached, with what was last said of it."""

from datetime import timedelta
from typing import Any

from contacts.models import TouchKind
from contacts.selectors import Way, ways
from contacts.services.consent import set_consent
from tests.cast import AT
from tests.contacts.crowd import make_people

LATER = AT + timedelta(days=365)


def test_the_last_word_counts_with_how_we_know_it(acme: Any, inside: Any) -> None:
    ann, ben = make_people(acme, "ann", "ben")
    with inside(acme):
        for is_granted, evidence, at in ((True, "said so", LATER), (False, "asked us to stop", 2 * (LATER - AT) + AT)):
            told: dict[str, Any] = {"touch_kind": "private_chat", "is_granted": is_granted, "evidence": evidence}
            set_consent(tenant=acme, contact_ids=[ann], actor="bob", at=at, **told)

        hers, his = (ways(tenant=acme, contact_id=pk) for pk in (ann, ben))

    assert hers == [Way(TouchKind.PRIVATE_CHAT, False, AT + timedelta(days=730), "asked us to stop", "bob")]
    assert his == [Way(TouchKind.PRIVATE_CHAT)]
    assert [way.is_refused for way in (*hers, *his)] == [True, False]
