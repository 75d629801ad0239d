"""`python -P -m app`: the same door as the command `entitlement-ledger`.

What belongs here: nothing but the call. What does not: commands (`cli`).
"""

from app.cli import main

if __name__ == "__main__":
    main()
