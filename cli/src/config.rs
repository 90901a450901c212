//! `exhibit.toml`: whose evidence this is, its periods, scope, parameters and exceptions.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use chrono::NaiveDate;
use collector::source::EventWindow;
use collector::{Regions, Target};
use controls::catalogue::Catalogue;
use controls::criteria::Category;
use controls::nearest::nearest;
use controls::result::Exception;
use controls::settings::{MAX_GAP_DAYS, ParameterSetting, Settings};
use evidence::period::{Period, PeriodType};
use serde::Deserialize;
use serde::de::IntoDeserializer;
use toml::{Table, Value};

use crate::exit::Stop;

mod custody;

pub use custody::{CustodyConfig, KeyConfig};

/// The file's content, checked.
#[derive(Debug)]
pub struct Config {
    /// Organization.
    pub organization: String,
    /// System in scope of the report.
    pub system: Option<String>,
    /// Testing periods.
    pub periods: Vec<Period>,
    /// Accounts to collect from; none means that of the credentials.
    pub targets: Vec<Target>,
    /// Regions to collect from.
    pub regions: Regions,
    /// Days of event history to collect.
    pub event_days: u32,
    /// Parameters, exceptions, categories.
    pub settings: Settings,
    /// Folder with the firm's own templates.
    pub templates_dir: Option<PathBuf>,
    /// Who vouches for the log.
    pub custody: CustodyConfig,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            organization: "Unnamed organization".to_owned(),
            system: None,
            periods: Vec::new(),
            targets: Vec::new(),
            regions: Regions::All,
            event_days: EventWindow::MOST_DAYS,
            settings: Settings::default(),
            templates_dir: None,
            custody: CustodyConfig::default(),
        }
    }
}

impl Config {
    /// Reads the file. A missing one is an error only if it was asked for by name.
    pub fn read(path: &Path, asked_for: bool) -> Result<Self, Stop> {
        let text = match fs::read_to_string(path) {
            Ok(text) => text,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound && !asked_for => return Ok(Self::default()),
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => {
                return Err(Stop::usage(format!(
                    "{} is not there; `exhibit init` writes one",
                    path.display()
                )));
            }
            Err(e) => return Err(Stop::usage(format!("cannot read {}: {e}", path.display()))),
        };
        let base = path.parent().unwrap_or(Path::new(""));
        Self::parse(&text, base).map_err(|message| Stop::usage(format!("{}: {message}", path.display())))
    }

    /// The configuration of the sample account.
    pub fn sample(text: &str) -> Result<Self, Stop> {
        Self::parse(text, Path::new("")).map_err(|message| Stop::failure(format!("samples/exhibit.toml: {message}")))
    }

    fn parse(text: &str, base: &Path) -> Result<Self, String> {
        let table: Table = toml::from_str(text).map_err(|e| e.to_string().trim_end().to_owned())?;
        let mut file = Section::new("", table);
        let organization = file
            .text("organization")?
            .ok_or("`organization` is missing: whose evidence is this?")?;
        let system = file.text("system")?;
        let periods = file
            .tables("period")?
            .into_iter()
            .map(period)
            .collect::<Result<Vec<_>, _>>()?;
        check_periods(&periods)?;
        let mut scope = file.table("scope")?;
        let targets = targets(&mut scope)?;
        let regions = regions(&mut scope)?;
        let categories = categories(&mut scope)?;
        let max_gap_days = scope.integer("max_gap_days")?;
        scope.finish(&["accounts", "regions", "categories", "max_gap_days"])?;
        let event_days = event_days(file.table("collect")?)?;
        let custody = custody::custody(file.table("custody")?, base)?;
        let parameters = parameters(file.table("parameters")?)?;
        let exceptions = file
            .tables("exception")?
            .into_iter()
            .map(exception)
            .collect::<Result<Vec<_>, _>>()?;
        let controls_dir = file.text("controls_dir")?.map(|dir| base.join(dir));
        let templates_dir = file.text("templates_dir")?.map(|dir| base.join(dir));
        file.finish(&[
            "organization",
            "system",
            "period",
            "scope",
            "collect",
            "custody",
            "parameters",
            "exception",
            "controls_dir",
            "templates_dir",
        ])?;
        let max_gap_days = match max_gap_days {
            None => MAX_GAP_DAYS,
            Some(days) => {
                u32::try_from(days).map_err(|_| "`scope.max_gap_days` must be a number of days".to_owned())?
            }
        };
        let settings = Settings {
            parameters,
            exceptions,
            controls_dir,
            categories,
            max_gap_days,
        };
        Ok(Self {
            organization,
            system,
            periods,
            targets,
            regions,
            event_days,
            settings,
            templates_dir,
            custody,
        })
    }

