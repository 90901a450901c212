//! The closed set of tags: what is outside it is an error that names the tag.

use crate::pdf_support::{Boxes, meta};
use report::pdf::{draw, render};

fn error(tags: &str) -> String {
    match render(tags, &meta()) {
        Ok(_) => panic!("{tags} was accepted"),
        Err(e) => e.to_string(),
    }
}

#[test]
fn unknown_tags_attributes_and_classes_are_named() {
    assert_eq!(error("<p>\n<blink>x</blink></p>"), "line 2: unknown tag <blink>");
    assert_eq!(
        error("<p style=\"color:red\">x</p>"),
        "line 1: <p> has no attribute \"style\""
    );
    assert_eq!(
        error("<table><tr><td class=\"wide\">x</td></tr></table>"),
        "line 1: <td> has no class \"wide\""
    );
    assert!(error("<span class=\"pill green\">x</span>").contains("<span> cannot stand"));
    assert!(error("<p><span class=\"pill green\">x</span></p>").contains("no class \"green\""));
}

#[test]
fn broken_nesting_is_refused() {
    for (tags, part) in [
        ("<p><table></table></p>", "<table> cannot stand inside <p>"),
        ("<table><td>x</td></table>", "<td> cannot stand inside <table>"),
        ("<table>x</table>", "text cannot stand directly inside <table>"),
        ("<ul><p>x</p></ul>", "<p> cannot stand inside <ul>"),
        ("x", "text cannot stand directly inside <document>"),
        ("<p>x</p><cover></cover>", "<cover> cannot stand inside <document>"),
        ("<p><b>x</p>", "</p> found while <b>"),
        ("<p>x", "<p> is never closed"),
        ("<dl><dd>x</dd></dl>", "<dd> cannot stand inside <dl>"),
        (
            "<p><a href=\"#a\"><a href=\"#a\">x</a></a></p>",
            "<a> cannot stand inside <a>",
        ),
    ] {
        let message = error(tags);
        assert!(message.contains(part), "{tags}: {message}");
    }
}

#[test]
fn links_lead_somewhere_and_ids_are_unique() {
    assert!(error("<p>a <a href=\"#nowhere\">b</a></p>").contains("points nowhere"));
    assert!(error("<p id=\"a\">x</p><p id=\"a\">y</p>").contains("used twice"));
    assert!(error("<p><a href=\"javascript:alert(1)\">x</a></p>").contains("must be #id"));
    assert!(render("<p><a href=\"#b\">x</a></p><p id=\"b\">y</p>", &meta()).is_ok());
}

#[test]
fn bad_values_say_why() {
    for (tags, part) in [
        ("<toc depth=\"9\"/>", "must be 1 to 4"),
        ("<table><tr><td colspan=\"0\">x</td></tr></table>", "must be 1 to 14"),
        ("<table><tr><td width=\"12px\">x</td></tr></table>", "with % or fr"),
        (
            "<figure data-kind=\"pie\" data-json=\"{}\"></figure>",
            "timeline or bars",
        ),
        (
            "<figure data-kind=\"bars\" data-json=\"{&quot;bar&quot;:1}\"></figure>",
            "unknown field",
        ),
    ] {
        let message = error(tags);
        assert!(message.contains(part), "{tags}: {message}");
    }
    let wide = format!("<table><tr>{}</tr></table>", "<td>x</td>".repeat(15));
    assert!(error(&wide).contains("15 columns"));
}

#[test]
fn hostile_names_are_shown_escaped() {
    let tags: String = crate::pdf_support::HOSTILE
        .iter()
        .map(|name| format!("<p><code>{}</code></p>", crate::pdf_support::escape(name)))
        .collect();
    let mut boxes = Boxes::default();
    let missing = draw(&tags, &meta(), &mut boxes).expect("draws");
    let text: String = boxes.texts.iter().map(|t| t.text.as_str()).collect();
    for c in [
        '\u{202e}',
        '\u{200b}',
        '\u{7}',
        '\u{1b}',
        '\n',
        '\t',
        '\u{ad}',
        '\u{1f600}',
    ] {
        assert!(missing.contains(&c), "{c:?} is not reported");
        assert!(!text.contains(c), "{c:?} is drawn");
        let shown = format!("\u{27e8}U+{:04X}\u{27e9}", u32::from(c));
        assert!(text.contains(&shown), "{shown} is not shown");
    }
    assert!(text.contains("<script>alert('x')</script>"));
    assert!(text.contains("Кириллица"));
    assert!(missing.iter().all(|c| !"Łódź ẽ".contains(*c)));
}

#[test]
fn nothing_at_all_is_one_empty_page() {
    assert_eq!(render("", &meta()).expect("renders").pages, 1);
}
