//! One judge of policies: whom does this let in, and is this everything?
//!
//! Bucket, key, topic, queue, domain, file system, repository, secret, function and identity policies are one language, and AWS
//! evaluates all of them the same way:
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html>.
//! So there is one way from the text to the answer:
//!
//! 1. [`document`] reads the text into statements;
//! 2. [`caller`] says what is known about who asks: for each condition key, whether he has it and who chooses its value;
//! 3. [`condition`] tells of one condition whether it holds for that caller, always, never, or as he likes;
//! 4. [`decision`] puts statements together as AWS does: one Allow, no Deny;
//! 5. [`reach`] asks it for everybody whom nobody named, from every address, and says who remains; and
//!    [`administration`] asks whether what is allowed together is everything.
//!
//! What cannot be told is `None` (or [`decision::Decision::CannotTell`]), never a guess. Of a stranger's choices the judge
//! believes the worst: where two conditions could not both be met, it may say that they can.
//!
//! `policy/vectors.toml` is a table of documents and right answers.

pub(crate) mod address;
pub(crate) mod administration;
pub(crate) mod caller;
pub(crate) mod condition;
pub(crate) mod decision;
pub(crate) mod document;
pub(crate) mod glob;
#[cfg(test)]
mod obvious;
pub(crate) mod reach;
mod shape;
#[cfg(test)]
mod vectors;
