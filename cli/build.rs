//! Rebuilds when the embedded sample changes, which `include_dir` cannot tell cargo on stable.

fn main() {
    println!("cargo:rerun-if-changed=../samples/locker/snapshots");
    println!("cargo:rerun-if-changed=../samples/exhibit.toml");
}
