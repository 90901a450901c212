//! The states a disk may be in after the power was cut.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

use super::{Inode, Node, Op, Tree};

/// Free choices about one folder's names: beyond these the older ones are all there or all lost.
const FREE: usize = 4;
/// The same for `tmp/`, where nothing is ever read.
const FREE_IN_TMP: usize = 1;

/// Files whose unsynced bytes each have a fate of their own; older ones share one.
const FATED: usize = 3;

/// What to do with each state; it may end the enumeration.
pub type Each<'a> = &'a mut dyn FnMut(Tree, usize) -> ControlFlow<()>;

/// How much of what was written and never synced is found again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fate {
    Whole,
    Lost,
    /// The first half of the bytes.
    Torn,
    /// The length, but not the bytes.
    Zeroed,
}

const FATES: [Fate; 4] = [Fate::Whole, Fate::Lost, Fate::Torn, Fate::Zeroed];

/// A change of a name in a folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Change {
    Dir,
    File(Inode),
    Gone,
}

type Names = BTreeMap<Arc<Path>, Change>;

#[derive(Clone, Debug, Default)]
struct Bytes {
    durable: Arc<[u8]>,
    /// Writes since the last sync.
    pending: Vec<(u64, Vec<u8>)>,
}

/// Whether names reach the disk in the order in which they were made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Metadata {
    /// As a journal does: if one is there, so are all before it.
    Ordered,
    /// As POSIX allows: each folder on its own, any of them.
    Unordered,
}

/// Everything known at a moment: what is durable, and what is pending.
#[derive(Clone, Debug, Default)]
struct Moment {
    /// Names that are durable.
    tree: Names,
    /// Changes of names, in order.
    pending: Vec<(Arc<Path>, Change)>,
    bytes: BTreeMap<Inode, Bytes>,
    acknowledged: usize,
}

fn patch(bytes: &mut Vec<u8>, at: u64, with: &[u8]) {
    let at = usize::try_from(at).unwrap();
    if bytes.len() < at + with.len() {
        bytes.resize(at + with.len(), 0);
    }
    bytes[at..at + with.len()].copy_from_slice(with);
}

impl Bytes {
    fn after(&self, fate: Fate) -> Arc<[u8]> {
        if self.pending.is_empty() || fate == Fate::Lost {
            return self.durable.clone();
        }
        let mut bytes = self.durable.to_vec();
        let total: usize = self.pending.iter().map(|(_, with)| with.len()).sum();
        let mut left = match fate {
            Fate::Lost => 0,
            Fate::Torn => total / 2,
            Fate::Whole | Fate::Zeroed => total,
        };
        for (at, with) in &self.pending {
            let with = &with[..left.min(with.len())];
            left -= with.len();
            match fate {
                Fate::Zeroed => patch(&mut bytes, *at, &vec![0; with.len()]),
                _ => patch(&mut bytes, *at, with),
            }
        }
        bytes.into()
    }
}

impl Moment {
    fn step(&mut self, op: &Op) {
        match op {
            Op::CreateDir(path) => self.pending.push((path.as_path().into(), Change::Dir)),
            Op::Create(path, inode) => {
                self.bytes.entry(*inode).or_default();
                self.pending.push((path.as_path().into(), Change::File(*inode)));
            }
            Op::Link(inode, path) => self.pending.push((path.as_path().into(), Change::File(*inode))),
            Op::RemoveFile(path) | Op::RemoveDir(path) => self.pending.push((path.as_path().into(), Change::Gone)),
            Op::Write(inode, patches) => self
                .bytes
                .entry(*inode)
                .or_default()
                .pending
                .extend(patches.iter().cloned()),
            Op::Sync(inode) => {
                let bytes = self.bytes.entry(*inode).or_default();
                bytes.durable = bytes.after(Fate::Whole);
                bytes.pending.clear();
            }
            Op::SyncDir(folder) => {
                let (synced, rest) = std::mem::take(&mut self.pending)
                    .into_iter()
                    .partition(|(path, _)| path.parent() == Some(folder.as_path()));
                self.pending = rest;
                apply(&mut self.tree, &synced);
            }
            Op::Acknowledged(lines) => self.acknowledged = *lines,
        }
    }

