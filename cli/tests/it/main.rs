//! What a person and a program read: `../cmd/*.trycmd`, each command with its exit code and all that it says.
//!
//! When something is meant to read otherwise: `TRYCMD=overwrite cargo test -p exhibit --test it`, then read the
//! difference. Messages about what is wrong are in `tests/*/__snapshots__` of the workspace.

#[test]
fn commands_say_what_they_said() {
    trycmd::TestCases::new().case("tests/cmd/*.trycmd");
}
