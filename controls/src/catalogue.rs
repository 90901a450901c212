//! All control pages, built in or the firm's own, checked against each other and the tables.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::{fs, io};

use evidence::digest::Digest;
use evidence::record;
use serde::Serialize;

use crate::criteria::{Criteria, Criterion};
use crate::database::{Database, HELPERS};
use crate::derived;
use crate::nearest::nearest;
use crate::page::{MODE, Page, PageError};
use crate::query;
use crate::result::ParameterUse;
use crate::settings::Settings;
use crate::sql;

/// The pages of this build, by their path below `pages/`.
pub static PAGES: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/pages.rs"));

/// Every control needs to know whose account it looks at.
const ALWAYS: &str = "sts:GetCallerIdentity";

/// A control: its page and what follows from it.
#[derive(Clone, Debug, Serialize)]
pub struct Control {
    /// The page.
    #[serde(flatten)]
    pub page: Page,
    /// All AWS operations its verdict rests on, sorted, those of controls before it included.
    pub operations: Vec<String>,
    /// Those of its own tables: a gap in one of them leaves the control itself open. What a gap
    /// in the others leaves open, the query reads from the verdicts of the controls before it.
    #[serde(skip)]
    pub own_operations: Vec<String>,
    /// Those of `operations` that are asked only to say more: without their answer the verdict is the same.
    #[serde(skip)]
    pub hint_operations: Vec<String>,
}

impl Control {
    /// The operations of its own tables, without those that do not count with these parameters.
    pub fn needed(&self, parameters: &[ParameterUse]) -> Vec<String> {
        if self.page.tables_for.is_empty() {
            return self.own_operations.clone();
        }
        let value = |name: &str| {
            let parameter = parameters.iter().find(|p| p.name == name)?;
            parameter.value.as_str().map(str::to_owned)
        };
        let tables = self
            .page
            .tables
            .iter()
            .filter(|table| !self.page.sets_aside(table, value));
        let needed: BTreeSet<_> = tables.flat_map(|table| operations_of(table)).chain([ALWAYS]).collect();
        needed.into_iter().map(str::to_owned).collect()
    }

    /// The operations without which there is nothing to judge, if nobody asked: besides those that are needed, those
    /// of the controls before it.
    pub fn to_be_asked(&self, parameters: &[ParameterUse]) -> Vec<String> {
        let before = self.operations.iter().filter(|o| !self.own_operations.contains(o));
        let before = before.filter(|o| !self.hint_operations.contains(o));
        let all: BTreeSet<_> = self.needed(parameters).into_iter().chain(before.cloned()).collect();
        all.into_iter().collect()
    }
}

/// All controls, each after those whose verdicts it reads.
#[derive(Clone, Debug)]
pub struct Catalogue {
    /// The criteria.
    pub criteria: Criteria,
    controls: Vec<Control>,
    pages: Vec<(String, String)>,
}

