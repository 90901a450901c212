//! The binder and the pages say what was found, whatever the names are.

use crate::trial::{FEW, HOSTILE, SMALL, Trial};
use report::ReportError;

/// The text view of a small binder: what the templates give to the PDF engine.
///
/// After a deliberate change: `UPDATE=1 cargo test -p report --test it report`.
#[test]
fn a_small_binder_reads_as_before() {
    let trial = Trial::small();
    let text = trial.with(report::binder_text).unwrap();
    // Verdicts and prose belong to the control pages: the golden text keeps one workpaper.
    let from = text.find("<h2 id=\"wp-iam-console-users-mfa\"").unwrap();
    let to = from + text[from..].find("<pagebreak/>").unwrap();
    let cover = &text[..text.find("<h1 id=\"scope\">").unwrap()];
    let matrix = &text[text.find("<h1 id=\"matrix\">").unwrap()..text.find("<h1 id=\"cr-").unwrap()];
    let shown: Vec<_> = [cover, matrix, &text[from..to]]
        .iter()
        .flat_map(|part| part.lines().map(str::trim_end).filter(|line| !line.is_empty()))
        .collect();
    let shown = shown.join("\n") + "\n";
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/binder.txt");
    if std::env::var_os("UPDATE").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, &shown).unwrap();
    }
    let golden = std::fs::read_to_string(&path).unwrap_or_default();
    for (n, (is, was)) in shown.lines().zip(golden.lines()).enumerate() {
        assert_eq!(is, was, "line {}", n + 1);
    }
    assert_eq!(shown.lines().count(), golden.lines().count());
}

#[test]
fn hostile_names_are_text_everywhere() {
    let long = "n".repeat(2_000);
    let mut names = HOSTILE.to_vec();
    names.push(&long);
    let trial = Trial::period(SMALL, &names);
    let binding = trial.bind();
    for (path, bytes) in binding.site.iter().filter(|(path, _)| path.ends_with(".html")) {
        let text = String::from_utf8(bytes.clone()).unwrap();
        assert!(!text.contains("<script>alert"), "{path}");
        assert!(!text.contains("<img"), "{path}");
        assert!(!text.contains(['\u{202e}', '\u{200b}', '\u{feff}', '\u{7}']), "{path}");
        assert_eq!(
            text.matches("</script>").count(),
            if path == "index.html" { 2 } else { 0 },
            "{path}"
        );
    }
    let page = String::from_utf8(binding.site["workpapers/CC6.1/iam-console-users-mfa/index.html"].clone()).unwrap();
    assert!(page.contains("&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;"));
    assert!(page.contains("invoice⟨U+202E⟩fdp.exe") && page.contains("tab⟨U+0009⟩and⟨U+000A⟩newline"));
    assert!(page.contains("{{ cover }}") && page.contains(&long));
    let csv = String::from_utf8(binding.site["workpapers/CC6.1/iam-console-users-mfa/population.csv"].clone()).unwrap();
    assert!(csv.contains("\"'=HYPERLINK(\"\"http://evil.example\"\",\"\"x\"\")\"") && csv.contains("\"'@SUM(A1)\""));
    assert!(!csv.contains(",=HYPERLINK") && !csv.contains(",@SUM"));
    assert!(binding.missing_glyphs.contains(&'\u{202e}') && binding.missing_glyphs.contains(&'\n'));
    let text = trial.with(report::binder_text).unwrap();
    assert!(!text.contains("<script") && text.contains("tab&#9;and&#10;newline") && text.contains(&long));
}

