"""One field of one event."""

import mintmark as mm

payment = mm.Event("payment", id="id", at="at", fields={"amount": mm.Money("EUR")})
features = mm.Features(payment, amount=payment["amount"])