/// The pages cannot be used together; each problem names its file and the remedy.
#[derive(Debug, thiserror::Error)]
pub enum CatalogueError {
    /// A folder or file could not be read.
    #[error("{}: {source}", .path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Pages with mistakes.
    #[error("{}", .0.join("\n"))]
    Pages(Vec<String>),
    /// The program itself is wrong.
    #[error(transparent)]
    Criteria(#[from] crate::criteria::BadCriteria),
    /// The program itself is wrong.
    #[error(transparent)]
    Database(#[from] crate::database::DatabaseError),
}

impl Catalogue {
    /// The built-in pages.
    pub fn builtin() -> Result<Self, CatalogueError> {
        Self::load(None)
    }

    /// The built-in pages and the firm's own.
    pub fn load(controls_dir: Option<&Path>) -> Result<Self, CatalogueError> {
        let mut pages: Vec<_> = PAGES
            .iter()
            .map(|(file, text)| ((*file).to_owned(), (*text).to_owned()))
            .collect();
        let checked = pages.len();
        if let Some(folder) = controls_dir {
            pages.extend(read_pages(folder)?);
        }
        Self::of(pages, checked)
    }

    /// A catalogue of these pages: file and text.
    pub fn from_pages(pages: impl IntoIterator<Item = (String, String)>) -> Result<Self, CatalogueError> {
        Self::of(pages.into_iter().collect(), 0)
    }

    /// The first pages may have been `checked` already, as the built-in ones are by this crate's tests:
    /// compiling the queries of all of them would take most of the time in which exhibit starts.
    fn of(pages: Vec<(String, String)>, checked: usize) -> Result<Self, CatalogueError> {
        let criteria = Criteria::builtin()?;
        let mut problems = Vec::new();
        let mut parsed: BTreeMap<String, Page> = BTreeMap::new();
        let mut shared: BTreeMap<&str, (&str, &str)> = BTreeMap::new();
        for (file, text) in &pages {
            if let Some(name) = shared_name(file)
                && let Some((first, _)) = shared.insert(name, (file, text))
            {
                problems.push(format!(
                    "{file}: the query `{name}` is there already, in {first}; choose another name"
                ));
            }
        }
        let mut known: BTreeSet<String> = BTreeSet::new();
        for (n, (file, text)) in pages
            .iter()
            .enumerate()
            .filter(|(_, (file, _))| shared_name(file).is_none())
        {
            match Page::parse(file, text).and_then(|page| with_shared(page, &shared)) {
                Ok(page) => match parsed.get(&page.id) {
                    Some(first) => problems.push(format!(
                        "{file}: id `{}` is taken by {}; choose another and rename the file",
                        page.id, first.file
                    )),
                    None => {
                        if n < checked {
                            known.insert(page.id.clone());
                        }
                        parsed.insert(page.id.clone(), page);
                    }
                },
                Err(problem) => problems.push(problem.to_string()),
            }
        }
        let new: Vec<_> = parsed.values().filter(|page| !known.contains(&page.id)).collect();
        if !new.is_empty() {
            let empty = Database::empty()?;
            for page in new {
                let found = check(page, &criteria, &parsed, &empty);
                problems.extend(found.into_iter().map(|problem| format!("{}: {problem}", page.file)));
            }
        }
        let order = match order(&parsed) {
            Ok(order) => order,
            Err(cycle) => {
                problems.push(cycle);
                Vec::new()
            }
        };
        if !problems.is_empty() {
            return Err(CatalogueError::Pages(problems));
        }
        let mut operations: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
        let mut weighty: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
        for id in &order {
            let page = &parsed[id];
            let mut needed = own_operations(page);
            let mut counts = needed.clone();
            let hints = page.hints.iter().flat_map(|table| operations_of(table));
            needed.extend(hints.map(str::to_owned));
            for before in &page.after {
                needed.extend(operations.get(before.as_str()).into_iter().flatten().cloned());
                counts.extend(weighty.get(before.as_str()).into_iter().flatten().cloned());
            }
            operations.insert(&page.id, needed);
            weighty.insert(&page.id, counts);
        }
        let controls = order
            .iter()
            .map(|id| {
                let all = operations.remove(id.as_str()).unwrap_or_default();
                Control {
                    page: parsed[id].clone(),
                    own_operations: own_operations(&parsed[id]).into_iter().collect(),
                    hint_operations: all.difference(&weighty[id.as_str()]).cloned().collect(),
                    operations: all.into_iter().collect(),
                }
            })
            .collect();
        Ok(Self {
            criteria,
            controls,
            pages,
        })
    }

    /// The catalogue of these controls and those whose verdicts they read.
    pub fn only(mut self, ids: &BTreeSet<String>) -> Self {
        let kept = self.with_those_before(|control| ids.contains(&control.page.id));
        self.controls = kept.into_iter().cloned().collect();
        self
    }

    /// All controls, each after those whose verdicts it reads.
    pub fn controls(&self) -> impl Iterator<Item = &Control> {
        self.controls.iter()
    }

    /// The control of this id.
    pub fn get(&self, id: &str) -> Option<&Control> {
        self.controls.iter().find(|c| c.page.id == id)
    }

    /// The controls in scope and those whose verdicts they read, in order of evaluation.
    pub fn in_scope(&self, settings: &Settings) -> Vec<&Control> {
        let covered = |id: &String| self.criteria.get(id).is_some_and(|c| settings.covers(c));
        self.with_those_before(|control| control.page.criteria.iter().any(covered))
    }

    /// The chosen controls and, however far back, those whose verdicts they read, in order of evaluation.
    pub fn with_those_before(&self, chosen: impl Fn(&Control) -> bool) -> Vec<&Control> {
        let mut wanted: BTreeSet<&str> = BTreeSet::new();
        // Backwards: a control is met before those it comes after.
        for control in self.controls.iter().rev() {
            let page = &control.page;
            if wanted.contains(page.id.as_str()) || chosen(control) {
                wanted.insert(&page.id);
                wanted.extend(page.after.iter().map(String::as_str));
            }
        }
        self.controls
            .iter()
            .filter(|c| wanted.contains(c.page.id.as_str()))
            .collect()
    }

    /// The controls that test a criterion, sorted by id.
    pub fn controls_for(&self, criterion: &Criterion) -> Vec<&Control> {
        let mut controls: Vec<_> = self
            .controls
            .iter()
            .filter(|c| c.page.criteria.contains(&criterion.id))
            .collect();
        controls.sort_by(|a, b| a.page.id.cmp(&b.page.id));
        controls
    }

    /// The pages as read, for keeping in the locker: file and text, sorted.
    pub fn pages(&self) -> Vec<(&str, &str)> {
        let mut pages: Vec<_> = self
            .pages
            .iter()
            .map(|(file, text)| (file.as_str(), text.as_str()))
            .collect();
        pages.sort_unstable();
        pages
    }

    /// Digest of all pages: the same catalogue has the same digest.
    pub fn digest(&self) -> Digest {
        let mut pages: Vec<_> = self
            .controls
            .iter()
            .map(|c| format!("{} {}\n", c.page.id, c.page.digest))
            .collect();
        pages.sort_unstable();
        Digest::of(pages.concat())
    }
}

/// The name of a query that pages may share: `shared/<name>.sql`.
fn shared_name(file: &str) -> Option<&str> {
    file.strip_prefix("shared/")?.strip_suffix(".sql")
}

/// The page with the query that it shares, if it shares one.
fn with_shared(mut page: Page, shared: &BTreeMap<&str, (&str, &str)>) -> Result<Page, PageError> {
    if let Some(name) = page.query.clone() {
        let Some((_, sql)) = shared.get(name.as_str()) else {
            let known = nearest(&name, shared.keys().copied());
            return Err(PageError::new(
                &page.file,
                format!("query: there is no shared/{name}.sql{known}"),
            ));
        };
        page.share(sql);
    }
    Ok(page)
}

fn own_operations(page: &Page) -> BTreeSet<String> {
    let tables = page.tables.iter().flat_map(|t| operations_of(t));
    tables.chain([ALWAYS]).map(str::to_owned).collect()
}

/// The AWS operations behind a base or derived table.
pub fn operations_of(table: &str) -> Vec<&'static str> {
    if let Some(table) = record::table(table) {
        return table.operations.to_vec();
    }
    let derived = derived::TABLES.iter().find(|d| d.name == table);
    derived
        .into_iter()
        .flat_map(|d| d.from)
        .flat_map(|base| operations_of(base))
        .collect()
}

/// Reads all pages below a folder, and the queries they share in its folder `shared`.
pub fn read_pages(folder: &Path) -> Result<Vec<(String, String)>, CatalogueError> {
    fn walk(root: &Path, folder: &Path, pages: &mut Vec<(String, String)>) -> Result<(), CatalogueError> {
        let failed = |path: &Path| {
            let path = path.to_owned();
            move |source| CatalogueError::Read { path, source }
        };
        for entry in fs::read_dir(folder).map_err(failed(folder))? {
            let entry = entry.map_err(failed(folder))?;
            let path = entry.path();
            if path.is_dir() {
                walk(root, &path, pages)?;
                continue;
            }
            // With `/` on every system, so that messages and digests agree.
            let parts = path.strip_prefix(root).unwrap_or(&path).components();
            let parts: Vec<_> = parts.map(|c| c.as_os_str().to_string_lossy()).collect();
            let file = parts.join("/");
            if file.ends_with(".md") || shared_name(&file).is_some() {
                let text = fs::read_to_string(&path).map_err(failed(&path))?;
                pages.push((file, text));
            }
        }
        Ok(())
    }
    let mut pages = Vec::new();
    walk(folder, folder, &mut pages)?;
    pages.sort();
    Ok(pages)
}

/// Everything that can be wrong with one page among the others.
fn check(page: &Page, criteria: &Criteria, pages: &BTreeMap<String, Page>, empty: &Database) -> Vec<String> {
    let mut problems = Vec::new();
    let stem = page
        .file
        .rsplit('/')
        .next()
        .and_then(|name| name.strip_suffix(".md"))
        .unwrap_or_default();
    if stem != page.id {
        problems.push(format!(
            "id is `{}`, but the file is called `{stem}.md`; make them agree",
            page.id
        ));
    }
    if page.id.is_empty()
        || !page
            .id
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
    {
        problems.push(format!("id `{}` must consist of a-z, 0-9 and -", page.id));
    }
    if page.criteria.is_empty() {
        problems.push("criteria is empty; name the primary criterion first".to_owned());
    }
    for id in page.criteria.iter().filter(|id| criteria.get(id).is_none()) {
        let known = criteria.all.iter().map(|c| c.id.as_str());
        problems.push(format!("criteria: there is no criterion `{id}`{}", nearest(id, known)));
    }
    for id in page.after.iter().filter(|id| !pages.contains_key(*id)) {
        problems.push(format!(
            "after: there is no control `{id}`{}",
            nearest(id, pages.keys().map(String::as_str))
        ));
    }
    for table in page.hints.iter().filter(|table| page.tables.contains(table)) {
        problems.push(format!("hints: `{table}` is in `tables` already; leave it out here"));
    }
    for table in page
        .tables
        .iter()
        .chain(&page.hints)
        .filter(|table| !is_evidence(table))
    {
        let known = record::TABLES
            .iter()
            .map(|t| t.name)
            .chain(derived::TABLES.iter().map(|t| t.name));
        problems.push(if is_helper(table) {
            format!("tables: `{table}` is always there; leave it out")
        } else {
            format!("tables: there is no table `{table}`{}", nearest(table, known))
        });
    }
    if let Err(found) = check_query(page, pages, empty) {
        problems.extend(found);
    }
    problems
}

/// A recorded or derived table.
fn is_evidence(table: &str) -> bool {
    record::table(table).is_some() || derived::TABLES.iter().any(|t| t.name == table)
}

fn is_helper(table: &str) -> bool {
    HELPERS.iter().any(|t| t.name == table)
}

fn check_query(page: &Page, pages: &BTreeMap<String, Page>, empty: &Database) -> Result<(), Vec<String>> {
    let text = |e: sql::TextError| vec![format!("sql: {e}")];
    let mut problems = Vec::new();
    let used = sql::parameters(&page.sql).map_err(text)?;
    for name in used
        .iter()
        .filter(|name| !query::BUILT_IN.contains(&name.as_str()) && !page.parameters.contains_key(*name))
    {
        problems.push(format!("sql: {}", sql::TextError::Undeclared(name.clone())));
    }
    for name in page
        .parameters
        .keys()
        .filter(|name| !used.contains(*name) && *name != MODE)
    {
        problems.push(format!(
            "parameters.{name}: the query does not use `:{name}`; use it or remove the parameter"
        ));
    }
    let literals = sql::literals(&page.sql).map_err(text)?;
    if literals.iter().any(|l| l.eq_ignore_ascii_case("now")) {
        problems.push("sql: 'now' would give another verdict tomorrow; use :as_of".to_owned());
    }
    let words = sql::words(&page.sql).map_err(text)?;
    if words
        .windows(2)
        .any(|w| matches!(w[0].as_str(), "RIGHT" | "FULL") && matches!(w[1].as_str(), "JOIN" | "OUTER"))
    {
        problems.push("sql: RIGHT and FULL JOIN are not known to SQLite 3.37; turn the join round".to_owned());
    }
    let filled = sql::fill(&page.sql, |_| Some("NULL".to_owned())).map_err(text)?;
    let read = match query::tables_read(empty.connection(), &filled) {
        Ok(read) => read,
        Err(e) => {
            problems.push(format!("sql: {e}"));
            return Err(problems);
        }
    };
    if !page.facts.is_empty() && !read.contains("fact") {
        problems.push("facts: the query does not read `fact`; read it or leave the facts out".to_owned());
    }
    for kind in page.facts.keys().filter(|kind| !literals.contains(*kind)) {
        problems.push(format!(
            "facts.{kind}: the query does not name '{kind}'; use it or leave it out"
        ));
    }
    let records = read.contains("attachment") || read.contains("fact");
    if records && !crate::manual::takes_evidence(page) {
        problems.push(
            "type: the query reads records that people supply; make the type `… + manual`, or declare [facts.<kind>]"
                .to_owned(),
        );
    }
    let named = |table: &String| page.tables.contains(table) || page.hints.contains(table);
    for table in read.iter().filter(|t| is_evidence(t) && !named(t)) {
        problems.push(format!(
            "tables: the query reads `{table}`; name it, so that its AWS operations are needed"
        ));
    }
    let all = page.tables.iter().chain(&page.hints);
    for table in all.filter(|t| is_evidence(t) && !read.contains(*t)) {
        problems.push(format!("tables: the query does not read `{table}`; leave it out"));
    }
    let reads_verdicts = read.contains("verdict") || read.contains("control_verdict");
    if !page.after.is_empty() && !reads_verdicts {
        problems.push("after: the query reads neither `control_verdict` nor `verdict`; leave `after` out".to_owned());
    }
    if reads_verdicts {
        if page.after.is_empty() {
            problems.push("after: the query reads verdicts; name the controls they belong to".to_owned());
        }
        // Verdicts of a control that has not run yet would be missing now and there afterwards.
        for id in literals
            .iter()
            .filter(|l| pages.contains_key(*l) && !page.after.contains(l))
        {
            problems.push(format!("after: the query names the control `{id}`; name it here too"));
        }
    }
    if problems.is_empty() { Ok(()) } else { Err(problems) }
}

/// Ids in an order in which each comes after those it names, else by name.
fn order(pages: &BTreeMap<String, Page>) -> Result<Vec<String>, String> {
    let mut order: Vec<String> = Vec::new();
    let mut placed: BTreeSet<&str> = BTreeSet::new();
    let mut waiting: Vec<&Page> = pages.values().collect();
    while !waiting.is_empty() {
        let before = waiting.len();
        waiting.retain(|page| {
            let ready = page
                .after
                .iter()
                .all(|id| placed.contains(id.as_str()) || !pages.contains_key(id));
            if ready {
                placed.insert(&page.id);
                order.push(page.id.clone());
            }
            !ready
        });
        if waiting.len() == before {
            let ids: Vec<_> = waiting.iter().map(|p| p.id.as_str()).collect();
            return Err(format!(
                "{}: `after` runs in a circle through {}; break it",
                waiting[0].file,
                ids.join(", ")
            ));
        }
    }
    Ok(order)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(id: &str, after: &str, tables: &str, sql: &str) -> (String, String) {
        let text = format!(
            "+++\nid = \"{id}\"\ntitle = \"T\"\ncriteria = [\"CC6.1\"]\ntype = \"configuration\"\nseverity = \"low\"\n\
             tables = [{tables}]\nafter = [{after}]\n[parameters.days]\ndefault = 1\ndoc = \"D.\"\n+++\n\
             ## Control\nx\n## Test\nx\n## Notes\nx\n```sql\n{sql}\n```\n"
        );
        (format!("{id}.md"), text)
    }

    const USERS: &str = "SELECT account, region, arn AS resource, name, 'pass' AS verdict, :days || 'x' AS reason, source FROM iam_user";

    fn problem(pages: &[(String, String)]) -> String {
        Catalogue::from_pages(pages.to_vec())
            .err()
            .map_or_else(String::new, |e| e.to_string())
    }

    fn with(sql: &str) -> String {
        problem(&[page("a", "", "\"iam_user\"", sql)])
    }

    #[test]
    fn a_good_page_is_taken() {
        let catalogue = Catalogue::from_pages([page("a", "", "\"iam_user\"", USERS)]).unwrap();
        assert_eq!(
            catalogue.get("a").unwrap().operations,
            ["iam:ListUsers", "sts:GetCallerIdentity"]
        );
    }

    #[test]
    fn mistakes_in_queries_are_named() {
        for (sql, expected) in [
            (USERS.replace("iam_user", "iam_users"), "no such table: iam_users"),
            (USERS.replace("arn AS", "arns AS"), "no such column"),
            (
                USERS.replace(", source", ""),
                "account, region, resource, name, verdict, reason, source",
            ),
            (USERS.replace(":days", ":day"), "`:day` is used but not declared"),
            (USERS.replace(":days ||", ""), "does not use `:days`"),
            (format!("{USERS} WHERE ?1"), "`?1` is no parameter"),
            (format!("{USERS} WHERE date('now') > 1"), "use :as_of"),
            (format!("{USERS} WHERE random()"), "random"),
            (format!("{USERS} WHERE name ->> '$' = 1"), "->>"),
            (format!("{USERS} FULL OUTER JOIN gap ON 1"), "RIGHT and FULL JOIN"),
            (
                format!("{USERS} WHERE 1 IN (SELECT 1 FROM iam_role)"),
                "reads `iam_role`",
            ),
            (
                format!("{USERS} WHERE 1 IN (SELECT 1 FROM control_verdict)"),
                "the query reads verdicts",
            ),
            (format!("{USERS}; DELETE FROM gap"), "one SELECT"),
            (format!("{USERS} /*"), "never closed"),
            ("DELETE FROM gap WHERE :days".to_owned(), "not authorized"),
            ("PRAGMA user_version = 1 -- :days".to_owned(), "sql: "),
            ("ATTACH 'x' AS y".to_owned(), "sql: "),
            (format!("{USERS} WHERE load_extension('x')"), "load_extension"),
            (format!("{USERS} WHERE 1 IN (SELECT 1 FROM sqlite_schema)"), "sqlite_"),
            (
                format!("{USERS} WHERE 1 IN (SELECT cid FROM pragma_table_info('gap'))"),
                "pragma_table_info",
            ),
        ] {
            let message = with(&sql);
            assert!(
                message.starts_with("a.md: ") && message.contains(expected),
                "{sql}\n{message}"
            );
        }
    }

    #[test]
    fn pages_share_a_query() {
        let sharing = |id: &str| {
            let (file, text) = page(id, "", "\"iam_user\"", "SELECT 1");
            let text = text.replace("```sql\nSELECT 1\n```\n", "").replacen(
                "[parameters",
                "query = \"users\"\n[parameters",
                1,
            );
            (file, text)
        };
        let query = |file: &str, more: &str| (file.to_owned(), format!("{USERS} WHERE :control <> 'x'{more};\n"));
        let pages = [sharing("a"), sharing("b"), query("shared/users.sql", "")];
        let catalogue = Catalogue::from_pages(pages.clone()).unwrap();
        let sql = |id: &str| catalogue.get(id).unwrap().page.sql.clone();
        assert_eq!(sql("a"), format!("{USERS} WHERE :control <> 'x'"));
        assert_eq!(sql("a"), sql("b"));
        // Another query is another catalogue.
        let other = [sharing("a"), sharing("b"), query("shared/users.sql", " AND 1")];
        assert_ne!(Catalogue::from_pages(other).unwrap().digest(), catalogue.digest());
        assert!(problem(&[sharing("a"), query("shared/user.sql", "")]).contains("did you mean `user`"));
        let twice = [pages[0].clone(), pages[2].clone(), query("shared/users.sql", "")];
        assert!(problem(&twice).contains("is there already"));
    }

    #[test]
    fn mistakes_between_pages_are_named() {
        let users = |id: &str, after: &str| page(id, after, "\"iam_user\"", USERS);
        let reads = format!("{USERS} WHERE (SELECT verdict FROM control_verdict WHERE control = 'b') = 'pass'");
        assert!(
            problem(&[users("a", ""), ("firm/a.md".to_owned(), users("a", "").1)]).contains("id `a` is taken by a.md")
        );
        assert!(problem(&[("b.md".to_owned(), users("a", "").1)]).contains("make them agree"));
        assert!(problem(&[users("a", "\"b\"")]).contains("no control `b`"));
        assert!(problem(&[users("a", "\"b\""), users("b", "")]).contains("leave `after` out"));
        assert!(problem(&[page("a", "", "\"iam_user\"", &reads), users("b", "")]).contains("after"));
        assert_eq!(
            problem(&[page("a", "\"b\"", "\"iam_user\"", &reads), users("b", "")]),
            ""
        );
        let circle = problem(&[
            page("a", "\"b\"", "\"iam_user\"", &reads),
            page("b", "\"a\"", "\"iam_user\"", &reads.replace("'b'", "'a'")),
        ]);
        assert!(circle.contains("circle through a, b"), "{circle}");
        let criterion = users("a", "").1.replace("CC6.1", "CC6.11");
        assert!(problem(&[("a.md".to_owned(), criterion)]).contains("did you mean `CC6.1`"));
        assert!(problem(&[page("a", "", "\"iam_usr\", \"gap\"", USERS)]).contains("did you mean `iam_user`"));
    }

    #[test]
    fn controls_before_others_bring_their_operations() {
        let reads = "SELECT account, region, account AS resource, account AS name, verdict, :days || 'x' AS reason, 1 AS source \
                     FROM control_verdict WHERE control = 'z'";
        let pages = [page("a", "\"z\"", "", reads), page("z", "", "\"iam_user\"", USERS)];
        let error = problem(&pages);
        assert!(error.contains("no such column: region"), "{error}");
        let pages = [
            page(
                "a",
                "\"z\"",
                "",
                &reads.replace("account, region", "account, 'global' AS region"),
            ),
            pages[1].clone(),
        ];
        let catalogue = Catalogue::from_pages(pages).unwrap();
        assert_eq!(
            catalogue.controls().map(|c| c.page.id.as_str()).collect::<Vec<_>>(),
            ["z", "a"]
        );
        assert_eq!(
            catalogue.get("a").unwrap().operations,
            ["iam:ListUsers", "sts:GetCallerIdentity"]
        );
    }
}
