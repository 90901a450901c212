"""Storage Gateway: an account that does not use it. moto does not have the service."""

DEFAULTS = [
    ("storagegateway", "ListFileShares", {"FileShareInfoList": []}),
]
