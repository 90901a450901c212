//! The templates: embedded, or the firm's own of the same name.

use std::fs;
use std::path::{Path, PathBuf};

use serde::Serialize;
use tera::{Context, ErrorKind, Kwargs, State, Tera};

use crate::error::ReportError;
use crate::escape::{self, Dialect};
use crate::markdown;

macro_rules! embedded {
    ($($name:literal),* $(,)?) => {
        /// Every template, by name.
        static EMBEDDED: &[(&str, &str)] = &[$(($name, include_str!(concat!("../../templates/", $name)))),*];
    };
}

embedded![
    "README.txt",
    "binder-appendices.html",
    "binder-changes.html",
    "binder-cloudtrail.html",
    "binder-records.html",
    "binder-scope.html",
    "binder-summary.html",
    "binder-verify.html",
    "binder-workpaper.html",
    "binder.html",
    "changes.html",
    "criterion.html",
    "index.html",
    "requests.html",
    "root.html",
    "script.html",
    "style.html",
    "workpaper.html",
];

/// All templates, ready to render, once for every dialect.
pub(crate) struct Templates {
    tags: Tera,
    html: Tera,
    text: Tera,
    folder: Option<PathBuf>,
    overridden: Vec<&'static str>,
}

impl Templates {
    /// The embedded templates, replaced by those in the folder.
    pub fn load(folder: Option<&Path>) -> Result<Self, ReportError> {
        let mut texts: Vec<(&'static str, String)> = EMBEDDED.iter().map(|(n, t)| (*n, (*t).to_owned())).collect();
        let mut overridden = Vec::new();
        if let Some(folder) = folder {
            for (name, text) in read(folder)? {
                overridden.push(name);
                if let Some(place) = texts.iter_mut().find(|(n, _)| *n == name) {
                    place.1 = text;
                }
            }
        }
        let mut templates = Self {
            tags: engine(Dialect::Tags),
            html: engine(Dialect::Html),
            text: engine(Dialect::Text),
            folder: folder.map(Path::to_owned),
            overridden,
        };
        let of = |wanted: Dialect| {
            texts
                .iter()
                .filter(move |(name, _)| dialect(name) == wanted)
                .map(|(n, t)| (*n, t))
        };
        let loaded = templates.tags.add_raw_templates(of(Dialect::Tags));
        loaded.map_err(|e| templates.failed(&e))?;
        let loaded = templates.html.add_raw_templates(of(Dialect::Html));
        loaded.map_err(|e| templates.failed(&e))?;
        let loaded = templates.text.add_raw_templates(of(Dialect::Text));
        loaded.map_err(|e| templates.failed(&e))?;
        Ok(templates)
    }

    /// Renders a template from a view.
    pub fn render(&self, name: &str, view: &impl Serialize) -> Result<String, ReportError> {
        let context = Context::from_serialize(view).map_err(|e| self.failed(&e))?;
        let engine = match dialect(name) {
            Dialect::Tags => &self.tags,
            Dialect::Html => &self.html,
            Dialect::Text => &self.text,
        };
        engine.render(name, &context).map_err(|e| self.failed(&e))
    }

    /// The template with its folder, if it is an override.
    pub fn place(&self, name: &str) -> String {
        match &self.folder {
            Some(folder) if self.overridden.contains(&name) => folder.join(name).display().to_string(),
            _ => name.to_owned(),
        }
    }

    fn failed(&self, error: &tera::Error) -> ReportError {
        match error.kind() {
            ErrorKind::SyntaxError(report) | ErrorKind::RenderingError(report) => ReportError::Template {
                file: self.place(report.filename()),
                line: Some(report.span().start_line),
                message: report.message().to_owned(),
            },
            // Several errors at once come as one report that names files and lines itself.
            _ => ReportError::Template {
                file: match (&self.folder, self.overridden.as_slice()) {
                    (Some(folder), [_, ..]) => format!("in {}", folder.display()),
                    _ => "of the program".to_owned(),
                },
                line: None,
                message: error.to_string(),
            },
        }
    }
}

fn dialect(name: &str) -> Dialect {
    if name.ends_with(".txt") {
        Dialect::Text
    } else if name.starts_with("binder") {
        Dialect::Tags
    } else {
        Dialect::Html
    }
}

fn engine(dialect: Dialect) -> Tera {
    let mut tera = Tera::default();
    tera.autoescape_on([".html", ".txt"]);
    tera.set_escape_fn(match dialect {
        Dialect::Tags => escape::tags,
        Dialect::Html => escape::html,
        Dialect::Text => escape::plain,
    });
    // The prose of control pages; its result is tags, to be followed by `safe`.
    tera.register_filter("prose", move |text: &str, _: Kwargs, _: &State| {
        markdown::prose(text, dialect)
    });
    // Descriptions with `code` in them; the result is tags too.
    tera.register_filter("ticks", move |text: &str, _: Kwargs, _: &State| {
        markdown::ticks(text, dialect)
    });
    tera
}

fn read(folder: &Path) -> Result<Vec<(&'static str, String)>, ReportError> {
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |source| ReportError::Io { path, source }
    };
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder).map_err(failed(folder))? {
        paths.push(entry.map_err(failed(folder))?.path());
    }
    paths.sort();
    let mut found = Vec::new();
    for path in paths {
        let name = path.file_name().and_then(|n| n.to_str()).unwrap_or_default();
        // Left behind by editors and file managers.
        if name.starts_with('.') || name.ends_with('~') {
            continue;
        }
        match EMBEDDED.iter().find(|(known, _)| *known == name) {
            Some((known, _)) => found.push((*known, fs::read_to_string(&path).map_err(failed(&path))?)),
            None => {
                return Err(ReportError::UnknownTemplate {
                    path,
                    known: EMBEDDED.iter().map(|(n, _)| *n).collect(),
                });
            }
        }
    }
    Ok(found)
}
