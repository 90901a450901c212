//! Systems Manager: which machines it manages and how they are patched.

use super::record;
use crate::clock::Timestamp;

record! {
    /// A machine that Systems Manager manages.
    "ssm_instance" SsmInstance from ["ssm:DescribeInstanceInformation"] volatile ["last_ping_at"] {
        /// Id of the instance (`i-…`), or of a machine outside of EC2 (`mi-…`).
        id: String,
        /// `Online`, `ConnectionLost` or `Inactive`.
        ping_status: Option<String>,
        /// When the agent last called.
        last_ping_at: Option<Timestamp>,
        /// Version of the agent.
        agent_version: Option<String>,
        /// `Linux`, `Windows` or `MacOS`.
        platform_type: Option<String>,
        /// Operating system.
        platform_name: Option<String>,
        /// Its version.
        platform_version: Option<String>,
        /// `EC2Instance` or `ManagedInstance`.
        resource_type: Option<String>,
    }
}

record! {
    /// What the last patch scan or installation on a managed machine found.
    "ssm_patch_state" SsmPatchState
        from ["ssm:DescribeInstanceInformation", "ssm:DescribeInstancePatchStates"]
        volatile ["operation_started_at", "operation_ended_at"] {
        /// Id of the machine.
        instance_id: String,
        /// Patch group, if any.
        patch_group: Option<String>,
        /// Patch baseline it was held against.
        baseline_id: Option<String>,
        /// `Scan` or `Install`.
        operation: Option<String>,
        /// When it began.
        operation_started_at: Option<Timestamp>,
        /// When it ended.
        operation_ended_at: Option<Timestamp>,
        /// Patches of the baseline that are missing.
        missing: i64,
        /// Patches that could not be installed.
        failed: i64,
        /// Patches that wait for a restart.
        pending_reboot: Option<i64>,
        /// Patches that compliance counts as critical and that are missing, failed or waiting.
        critical_noncompliant: Option<i64>,
        /// Security patches that are missing, failed or waiting.
        security_noncompliant: Option<i64>,
        /// Other patches that are missing, failed or waiting.
        other_noncompliant: Option<i64>,
    }
}
