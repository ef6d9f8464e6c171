"""The public set of the Fraud Detection Handbook: what its columns are called, and what they mean.

`../prepare.py` writes its one table as the two sources that are read here.
"""

import mintmark as mm

card = mm.Entity("card", type="integer")
terminal = mm.Entity("terminal", type="integer")

payment = mm.Event(
    "payment",
    id="payment_id",
    id_type="integer",
    at="paid_at",
    keys={"card": card, "terminal": terminal},
    # Amounts stand there as floating-point numbers of two places; here they are whole cents.
    fields={"amount": mm.Money("EUR")},
    # Times stand there without a zone, so the zone is declared. Else they would be refused.
    zone="UTC",
    columns={
        "payment_id": "TRANSACTION_ID",
        "paid_at": "TX_DATETIME",
        "card": "CUSTOMER_ID",
        "terminal": "TERMINAL_ID",
        "amount": "TX_AMOUNT",
    },
)

# The authors take a fraud to be known exactly seven days after the payment.
chargeback = mm.Event(
    "chargeback",
    id="case_id",
    id_type="integer",
    at="paid_at",
    known_at="at + 7d",
    keys={},
    fields={"fraud": mm.Flag()},
    refers_to=payment,
    zone="UTC",
    columns={
        "case_id": "CASE_ID",
        "paid_at": "TX_DATETIME",
        "payment_id": "TRANSACTION_ID",
        "fraud": "TX_FRAUD",
    },
)

fraud = mm.Label(chargeback["fraud"], of=payment, mature_after="7d", otherwise=False)
