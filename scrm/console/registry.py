"""Which models the admin engine serves, and how. Nothing registers itself."""

from acquisition.admin import ChannelAdmin, SpendAdmin
from acquisition.models import Channel, Spend
from contacts.admin import TagAdmin, TagGroupAdmin
from contacts.models import Tag, TagGroup
from orders.admin import SourceAdmin
from orders.models import Source
from tenants.admin import FxRateAdmin
from tenants.models import FxRate

REGISTERED = [
    (TagGroup, TagGroupAdmin),
    (Tag, TagAdmin),
    (Channel, ChannelAdmin),
    (Spend, SpendAdmin),
    (Source, SourceAdmin),
    (FxRate, FxRateAdmin),
]
