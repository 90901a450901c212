"""States of an AWS account, made in the emulator with boto3. See tests/seed.py."""
