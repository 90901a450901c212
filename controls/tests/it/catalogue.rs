//! The catalogue is closed: every page is in the build, fits the tables and the criteria, has
//! examples of each kind, and its query runs on whatever SQLite is at hand.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use controls::catalogue::{Catalogue, PAGES, read_pages};
use controls::database::dictionary;
use controls::examples::Example;
use controls::result::{ControlResult, ControlVerdict};

fn pages() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("pages")
}

fn catalogue() -> Catalogue {
    Catalogue::from_pages(read_pages(&pages()).unwrap()).unwrap_or_else(|e| panic!("{e}"))
}

#[test]
fn every_page_on_disk_is_built_in() {
    let on_disk = read_pages(&pages()).unwrap();
    let built_in: Vec<_> = PAGES
        .iter()
        .map(|(file, text)| ((*file).to_owned(), (*text).to_owned()))
        .collect();
    assert!(!built_in.is_empty());
    assert_eq!(on_disk, built_in);
}

#[test]
fn pages_lie_where_their_primary_criterion_says() {
    for control in catalogue().controls() {
        let page = &control.page;
        let series = page.criteria[0].split('.').next().unwrap().to_lowercase();
        // A family of controls may have a folder of its own.
        let below = page.file.strip_prefix(&format!("{series}/"));
        let name = below.map(|file| file.strip_prefix("alarms/").unwrap_or(file));
        assert_eq!(name, Some(format!("{}.md", page.id).as_str()), "{}", page.file);
    }
}

#[test]
fn practices_have_known_forms() {
    for control in catalogue().controls() {
        for practice in &control.page.practices {
            let number = practice.strip_prefix("SD-").or_else(|| practice.strip_prefix("CY-"));
            assert!(
                number.is_some_and(|n| n.len() == 2),
                "{}: {practice}",
                control.page.file
            );
        }
    }
}

#[test]
fn every_page_has_a_pass_a_fail_and_a_not_tested_example() {
    for control in catalogue().controls() {
        let page = &control.page;
        let examples: Vec<_> = page
            .examples
            .iter()
            .map(|text| Example::parse(page, text).unwrap())
            .collect();
        let expected: BTreeSet<_> = examples.iter().filter_map(Example::expected).collect();
        for verdict in [ControlVerdict::Pass, ControlVerdict::Fail, ControlVerdict::NotTested] {
            assert!(
                expected.contains(&verdict),
                "{}: no example expects the control to be {verdict}",
                page.file
            );
        }
        let cases: BTreeSet<_> = examples.iter().map(|e| &e.case).collect();
        assert_eq!(cases.len(), examples.len(), "{}: two examples of one name", page.file);
    }
}

#[test]
fn the_dictionary_describes_the_database() {
    let db = controls::database::Database::empty().unwrap();
    let mut tables: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut query = db
        .connection()
        .prepare("SELECT m.name, c.name FROM sqlite_schema AS m, pragma_table_info(m.name) AS c WHERE m.type = 'table'")
        .unwrap();
    let columns = query
        .query_map([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?)))
        .unwrap();
    for (table, column) in columns.map(Result::unwrap) {
        tables.entry(table).or_default().push(column);
    }
    let described: BTreeMap<String, Vec<String>> = dictionary()
        .into_iter()
        .map(|table| {
            (
                table.name.to_owned(),
                table.columns.iter().map(|c| c.name.to_owned()).collect(),
            )
        })
        .collect();
    assert_eq!(tables, described);
    for table in dictionary() {
        assert!(!table.doc.is_empty(), "{}", table.name);
        assert!(table.columns.iter().all(|c| !c.doc.is_empty()), "{}", table.name);
    }
}

/// What runs a query outside of this program.
#[derive(Clone, Copy)]
enum Stock {
    /// The command line tool.
    Shell,
    /// Python's module.
    Python,
}

/// Reads pairs of paths, one a line, and prints the rows of each as JSON, one line a pair.
const PYTHON: &str = "import json, sqlite3, sys\n\
for line in sys.stdin.read().splitlines():\n\
\x20   path, query = line.split(chr(9))\n\
\x20   db = sqlite3.connect(path); db.row_factory = sqlite3.Row\n\
\x20   print(json.dumps([dict(row) for row in db.execute(open(query, encoding='utf-8').read())]))";

