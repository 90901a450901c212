//! The results of bundles that were made from a locker, made again: the log names what each was made with, and with
//! that the digest of every data file.

use std::collections::{BTreeMap, BTreeSet};

use controls::catalogue::Catalogue;
use evidence::digest::Digest;
use evidence::locker::{BundleExport, Locker};
use report::bundle::pinned::{self, Pinned, RESULTS};

use super::compare::{self, Difference};
use super::data::{CHANGES, made, with_changes};
use super::{Controls, Rebound, Reperformed};
use crate::assessing::{Taken, conclude};
use crate::exit::Stop;

/// The snapshots as they came out again, by run.
pub type Derived = BTreeMap<String, Taken>;

/// Runs the controls of the newest bundle of each name once more, by the pages of the catalogue as it is now.
pub fn reperform(done: &mut Reperformed, locker: &Locker, derived: &Derived, now: &Catalogue) -> Result<(), Stop> {
    let newest: BTreeMap<String, BundleExport> = locker
        .exports()?
        .into_iter()
        .map(|export| (export.name.clone(), export))
        .collect();
    for (name, export) in newest {
        match one(done, locker, derived, now, &export)? {
            Ok(bundle) => done.bundles.push(bundle),
            Err(why) => done.skip(format!("controls of {name}"), why),
        }
    }
    if done.bundles.is_empty() && done.not_compared.is_empty() {
        done.skip(
            "controls",
            "the log names no bundle: `exhibit bind` writes them down where [custody] is configured; re-perform the bundle itself",
        );
    }
    let sum = |count: fn(&Controls) -> usize| done.bundles.iter().map(|bundle| count(&bundle.controls)).sum();
    done.controls = (!done.bundles.is_empty()).then(|| Controls {
        same: sum(|c| c.same),
        of: sum(|c| c.of),
        different: done.bundles.iter().flat_map(|b| b.controls.different.clone()).collect(),
    });
    done.files = done.bundles.iter().map(|bundle| bundle.files).sum();
    Ok(())
}

/// One bundle; inside, why it could not be made again.
fn one(
    done: &mut Reperformed,
    locker: &Locker,
    derived: &Derived,
    now: &Catalogue,
    export: &BundleExport,
) -> Result<Result<Rebound, String>, Stop> {
    let Some(object) = export.results() else {
        return Ok(Err("an older exhibit made it, and did not keep what with".to_owned()));
    };
    let bytes = locker.object(&object)?;
    let differs = |done: &mut Reperformed, why: String| {
        done.differences.push(Difference::new(object.object(), "changed", why));
        Ok(Err("what it was made with cannot be used".to_owned()))
    };
    let pinned = match pinned::read(&bytes) {
        Ok(pinned) => pinned,
        Err(why) => return differs(done, why),
    };
    let catalogue = match catalogue(&pinned, now) {
        Ok(catalogue) => catalogue,
        Err(why) => return Ok(Err(why)),
    };
    let taken: Option<Vec<Taken>> = pinned.snapshots.iter().map(|run| derived.get(run).cloned()).collect();
    let Some(taken) = taken else {
        return differs(done, "it names a snapshot that the log does not know".to_owned());
    };
    if let Err(e) = pinned.settings.check(&catalogue) {
        return differs(done, format!("its settings do not fit its pages: {e}"));
    }
    let then = locker.until(export.entries);
    let assessed = conclude(&then, &pinned.settings, &catalogue, pinned.period.as_ref(), taken)?;
    let mut again = made(&then, &pinned, &catalogue, &assessed, &then.reconciliations()?)?;
    let results = format!("data/{RESULTS}");
    let text = again.remove(&results).unwrap_or_default();
    let text = with_changes(&text, &pinned)?;
    let mut kept = pinned.files.clone();
    if let Some(against) = &pinned.against {
        kept.remove(CHANGES);
        done.skip(
            format!("{}: {CHANGES}", export.name),
            format!("it compares with {against}, whose results are not made again"),
        );
    }
    let mut found = compare_digests(&kept, &again);
    if text != bytes {
        found.push(Difference::new(
            &results,
            "changed",
            compare::say(&results, &bytes, &text),
        ));
    }
    let different: BTreeSet<String> = found.iter().filter_map(|d| d.control.clone()).collect();
    let controls = Controls::of(&assessed, different);
    done.differences.extend(found);
    Ok(Ok(Rebound {
        name: export.name.clone(),
        entries: export.entries,
        sha256: export.sha256,
        controls,
        files: again.len() + 1,
    }))
}

/// The pages that the results were made with, by their digests.
fn catalogue(pinned: &Pinned, now: &Catalogue) -> Result<Catalogue, String> {
    let known = now.pages();
    let mut pages = Vec::new();
    for page in &pinned.pages {
        let same = |(file, text): &&(&str, &str)| *file == page.file && Digest::of(text) == page.sha256;
        let Some((file, text)) = known.iter().find(same) else {
            return Err(format!(
                "{} is no longer the page it was made with, neither in this program nor in `controls_dir`: re-perform \
                 the bundle itself, which has it",
                page.file
            ));
        };
        pages.push(((*file).to_owned(), (*text).to_owned()));
    }
    Catalogue::from_pages(pages).map_err(|e| format!("its pages cannot be used: {e}"))
}

/// Compares files with the digests that were kept of them; paths of those lie below `data/`.
fn compare_digests(kept: &BTreeMap<String, Digest>, again: &BTreeMap<String, Vec<u8>>) -> Vec<Difference> {
    let mut found = Vec::new();
    for (path, says) in kept {
        let path = format!("data/{path}");
        match again.get(&path).map(Digest::of) {
            None => found.push(Difference::new(
                path,
                "unexpected",
                "nothing of this name comes out again",
            )),
            Some(gives) if gives != *says => {
                let message = format!("its SHA-256 was {says}, made again it is {gives}");
                found.push(Difference::new(path, "changed", message));
            }
            Some(_) => {}
        }
    }
    let was = |path: &str| path.strip_prefix("data/").is_some_and(|below| kept.contains_key(below));
    for path in again.keys().filter(|path| !was(path)) {
        found.push(Difference::new(
            path,
            "missing",
            "it comes out again, but was not there",
        ));
    }
    found
}
