"""The emulator's own tests. Each extension is seen through boto3, so through botocore's own parsers."""
