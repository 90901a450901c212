//! What the controls hold for a question to each region is what the collector asks each region.

use std::collections::BTreeMap;

use collector::SOURCES;
use collector::source::Scope;
use controls::asked::is_regional;

#[test]
fn controls_and_collector_agree_on_what_each_region_is_asked() {
    let mut asked: BTreeMap<&str, bool> = BTreeMap::new();
    for source in SOURCES {
        for operation in source.operations {
            *asked.entry(operation).or_default() |= source.scope == Scope::Regional;
        }
    }
    let wrong: Vec<_> = asked
        .iter()
        .filter(|(o, regional)| is_regional(o) != **regional)
        .collect();
    assert!(
        wrong.is_empty(),
        "GLOBAL, ONCE and REGIONAL in controls/src/asked.rs: {wrong:?}"
    );
}
