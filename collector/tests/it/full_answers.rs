//! Every operation's full answer, each member of AWS's service models filled once (`samples/full`): how much stack reading them takes.
//!
//! A stack that is too small ends the process, so each size is tried in a process of its own: this binary, with [`TRY`] set.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Command, Stdio};

use collector::STACK;
use evidence::locker::Locker;

/// Names the stack to try, in bytes.
const TRY: &str = "EXHIBIT_TEST_STACK";
const MB: usize = 1 << 20;

/// Asked only where another call was refused.
const INSTEAD: &str = "ec2:DescribeRegions";

fn full() -> Locker {
    Locker::open(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../samples/full")).unwrap()
}

/// Reads all of it again, on a thread of this stack.
fn read(stack: usize) {
    let work = || {
        let locker = full();
        let entry = locker.snapshots().unwrap().remove(0);
        let snapshot = locker.load(&entry.run).unwrap();
        let replay = collector::replay(&snapshot, locker.snapshot_bytes(&entry).unwrap());
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        let derived = runtime.block_on(replay).unwrap();
        assert_eq!(derived.missing, Vec::<String>::new(), "{RECORD}");
        assert_eq!(derived.gaps, Vec::new(), "an answer that cannot be read");
    };
    let thread = std::thread::Builder::new().stack_size(stack).spawn(work).unwrap();
    thread.join().unwrap();
}

const RECORD: &str = "what is asked has changed: record it again, `python samples/record.py --only full`";

fn is_enough(stack: usize) -> bool {
    let test = "full_answers::the_stack_is_four_times_what_the_deepest_answer_needs";
    let tried = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", test, "--test-threads=1"])
        .env(TRY, stack.to_string())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    tried.unwrap().success()
}

#[test]
fn the_stack_is_four_times_what_the_deepest_answer_needs() {
    if let Ok(stack) = std::env::var(TRY) {
        return read(stack.parse().unwrap());
    }
    // What is too little, and what is enough; a process that fails for another reason fails for any size.
    let (mut less, mut enough) = (MB / 2, STACK);
    assert!(is_enough(enough), "{RECORD}, or see it fail with {TRY}={STACK}");
    assert!(!is_enough(less), "nothing is measured: {less} bytes are enough");
    while enough - less > MB {
        let middle = usize::midpoint(less, enough);
        if is_enough(middle) {
            enough = middle;
        } else {
            less = middle;
        }
    }
    println!("the deepest answer needs {} KB of stack", enough >> 10);
    assert!(
        4 * enough <= STACK,
        "the deepest answer needs {enough} bytes of stack, and threads have {STACK}"
    );
}

#[test]
fn every_operation_is_among_them() {
    let locker = full();
    let entry = locker.snapshots().unwrap().remove(0);
    let snapshot = locker.load(&entry.run).unwrap();
    let answered = snapshot.exchanges.iter().filter(|e| e.status == Some(200));
    let answered: BTreeSet<String> = answered.map(evidence::exchange::Exchange::call).collect();
    let mut all: BTreeSet<String> = collector::operations::all().into_iter().collect();
    all.remove(INSTEAD);
    let without: Vec<_> = all.difference(&answered).collect();
    assert!(without.is_empty(), "{without:?}: {RECORD}");
}
