//! Random documents: never a panic, never a box outside the margins, never text on text.

use crate::pdf_support::{Boxes, HOSTILE, escape, meta};
use proptest::prelude::*;
use report::pdf::{
    BODY_WIDTH, MARGIN_BOTTOM, MARGIN_SIDE, MARGIN_TOP, PAGE_HEIGHT, PAGE_WIDTH, Shape, Tag, draw, render,
};

fn words() -> impl Strategy<Value = String> {
    let word = prop_oneof![
        4 => "[a-zA-Z0-9]{1,12}",
        2 => "[a-z:/._-]{10,60}",
        1 => "[A-Za-z0-9]{60,400}",
        1 => proptest::sample::select(&HOSTILE[..]).prop_map(str::to_owned),
        1 => "\\PC{1,20}",
        1 => any::<char>().prop_map(String::from),
    ];
    proptest::collection::vec(word, 0..12).prop_map(|w| escape(&w.join(" ")))
}

fn inline() -> impl Strategy<Value = String> {
    let piece = (words(), 0..8usize).prop_map(|(w, kind)| match kind {
        0 => format!("<b>{w}</b>"),
        1 => format!("<code>{w}</code>"),
        2 => format!("<span class=\"pill fail\">{w}</span>"),
        3 => format!("<a href=\"#top\">{w}</a>"),
        4 => format!("<em>{w}</em><br>"),
        _ => w,
    });
    proptest::collection::vec(piece, 0..4).prop_map(|p| p.concat())
}

fn flow() -> impl Strategy<Value = String> {
    (inline(), inline(), 0..6usize).prop_map(|(a, b, kind)| match kind {
        0 => format!("{a}<ul><li>{b}<ol><li>{a}</li></ol></li></ul>"),
        1 => format!("<p>{a}</p><p class=\"small\">{b}</p>"),
        2 => format!("<pre>{a}\n  {b}</pre>"),
        _ => a,
    })
}

fn table() -> impl Strategy<Value = String> {
    let class = proptest::sample::select(&["", "nowrap", "anywhere", "num mono", "small center"][..]);
    let width = proptest::sample::select(&["", "auto", "1%", "90%", "2fr"][..]);
    let head = proptest::collection::vec((words(), class, width), 0..14);
    let rows = proptest::collection::vec(proptest::collection::vec(flow(), 1..14), 0..6);
    (head, rows).prop_map(|(head, rows)| {
        let mut t = String::from("<table>");
        if !head.is_empty() {
            t.push_str("<thead><tr>");
            for (text, class, width) in head {
                let width = if width.is_empty() {
                    String::new()
                } else {
                    format!(" width=\"{width}\"")
                };
                t.push_str(&format!("<th class=\"{class}\"{width}>{text}</th>"));
            }
            t.push_str("</tr></thead>");
        }
        t.push_str("<tbody>");
        for row in rows {
            t.push_str("<tr>");
            for cell in row {
                t.push_str(&format!("<td>{cell}</td>"));
            }
            t.push_str("</tr>");
        }
        t.push_str("</tbody></table>");
        t
    })
}

fn block() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => (inline(), proptest::sample::select(&["", "note", "lead", "muted", "small"][..]))
            .prop_map(|(t, c)| format!("<p class=\"{c}\">{t}</p>")),
        2 => (inline(), 1..5u8).prop_map(|(t, l)| format!("<h{l}>{t}</h{l}>")),
        2 => table(),
        1 => flow().prop_map(|t| format!("<dl><dt>{}</dt><dd>{t}</dd></dl>", "k".repeat(t.len() % 90))),
        1 => flow().prop_map(|t| format!("<ul><li>{t}</li></ul>")),
        1 => inline().prop_map(|t| format!("<pre>{t}</pre>")),
        1 => (words(), 0..90u32).prop_map(|(w, n)| {
            let json = serde_json::json!({"bars": [{"label": w, "parts": [
                {"tone": "pass", "count": n}, {"tone": "fail", "count": 1}]}]});
            format!("<figure data-kind=\"bars\" data-json=\"{}\"></figure>", escape(&json.to_string()))
        }),
        1 => (words(), 1..28u32).prop_map(|(w, d)| {
            let json = serde_json::json!({"start": "2025-01-01", "end": "2025-03-01", "lanes": [
                {"label": w, "marks": [{"at": format!("2025-02-{d:02}"), "label": w}],
                 "spans": [{"from": "2024-01-01", "to": format!("2025-01-{d:02}"), "tone": "pass"}]}]});
            format!("<figure data-kind=\"timeline\" data-json=\"{}\"></figure>", escape(&json.to_string()))
        }),
        1 => Just("<hr>".to_owned()),
        1 => Just("<pagebreak/>".to_owned()),
    ]
}