    /// The sets of pending changes that may have reached the disk.
    fn choices(&self, metadata: Metadata) -> Vec<Vec<(Arc<Path>, Change)>> {
        if metadata == Metadata::Ordered {
            return (0..=self.pending.len()).map(|n| self.pending[..n].to_vec()).collect();
        }
        let folders: BTreeSet<&Path> = self.pending.iter().filter_map(|(path, _)| path.parent()).collect();
        let mut all = vec![Vec::new()];
        for folder in folders {
            let most = if folder == Path::new("tmp") { FREE_IN_TMP } else { FREE };
            let here: Vec<_> = self
                .pending
                .iter()
                .filter(|(path, _)| path.parent() == Some(folder))
                .collect();
            let (old, free) = here.split_at(here.len().saturating_sub(most));
            let mut subsets = Vec::new();
            for bits in 0..1_usize << (free.len() + usize::from(!old.is_empty())) {
                let mut chosen: Vec<(Arc<Path>, Change)> = Vec::new();
                if bits >> free.len() & 1 == 1 {
                    chosen.extend(old.iter().map(|change| (*change).clone()));
                }
                chosen.extend((0..free.len()).filter(|n| bits >> n & 1 == 1).map(|n| free[n].clone()));
                subsets.push(chosen);
            }
            all = all
                .iter()
                .flat_map(|before| {
                    subsets
                        .iter()
                        .map(move |here| before.iter().chain(here).cloned().collect::<Vec<_>>())
                })
                .collect();
        }
        all
    }

    /// All states of the disk if the power is cut now.
    fn cut(&self, metadata: Metadata, each: Each<'_>) -> ControlFlow<()> {
        for chosen in self.choices(metadata) {
            let mut names = self.tree.clone();
            apply(&mut names, &chosen);
            prune(&mut names);
            let reachable: BTreeSet<Inode> = names
                .values()
                .filter_map(|change| match change {
                    Change::File(inode) => Some(*inode),
                    _ => None,
                })
                .collect();
            let open: Vec<Inode> = reachable
                .iter()
                .copied()
                .filter(|inode| !self.bytes[inode].pending.is_empty())
                .collect();
            // Numbers rise with time.
            let (old, fated) = open.split_at(open.len().saturating_sub(FATED));
            let slots = fated.len() + usize::from(!old.is_empty());
            for n in 0..FATES.len().pow(u32::try_from(slots).unwrap()) {
                let fate = |slot: usize| FATES[n / FATES.len().pow(u32::try_from(slot).unwrap()) % FATES.len()];
                let mut fates: BTreeMap<Inode, Fate> = old.iter().map(|inode| (*inode, fate(fated.len()))).collect();
                fates.extend(fated.iter().enumerate().map(|(slot, inode)| (*inode, fate(slot))));
                each(tree(&names, &self.bytes, &fates), self.acknowledged)?;
            }
        }
        ControlFlow::Continue(())
    }

    /// What a process that was killed leaves: everything it did.
    fn killed(&self) -> Tree {
        let mut names = self.tree.clone();
        apply(&mut names, &self.pending);
        prune(&mut names);
        tree(&names, &self.bytes, &BTreeMap::new())
    }
}

fn tree(names: &Names, bytes: &BTreeMap<Inode, Bytes>, fates: &BTreeMap<Inode, Fate>) -> Tree {
    names
        .iter()
        .map(|(path, change)| {
            let node = match change {
                Change::File(inode) => {
                    let fate = fates.get(inode).copied().unwrap_or(Fate::Whole);
                    Node::File(*inode, bytes[inode].after(fate))
                }
                _ => Node::Dir,
            };
            (path.clone(), node)
        })
        .collect()
}

/// Applies changes to the names.
fn apply(names: &mut Names, changes: &[(Arc<Path>, Change)]) {
    for (path, change) in changes {
        match change {
            Change::Gone => {
                names.remove(path);
            }
            change => {
                names.insert(path.clone(), *change);
            }
        }
    }
}

/// What lies in no folder cannot be reached.
fn prune(names: &mut Names) {
    let dirs: BTreeSet<Arc<Path>> = names
        .iter()
        .filter(|(_, change)| **change == Change::Dir)
        .map(|(path, _)| path.clone())
        .collect();
    // Folders sort before what they hold, but a folder may itself be out of reach.
    let mut lost: BTreeSet<Arc<Path>> = BTreeSet::new();
    for path in names.keys() {
        let above = path.parent().unwrap_or(Path::new(""));
        if above != Path::new("") && (!dirs.contains(above) || lost.contains(above)) {
            lost.insert(path.clone());
        }
    }
    names.retain(|path, _| !lost.contains(path));
}

/// Every state after a power cut at any of the operations from `from` on: the tree, and how many
/// lines of the log had been promised.
pub fn after_power_cuts(ops: &[Op], from: usize, metadata: Metadata, each: Each<'_>) {
    let mut moment = Moment::default();
    for n in 0..=ops.len() {
        if n >= from && moment.cut(metadata, each).is_break() {
            return;
        }
        if let Some(op) = ops.get(n) {
            moment.step(op);
        }
    }
}

/// What a process that was killed after these operations leaves: everything it did, durable or not.
pub fn after_kill(ops: &[Op]) -> (Tree, usize) {
    let mut moment = Moment::default();
    for op in ops {
        moment.step(op);
    }
    (moment.killed(), moment.acknowledged)
}