impl Stock {
    fn at_hand() -> Vec<(Self, String)> {
        let version = |program: &str, arguments: &[&str]| {
            let output = Command::new(program)
                .args(arguments)
                .output()
                .ok()
                .filter(|o| o.status.success())?;
            Some(String::from_utf8_lossy(&output.stdout).trim().to_owned())
        };
        let shell = version("sqlite3", &["-version"]);
        let python = version("python3", &["-c", "import sqlite3; print(sqlite3.sqlite_version)"]);
        [(Self::Shell, shell), (Self::Python, python)]
            .into_iter()
            .filter_map(|(s, v)| Some((s, v?)))
            .collect()
    }

    /// The rows of each query on its database.
    fn run(self, pairs: &[(PathBuf, PathBuf)]) -> Vec<serde_json::Value> {
        match self {
            // As the workpaper says: sqlite3 evidence.db < test.sql
            Self::Shell => pairs
                .iter()
                .map(|(db, sql)| {
                    let input = fs::File::open(sql).unwrap();
                    let output = Command::new("sqlite3")
                        .args(["-bail", "-json"])
                        .arg(db)
                        .stdin(input)
                        .output()
                        .unwrap();
                    assert!(
                        output.status.success(),
                        "{}: {}",
                        sql.display(),
                        String::from_utf8_lossy(&output.stderr)
                    );
                    // Without rows it prints nothing.
                    serde_json::from_slice(&output.stdout).unwrap_or_else(|_| serde_json::json!([]))
                })
                .collect(),
            Self::Python => {
                let list: Vec<_> = pairs
                    .iter()
                    .map(|(db, sql)| format!("{}\t{}", db.display(), sql.display()))
                    .collect();
                let mut python = Command::new("python3")
                    .args(["-c", PYTHON])
                    .stdin(Stdio::piped())
                    .stdout(Stdio::piped())
                    .spawn()
                    .unwrap();
                python
                    .stdin
                    .take()
                    .unwrap()
                    .write_all(list.join("\n").as_bytes())
                    .unwrap();
                let output = python.wait_with_output().unwrap();
                assert!(output.status.success(), "python3 failed");
                let text = String::from_utf8(output.stdout).unwrap();
                text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
            }
        }
    }
}

fn rows(result: &ControlResult) -> serde_json::Value {
    let row = |r: &controls::result::ResourceResult| {
        serde_json::json!({
            "account": r.account, "region": r.region, "resource": r.resource, "name": r.name,
            "verdict": r.verdict, "reason": r.reason, "source": r.source.as_ref().map(|s| s.exchange),
        })
    };
    result.resources.iter().map(row).collect()
}

#[test]
fn queries_give_the_same_rows_on_stock_sqlite() {
    let stock = Stock::at_hand();
    if stock.is_empty() {
        println!("skipped: neither sqlite3 nor python3 is here");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let catalogue = catalogue();
    let (mut pairs, mut expected) = (Vec::new(), Vec::new());
    let only = std::env::var("CONTROL").unwrap_or_default();
    for control in catalogue.controls().filter(|c| only.is_empty() || c.page.id == only) {
        let page = &control.page;
        for text in &page.examples {
            let example = Example::parse(page, text).unwrap();
            let evaluation = example
                .run(&catalogue, control)
                .unwrap_or_else(|e| panic!("{}: {e:?}", page.file));
            let file = |end: &str| folder.path().join(format!("{}.{end}", pairs.len()));
            let (db, sql) = (file("db"), file("sql"));
            fs::write(&db, evaluation.database.bytes().unwrap()).unwrap();
            let result = &evaluation.results.controls[&page.id];
            fs::write(&sql, &result.sql).unwrap();
            pairs.push((db, sql));
            expected.push((format!("{}, `{}`", page.file, example.case), rows(result)));
        }
    }
    for (stock, version) in &stock {
        let answers = stock.run(&pairs);
        assert_eq!(answers.len(), expected.len());
        for ((what, expected), answer) in expected.iter().zip(answers) {
            assert_eq!(answer, *expected, "{what} on SQLite {version}");
        }
        println!("{} queries on SQLite {version}", pairs.len());
    }
}
