"""Entry of the executable zip: `python3 supervisor.pyz VERB --nonce N [--request BASE64_OF_JSON]`."""

from runctl_supervisor.cli import main

if __name__ == "__main__":
    main()
