-- Shared by the controls alarm-*: does somebody learn of each event of the control?
WITH
-- Every form of the control's events, and whether the chosen level requires it.
wanted AS MATERIALIZED (
  SELECT e.account, e.event, e.name, e.form, e.region AS event_region, e.source,
    CASE WHEN e.level = 'seed' OR :level = 'extended' OR (e.level = 'cis' AND :level = 'cis') THEN 1 ELSE 0 END AS required
  FROM monitored_event e
  WHERE e.control = :control
    AND e.mechanism = CASE :mechanism WHEN 'eventbridge' THEN 'eventbridge' ELSE 'cloudwatch' END
),
-- Trails that stream, and the log groups in which filters can see their events.
stream AS MATERIALIZED (
  SELECT t.account, t.arn, t.home_region, t.multi_region, v.verdict,
    -- Which trail it is, in the words of cloudtrail-to-cloudwatch.
    replace(replace(replace(v.reason, 'The trail ', 'The trail ' || coalesce(t.name, t.arn) || ' '),
      'the log group', 'the log group of ' || coalesce(t.name, t.arn)), 'The log group ', 'The log group of ' || coalesce(t.name, t.arn) || ' ') AS reason,
    -- How near it came: the farther the test got, the nearer.
    CASE WHEN t.log_group_arn IS NULL THEN 0 WHEN v.reason LIKE 'Nothing was ever delivered%' THEN 1 WHEN v.reason LIKE '%failed with%' THEN 2
      WHEN v.reason LIKE '%hours ago%' THEN 3 ELSE 4 END AS came,
    g.region, g.name AS log_group, g.class,
    v.verdict IN ('pass', 'accepted') AND t.multi_region = 1 AND g.class = 'STANDARD' AS hears
  FROM cloudtrail_trail t
  JOIN verdict v ON v.control = 'cloudtrail-to-cloudwatch' AND v.account = t.account AND v.resource = t.arn
  LEFT JOIN logs_log_group g ON g.account = t.account
    AND g.arn = CASE WHEN t.log_group_arn LIKE '%:*' THEN substr(t.log_group_arn, 1, length(t.log_group_arn) - 2)
                     ELSE t.log_group_arn END
  WHERE :mechanism = 'cloudwatch'
),
-- Whether what an alarm notifies, itself or by the composite alarms that it sets off, comes to anybody: 2 it does, 1 perhaps, 0 no.
alarm_reach AS MATERIALIZED (
  SELECT a.account, a.region, a.alarm_arn, max(CASE n.reaches WHEN 1 THEN 2 WHEN 0 THEN 0 ELSE 1 END) AS reach,
    group_concat(n.fault, ', and ') AS fault
  FROM (SELECT DISTINCT account, region, alarm_arn, actions_enabled, composites FROM metric_filter_alarm WHERE live = 1) a
  JOIN (SELECT DISTINCT account, region, notifier, notifier_name, kind, reaches, fault FROM notification ORDER BY fault) n
    ON n.account = a.account AND n.region = a.region
    AND ((n.kind = 'alarm' AND n.notifier = a.alarm_arn AND a.actions_enabled = 1)
      OR (n.kind = 'composite' AND n.notifier_name IN (SELECT value FROM json_each(a.composites))))
  GROUP BY a.account, a.region, a.alarm_arn
),
rule_reach AS MATERIALIZED (
  SELECT account, notifier AS rule_arn, max(CASE reaches WHEN 1 THEN 2 WHEN 0 THEN 0 ELSE 1 END) AS reach,
    group_concat(fault, ', and ') AS fault
  FROM (SELECT DISTINCT account, notifier, reaches, fault FROM notification WHERE kind = 'rule' ORDER BY fault)
  GROUP BY account, notifier
),
-- Each filter with the best alarm behind it: 2 works, 1 is in doubt, 0 does not work.
rated AS MATERIALIZED (
  SELECT f.*, n.fault AS reach_fault,
    CASE WHEN f.live = 0 OR f.events_needed > :max_threshold THEN 0
         WHEN f.live = 1 AND f.events_needed IS NOT NULL THEN coalesce(n.reach, 1) ELSE 1 END AS works
  FROM metric_filter_alarm f
  LEFT JOIN alarm_reach n ON n.account = f.account AND n.region = f.region AND n.alarm_arn = f.alarm_arn
  WHERE :mechanism = 'cloudwatch' AND EXISTS (SELECT 1 FROM stream s WHERE s.hears
    AND s.account = f.account AND s.region = f.region AND s.log_group = f.log_group_name)
),
filter AS MATERIALIZED (
  SELECT account, region, log_group_name, filter, pattern_error, fires_on_everything, works, source,
    filter || CASE WHEN works > 0 THEN coalesce(' with the alarm ' || alarm_name, '') ELSE '' END AS said,
    CASE WHEN fires_on_everything = 1 THEN filter || ' also fires on everyday events'
         WHEN live = 1 AND events_needed > :max_threshold THEN filter || ' feeds the alarm ' || alarm_name || ', which needs '
           || events_needed || ' events in a period, more than ' || :max_threshold
         WHEN works < 2 THEN filter || ': ' || coalesce(fault, reach_fault, 'whether its alarm reaches anybody is not known') || coalesce(' (' || alarm_name || ')', '')
         WHEN fires_on_everything IS NULL THEN filter || ': whether it fires on everyday events is not known'
    END AS fault,
    nullif(substr(
      CASE WHEN state_value = 'ALARM' AND strftime('%s', :as_of) - strftime('%s', state_updated_at) > 86400
           THEN '; the alarm ' || alarm_name || ' has been on since ' || state_updated_at || ' and cannot go off again'
           ELSE '' END
      || CASE WHEN treat_missing_data = 'breaching'
              THEN '; the alarm ' || alarm_name || ' also goes off when there is no data' ELSE '' END
      || CASE WHEN period > 3600 THEN '; the alarm ' || alarm_name || ' looks at periods of ' || period || ' seconds'
              ELSE '' END
      || CASE WHEN excluded_callers <> '[]' THEN '; the filter ' || filter || ' leaves out the callers ' || excluded_callers
              ELSE '' END, 3), '') AS note
  FROM (SELECT r.*, row_number() OVER (
      PARTITION BY account, region, log_group_name, filter ORDER BY works DESC, alarm_name, position) AS place
    FROM rated r)
  WHERE place = 1
),
-- Which filter or rule tells of which form.
told AS MATERIALIZED (
  SELECT w.account, w.event, w.form, w.event_region, f.said, f.fault, f.note, f.source,
    CASE WHEN f.fires_on_everything = 1 THEN 0
         WHEN f.works = 2 AND (m.matched IS NULL OR f.fires_on_everything IS NULL) THEN 1
         ELSE f.works END AS works
  FROM wanted w
  JOIN filter_event m ON m.control = :control AND m.account = w.account AND m.event = w.event
    AND m.form = w.form AND m.event_region = w.event_region
  JOIN filter f ON f.account = m.account AND f.region = m.region AND f.log_group_name = m.log_group_name
    AND f.filter = m.filter
  WHERE :mechanism = 'cloudwatch'
  UNION ALL
  SELECT w.account, w.event, w.form, w.event_region,
    r.name || coalesce(' by way of ' || r.via, ''),
    CASE WHEN r.fires_on_everything = 1 AND r.alerts IS NOT NULL THEN r.name || ' also fires on everyday events'
         WHEN r.alerts IS NULL THEN r.name || ': whether it tells anybody is not known'
         WHEN coalesce(n.reach, 1) < 2 THEN r.name || ': ' || coalesce(n.fault, 'whether it reaches anybody is not known') END,
    CASE WHEN t.excluded_callers <> '[]' THEN 'the rule ' || r.name || ' leaves out the callers ' || t.excluded_callers END,
    r.source,
    -- A rule whose targets could not be read may only pass events on, to a rule that chooses.
    CASE WHEN r.fires_on_everything = 1 AND r.alerts IS NOT NULL THEN 0 WHEN r.alerts = 1 THEN coalesce(n.reach, 1) ELSE 1 END
  FROM wanted w
  JOIN rule_event r ON r.control = :control AND r.account = w.account AND r.event = w.event
    AND r.form = w.form AND r.event_region = w.event_region
  LEFT JOIN event_rule_target t ON t.account = r.account AND t.rule_arn = r.rule_arn
  LEFT JOIN rule_reach n ON n.account = r.account AND n.rule_arn = r.rule_arn
  WHERE :mechanism = 'eventbridge'
),
form AS MATERIALIZED (
  SELECT w.*, CASE WHEN :mechanism = 'eventbridge' THEN w.event_region END AS place,
    coalesce((SELECT max(t.works) FROM told t WHERE t.account = w.account AND t.event = w.event
      AND t.form = w.form AND t.event_region = w.event_region), -1) AS works
  FROM wanted w
),
event AS MATERIALIZED (
  SELECT account, event, name, required, place, min(works) AS works, min(source) AS source
  FROM form GROUP BY account, event, name, required, place
),
-- What is the same for all events of an account.
here AS MATERIALIZED (
  SELECT a.account, a.region, a.source,
    (SELECT v.verdict FROM control_verdict v
      WHERE v.control = 'cloudtrail-all-regions' AND v.account = a.account) AS recorded,
    (SELECT min(s.region) FROM stream s WHERE s.account = a.account AND s.hears) AS group_region,
    (SELECT min(s.home_region) FROM stream s WHERE s.account = a.account) AS home_region,
    (SELECT max(CASE s.verdict WHEN 'unknown' THEN 3 WHEN 'pass' THEN 2 WHEN 'accepted' THEN 2 WHEN 'fail' THEN 1 ELSE 0 END)
      FROM stream s WHERE s.account = a.account) AS streams,
    (SELECT s.reason FROM stream s WHERE s.account = a.account AND s.verdict = 'unknown'
      ORDER BY s.came DESC, s.multi_region DESC, s.arn LIMIT 1) AS unseen,
    (SELECT s.reason FROM stream s WHERE s.account = a.account AND s.verdict = 'fail'
      ORDER BY s.came DESC, s.multi_region DESC, s.arn LIMIT 1) AS dry,
    (SELECT s.class FROM stream s WHERE s.account = a.account AND s.verdict IN ('pass', 'accepted') AND s.multi_region = 1
      AND s.log_group IS NOT NULL ORDER BY s.class IS NOT NULL, s.class LIMIT 1) AS class,
    (SELECT max(s.multi_region) FROM stream s
      WHERE s.account = a.account AND s.verdict IN ('pass', 'accepted')) AS all_regions,
    (SELECT CASE WHEN o.present = 0 THEN 'The account is in no organization.'
                 WHEN o.management_account <> a.account THEN
                   'The organization is managed by ' || o.management_account || '; changes to it are seen there.'
                 WHEN o.management_account = a.account THEN 'managed here' END
      FROM organizations_organization o WHERE o.account = a.account) AS organization
  FROM account a
),
-- What could not be looked at in a place leaves what was not found there open.
judged AS MATERIALIZED (
  SELECT e.*, h.region AS account_region, h.source AS account_source, h.recorded, h.group_region, h.home_region,
    h.streams, h.unseen, h.dry, h.class, h.all_regions,
    CASE WHEN e.event NOT LIKE 'organizations:%' THEN 'managed here' ELSE h.organization END AS organization,
    (SELECT min(g.code || ': ' || g.operation || ' failed in ' || g.region || '.') FROM gap g
      WHERE g.account = e.account AND (
        (:mechanism = 'cloudwatch' AND g.region = h.group_region
          AND g.operation IN ('logs:DescribeMetricFilters', 'cloudwatch:DescribeAlarms'))
        OR (:mechanism = 'eventbridge' AND g.operation IN ('events:ListEventBuses', 'events:ListRules')
          AND (g.region = e.place OR EXISTS (SELECT 1 FROM event_rule_target r WHERE r.account = e.account
            AND r.region = e.place AND instr(r.targets, ':events:' || g.region || ':') > 0))))) AS unread,
    (SELECT group_concat(said, '; ') FROM (
      SELECT f.filter || ': ' || f.pattern_error AS said FROM filter f
        WHERE f.account = e.account AND f.pattern_error IS NOT NULL AND f.works > 0
      UNION ALL
      SELECT r.name || ': ' || r.pattern_error FROM event_rule_target r
        WHERE :mechanism = 'eventbridge' AND r.account = e.account AND r.enabled = 1 AND r.pattern_error IS NOT NULL
      ORDER BY 1)) AS unjudged,
    (SELECT group_concat(said, ', ') FROM (SELECT DISTINCT t.said FROM told t WHERE t.account = e.account
      AND t.event = e.event AND t.event_region = coalesce(e.place, t.event_region) AND t.works = 2 ORDER BY 1)) AS by,
    (SELECT group_concat(note, '; ') FROM (SELECT DISTINCT t.note FROM told t WHERE t.account = e.account
      AND t.event = e.event AND t.event_region = coalesce(e.place, t.event_region) AND t.works = 2
      AND t.note IS NOT NULL ORDER BY 1)) AS notes,
    (SELECT group_concat(said, '; ') FROM (SELECT DISTINCT f.form || ' in ' || f.event_region AS said FROM form f
      WHERE f.account = e.account AND f.event = e.event AND f.event_region = coalesce(e.place, f.event_region)
      AND f.works = e.works ORDER BY 1)) AS missed,
    (SELECT group_concat(fault, '; ') FROM (SELECT DISTINCT t.fault FROM told t WHERE t.account = e.account
      AND t.event = e.event AND t.event_region = coalesce(e.place, t.event_region) AND t.works < 2 ORDER BY 1)) AS faults,
    (SELECT t.source FROM told t WHERE t.account = e.account AND t.event = e.event
      AND t.event_region = coalesce(e.place, t.event_region) ORDER BY t.works DESC, t.said LIMIT 1) AS told_source,
    (SELECT max(x.i) FROM exchange x WHERE x.account = e.account AND x.region = coalesce(e.place, h.group_region)
      AND x.operation = CASE :mechanism WHEN 'eventbridge' THEN 'events:ListRules' ELSE 'logs:DescribeMetricFilters' END
      ) AS list_source,
    EXISTS (SELECT 1 FROM region r WHERE r.account = e.account AND r.name = e.place AND r.in_scope = 1) AS in_scope,
    -- A record of a rule in a SIEM counts if the rule was tried, by one person, and reviewed by another.
    (SELECT max(CASE WHEN julianday(json_extract(f.data, '$.tested_on')) <= julianday(:as_of)
        AND f.reviewer <> f.performer THEN 1 ELSE 0 END)
      FROM fact f WHERE f.control = :control AND f.kind = 'siem_rule' AND f.subject IN (e.event, e.name)
      AND coalesce(f.account, e.account) = e.account) AS recorded_rule,
    (SELECT group_concat(said, '; ') FROM (SELECT DISTINCT json_extract(f.data, '$.rule') || ' to '
        || json_extract(f.data, '$.recipient') || ', tried ' || json_extract(f.data, '$.tested_on') AS said
      FROM fact f WHERE f.control = :control AND f.kind = 'siem_rule' AND f.subject IN (e.event, e.name)
      AND coalesce(f.account, e.account) = e.account ORDER BY 1)) AS siem_rules
  FROM event e
  JOIN here h ON h.account = e.account
),
-- The first thing that decides: a word for it, from which verdict and reason follow.
decided AS MATERIALIZED (
  SELECT j.*,
    CASE
      WHEN organization IS NULL THEN 'organization-unknown'
      WHEN organization <> 'managed here' THEN 'not-here'
      WHEN :mechanism = 'siem' AND recorded_rule = 1 THEN 'siem'
      WHEN :mechanism = 'siem' AND recorded_rule = 0 THEN 'siem-bad'
      WHEN :mechanism = 'siem' AND :period_closed THEN 'siem-closed'
      WHEN :mechanism = 'siem' THEN 'siem-missing'
      WHEN recorded = 'fail' THEN 'no-trail'
      WHEN coalesce(recorded, '') NOT IN ('pass', 'pass-with-exceptions') THEN 'trail-unknown'
      WHEN :mechanism = 'eventbridge' AND NOT in_scope THEN 'out-of-scope'
      WHEN :mechanism = 'cloudwatch' AND group_region IS NULL THEN
        CASE WHEN streams = 3 THEN 'stream-unknown'
             WHEN streams = 2 AND coalesce(all_regions, 0) = 0 THEN 'one-region'
             WHEN streams = 2 AND class IS NULL THEN 'class-unknown'
             WHEN streams = 2 THEN 'class'
             WHEN streams = 1 THEN 'dry'
             ELSE 'other-mechanism' END
      WHEN works = 2 THEN 'heard'
      WHEN unread IS NOT NULL THEN 'unread'
      WHEN works = 1 THEN 'doubtful'
      WHEN unjudged IS NOT NULL THEN 'unjudged'
      WHEN works = 0 THEN 'silent'
      ELSE 'unheard'
    END AS what
  FROM judged j
)
SELECT account,
  coalesce(place, group_region, home_region, account_region) AS region,
  event AS resource,
  name || coalesce(' in ' || place, '') AS name,
  CASE
    WHEN what = 'not-here' OR required = 0 THEN 'na'
    WHEN what IN ('heard', 'siem') THEN 'pass'
    WHEN what IN ('no-trail', 'class', 'dry', 'silent', 'unheard', 'siem-bad', 'siem-closed') THEN 'fail'
    ELSE 'unknown'
  END AS verdict,
  CASE WHEN what = 'not-here' THEN ''
       WHEN required = 0 AND what IN ('heard', 'siem') THEN 'Not required at this level. '
       WHEN required = 0 THEN 'observation: not required at this level. '
       WHEN what = 'heard' AND notes IS NOT NULL THEN 'observation: '
       ELSE '' END
  || CASE what
    WHEN 'organization-unknown' THEN 'evidence-missing: whether the account manages an organization is not known.'
    WHEN 'not-here' THEN organization
    WHEN 'siem' THEN 'Watched by a SIEM: ' || siem_rules || '.'
    WHEN 'siem-bad' THEN 'The record of a rule in the SIEM does not do (' || siem_rules
      || '): it needs the day of a test firing up to now, and a reviewer who is not the performer.'
    WHEN 'siem-closed' THEN 'No record of a rule in the SIEM was attached until the period was closed.'
    WHEN 'siem-missing' THEN 'evidence-missing: no record of a rule in the SIEM is attached yet.'
    WHEN 'no-trail' THEN 'Nothing records the event in all regions: cloudtrail-all-regions fails.'
    WHEN 'trail-unknown' THEN 'Whether anything records the event is not known: cloudtrail-all-regions is '
      || coalesce(recorded, 'not judged') || '.'
    WHEN 'out-of-scope' THEN 'The event is written in ' || place || ', which is not in scope.'
    WHEN 'stream-unknown' THEN unseen
    WHEN 'one-region' THEN 'Only trails of one region stream to CloudWatch Logs; whether together they see all regions is not judged.'
    WHEN 'class-unknown' THEN 'The class of the log group is not recorded.'
    WHEN 'class' THEN 'The log group is of the class ' || class || ', which has no metric filters.'
    WHEN 'dry' THEN 'No filter can see the event: ' || dry
    WHEN 'other-mechanism' THEN 'needs-parameter: cloudtrail-to-cloudwatch judges no trail; set the mechanism of both controls alike.'
    WHEN 'heard' THEN CASE :mechanism WHEN 'eventbridge' THEN 'Matched by the rule ' ELSE 'Matched by the filter ' END || by
      || CASE WHEN notes IS NULL THEN '.' ELSE '; ' || notes || '.' END
    WHEN 'unread' THEN unread
    WHEN 'doubtful' THEN 'Not certain: ' || coalesce(faults, 'whether a pattern matches') || ' (' || missed || ').'
    WHEN 'unjudged' THEN 'No pattern that can be read matches the event, but there is one that cannot be: ' || unjudged || '.'
    WHEN 'silent' THEN CASE :mechanism WHEN 'eventbridge' THEN 'Rule without effect: ' ELSE 'Filter without working alarm: ' END
      || faults || ' (' || missed || ').'
    ELSE 'Not monitored: no ' || CASE :mechanism WHEN 'eventbridge' THEN 'enabled rule with a target that alerts' ELSE 'filter' END
      || ' matches it for ' || missed || '.'
  END AS reason,
  coalesce(told_source, list_source, account_source, source) AS source
FROM decided
