//! A realistic binder in tags, a metadata builder and a sink that keeps boxes.

use std::fmt::Write as _;

use report::pdf::{Area, Attachment, DocumentMeta, NodeId, Run, Shape, Sink, Tag, Target};

pub fn meta() -> DocumentMeta {
    let created = chrono::DateTime::from_timestamp(1_767_225_600, 0).expect("a valid time");
    DocumentMeta {
        title: "SOC 2 Type II audit binder: Meridian Payments Ltd.".into(),
        author: "exhibit".into(),
        subject: "Evidence for 1 July to 31 December 2025".into(),
        header: "Meridian Payments Ltd. – SOC 2 Type II binder".into(),
        footer: "Confidential · snapshot 20251231T235812Z-9f3a51c7".into(),
        created,
        attachments: vec![Attachment {
            name: "populations.csv".into(),
            mime: "text/csv".into(),
            description: "All populations".into(),
            modified: created,
            bytes: b"account,resource\n".to_vec(),
        }],
    }
}

/// Escapes text as Tera does.
pub fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\'', "&#x27;")
}

/// Names no template should have to trust.
pub const HOSTILE: [&str; 10] = [
    "<script>alert('x')</script>",
    "invoice\u{202e}fdp.exe",
    "zero\u{200b}width\u{200d}joiner\u{feff}",
    "bell\u{7} and escape\u{1b}[31m",
    "\u{1f600} emoji \u{1f468}\u{200d}\u{1f469}\u{200d}\u{1f467}",
    "Z\u{300}\u{301}\u{302}\u{303}\u{304}\u{305}algo e\u{301} n\u{303}",
    "tab\tand\nnewline",
    "日本語 עברית العربية",
    "Ελληνικά, Кириллица, Tiếng Việt, Łódź",
    "soft\u{ad}hyphen no\u{a0}break ⟨U+202E⟩ \u{e000}",
];

pub const ARN: &str = "arn:aws:iam::123456789012:role/aws-service-role/\
    organizations.amazonaws.com/AWSServiceRoleForOrganizationsWithAVeryLongName";

pub fn binder(rows: usize) -> String {
    let mut t = String::from(COVER);
    t.push_str("<toc depth=\"2\"/>");
    t.push_str(VERIFY);
    matrix(&mut t);
    for control in 1..=6 {
        workpaper(&mut t, control);
    }
    population(&mut t, rows);
    hostile(&mut t);
    t
}

const COVER: &str = r##"<cover><h1>SOC 2 Type II audit binder</h1><h2>Meridian Payments Ltd. – Card processing platform</h2>
<p>Tests of controls and evidence for the period 1 July to 31 December 2025</p>
<dl><dt>Criteria</dt><dd>Security, Availability, Confidentiality (2017 Trust Services Criteria, 2022 points of focus)</dd>
<dt>Accounts</dt><dd>4 AWS accounts, 17 regions</dd><dt>Snapshots</dt><dd>27, first 2025-07-01 00:03 UTC, last 2025-12-31 23:58 UTC</dd>
<dt>Collected by</dt><dd><code>arn:aws:iam::123456789012:role/exhibit-collector</code></dd>
<dt>Locker head</dt><dd><code>sha256:9f3a51c7c2b4a5e1d0f86b7e9f30a1c2d3e4f5061728394a5b6c7d8e9f00112233</code></dd>
<dt>Results</dt><dd><span class="pill pass">41 pass</span> <span class="pill fail">3 fail</span> <span class="pill accepted">2 accepted</span> <span class="pill not-tested">4 not tested</span></dd></dl></cover>
"##;

