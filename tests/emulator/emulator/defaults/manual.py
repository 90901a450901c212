"""Account contacts, support, AWS Health, Incident Manager, Artifact: an account with Basic support and no alternate contacts."""

_PLAN = {"error": {"code": "SubscriptionRequiredException", "message": "Amazon Web Services Premium Support Subscription is required to use this service.", "status": 400}}

DEFAULTS = [
    ("account", "GetContactInformation", {"ContactInformation": {
        "FullName": "Example Inc.", "PhoneNumber": "+1 555 0100", "CompanyName": "Example Inc.", "AddressLine1": "1 Example Street", "City": "Seattle",
        "PostalCode": "98101", "CountryCode": "US"}}),
    ("account", "GetAlternateContact", {"error": {"code": "ResourceNotFoundException", "message": "No contact of the inputted alternate contact type found.", "status": 404}}),
    ("account", "GetPrimaryEmail", {"error": {"code": "AccessDeniedException", "message": "The request must come from the management account.", "status": 403}}),
    ("artifact", "ListReports", {"reports": []}),
    ("health", "DescribeEvents", _PLAN),
    ("ssm-incidents", "ListResponsePlans", {"responsePlanSummaries": []}),
    ("support", "DescribeTrustedAdvisorCheckResult", _PLAN),
    ("support", "DescribeTrustedAdvisorCheckSummaries", _PLAN),
    ("support", "DescribeTrustedAdvisorChecks", _PLAN),
]
