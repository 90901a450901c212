"""Storage Gateway, API Gateway: an account that does not use them. moto does not have the one, and for the other needs
packages that are not installed."""

DEFAULTS = [
    ("apigateway", "GetRestApis", {"items": []}),
    ("storagegateway", "ListFileShares", {"FileShareInfoList": []}),
]