const VERIFY: &str = r##"<h1 id="verify">How to verify this binder</h1>
<p class="lead">Every statement in this binder can be traced to bytes that AWS sent, and every test can be run again without us.</p>
<p>The binder was made by a program from sealed snapshots. The program judges nothing that is not written as a query in the workpaper; each query returns the <b>whole population</b>, so that completeness can be seen and not only claimed. See <a href="#matrix">the criteria matrix</a> or <a href="https://www.aicpa-cima.com/resources/download/2017-trust-services-criteria-with-revised-points-of-focus-2022">the criteria as published</a>.</p>
<ol><li>Unpack <code>bundle.zip</code> and compare the manifest: <code>sha256sum -c manifest-sha256.txt</code>.</li>
<li>Re-perform any test: <code>sqlite3 evidence.db &lt; CC6.1/iam-root-mfa/test.sql</code>. The result must be the rows of the workpaper.</li>
<li>Check the chain:<ul><li>each entry of the log names the SHA-256 of the one before;</li><li>each checkpoint is signed with the key <em>named in the engagement letter</em>, not with one found in the locker.</li></ul></li></ol>
<p class="note"><b>Read this first.</b> A result of <span class="pill not-tested">not tested</span> is not a result of <span class="pill pass">pass</span>: where the collector was refused, the workpaper names the call, the region and the error code.</p>
<figure data-kind="bars" alt="Results by series" data-json='@BARS@'></figure>
<h2 id="timeline">Collection over the period</h2>
<figure data-kind="timeline" data-json='@TIME@'></figure>
<h3>Canonical request</h3>
<pre>
SELECT account, region, arn AS resource, user_name AS name,
       CASE WHEN mfa_active = 1 THEN 'pass'
            WHEN password_enabled = 0 THEN 'na'
            ELSE 'fail' END AS verdict,
       'console password without MFA; last used ' || coalesce(password_last_used, 'never') || ', password last changed ' || coalesce(password_last_changed, 'never') AS reason
  FROM iam_credential  -- one row per user, the root user included
 ORDER BY account, resource;
</pre>
"##;

fn figures() -> (String, String) {
    let bars = r#"{"bars":[{"label":"CC1 Control environment","parts":[{"tone":"not-tested","count":5}]},{"label":"CC6 Logical and physical access","parts":[{"tone":"pass","count":28},{"tone":"accepted","count":2},{"tone":"fail","count":3},{"tone":"na","count":4}]},{"label":"CC7 System operations","parts":[{"tone":"pass","count":11},{"tone":"fail","count":1},{"tone":"observe","count":2}]},{"label":"A1 Availability","parts":[{"tone":"pass","count":6}]}]}"#;
    let time = r#"{"start":"2025-07-01","end":"2026-01-01","lanes":[{"label":"Snapshots","marks":[{"at":"2025-07-01","label":"first"},{"at":"2025-07-15"},{"at":"2025-08-01"},{"at":"2025-08-15"},{"at":"2025-09-01"},{"at":"2025-10-01","label":"after migration"},{"at":"2025-10-08","label":"key rotated"},{"at":"2025-10-11","label":"owner changed"},{"at":"2025-11-01"},{"at":"2025-12-01"},{"at":"2025-12-31","label":"last"}],"spans":[{"from":"2025-07-01","to":"2025-12-31","tone":"na"}]},{"label":"Root MFA","spans":[{"from":"2025-07-01","to":"2025-10-08","tone":"pass"},{"from":"2025-10-08","to":"2025-10-11","tone":"fail"},{"from":"2025-10-11","to":"2025-12-31","tone":"pass"}]},{"label":"CloudTrail log validation","spans":[{"from":"2025-07-01","to":"2025-09-01","tone":"accepted"},{"from":"2025-09-01","to":"2025-09-20T12:00:00Z","tone":"not-tested"},{"from":"2025-09-20T12:00:00Z","to":"2025-12-31","tone":"pass"}]}]}"#;
    (escape(bars), escape(time))
}

