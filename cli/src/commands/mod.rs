//! One file per verb.

use std::collections::BTreeSet;

use collector::source::Source;
use controls::catalogue::{Catalogue, Control};
use controls::nearest::nearest;
use evidence::snapshot::Chosen;

use crate::config::Config;
use crate::exit::Stop;

pub mod attach;
pub mod bind;
pub mod collect;
pub mod controls_list;
pub mod controls_new;
pub mod demo;
pub mod diff;
pub mod init;
pub mod key;
pub mod policy;
pub mod reconcile;
pub mod reperform;
pub mod review;
pub mod status;
pub mod test;
pub mod verify;

/// The control of this id.
pub fn known_control<'a>(catalogue: &'a Catalogue, id: &str) -> Result<&'a Control, Stop> {
    catalogue.get(id).ok_or_else(|| {
        let known = catalogue.controls().map(|c| c.page.id.as_str());
        Stop::usage(format!(
            "there is no control `{id}`{}; `exhibit controls` lists them",
            nearest(id, known)
        ))
    })
}

/// The ids after `--control`, each of which must exist.
pub fn chosen_controls(catalogue: &Catalogue, ids: &[String]) -> Result<BTreeSet<String>, Stop> {
    for id in ids {
        known_control(catalogue, id)?;
    }
    Ok(ids.iter().cloned().collect())
}

/// The controls after `--control`, if these are not all in scope: what makes a run a partial one.
pub fn chosen(config: &Config, ids: &[String]) -> Result<Option<Chosen>, Stop> {
    let catalogue = config.catalogue()?;
    let only = chosen_controls(&catalogue, ids)?;
    let scope: BTreeSet<&str> = catalogue
        .in_scope(&config.settings)
        .iter()
        .map(|c| c.page.id.as_str())
        .collect();
    let asked: Vec<_> = only.into_iter().filter(|id| scope.contains(id.as_str())).collect();
    Ok((!ids.is_empty() && asked.len() < scope.len()).then_some(Chosen {
        ids: asked,
        of: scope.len(),
    }))
}

/// What has to be read for the controls in scope, or for those after `--control` alone.
pub fn sources(config: &Config, ids: &[String]) -> Result<Vec<&'static Source>, Stop> {
    let catalogue = config.catalogue()?;
    let only = chosen_controls(&catalogue, ids)?;
    let needed = catalogue
        .in_scope(&config.settings)
        .into_iter()
        .filter(|control| only.is_empty() || only.contains(&control.page.id))
        .flat_map(|control| control.operations.iter().cloned())
        .collect();
    Ok(collector::for_operations(&needed))
}
