"""Identity Center, Access Analyzer, CloudFormation: accounts that do not use them."""

DEFAULTS = [
    ("accessanalyzer", "ListAnalyzers", {"analyzers": []}),
    # moto's CloudFormation needs packages that the tests do not.
    ("cloudformation", "ListStacks", {"StackSummaries": []}),
    # moto makes an instance of Identity Center in every account.
    ("sso-admin", "ListInstances", {"Instances": []}),
]