fn document() -> impl Strategy<Value = String> {
    (
        any::<bool>(),
        any::<bool>(),
        words(),
        proptest::collection::vec(block(), 0..8),
    )
        .prop_map(|(cover, toc, title, blocks)| {
            let mut t = String::new();
            if cover {
                t.push_str(&format!("<cover><h1>{title}</h1><p>{title}</p></cover>"));
            }
            if toc {
                t.push_str("<toc depth=\"3\"/>");
            }
            t.push_str("<p id=\"top\">x</p>");
            t.push_str(&blocks.concat());
            t
        })
}

fn check(boxes: &Boxes) -> Result<(), TestCaseError> {
    for t in &boxes.texts {
        let (a, right) = (t.area, t.area.x + t.area.width);
        prop_assert!(a.x >= MARGIN_SIDE - 0.5, "left of the margin: {t:?}");
        prop_assert!(right <= MARGIN_SIDE + BODY_WIDTH + 0.5, "right of the margin: {t:?}");
        if t.tag != Tag::Pagination {
            prop_assert!(a.y >= MARGIN_TOP - 2.0, "above the margin: {t:?}");
            let bottom = a.y + a.height;
            prop_assert!(bottom <= PAGE_HEIGHT - MARGIN_BOTTOM + 2.0, "below: {t:?}");
        }
    }
    for (i, a) in boxes.texts.iter().enumerate() {
        for b in boxes.texts[i + 1..].iter().take_while(|b| b.page == a.page) {
            let wide = (a.area.x + a.area.width).min(b.area.x + b.area.width) - a.area.x.max(b.area.x);
            let high = (a.area.y + a.area.height).min(b.area.y + b.area.height) - a.area.y.max(b.area.y);
            prop_assert!(wide < 1.0 || high < 1.0, "{a:?} on {b:?}");
        }
    }
    for (_, shape) in &boxes.shapes {
        if let Shape::Rect { area, .. } = shape {
            prop_assert!(area.x >= 0.0 && area.x + area.width <= PAGE_WIDTH + 0.1);
            prop_assert!(area.y >= 0.0 && area.y + area.height <= PAGE_HEIGHT);
        }
    }
    Ok(())
}

/// As many cases as fit into a test run; `PROPTEST_CASES` asks for more.
fn config() -> ProptestConfig {
    ProptestConfig {
        cases: crate::cases(64),
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn boxes_stay_inside_and_apart(tags in document()) {
        let mut boxes = Boxes::default();
        draw(&tags, &meta(), &mut boxes).map_err(|e| TestCaseError::fail(format!("{e}: {tags}")))?;
        check(&boxes)?;
    }

    #[test]
    fn any_markup_gives_a_file_or_an_error(tags in "(<[a-z1-4/]{1,6}( [a-z]{2,5}=\"[^\"]{0,5}\")?>|[^<>]{0,9}|&[a-z]{1,4};?){0,12}") {
        let _ = render(&tags, &meta());
    }
}

#[test]
fn random_documents_repeat_their_bytes() {
    use proptest::strategy::ValueTree;
    use proptest::test_runner::TestRunner;
    let mut runner = TestRunner::deterministic();
    for _ in 0..8 {
        let tags = document().new_tree(&mut runner).expect("a document").current();
        let twice = [&tags, &tags].map(|t| render(t, &meta()).expect("renders").bytes);
        assert_eq!(twice[0], twice[1]);
        lopdf::Document::load_mem(&twice[0]).expect("a PDF");
    }
}
