"""CloudTrail: trails, their state and their regions."""

from __future__ import annotations

import datetime

from seeds.build import HOME, SECOND, Builder

from .calls import code


def test_trails(aws):
    b, bucket = Builder(aws), f"trail-{aws.number}"
    b.trail_bucket(bucket)
    arn = b.trail("main", bucket, days=30, logging=False)
    home, away = aws.client("cloudtrail"), aws.client("cloudtrail", SECOND)
    status = home.get_trail_status(Name="main")
    assert status["IsLogging"] is False and "LatestDeliveryTime" not in status
    b.trails(days=30).start_logging(Name=arn)
    status = away.get_trail_status(Name=arn)
    assert status["IsLogging"] and aws.now() - status["LatestDeliveryTime"] < datetime.timedelta(hours=1) and status["LatestDigestDeliveryTime"]
    aws.control("trail", name="main", delivery_hours_ago=30, digest_hours_ago=50, delivery_error="AccessDenied")
    status = home.get_trail_status(Name=arn)
    assert 29 < (aws.now() - status["LatestDeliveryTime"]).total_seconds() / 3600 < 31 and status["LatestDeliveryError"] == "AccessDenied"
    assert away.get_event_selectors(TrailName=arn)["EventSelectors"] == [
        {"ReadWriteType": "All", "IncludeManagementEvents": True, "DataResources": [], "ExcludeManagementEventSources": []}]
    shadow, = away.describe_trails()["trailList"]
    assert shadow["HomeRegion"] == HOME and shadow["TrailARN"] == arn and shadow["LogFileValidationEnabled"]
    assert away.describe_trails(includeShadowTrails=False)["trailList"] == []
    assert code(lambda: away.stop_logging(Name=arn)) == (400, "InvalidHomeRegionException")
    assert code(lambda: away.get_event_selectors(TrailName="main")) == (400, "TrailNotFoundException")
    home.put_event_selectors(TrailName="main", AdvancedEventSelectors=[{"FieldSelectors": [{"Field": "eventCategory", "Equals": ["Management"]}]}])
    selectors = away.get_event_selectors(TrailName=arn)
    assert selectors["AdvancedEventSelectors"] and not selectors.get("EventSelectors")
    home.put_event_selectors(TrailName="main", EventSelectors=[{"ReadWriteType": "WriteOnly"}])
    selectors = home.get_event_selectors(TrailName="main")
    assert selectors["EventSelectors"][0]["ReadWriteType"] == "WriteOnly" and not selectors.get("AdvancedEventSelectors")
    home.stop_logging(Name="main")
    assert home.get_trail_status(Name="main")["StopLoggingTime"]
