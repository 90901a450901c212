"""Identity Center, Access Analyzer, CodePipeline: accounts that do not use them."""

DEFAULTS = [
    ("accessanalyzer", "ListAnalyzers", {"analyzers": []}),
    # moto makes an instance of Identity Center in every account.
    ("sso-admin", "ListInstances", {"Instances": []}),
]