#[test]
fn numbers_add_up_and_nothing_is_left_out() {
    let trial = Trial::small();
    let text = trial.with(report::binder_text).unwrap();
    for criterion in &trial.assessment.criteria {
        assert!(
            text.contains(&format!("<th>{}</th>", criterion.criterion.id)),
            "{}",
            criterion.criterion.id
        );
    }
    for control in &trial.assessment.controls {
        let c = control.counts;
        assert_eq!(c.population, c.tested + c.na);
        assert_eq!(c.tested, c.pass + c.fail + c.accepted + c.unknown);
        assert!(text.contains(&format!("id=\"wp-{}\"", control.control.page.id)));
        assert!(text.contains(&format!("id=\"sql-{}\"", control.control.page.id)));
    }
    for exchange in &trial.loaded[0].snapshot.exchanges {
        assert!(text.contains(&exchange.body_sha256.unwrap().to_string()));
    }
    assert!(text.contains("Unsigned."));
    assert!(
        text.contains("<b>Not reconciled.</b>"),
        "nobody has held it against CloudTrail"
    );
    let checkpoint = trial.locker.checkpoint();
    assert!(checkpoint.lines().all(|line| text.contains(line)));
}

#[test]
fn a_type_one_report_rests_on_one_snapshot() {
    let mut trial = Trial::period(SMALL, &[]).only(&FEW);
    let period = trial.assessment.period.clone().unwrap().period;
    let period = evidence::period::Period {
        r#type: evidence::period::PeriodType::TypeI,
        ..period
    };
    let tested: Vec<_> = trial
        .loaded
        .iter()
        .map(|l| controls::period::Tested {
            meta: l.snapshot.meta.clone(),
            results: l.results.clone(),
        })
        .collect();
    let (settings, known) = (
        controls::settings::Settings::default(),
        trial.locker.known_until().unwrap(),
    );
    trial.assessment = controls::period::assess_period(&trial.catalogue, &settings, &period, &tested, known).unwrap();
    let text = trial.with(report::binder_text).unwrap();
    assert!(
        text.contains("SOC 2 Type I, as at 2025-06-30 00:00:00 UTC"),
        "{}",
        &text[..800]
    );
    assert!(text.contains("The log names 5 more snapshots"));
    let binding = trial.bind();
    assert!(report::bundle::verify(&binding.bundle_zip).faults.is_empty());
}

#[test]
fn templates_can_be_replaced_and_mistakes_are_named() {
    let mut trial = Trial::small().only(&FEW);
    let folder = tempfile::tempdir().unwrap();
    trial.templates = Some(folder.path().to_owned());
    let put = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    let failed = |trial: &Trial| trial.with(report::bind).unwrap_err().to_string();

    put("root.html", "<p>{{ cover.organization }}, ours</p>");
    let (binding, expected) = (trial.bind(), "<p>Example &amp; Sons &lt;Ltd&gt;, ours</p>");
    let zip = evidence::archive::Archive::of(binding.bundle_zip)
        .unwrap()
        .read(&format!("{}/index.html", binding.name));
    assert_eq!(String::from_utf8(zip.unwrap()).unwrap(), expected);

    put("root.html", "one\n{{ cover.organisation }}");
    let message = failed(&trial);
    assert!(
        message.contains("root.html, line 2") && message.contains(&*folder.path().to_string_lossy()),
        "{message}"
    );
    put("root.html", "one\ntwo\n{% if %}");
    assert!(failed(&trial).contains("root.html, line 3"), "{}", failed(&trial));
    put("root.html", "{{ cover.organization | shout }}");
    assert!(failed(&trial).contains("root.html:1"), "{}", failed(&trial));
    std::fs::remove_file(folder.path().join("root.html")).unwrap();

    put("binder-changes.html", "<blink>{{ cover.organization }}</blink>");
    assert!(failed(&trial).contains("unknown tag <blink>") && failed(&trial).contains("Example &amp; Sons"));
    std::fs::remove_file(folder.path().join("binder-changes.html")).unwrap();

    put("cover.html", "x");
    let error = trial.with(report::bind).unwrap_err();
    assert!(
        matches!(error, ReportError::UnknownTemplate { .. }) && error.to_string().contains("binder.html"),
        "{error}"
    );
    std::fs::remove_file(folder.path().join("cover.html")).unwrap();
    put(".DS_Store", "x");
    assert!(trial.with(report::binder_text).is_ok());
}
