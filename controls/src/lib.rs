//! What it means: control pages, `evidence.db`, and the verdicts of their queries on it.

pub mod catalogue;
pub mod compare;
pub mod criteria;
pub mod database;
pub mod derived;
pub mod evaluate;
pub mod examples;
pub mod handbook;
pub mod manual;
pub mod monitoring;
pub mod nearest;
pub mod page;
pub mod period;
pub mod practice;
pub mod query;
pub mod result;
pub mod settings;
pub mod sql;