    /// The catalogue of controls, with the firm's own pages, after checking the settings by it.
    pub fn catalogue(&self) -> Result<Catalogue, Stop> {
        let catalogue = Catalogue::load(self.settings.controls_dir.as_deref())?;
        self.settings.check(&catalogue)?;
        Ok(catalogue)
    }

    /// The period of this name.
    pub fn period(&self, name: &str) -> Result<&Period, Stop> {
        self.periods.iter().find(|period| period.name == name).ok_or_else(|| {
            let known = self.periods.iter().map(|p| p.name.as_str());
            Stop::usage(match self.periods.is_empty() {
                true => format!("there is no period `{name}`: exhibit.toml has no [[period]]"),
                false => format!("there is no period `{name}` in exhibit.toml{}", nearest(name, known)),
            })
        })
    }
}

/// A table of the file that knows its path, and which of its keys were read.
struct Section {
    path: String,
    table: Table,
}

impl Section {
    fn new(path: &str, table: Table) -> Self {
        Self {
            path: path.to_owned(),
            table,
        }
    }

    fn name(&self, key: &str) -> String {
        if self.path.is_empty() {
            key.to_owned()
        } else {
            format!("{}.{key}", self.path)
        }
    }

    fn text(&mut self, key: &str) -> Result<Option<String>, String> {
        match self.table.remove(key) {
            None => Ok(None),
            Some(Value::String(text)) if !text.trim().is_empty() => Ok(Some(text)),
            Some(_) => Err(format!("`{}` must be a text that is not empty", self.name(key))),
        }
    }

    fn required(&mut self, key: &str) -> Result<String, String> {
        let name = self.name(key);
        self.text(key)?.ok_or_else(|| format!("`{name}` is missing"))
    }

    fn integer(&mut self, key: &str) -> Result<Option<i64>, String> {
        match self.table.remove(key) {
            None => Ok(None),
            Some(Value::Integer(n)) => Ok(Some(n)),
            Some(_) => Err(format!("`{}` must be a whole number", self.name(key))),
        }
    }

    fn day(&mut self, key: &str) -> Result<NaiveDate, String> {
        let name = self.name(key);
        let text = match self.table.remove(key) {
            None => return Err(format!("`{name}` is missing")),
            Some(Value::Datetime(date)) => date.to_string(),
            Some(Value::String(text)) => text,
            Some(other) => other.to_string(),
        };
        text.parse()
            .map_err(|_| format!("`{name}` must be a day such as 2026-01-01, not `{text}`"))
    }

    fn table(&mut self, key: &str) -> Result<Section, String> {
        let path = self.name(key);
        match self.table.remove(key) {
            None => Ok(Section {
                path,
                table: Table::new(),
            }),
            Some(Value::Table(table)) => Ok(Section { path, table }),
            Some(_) => Err(format!("`{path}` must be a table: write [{path}]")),
        }
    }

