"""What services refuse, as problems that point at the field."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.http import Http404
from django.utils.translation import gettext as _

from contacts.attributes import InvalidAttribute
from contacts.models import Attribute, Contact, Note, Tag, TagGroup
from contacts.notes import InvalidNote
from contacts.services.tag_catalogue import NameIsTaken, TagGroupHasTags, UnknownTagGroup
from contacts.tags import InvalidTag
from tenants.api.problems import ApiProblem
from tenants.results import FieldError

_NOT_THERE = tuple(model.DoesNotExist for model in (Attribute, Contact, Note, Tag, TagGroup))


@contextmanager
def refusals() -> Iterator[None]:
    """Answer a service's refusal: 400 for what a field says, 404 for what is not there, 409 for what is in use."""
    try:
        yield
    except _NOT_THERE:
        raise Http404 from None
    except InvalidTag:
        said = _("Send 1 to 60 characters without control characters; a group's name has no slash.")
        raise refused("/name", "invalid_name", said) from None
    except UnknownTagGroup:
        raise refused("/group_id", "unknown_group", _("There is no such tag group.")) from None
    except NameIsTaken:
        raise refused("/name", "name_taken", _("This name is taken.")) from None
    except InvalidNote as error:
        raise refused("/text", "invalid_note", str(error)) from None
    except InvalidAttribute as error:
        raise refused(f"/{error.field}", error.code, str(error)) from None
    except TagGroupHasTags:
        raise ApiProblem(409, _("This group has tags; delete or move them first.")) from None


def refused(pointer: str, code: str, detail: str) -> ApiProblem:
    """A body of which one field cannot be used."""
    return ApiProblem(400, "The body cannot be used; see errors.", errors=[FieldError(pointer, code, detail)])
