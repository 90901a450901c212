//! What brings changes into production: CodePipeline, CloudFormation, CodeDeploy. Only what
//! happened within the event history that the run asks for.

use super::record;
use crate::clock::Timestamp;

record! {
    /// A pipeline of CodePipeline.
    "codepipeline_pipeline" CodepipelinePipeline from ["codepipeline:ListPipelines"] volatile ["updated_at"] {
        /// Name.
        name: String,
        /// When created.
        created_at: Option<Timestamp>,
        /// When last changed.
        updated_at: Option<Timestamp>,
    }
}

record! {
    /// An execution of a pipeline.
    "codepipeline_execution" CodepipelineExecution
        from ["codepipeline:ListPipelines", "codepipeline:ListPipelineExecutions"] volatile [] {
        /// Id.
        id: String,
        /// Name of the pipeline.
        pipeline: String,
        /// `Succeeded`, `Failed`, …
        status: Option<String>,
        /// When started.
        started_at: Option<Timestamp>,
        /// What started it: `Webhook`, `StartPipelineExecution`, …
        trigger_type: Option<String>,
        /// Detail, such as the ARN of who started it.
        trigger_detail: Option<String>,
        /// What was built, as `action revision`, sorted.
        revisions: Vec<String>,
    }
}

record! {
    /// A stack of CloudFormation, deleted ones of the last 90 days included.
    "cloudformation_stack" CloudformationStack from ["cloudformation:ListStacks"] volatile [] {
        /// ARN.
        arn: String,
        /// Name.
        name: String,
        /// Status.
        status: Option<String>,
        /// When created.
        created_at: Option<Timestamp>,
        /// When last updated.
        updated_at: Option<Timestamp>,
        /// When deleted.
        deleted_at: Option<Timestamp>,
    }
}

record! {
    /// A step of a stack as a whole (not of a resource in it).
    "cloudformation_stack_event" CloudformationStackEvent
        from ["cloudformation:ListStacks", "cloudformation:DescribeStackEvents"] volatile [] {
        /// Id.
        id: String,
        /// ARN of the stack.
        stack_arn: String,
        /// When.
        at: Option<Timestamp>,
        /// `CREATE_IN_PROGRESS`, `UPDATE_COMPLETE`, …
        status: Option<String>,
        /// Token that tells one request apart from others.
        client_request_token: Option<String>,
    }
}

record! {
    /// A deployment of CodeDeploy.
    "codedeploy_deployment" CodedeployDeployment
        from ["codedeploy:ListDeployments", "codedeploy:GetDeployment"] volatile [] {
        /// Id.
        id: String,
        /// Application.
        application: Option<String>,
        /// Deployment group.
        deployment_group: Option<String>,
        /// `Succeeded`, `Failed`, …
        status: Option<String>,
        /// Who made it: `user`, `autoscaling`, `codeDeployRollback`, …
        creator: Option<String>,
        /// When made.
        created_at: Option<Timestamp>,
    }
}