    fn tables(&mut self, key: &str) -> Result<Vec<Section>, String> {
        let path = self.name(key);
        match self.table.remove(key) {
            None => Ok(Vec::new()),
            Some(Value::Array(items)) => items
                .into_iter()
                .enumerate()
                .map(|(n, item)| match item {
                    Value::Table(table) => Ok(Section {
                        path: format!("{path}[{}]", n + 1),
                        table,
                    }),
                    _ => Err(format!("`{path}` must be a list of tables: write [[{path}]]")),
                })
                .collect(),
            Some(_) => Err(format!("`{path}` must be a list of tables: write [[{path}]]")),
        }
    }

    /// Everything has been read; what is left nobody knows.
    fn finish(self, known: &[&str]) -> Result<(), String> {
        match self.table.keys().next() {
            None => Ok(()),
            Some(key) => Err(format!(
                "`{}` is no known key{}",
                self.name(key),
                nearest(key, known.iter().copied())
            )),
        }
    }
}

fn period(mut section: Section) -> Result<Period, String> {
    let name = section.required("name")?;
    let start = section.day("start")?;
    let end = section.day("end")?;
    let kind = section.required("type")?;
    let deserializer: serde::de::value::StrDeserializer<'_, serde::de::value::Error> =
        kind.as_str().into_deserializer();
    let r#type = PeriodType::deserialize(deserializer).map_err(|_| {
        format!(
            "`{}` must be \"type-1\" or \"type-2\", not `{kind}`",
            section.name("type")
        )
    })?;
    let closed = match section.table.remove("closed") {
        None => false,
        Some(Value::Boolean(closed)) => closed,
        Some(_) => return Err(format!("`{}` must be true or false", section.name("closed"))),
    };
    section.finish(&["name", "type", "start", "end", "closed"])?;
    if end <= start {
        return Err(format!(
            "period `{name}` ends ({end}) before it begins ({start}); `end` is the day after the last"
        ));
    }
    Ok(Period {
        name,
        r#type,
        start,
        end,
        closed,
    })
}

fn check_periods(periods: &[Period]) -> Result<(), String> {
    for (n, period) in periods.iter().enumerate() {
        if periods[..n].iter().any(|other| other.name == period.name) {
            return Err(format!("two periods are named `{}`", period.name));
        }
    }
    Ok(())
}

fn targets(scope: &mut Section) -> Result<Vec<Target>, String> {
    let name = scope.name("accounts");
    let items = match scope.table.remove("accounts") {
        None => return Ok(Vec::new()),
        Some(Value::Array(items)) => items,
        Some(_) => return Err(format!("`{name}` must be a list")),
    };
    let mut ids = std::collections::BTreeSet::new();
    items
        .into_iter()
        .enumerate()
        .map(|(n, item)| {
            let path = format!("{name}[{}]", n + 1);
            let mut section = match item {
                Value::String(id) => Section::new(&path, Table::from_iter([("id".to_owned(), Value::String(id))])),
                Value::Table(table) => Section::new(&path, table),
                _ => {
                    return Err(format!(
                        "`{path}` must be an account id or a table with `id` and `role_arn`"
                    ));
                }
            };
            let id = section.required("id")?;
            if id.len() != 12 || !id.bytes().all(|b| b.is_ascii_digit()) {
                return Err(format!(
                    "`{path}.id` must be the 12 digits of an account id, not `{id}`"
                ));
            }
            if !ids.insert(id.clone()) {
                return Err(format!("`{name}` lists account {id} twice"));
            }
            let role_arn = section.text("role_arn")?;
            if role_arn
                .as_ref()
                .is_some_and(|arn| !arn.starts_with("arn:") || !arn.contains(":role/"))
            {
                return Err(format!("`{path}.role_arn` must be the ARN of a role"));
            }
            if let Some(arn) = role_arn
                .as_ref()
                .filter(|arn| arn.split(':').nth(4) != Some(id.as_str()))
            {
                return Err(format!(
                    "`{path}.role_arn` {arn} is a role of another account than {id}"
                ));
            }
            let target = Target {
                account: Some(id),
                role_arn,
                external_id: section.text("external_id")?,
            };
            section.finish(&["id", "role_arn", "external_id"])?;
            Ok(target)
        })
        .collect()
}

