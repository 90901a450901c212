//! Tags over all services.

use super::{Tag, record};

record! {
    /// A resource that has, or once had, tags. What was never tagged is not here.
    "tagged_resource" TaggedResource from ["resourcegroupstaggingapi:GetResources"] volatile [] {
        /// ARN.
        arn: String,
        /// Tags, sorted.
        tags: Vec<Tag>,
    }
}
