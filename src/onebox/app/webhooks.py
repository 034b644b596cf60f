"""Builds what channels serve to the world: the webhook of each account that has one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from onebox.app.accounts import WhatsappAccount

if TYPE_CHECKING:
    from collections.abc import Mapping

    from onebox.app.accounts import AccountSettings
    from onebox.kernel.clock import Clock
    from onebox.messaging.chat import Reception
    from onebox.messaging.endpoint import Endpoint


def build_endpoint(
    name: str,
    accounts: Mapping[str, AccountSettings],
    *,
    secrets: Mapping[str, str],
    reception: Reception,
    clock: Clock,
) -> Endpoint | None:
    """The endpoint of an account, for `/channels/…`; None where its channel has none. A new one adds its line here."""
    match accounts[name]:
        case WhatsappAccount() as account:
            from onebox.channels.whatsapp.endpoint import WhatsappEndpoint

            return WhatsappEndpoint(
                account=name,
                numbers=_numbers_of_app(secrets[account.app_secret], accounts, secrets),
                app_secret=secrets[account.app_secret],
                verify_token=secrets[account.verify_token],
                reception=reception,
                clock=clock,
            )
    return None


def _numbers_of_app(
    app_secret: str, accounts: Mapping[str, AccountSettings], secrets: Mapping[str, str]
) -> dict[str, str]:
    """The accounts whose calls this app's secret signs, by the id of their phone number."""
    return {
        account.number: name
        for name, account in accounts.items()
        if isinstance(account, WhatsappAccount) and secrets[account.app_secret] == app_secret
    }
