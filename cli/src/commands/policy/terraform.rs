//! The policies as a Terraform module. HCL takes a JSON object as an expression.

use std::fmt::Write as _;

use collector::policy::ManagedPolicy;

/// Takes the role's name as its variable.
pub(super) fn module(policies: &[ManagedPolicy], notes: &[String]) -> String {
    let mut text = String::new();
    for note in notes {
        let _ = writeln!(text, "# {note}");
    }
    text.push_str(
        "
variable \"role\" {
  description = \"Name of the role that exhibit uses\"
  type        = string
}
",
    );
    for policy in policies {
        let name = &policy.name;
        let label = name.replace('-', "_");
        let document = serde_json::to_string_pretty(&policy.document).unwrap_or_default();
        // What HCL would fill in.
        let document = document.replace("${", "$${").replace("%{", "%%{");
        let _ = write!(
            text,
            "
resource \"aws_iam_policy\" \"{label}\" {{
  name   = \"{name}\"
  policy = jsonencode({document})
}}

resource \"aws_iam_role_policy_attachment\" \"{label}\" {{
  role       = var.role
  policy_arn = aws_iam_policy.{label}.arn
}}
"
        );
    }
    text
}
