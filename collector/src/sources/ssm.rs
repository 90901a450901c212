//! Machines that Systems Manager manages, and how they are patched.

use evidence::record::{SsmInstance, SsmPatchState};

use super::ec2::{read, row};
use crate::convert::{text, time};
use crate::source::{Context, Scope, Source, token};

pub(super) static MANAGED_INSTANCES: Source = Source {
    id: "ssm.managed-instances",
    operations: &["ssm:DescribeInstanceInformation", "ssm:DescribeInstancePatchStates"],
    scope: Scope::Regional,
    tables: &["ssm_instance", "ssm_patch_state"],
    collect: |context| Box::pin(managed_instances(context)),
};

/// Machines in one call for patch states: AWS takes no more.
const IDS_AT_ONCE: usize = 50;

async fn managed_instances(context: &Context<'_>) {
    let ssm = context.session.ssm(context.client_region);
    let mut ids = Vec::new();
    read!(
        context,
        "ssm:DescribeInstanceInformation",
        |next| ssm
            .describe_instance_information()
            .max_results(50)
            .set_next_token(next)
            .send(),
        |page, source| {
            for machine in page.instance_information_list() {
                let id = machine.instance_id().unwrap_or_default().to_owned();
                ids.push(id.clone());
                row!(SsmInstance, context, id.clone(), source, {
                    id,
                    ping_status: machine.ping_status().map(|status| status.as_str().to_owned()),
                    last_ping_at: time(machine.last_ping_date_time()),
                    agent_version: text(machine.agent_version()),
                    platform_type: machine.platform_type().map(|kind| kind.as_str().to_owned()),
                    platform_name: text(machine.platform_name()),
                    platform_version: text(machine.platform_version()),
                    resource_type: machine.resource_type().map(|kind| kind.as_str().to_owned()),
                });
            }
        }
    );
    ids.sort();
    ids.dedup();
    for ids in ids.chunks(IDS_AT_ONCE) {
        read!(
            context,
            "ssm:DescribeInstancePatchStates",
            |next| ssm
                .describe_instance_patch_states()
                .set_instance_ids(Some(ids.to_vec()))
                .max_results(50)
                .set_next_token(next)
                .send(),
            |page, source| {
                for state in page.instance_patch_states() {
                    let id = state.instance_id().to_owned();
                    row!(SsmPatchState, context, id.clone(), source, {
                        instance_id: id,
                        patch_group: text(Some(state.patch_group())),
                        baseline_id: text(Some(state.baseline_id())),
                        operation: text(Some(state.operation().as_str())),
                        operation_started_at: time(Some(state.operation_start_time())),
                        operation_ended_at: time(Some(state.operation_end_time())),
                        missing: i64::from(state.missing_count()),
                        failed: i64::from(state.failed_count()),
                        pending_reboot: state.installed_pending_reboot_count().map(i64::from),
                        critical_noncompliant: state.critical_non_compliant_count().map(i64::from),
                        security_noncompliant: state.security_non_compliant_count().map(i64::from),
                        other_noncompliant: state.other_non_compliant_count().map(i64::from),
                    });
                }
            }
        );
    }
}
