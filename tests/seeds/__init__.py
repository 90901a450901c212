"""States of an AWS account, made in the emulator with boto3. See __main__.py."""