fn regions(scope: &mut Section) -> Result<Regions, String> {
    let name = scope.name("regions");
    match scope.table.remove("regions") {
        None => Ok(Regions::All),
        Some(Value::String(all)) if all == "all" => Ok(Regions::All),
        Some(Value::Array(items)) if !items.is_empty() => items
            .into_iter()
            .map(|item| match item {
                Value::String(region) => Ok(region),
                other => Err(format!("`{name}` must list names of regions, not {other}")),
            })
            .collect::<Result<_, _>>()
            .map(Regions::Only),
        Some(_) => Err(format!("`{name}` must be \"all\" or a list of regions")),
    }
}

fn event_days(mut collect: Section) -> Result<u32, String> {
    let name = collect.name("event_days");
    let days = collect.integer("event_days")?;
    collect.finish(&["event_days"])?;
    let most = EventWindow::MOST_DAYS;
    match days {
        None => Ok(most),
        Some(days) => u32::try_from(days)
            .ok()
            .filter(|days| (1..=most).contains(days))
            .ok_or_else(|| format!("`{name}` must be a number of days from 1 to {most}, which CloudTrail keeps")),
    }
}

fn categories(scope: &mut Section) -> Result<Vec<Category>, String> {
    let name = scope.name("categories");
    let items = match scope.table.remove("categories") {
        None => return Ok(Vec::new()),
        Some(Value::Array(items)) => items,
        Some(_) => return Err(format!("`{name}` must be a list of categories")),
    };
    let known = Category::ALL.map(Category::as_str);
    items
        .iter()
        .map(|item| {
            let text = item.as_str().unwrap_or_default();
            Category::ALL.into_iter().find(|c| c.as_str() == text).ok_or_else(|| {
                format!(
                    "`{name}` has the unknown category {item}{}; known are {}",
                    nearest(text, known),
                    known.join(", ")
                )
            })
        })
        .collect()
}

fn parameters(section: Section) -> Result<BTreeMap<String, BTreeMap<String, ParameterSetting>>, String> {
    let mut all = BTreeMap::new();
    for (control, value) in section.table {
        let path = format!("{}.{control}", section.path);
        let Value::Table(table) = value else {
            return Err(format!("`{path}` must be a table: write [{path}]"));
        };
        let mut section = Section::new(&path, table);
        // Whoever reads the workpaper must see who loosened or tightened a test, and why.
        let by = section
            .required("by")
            .map_err(|e| format!("{e}: name who decided to change the parameters"))?;
        let why = section
            .required("why")
            .map_err(|e| format!("{e}: say why the parameters were changed"))?;
        let changed = section
            .table
            .into_iter()
            .map(|(name, value)| {
                (
                    name,
                    ParameterSetting {
                        value,
                        by: by.clone(),
                        why: why.clone(),
                    },
                )
            })
            .collect();
        all.insert(control, changed);
    }
    Ok(all)
}

