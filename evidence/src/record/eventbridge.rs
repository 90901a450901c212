//! EventBridge buses, rules and their targets.

use super::record;

record! {
    /// An event bus.
    "events_bus" EventsBus from ["events:ListEventBuses"] volatile [] {
        /// ARN.
        arn: String,
        /// Name.
        name: String,
        /// Resource policy, if any.
        policy: Option<String>,
    }
}

record! {
    /// A rule.
    "events_rule" EventsRule from ["events:ListEventBuses", "events:ListRules"] volatile [] {
        /// ARN.
        arn: String,
        /// Name, unique on its bus.
        name: String,
        /// Name of the bus it is on.
        bus: String,
        /// `ENABLED`, `DISABLED` or `ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS`.
        state: Option<String>,
        /// Event pattern, JSON text; null for a scheduled rule.
        event_pattern: Option<String>,
        /// Schedule; null for a rule with a pattern.
        schedule_expression: Option<String>,
        /// AWS service that made it and keeps it, if any.
        managed_by: Option<String>,
    }
}

record! {
    /// A target of a rule.
    "events_target" EventsTarget from ["events:ListEventBuses", "events:ListRules", "events:ListTargetsByRule"]
        volatile [] {
        /// ARN of the rule.
        rule_arn: String,
        /// Id, unique in the rule.
        target_id: String,
        /// ARN of what the event is sent to.
        arn: String,
        /// Role it is sent with, if any.
        role_arn: Option<String>,
        /// Constant text sent in place of the event, if any.
        input: Option<String>,
        /// Part of the event that is sent, if not all.
        input_path: Option<String>,
        /// ARN of the queue for events that could not be delivered, if any.
        dead_letter_arn: Option<String>,
    }
}
