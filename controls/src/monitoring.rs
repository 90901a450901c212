//! Who would be told when something happens: filter patterns, event patterns and the events that
//! must set off an alarm.
//!
//! Patterns are never compared as text. They are parsed, and evaluated on events made for the
//! purpose, so that a pattern counts for what it matches and not for how it is written.

pub mod alarm_rule;
pub mod event_pattern;
pub mod events;
pub mod filter_pattern;
mod wildcard;
