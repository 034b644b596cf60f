"""Money: minor units (cents) and an ISO 4217 currency, never a fraction."""

from __future__ import annotations

import re

from onebox.kernel.errors import OneboxError
from onebox.kernel.nearest import did_you_mean

_NO_DECIMALS = frozenset("BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF".split())
_THREE_DECIMALS = frozenset("BHD IQD JOD KWD LYD OMR TND".split())
_TWO_DECIMALS = frozenset(
    "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CNY COP CRC CUP "
    "CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES "
    "KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK "
    "NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB "
    "TJS TMT TOP TRY TTD TWD TZS UAH USD UYU UZS VES WST XCD XCG YER ZAR ZMW ZWG".split()
)
CURRENCIES = _NO_DECIMALS | _TWO_DECIMALS | _THREE_DECIMALS
_AMOUNT = re.compile(r"([0-9]{1,9})(?:\.([0-9]{1,3}))?")


class MoneyInvalid(OneboxError):
    """A text that is no currency, or no amount of it."""

    code = "money_invalid"


def decimals(currency: str) -> int:
    """How many digits its minor unit has. Raises MoneyInvalid.

    >>> [decimals(currency) for currency in ("EUR", "JPY", "KWD")]
    [2, 0, 3]
    """
    if currency in _TWO_DECIMALS:
        return 2
    if currency not in CURRENCIES:
        near = did_you_mean(currency.upper(), sorted(CURRENCIES))
        raise MoneyInvalid(f"{currency!r} is no currency of ISO 4217{near}")
    return 3 if currency in _THREE_DECIMALS else 0


def minor_units(text: str, currency: str) -> int:
    """The amount that a text names. Raises MoneyInvalid.

    >>> minor_units("85.00", "EUR"), minor_units("85.5", "EUR"), minor_units("85", "JPY")
    (8500, 8550, 85)
    """
    digits = decimals(currency)
    example = f"85.{'0' * digits}" if digits else "85"
    found = _AMOUNT.fullmatch(text)
    if found is None:
        raise MoneyInvalid(f'expected an amount such as "{example}", got {text!r}')
    fraction = found[2] or ""
    if len(fraction) > digits:
        most = f"{digits} digits behind the point" if digits else "no digits behind a point"
        raise MoneyInvalid(f"{currency} has {most}, got {text!r}")
    return int(found[1] + fraction.ljust(digits, "0"))