fn matrix(t: &mut String) {
    let (bars, time) = figures();
    *t = t
        .replace("'@BARS@'", &format!("\"{bars}\""))
        .replace("'@TIME@'", &format!("\"{time}\""));
    t.push_str(
        r#"<h1 id="matrix">Criteria matrix</h1><p>All 61 criteria in scope. Criteria without evidence in AWS say so; they are tested by other means.</p>
<table><thead><tr><th class="nowrap">Criterion</th><th>Controls and evidence</th><th class="num">Population</th><th class="num">Deviations</th><th class="nowrap">Result</th><th>Workpaper</th></tr></thead><tbody>"#,
    );
    let series = [
        ("CC1", "Control environment", 5),
        ("CC2", "Communication and information", 3),
        ("CC3", "Risk assessment", 4),
        ("CC4", "Monitoring activities", 2),
        ("CC5", "Control activities", 3),
        ("CC6", "Logical and physical access controls", 8),
        ("CC7", "System operations", 5),
        ("CC8", "Change management", 1),
        ("CC9", "Risk mitigation", 2),
        ("A1", "Availability", 3),
        ("C1", "Confidentiality", 2),
        ("PI1", "Processing integrity", 5),
        ("P", "Privacy", 18),
    ];
    let pills = [
        ("pass", "pass"),
        ("pass", "pass"),
        ("fail", "fail"),
        ("not-tested", "not tested"),
        ("na", "n/a"),
        ("accepted", "accepted"),
        ("observe", "observation"),
    ];
    let mut k = 0;
    for (name, title, count) in series {
        let _ = write!(t, r#"<tr class="group"><td colspan="6">{name} – {title}</td></tr>"#);
        for n in 1..=count {
            k += 1;
            let (tone, word) = pills[k % pills.len()];
            let _ = write!(
                t,
                r##"<tr><th class="nowrap">{name}.{n}</th><td>{}</td><td class="num">{}</td><td class="num">{}</td><td><span class="pill {tone}">{word}</span></td><td><a href="#wp-{}">WP {name}.{n}</a></td></tr>"##,
                [
                    "Root user has a hardware MFA device; no access keys; console sign-ins of the root user raise an alarm within the period",
                    "Trails log all regions with file validation",
                    "No evidence in AWS; tested by inquiry and inspection of the policy",
                    "Security groups admit no administration port from any address, in every region that can be used, and changes to them raise an alarm"
                ][k % 4],
                k * 37 % 911,
                k % 4,
                1 + k % 6,
            );
        }
    }
    t.push_str(r#"<tr class="total"><td>Total</td><td></td><td class="num">12,480</td><td class="num">91</td><td></td><td></td></tr></tbody></table>"#);
}

fn workpaper(t: &mut String, control: usize) {
    let _ = write!(
        t,
        r##"<h1 id="wp-{control}">CC6.{control} Logical access is restricted</h1>
<dl><dt>Control</dt><dd>Access of people to the console needs a second factor. Exceptions are approved by the head of engineering and expire within ninety days.</dd>
<dt>Test</dt><dd>For every IAM user with a password, inspect the credential report for an active MFA device.</dd>
<dt>Result</dt><dd><span class="pill fail">3 deviations</span> of 214 tested; 2 accepted exceptions</dd><dt>Source</dt><dd><code>iam:GenerateCredentialReport</code>, exchange 000042, <code>sha256:0d5f31c1f6c0a9b2</code></dd></dl>
<h2>Deviations</h2><table><thead><tr><th class="anywhere">Resource</th><th>Name</th><th>Reason</th><th class="nowrap">First seen</th><th class="nowrap">Last seen</th><th class="num">Days</th><th>Verdict</th></tr></thead><tbody>"##
    );
    for i in 0..(3 + control * 3) {
        let _ = write!(
            t,
            "<tr><td>{}-{i}</td><td>AWSServiceRoleForOrganizations</td><td>Console password without MFA; last used 2025-11-{:02}</td><td>2025-07-0{}</td><td>2025-12-31</td><td class=\"num\">{}</td><td><span class=\"pill {}</span></td></tr>",
            ARN,
            1 + i % 28,
            1 + i % 9,
            180 - i,
            ["fail\">fail", "accepted\">accepted"][i % 2],
        );
    }
    t.push_str("</tbody></table><h2>Changes in the period</h2><p>One change altered the result of this test. The event is quoted from CloudTrail as AWS delivered it.</p><ul><li>2025-10-08 14:22 UTC <code>DeactivateMFADevice</code> by <code>arn:aws:sts::123456789012:assumed-role/Administrator/jane.doe@meridian.example</code></li><li>2025-10-11 09:01 UTC <code>EnableMFADevice</code></li></ul>");
}

fn population(t: &mut String, rows: usize) {
    t.push_str(r#"<h1 id="population">Appendix A: Populations</h1><h2>IAM users</h2><table class="small"><thead><tr><th class="nowrap">Account</th><th>User</th><th class="anywhere">ARN</th><th class="nowrap">Created</th><th>MFA</th><th>Keys</th><th class="nowrap">Last used</th><th>Groups</th><th>Result</th><th class="num">Exchange</th></tr></thead><tbody>"#);
    for i in 0..rows {
        let _ = write!(
            t,
            "<tr><td>123456789012</td><td>user-{i:05}.surname@meridian.example</td><td>arn:aws:iam::123456789012:user/engineering/platform/user-{i:05}.surname@meridian.example</td><td>2024-0{}-1{}</td><td>{}</td><td>{}</td><td>2025-12-{:02}</td><td>developers, on-call, read-only-{}</td><td><span class=\"pill {}</span></td><td>{:06}</td></tr>",
            1 + i % 9,
            i % 9,
            ["yes", "no"][i % 2],
            i % 3,
            1 + i % 28,
            i % 40,
            ["pass\">pass", "fail\">fail", "na\">n/a"][i % 3],
            i * 7,
        );
    }
    t.push_str("</tbody></table>");
}

fn hostile(t: &mut String) {
    t.push_str(r#"<h1 id="hostile">Appendix B: Names as AWS gave them</h1><table><thead><tr><th>As cell text</th><th>As code</th><th class="num">Length</th></tr></thead><tbody>"#);
    for name in HOSTILE {
        let name = escape(name);
        let _ = write!(
            t,
            "<tr><td>{name}</td><td><code>{name}</code></td><td>{}</td></tr>",
            name.len()
        );
    }
    let long: String = (0..2000u32)
        .map(|i| char::from_digit(i * 7 % 36, 36).unwrap_or('x'))
        .collect();
    let _ = write!(
        t,
        "<tr><td>{long}</td><td><code>{}</code></td><td>2000</td></tr></tbody></table>",
        "arn:aws:s3:::bucket/".repeat(30)
    );
}

/// A box on a page.
#[derive(Debug, Clone)]
pub struct Boxed {
    pub page: usize,
    pub area: Area,
    pub text: String,
    pub tag: Tag,
}

/// Keeps what is drawn instead of drawing it.
#[derive(Debug, Default)]
pub struct Boxes {
    pub pages: usize,
    pub texts: Vec<Boxed>,
    pub shapes: Vec<(usize, Shape)>,
    pub links: Vec<(usize, Area, Target)>,
    pub destinations: Vec<(usize, String)>,
    pub outline: Vec<(usize, u8, String)>,
    tag: Option<Tag>,
}

impl Sink for Boxes {
    fn page(&mut self, _: f32, _: f32) {
        self.pages += 1;
    }
    fn tag(&mut self, tag: Tag) {
        self.tag = Some(tag);
    }
    fn place(&mut self, _: NodeId) {}
    fn text(&mut self, run: &Run<'_>) {
        let mut text = String::new();
        for g in run.glyphs {
            text.push_str(&g.shaped.text);
            text.extend(std::iter::repeat_n(' ', usize::from(g.spaces)));
        }
        self.texts.push(Boxed {
            page: self.pages,
            area: Area {
                x: run.x,
                y: run.y - run.size * 0.8,
                width: run.width,
                height: run.size,
            },
            text,
            tag: self.tag.unwrap_or(Tag::Artifact),
        });
    }
    fn shape(&mut self, shape: &Shape) {
        self.shapes.push((self.pages, shape.clone()));
    }
    fn link(&mut self, area: Area, target: &Target, _: NodeId, _: &str) {
        self.links.push((self.pages, area, target.clone()));
    }
    fn destination(&mut self, name: &str, _: f32) {
        self.destinations.push((self.pages, name.to_owned()));
    }
    fn outline(&mut self, level: u8, title: &str, _: f32) {
        self.outline.push((self.pages, level, title.to_owned()));
    }
}
