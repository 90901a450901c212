//! What stands where: boxes as the layout drew them.

use crate::pdf_support::{ARN, Boxes, binder, meta};
use report::pdf::{BODY_WIDTH, MARGIN_BOTTOM, MARGIN_SIDE, MARGIN_TOP, PAGE_HEIGHT, Tag, Target, draw};

fn boxes(tags: &str) -> Boxes {
    let mut boxes = Boxes::default();
    draw(tags, &meta(), &mut boxes).expect("draws");
    boxes
}

fn texts(boxes: &Boxes, page: usize) -> String {
    boxes
        .texts
        .iter()
        .filter(|t| t.page == page)
        .map(|t| format!("{}\n", t.text.trim()))
        .collect()
}

#[test]
fn every_page_of_a_table_has_its_head_and_nothing_leaves_the_margins() {
    let boxes = boxes(&binder(300));
    let body: Vec<usize> = boxes
        .texts
        .iter()
        .filter(|t| t.text.contains("@meridian") || t.text.starts_with("user-"))
        .map(|t| t.page)
        .collect();
    for page in *body.first().expect("rows")..=*body.last().expect("rows") {
        if texts(&boxes, page).contains("user-0") {
            assert!(texts(&boxes, page).contains("Exchange"), "page {page}");
        }
    }
    for t in &boxes.texts {
        let right = t.area.x + t.area.width;
        assert!(t.area.x >= MARGIN_SIDE - 0.1, "{t:?}");
        assert!(right <= MARGIN_SIDE + BODY_WIDTH + 0.1, "{t:?}");
        if t.tag != Tag::Pagination && t.page > 1 {
            assert!(t.area.y >= MARGIN_TOP - 1.0, "{t:?}");
            assert!(t.area.y + t.area.height <= PAGE_HEIGHT - MARGIN_BOTTOM + 1.0, "{t:?}");
        }
    }
}

#[test]
fn long_identifiers_break_after_punctuation_and_lose_nothing() {
    let tags = format!("<table><tr><td width=\"25%\">{ARN}</td><td>x</td></tr></table>");
    let boxes = boxes(&tags);
    let lines: Vec<&str> = boxes
        .texts
        .iter()
        .filter(|t| t.tag != Tag::Pagination && t.text != "x")
        .map(|t| t.text.as_str())
        .collect();
    assert_eq!(lines.concat(), ARN);
    assert!(lines.len() > 2);
    for line in &lines[..lines.len() - 1] {
        let end = line.chars().last().expect("no line is empty");
        assert!(":/-.".contains(end) || end.is_lowercase(), "{lines:?}");
    }
}

#[test]
fn a_row_taller_than_a_page_is_divided() {
    let long = "abcdefghij".repeat(2000);
    let boxes = boxes(&format!(
        "<table><thead><tr><th width=\"20%\">Head</th><th>B</th></tr></thead><tbody><tr><td>{long}</td><td>y</td></tr></tbody></table>"
    ));
    assert!(boxes.pages > 2);
    let text: String = boxes
        .texts
        .iter()
        .filter(|t| t.tag != Tag::Pagination && t.text.len() > 5)
        .map(|t| t.text.as_str())
        .collect();
    assert_eq!(text, long);
    for page in 1..=boxes.pages {
        assert!(texts(&boxes, page).contains("Head"));
    }
}

#[test]
fn a_heading_is_never_the_last_thing_on_a_page() {
    for filler in 40..56 {
        let tags = format!(
            "{}<h2>Heading</h2><p>first line after it</p>",
            "<p>filler</p>".repeat(filler)
        );
        let boxes = boxes(&tags);
        let page = |text: &str| boxes.texts.iter().find(|t| t.text.contains(text)).map(|t| t.page);
        assert_eq!(page("Heading"), page("first line"), "{filler} paragraphs");
    }
}

#[test]
fn headers_count_pages_and_name_the_chapter() {
    let boxes = boxes(&binder(10));
    assert!(!texts(&boxes, 1).contains("Page 1 of"), "the cover has none");
    let second = texts(&boxes, 2);
    assert!(second.contains(&format!("Page 2 of {}", boxes.pages)));
    let verify = boxes
        .destinations
        .iter()
        .find(|(_, name)| name == "verify")
        .expect("a destination");
    let running: Vec<&str> = boxes
        .texts
        .iter()
        .filter(|t| t.page == verify.0 && t.tag == Tag::Pagination)
        .map(|t| t.text.as_str())
        .collect();
    assert!(running.contains(&"How to verify this binder"), "{running:?}");
}

#[test]
fn the_contents_list_pages_as_they_are() {
    let boxes = boxes(&binder(50));
    for (page, level, title) in boxes.outline.iter().filter(|(_, l, _)| *l == 1).skip(1) {
        assert_eq!(*level, 1);
        let entry = boxes
            .texts
            .iter()
            .position(|t| t.page == 2 && t.text.trim() == title)
            .unwrap_or_else(|| panic!("{title} is not listed"));
        assert_eq!(boxes.texts[entry + 1].text, page.to_string(), "{title}");
    }
    let headings = boxes.links.iter().filter(|(_, _, t)| matches!(t, Target::Heading(_)));
    assert!(headings.count() >= 10);
}

#[test]
fn a_page_break_before_a_chapter_leaves_no_empty_page() {
    let one = boxes("<p>a</p><pagebreak/><pagebreak/><h1>B</h1><p>c</p><pagebreak/>");
    assert_eq!(one.pages, 2);
}

#[test]
fn labels_and_code_keep_their_words() {
    let boxes = boxes("<p>is <span class=\"pill not-tested\">not tested</span> here</p><pre>a  b\n  c</pre>");
    let text = texts(&boxes, 1);
    assert!(text.contains("not tested"), "{text}");
    assert!(text.contains("a  b\n"), "{text}");
}