fn exception(mut section: Section) -> Result<Exception, String> {
    let exception = Exception {
        control: section.required("control")?,
        resource: section.required("resource")?,
        account: section.text("account")?,
        reason: section.required("reason")?,
        approver: section.required("approver")?,
        expires: section.day("expires")?,
    };
    section.finish(&["control", "resource", "account", "reason", "approver", "expires"])?;
    Ok(exception)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Config, String> {
        Config::parse(text, Path::new("/x"))
    }

    #[test]
    fn the_file_that_init_writes_is_valid() {
        let config = parse(crate::commands::init::TEMPLATE).unwrap();
        config.catalogue().unwrap();
    }

    #[test]
    fn each_mistake_is_named_with_its_place() {
        let cases = [
            ("", "`organization` is missing"),
            ("organization = 5", "`organization` must be a text"),
            ("organization = \"x\"\nsystm = \"y\"", "`systm` is no known key"),
            (
                "organization = \"x\"\n[scope]\nregion = []",
                "`scope.region` is no known key",
            ),
            (
                "organization = \"x\"\n[scope]\nregions = \"some\"",
                "`scope.regions` must be \"all\"",
            ),
            ("organization = \"x\"\n[scope]\naccounts = [\"123\"]", "12 digits"),
            (
                "organization = \"x\"\n[[period]]\nname = \"a\"\ntype = \"type-2\"\nstart = 2026-02-01\nend = 2026-01-01",
                "before it begins",
            ),
            (
                "organization = \"x\"\n[[period]]\nname = \"a\"\ntype = \"type-3\"\nstart = 2026-01-01\nend = 2026-02-01",
                "must be \"type-1\"",
            ),
            (
                "organization = \"x\"\n[[period]]\nname = \"a\"\ntype = \"type-1\"\nstart = 2026-13-01\nend = 2026-02-01",
                "",
            ),
            (
                "organization = \"x\"\n[parameters.iam-access-key-rotation]\nmax_age_days = 60\nwhy = \"x\"",
                "`parameters.iam-access-key-rotation.by` is missing",
            ),
            (
                "organization = \"x\"\n[[exception]]\ncontrol = \"c\"\nresource = \"r\"\nreason = \"y\"\napprover = \"z\"",
                "`exception[1].expires` is missing",
            ),
            (
                "organization = \"x\"\n[collect]\nevent_days = 91",
                "`collect.event_days` must be a number of days from 1 to 90",
            ),
            (
                "organization = \"x\"\n[collect]\nevents = 9",
                "`collect.events` is no known key",
            ),
            (
                "organization = \"x\"\n[custody]\nsigning_keys = \"k\"",
                "`custody.signing_keys` is no known key",
            ),
            (
                "organization = \"x\"\n[custody]\nsigning_key = \"k\"",
                "`custody.principal` is missing",
            ),
            (
                "organization = \"x\"\n[custody]\nsigning_key = \"k\"\nprincipal = \"a b\"",
                "letters, digits",
            ),
            (
                "organization = \"x\"\n[custody]\nsigning_key = \"k\"\nkms_key = \"k\"",
                "are both there",
            ),
            (
                "organization = \"x\"\n[custody]\nprincipal = \"a\"\nkms_key = \"alias/x\"",
                "must be the ARN of a key",
            ),
            (
                "organization = \"x\"\n[custody]\ntsa = [{ name = \"A\", url = \"http://x\" }]",
                "must be of a-z, 0-9",
            ),
            (
                "organization = \"x\"\n[custody]\ntsa = [{ name = \"a\", url = \"x\" }]",
                "http or https URL",
            ),
            (
                "organization = \"x\"\n[custody]\ntsa = [{ name = \"a\", url = \"http://x\" }, { name = \"a\", url = \"http://y\" }]",
                "two authorities",
            ),
            ("organization = \"x\"\n[custody]\ntsa = \"http://x\"", "must be a list"),
            ("organization = ", ""),
        ];
        for (text, expected) in cases {
            let message = parse(text).map(|_| ()).unwrap_err();
            assert!(message.contains(expected), "{text}\n→ {message}");
        }
    }

    #[test]
    fn unknown_controls_and_parameters_are_refused_with_the_nearest() {
        let config = |body: &str| parse(&format!("organization = \"x\"\n{body}")).unwrap();
        let message = config("[parameters.iam-acess-key-rotation]\nby = \"a\"\nwhy = \"b\"\nmax_age_days = 1")
            .catalogue()
            .unwrap_err()
            .message;
        assert!(message.contains("iam-access-key-rotation"), "{message}");
    }
}
