"""Money as integer minor units: parsing, converting, splitting and printing, half up, without floats."""

from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal

# ISO 4217: currencies whose minor unit is not a hundredth, and those in use with one.
_NO_DECIMALS = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF".split()
_THREE_DECIMALS = "BHD IQD JOD KWD LYD OMR TND".split()
_TWO_DECIMALS = """
AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CNY COP CRC CUP
CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR
KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN
PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD
TZS UAH USD UYU UZS VED VES WST XCD YER ZAR ZMW ZWG
""".split()
EXPONENTS = dict.fromkeys(_TWO_DECIMALS, 2) | dict.fromkeys(_NO_DECIMALS, 0) | dict.fromkeys(_THREE_DECIMALS, 3)
MAX_MINOR = 10**15


class UnknownCurrency(ValueError):
    """Not an ISO 4217 currency."""


class TooManyDecimals(ValueError):
    """More places after the point than the currency has."""


def exponent(currency: str) -> int:
    """How many decimals a currency has.

    Raises: UnknownCurrency
    """
    try:
        return EXPONENTS[currency]
    except KeyError:
        raise UnknownCurrency(currency) from None


def to_minor(amount: str | Decimal, currency: str) -> int:
    """`"139.12"` GBP → 13912.

    Raises: UnknownCurrency, TooManyDecimals
    """
    scaled = Decimal(amount).scaleb(exponent(currency))
    if scaled != scaled.to_integral_value():
        raise TooManyDecimals(f"{currency} has {exponent(currency)} decimals")
    return int(scaled)


def to_decimal(amount_minor: int, currency: str) -> Decimal:
    """13912 GBP → `Decimal("139.12")`."""
    return Decimal(amount_minor).scaleb(-exponent(currency))


def to_string(amount_minor: int, currency: str) -> str:
    """13912 GBP → `"139.12"`, as the API writes it."""
    return f"{to_decimal(amount_minor, currency):f}"


def convert(amount_minor: int, *, currency: str, rate: Decimal, to: str) -> int:
    """An amount in another currency, at `rate` units of it for one, rounded half up."""
    exact = Decimal(amount_minor) * rate
    return int(exact.scaleb(exponent(to) - exponent(currency)).to_integral_value(ROUND_HALF_UP))


def days_of_month(*, month: date, amount_minor: int) -> dict[date, int]:
    """A month's amount by day: largest remainder, earliest days first, so that any cut re-sums to the unit."""
    first = month.replace(day=1)
    count = ((first + timedelta(days=32)).replace(day=1) - first).days
    share, rest = divmod(amount_minor, count)
    return {first + timedelta(days=day): share + (day < rest) for day in range(count)}
