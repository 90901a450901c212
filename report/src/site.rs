//! The web pages: an index, a page per criterion and per control, changes and requests.

use std::collections::BTreeMap;

use controls::result::ResourceVerdict;
use rayon::prelude::*;
use serde::Serialize;
use serde_json::json;

use crate::error::ReportError;
use crate::escape::Dialect;
use crate::templates::Templates;
use crate::view::{
    Book, ChangesView, Cover, CriterionRow, MemberRow, Request, RequestSection, Scope, Series, Summary, Workpaper,
};

/// Rows of a population that a page shows; the rest is in the CSV file beside it.
const ROWS: usize = 3_000;
/// Resources that the search box knows; beyond that only those that stand out.
const SEARCHED: usize = 20_000;

/// The folder of the criteria outside the bundle.
pub(crate) const FOLDER: &str = "workpapers";

/// Where pages lie: what links lead to depends on it.
#[derive(Clone, Copy, Debug, Serialize)]
struct Place {
    /// Way up to the index: `../` as often as needed.
    up: &'static str,
    /// Folder of the criteria.
    folder: &'static str,
    /// Inside the bundle, beside the evidence.
    bundle: bool,
}

/// The view of `index.html`.
#[derive(Serialize)]
struct IndexPage<'a> {
    place: Place,
    cover: &'a Cover,
    summary: &'a Summary,
    series: &'a [Series],
    scope: &'a Scope,
    requests: &'a [Request],
    asked: String,
    changes: Option<&'a ChangesView>,
    /// Resources for the search box, as JSON that holds no `<`.
    resources: &'a str,
    /// The search box knows all resources.
    all: bool,
}

/// The view of `criterion.html`.
#[derive(Serialize)]
struct CriterionPage<'a> {
    place: Place,
    cover: &'a Cover,
    criterion: &'a CriterionRow,
}

/// The view of `workpaper.html`.
#[derive(Serialize)]
struct WorkpaperPage<'a> {
    place: Place,
    cover: &'a Cover,
    wp: &'a Workpaper,
    rows: usize,
}

/// The view of `changes.html`.
#[derive(Serialize)]
struct ChangesPage<'a> {
    place: Place,
    cover: &'a Cover,
    changes: &'a ChangesView,
}

/// The view of `requests.html`.
#[derive(Serialize)]
struct RequestsPage<'a> {
    place: Place,
    cover: &'a Cover,
    sections: Vec<RequestSection>,
    asked: String,
}

/// All web pages, by path: those of the bundle, below `data/`, and those of the output folder.
pub(crate) struct Pages {
    /// In the bundle.
    pub bundled: BTreeMap<String, Vec<u8>>,
    beside: BTreeMap<String, Vec<u8>>,
}

impl Pages {
    /// Renders all of them.
    pub fn render(templates: &Templates, book: &Book) -> Result<Self, ReportError> {
        let (resources, all) = search(book)?;
        let set = |folder, bundle| pages(templates, book, Place { up: "", folder, bundle }, &resources, all);
        let (bundled, beside) = rayon::join(|| set("criteria", true), || set(FOLDER, false));
        Ok(Self {
            bundled: bundled?,
            beside: beside?,
        })
    }

    /// Those of the output folder.
    pub fn site(self) -> BTreeMap<String, Vec<u8>> {
        self.beside
    }
}

fn pages(
    templates: &Templates,
    book: &Book,
    place: Place,
    resources: &str,
    all: bool,
) -> Result<BTreeMap<String, Vec<u8>>, ReportError> {
    let cover = &book.cover;
    let asked = || Request::kinds(&book.requests);
    let criteria: Vec<_> = book.series.iter().flat_map(|s| &s.criteria).collect();
    let workpapers: Vec<_> = book.workpapers().collect();
    let mut pages: Vec<(String, String)> = criteria
        .par_iter()
        .map(|criterion| {
            let place = Place { up: "../../", ..place };
            let text = templates.render(
                "criterion.html",
                &CriterionPage {
                    place,
                    cover,
                    criterion,
                },
            )?;
            Ok((format!("{}/{}/index.html", place.folder, criterion.id), text))
        })
        .chain(workpapers.par_iter().map(|wp| {
            let place = Place {
                up: "../../../",
                ..place
            };
            let text = templates.render(
                "workpaper.html",
                &WorkpaperPage {
                    place,
                    cover,
                    wp,
                    rows: ROWS,
                },
            )?;
            Ok((format!("{}/{}/{}/index.html", place.folder, wp.primary, wp.id), text))
        }))
        .collect::<Result<_, ReportError>>()?;
    let index = IndexPage {
        place,
        cover,
        summary: &book.summary,
        series: &book.series,
        scope: &book.scope,
        requests: &book.requests,
        asked: asked(),
        changes: book.changes.as_ref(),
        resources,
        all,
    };
    pages.push(("index.html".to_owned(), templates.render("index.html", &index)?));
    let requests = RequestsPage {
        place,
        cover,
        sections: crate::view::sections(&book.requests),
        asked: asked(),
    };
    pages.push((
        "requests.html".to_owned(),
        templates.render("requests.html", &requests)?,
    ));
    if let Some(changes) = &book.changes {
        let page = ChangesPage { place, cover, changes };
        pages.push(("changes.html".to_owned(), templates.render("changes.html", &page)?));
    }
    Ok(pages
        .into_iter()
        .map(|(path, text)| (path, text.into_bytes()))
        .collect())
}

/// What the search box knows: every resource once, with the controls that looked at it.
fn search(book: &Book) -> Result<(String, bool), ReportError> {
    type Key<'a> = (&'a str, &'a str, &'a str, &'a str);
    let order: BTreeMap<&str, usize> = book
        .summary
        .controls
        .iter()
        .enumerate()
        .map(|(at, c)| (c.id.as_str(), at))
        .collect();
    let collect = |wanted: &dyn Fn(&MemberRow) -> bool| {
        let mut found: BTreeMap<Key<'_>, Vec<(usize, &str, &str)>> = BTreeMap::new();
        for wp in book.workpapers() {
            let Some(at) = order.get(wp.id.as_str()) else { continue };
            for m in wp.members.iter().filter(|m| wanted(m)) {
                let key = (
                    m.name.as_str(),
                    m.resource.as_str(),
                    m.account.as_str(),
                    m.region.as_str(),
                );
                found.entry(key).or_default().push((*at, m.pill.tone, m.pill.word));
            }
        }
        found
    };
    let quiet = [ResourceVerdict::Pass, ResourceVerdict::Na].map(|v| crate::view::Pill::resource(v, false));
    let every = collect(&|_| true);
    let all = every.len() <= SEARCHED;
    let found = if all {
        every
    } else {
        collect(&|m| !quiet.contains(&m.pill))
    };
    let shown = |text: &str| Dialect::Text.escape(text);
    let list: Vec<_> = found
        .into_iter()
        .map(|((name, resource, account, region), controls)| {
            json!([shown(name), shown(resource), account, region, controls])
        })
        .collect();
    // Inside a script element a `<` could end it.
    Ok((serde_json::to_string(&list)?.replace('<', "\\u003c"), all))
}
